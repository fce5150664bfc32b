//! The header: written and read, packed times, counts of blocks, hostile bytes.

use super::*;
use crate::engine::container::bytes::Bytes;
use crate::model::{Error, Limits, Rational, Timecode};
use proptest::prelude::*;

fn needed() -> Vec<(String, ExrValue)> {
    let half = |name: &str| Channel { name: name.into(), kind: SampleKind::Half, linear: false, sampling: [1, 1] };
    [
        ("channels", ExrValue::Channels(["B", "G", "R"].map(half).to_vec())),
        ("compression", ExrValue::Compression(3)),
        ("dataWindow", ExrValue::Box2i([0, 0, 63, 39])),
        ("displayWindow", ExrValue::Box2i([0, 0, 63, 39])),
    ]
    .map(|(n, v)| (n.to_owned(), v))
    .to_vec()
}

fn read(bytes: &[u8]) -> Result<ExrHeader, Error> {
    let l = Limits::default();
    ExrHeader::read(&mut Bytes::slice(bytes, &l), &l)
}

#[test]
fn every_type_is_written_as_it_is_read() {
    let values = [
        ExrValue::Text("Café".into()),
        ExrValue::Texts(vec!["left".into(), String::new(), "right".into()]),
        ExrValue::Int(-5),
        ExrValue::Float(2.8),
        ExrValue::Double(-0.1),
        ExrValue::Floats(vec![1.0, 2.0, 3.0]),
        ExrValue::Rational(24_000, 1001),
        ExrValue::TimeCode { time: 0x0102_0304, user: 9 },
        ExrValue::KeyCode([1, 2, 3, 4, 5, 6, 7]),
        ExrValue::Chromaticities([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329]),
        ExrValue::V2i([1, 2]),
        ExrValue::V2f([1.5, 2.5]),
        ExrValue::V2d([1.5, 2.5]),
        ExrValue::V3i([1, 2, 3]),
        ExrValue::V3f([1.5, 2.5, 3.5]),
        ExrValue::V3d([1.5, 2.5, 3.5]),
        ExrValue::Box2i([-1, -2, 3, 4]),
        ExrValue::Box2f([0.0, 0.0, 1.0, 1.0]),
        ExrValue::M33f([1.0; 9]),
        ExrValue::M33d([1.0; 9]),
        ExrValue::M44f([1.0; 16]),
        ExrValue::M44d([1.0; 16]),
        ExrValue::LineOrder(2),
        ExrValue::Envmap(1),
        ExrValue::DeepState(3),
        ExrValue::Tiles { width: 64, height: 32, mode: 0x11 },
    ];
    let mut list = needed();
    list.extend(values.iter().enumerate().map(|(n, v)| (format!("x{n:02}"), v.clone())));
    let bytes = write_header(&list).unwrap();
    let head = read(&bytes).unwrap();
    assert_eq!(head.flags, Flags::default());
    assert_eq!(head.tables_at, u64::try_from(bytes.len()).unwrap());
    let back: Vec<_> = head.parts[0].attributes.iter().map(|a| (a.name.clone(), a.value.clone())).collect();
    assert_eq!(back, list);
}

/// By hand from the file layout: an `int`, a rational and a timecode of 01:02:03:04.
#[test]
fn bytes_of_values() {
    assert_eq!(ExrValue::Int(-2).to_bytes().unwrap(), [0xfe, 0xff, 0xff, 0xff]);
    assert_eq!(ExrValue::Rational(24_000, 1001).to_bytes().unwrap(), [0xc0, 0x5d, 0, 0, 0xe9, 3, 0, 0]);
    let t = Timecode::parse("01:02:03:04", Rational::new(24, 1).unwrap(), false).unwrap();
    let time = pack_timecode(t).unwrap();
    assert_eq!(ExrValue::TimeCode { time, user: 0 }.to_bytes().unwrap(), [4, 3, 2, 1, 0, 0, 0, 0]);
}

#[test]
fn packed_times() {
    let rate = |n, d| Rational::new(n, d).unwrap();
    for (label, r, want) in [
        ("23:59:59:23", rate(24_000, 1001), Some(0x2359_5923)),
        ("00:01:00;02", rate(30_000, 1001), Some(0x0001_0042)),
        ("10:00:00:47", rate(48, 1), Some(0x1000_8023)),
        ("10:00:00:58", rate(60, 1), Some(0x1000_0029)),
        ("10:00:00:09", rate(100, 1), None),
    ] {
        let t = Timecode::parse(label, r, false).unwrap();
        assert_eq!(pack_timecode(t), want, "{label}");
        assert_eq!(want.and_then(|w| unpack_timecode(w, r)), want.map(|_| t), "{label}");
    }
    let film = rate(24, 1);
    assert_eq!(unpack_timecode(0x0000_0024, film), None, "frame 24 at 24");
    assert_eq!(unpack_timecode(0x0000_0a00, film), None, "a digit above 9");
    assert_eq!(unpack_timecode(0x0000_0040, film), None, "drop-frame at 24");
}

#[test]
fn blocks_of_lines_tiles_and_levels() {
    let blocks = |change: &[(&str, ExrValue)], flags: Flags| {
        let mut list = needed();
        for (name, value) in change {
            list.retain(|(n, _)| n != name);
            list.push(((*name).to_owned(), value.clone()));
        }
        read(&write_header(&list).unwrap()).unwrap().parts[0].blocks(flags)
    };
    let tiled = Flags { tiled: true, ..Flags::default() };
    let tiles = |mode| ("tiles", ExrValue::Tiles { width: 16, height: 16, mode });
    assert_eq!(blocks(&[], Flags::default()).unwrap().count, 3);
    assert_eq!(blocks(&[tiles(0)], tiled).unwrap().count, 12);
    // 64x40, 32x20, 16x10, 8x5, 4x2, 2x1, 1x1
    assert_eq!(blocks(&[tiles(1)], tiled).unwrap().count, 12 + 4 + 5);
    // columns 4 + 2 + 1 × 5 of 7 widths, rows 3 + 2 + 1 × 4 of 6 heights, or 7 heights when rounded up
    assert_eq!(blocks(&[tiles(2)], tiled).unwrap().count, 11 * 9);
    assert_eq!(blocks(&[tiles(0x12)], tiled).unwrap().count, 11 * 10);
    for (name, value) in [
        ("dataWindow", ExrValue::Box2i([10, 10, -10, -10])),
        ("dataWindow", ExrValue::Box2i([i32::MIN, 0, i32::MAX, 0])),
        ("channels", ExrValue::Channels(Vec::new())),
        ("channels", ExrValue::Int(1)),
        ("displayWindow", ExrValue::V2i([1, 1])),
    ] {
        assert_eq!(blocks(&[(name, value)], Flags::default()).unwrap_err().code, "FILE-MALFORMED", "{name}");
    }
    for (w, h) in [(0, 0), (u32::MAX, 1)] {
        let bad = ("tiles", ExrValue::Tiles { width: w, height: h, mode: 0 });
        assert_eq!(blocks(&[bad], tiled).unwrap_err().code, "FILE-MALFORMED");
    }
    assert_eq!(blocks(&[("compression", ExrValue::Compression(77))], tiled).unwrap_err().code, "FORMAT-UNSUPPORTED");
}

#[test]
fn names_decide_about_the_flag_for_long_names() {
    let long = |n: usize| vec![("n".repeat(n), ExrValue::Int(1))];
    assert_eq!(write_header(&long(31)).unwrap()[4..8], [2, 0, 0, 0]);
    assert_eq!(write_header(&long(32)).unwrap()[4..8], [2, 4, 0, 0]);
    assert!(write_header(&long(256)).is_err());
    assert!(write_header(&[long(3), long(3)].concat()).is_err(), "twice");
    assert!(write_header(&[("x".into(), ExrValue::Preview { width: 1, height: 1 })]).is_err());
}

#[test]
fn hostile_headers() {
    let bytes = write_header(&needed()).unwrap();
    for n in 0..bytes.len() {
        assert_eq!(read(&bytes[..n]).unwrap_err().code, "FILE-TRUNCATED", "cut at {n}");
    }
    let attribute = |size: i32| [&bytes[..8], b"a\0string\0", &size.to_le_bytes()].concat();
    assert_eq!(read(&attribute(-1)).unwrap_err().code, "FILE-MALFORMED");
    assert_eq!(read(&attribute(i32::MAX)).unwrap_err().code, "FILE-TRUNCATED");
    assert_eq!(read(&[&bytes[..4], &[1, 0, 0, 0], &bytes[8..]].concat()).unwrap_err().code, "FORMAT-UNSUPPORTED");
    assert_eq!(read(&[&bytes[..8], &[0]].concat()).unwrap_err().code, "FILE-MALFORMED");
    let name = [&bytes[..8], &[b'n'; 300], b"\0"].concat();
    assert_eq!(read(&name).unwrap_err().code, "FILE-MALFORMED");
    let few = Limits { items: 3, ..Limits::default() };
    assert_eq!(ExrHeader::read(&mut Bytes::slice(&bytes, &few), &few).unwrap_err().code, "LIMIT-SIZE");
}

proptest! {
    #[test]
    fn changed_bytes_give_a_header_or_an_error(at in 8usize..300, to: u8, more in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = write_header(&needed()).unwrap();
        bytes.extend(more);
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(head) = read(&bytes) {
            for p in &head.parts {
                let _ = p.blocks(head.flags);
            }
        }
    }

    #[test]
    fn labels_are_packed_and_unpacked(n in 0i64..5_184_000, which in 0usize..7, drop: bool) {
        let r = [(24, 1), (24_000, 1001), (25, 1), (30_000, 1001), (48, 1), (50, 1), (60_000, 1001)][which];
        let rate = Rational::new(r.0, r.1).unwrap();
        if let Some(t) = Timecode::from_frames(n, rate, drop) {
            prop_assert_eq!(pack_timecode(t).and_then(|w| unpack_timecode(w, rate)), Some(t));
        }
    }
}
