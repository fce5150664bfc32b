//! Pixels against what was put into the bytes, in every arrangement that is read.

use super::*;
use crate::model::MediaPath;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

/// How a picture is written by these tests, in plain steps that share nothing with the reader.
#[derive(Debug, Clone, Copy)]
struct Made {
    descriptor: u32,
    depth: u32,
    packing: u32,
    endian: Endian,
    aligned: bool,
    line_padding: u32,
}

impl Made {
    fn components(self) -> usize {
        match self.descriptor {
            6 => 1,
            50 => 3,
            _ => 4,
        }
    }

    fn bits(self, codes: &[u16]) -> Vec<u8> {
        let big = self.endian == Endian::Big;
        let w32 = |w: u32| if big { w.to_be_bytes() } else { w.to_le_bytes() };
        let w16 = |w: u16| if big { w.to_be_bytes() } else { w.to_le_bytes() };
        match (self.depth, self.packing) {
            (8, _) => codes.iter().map(|c| *c as u8).collect(),
            (16, _) => codes.iter().flat_map(|c| w16(*c)).collect(),
            (12, 1) => codes.iter().flat_map(|c| w16(*c << 4 | 0xf)).collect(),
            (12, 2) => codes.iter().flat_map(|c| w16(*c | 0xf000)).collect(),
            (10, 1 | 2) => {
                let word = |three: &[u16]| {
                    let order: Vec<u32> = if self.descriptor == 6 { vec![0, 10, 20] } else { vec![20, 10, 0] };
                    let w = three.iter().zip(order).fold(0u32, |w, (c, s)| w | u32::from(*c) << s);
                    if self.packing == 1 { w << 2 | 3 } else { w | 3 << 30 }
                };
                codes.chunks(3).flat_map(|t| w32(word(t))).collect()
            }
            (depth, _) => {
                let mut bits = vec![0u8; (codes.len() * depth as usize).div_ceil(32) * 32];
                for (n, c) in codes.iter().enumerate() {
                    for k in 0..depth as usize {
                        bits[n * depth as usize + k] = (*c >> k & 1) as u8;
                    }
                }
                let word = |b: &[u8]| b.iter().enumerate().fold(0u32, |w, (k, b)| w | u32::from(*b) << k);
                bits.chunks(32).flat_map(|b| w32(word(b))).collect()
            }
        }
    }

    fn file(self, width: u32, height: u32, codes: &[u16]) -> Vec<u8> {
        let mut h = DpxHeader::new(self.endian);
        for (f, n) in [
            (at::IMAGE_OFFSET, 2048),
            (at::WIDTH, width),
            (at::HEIGHT, height),
            (at::ELEMENTS, 1),
            (at::ORIENTATION, 0),
            (at::DESCRIPTOR, self.descriptor),
            (at::BIT_DEPTH, self.depth),
            (at::PACKING, self.packing),
            (at::ENCODING, 0),
            (at::DATA_OFFSET, 2048),
            (at::LINE_PADDING, self.line_padding),
        ] {
            h.set_number(&f, n);
        }
        let mut bytes = h.bytes().to_vec();
        if !self.aligned && self.line_padding == 0 {
            bytes.extend(self.bits(codes));
            return bytes;
        }
        for line in codes.chunks(width as usize * self.components()) {
            let mut line = self.bits(line);
            if self.aligned {
                line.resize(line.len().div_ceil(4) * 4, 0xff);
            }
            line.resize(line.len() + self.line_padding as usize, 0xee);
            bytes.extend(line);
        }
        bytes
    }
}

fn decode_bytes(bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let path = MediaPath::from(Path::new("a.dpx"));
    decode(&Input { path: &path, file: &file, size: bytes.len() as u64 }, limits)
}

fn codes(n: usize, depth: u32, seed: u32) -> Vec<u16> {
    let mut x = seed | 1;
    let next = |x: &mut u32| {
        *x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*x >> (32 - depth)) as u16
    };
    (0..n).map(|_| next(&mut x)).collect()
}

fn rgb(m: Made, codes: &[u16]) -> Vec<f32> {
    let top = ((1u32 << m.depth) - 1) as f32;
    let level = |c: u16| f32::from(c) / top;
    match m.descriptor {
        6 => codes.iter().flat_map(|c| [level(*c); 3]).collect(),
        51 => codes.chunks(4).flat_map(|p| [level(p[0]), level(p[1]), level(p[2])]).collect(),
        52 => codes.chunks(4).flat_map(|p| [level(p[3]), level(p[2]), level(p[1])]).collect(),
        _ => codes.iter().map(|c| level(*c)).collect(),
    }
}

proptest! {
    #[test]
    fn what_was_put_in_comes_out(
        descriptor in prop::sample::select(vec![6u32, 50, 51, 52]),
        (depth, packing) in prop::sample::select(vec![(8, 0), (10, 0), (10, 1), (10, 2), (12, 0), (12, 1), (12, 2), (16, 0)]),
        big: bool, aligned: bool,
        line_padding in prop::sample::select(vec![0u32, 0, 4, 7, 64]),
        (width, height) in (1u32..40, 1u32..6),
        seed: u32,
    ) {
        let endian = if big { Endian::Big } else { Endian::Little };
        let m = Made { descriptor, depth, packing, endian, aligned, line_padding };
        let put = codes(width as usize * height as usize * m.components(), depth, seed);
        let file = m.file(width, height, &put);
        // lines that share words can end where lines of whole words would end: the bytes then do not tell which it is
        let same_size = file.len() == Made { aligned: true, ..m }.file(width, height, &put).len();
        prop_assume!(aligned || line_padding > 0 || !same_size || file == Made { aligned: true, ..m }.file(width, height, &put));
        let got = decode_bytes(&file, &Limits::default()).unwrap();
        let want = rgb(m, &put);
        prop_assert_eq!(got.frame.data(), &want[..], "{:?} {:?}", m, got.how);
    }

    #[test]
    fn any_header_gives_a_picture_or_an_error(edits in proptest::collection::vec((0usize..2048, any::<u8>()), 0..6)) {
        let m = Made { descriptor: 50, depth: 10, packing: 1, endian: Endian::Big, aligned: true, line_padding: 0 };
        let mut bytes = m.file(5, 3, &codes(45, 10, 1));
        for (at, b) in edits {
            bytes[at] = b;
        }
        if let Err(e) = decode_bytes(&bytes, &Limits::default()) {
            prop_assert!(e.kind != ErrorKind::Io, "{}", e);
        }
    }
}

const PLAIN: Made = Made { descriptor: 50, depth: 10, packing: 1, endian: Endian::Big, aligned: true, line_padding: 0 };

#[test]
fn a_picture_longer_than_one_part() {
    for (descriptor, depth, packing) in [(50, 10, 1), (51, 10, 2), (6, 10, 1), (50, 12, 0), (50, 16, 0), (6, 12, 0)] {
        let m = Made { descriptor, depth, packing, aligned: false, ..PLAIN };
        let put = codes(2000 * 3 * m.components(), depth, 5);
        let got = decode_bytes(&m.file(2000, 3, &put), &Limits::default()).unwrap();
        assert!(got.frame.data() == rgb(m, &put), "{m:?}");
    }
}

#[test]
fn every_cut_is_one_error() {
    let whole = PLAIN.file(5, 3, &codes(45, 10, 1));
    for n in 0..whole.len() {
        let e = decode_bytes(&whole[..n], &Limits::default()).unwrap_err();
        assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Malformed, "FILE-TRUNCATED"), "{n}: {e}");
    }
}

#[test]
fn what_is_not_decoded_is_named() {
    for (f, n, word) in [
        (at::ENCODING, 1u32, "run-length"),
        (at::ENCODING, 7, "encoding code 7"),
        (at::DESCRIPTOR, 100, "CbYCrY"),
        (at::DESCRIPTOR, 4, "Alpha"),
        (at::BIT_DEPTH, 32, "32 bits"),
        (at::BIT_DEPTH, 64, "64 bits"),
        (at::BIT_DEPTH, 1, "1 bits"),
        (at::PACKING, 5, "packing code 5"),
        (at::DATA_SIGN, 1, "signed"),
        (at::ENCRYPT_KEY, 99, "encrypted"),
    ] {
        let mut h = PLAIN.file(5, 3, &codes(45, 10, 1));
        let value = n.to_be_bytes();
        h[f.at..f.at + f.len()].copy_from_slice(&value[4 - f.len()..]);
        let e = decode_bytes(&h, &Limits::default()).unwrap_err();
        assert_eq!((e.kind, e.what.contains(word)), (ErrorKind::Unsupported, true), "{e}");
    }
}

#[test]
fn memory_is_bounded() {
    let whole = PLAIN.file(100, 100, &codes(30_000, 10, 1));
    let few = Limits { memory: 1_100_000, ..Limits::default() };
    assert_eq!(decode_bytes(&whole, &few).unwrap_err().code, "LIMIT-MEMORY");
    let enough = Limits { memory: 1_200_000, ..Limits::default() };
    assert!(decode_bytes(&whole, &enough).is_ok());
}

#[test]
fn scanners_that_let_lines_share_words() {
    // 5 pixels of brightness and bytes to spare: only the name of the program tells that lines share words
    let m = Made { descriptor: 6, aligned: false, ..PLAIN };
    let put = codes(20, 10, 3);
    let mut bytes = m.file(5, 4, &put);
    bytes.extend([0; 100]);
    let plain = decode_bytes(&bytes, &Limits::default()).unwrap();
    assert_eq!(plain.how["lines"], "each line begins at a word of 32 bits");
    bytes[160..173].copy_from_slice(b"Lasergraphics");
    let named = decode_bytes(&bytes, &Limits::default()).unwrap();
    assert_eq!(named.frame.data(), rgb(m, &put));
    assert_eq!(named.how["lines"], "lines follow each other and share words");
}

#[test]
fn how_says_what_was_chosen() {
    let m = Made { descriptor: 52, endian: Endian::Little, packing: 2, ..PLAIN };
    let mut bytes = m.file(5, 3, &codes(60, 10, 1));
    bytes[768] = 2;
    let how = decode_bytes(&bytes, &Limits::default()).unwrap().how;
    assert_eq!(how["layout"], "10-bit ABGR, filled B, little endian");
    assert_eq!(how["scale"], "code / 1023");
    assert_eq!(how["channels"], "transparency is left out");
    assert_eq!(how["orientation"], "as stored; the header says orientation code 2");
}
