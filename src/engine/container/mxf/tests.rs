//! Partitions, metadata and damage of made-up files.

use super::sample::Sample;
use super::*;
use crate::engine::container::bytes::Bytes;
use crate::model::{Error, Limits};

fn scan(bytes: &[u8]) -> Result<Structure, Error> {
    let limits = Limits::default();
    Structure::scan(&mut Bytes::slice(bytes, &limits), &limits)
}

#[test]
fn parts_of_a_file() {
    for sample in [
        Sample::default(),
        Sample { run_in: vec![0x55; 300], ..Sample::default() },
        Sample { run_in: vec![0; 60_000], open: true, ..Sample::default() },
        Sample { clip_wrapped: true, channels: 0, pattern: [0x10, 0], ..Sample::default() },
    ] {
        let bytes = sample.bytes();
        let s = scan(&bytes).unwrap();
        assert_eq!(s.run_in, sample.run_in.len() as u64);
        assert_eq!(s.partitions.iter().map(|p| p.kind).collect::<Vec<_>>(), [Kind::Header, Kind::Body, Kind::Footer]);
        assert_eq!(s.chosen, if sample.open { 2 } else { 0 });
        assert!(s.metadata.sets.len() > 15 && s.random_index.is_some(), "{:?}", s.warnings);
        assert!(s.essence.whole && s.warnings.is_empty(), "{:?}", s.warnings);
        let segments = s.index_segments(&mut Bytes::slice(&bytes, &Limits::default())).unwrap();
        assert_eq!(segments.iter().map(|i| i.duration).collect::<Vec<_>>(), [3]);
        let pictures: u64 = s.essence.counts.iter().filter(|(k, _)| k.byte(12) == 0x15).map(|(_, n)| *n).sum();
        assert_eq!(pictures, if sample.clip_wrapped { 1 } else { 3 });
    }
}

#[test]
fn a_recording_that_was_not_closed() {
    let bytes = Sample { open: true, closed: false, ..Sample::default() }.bytes();
    let s = scan(&bytes).unwrap();
    assert!(s.footer().is_none() && s.essence.whole);
    assert!(s.warnings.iter().any(|w| w.code == "MXF-OPEN"));
    for n in 1..=9 {
        let e = scan(&bytes[..bytes.len() - n]).unwrap_err();
        assert_eq!(e.code, "FILE-TRUNCATED", "{n}: {e}");
    }
}

/// A file that was cut anywhere is never taken for whole, but where only the index at its end is missing.
#[test]
fn cut_at_every_byte() {
    let bytes = Sample::default().bytes();
    let index_at = scan(&bytes).unwrap().random_index.unwrap().at as usize;
    for n in 0..bytes.len() {
        match scan(&bytes[..n]) {
            Ok(_) => assert_eq!(n, index_at),
            Err(e) => assert!(matches!(e.code.as_ref(), "FILE-TRUNCATED" | "FILE-MALFORMED"), "{n}: {e}"),
        }
    }
    let e = scan(&bytes[..bytes.len() - 90]).unwrap_err();
    assert!(e.code == "FILE-TRUNCATED" && e.what.contains("bytes are missing"), "{e}");
}

#[test]
fn every_byte_flipped() {
    for sample in [Sample::default(), Sample { open: true, run_in: vec![1; 20], ..Sample::default() }] {
        let bytes = sample.bytes();
        for n in 0..bytes.len() {
            let mut b = bytes.clone();
            b[n] ^= if n % 2 == 0 { 0xff } else { 1 };
            let _ = scan(&b);
        }
    }
}
