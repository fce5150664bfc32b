//! `rushes inspect --frames`.

use super::{run, rushes, status, stderr, stdout};
use rushes::engine::container::bmff::{MetaTrack, TimedMovie};
use rushes::engine::container::rtmd;
use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn sample(iso: u16) -> Vec<u8> {
    rtmd::write(&[([2, 1], &[(0x810b, iso.to_be_bytes().to_vec()), (0x8109, vec![0, 0, 0, 1, 0, 0, 0, 50])])])
}

/// A movie of 25 frames a second with a sample for each.
fn movie(frames: u16) -> TimedMovie {
    let samples = (0..frames).map(|n| (sample(100 + n % 100), 1000)).collect();
    let tracks = vec![MetaTrack { code: *b"rtmd", timescale: 25_000, samples }];
    TimedMovie { frames: frames.into(), tracks, ..TimedMovie::default() }
}

fn write(path: &Path, m: &TimedMovie) {
    let (pieces, size) = m.pieces();
    let file = std::fs::File::create(path).unwrap();
    for (at, bytes) in pieces {
        file.write_all_at(&bytes, at).unwrap();
    }
    file.set_len(size).unwrap();
}

fn json(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_movie_as_lines_and_as_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("C0001, take \"1\".MP4");
    write(&path, &movie(5));
    let file = path.to_str().unwrap();
    let o = run(["inspect", "--frames", file]);
    assert_eq!((status(&o), stderr(&o)), (0, String::new()));
    let rows = json(&stdout(&o));
    assert_eq!(rows.len(), 5);
    let last = &rows[4];
    assert_eq!((&last["schema"], &last["frame"], &last["file"]), (&"rushes.frame/1".into(), &4.into(), &file.into()));
    assert_eq!(
        (&last["timecode"], &last["iso"], &last["shutter_s"]),
        (&"01:00:00:04".into(), &104.into(), &0.02.into())
    );
    assert!(last.get("raw").is_none() && last.get("focus_m").is_none());
    let raw = json(&stdout(&run(["inspect", "--frames", "--raw", file])));
    assert_eq!(raw[4]["raw"]["rtmd"]["camera.810b"], "0068");
    assert_eq!(json(&stdout(&run(["inspect", "--frames", "--json", file]))), rows);
    let table = stdout(&run(["inspect", "--frames", "--csv", file]));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 6);
    let names: Vec<&str> = lines[0].split(',').collect();
    assert!(lines[5].starts_with("\"C0001, take \"\"1\"\"\","), "{table}");
    let cells: Vec<&str> = lines[5].rsplitn(names.len() - 3, ',').collect();
    assert_eq!(cells[names.len() - 1 - names.iter().position(|n| *n == "iso").unwrap()], "104", "{table}");
    for wrong in [&["inspect", "--csv", file][..], &["inspect", "--frames", "--csv", "--json", file]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_sequence_frame_by_frame_with_one_that_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let rate = Rational::new(24, 1).unwrap();
    let start = Timecode::parse("10:00:00:00", rate, false).unwrap();
    for n in 0..150 {
        let bytes = demo::dpx_frame(n, 16, 8, rate, start, "A001");
        std::fs::write(dir.path().join(format!("A001.{:04}.dpx", 1001 + n)), bytes).unwrap();
    }
    std::fs::write(dir.path().join("A001.1100.dpx"), b"SDPX").unwrap();
    let o = run([Path::new("inspect"), Path::new("--frames"), dir.path()]);
    let rows = json(&stdout(&o));
    assert_eq!((status(&o), rows.len()), (3, 149), "{}", stderr(&o));
    assert!(stderr(&o).contains("A001.1100.dpx"), "{}", stderr(&o));
    let first = &rows[0];
    assert_eq!(
        (&first["clip"], &first["frame"], &first["timecode"]),
        (&"A001".into(), &1001.into(), &"10:00:00:00".into())
    );
    let last = &rows[148];
    assert_eq!((&last["frame"], &last["timecode"]), (&1150.into(), &"10:00:06:05".into()));
    assert!(last["file"].as_str().unwrap().ends_with("A001.1150.dpx"));
    let docs = json(&stdout(&run([
        Path::new("inspect"),
        Path::new("--frames"),
        Path::new("--json"),
        &dir.path().join("A001.1001.dpx"),
    ])));
    assert_eq!((&docs[0]["schema"], docs.len()), (&"rushes.clip/1".into(), 1));
}

/// Whoever reads the first line only ends it at once and without a word.
#[test]
fn a_closed_pipe_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("C0001.MP4");
    write(&path, &movie(20_000));
    let mut child = rushes()
        .args(["inspect", "--frames"])
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("\"frame\":0"), "{line}");
    let o = child.wait_with_output().unwrap();
    assert_eq!(stderr(&o), "");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

/// An hour in 200 GB, of which a few megabytes are on the disk: the worker has no more than its half gigabyte.
#[test]
fn an_hour_of_film_is_streamed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.MP4");
    let mut m = movie(45_000);
    (m.gap, m.frame_bytes) = (4_400_000, 8);
    write(&path, &m);
    assert!(std::fs::metadata(&path).unwrap().len() > 190_000_000_000);
    let o = run(["inspect".as_ref(), "--frames".as_ref(), "--csv".as_ref(), path.as_os_str()]);
    let text = stdout(&o);
    assert_eq!((status(&o), stderr(&o), text.lines().count()), (0, String::new(), 45_001));
    assert!(text.lines().last().unwrap().contains(",44999,01:29:59:24,"), "{:?}", text.lines().last());
    assert!(text.lines().skip(1).all(|l| l.contains(",0.02,")));
}

/// The page of columns is the list of them.
#[test]
fn every_column_is_described() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/frames.md")).unwrap();
    let table = page.split("\n\n").find(|p| p.starts_with("| Column |")).unwrap();
    let names: Vec<&str> = table.lines().skip(2).filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(names, rushes::model::FrameRow::COLUMNS);
}
