//! An IMF package in a watched folder is one clip, whatever comes first.

use super::facility::{Facility, wait_for};
use rushes::engine::document::imf::sample::Sample;
use serde_json::Value;

const RECORD: &str = "feature/CPL_1.xml.rushes.json";

fn record(f: &Facility) -> Value {
    serde_json::from_slice(&f.outputs().get(RECORD).cloned().unwrap_or_default()).unwrap_or_default()
}

fn put(f: &Facility, wanted: impl Fn(&str) -> bool) {
    let dir = f.path("hot/feature");
    std::fs::create_dir_all(&dir).unwrap();
    for (name, bytes) in Sample::default().package().into_iter().filter(|(n, _)| wanted(n)) {
        std::fs::write(dir.join(name), bytes).unwrap();
    }
}

fn records(f: &Facility) -> Vec<String> {
    f.outputs().into_keys().filter(|k| k.ends_with(".rushes.json")).collect()
}

#[test]
fn a_package_makes_one_record() {
    let f = Facility::new();
    put(&f, |_| true);
    std::fs::write(f.path("hot/feature/notes.txt"), "for people").unwrap();
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    assert_eq!(records(&f), [RECORD, "feature/notes.txt.rushes.json"]);
    let r = record(&f);
    assert_eq!((&r["format"]["id"], &r["clip"]["unit"]), (&"imf".into(), &"spanned".into()));
    assert_eq!((&r["clip"]["frames"], &r["clip"]["name"]), (&48.into(), &"CPL_1".into()));
    assert_eq!(r["clip"]["files"].as_array().unwrap().len(), 6);
    assert!(r["clip"]["sidecars"].is_null() && r["warnings"].as_array().unwrap().is_empty(), "{r:#}");
    let before = f.outputs();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(before, f.outputs(), "another look finds nothing new");
}

#[test]
fn a_track_file_that_comes_late_joins_the_package() {
    let f = Facility::new();
    put(&f, |n| n != "sound.mxf");
    let daemon = f.serve();
    wait_for("the record", 20, || record(&f)["clip"]["frames"] == 48);
    let first = record(&f);
    assert_eq!(first["warnings"][0]["code"], "IMF-ASSET");
    put(&f, |n| n == "sound.mxf");
    wait_for("the whole package", 20, || {
        let r = record(&f);
        r["clip"]["files"].as_array().is_some_and(|l| l.len() == 6)
            && r["warnings"].as_array().is_some_and(Vec::is_empty)
    });
    drop(daemon);
    // the record of the part that came first is kept beside
    assert!(records(&f).iter().all(|n| n.starts_with("feature/CPL_1.xml")), "{:?}", records(&f));
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(record(&f)["clip"]["files"].as_array().unwrap().len(), 6);
}

#[test]
fn track_files_that_come_first_become_part_of_the_package() {
    let f = Facility::new();
    put(&f, |n| n.ends_with(".mxf"));
    let daemon = f.serve();
    wait_for("a record of the track file alone", 20, || {
        records(&f).iter().any(|n| n == "feature/picture.mxf.rushes.json")
    });
    put(&f, |n| !n.ends_with(".mxf"));
    wait_for("the whole package", 20, || record(&f)["clip"]["files"].as_array().is_some_and(|l| l.len() == 6));
    // the track files are no clips of their own any more
    wait_for("one clip", 20, || f.ask(&["status"]).1["folders"][0]["clips"] == 1);
    drop(daemon);
    let before = records(&f);
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(records(&f), before, "another look finds nothing new");
    assert_eq!(record(&f)["clip"]["files"].as_array().unwrap().len(), 6);
}
