//! The written bytes against the standard's offsets, and what the layout's reader finds in them.

use super::*;
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipFile, FrameGap, Limits, Rational};
use std::collections::BTreeMap;

fn doc() -> ClipDoc {
    let mut d = ClipDoc::new("A001C001", ClipUnit::Sequence);
    for n in [1001, 1002, 1005] {
        d.clip.files.push(ClipFile {
            path: Path::new(&format!("A/A001C001.{n}.ari")).into(),
            size: 1,
            xxh128: String::new(),
            hashes: BTreeMap::new(),
        });
    }
    d.clip.first_frame = Some(1001);
    d.clip.gaps.push(FrameGap { first: 1003, last: 1004 });
    d.reel = Some("A001R2EC".into());
    d.exposure.shutter_angle = Some(172.8);
    d
}

fn stamp(label: &str, num: u32, den: u32) -> FrameStamp {
    let rate = Rational::new(num, den).unwrap();
    let timecode = Some(Timecode::parse(label, rate, false).unwrap());
    FrameStamp { frame: 1001, source_frame: 1005, timecode, rate: Some(rate) }
}

const TEN: DpxOptions<'_> = DpxOptions {
    depth: DpxDepth::Ten,
    transfer: DpxTransfer::Log,
    file_name: "plate.1001.dpx",
    project: "SENNA",
    description: "ARRI LogC3 (EI800)",
    pixel_aspect: 1.0,
};

fn head(bytes: &[u8]) -> DpxHeader {
    DpxHeader::read(&mut Bytes::slice(bytes, &Limits::default())).unwrap()
}

#[test]
fn ten_bits_at_the_offsets_of_the_standard() {
    let frame = Frame::from_samples(2, 1, vec![1.0, 0.0, 0.5, -0.5, f32::NAN, 2.0]).unwrap();
    let (b, counts) = dpx(&frame, &doc(), &stamp("10:02:11:22", 24_000, 1001), &TEN).unwrap();
    assert_eq!((counts.nan, counts.overflow), (1, 2));
    assert_eq!((&b[..4], b.len()), (&b"SDPX"[..], 2056));
    assert_eq!(b[2048..], [0xff, 0xc0, 0x08, 0x00, 0x00, 0x00, 0x0f, 0xfc], "1023, 0, 512, then 0, 0, 1023");
    assert_eq!(b[4..8], 2048u32.to_be_bytes());
    assert_eq!(b[16..20], 2056u32.to_be_bytes());
    assert_eq!((&b[800..804], &b[804..806]), (&[50, 3, 0, 10][..], &[0, 1][..]));
    assert_eq!(b[1920..1924], [0x10, 0x02, 0x11, 0x22]);
    assert_eq!(b[1940..1944], (24_000f32 / 1001.0).to_be_bytes());
    assert_eq!(&b[1556..1565], b"A001R2EC\0");
    assert_eq!(&b[1432..1451], b"A001C001.1005.ari\0\0");
    assert_eq!(&b[160..168], b"rushes\0\0");
    assert_eq!(b[136..160], [0; 24], "no date");
    let (again, _) = dpx(&frame, &doc(), &stamp("10:02:11:22", 24_000, 1001), &TEN).unwrap();
    assert!(again == b);
}

#[test]
fn sixteen_bits() {
    let frame = Frame::from_samples(1, 1, vec![1.0, 0.0, 0.25]).unwrap();
    let options = DpxOptions { depth: DpxDepth::Sixteen, transfer: DpxTransfer::Bt709, ..TEN };
    let (b, counts) = dpx(&frame, &doc(), &stamp("00:00:00:00", 25, 1), &options).unwrap();
    assert_eq!(counts, Counts::default());
    assert_eq!(b[2048..], [0xff, 0xff, 0, 0, 0x40, 0x00]);
    let h = head(&b);
    assert_eq!((h.number(&at::TRANSFER), h.number(&at::COLORIMETRIC)), (Some(6), Some(6)));
    assert_eq!((h.number(&at::PACKING), h.number(&at::REF_HIGH)), (Some(0), Some(65_535)));
    assert_eq!((h.text(&at::PROJECT).as_deref(), h.real(&at::SHUTTER_ANGLE)), (Some("SENNA"), Some(172.8)));
}

#[test]
fn labels() {
    let word = |label: &str, num, den| bcd(Timecode::parse(label, Rational::new(num, den).unwrap(), false).unwrap());
    assert_eq!(word("01:02:03:29", 30, 1), Some((0x0102_0329, None)));
    assert_eq!(word("00:01:00;02", 30_000, 1001), Some((0x0001_0042, None)));
    assert_eq!(word("00:00:00:49", 50, 1), Some((0x0000_0024, Some(2))));
    assert_eq!(word("00:01:00;04", 60_000, 1001), Some((0x0001_0042, Some(1))));
    assert_eq!(word("00:00:00:99", 120, 1), None);
}

#[test]
fn nothing_known_is_nothing_written() {
    let frame = Frame::new(1, 1, 100).unwrap();
    let bare = FrameStamp { frame: -1, source_frame: 0, timecode: None, rate: None };
    let empty = ClipDoc::new("x", ClipUnit::File);
    let options = DpxOptions { project: "", description: "", ..TEN };
    let h = head(&dpx(&frame, &empty, &bare, &options).unwrap().0);
    for f in [at::TIMECODE, at::FIELD_NUMBER, at::FRAME_POSITION] {
        assert_eq!(h.number(&f), None, "{}", f.name);
    }
    for f in [at::INPUT_DEVICE, at::SOURCE_FILE, at::PROJECT, at::CREATED, at::SLATE] {
        assert_eq!(h.text(&f), None, "{}", f.name);
    }
    assert_eq!((h.real(&at::TV_RATE), h.real(&at::SHUTTER_ANGLE)), (None, None));
}

#[test]
fn source_files_of_a_list_that_is_not_all_here() {
    let mut d = doc();
    d.clip.files.truncate(1);
    assert_eq!(source_file(&d, 1001).as_deref(), Some("A001C001.1001.ari"));
    assert_eq!(source_file(&d, 1005).as_deref(), Some("A001C001.1005.ari"));
    assert_eq!(source_file(&d, 12_345).as_deref(), Some("A001C001.12345.ari"));
    assert_eq!(source_file(&d, 1000), None);
    for (name, to, want) in [
        ("a0007.dpx", 8, Some("a0008.dpx")),
        ("7.dpx", 12, Some("12.dpx")),
        ("a0008.dpx", 9, None),
        ("a.dpx", 8, None),
        ("0007", 8, None),
    ] {
        assert_eq!(renumbered(name, 7, to).as_deref(), want, "{name}");
    }
}

#[test]
fn long_text_ends_at_a_character() {
    assert_eq!(cut("aäb", 2), "a");
    assert_eq!(cut("aäb", 3), "aä");
    assert_eq!(cut("", 3), "");
}

#[test]
fn aspects_as_ratios() {
    assert_eq!(ratio(1.0), (1, 1));
    assert_eq!(ratio(2.0), (2, 1));
    assert_eq!(ratio(1.8), (9, 5));
    assert_eq!(ratio(1.33), (133, 100));
    assert_eq!(ratio(std::f64::consts::PI), (31_416, 10_000));
    assert_eq!((ratio(f64::NAN), ratio(0.0), ratio(1e9)), ((1, 1), (1, 1), (1, 1)));
}
