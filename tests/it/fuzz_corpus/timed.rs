//! Seeds of timed metadata and of files that have frames.

use rushes::engine::container::bmff::{MetaTrack, TimedMovie};
use rushes::engine::container::gpmf::{item, nest};
use rushes::engine::container::{camm, rtmd};

/// The seeds of one target.
pub fn of(kind: &str) -> Vec<(String, Vec<u8>)> {
    let one = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    match kind {
        "camm" => (0..).zip(camm::samples()).map(|(n, p)| (format!("type-{n}"), camm::write(&p))).collect(),
        "gpmf" => vec![one("payload", payload()), one("settings", settings())],
        "rtmd" => vec![one("sample", sony())],
        _ => vec![
            one("camm", movie(b"camm", camm::samples().map(|p| camm::write(&p)).to_vec())),
            one("gpmd", movie(b"gpmd", vec![payload()])),
            one("rtmd", movie(b"rtmd", vec![sony(); 4])),
        ],
    }
}

fn movie(code: &[u8; 4], samples: Vec<Vec<u8>>) -> Vec<u8> {
    let user =
        if code == b"gpmd" { rushes::engine::container::bmff::atom(b"GPMF", &[&settings()]) } else { Vec::new() };
    let each = 4000 / u32::try_from(samples.len()).unwrap();
    let samples = samples.into_iter().map(|s| (s, each)).collect();
    let tracks = vec![MetaTrack { code: *code, timescale: 25_000, samples }];
    TimedMovie { tracks, user, ..TimedMovie::default() }.bytes()
}

fn settings() -> Vec<u8> {
    let parts = [
        item(b"MINF", b'c', 1, b"HERO7 Black"),
        item(b"CASN", b'c', 1, b"C33"),
        item(b"PIMX", b'L', 4, &[0, 0, 6, 64]),
    ];
    nest(b"DEVC", &[item(b"DVID", b'L', 4, &[0, 0, 0, 1]), nest(b"STRM", &parts)])
}

fn payload() -> Vec<u8> {
    let be = |all: &[i32]| all.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let gps = [
        item(b"TSMP", b'L', 4, &be(&[1])),
        item(b"GPSF", b'L', 4, &be(&[3])),
        item(b"GPSU", b'U', 16, b"170417173103.000"),
        item(b"SCAL", b'l', 4, &be(&[10_000_000, 10_000_000, 1000, 1000, 100])),
        item(b"GPS5", b'l', 20, &be(&[331_253_682, -1_173_310_670, 15_711, 250, 3])),
    ];
    let gain =
        [item(b"STNM", b'c', 1, b"Sensor gain (ISO x100)"), item(b"ISOG", b'f', 4, &be(&[0x3f80_0000, 0x4000_0000]))];
    let odd = [item(b"TYPE", b'c', 1, b"Lf[2]Bc"), item(b"SCAL", b's', 2, &[0, 2]), item(b"ODDS", b'?', 14, &[7; 28])];
    nest(b"DEVC", &[item(b"DVNM", b'c', 1, b"Hero5"), nest(b"STRM", &gps), nest(b"STRM", &gain), nest(b"STRM", &odd)])
}

fn sony() -> Vec<u8> {
    let lens = [(0x8000, vec![0xb0, 0]), (0x8001, vec![0, 2]), (0x8007, b"FE 24mm".to_vec())];
    let camera =
        [(0x8109, vec![0, 0, 0, 1, 0, 0, 0, 50]), (0x810b, vec![3, 32]), (0x8114, b"ILME-FX3 5072108".to_vec())];
    let user =
        [(0x8509, b"A".to_vec()), (0x8501, b"N".to_vec()), (0x8502, [0, 0, 0, 1].repeat(6)), (0xe304, vec![1; 8])];
    rtmd::write(&[([1, 1], &lens), ([2, 1], &camera), ([0x7f, 1], &user)])
}
