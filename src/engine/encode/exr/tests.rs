//! Files as other readers see them: by hand from the file layout, and through the `exr` crate.

use super::*;
use crate::engine::container::bytes::Bytes;
use crate::engine::container::exr::ExrHeader;
use crate::engine::encode::FrameStamp;
use crate::model::{ClipDoc, ClipUnit, Limits, Rational, Timecode};
use half::f16;
use proptest::prelude::*;

/// Neither timecode nor rate, and a number that the attribute cannot hold.
const NOTHING: FrameStamp = FrameStamp { frame: i64::MAX, source_frame: 0, timecode: None, rate: None };

const ALL: [ExrCompression; 5] = [
    ExrCompression::None,
    ExrCompression::Zips { level: 1 },
    ExrCompression::Zip { level: 4 },
    ExrCompression::Piz,
    ExrCompression::Dwaa { level: 45.0 },
];

fn options(compression: ExrCompression) -> ExrOptions {
    ExrOptions { compression, ..ExrOptions::default() }
}

/// A picture with gradients and some noise.
fn picture(width: u32, height: u32) -> Frame {
    let n = width * height * 3;
    let samples = (0..n).map(|i| (i % 977) as f32 / 977.0 + (i.wrapping_mul(2_654_435_761) >> 20) as f32 / 65_536.0);
    Frame::from_samples(width, height, samples.collect()).unwrap()
}

/// Red, green and blue as the `exr` crate reads them.
fn read_back(bytes: &[u8]) -> Vec<[f32; 3]> {
    use exr::prelude::*;
    let image = read()
        .no_deep_data()
        .largest_resolution_level()
        .rgb_channels(
            |size, _| (size.width(), vec![[0f32; 3]; size.area()]),
            |(width, pixels), at, (r, g, b): (f32, f32, f32)| pixels[at.y() * *width + at.x()] = [r, g, b],
        )
        .first_valid_layer()
        .all_attributes()
        .from_buffered(std::io::Cursor::new(bytes))
        .unwrap();
    image.layer_data.channel_data.pixels.1
}

#[test]
fn a_file_by_hand() {
    let frame = Frame::from_samples(2, 2, (0..12).map(|n| n as f32 * 0.5).collect()).unwrap();
    let bytes = exr(&frame, &options(ExrCompression::None)).unwrap().bytes;
    assert_eq!(bytes[..8], [0x76, 0x2f, 0x31, 1, 2, 0, 0, 0]);
    assert!(bytes[8..].starts_with(b"channels\0chlist\0\x37\0\0\0B\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0G\0"));
    let half = |x: f32| f16::from_f32(x).to_le_bytes();
    let row = |list: [f32; 6]| list.iter().flat_map(|x| half(*x)).collect::<Vec<u8>>();
    let first = u64::try_from(bytes.len() - 2 * 20).unwrap();
    let mut end = [first.to_le_bytes(), (first + 20).to_le_bytes()].concat();
    end.extend([&[0, 0, 0, 0, 12, 0, 0, 0][..], &row([1.0, 2.5, 0.5, 2.0, 0.0, 1.5])].concat());
    end.extend([&[1, 0, 0, 0, 12, 0, 0, 0][..], &row([4.0, 5.5, 3.5, 5.0, 3.0, 4.5])].concat());
    assert!(bytes.ends_with(&end));
}

#[test]
fn every_compression_is_read_back() {
    for (w, h) in [(1, 1), (3, 17), (64, 33), (131, 70)] {
        let frame = picture(w, h);
        let halves: Vec<f32> = frame.data().iter().map(|x| f16::from_f32(*x).to_f32()).collect();
        for how in ALL {
            let bytes = exr(&frame, &options(how)).unwrap().bytes;
            let back = read_back(&bytes).concat();
            let lossy = matches!(how, ExrCompression::Dwaa { .. });
            let worst = halves.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
            assert_eq!(back.len(), halves.len());
            assert!(if lossy { worst < 0.1 } else { worst == 0.0 }, "{how:?} {w}x{h}: {worst}");
        }
    }
}

#[test]
fn the_same_bytes_with_any_number_of_threads() {
    let frame = picture(200, 150);
    for how in ALL {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| exr(&frame, &options(how)).unwrap())
        };
        let one = with(1);
        assert!((0..3).all(|_| with(4) == one), "{how:?}");
    }
}

#[test]
fn what_half_cannot_hold_is_changed_and_counted() {
    let x = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        65_504.0,
        65_505.0,
        -1e30,
        0.0,
        -0.0,
        5.960_464_5e-8,
        2.0e-8,
        1.000_488_3,
        1.001_464_8,
    ];
    let frame = Frame::from_samples(4, 1, x.to_vec()).unwrap();
    for how in ALL.into_iter().take(4) {
        let done = exr(&frame, &options(how)).unwrap();
        assert_eq!(done.counts, Counts { nan: 1, overflow: 4 }, "{how:?}");
        let want = [
            0.0,
            65_504.0,
            -65_504.0,
            65_504.0,
            65_504.0,
            -65_504.0,
            0.0,
            -0.0,
            5.960_464_5e-8,
            0.0,
            // half-way between two halves: the one with an even last bit
            1.0,
            1.001_953_1,
        ];
        let back = read_back(&done.bytes).concat();
        assert_eq!(back.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), want.map(f32::to_bits), "{how:?}");
    }
}

#[test]
fn attributes_that_cannot_be_written_are_refused() {
    let frame = picture(2, 2);
    let with = |attributes: Vec<(String, ExrValue)>, compression, aces_container| {
        exr(&frame, &ExrOptions { compression, attributes, aces_container })
    };
    let none = ExrCompression::None;
    for name in ["channels", "dataWindow", "acesImageContainerFlag", "", "tiles"] {
        assert!(with(vec![(name.into(), ExrValue::Int(1))], none, false).is_err(), "{name}");
    }
    assert!(exr(&frame, &options(ExrCompression::Zip { level: 0 })).is_err());
    assert!(exr(&frame, &options(ExrCompression::Zip { level: 13 })).is_err());
    assert!(exr(&frame, &options(ExrCompression::Dwaa { level: f32::NAN })).is_err());
    let ap0 = || vec![("chromaticities".to_owned(), ExrValue::Chromaticities(AP0))];
    let ap1 = vec![("chromaticities".to_owned(), ExrValue::Chromaticities(AP1))];
    for (list, how) in [(ap0(), ExrCompression::Piz), (ap1, none), (Vec::new(), none)] {
        assert_eq!(with(list, how, true).unwrap_err().code, "FORMAT-UNSUPPORTED");
    }
    let flag = b"acesImageContainerFlag\0int\0\x04\0\0\0\x01\0\0\0";
    assert_eq!(with(ap0(), none, true).unwrap().bytes.windows(flag.len()).filter(|w| w == flag).count(), 1);
    let squeezed = vec![("pixelAspectRatio".to_owned(), ExrValue::Float(2.0))];
    let bytes = with(squeezed, none, false).unwrap().bytes;
    let l = Limits::default();
    let head = ExrHeader::read(&mut Bytes::slice(&bytes, &l), &l).unwrap();
    assert_eq!(head.parts[0].get("pixelAspectRatio").unwrap().value, ExrValue::Float(2.0));
}

fn clip() -> ClipDoc {
    let mut doc = ClipDoc::new("A001C001", ClipUnit::Sequence);
    doc.camera.make = Some("ARRI".into());
    doc.camera.index = Some("A".into());
    doc.reel = Some("A001R2EC".into());
    doc.fps.project = Rational::new(24_000, 1001);
    doc.fps.sensor = Rational::new(48, 1);
    doc.exposure.iso = Some(800);
    doc.lens.t_stop = Some(2.8);
    doc.recorded.date = Some("2026-01-12T10:31:07.25+01:00".into());
    doc
}

#[test]
fn attributes_of_a_plate() {
    let rate = Rational::new(24_000, 1001).unwrap();
    let timecode = Timecode::parse("10:02:11:22", rate, false).ok();
    let stamp = FrameStamp { timecode, rate: None, frame: 1001, source_frame: 0 };
    let space = ColourSpace { chromaticities: AP0, interop_id: Some("lin_ap0_scene".into()) };
    let text = |t: &str| ExrValue::Text(t.into());
    let want = [
        ("cameraLabel", text("A")),
        ("cameraMake", text("ARRI")),
        ("capDate", text("2026:01:12 10:31:07")),
        ("captureRate", ExrValue::Rational(48, 1)),
        ("chromaticities", ExrValue::Chromaticities(AP0)),
        ("colorInteropID", text("lin_ap0_scene")),
        ("framesPerSecond", ExrValue::Rational(24_000, 1001)),
        ("imageCounter", ExrValue::Int(1001)),
        ("isoSpeed", ExrValue::Float(800.0)),
        ("reelName", text("A001R2EC")),
        ("tStop", ExrValue::Float(2.8)),
        ("timeCode", ExrValue::TimeCode { time: 0x1002_1122, user: 0 }),
        ("utcOffset", ExrValue::Float(-3600.0)),
    ];
    let got = plate_attributes(&clip(), &stamp, Some(&space));
    assert_eq!(got, want.map(|(n, v)| (n.to_owned(), v)));
    assert_eq!(plate_attributes(&ClipDoc::new("x", ClipUnit::File), &NOTHING, None), []);
}

#[test]
fn dates_of_a_plate() {
    for (date, want) in [
        ("2026-01-12T10:31:07Z", Some(("2026:01:12 10:31:07", Some(0.0)))),
        ("2026-01-12T10:31:07-03:30", Some(("2026:01:12 10:31:07", Some(12_600.0)))),
        ("2026-01-12T10:31:07", Some(("2026:01:12 10:31:07", None))),
        ("2026-01-12", None),
        ("2026-1-12T10:31:07", None),
        ("é026-01-12T10:31:07", None),
    ] {
        let mut doc = ClipDoc::new("x", ClipUnit::File);
        doc.recorded.date = Some(date.into());
        let mut list = plate_attributes(&doc, &NOTHING, None).into_iter().map(|(_, v)| v);
        let (local, offset) = (list.next(), list.next());
        assert_eq!(local, want.map(|(t, _)| ExrValue::Text(t.into())), "{date}");
        assert_eq!(offset, want.and_then(|(_, o)| o).map(ExrValue::Float), "{date}");
    }
}

proptest! {
    /// Any samples: the nearest half of those that half can hold, by the definition of rounding.
    #[test]
    fn samples_are_the_nearest_halves(bits in proptest::collection::vec(any::<u32>(), 3..60)) {
        let samples: Vec<f32> = bits[..bits.len() / 3 * 3].iter().map(|b| f32::from_bits(*b)).collect();
        let width = u32::try_from(samples.len() / 3).unwrap();
        let done = exr(&Frame::from_samples(width, 1, samples.clone()).unwrap(), &options(ExrCompression::default())).unwrap();
        let back = read_back(&done.bytes).concat();
        for (x, y) in samples.iter().zip(&back) {
            let got = f16::from_f32(*y);
            prop_assert!(got.is_finite());
            if x.is_nan() {
                prop_assert_eq!(*y, 0.0);
                continue;
            }
            let off = (f64::from(*x) - f64::from(*y)).abs();
            for near in [got.to_bits().wrapping_sub(1), got.to_bits().wrapping_add(1)].map(f16::from_bits) {
                prop_assert!(!near.is_finite() || off <= (f64::from(*x) - near.to_f64()).abs(), "{} {}", x, y);
            }
        }
        let beyond = samples.iter().filter(|x| x.abs() > 65_504.0).count() as u64;
        let nan = samples.iter().filter(|x| x.is_nan()).count() as u64;
        prop_assert_eq!(done.counts, Counts { nan, overflow: beyond });
    }
}
