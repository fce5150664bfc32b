//! DPX frames.

use super::{codes, inspect_bytes, survives};
use proptest::prelude::*;
use rushes::engine::container::bytes::Endian;
use rushes::engine::container::dpx::layout as at;
use rushes::engine::format::demo;
use rushes::model::{ErrorKind, Rational, Timecode};

fn start() -> Timecode {
    Timecode::parse("10:02:11:22", Rational::new(24_000, 1001).unwrap(), false).unwrap()
}

fn frame(endian: Endian) -> Vec<u8> {
    demo::dpx_frame_as(endian, 3, (32, 18), start().rate(), start(), "A001C002_210101_R2EC")
}

fn put(bytes: &mut [u8], f: &at::Field, value: u32) {
    let v = value.to_be_bytes();
    bytes[f.at..f.at + f.len()].copy_from_slice(&v[4 - f.len()..]);
}

#[test]
fn golden_fields_in_both_byte_orders() {
    for (endian, word) in [(Endian::Big, "big"), (Endian::Little, "little")] {
        let d = inspect_bytes("a.dpx", &frame(endian)).unwrap();
        assert_eq!((d.format.id.as_str(), d.format.container.as_deref()), ("dpx", Some("DPX")));
        assert_eq!((d.format.codec.as_deref(), d.format.bit_depth), (Some("RGB"), Some(10)));
        assert_eq!(d.format.compression.as_deref(), Some("none"));
        assert_eq!((d.image.width, d.image.height, d.image.pixel_aspect), (Some(32), Some(18), Some(1.0)));
        assert_eq!((d.image.orientation, d.exposure.shutter_angle), (Some(0), Some(180.0)));
        assert_eq!(d.color.transfer.as_deref(), Some("Logarithmic"));
        assert_eq!((d.color.primaries.as_ref(), d.color.space.as_ref()), (None, None), "log proves no camera curve");
        assert_eq!(d.reel.as_deref(), Some("A001C002_210101_R2EC"));
        let t = d.timecode.clone().unwrap();
        assert_eq!((t.start.as_str(), t.end.as_deref(), t.drop), ("10:02:12:01", Some("10:02:12:02"), false));
        assert_eq!(t.rate.to_string(), "24000/1001");
        assert_eq!((d.fps.project.map(|r| r.to_string()).as_deref(), d.clip.frames), (Some("24000/1001"), Some(1)));
        assert!(d.warnings.is_empty(), "{:?}", d.warnings);
        assert_eq!(d.raw["dpx"]["byte_order"], word);
        assert_eq!(d.raw["dpx"]["file.name"], "A001C002_210101_R2EC.0867169.dpx");
        assert_eq!(d.raw["dpx"]["element[0].descriptor"], 50);
        assert_eq!(d.origin["reel"].tag, "orientation.input_device");
        assert_eq!(d.origin["timecode.start"].place, "offset 0x780");
        let again = inspect_bytes("a.dpx", &frame(endian)).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&d).unwrap());
    }
}

#[test]
fn every_cut_is_one_error() {
    let whole = frame(Endian::Big);
    for n in (0..2100).chain((2100..whole.len()).step_by(97)) {
        let e = survives("a.dpx", &whole[..n]);
        match n {
            0 => assert_eq!(e.unwrap_err().code, "FILE-EMPTY"),
            1..4 => assert_eq!(e.unwrap().problem.unwrap().code, "FORMAT-UNKNOWN"),
            _ => {
                let e = e.unwrap_err();
                assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Malformed, "FILE-TRUNCATED"), "{n}: {e}");
            }
        }
    }
}

#[test]
fn junk_after_the_picture_is_a_warning() {
    let mut b = frame(Endian::Little);
    b.extend_from_slice(b"0123456789abcdef");
    let d = inspect_bytes("a.dpx", &b).unwrap();
    assert_eq!(codes(&d), ["DPX-SIZE"]);
    assert_eq!(d.reel.as_deref(), Some("A001C002_210101_R2EC"));
}

#[test]
fn lies_about_size() {
    for (field, value, code) in [
        (at::WIDTH, 0, "FILE-MALFORMED"),
        (at::HEIGHT, u32::MAX, "FILE-MALFORMED"),
        (at::WIDTH, 46_341, "FILE-TRUNCATED"),
        (at::HEIGHT, u32::MAX - 1, "FILE-TRUNCATED"),
        (at::ELEMENTS, 0, "FILE-MALFORMED"),
        (at::ELEMENTS, 9, "FILE-MALFORMED"),
        (at::IMAGE_OFFSET, u32::MAX - 1, "FILE-TRUNCATED"),
        (at::DATA_OFFSET, 0x7fff_0000, "FILE-TRUNCATED"),
    ] {
        let mut b = frame(Endian::Big);
        put(&mut b, &field, value);
        let e = survives("a.dpx", &b).unwrap_err();
        assert_eq!(e.code, code, "{} = {value}: {e}", field.name);
    }
    let mut b = frame(Endian::Big);
    put(&mut b, &at::FILE_SIZE, 7);
    put(&mut b, &at::DATA_OFFSET, 0);
    put(&mut b, &at::IMAGE_OFFSET, u32::MAX);
    assert_eq!(codes(&inspect_bytes("a.dpx", &b).unwrap()), ["DPX-OFFSET", "DPX-SIZE"]);
}

#[test]
fn a_rate_or_a_timecode_that_means_nothing() {
    let change = |edits: &[(at::Field, u32)]| {
        let mut b = frame(Endian::Big);
        for (f, v) in edits {
            b[f.at..f.at + 4].copy_from_slice(&v.to_be_bytes());
        }
        inspect_bytes("a.dpx", &b).unwrap()
    };
    let none = change(&[(at::TV_RATE, u32::MAX), (at::FILM_RATE, 0)]);
    assert_eq!((none.timecode.as_ref(), none.fps.project), (None, None));
    assert_eq!(codes(&none), ["META-RATE-UNKNOWN"]);
    assert_eq!(none.raw["dpx"]["television.timecode"], 0x1002_1201);
    let film = change(&[(at::TV_RATE, u32::MAX)]);
    assert_eq!(film.timecode.unwrap().start, "10:02:12:01");
    let odd = change(&[(at::TV_RATE, 23.5f32.to_bits()), (at::FILM_RATE, 0)]);
    assert_eq!(codes(&odd), ["META-RATE", "META-RATE-UNKNOWN"]);
    let impossible = change(&[(at::TIMECODE, 0x1002_1224)]);
    assert_eq!((impossible.timecode.as_ref(), codes(&impossible)), (None, vec!["META-TIMECODE"]));
    let two = change(&[(at::FILM_RATE, 25f32.to_bits())]);
    assert_eq!(codes(&two), ["META-CONFLICT"]);
    let unset = change(&[(at::TIMECODE, u32::MAX)]);
    assert_eq!((unset.timecode.as_ref(), unset.warnings.len()), (None, 0));
}

#[test]
fn a_device_is_not_a_reel() {
    for (device, serial, reel) in [
        ("A001", "", Some("A001")),
        ("SPIRIT-4K DATACINE", "01018", None),
        ("ALEXA", "", None),
        ("A001", "K1.0001", None),
        ("", "", None),
    ] {
        let mut b = frame(Endian::Big);
        b[at::INPUT_DEVICE.at..at::INPUT_DEVICE.at + 64].fill(0);
        b[at::INPUT_DEVICE.at..at::INPUT_DEVICE.at + device.len()].copy_from_slice(device.as_bytes());
        b[at::INPUT_SERIAL.at..at::INPUT_SERIAL.at + serial.len()].copy_from_slice(serial.as_bytes());
        let d = inspect_bytes("a.dpx", &b).unwrap();
        assert_eq!(d.reel.as_deref(), reel, "{device}");
        let said = reel.is_none() && !device.is_empty();
        assert_eq!(codes(&d).contains(&"DPX-REEL"), said, "{device}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_changed_byte_is_survived(at in 0usize..2048, value: u8, little: bool) {
        let mut b = frame(if little { Endian::Little } else { Endian::Big });
        b[at] = value;
        let _ = survives("a.dpx", &b);
    }

    #[test]
    fn any_header_is_survived(mut head in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let n = head.len().min(4);
        head[..n].copy_from_slice(&b"SDPX"[..n]);
        let _ = survives("a.dpx", &head);
    }
}

#[test]
fn numbers_reach_the_sidecar_as_the_worker_read_them() {
    let mut bits = 0x3f80_0000u32;
    for _ in 0..2000 {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let x = f64::from(f32::from_bits(bits));
        if x.is_finite() {
            let text = serde_json::to_string(&x).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), x.to_bits(), "{text}");
        }
    }
}
