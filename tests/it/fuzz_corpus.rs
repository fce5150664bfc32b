//! The bodies of the fuzz targets on stable: every seed, every old crasher, and a fixed set of mutations of each.
//!
//! `RUSHES_BLESS=1 cargo test --test it fuzz_corpus` writes the seeds anew.

#[path = "../../fuzz/src/lib.rs"]
mod bodies;
mod camera;
mod seeds;
mod sheets;
mod timed;

use bodies::TARGETS;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Most bytes of all seeds together.
const MOST: u64 = 300 << 10;

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

/// Files in a folder by name; none when there is no such folder.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|e| e.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()))
        .collect();
    found.sort();
    found
}

/// Marsaglia's xorshift: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn new(words: &[&str]) -> Self {
        let seed = words
            .iter()
            .flat_map(|w| w.bytes())
            .fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(seed | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % n.max(1)
    }
}

/// `seed` cut, flipped, or spliced with `other`.
fn mutated(r: &mut Random, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = seed.to_vec();
    for _ in 0..=r.below(3) {
        let at = r.below(out.len() + 1);
        match r.below(7) {
            0 => out.truncate(at),
            1 | 2 => {
                if let Some(b) = out.get_mut(at) {
                    *b ^= 1 << r.below(8);
                }
            }
            3 => {
                let odd = [0, 1, 0x7f, 0x80, 0xff, b'\n', b'{', b'"', b'/', b'.'];
                if let Some(b) = out.get_mut(at) {
                    *b = odd[r.below(odd.len())];
                }
            }
            4 => {
                let end = (at + 1 + r.below(8)).min(out.len());
                out.drain(at..end);
            }
            5 => {
                let end = (at + 1 + r.below(16)).min(out.len());
                let piece = out[at..end].to_vec();
                out.splice(at..at, piece);
            }
            _ => {
                out.truncate(at);
                out.extend_from_slice(&other[r.below(other.len() + 1)..]);
            }
        }
    }
    out
}

/// How many mutations of each seed: bodies that work on disk are slow.
fn mutations(target: &str) -> usize {
    match target {
        "journal_file" => 2,
        "receipts" => 10,
        "config" | "condition" => 60,
        _ => 200,
    }
}

/// Writes the input that a body did not survive, and says where.
fn attempt(target: &str, name: &str, data: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| bodies::run(target, data))).is_err() {
        let path = std::env::temp_dir().join(format!("rushes-fuzz-{target}"));
        std::fs::write(&path, data).unwrap();
        panic!("{target}: {name}: the input lies in {}", path.display());
    }
}

fn replay(target: &str) {
    let corpus = files(&fuzz("corpus").join(target));
    assert!(!corpus.is_empty(), "{target} has no corpus");
    let old = files(&fuzz("regressions").join(target));
    for (i, (name, seed)) in corpus.iter().chain(&old).enumerate() {
        attempt(target, name, seed);
        let mut r = Random::new(&[target, name]);
        let other = &corpus[(i + 1) % corpus.len()].1;
        for n in 0..mutations(target) {
            attempt(target, &format!("{name}, mutation {n}"), &mutated(&mut r, seed, other));
        }
    }
}

#[test]
fn bodies_survive_files() {
    ["inspect", "decode", "riff", "dpx", "ixml", "mxf", "cube", "cdl"].into_iter().for_each(replay);
}

#[test]
fn bodies_survive_camera_files() {
    ["arriraw", "avi", "cineon", "ifd", "jp2", "mpeg", "r3d"].into_iter().for_each(replay);
}

#[test]
fn bodies_survive_sheets() {
    ["camera", "imf"].into_iter().for_each(replay);
}

#[test]
fn bodies_survive_words() {
    ["config", "condition", "query", "timecode", "template", "paths", "sequence"].into_iter().for_each(replay);
}

#[test]
fn bodies_survive_timed_metadata() {
    ["camm", "gpmf", "rtmd"].into_iter().for_each(replay);
}

#[test]
fn bodies_survive_frames() {
    replay("frames");
}

#[test]
fn bodies_survive_records() {
    ["journal", "journal_file", "records", "receipts", "job_file", "control"].into_iter().for_each(replay);
}

#[test]
fn every_target_has_a_file_and_a_corpus_and_is_replayed() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(n, _)| (*n).to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len());
    let in_folder = |dir: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(fuzz(dir)).unwrap();
        entries.map(|e| e.unwrap().file_name().into_string().unwrap().trim_end_matches(".rs").to_owned()).collect()
    };
    assert_eq!(in_folder("fuzz_targets"), names);
    assert_eq!(in_folder("corpus"), names);
    assert!(in_folder("regressions").is_subset(&names));
    let manifest = std::fs::read_to_string(fuzz("Cargo.toml")).unwrap();
    let here = include_str!("fuzz_corpus.rs");
    for n in &names {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{n}.rs\"")), "{n} is not in fuzz/Cargo.toml");
        assert!(here.matches(&format!("\"{n}\"")).count() >= 1, "{n} is not replayed");
        let source = std::fs::read_to_string(fuzz(&format!("fuzz_targets/{n}.rs"))).unwrap();
        assert!(source.contains(&format!("run(\"{n}\"")), "{n} runs another body");
    }
}

/// Seeds are what `seeds.rs` makes, no more and no less, and small.
#[test]
fn seeds_are_what_the_builders_make() {
    let bless = std::env::var_os("RUSHES_BLESS").is_some();
    let mut size = 0;
    for (target, _) in TARGETS {
        let dir = fuzz("corpus").join(target);
        let made = seeds::of(target);
        if bless {
            let _ = std::fs::remove_dir_all(&dir);
            std::fs::create_dir_all(&dir).unwrap();
            made.iter().for_each(|(name, bytes)| std::fs::write(dir.join(name), bytes).unwrap());
        }
        size += made.iter().map(|(_, b)| b.len() as u64).sum::<u64>();
        let names = |list: &[(String, Vec<u8>)]| list.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
        let there = files(&dir);
        assert_eq!(names(&there), names(&made), "{target}");
        for ((name, a), (_, b)) in there.iter().zip(&made) {
            assert!(a == b, "fuzz/corpus/{target}/{name} is not what seeds.rs makes; RUSHES_BLESS=1 writes it anew");
        }
    }
    assert!(size <= MOST, "the seeds have {size} bytes");
}

#[test]
fn a_body_that_fails_is_noticed() {
    // the checker itself: an escaping input must not pass silently
    let failed = catch_unwind(|| bodies::run("no such target", b""));
    assert!(failed.is_err());
    let mut r = Random::new(&["a"]);
    let all: BTreeSet<Vec<u8>> = (0..200).map(|_| mutated(&mut r, b"0123456789abcdef", b"ABC")).collect();
    assert!(all.len() > 150, "{} different mutations", all.len());
}
