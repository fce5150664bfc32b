//! `rushes export` on what the demo's writers make.

use super::{rushes, status, stderr, stdout};
use crate::daemon::facility::Facility;
use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};
use serde_json::Value;
use std::process::Output;

fn export(f: &Facility, args: &[&str]) -> Output {
    rushes().arg("export").args(args).current_dir(f.dir.path()).output().unwrap()
}

fn roll() -> Facility {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    f
}

#[test]
fn a_roll_is_one_table() {
    let f = roll();
    let o = export(&f, &["--as", "csv", "hot"]);
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    assert!(stderr(&o).contains("1 file is no clip and left out: hot/A001R2EC/notes.xyz"), "{}", stderr(&o));
    let text = stdout(&o);
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("clip.path,clip.files,clip.size,schema,") && lines[1].contains("\"A001R2EC_C001\""));
    assert_eq!(stdout(&export(&f, &["--as", "csv", "hot"])), text, "the same twice");
    let o = export(&f, &["--as", "ale", "hot"]);
    let ale = stdout(&o);
    assert_eq!((status(&o), ale.lines().skip_while(|l| *l != "Data").count()), (0, 3), "{ale}");
    assert!(ale.contains("\nT001\tA1\t10:00:00:00\t"), "{ale}");
}

#[test]
fn timelines_refer_to_the_media() {
    let f = roll();
    let o = export(&f, &["--as", "otio", "hot", "-o", "a.otio"]);
    assert_eq!((status(&o), stdout(&o).as_str()), (0, "a.otio\n"), "{}", stderr(&o));
    let v: Value = serde_json::from_slice(&std::fs::read(f.path("a.otio")).unwrap()).unwrap();
    assert_eq!((&v["OTIO_SCHEMA"], &v["name"]), (&"SerializableCollection.1".into(), &"hot".into()));
    let reference = &v["children"][0]["media_references"]["DEFAULT_MEDIA"];
    let base = format!("file://{}/", f.path("hot/A001R2EC").display());
    assert_eq!((&reference["target_url_base"], &reference["name_suffix"]), (&base.into(), &".dpx".into()));
    let one: Value = serde_json::from_str(&stdout(&export(&f, &["--as", "otio", "hot/A001R2EC/T001.wav"]))).unwrap();
    assert_eq!(one["OTIO_SCHEMA"], "Clip.2");
    assert_eq!(one["media_references"]["DEFAULT_MEDIA"]["available_range"]["duration"]["rate"], 48_000.0);
    let again = export(&f, &["--as", "otio", "hot", "-o", "a.otio", "--json"]);
    assert_eq!(status(&again), 3);
    assert!(stderr(&again).contains("[OUTPUT-EXISTS]"), "{}", stderr(&again));
    let told = export(&f, &["--as", "otio", "hot", "-o", "b.otio", "--json"]);
    let told: Value = serde_json::from_str(&stdout(&told)).unwrap();
    assert_eq!((&told["path"], &told["clips"][1]), (&"b.otio".into(), &"T001".into()));
    assert_eq!(std::fs::read(f.path("a.otio")).unwrap(), std::fs::read(f.path("b.otio")).unwrap());
}

#[test]
fn what_a_document_cannot_be_without_is_named() {
    let f = roll();
    let o = export(&f, &["--as", "opentrackio", "hot"]);
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("T001.wav") && stderr(&o).contains("[FIELD-ABSENT]"), "{}", stderr(&o));
    let v: Value = serde_json::from_str(&stdout(&o)).unwrap();
    assert_eq!((&v["protocol"]["name"], &v["timing"]["timecode"]["hours"]), (&"OpenTrackIO".into(), &10.into()));
    let rate = Rational::new(25, 1).unwrap();
    let tc = Timecode::parse("11:00:00:00", rate, false).unwrap();
    std::fs::write(f.path("hot/T002.wav"), demo::bwf(1, rate, tc, "1", "1", "S001")).unwrap();
    let o = export(&f, &["--as", "ale", "hot"]);
    assert_eq!((status(&o), stdout(&o).as_str()), (3, ""));
    let said = stderr(&o);
    assert!(
        said.contains("T002 counts at 25/1; A001R2EC_C001 and 1 more at 24/1") && said.contains("[ALE-RATES]"),
        "{said}"
    );
    let o = export(&f, &["--as", "csv", "hot/A001R2EC/notes.xyz"]);
    assert_eq!((status(&o), stdout(&o).as_str()), (3, ""));
    assert_eq!(status(&export(&f, &["--as", "csv", "hot", "--json"])), 2, "the document is what stdout is for");
}

#[test]
fn nothing_is_written_into_a_watched_folder() {
    let f = roll();
    let o = f.command(&["export", "--as", "csv", "hot", "-o", "hot/a.csv"]).current_dir(f.dir.path()).output().unwrap();
    assert_eq!(status(&o), 2);
    assert!(stderr(&o).contains("watched folder `ocf`") && !f.path("hot/a.csv").exists(), "{}", stderr(&o));
}
