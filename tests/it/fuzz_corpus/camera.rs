//! Seeds of the targets of cameras' files.

use rushes::engine::container::bytes::Endian;
use rushes::engine::container::dpx::pack_rgb10;
use rushes::engine::container::jp2::{SIGNATURE, sample_codestream};
use rushes::engine::container::mpeg::sample_ts;
use rushes::engine::container::riff::sample_avi;
use rushes::engine::container::{arriraw as ari, cineon as cin, red};

/// The seeds of one target.
pub fn of(kind: &str) -> Vec<(String, Vec<u8>)> {
    let one = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    match kind {
        "arriraw" => vec![one("ari", arriraw())],
        "avi" => vec![one("avi", sample_avi())],
        "cineon" => vec![one("cin-big", cineon(Endian::Big)), one("cin-little", cineon(Endian::Little))],
        "ifd" => vec![one("dng", dng()), one("raw", raw())],
        "jp2" => vec![one("j2c", sample_codestream(64, 32, 3, 12)), one("jp2", jp2())],
        "mpeg" => vec![one("m2ts", sample_ts(192)), one("ts", sample_ts(188))],
        _ => vec![one("r3d", r3d())],
    }
}

/// A still of Canon's, as far as it is read: the boxes, the version of the writer and one directory.
pub fn cr3() -> Vec<u8> {
    let atom = |id: &[u8; 4], body: &[u8]| rushes::engine::container::bmff::atom(id, &[body]);
    let directory = b"II*\0\x08\0\0\0\x01\0\x10\x01\x02\0\x06\0\0\0\x1a\0\0\0\0\0\0\0EOS R\0";
    let uuid = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
    let canon = [&uuid[..], &atom(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00"), &atom(b"CMT1", directory)].concat();
    let mut header = vec![0; 12];
    header.extend([0, 0, 0, 1, 0, 0, 0, 1]);
    header.resize(100, 0);
    let movie = [atom(b"uuid", &canon), atom(b"mvhd", &header)].concat();
    [atom(b"ftyp", b"crx \0\0\0\x01crx isom"), atom(b"moov", &movie), atom(b"mdat", b"raw!")].concat()
}

fn cineon(endian: Endian) -> Vec<u8> {
    let mut h = cin::new(endian);
    for (f, n) in
        [(cin::IMAGE_OFFSET, 2048), (cin::CHANNELS, 3), (cin::INTERLEAVE, 0), (cin::PACKING, 5), (cin::ORIENTATION, 0)]
    {
        h.set_number(&f, n);
    }
    for c in 0..3u32 {
        for (f, n) in [(cin::DESIGNATOR, c + 1), (cin::BIT_DEPTH, 10), (cin::WIDTH, 4), (cin::HEIGHT, 2)] {
            h.set_number(&cin::of_channel(f, c as usize), n);
        }
    }
    h.set_real(&cin::FRAME_RATE, 24.0);
    h.set_text(&cin::SOURCE_DATE, "2001:02:03");
    h.set_text(&cin::SOURCE_TIME, "04:05:06");
    let pixels: Vec<[u16; 3]> = (0..8).map(|n| [n * 100, 1023 - n, n]).collect();
    [h.bytes, pack_rgb10(&pixels, endian)].concat()
}

fn arriraw() -> Vec<u8> {
    let mut h = ari::new();
    for f in [ari::DATA_VALID, ari::CONTENT_VALID, ari::CAMERA_VALID, ari::LENS_VALID, ari::CLIP_VALID, ari::DATA_TYPE]
    {
        h.set_number(&f, 1);
    }
    for (f, n) in [
        (ari::WIDTH, 8),
        (ari::HEIGHT, 2),
        (ari::EXPOSURE_INDEX, 800),
        (ari::PROJECT_RATE, 24_000),
        (ari::TIME_BASE, 24_000),
        (ari::TIMECODE, 0x1002_1100),
        (ari::DATE, 0x2018_0327),
    ] {
        h.set_number(&f, n);
    }
    h.set_text(&ari::REEL, "A001R2E");
    [h.bytes, vec![0x5a; 24]].concat()
}

fn jp2() -> Vec<u8> {
    let atom = |id: &[u8; 4], body: &[u8]| rushes::engine::container::bmff::atom(id, &[body]);
    let header =
        [atom(b"ihdr", &[0, 0, 0, 32, 0, 0, 0, 64, 0, 3, 11, 7, 0, 0]), atom(b"colr", &[1, 0, 0, 0, 0, 0, 16])];
    let code = atom(b"jp2c", &sample_codestream(64, 32, 3, 12));
    [SIGNATURE, &atom(b"ftyp", b"jp2 \0\0\0\0jp2 "), &atom(b"jp2h", &header.concat()), &code].concat()
}

fn r3d() -> Vec<u8> {
    let entries: [(u16, &[u8]); 5] =
        [(0x1001, b"10:00:00:00"), (0x1019, b"A"), (0x101a, b"001"), (0x403b, &[3, 32]), (0x1023, b"20260101")];
    let mut out = red::sample(4096, 2160, (24_000, 1001), &entries);
    out.resize(0x1000, 0);
    out.extend(b"\0\0\0\x08REOB");
    out
}

/// A directory of fields (number, type, count, value), little end first.
fn directory(fields: &[(u16, u16, u32, u32)]) -> Vec<u8> {
    let mut out = u16::try_from(fields.len()).unwrap().to_le_bytes().to_vec();
    for (tag, kind, count, value) in fields {
        out.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat());
    }
    out.extend([0; 4]);
    out
}

/// A preview in front, and the sensor's picture behind it.
fn raw() -> Vec<u8> {
    let first = directory(&[(254, 4, 1, 1), (271, 2, 4, 0x0058_5858), (330, 4, 1, 50)]);
    [b"II*\0\x08\0\0\0".to_vec(), first, picture(50)].concat()
}

fn picture(at: u32) -> Vec<u8> {
    let end = at + 2 + 9 * 12 + 4;
    let mut out = directory(&[
        (254, 4, 1, 0),
        (256, 4, 1, 4),
        (257, 4, 1, 2),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 32_803),
        (273, 4, 1, end),
        (278, 4, 1, 2),
        (279, 4, 1, 16),
    ]);
    out.extend([7; 16]);
    out
}

fn dng() -> Vec<u8> {
    let at = 8 + 2 + 6 * 12 + 4;
    let first = directory(&[
        (254, 4, 1, 1),
        (330, 4, 1, at + 16),
        (50_706, 1, 4, 0x0000_0401),
        (51_043, 1, 8, at),
        (51_044, 10, 1, at + 8),
        (51_081, 2, 3, 0x0031_3041),
    ]);
    let values = [[0u8, 0x11, 2, 0x10, 0, 0, 0, 0], [24, 0, 0, 0, 1, 0, 0, 0]].concat();
    [b"II*\0\x08\0\0\0".to_vec(), first, values, picture(at + 16)].concat()
}
