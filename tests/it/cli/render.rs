//! `rushes render` and `rushes view`: what they say of requests that are wrong or half right.

use super::{status, stderr, stdout};
use crate::daemon::facility::Facility;
use std::process::Output;

fn run(f: &Facility, args: &[&str]) -> Output {
    f.command(args).current_dir(f.dir.path()).output().unwrap()
}

fn roll() -> Facility {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    f
}

#[test]
fn nothing_is_written_into_a_watched_folder() {
    let f = roll();
    std::os::unix::fs::symlink(f.path("hot"), f.path("link")).unwrap();
    for out in ["hot", "hot/A001R2EC/new", "link/deep/er"] {
        let o = run(&f, &["render", "hot/A001R2EC", "--recipe", "still", "--source", "rec709", "-o", out]);
        assert_eq!(status(&o), 2, "{out}");
        assert!(stderr(&o).contains("watched folder `ocf`"), "{}", stderr(&o));
    }
    let o = run(&f, &["view", "hot/A001R2EC/A001R2EC_C001.1001.dpx", "-o", "hot/a.png"]);
    assert_eq!(status(&o), 2);
    assert!(!f.path("hot/a.png").exists());
}

#[test]
fn a_configuration_with_mistakes_still_names_its_watched_folders() {
    let mut f = roll();
    f.rules = "nonsense = 1\n".into();
    let o = run(&f, &["view", "hot/A001R2EC/A001R2EC_C001.1001.dpx", "-o", "hot/a.png"]);
    assert_eq!(status(&o), 2);
    assert!(stderr(&o).contains("watched folder `ocf`") && !f.path("hot/a.png").exists(), "{}", stderr(&o));
}

#[test]
fn a_picture_to_look_at_overwrites_nothing() {
    let f = roll();
    std::fs::write(f.path("a.png"), b"mine").unwrap();
    let o = run(&f, &["view", "hot/A001R2EC/A001R2EC_C001.1001.dpx", "--source", "rec709", "-o", "a.png"]);
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("[OUTPUT-EXISTS]"), "{}", stderr(&o));
    assert_eq!(std::fs::read(f.path("a.png")).unwrap(), b"mine");
}

#[test]
fn what_killed_renders_left_is_removed_by_the_next() {
    let f = roll();
    std::fs::create_dir_all(f.path("out/.rushes/staging/dead.1.0/0")).unwrap();
    std::fs::write(f.path("out/.rushes/staging/dead.1.0/0/x.exr"), b"x").unwrap();
    let o = run(
        &f,
        &["render", "hot/A001R2EC/A001R2EC_C001.1001.dpx", "--recipe", "still", "--source", "rec709", "-o", "out"],
    );
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    assert!(!f.path("out/.rushes/staging/dead.1.0").exists());
}

#[test]
fn what_tags_and_statements_say_against_each_other_is_told() {
    let f = roll();
    let frame = "hot/A001R2EC/A001R2EC_C001.1001.dpx";
    let o =
        run(&f, &["render", frame, "--recipe", "still", "--source", "logc3", "--source-range", "full", "-o", "out"]);
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    assert!(stderr(&o).contains("`source_range` is for movies"), "{}", stderr(&o));
}

#[test]
fn each_frame_of_a_plate_names_its_own_file() {
    let f = roll();
    std::fs::remove_file(f.path("hot/A001R2EC/A001R2EC_C001.1002.dpx")).unwrap();
    std::fs::remove_file(f.path("hot/A001R2EC/T001.wav")).unwrap();
    std::fs::remove_file(f.path("hot/A001R2EC/notes.xyz")).unwrap();
    let o = run(&f, &["render", "hot/A001R2EC", "--recipe", "plate", "--source", "rec709", "-o", "plates"]);
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    let folder = f.path("plates/A001R2EC_C001_PL01_v001");
    for n in ["1001", "1003", "1006"] {
        let file = format!("A001R2EC_C001_PL01_v001.{n}.exr");
        let o = run(&f, &["explain", folder.join(file).to_str().unwrap()]);
        assert!(stdout(&o).contains(&format!("A001R2EC_C001.{n}.dpx")), "{}", stdout(&o));
    }
}

#[test]
fn gaps_and_wrong_frames_are_told() {
    let f = roll();
    for n in ["1002", "1004", "1005"] {
        std::fs::remove_file(f.path(&format!("hot/A001R2EC/A001R2EC_C001.{n}.dpx"))).unwrap();
    }
    std::fs::remove_file(f.path("hot/A001R2EC/T001.wav")).unwrap();
    std::fs::remove_file(f.path("hot/A001R2EC/notes.xyz")).unwrap();
    let o = run(&f, &["render", "hot/A001R2EC", "--recipe", "plate", "--source", "rec709", "-o", "plates"]);
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    assert!(stderr(&o).contains("frames 1002 and those of 1 more gaps are missing"), "{}", stderr(&o));
    assert!(stdout(&o).contains("3 files"));
    let o = run(&f, &["view", "hot/A001R2EC", "--frame-number", "500", "--source", "rec709", "-o", "a.png"]);
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("no frame 500 among its frames 1001 to 1006"), "{}", stderr(&o));
}

#[test]
fn a_look_that_is_not_there_is_wrong_usage() {
    let f = roll();
    let look = |args: &[&str]| {
        let line = ["render", "hot/A001R2EC", "--recipe", "still", "--source", "rec709", "-o", "out"];
        let o = run(&f, &[&line, args].concat());
        assert!(stderr(&o).contains("gone."), "{}", stderr(&o));
        status(&o)
    };
    assert_eq!(look(&["--lut", "gone.cube", "--lut-input", "rec709"]), 2);
    assert_eq!(look(&["--cdl", "gone.cdl"]), 2);
}

#[test]
fn the_reason_why_a_picture_is_not_decoded_is_told() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let frame = f.path("hot/A001R2EC/A001R2EC_C001.1001.dpx");
    let mut bytes = std::fs::read(&frame).unwrap();
    // Image element 1, encoding: 1 = run-length, SMPTE 268 table 4.
    let big = bytes.starts_with(b"SDPX");
    bytes[806..808].copy_from_slice(&if big { 1u16.to_be_bytes() } else { 1u16.to_le_bytes() });
    std::fs::write(f.path("hot/rle.dpx"), bytes).unwrap();
    let o = run(&f, &["render", "hot/rle.dpx", "--recipe", "still", "-o", "out"]);
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("DPX with run-length encoding is not decoded"), "{}", stderr(&o));
    let o = run(&f, &["inspect", "--json", "hot/rle.dpx"]);
    let doc: serde_json::Value = serde_json::from_str(&stdout(&o)).unwrap();
    assert_eq!(doc["format"]["undecodable"], "DPX with run-length encoding is not decoded");
    assert_eq!(doc["format"]["decodable"], false);
}

#[test]
fn frames_of_jpeg_2000_become_a_plate() {
    let f = Facility::new();
    let roll = f.path("j2k");
    std::fs::create_dir(&roll).unwrap();
    for n in 1001..1004 {
        let frame = rushes::engine::container::jp2::sample_codestream(64, 32, 3, 12);
        std::fs::write(roll.join(format!("S010.{n}.j2c")), frame).unwrap();
    }
    let o = run(&f, &["render", "j2k", "--recipe", "plate", "--source", "acescct", "-o", "plates"]);
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    let file = f.path("plates/S010_PL01_v001/S010_PL01_v001.1003.exr");
    let o = run(&f, &["explain", file.to_str().unwrap()]);
    assert!(stdout(&o).contains("12-bit RGB, JPEG 2000, reversible 5-3 wavelet"), "{}", stdout(&o));
    // a frame whose coded blocks are torn
    let mut torn = std::fs::read(roll.join("S010.1002.j2c")).unwrap();
    let end = torn.len();
    torn[end - 20..end - 2].fill(0xe7);
    std::fs::write(roll.join("S010.1002.j2c"), torn).unwrap();
    let o = run(&f, &["render", "j2k", "--recipe", "plate", "--source", "acescct", "-o", "again"]);
    assert_eq!(status(&o), 3, "{}", stdout(&o));
    assert!(stderr(&o).contains("S010.1002.j2c") && stderr(&o).contains("FILE-MALFORMED"), "{}", stderr(&o));
    assert!(!f.path("again/S010_PL01_v001").exists());
}
