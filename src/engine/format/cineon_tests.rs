//! A file by hand, its pixels, every cut and every flipped byte.

use super::*;
use crate::engine::container::dpx::pack_rgb10;
use crate::engine::format::fixtures::{flips_and_cuts, read_bytes, with_bytes};

fn file(endian: Endian) -> Vec<u8> {
    let mut h = at::new(endian);
    for (f, n) in
        [(at::IMAGE_OFFSET, 2048), (at::CHANNELS, 3), (at::ORIENTATION, 0), (at::INTERLEAVE, 0), (at::PACKING, 5)]
    {
        h.set_number(&f, n);
    }
    for n in 0..3u32 {
        let c = n as usize;
        for (f, v) in [(at::DESIGNATOR, n + 1), (at::BIT_DEPTH, 10), (at::WIDTH, 2), (at::HEIGHT, 2)] {
            h.set_number(&of_channel(f, c), v);
        }
    }
    h.set_text(&at::SOURCE_DATE, "2001:02:03");
    h.set_text(&at::SOURCE_TIME, "04:05:06PST");
    h.set_text(&at::SLATE, "12A/3");
    h.set_real(&at::FRAME_RATE, 24.0);
    h.set_number(&at::LINE_PADDING, 4);
    let mut out = h.bytes.clone();
    out.extend(pack_rgb10(&[[0, 511, 1023], [1, 2, 3]], endian));
    out.extend([0xee; 4]);
    out.extend(pack_rgb10(&[[1023, 1022, 4], [5, 6, 7]], endian));
    out
}

#[test]
fn what_the_header_says() {
    for endian in [Endian::Big, Endian::Little] {
        let doc = read_bytes(&Cineon, &file(endian)).unwrap();
        assert_eq!((doc.image.width, doc.image.height, doc.format.bit_depth), (Some(2), Some(2), Some(10)));
        assert_eq!(doc.color.transfer.as_deref(), Some("Printing density"));
        assert_eq!(
            (doc.fps.project, doc.recorded.date.as_deref()),
            (Rational::new(24, 1), Some("2001-02-03T04:05:06"))
        );
        assert_eq!((doc.slate.note.as_deref(), doc.format.decodable), (Some("12A/3"), true));
        assert!(doc.warnings.is_empty(), "{:?}", doc.warnings);
    }
}

#[test]
fn pixels() {
    for endian in [Endian::Big, Endian::Little] {
        let d = with_bytes(&file(endian), |i, l| Cineon.decode(i, l)).unwrap();
        assert_eq!(d.frame.pixel(0, 0), Some([0.0, 511.0 / 1023.0, 1.0]));
        assert_eq!(d.frame.pixel(1, 0), Some([1.0 / 1023.0, 2.0 / 1023.0, 3.0 / 1023.0]));
        assert_eq!(d.frame.pixel(0, 1), Some([1.0, 1022.0 / 1023.0, 4.0 / 1023.0]));
    }
}

#[test]
fn what_is_not_decoded_is_refused_by_name() {
    for (f, n, word) in [
        (at::CHANNELS, 1, "1 channels"),
        (at::INTERLEAVE, 2, "interleave code 2"),
        (at::PACKING, 0, "packing code 0"),
        (at::SIGN, 1, "signed"),
        (of_channel(at::BIT_DEPTH, 1), 8, "different kinds"),
        (of_channel(at::DESIGNATOR, 0), 3, "not red, green, blue"),
    ] {
        let mut h = at::read(&mut Bytes::slice(&file(Endian::Big), &Limits::default())).unwrap();
        h.set_number(&f, n);
        let mut bytes = h.bytes;
        bytes.extend([0; 64]);
        let doc = read_bytes(&Cineon, &bytes).unwrap();
        assert!(doc.format.undecodable.as_deref().is_some_and(|t| t.contains(word)), "{word}: {:?}", doc.format);
        assert!(with_bytes(&bytes, |i, l| Cineon.decode(i, l)).is_err());
    }
}

#[test]
fn hostile_bytes() {
    flips_and_cuts(&Cineon, &file(Endian::Big), true);
    let mut h = at::read(&mut Bytes::slice(&file(Endian::Big), &Limits::default())).unwrap();
    for n in 0..3 {
        h.set_number(&of_channel(at::WIDTH, n), 46_341);
        h.set_number(&of_channel(at::HEIGHT, n), 46_341);
    }
    assert_eq!(read_bytes(&Cineon, &h.bytes).unwrap_err().code, "FILE-TRUNCATED");
}
