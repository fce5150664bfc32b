//! `rushes search` beside a running daemon.

use super::facility::{Facility, Running, wait_for};
use serde_json::Value;

fn lines(f: &Facility, args: &[&str]) -> (i32, Vec<Value>) {
    let mut all = vec!["search"];
    all.extend(args);
    all.push("--json");
    let o = f.command(&all).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    (o.status.code().unwrap(), text.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
}

fn paths(f: &Facility, args: &[&str]) -> Vec<String> {
    let (status, hits) = lines(f, args);
    assert_eq!(status, 0, "{args:?}");
    let dir = f.path("hot").display().to_string();
    hits.iter().map(|h| h["path"].as_str().unwrap().replace(&dir, "")).collect()
}

fn with_rolls() -> (Facility, Running) {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    f.drop_roll("B002R3XX");
    let d = f.serve();
    wait_for("six clips", 30, || paths(&f, &["*"]).len() == 6);
    (f, d)
}

#[test]
fn clips_are_found_by_what_is_known_of_them() {
    let (f, d) = with_rolls();
    let roll = "/A001R2EC/A001R2EC_C001.[1001-1006].dpx";
    assert_eq!(paths(&f, &["reel=a001r2ec unit=sequence"]), [roll]);
    assert_eq!(paths(&f, &["format=dpx", "tc=10:00:00:05", "reel=A*"]), [roll], "words of a query may come apart");
    assert!(paths(&f, &["format=dpx tc=10:00:00:06"]).is_empty());
    assert_eq!(paths(&f, &["a001r2ec", "12a"]), ["/A001R2EC/T001.wav"]);
    assert_eq!(paths(&f, &["scene=12A", "--sort=-path"]), ["/B002R3XX/T001.wav", "/A001R2EC/T001.wav"]);
    assert_eq!(paths(&f, &["path=B002*/notes.xyz or width=64", "--limit", "1"]), [roll]);
    let o = f.command(&["search", "show=test", "--limit", "4"]).output().unwrap();
    assert!(String::from_utf8(o.stderr).unwrap().contains("6 clips found, 4 shown"));
    assert!(paths(&f, &["show=test", "--limit", "0"]).is_empty());
    let (_, hits) = lines(&f, &["reel=A001R2EC width=64"]);
    let h = &hits[0];
    assert_eq!(
        (&h["schema"], &h["folder"], &h["show"], &h["present"]),
        (&"rushes.hit/1".into(), &"ocf".into(), &"test".into(), &true.into())
    );
    assert_eq!((&h["image"]["width"], &h["timecode"]["start"]), (&64.into(), &"10:00:00:00".into()));
    let o = f.command(&["search", "width=64", "--csv", "--fields", "reel,tc,path"]).output().unwrap();
    let dir = f.path("hot").display().to_string();
    let want = format!(
        "reel,timecode.start,path\r\nA001R2EC,10:00:00:00,{dir}{roll}\r\nB002R3XX,10:00:00:00,{dir}/B002R3XX/B002R3XX_C001.[1001-1006].dpx\r\n"
    );
    assert_eq!(String::from_utf8(o.stdout).unwrap(), want);
    let o = f.command(&["search", "reel=A001R2EC width=64"]).output().unwrap();
    let line = String::from_utf8(o.stdout).unwrap();
    assert!(line.starts_with(&format!("{dir}{roll}\tA001R2EC_C001\tA001R2EC\t10:00:00:00\t6\t24/1\t")), "{line}");
    assert_eq!(d.stop(), 143);
}

#[test]
fn what_changed_what_is_gone_and_what_was_rebuilt() {
    let (f, d) = with_rolls();
    std::fs::remove_file(f.path("hot/B002R3XX/notes.xyz")).unwrap();
    wait_for("one to be gone", 20, || paths(&f, &["*"]).len() == 5);
    assert_eq!(paths(&f, &["*", "--all"]).len(), 6);
    let (_, gone) = lines(&f, &["present=no"]);
    assert_eq!((gone.len(), &gone[0]["path"], &gone[0]["folder"]), (1, &"B002R3XX/notes.xyz".into(), &Value::Null));
    std::fs::rename(f.path("hot/A001R2EC"), f.path("hot/moved")).unwrap();
    wait_for("the new place", 20, || paths(&f, &["path=moved/* reel=A001R2EC"]).len() == 2);
    wait_for("the old place to be empty", 20, || paths(&f, &["path=A001R2EC/*"]).is_empty());
    assert_eq!(f.ask(&["rebuild"]).0, 0);
    wait_for("the index to be full again", 30, || paths(&f, &["*"]).len() == 5);
    assert_eq!(d.stop(), 143);
    let d = f.serve();
    wait_for("an answer after a start", 20, || paths(&f, &["reel=B002R3XX"]).len() == 2);
    assert_eq!(d.stop(), 143);
}

#[test]
fn wrong_queries_are_shown_with_their_place_and_need_no_daemon() {
    let f = Facility::new();
    let o = f.command(&["search", "make=ARRI rel=A001"]).output().unwrap();
    assert_eq!((o.status.code(), o.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(o.stderr).unwrap();
    assert!(said.contains("column 11: there is no field `rel`"), "{said}");
    assert!(said.contains("\n  make=ARRI rel=A001\n            ^^^\n  did you mean `reel`?"), "{said}");
    for args in [["search", "x", "--sort", "foo"], ["search", "x", "--fields", "foo"]] {
        assert_eq!(f.command(&args).output().unwrap().status.code(), Some(2), "{args:?}");
    }
    let o = f.command(&["search", "make=ARRI"]).output().unwrap();
    assert_eq!(o.status.code(), Some(1), "no daemon answers");
    let o = f.command(&["search", "--field-names"]).output().unwrap();
    assert!(String::from_utf8(o.stdout).unwrap().contains("exposure.iso"));
}
