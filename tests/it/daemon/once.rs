//! `run --once`: the main job from a dropped roll to its sidecars.

use super::facility::Facility;
use serde_json::Value;

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_roll_becomes_sidecars() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let outs = f.outputs();
    let names: Vec<&str> = outs.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "A001R2EC/A001R2EC_C001.[1001-1006].dpx.rushes.json",
            "A001R2EC/T001.wav.rushes.json",
            "A001R2EC/notes.xyz.rushes.json"
        ]
    );
    let dpx = json(&outs[names[0]]);
    assert_eq!(dpx["schema"], "rushes.clip/1");
    assert_eq!(dpx["clip"]["unit"], "sequence");
    assert_eq!(dpx["clip"]["frames"], 6);
    assert_eq!(dpx["clip"]["first_frame"], 1001);
    assert_eq!(dpx["timecode"]["start"], "10:00:00:00");
    assert_eq!(dpx["timecode"]["end"], "10:00:00:06");
    assert_eq!(dpx["reel"], "A001R2EC");
    assert_eq!(dpx["image"]["width"], 64);
    assert_eq!(dpx["clip"]["files"].as_array().unwrap().len(), 6);
    let wav = json(&outs[names[1]]);
    assert_eq!(wav["slate"]["scene"], "12A");
    assert_eq!(wav["audio"]["rate"], 48000);
    let unknown = json(&outs[names[2]]);
    assert_eq!(unknown["format"]["id"], "unknown");
    assert_eq!(unknown["problem"]["code"], "FORMAT-UNKNOWN");
}

#[test]
fn a_second_run_changes_nothing() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    assert_eq!(f.once().status.code(), Some(0));
    let before = f.outputs();
    let stamp = |n: &str| std::fs::metadata(f.path("out").join(n)).unwrap().modified().unwrap();
    let times: Vec<_> = before.keys().map(|n| stamp(n)).collect();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(f.outputs(), before);
    assert_eq!(before.keys().map(|n| stamp(n)).collect::<Vec<_>>(), times);
}

#[test]
fn without_index_and_without_state_nothing_is_made_twice() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    assert_eq!(f.once().status.code(), Some(0));
    let before = f.outputs();
    let receipts = || std::fs::read_to_string(f.path("out/.rushes/receipts.jsonl")).unwrap().lines().count();
    assert_eq!(receipts(), 3);
    std::fs::remove_dir_all(f.path("state/index")).unwrap();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!((f.outputs(), receipts()), (before.clone(), 3), "index deleted");
    std::fs::remove_dir_all(f.path("state")).unwrap();
    std::fs::create_dir(f.path("state")).unwrap();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!((f.outputs(), receipts()), (before, 3), "state deleted");
}

#[test]
fn two_facilities_make_the_same_bytes() {
    let (a, b) = (Facility::new(), Facility::new());
    a.drop_roll("A001R2EC");
    b.drop_roll("A001R2EC");
    a.once();
    b.once();
    assert_eq!(a.outputs(), b.outputs());
    assert_eq!(a.outputs().len(), 3);
}

#[test]
fn bad_files_are_named_and_the_rest_goes_on() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    std::fs::write(f.path("hot/empty.mov"), b"").unwrap();
    let whole = std::fs::read(f.path("hot/A001R2EC/T001.wav")).unwrap();
    std::fs::write(f.path("hot/cut.wav"), &whole[..whole.len() / 2]).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", f.path("hot/link.wav")).unwrap();
    let o = f.once();
    let err = String::from_utf8_lossy(&o.stderr).into_owned();
    assert_eq!(o.status.code(), Some(3), "{err}");
    assert!(err.contains("empty.mov") && err.contains("FILE-EMPTY"), "{err}");
    assert!(err.contains("cut.wav") && err.contains("FILE-TRUNCATED"), "{err}");
    assert_eq!(f.outputs().len(), 3, "{:?}", f.outputs().keys());
}

#[test]
fn an_altered_original_keeps_its_old_sidecar_beside_the_new_one() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    f.once();
    let name = "A001R2EC/notes.xyz.rushes.json";
    let old = f.outputs()[name].clone();
    std::fs::write(f.path("hot/A001R2EC/notes.xyz"), "altered").unwrap();
    assert_eq!(f.once().status.code(), Some(0));
    let outs = f.outputs();
    assert_eq!(outs["A001R2EC/notes.xyz.rushes.v001.json"], old);
    assert_eq!(json(&outs[name])["clip"]["files"][0]["size"], 7);
    assert_eq!(outs.len(), 4);
}

#[test]
fn a_late_frame_reopens_the_sequence_and_a_gap_speaks() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    std::fs::remove_file(f.path("hot/A001R2EC/A001R2EC_C001.1003.dpx")).unwrap();
    f.once();
    let v = json(&f.outputs()["A001R2EC/A001R2EC_C001.[1001-1006].dpx.rushes.json"]);
    assert_eq!(v["clip"]["gaps"][0]["first"], 1003);
    assert!(v["checks"].as_array().unwrap().iter().any(|c| c["code"] == "CLIP-GAP"), "{v}");
    let g = Facility::new();
    g.drop_roll("A001R2EC");
    std::fs::copy(g.path("hot/A001R2EC/A001R2EC_C001.1003.dpx"), f.path("hot/A001R2EC/A001R2EC_C001.1003.dpx"))
        .unwrap();
    f.once();
    let v = json(&f.outputs()["A001R2EC/A001R2EC_C001.[1001-1006].dpx.rushes.json"]);
    assert_eq!(v["clip"]["gaps"], Value::Null);
    assert_eq!(v["clip"]["files"].as_array().unwrap().len(), 6);
}

#[test]
fn the_same_content_elsewhere_is_marked() {
    let mut f = Facility::new();
    f.drop_roll("A001R2EC");
    f.once();
    std::fs::create_dir(f.path("hot/copy")).unwrap();
    std::fs::copy(f.path("hot/A001R2EC/T001.wav"), f.path("hot/copy/OTHER.wav")).unwrap();
    std::fs::copy(f.path("hot/A001R2EC/T001.wav"), f.path("hot/copy/T001.wav")).unwrap();
    f.rules = String::new();
    f.once();
    let outs = f.outputs();
    let other = json(&outs["copy/OTHER.wav.rushes.json"]);
    assert_eq!(other["same_content_as"][0]["name"], "T001");
    let first = json(&outs["A001R2EC/T001.wav.rushes.json"]);
    let again = json(&outs["copy/T001.wav.rushes.json"]);
    assert_eq!(again["clip"]["id"], first["clip"]["id"], "one clip, two locations");
}

#[test]
fn media_is_not_touched() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let list = |f: &Facility| {
        let o = std::process::Command::new("find")
            .arg(f.path("hot"))
            .args(["-printf", "%p %s %T@ %C@ %i %m\n"])
            .output()
            .unwrap();
        let mut l: Vec<String> = String::from_utf8(o.stdout).unwrap().lines().map(str::to_owned).collect();
        l.sort();
        l
    };
    let before = list(&f);
    f.once();
    assert_eq!(list(&f), before);
}

#[test]
fn tables_timelines_and_samples_are_made_by_rule() {
    let mut f = Facility::new();
    f.rules = "[[folder.rule]]\nname = \"all\"\nwhen = 'has(timecode.start)'\nemit = [\"csv\", \"otio\"]\n\
               [[folder.rule]]\nname = \"camera\"\nwhen = 'has(image.width)'\nemit = [\"opentrackio\", \"named\"]\n\
               [recipe.named]\nkind = \"sidecar\"\nformats = [\"csv\", \"otio\"]\nname = \"lists/{reel}/{clip}\"\n"
        .into();
    f.drop_roll("A001R2EC");
    assert_eq!(f.once().status.code(), Some(0), "{}", f.log());
    let outputs = f.outputs();
    let made: Vec<&str> = outputs.keys().map(String::as_str).filter(|n| !n.ends_with(".rushes.json")).collect();
    let frames = "A001R2EC/A001R2EC_C001.[1001-1006].dpx";
    let want = [".opentrackio.json", ".otio", ".rushes.csv"].map(|e| format!("{frames}{e}"));
    let sound = ["A001R2EC/T001.wav.otio", "A001R2EC/T001.wav.rushes.csv"];
    let named = ["lists/A001R2EC/A001R2EC_C001.otio", "lists/A001R2EC/A001R2EC_C001.rushes.csv"];
    let all: Vec<&str> = want.iter().map(String::as_str).chain(sound).chain(named).collect();
    assert_eq!(made, all);
    let otio: serde_json::Value = serde_json::from_slice(&outputs[&want[1]]).unwrap();
    let reference = &otio["media_references"]["DEFAULT_MEDIA"];
    assert_eq!((&reference["target_url_base"], &reference["start_frame"]), (&"A001R2EC/".into(), &1001.into()));
    let csv = String::from_utf8(outputs[&want[2]].clone()).unwrap();
    let row = csv.lines().nth(1).unwrap();
    let path = "\"A001R2EC/A001R2EC_C001.1001.dpx\",6,";
    assert!(row.starts_with(path) && row.contains("\"rushes.clip/1\",\"test\",\"ocf\","), "{row}");
}
