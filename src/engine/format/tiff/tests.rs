//! Small files by hand, refusals by name, and hostile bytes.

use super::Tiff;
use crate::engine::format::{Format, Input, probe};
use crate::engine::image::Decoded;
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, Limits, MediaPath};
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

fn with<T>(bytes: &[u8], act: impl FnOnce(&Input<'_>, &Limits) -> T) -> T {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let path = MediaPath::from(Path::new("A.0001.tif"));
    act(&Input { path: &path, file: &file, size: bytes.len() as u64 }, &Limits::default())
}

fn read(bytes: &[u8]) -> Result<ClipDoc, Error> {
    with(bytes, |input, limits| {
        let mut doc = ClipDoc::new("A", ClipUnit::File);
        Tiff.read(input, limits, &mut doc).map(|()| doc)
    })
}

fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    with(bytes, |input, limits| Tiff.decode(input, limits))
}

/// A value of a field: numbers of 16 or 32 bits, a text, or a rational.
#[derive(Clone)]
enum V {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Text(&'static str),
    Ratio(u32, u32),
}

/// A file of one directory, little or big endian: values that do not fit lie behind it, then the pixels. A `Long` of
/// `[PIXELS + n]` becomes the offset of the n-th byte of the pixels.
const PIXELS: u32 = 0xf000_0000;

fn file(big: bool, fields: &[(u16, V)], pixels: &[u8]) -> Vec<u8> {
    let two = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let four = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let length = |v: &V| match v {
        V::Short(l) => l.len() * 2,
        V::Long(l) => l.len() * 4,
        V::Text(t) => t.len() + 1,
        V::Ratio(..) => 8,
    };
    let mut at = 8 + 2 + fields.len() * 12 + 4;
    let start = at + fields.iter().map(|(_, v)| length(v)).filter(|n| *n > 4).sum::<usize>();
    let mut out = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    out.extend(four(8));
    out.extend(two(fields.len() as u16));
    let mut behind = Vec::new();
    for (tag, v) in fields {
        let (kind, count, mut bytes): (u16, usize, Vec<u8>) = match v {
            V::Short(l) => (3, l.len(), l.iter().flat_map(|n| two(*n)).collect()),
            V::Long(l) => {
                let place = |n: &u32| if *n >= PIXELS { n - PIXELS + start as u32 } else { *n };
                (4, l.len(), l.iter().flat_map(|n| four(place(n))).collect())
            }
            V::Text(t) => (2, t.len() + 1, [t.as_bytes(), &[0]].concat()),
            V::Ratio(n, d) => (5, 1, [four(*n), four(*d)].concat()),
        };
        out.extend([&two(*tag)[..], &two(kind), &four(count as u32)].concat());
        if bytes.len() > 4 {
            out.extend(four(at as u32));
            at += bytes.len();
            behind.extend(bytes);
        } else {
            bytes.resize(4, 0);
            out.extend(bytes);
        }
    }
    out.extend(four(0));
    out.extend(behind);
    out.extend(pixels);
    out
}

fn short(n: u16) -> V {
    V::Short(vec![n])
}

/// A picture in one strip.
fn plain(w: u16, h: u16, bits: u16, samples: u16, photometric: u16, compression: u16, size: usize) -> Vec<(u16, V)> {
    vec![
        (256, short(w)),
        (257, short(h)),
        (258, V::Short(vec![bits; usize::from(samples)])),
        (259, short(compression)),
        (262, short(photometric)),
        (273, V::Long(vec![PIXELS])),
        (277, short(samples)),
        (278, short(h)),
        (279, V::Long(vec![size as u32])),
    ]
}

fn rgb8() -> Vec<u8> {
    let mut fields = plain(2, 2, 8, 3, 2, 1, 12);
    fields.insert(5, (271, V::Text("ARRI")));
    fields.insert(6, (272, V::Text("ARRISCAN XT")));
    fields.push((282, V::Ratio(300, 1)));
    fields.push((283, V::Ratio(600, 1)));
    fields.push((305, V::Text("scan 1.0")));
    fields.push((306, V::Text("2024:05:06 07:08:09")));
    file(false, &fields, &[0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6])
}

#[test]
fn what_the_directory_says() {
    let doc = read(&rgb8()).unwrap();
    assert_eq!((doc.image.width, doc.image.height, doc.format.bit_depth), (Some(2), Some(2), Some(8)));
    assert_eq!((doc.format.codec.as_deref(), doc.format.compression.as_deref()), (Some("RGB"), Some("none")));
    assert_eq!((doc.camera.make.as_deref(), doc.camera.model.as_deref()), (Some("ARRI"), Some("ARRISCAN XT")));
    assert_eq!(doc.recorded.date.as_deref(), Some("2024-05-06T07:08:09"));
    assert_eq!(doc.image.pixel_aspect, Some(2.0));
    assert_eq!(
        (doc.raw["tiff"]["Software"].as_str(), doc.raw["tiff"]["XResolution"].as_str()),
        (Some("scan 1.0"), Some("300/1"))
    );
    assert!(doc.format.decodable && doc.warnings.is_empty());
}

#[test]
fn samples_of_every_kind() {
    let done = decode(&rgb8()).unwrap();
    assert_eq!(done.frame.pixel(0, 0), Some([0.0, 0.2, 0.4]));
    assert_eq!(done.frame.pixel(1, 0), Some([0.6, 0.8, 1.0]));
    for big in [false, true] {
        let two = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let pixels: Vec<u8> = [0u16, 13_107, 65_535, 26_214].into_iter().flat_map(two).collect();
        let gray = decode(&file(big, &plain(2, 2, 16, 1, 1, 1, 8), &pixels)).unwrap();
        assert_eq!(gray.frame.data(), [[0.0; 3], [0.2; 3], [1.0; 3], [0.4; 3]].concat());
        let white = decode(&file(big, &plain(2, 2, 16, 1, 0, 1, 8), &pixels)).unwrap();
        assert_eq!(white.frame.pixel(1, 0), Some([0.8; 3]), "0 is white");
        let four = |x: f32| if big { x.to_be_bytes() } else { x.to_le_bytes() };
        let pixels: Vec<u8> = [1.5, -0.25, 1e6, 0.5].into_iter().flat_map(four).collect();
        let mut fields = plain(1, 1, 32, 4, 2, 1, 16);
        fields.push((338, short(2)));
        fields.push((339, V::Short(vec![3; 4])));
        let float = decode(&file(big, &fields, &pixels)).unwrap();
        assert_eq!((float.frame.data(), float.how.contains_key("left_out")), (&[1.5, -0.25, 1e6][..], true));
    }
    // PackBits: three literal bytes, then four times 255
    let packed = decode(&file(false, &plain(7, 1, 8, 1, 1, 32_773, 6), &[2, 0, 51, 102, 253, 255])).unwrap();
    let want = [0.0, 0.2, 0.4, 1.0, 1.0, 1.0, 1.0];
    assert_eq!(packed.frame.data().iter().step_by(3).copied().collect::<Vec<_>>(), want);
}

#[test]
fn strips_tiles_and_planes() {
    // 3 x 3 in strips of two rows
    let mut fields = plain(3, 3, 8, 1, 1, 1, 9);
    fields[5].1 = V::Long(vec![PIXELS + 3, PIXELS]);
    fields[7].1 = short(2);
    fields[8].1 = V::Long(vec![6, 3]);
    let done = decode(&file(false, &fields, &[60, 70, 80, 0, 10, 20, 30, 40, 50])).unwrap();
    let codes = |d: &Decoded| d.frame.data().iter().step_by(3).map(|x| (x * 255.0).round() as u8).collect::<Vec<_>>();
    assert_eq!(codes(&done), [0, 10, 20, 30, 40, 50, 60, 70, 80]);
    // 17 x 1 in tiles of 16 x 16
    let tiles: Vec<u8> = (0..=255).chain((0..=255).map(|n: u8| n.wrapping_add(100))).collect();
    let fields = [
        (256, short(17)),
        (257, short(1)),
        (258, short(8)),
        (259, short(1)),
        (262, short(1)),
        (277, short(1)),
        (322, short(16)),
        (323, short(16)),
        (324, V::Long(vec![PIXELS, PIXELS + 256])),
        (325, V::Long(vec![256, 256])),
    ];
    assert_eq!(codes(&decode(&file(false, &fields, &tiles)).unwrap()), (0..16).chain([100]).collect::<Vec<u8>>());
    // three planes of 2 x 1
    let mut fields = plain(2, 1, 8, 3, 2, 1, 0);
    fields[5].1 = V::Long(vec![PIXELS, PIXELS + 2, PIXELS + 4]);
    fields[8].1 = V::Long(vec![2, 2, 2]);
    fields.push((284, short(2)));
    let done = decode(&file(true, &fields, &[0, 51, 102, 153, 204, 255])).unwrap();
    assert_eq!(done.frame.data(), [0.0, 0.4, 0.8, 0.2, 0.6, 1.0]);
}

#[test]
fn what_is_not_decoded_is_refused_by_name() {
    for (bits, samples, photometric, compression, word) in [
        (8, 4, 5, 1, "CMYK"),
        (8, 1, 3, 1, "Palette"),
        (12, 3, 2, 1, "12-bit"),
        (8, 3, 2, 7, "JPEG"),
        (8, 3, 6, 1, "YCbCr"),
        (32, 3, 2, 1, "32-bit unsigned"),
        (8, 2, 2, 1, "2 samples"),
        (8, 3, 2, 50_000, "Zstandard"),
    ] {
        let bytes = file(false, &plain(1, 1, bits, samples, photometric, compression, 16), &[0; 16]);
        let e = decode(&bytes).unwrap_err();
        assert_eq!(e.code, "FORMAT-UNSUPPORTED", "{e}");
        assert!(e.what.contains(word), "{e}");
        assert!(!read(&bytes).unwrap().format.decodable);
    }
}

#[test]
fn raw_pictures_are_not_tiff() {
    let mut fields = plain(1, 1, 8, 1, 1, 1, 1);
    fields.push((50_706, V::Long(vec![1])));
    let dng = file(false, &fields, &[0]);
    assert_eq!(probe(&dng, Path::new("x.tif")).map(|f| f.id()), Some("dng"));
    assert_eq!(read(&dng).unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(decode(&dng).unwrap_err().kind, ErrorKind::Unsupported);
    assert!(probe(&rgb8(), Path::new("x.dng")).is_none());
    assert_eq!(probe(&rgb8(), Path::new("x")).map(|f| f.id()), Some("tiff"));
    // a header of Phase One's behind that of TIFF
    for own in [b"IIII", b"MMMM"] {
        let raw = [&rgb8()[..8], own, &rgb8()[8..]].concat();
        assert_ne!(probe(&raw, Path::new("x.tif")).map(|f| f.id()), Some("tiff"));
    }
    let mut fields = plain(1, 1, 8, 1, 1, 1, 1);
    fields.insert(0, (254, V::Long(vec![1])));
    fields.push((330, V::Long(vec![8])));
    assert_eq!(read(&file(false, &fields, &[0])).unwrap_err().kind, ErrorKind::Unsupported);
}

#[test]
fn sizes_are_checked_before_memory_is_taken() {
    let huge = |w: u32, h: u32, strip: V| {
        let mut fields = plain(1, 1, 16, 3, 2, 1, 8);
        (fields[0].1, fields[1].1, fields[7].1) = (V::Long(vec![w]), V::Long(vec![h]), strip);
        decode(&file(false, &fields, &[0; 8])).unwrap_err()
    };
    assert_eq!(huge(100_000, 100_000, short(1)).code, "LIMIT-MEMORY");
    assert_eq!(huge(8000, 8000, short(1)).code, "LIMIT-MEMORY");
    assert!(matches!(huge(6000, 6000, V::Long(vec![6000])).kind, ErrorKind::Malformed | ErrorKind::Limit));
    assert_eq!(huge(0, 1, short(1)).code, "FILE-MALFORMED");
}

#[test]
fn every_cut_is_refused() {
    let bytes = rgb8();
    for n in 0..bytes.len() {
        let e = read(&bytes[..n]).unwrap_err();
        assert_eq!(e.kind, ErrorKind::Malformed, "cut at {n}: {e}");
        assert!(decode(&bytes[..n]).is_err(), "cut at {n}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_give_a_picture_or_an_error(
        packed: bool, changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6)
    ) {
        let mut bytes = if packed {
            file(true, &plain(7, 1, 8, 1, 1, 32_773, 6), &[2, 0, 51, 102, 253, 255])
        } else {
            rgb8()
        };
        for (at, to) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = to;
        }
        for e in [read(&bytes).err(), decode(&bytes).err()].into_iter().flatten() {
            prop_assert_ne!(e.kind, ErrorKind::Io, "{}", e);
        }
    }
}
