//! Every file of the collection, whatever its format: an answer in time, never a panic.

use super::formats_oracle::{data, files, inspect_file};
use rushes::model::ErrorKind;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[test]
fn every_file_gets_an_answer() {
    let Some(data) = data("conformance all") else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut hints: BTreeMap<String, usize> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    let all = files(&data.join("media"));
    for path in &all {
        let begun = Instant::now();
        let what = match inspect_file(path) {
            Ok(d) => {
                if let Some(p) = &d.problem {
                    *hints.entry(p.what.clone()).or_default() += 1;
                }
                d.format.id
            }
            Err(e) => {
                let kind = e.kind;
                assert!(matches!(kind, ErrorKind::Malformed | ErrorKind::Limit | ErrorKind::Unsupported), "{e}");
                e.code.to_string()
            }
        };
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(10), "{} took {took:?}", path.display());
        slowest = slowest.max(took);
        *counts.entry(what).or_default() += 1;
    }
    println!("conformance all: {} files, {counts:?}, slowest {slowest:?}", all.len());
    for (hint, n) in hints {
        println!("  {n} × {hint}");
    }
    assert!(all.len() > 800);
}

/// Real DPX, WAV, OpenEXR and TIFF files, cut at many places of the header and some later, and with changed bytes.
#[test]
fn real_files_cut_and_changed() {
    let Some(data) = data("conformance damage") else { return };
    let media = data.join("media");
    let (mut cuts, mut changes, mut whole) = (0u32, 0u32, 0u32);
    let mut seed = 1u32;
    const MAGIC: [&str; 7] = ["SDPX", "XPDS", "RIFF", "RF64", "v/1\x01", "II*\0", "MM\0*"];
    for path in ["dpx", "wav", "exr", "tiff"].iter().flat_map(|dir| files(&media.join(dir))) {
        let bytes = std::fs::read(&path).unwrap();
        let large = bytes.len() > 1 << 20 && path.starts_with(media.join("exr"));
        if bytes.len() < 12 || large || !MAGIC.iter().any(|m| bytes.starts_with(m.as_bytes())) {
            continue;
        }
        let len = bytes.len();
        let points = (0..len.min(2100)).step_by(53).chain((2100..len).step_by(len / 12 + 1));
        for n in points {
            cuts += 1;
            whole += u32::from(damaged(&path, &bytes[..n]));
        }
        for _ in 0..8 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut b = bytes[..len.min(20_000)].to_vec();
            let at = usize::try_from(seed >> 8).unwrap() % b.len().min(2048);
            b[at] = b[at].wrapping_add(u8::try_from(seed & 0x7f).unwrap() | 1);
            changes += 1;
            damaged(&path, &b);
        }
    }
    println!("conformance damage: {cuts} cuts ({whole} of them still whole files), {changes} changed bytes");
    assert!(cuts > 5_000 && whole < cuts / 20);
}

/// True when damaged bytes are still taken for a whole file of a known format.
fn damaged(path: &std::path::Path, bytes: &[u8]) -> bool {
    use std::io::Write;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let name = rushes::model::MediaPath::from(path);
    let size = u64::try_from(bytes.len()).unwrap();
    let input = rushes::engine::format::Input { path: &name, file: &file, size };
    let limits = rushes::model::Limits::default();
    match rushes::engine::format::inspect("x", rushes::model::ClipUnit::File, &[input], &limits) {
        Ok(d) => d.format.id != "unknown",
        Err(e) => {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            false
        }
    }
}
