//! What is read and decoded of JPEG 2000.

use super::*;
use crate::engine::container::jp2::sample_codestream;
use crate::engine::format::fixtures::{flips_and_cuts, read_bytes, with_bytes};

fn atom(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    bmff::atom(kind, &[contents])
}

/// The boxes of a picture, with these in the header.
fn boxed(code: &[u8], inner: &[Vec<u8>]) -> Vec<u8> {
    let ihdr = [&32u32.to_be_bytes()[..], &64u32.to_be_bytes(), &[0, 3, 11, 7, 0, 0]].concat();
    let head = [atom(b"ihdr", &ihdr), inner.concat()].concat();
    let tiff = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x05\0\0\0\x1a\0\0\0\0\0\0\0ARRI\0";
    [
        SIGNATURE.to_vec(),
        atom(b"ftyp", b"jp2 \0\0\0\0jp2 "),
        atom(b"jp2h", &head),
        atom(b"uuid", &[EXIF_UUID, tiff].concat()),
        atom(b"jp2c", code),
    ]
    .concat()
}

fn space(n: u8) -> Vec<u8> {
    atom(b"colr", &[1, 0, 0, 0, 0, 0, n])
}

/// A channel definition box (I.5.3.6).
fn channels(list: &[[u16; 3]]) -> Vec<u8> {
    let count = u16::try_from(list.len()).unwrap();
    let words = [count].into_iter().chain(list.concat());
    atom(b"cdef", &words.flat_map(u16::to_be_bytes).collect::<Vec<u8>>())
}

/// A colour box with a profile of this data space.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    atom(b"colr", &[&[2, 0, 0][..], &[0; 16], space, &[0; 108]].concat())
}

/// Where the coding style stands in a sample of three components, after its length.
const STYLE: usize = 2 + 2 + 47 + 4;

/// A sample without the component transform and with the high byte of its profile.
fn without_transform(profile: u8) -> Vec<u8> {
    let mut code = sample_codestream(64, 32, 3, 8);
    code[6] = profile;
    code[STYLE + 4] = 0;
    code
}

fn styled(style: u8) -> Vec<u8> {
    let mut code = sample_codestream(64, 32, 3, 8);
    code[STYLE + 8] = style;
    code
}

/// A sample of `layers` layers, with an empty packet for each.
fn layered(layers: u8) -> Vec<u8> {
    let mut code = sample_codestream(64, 32, 3, 8);
    code[STYLE + 3] = layers;
    let more = vec![0; 18 * (usize::from(layers) - 1)];
    let end = code.len() - 2;
    code.splice(end..end, more.iter().copied());
    let sot = code.windows(2).position(|w| w == [0xff, 0x90]).unwrap();
    let length = u32::try_from(code.len() - 2 - sot).unwrap();
    code[sot + 6..sot + 10].copy_from_slice(&length.to_be_bytes());
    code
}

/// A sample whose tile has a coding style segment.
fn own_style() -> Vec<u8> {
    let mut code = sample_codestream(64, 32, 3, 8);
    let style: Vec<u8> = code[STYLE - 4..STYLE + 10].to_vec();
    let sot = code.windows(2).position(|w| w == [0xff, 0x90]).unwrap();
    code.splice(sot + 12..sot + 12, style);
    let length = u32::try_from(code.len() - 2 - sot).unwrap();
    code[sot + 6..sot + 10].copy_from_slice(&length.to_be_bytes());
    code
}

fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    with_bytes(bytes, |input, limits| Jp2.decode(input, limits))
}

#[test]
fn what_boxes_and_codestream_say() {
    let doc = read_bytes(&Jp2, &boxed(&sample_codestream(64, 32, 3, 12), &[space(16)])).unwrap();
    assert_eq!((doc.image.width, doc.image.height, doc.format.bit_depth), (Some(64), Some(32), Some(12)));
    assert_eq!(doc.format.container.as_deref(), Some("JP2"));
    assert_eq!(doc.format.compression.as_deref(), Some("reversible 5-3 wavelet"));
    assert_eq!((doc.color.transfer.as_deref(), doc.camera.make.as_deref()), (Some("sRGB"), Some("ARRI")));
    assert!(doc.format.decodable && doc.format.undecodable.is_none());
    let bare = read_bytes(&Jp2, &sample_codestream(64, 32, 1, 8)).unwrap();
    assert_eq!((bare.image.width, bare.format.container.as_deref()), (Some(64), Some("JPEG 2000 codestream")));
}

#[test]
fn brightness_alone_colours_and_transparency() {
    let alpha = channels(&[[0, 0, 1], [1, 0, 2], [2, 0, 3], [3, 1, 0]]);
    for (bytes, bits, unused) in [
        (sample_codestream(64, 32, 1, 8), 8, false),
        (sample_codestream(64, 32, 3, 8), 8, false),
        (sample_codestream(64, 32, 3, 12), 12, false),
        (sample_codestream(64, 32, 3, 16), 16, false),
        (boxed(&sample_codestream(64, 32, 1, 10), &[space(17)]), 10, false),
        (boxed(&sample_codestream(64, 32, 4, 10), &[space(16), alpha]), 10, true),
        (boxed(&sample_codestream(64, 32, 2, 8), &[space(17), channels(&[[0, 0, 1], [1, 1, 0]])]), 8, true),
    ] {
        let Decoded { frame, how } = decode(&bytes).unwrap();
        assert_eq!((frame.width(), frame.height()), (64, 32));
        let middle = (1u32 << (bits - 1)) as f32 / ((1u32 << bits) - 1) as f32;
        assert!(frame.data().iter().all(|x| *x == middle), "{bits}: {:?}", frame.pixel(0, 0));
        assert_eq!(how["scale"], format!("code / {}", (1u32 << bits) - 1));
        assert_eq!(how.contains_key("alpha"), unused);
    }
}

#[test]
fn what_is_not_decoded_is_said_by_name() {
    let rgb = || sample_codestream(64, 32, 3, 8);
    let with = |at: usize, value: u8| {
        let mut code = rgb();
        code[at] = value;
        code
    };
    let turned = channels(&[[0, 0, 3], [1, 0, 2], [2, 0, 1]]);
    for (bytes, word) in [
        (with(7, 3), "digital cinema"),
        (with(46, 2), "subsampled"),
        (with(42, 0x87), "signed"),
        (with(45, 9), "different depths"),
        (sample_codestream(64, 32, 3, 20), "more than 16 bits"),
        (sample_codestream(64, 32, 4, 8), "of 4 components of which nothing says"),
        (with(6, 0x80), "extensions"),
        (without_transform(0x1), "nothing says whether they are RGB or Y'CbCr"),
        (styled(0x40), "HTJ2K"),
        (layered(33), "more than 32 quality layers"),
        (own_style(), "style of its own"),
        (boxed(&rgb(), &[profile(b"Lab ")]), "ICC profile for Lab"),
        (boxed(&rgb(), &[profile(b"GRAY")]), "ICC profile for GRAY"),
        (boxed(&rgb(), &[atom(b"colr", &[4, 0, 0, 1])]), "method 4"),
        (boxed(&rgb(), &[atom(b"colr", &[1, 0, 0, 0])]), "method 1"),
        (boxed(&rgb(), &[space(17)]), "of 3 components in the enumerated colour space 17"),
        (boxed(&rgb(), &[space(18)]), "sYCC"),
        (boxed(&sample_codestream(64, 32, 4, 8), &[space(12)]), "CMYK"),
        (boxed(&rgb(), &[space(14)]), "colour space 14"),
        (boxed(&rgb(), &[space(16), atom(b"pclr", &[0, 1, 1, 7, 0])]), "palette"),
        (boxed(&rgb(), &[space(16), turned]), "another order"),
    ] {
        let doc = read_bytes(&Jp2, &bytes).unwrap();
        assert!(doc.format.undecodable.as_deref().is_some_and(|why| why.contains(word)), "{word}: {:?}", doc.format);
        assert_eq!(decode(&bytes).unwrap_err().code, "FORMAT-UNSUPPORTED", "{word}");
    }
    let mut far = rgb();
    // 60,000 by 60,000 pixels in a few bytes
    for at in [8, 12, 24, 28] {
        far[at..at + 4].copy_from_slice(&60_000u32.to_be_bytes());
    }
    assert_eq!(decode(&far).unwrap_err().code, "LIMIT-MEMORY");
}

#[test]
fn tiles_that_are_not_there_are_missed() {
    let whole = sample_codestream(64, 32, 3, 8);
    let sot = whole.windows(2).position(|w| w == [0xff, 0x90]).unwrap();
    let refused = |code: &[u8], word: &str| {
        for e in [read_bytes(&Jp2, code).unwrap_err(), decode(code).unwrap_err()] {
            assert!(e.code == "FILE-TRUNCATED" && e.what.contains(word), "{word}: {e}");
        }
    };
    // four tiles by the header, one in the file
    let mut four = whole.clone();
    four[24..28].copy_from_slice(&32u32.to_be_bytes());
    four[28..32].copy_from_slice(&16u32.to_be_bytes());
    refused(&four, "3 of 4 tiles");
    let mut parts = whole.clone();
    parts[sot + 11] = 2;
    refused(&parts, "1 of its parts");
    let mut empty = whole[..sot + 14].to_vec();
    empty.extend([0xff, 0xd9]);
    empty[sot + 6..sot + 10].copy_from_slice(&14u32.to_be_bytes());
    refused(&empty, "too few for its packets");
    // a tile part without a length goes on to the end
    let mut open = whole.clone();
    open[sot + 6..sot + 10].fill(0);
    assert_eq!(decode(&open).unwrap().frame, decode(&whole).unwrap().frame);
}

#[test]
fn what_is_assumed_is_said() {
    let codes = |doc: &ClipDoc| doc.warnings.iter().map(|w| w.code.to_string()).collect::<Vec<_>>();
    let doc = read_bytes(&Jp2, &without_transform(0)).unwrap();
    assert_eq!(codes(&doc), ["JP2-COMPONENTS"]);
    assert!(decode(&without_transform(0)).unwrap().how["components"].contains("nothing says"));
    let doc = read_bytes(&Jp2, &boxed(&sample_codestream(64, 32, 3, 8), &[profile(b"RGB ")])).unwrap();
    assert_eq!(codes(&doc), ["COLOR-PROFILE"]);
    let four = boxed(&sample_codestream(64, 32, 4, 8), &[space(16)]);
    assert_eq!(decode(&four).unwrap().how["alpha"], "not used");
}

#[test]
fn hostile_bytes() {
    flips_and_cuts(&Jp2, &boxed(&sample_codestream(64, 32, 3, 8), &[space(16)]), true);
    flips_and_cuts(&Jp2, &sample_codestream(64, 32, 4, 16), true);
    flips_and_cuts(&Jp2, &sample_codestream(16, 16, 3, 8), true);
}
