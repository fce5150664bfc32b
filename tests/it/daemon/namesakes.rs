//! Clips of one name and other contents: all of them are held, whichever came first, and a rebuild agrees.

use super::facility::{Facility, wait_for};
use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};

fn sound(f: &Facility, name: &str, seconds: u32) {
    let rate = Rational::new(24, 1).unwrap();
    let at = Timecode::parse("10:00:00:00", rate, false).unwrap();
    let path = f.path("hot").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, demo::bwf(seconds, rate, at, "12A", "3", "S001")).unwrap();
}

fn held(f: &Facility) -> Vec<String> {
    let s = f.ask(&["status"]).1;
    let mut names: Vec<String> = s["held"].as_array().into_iter().flatten().map(|h| h["name"].to_string()).collect();
    names.sort();
    names
}

#[test]
fn both_are_held_and_no_record_is_written_again_after_a_rebuild() {
    let mut f = Facility::new();
    f.rules = "[[folder.rule]]\nname = \"late\"\nwhen = 'audio.rate > 96000'\nemit = [\"ale\"]\n".into();
    sound(&f, "a/Take.wav", 1);
    let d = f.serve();
    wait_for("the first", 20, || f.outputs().len() == 1);
    // from now on a deliverable is wanted, so that there is something to hold
    f.rules = f.rules.replace("96000", "1000");
    f.write_config();
    d.signal("HUP");
    sound(&f, "b/TAKE.wav", 2);
    std::fs::write(f.path("hot/b/TAKE.xml"), b"<companion/>").unwrap();
    wait_for("both are held", 20, || held(&f) == ["\"TAKE\"", "\"Take\""]);
    wait_for("records of all three", 20, || f.outputs().len() == 3);
    let said = f.outputs().values().filter(|b| String::from_utf8_lossy(b).contains("\"NAME-DUP\"")).count();
    assert_eq!(said, 1, "the record of the first was written before the second came");
    assert_eq!(f.ask(&["waive", "NAME-DUP", "b/TAKE.wav", "--why", "a retake"]).0, 0);
    wait_for("the waived one's list", 20, || f.outputs().contains_key("b/TAKE.wav.ale"));
    wait_for("only the other is held", 10, || held(&f) == ["\"Take\""]);
    // made anew, in whatever order: no record is written again
    let records = |f: &Facility| f.outputs().into_iter().filter(|(n, _)| n.ends_with(".json")).collect::<Vec<_>>();
    let before = records(&f);
    assert_eq!(f.ask(&["rebuild"]).0, 0);
    wait_for("all three clips again", 20, || f.ask(&["status"]).1["index"]["clips"] == 3);
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert!(records(&f) == before, "a record was written anew: {:?}", f.outputs().keys());
    assert_eq!(d.stop(), 143);
}
