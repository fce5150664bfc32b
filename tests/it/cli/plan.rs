//! `rushes plan`: what would happen, and nothing happens.

use crate::daemon::facility::Facility;
use std::collections::BTreeSet;

fn plan(f: &Facility, more: &[&str]) -> (i32, Vec<serde_json::Value>) {
    let o = f.command(&[&["plan", "--json"], more].concat()).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    (o.status.code().unwrap(), text.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
}

fn rules(f: &mut Facility) {
    f.extra = "guardrails = [\"pack.toml\"]\n".into();
    std::fs::write(
        f.path("pack.toml"),
        "[[check]]\ncode = \"CLIP-GAP\"\nseverity = \"hold\"\n[[check]]\ncode = \"NAME-DUP\"\nseverity = \"hold\"\n",
    )
    .unwrap();
    f.rules = "[[folder.rule]]\nname = \"lists\"\nwhen = 'image.width > 10'\nemit = [\"ale\"]\n\
               [[folder.rule]]\nname = \"fast\"\nwhen = 'exposure.nd > \"0.6\"'\nemit = [\"ale\"]\n"
        .into();
}

#[test]
fn the_plan_is_what_the_run_then_does() {
    let mut f = Facility::new();
    rules(&mut f);
    f.drop_roll("A001R2EC");
    std::fs::remove_file(f.path("hot/A001R2EC/A001R2EC_C001.1003.dpx")).unwrap();
    f.drop_roll("B001R2EC");
    let (code, planned) = plan(&f, &[]);
    assert_eq!(code, 0);
    assert!(
        f.outputs().is_empty() && std::fs::read_dir(f.path("state")).unwrap().next().is_none(),
        "nothing is touched"
    );
    let clip = |name: &str| planned.iter().find(|p| p["clip"] == name).unwrap();
    let a = clip("A001R2EC_C001");
    assert_eq!(a["held_by"], serde_json::json!(["CLIP-GAP"]));
    let said: Vec<&str> = a["rules"].as_array().unwrap().iter().map(|r| r["verdict"].as_str().unwrap()).collect();
    assert_eq!(said, ["fires", "fires", "unknown"], "the default, then those of the folder");
    assert!(a["rules"][2]["why"].as_str().unwrap().contains("exposure.nd"));
    let held: Vec<bool> = a["outputs"].as_array().unwrap().iter().map(|o| o["held"] == true).collect();
    assert_eq!(held, [true, false], "the record is written in any case");
    assert_eq!(clip("B001R2EC_C001")["held_by"], serde_json::json!([]));
    let expected: BTreeSet<String> = planned
        .iter()
        .flat_map(|p| p["outputs"].as_array().unwrap())
        .filter(|o| o["held"] == false)
        .map(|o| o["path"].as_str().unwrap().to_owned())
        .collect();
    f.once();
    let made: BTreeSet<String> = f.outputs().into_keys().collect();
    assert_eq!(made, expected);
    let (_, again) = plan(&f, &[]);
    let exists = |p: &serde_json::Value| p["outputs"].as_array().unwrap().iter().all(|o| o["exists"] != o["held"]);
    assert!(again.iter().all(exists), "{again:?}");
}

#[test]
fn names_that_differ_in_case_only_are_the_same() {
    let mut f = Facility::new();
    rules(&mut f);
    let rate = rushes::model::Rational::new(24, 1).unwrap();
    let at = rushes::model::Timecode::parse("10:00:00:00", rate, false).unwrap();
    // a companion of the camera and a proxy beside it are no namesakes
    for (name, seconds) in
        [("a/Take.wav", 1), ("b/take.wav", 2), ("c/Take.wav", 1), ("b/take.xml", 0), ("b/take.bwf", 3)]
    {
        let path = f.path("hot").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let sound = rushes::engine::format::demo::bwf(seconds, rate, at, "12A", "3", "S001");
        std::fs::write(path, if seconds == 0 { b"<a/>".to_vec() } else { sound }).unwrap();
    }
    let (_, planned) = plan(&f, &[]);
    let spoke = |p: &serde_json::Value| p["held_by"] == serde_json::json!(["NAME-DUP"]);
    let said: Vec<_> = planned.iter().filter(|p| spoke(p)).map(|p| p["path"].clone()).collect();
    assert_eq!(said, ["b/take.bwf", "b/take.wav", "c/Take.wav"]);
}

#[test]
fn only_what_is_asked_for_is_shown_and_people_read_lines() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    f.drop_roll("B001R2EC");
    let b = f.path("hot/B001R2EC");
    let (_, planned) = plan(&f, &[b.to_str().unwrap()]);
    assert_eq!(planned.len(), 3);
    let o = f.command(&["plan", b.to_str().unwrap()]).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    assert!(text.contains("ocf: B001R2EC/B001R2EC_C001.1001.dpx (dpx, 6 frames)\n"), "{text}");
    assert!(text.contains("  sidecar B001R2EC/B001R2EC_C001.[1001-1006].dpx.rushes.json\n"), "{text}");
}

#[test]
fn a_rule_that_does_not_fire_says_which_condition_was_not_so() {
    let mut f = Facility::new();
    f.rules = "[[folder.rule]]\nname = \"big\"\nwhen = 'image.width > 4000'\nemit = [\"plate\", \"manifest\"]\n\
               [[folder.rule]]\nname = \"small\"\nwhen = 'image.width < 4000'\nemit = [\"plate\", \"manifest\"]\n"
        .into();
    f.extra = "[show.test.color]\nsource = \"rec709\"\n".into();
    f.drop_roll("A001R2EC");
    let o = f.command(&["plan"]).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    assert!(text.contains("rule big does not fire: not so: image.width > 4000"), "{text}");
    assert!(text.contains("_PL01_v001  (sealed with ASC MHL)"), "{text}");
}
