//! Metadata files beside clips, in the daemon: merged at once when both come together, later when they come later.

use super::facility::{Facility, wait_for};
use serde_json::Value;

/// What REDline prints of a clip, as far as these tests need it.
fn table(clip: &str, iso: &str) -> String {
    format!("Clip Name,ReelID,Abs TC,FPS,ISO,Camera Model\n{clip},A001,01:00:00:00,24,{iso},KOMODO 6K\n")
}

const RECORD: &str = "A001R2EC/A001R2EC_C001.[1001-1006].dpx.rushes.json";

fn record(f: &Facility) -> Value {
    let text = f.outputs().get(RECORD).cloned().unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[test]
fn what_lies_beside_a_clip_is_in_its_record() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    std::fs::write(f.path("hot/A001R2EC/A001R2EC_C001.csv"), table("A001R2EC_C001", "800")).unwrap();
    std::fs::write(f.path("hot/A001R2EC/A001R2EC_C001_notes.txt"), "no metadata").unwrap();
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let r = record(&f);
    assert_eq!((&r["camera"]["model"], &r["exposure"]["iso"]), (&"KOMODO 6K".into(), &800.into()), "{r:#}");
    let beside = r["clip"]["sidecars"].as_array().unwrap();
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert_eq!(beside[0]["path"], "A001R2EC/A001R2EC_C001.csv");
    assert_eq!(beside[0]["xxh128"].as_str().map(str::len), Some(32));
    // the frames' own label stands, and both are named
    let conflicts: Vec<&Value> =
        r["warnings"].as_array().unwrap().iter().filter(|w| w["code"] == "META-CONFLICT").collect();
    assert!(conflicts.iter().any(|w| {
        let m = w["message"].as_str().unwrap();
        m.starts_with("timecode.start is \"10:00:00:00\"") && m.contains("A001R2EC_C001.csv")
    }));
    assert!(!f.outputs().keys().any(|k| k.contains(".v0")), "{:?}", f.outputs().keys());
    // nothing new is found by another look
    let before = f.outputs();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(before, f.outputs());
}

#[test]
fn what_comes_later_makes_the_next_record() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let daemon = f.serve();
    wait_for("the record", 20, || record(&f)["clip"]["frames"] == 6);
    assert!(record(&f)["camera"].is_null());
    std::fs::write(f.path("hot/A001R2EC/A001R2EC_C001.csv"), table("A001R2EC_C001", "800")).unwrap();
    wait_for("the metadata beside it", 20, || record(&f)["exposure"]["iso"] == 800);
    // the same file with other contents
    std::fs::write(f.path("hot/A001R2EC/A001R2EC_C001.csv"), table("A001R2EC_C001", "1600")).unwrap();
    wait_for("what it says now", 20, || record(&f)["exposure"]["iso"] == 1600);
    let kept = f.outputs().keys().filter(|k| k.starts_with("A001R2EC/A001R2EC_C001.[") && k.contains(".v0")).count();
    assert_eq!(kept, 2, "{:?}", f.outputs().keys());
    drop(daemon);
    let before = f.outputs();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        f.outputs().keys().collect::<Vec<_>>(),
        "a restart makes nothing new"
    );
}

#[test]
fn a_list_of_the_folder_comes_after_what_is_about_the_clip() {
    let list = |take: &str| {
        format!(
            "Heading\nFIELD_DELIM\tTABS\nFPS\t24\n\nColumn\nName\tScene\tTake\tISO\tStart\n\nData\n\
             OTHER\t1\t1\t200\t01:00:00:00\nA001R2EC_C001\t12A\t{take}\t640\t10:00:00:00\n"
        )
    };
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    std::fs::write(f.path("hot/A001R2EC/day1.ale"), list("3")).unwrap();
    std::fs::write(f.path("hot/A001R2EC/A001R2EC_C001.csv"), table("A001R2EC_C001", "800")).unwrap();
    let daemon = f.serve();
    wait_for("the list", 20, || record(&f)["slate"]["take"] == "3");
    let r = record(&f);
    assert_eq!((&r["slate"]["scene"], &r["exposure"]["iso"]), (&"12A".into(), &800.into()));
    assert_eq!(r["origin"]["slate.scene"]["reader"], "ale");
    let said: Vec<&str> = r["warnings"].as_array().unwrap().iter().map(|w| w["message"].as_str().unwrap()).collect();
    assert!(
        said.iter().any(|m| m.starts_with("exposure.iso is 800 from red-clip ISO but 640 from ale ISO in day1.ale")),
        "{said:?}"
    );
    // another list
    std::fs::write(f.path("hot/A001R2EC/day1.ale"), list("4")).unwrap();
    wait_for("the other list", 20, || record(&f)["slate"]["take"] == "4");
    drop(daemon);
}

#[test]
fn a_copy_without_the_metadata_does_not_take_it_from_the_clip() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    std::fs::write(f.path("hot/A001R2EC/A001R2EC_C001.csv"), table("A001R2EC_C001", "800")).unwrap();
    let _daemon = f.serve();
    wait_for("the record", 20, || record(&f)["exposure"]["iso"] == 800);
    let hits =
        || f.command(&["search", "--json", "iso=800"]).output().unwrap().stdout.iter().filter(|b| **b == b'\n').count();
    wait_for("the clip to be found", 20, || hits() == 1);
    std::fs::create_dir(f.path("hot/copy")).unwrap();
    for n in 1001..1007 {
        let name = format!("A001R2EC_C001.{n}.dpx");
        std::fs::copy(f.path("hot/A001R2EC").join(&name), f.path("hot/copy").join(&name)).unwrap();
    }
    wait_for("the record of the copy", 20, || {
        f.outputs().contains_key("copy/A001R2EC_C001.[1001-1006].dpx.rushes.json")
    });
    assert_eq!(hits(), 1, "what is known of the clip stays");
}
