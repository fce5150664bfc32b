//! Frame by frame, of made-up files.

use super::super::fixtures::with_bytes;
use super::super::{Input, rows};
use crate::engine::container::mxf::Ul;
use crate::engine::container::mxf::sample::{Acquisition, Sample};
use crate::engine::container::mxf::write::head;
use crate::model::{Error, ErrorKind, FrameRow, Limits, MediaPath};
use std::os::unix::fs::FileExt;
use std::path::Path;

fn listed(bytes: &[u8]) -> Result<Vec<FrameRow>, Error> {
    with_bytes(bytes, |input, limits| {
        let mut out = Vec::new();
        rows("A", input, limits, &mut |r| {
            out.push(r);
            // a hostile length is walked to the limit elsewhere
            if out.len() > 1000 { Err(Error::limit("enough")) } else { Ok(()) }
        })?;
        Ok(out)
    })
}

fn sets(iris: u16, iso: u16) -> Acquisition {
    let lens = vec![(0x8008, iris.to_be_bytes().to_vec()), (0x8001, vec![0xe0, 0xfa])];
    vec![([1, 1], lens), ([2, 1], vec![(0x810b, iso.to_be_bytes().to_vec())]), ([0x7f, 1], vec![(0xe101, vec![7])])]
}

fn camera() -> Sample {
    let later = vec![sets(0xa000, 400), Vec::new()];
    Sample { acquisition: sets(0x8000, 800), later, ..Sample::default() }
}

#[test]
fn each_package_has_sets_of_its_own() {
    let all = listed(&camera().bytes()).unwrap();
    let short: Vec<_> = all.iter().map(|r| (r.frame, r.facts.t_stop, r.facts.iso, r.timecode.as_deref())).collect();
    assert_eq!(
        short,
        [
            (0, Some(16.0), Some(800), Some("10:00:00:00")),
            (1, Some(8.0), Some(400), Some("10:00:00:01")),
            (2, None, None, Some("10:00:00:02")),
        ]
    );
    assert_eq!((all[1].facts.focus_m, &all[1].raw["mxf"]["user.e101"]), (Some(2.5), &"07".into()));
    // no system item, no sound: packages begin with what begins the first
    let plain = listed(&Sample { channels: 0, ..camera() }.bytes()).unwrap();
    assert_eq!(plain.iter().map(|r| r.facts.iso).collect::<Vec<_>>(), [Some(800), Some(400), None]);
}

#[test]
fn pictures_in_one_triplet_and_recordings_that_were_not_closed() {
    let atom = listed(&Sample { clip_wrapped: true, ..Sample::default() }.bytes()).unwrap();
    assert_eq!(atom.len(), 3);
    assert!(atom.iter().all(|r| r.timecode.is_some() && r.problem.is_none()));
    let open = Sample { open: true, closed: false, duration: -1, ..camera() };
    let all = listed(&open.bytes()).unwrap();
    assert_eq!(all.iter().map(|r| r.facts.iso).collect::<Vec<_>>(), [Some(800), Some(400), None]);
}

/// A material that begins behind the first stored frame.
#[test]
fn frames_before_the_first_are_passed_over() {
    let edited = |s: Sample| listed(&s.bytes()).unwrap().iter().map(|r| r.facts.iso).collect::<Vec<_>>();
    assert_eq!(edited(Sample { offsets: (1, 0), duration: 2, ..camera() }), [Some(400), None]);
    assert_eq!(edited(Sample { origin: 1, duration: 2, ..camera() }), [Some(400), None]);
}

/// An hour of 200 GB of which only the sets are on the disk.
#[test]
fn a_very_long_recording_is_stepped_through() {
    let (frames, stride) = (90_000u64, 2_200_000u64);
    let one =
        Sample { frames: 1, duration: 90_000, channels: 0, acquisition: sets(0x8000, 800), closed: false, ..camera() };
    let bytes = one.bytes();
    // the picture is the last triplet: four bytes become as many as are missing to the next package
    let body =
        bytes.windows(16).rposition(|w| w.starts_with(&[6, 0x0e, 0x2b, 0x34, 2, 5, 1, 1, 0x0d, 1, 3, 1, 4])).unwrap();
    let mut unit = bytes[body..bytes.len() - 24].to_vec();
    let left = stride - unit.len() as u64 - 20;
    unit.extend(head(Ul::with([1, 2, 1, 1], [0x0d, 1, 3, 1, 0x15, 1, 5, 0]), left));
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(&bytes[..body], 0).unwrap();
    // a twentieth of them are written: the rest of the file is one picture
    let written = frames / 20;
    for n in 0..written {
        file.write_all_at(&unit, body as u64 + n * stride).unwrap();
    }
    let size = body as u64 + written * stride;
    file.set_len(size).unwrap();
    let path = MediaPath::from(Path::new("A.mxf"));
    let input = Input { path: &path, file: &file, size };
    let (mut known, mut all) = (0u64, 0u64);
    let limits = Limits { header_bytes: 1 << 20, ..Limits::default() };
    rows("A", &input, &limits, &mut |r| {
        known += u64::from(r.facts.iso == Some(800) && r.facts.t_stop == Some(16.0));
        all += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!((known, all), (written, frames));
}

#[test]
fn every_cut_and_flip_is_survived() {
    let bytes = camera().bytes();
    for n in 0..bytes.len() {
        let mut odd = bytes.clone();
        odd[n] ^= 0xff;
        if let Err(e) = listed(&odd) {
            assert_ne!(e.kind, ErrorKind::Io, "byte {n}: {e}");
        }
        if n % 5 == 0
            && let Err(e) = listed(&bytes[..n])
        {
            assert_ne!(e.kind, ErrorKind::Io, "cut at {n}: {e}");
        }
    }
}
