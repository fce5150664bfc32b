//! Speaking to the running daemon: status, jobs, waive, retry, rebuild.

use super::facility::{Facility, wait_for};

const HOLD: &str = "[[folder.rule]]\nname = \"lists\"\nemit = [\"ale\"]\n";

fn with_gap() -> Facility {
    let mut f = Facility::new();
    std::fs::write(f.path("house.toml"), "[[check]]\ncode = \"CLIP-GAP\"\nseverity = \"hold\"\noverridable = true\n")
        .unwrap();
    f.extra = "guardrails = [\"house.toml\"]".into();
    f.rules = HOLD.into();
    f.drop_roll("A001R2EC");
    std::fs::remove_file(f.path("hot/A001R2EC/A001R2EC_C001.1003.dpx")).unwrap();
    std::fs::remove_file(f.path("hot/A001R2EC/notes.xyz")).unwrap();
    std::fs::remove_file(f.path("hot/A001R2EC/T001.wav")).unwrap();
    f
}

#[test]
fn a_held_clip_waits_for_its_waiver() {
    let f = with_gap();
    let d = f.start();
    wait_for("the sidecar", 20, || f.outputs().len() == 1);
    wait_for("the hold in status", 10, || f.ask(&["status"]).1["held_total"] == 1);
    let s = f.ask(&["status"]).1;
    assert_eq!(s["held"][0]["codes"][0], "CLIP-GAP");
    let name = s["held"][0]["name"].as_str().unwrap().to_owned();
    let (code, _) = f.ask(&["waive", "CLIP-GAP", &name, "--why", "the frame was never shot"]);
    assert_eq!(code, 0);
    wait_for("the ALE", 20, || f.outputs().keys().any(|k| k.ends_with(".ale")));
    wait_for("the waiver in the sidecar", 20, || {
        let outs = f.outputs();
        let key = outs.keys().find(|k| k.ends_with("dpx.rushes.json")).unwrap().clone();
        let v: serde_json::Value = serde_json::from_slice(&outs[&key]).unwrap();
        v["checks"][0]["waiver"]["why"] == "the frame was never shot"
    });
    assert_eq!(d.stop(), 143);
}

#[test]
fn refused_files_are_listed_and_can_be_tried_again() {
    let f = Facility::new();
    std::fs::write(f.path("hot/cut.dpx"), b"SDPX\0\0").unwrap();
    let d = f.start();
    wait_for("the quarantine", 20, || f.ask(&["status"]).1["quarantine"]["total"] == 1);
    let s = f.ask(&["status"]).1;
    assert_eq!(s["quarantine"]["entries"][0]["path"], "cut.dpx");
    assert_eq!(s["quarantine"]["entries"][0]["error"]["code"], "FILE-TRUNCATED");
    let first = s["quarantine"]["entries"][0]["at_ms"].clone();
    assert_eq!(f.ask(&["retry", "cut.dpx"]).0, 0);
    wait_for("it to be refused anew", 20, || {
        let s = f.ask(&["status"]).1;
        s["quarantine"]["total"] == 1 && s["quarantine"]["entries"][0]["at_ms"] != first
    });
    assert_ne!(f.ask(&["retry", "no-such-thing"]).0, 0);
    assert_eq!(d.stop(), 143);
}

#[test]
fn rebuild_makes_nothing_twice() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let d = f.start();
    wait_for("three sidecars", 20, || f.outputs().len() == 3);
    wait_for("three jobs done", 10, || f.ask(&["status"]).1["jobs"]["done"] == 3);
    let before = f.outputs();
    let receipts = std::fs::read_to_string(f.path("out/.rushes/receipts.jsonl")).unwrap();
    assert_eq!(f.ask(&["rebuild"]).0, 0);
    wait_for("the index to be full again", 20, || {
        let s = f.ask(&["status"]).1;
        s["index"]["clips"] == 3 && s["jobs"]["done"] == 3
    });
    assert_eq!(f.outputs(), before);
    assert_eq!(std::fs::read_to_string(f.path("out/.rushes/receipts.jsonl")).unwrap(), receipts);
    assert_eq!(d.stop(), 143);
}

#[test]
fn without_a_daemon_status_says_so() {
    let f = Facility::new();
    let o = f.command(&["status"]).output().unwrap();
    assert_eq!(o.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&o.stderr).contains("DAEMON-UNREACHABLE"));
}
