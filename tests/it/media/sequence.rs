//! Frames that belong together, and frames that do not.

use super::codes;
use rushes::engine::format::{Input, MAX_INSPECTED_FRAMES, demo, inspect};
use rushes::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath, Rational, Timecode};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

struct Roll(Vec<(MediaPath, File, u64)>);

impl Roll {
    /// Frames numbered from 1001; `change` may alter each one's bytes.
    fn new(numbers: impl Iterator<Item = u32>, change: impl Fn(u32, &mut Vec<u8>)) -> Self {
        let start = Timecode::parse("23:59:59:20", Rational::new(24, 1).unwrap(), false).unwrap();
        let one = |n: u32| {
            let mut bytes = demo::dpx_frame(n, 8, 4, start.rate(), start, "A001");
            change(n, &mut bytes);
            let mut f = tempfile::tempfile().unwrap();
            f.write_all(&bytes).unwrap();
            let path = MediaPath::from(PathBuf::from(format!("r/A001.{:04}.dpx", 1001 + n)));
            (path, f, u64::try_from(bytes.len()).unwrap())
        };
        Self(numbers.map(one).collect())
    }

    fn inspect(&self) -> Result<ClipDoc, Error> {
        let inputs: Vec<_> = self.0.iter().map(|(path, file, size)| Input { path, file, size: *size }).collect();
        inspect("A001", ClipUnit::Sequence, &inputs, &Limits::default())
    }
}

#[test]
fn a_good_sequence_over_midnight_with_a_gap() {
    let d = Roll::new((0..10).filter(|n| *n != 4), |_, _| {}).inspect().unwrap();
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
    assert_eq!((d.clip.frames, d.clip.files.len()), (Some(9), 9));
    assert_eq!(d.clip.files[8].path.to_text(), "r/A001.1010.dpx");
    let t = d.timecode.unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref()), ("23:59:59:20", Some("00:00:00:06")));
    assert_eq!(d.raw["sequence"]["frames_inspected"], 9);
}

#[test]
fn long_sequences_are_sampled() {
    let d = Roll::new(0..200, |_, _| {}).inspect().unwrap();
    assert_eq!(d.raw["sequence"]["frames_inspected"], MAX_INSPECTED_FRAMES);
    assert!(d.warnings.is_empty());
}

#[test]
fn frames_that_do_not_fit_are_named() {
    let d = Roll::new(0..6, |n, b| {
        if n == 2 {
            b[772..776].copy_from_slice(&4u32.to_be_bytes());
        }
        if n >= 4 {
            b[1920..1924].copy_from_slice(&0x0101_0101u32.to_be_bytes());
        }
        if n == 5 {
            b.extend_from_slice(&[0; 100]);
        }
    })
    .inspect()
    .unwrap();
    assert_eq!(codes(&d), ["FRAME-MISMATCH", "FRAME-TIMECODE", "FRAME-SIZE"]);
    let said: Vec<_> = d.warnings.iter().map(|w| w.message.as_str()).collect();
    assert!(said[0].contains("A001.1003.dpx is 4x4 where the first frame has 8x4"), "{}", said[0]);
    assert!(
        said[1].contains("A001.1005.dpx has timecode 01:01:01:01 where 00:00:00:00 follows; 1 more"),
        "{}",
        said[1]
    );
    assert!(said[2].contains("A001.1006.dpx has 2276 bytes"), "{}", said[2]);
}

#[test]
fn one_short_frame_anywhere_is_found() {
    let roll = Roll::new(0..200, |n, b| {
        if n == 101 {
            b.truncate(2100)
        }
    });
    let e = roll.inspect().unwrap_err();
    assert_eq!(e.code, "FILE-TRUNCATED");
    assert_eq!(e.place.path.unwrap().to_text(), "r/A001.1102.dpx");
    let roll = Roll::new(0..5, |n, b| {
        if n == 3 {
            b.clear()
        }
    });
    assert_eq!(roll.inspect().unwrap_err().code, "FILE-EMPTY");
}

#[test]
fn a_stranger_among_the_frames() {
    let d = Roll::new(0..5, |n, b| {
        if n == 3 {
            b[..4].copy_from_slice(b"junk")
        }
    })
    .inspect()
    .unwrap();
    assert_eq!(codes(&d), ["FRAME-MISMATCH"]);
}
