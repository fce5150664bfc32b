//! Files by hand in every shape, every cut and every flipped byte.

use super::*;
use crate::engine::container::bmff::atom;
use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};
use crate::model::{Rational, Rect};

/// A directory at `at`: values longer than four bytes lie behind it. A value of `[NEXT, n]` is where the n-th byte behind
/// everything of this directory lies.
fn directory(at: usize, fields: &[(u16, u16, Vec<u8>)], next: u32) -> Vec<u8> {
    let width = |kind: u16| match kind {
        3 => 2,
        4 => 4,
        5 | 10 => 8,
        _ => 1,
    };
    let mut behind: Vec<u8> = Vec::new();
    let tail = at + 2 + fields.len() * 12 + 4;
    let mut out = u16::try_from(fields.len()).unwrap().to_le_bytes().to_vec();
    for (tag, kind, bytes) in fields {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(u32::try_from(bytes.len() / width(*kind)).unwrap().to_le_bytes());
        if bytes.len() > 4 {
            out.extend(u32::try_from(tail + behind.len()).unwrap().to_le_bytes());
            behind.extend(bytes);
        } else {
            let mut four = bytes.clone();
            four.resize(4, 0);
            out.extend(four);
        }
    }
    out.extend(next.to_le_bytes());
    out.extend(behind);
    out
}

fn long(n: u32) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

fn ratio(n: i32, d: i32) -> Vec<u8> {
    [n.to_le_bytes(), d.to_le_bytes()].concat()
}

fn text(t: &str) -> Vec<u8> {
    [t.as_bytes(), &[0]].concat()
}

const PICTURE: usize = 500;

/// The raw picture's directory, 8 x 4 at 16 bits, with its pixels at the end of 700 bytes.
fn sensor() -> Vec<(u16, u16, Vec<u8>)> {
    vec![
        (254, 4, long(0)),
        (256, 4, long(8)),
        (257, 4, long(4)),
        (258, 3, vec![16, 0]),
        (259, 3, vec![1, 0]),
        (262, 3, vec![0x23, 0x80]),
        (273, 4, long(700)),
        (277, 3, vec![1, 0]),
        (278, 4, long(4)),
        (279, 4, long(64)),
        (50_719, 4, [long(1), long(0)].concat()),
        (50_720, 4, [long(6), long(2)].concat()),
        (50_829, 4, [long(1), long(1), long(4), long(8)].concat()),
    ]
}

fn tiff(magic: &[u8], first: usize, fields: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend(u32::try_from(first).unwrap().to_le_bytes());
    out.resize(first, 0);
    out.extend(directory(first, fields, 0));
    out.resize(PICTURE, 0);
    out.extend(directory(PICTURE, &sensor(), 0));
    assert!(out.len() <= 764);
    out.resize(764, 7);
    out
}

fn dng() -> Vec<u8> {
    tiff(
        b"II*\0",
        8,
        &[
            (254, 4, long(1)),
            (256, 4, long(2)),
            (257, 4, long(1)),
            (271, 2, text("Blackmagic Design")),
            (272, 2, text("Pocket")),
            (330, 4, long(PICTURE as u32)),
            (50_706, 1, vec![1, 4, 0, 0]),
            (50_735, 2, text("12345")),
            (51_043, 1, vec![0x07, 0x49, 0x36, 0x13, 0, 0, 0, 0]),
            (51_044, 10, ratio(24_000, 1001)),
            (51_081, 2, text("A001")),
        ],
    )
}

#[test]
fn cinema_dng() {
    let doc = read_bytes(&Dng, &dng()).unwrap();
    assert_eq!((doc.image.width, doc.image.height, doc.format.bit_depth), (Some(8), Some(4), Some(16)));
    assert_eq!(doc.image.active, Some(Rect { x: 2, y: 1, width: 6, height: 2 }));
    assert_eq!((doc.reel.as_deref(), doc.camera.serial.as_deref()), (Some("A001"), Some("12345")));
    assert_eq!(doc.fps.project, Rational::new(24_000, 1001));
    assert_eq!(doc.timecode.map(|t| t.start).as_deref(), Some("13:36:49:07"));
    assert_eq!(Dng.probe(&dng(), Path::new("x.dng")), 100);
    assert_eq!(Dng.probe(&dng()[..4], Path::new("x.tif")), 0);
    flips_and_cuts(&Dng, &dng(), true);
}

#[test]
fn like_tiff() {
    let fields = [
        (254, 4, long(1)),
        (271, 2, text("NIKON CORPORATION")),
        (272, 2, text("NIKON D70")),
        (330, 4, long(PICTURE as u32)),
    ];
    let nef = tiff(b"II*\0", 8, &fields);
    assert_eq!(CameraRaw.probe(&nef, Path::new("x")), 99);
    let doc = read_bytes(&CameraRaw, &nef).unwrap();
    assert_eq!((doc.image.width, doc.camera.model.as_deref()), (Some(8), Some("NIKON D70")));
    flips_and_cuts(&CameraRaw, &nef, true);
    let rw2 =
        [(4, 3, vec![2, 0]), (5, 3, vec![4, 0]), (6, 3, vec![12, 0]), (7, 3, vec![24, 0]), (271, 2, text("Panasonic"))];
    let doc = read_bytes(&CameraRaw, &tiff(b"IIU\0", 8, &rw2)).unwrap();
    assert_eq!(
        (doc.image.width, doc.image.height, doc.camera.make.as_deref()),
        (Some(20), Some(10), Some("Panasonic"))
    );
    assert_eq!(doc.format.container.as_deref(), Some("RW2"));
}

#[test]
fn headers_of_their_own() {
    let mut raf = b"FUJIFILMCCD-RAW 0201FF392201FinePix S5Pro".to_vec();
    raf.resize(0x54, 0);
    for n in [0u32, 0, 0x6c, 12, 0x78, 4] {
        raf.extend(n.to_be_bytes());
    }
    raf.extend([0, 0, 0, 1, 1, 0, 0, 4, 0, 9, 0, 16]);
    raf.extend([1; 4]);
    let doc = read_bytes(&CameraRaw, &raf).unwrap();
    assert_eq!((doc.image.width, doc.image.height), (Some(16), Some(9)));
    assert_eq!(doc.camera.model.as_deref(), Some("FinePix S5Pro"));
    flips_and_cuts(&CameraRaw, &raf, true);
    let mut x3f = b"FOVb\0\0\x02\0".to_vec();
    x3f.resize(0x1c, 0);
    x3f.extend([long(2268), long(1512)].concat());
    let doc = read_bytes(&CameraRaw, &x3f).unwrap();
    assert_eq!((doc.image.width, doc.image.height), (Some(2268), Some(1512)));
    flips_and_cuts(&CameraRaw, &x3f, true);
}

#[test]
fn a_heap() {
    let mut crw = b"II\x1a\0\0\0HEAPCCDR".to_vec();
    crw.resize(26, 0);
    crw.extend(b"Canon\0Canon EOS\0");
    crw.extend([long(3072), long(2048)].concat());
    let mut table = 2u16.to_le_bytes().to_vec();
    for (tag, size, at) in [(0x080au16, 16u32, 0u32), (0x1810, 8, 16)] {
        table.extend(tag.to_le_bytes());
        table.extend([long(size), long(at)].concat());
    }
    crw.extend(table);
    crw.extend(long(24));
    let doc = read_bytes(&CameraRaw, &crw).unwrap();
    assert_eq!((doc.image.width, doc.camera.model.as_deref()), (Some(3072), Some("Canon EOS")));
    flips_and_cuts(&CameraRaw, &crw, true);
}

/// A movie of one frame with Canon's directories; its only track is of no known kind.
fn cr3() -> Vec<u8> {
    let cmt = |fields: &[(u16, u16, Vec<u8>)]| [&b"II*\0\x08\0\0\0"[..], &directory(8, fields, 0)].concat();
    let first = cmt(&[(271, 2, text("Canon")), (272, 2, text("Canon EOS R6"))]);
    let second = cmt(&[(33_434, 5, ratio(1, 50)), (34_855, 3, vec![0x20, 3])]);
    let third = cmt(&[(7, 2, text("Firmware Version 1.0"))]);
    let canon = [
        CANON_UUID.to_vec(),
        atom(b"CNCV", &[b"CanonCR3_001/00.09.00/00.00.00"]),
        atom(b"CMT1", &[&first]),
        atom(b"CMT2", &[&second]),
        atom(b"CMT3", &[&third]),
    ]
    .concat();
    let mut header = vec![0; 12];
    header.extend([0, 0, 0, 1, 0, 0, 0, 1]);
    header.resize(100, 0);
    let movie = [atom(b"uuid", &[&canon]), atom(b"mvhd", &[&header])].concat();
    [atom(b"ftyp", &[b"crx \0\0\0\x01crx isom"]), atom(b"moov", &[&movie]), atom(b"mdat", &[b"raw!"])].concat()
}

const CANON_UUID: &[u8] = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";

#[test]
fn canon() {
    let doc = read_bytes(&Crx, &cr3()).unwrap();
    assert_eq!((doc.format.id.as_str(), doc.format.container.as_deref()), ("crx", Some("CR3")));
    assert_eq!((doc.camera.model.as_deref(), doc.exposure.iso), (Some("Canon EOS R6"), Some(800)));
    assert_eq!((doc.exposure.shutter_s, doc.clip.frames), (Some(0.02), None));
    assert_eq!(doc.camera.firmware.as_deref(), Some("Firmware Version 1.0"));
    flips_and_cuts(&Crx, &cr3(), false);
}

#[test]
fn text_that_begins_like_a_raw_picture_is_none() {
    for text in ["MMORPG lore of the show, page one", "IIRO and others wrote this", "FOVbook of the unit"] {
        assert_eq!(CameraRaw.probe(text.as_bytes(), Path::new("notes.txt")), 0, "{text}");
    }
}
