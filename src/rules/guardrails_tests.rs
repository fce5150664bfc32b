//! Guardrails: what each check says, order, packs, waivers.

use super::*;
use crate::model::{ClipFile, ClipUnit, FrameGap};
use std::os::unix::ffi::OsStrExt;

fn doc() -> ClipDoc {
    let mut d = ClipDoc::new("A001", ClipUnit::Sequence);
    d.format.id = "dpx".into();
    d.clip.gaps = vec![FrameGap { first: 5, last: 7 }, FrameGap { first: 9, last: 9 }];
    let name = std::ffi::OsStr::from_bytes(b"A/my clip\xff\x1b.dpx");
    d.clip.files = vec![ClipFile {
        path: MediaPath::from(std::path::Path::new(name)),
        size: 1,
        xxh128: String::new(),
        hashes: Default::default(),
    }];
    d
}

fn one(code: &str, severity: Option<Severity>, fields: &[&str]) -> PackCheck {
    PackCheck {
        code: code.into(),
        severity,
        overridable: true,
        when: None,
        fields: fields.iter().map(|s| (*s).to_owned()).collect(),
    }
}

fn pack(checks: Vec<PackCheck>) -> Pack {
    Pack { name: "test".into(), kinds: vec![], checks }
}

fn run(packs: &[Pack], waivers: &[Waiver]) -> Vec<CheckResult> {
    let d = doc();
    let facts =
        Facts { kind: FolderKind::Camera, duplicate_of: Some(MediaPath::from(std::path::Path::new("B/a001.dpx"))) };
    check(&d, &Scope::new(&d, "s", "f"), packs, &facts, waivers)
}

#[test]
fn each_check_speaks_in_order_with_its_fix() {
    let all = pack(vec![
        one("NAME-DUP", Some(Severity::Warn), &[]),
        one("NAME-CHARS", Some(Severity::Warn), &[]),
        one("CLIP-GAP", Some(Severity::Hold), &[]),
        one("META-MISSING", Some(Severity::Warn), &["reel", "format.id", "timecode.start|audio.timecode"]),
    ]);
    let got = run(&[all], &[]);
    assert_eq!(
        got.iter().map(|r| r.code.as_str()).collect::<Vec<_>>(),
        CHECKS.iter().map(|c| c.code).collect::<Vec<_>>()
    );
    for r in &got {
        assert!(r.message.contains(info(&r.code).unwrap().fix), "{}", r.message);
        assert!(!r.message.chars().any(char::is_control), "{}", r.message);
    }
    assert!(
        got[0].message.starts_with("not known: `reel`, `timecode.start` or `audio.timecode`;"),
        "{}",
        got[0].message
    );
    assert!(got[1].message.starts_with("4 frames inside the sequence are missing: 5-7, 9;"), "{}", got[1].message);
    assert!(got[2].message.contains("a space"), "{}", got[2].message);
    assert!(got[3].message.contains("B/a001.dpx"), "{}", got[3].message);
    assert_eq!(stopping(&got).map(|r| r.code.as_str()).collect::<Vec<_>>(), ["CLIP-GAP"]);
}

#[test]
fn a_clip_without_faults_is_silent() {
    let mut d = ClipDoc::new("A001", ClipUnit::File);
    d.reel = Some("A001".into());
    let facts = Facts { kind: FolderKind::Camera, duplicate_of: None };
    let checks = CHECKS.iter().map(|c| one(c.code, Some(c.severity), &["reel"])).collect();
    assert_eq!(check(&d, &Scope::new(&d, "s", "f"), &[pack(checks)], &facts, &[]), []);
}

#[test]
fn later_packs_decide_and_kinds_restrict() {
    let base = pack(vec![one("CLIP-GAP", Some(Severity::Hold), &[])]);
    let house = pack(vec![one("CLIP-GAP", Some(Severity::Info), &[])]);
    assert_eq!(run(&[base.clone(), house.clone()], &[])[0].severity, Severity::Info);
    let off = pack(vec![one("CLIP-GAP", None, &[])]);
    assert_eq!(run(&[base.clone(), off], &[]), []);
    let sound = Pack { kinds: vec![FolderKind::Sound], ..house };
    assert_eq!(run(&[base, sound], &[])[0].severity, Severity::Hold);
}

#[test]
fn when_is_asked_first() {
    let with = |text: &str| {
        let mut c = one("CLIP-GAP", Some(Severity::Hold), &[]);
        c.when = Some(Condition::compile(text).unwrap());
        run(&[pack(vec![c])], &[])
    };
    assert_eq!(with("format.id == 'dpx'").len(), 1);
    assert_eq!(with("format.id == 'mov'").len(), 0);
    assert_eq!(with("lens.make == 'x'").len(), 0);
    let failed = with("size(format.id) > 'x'");
    assert_eq!(failed[0].severity, Severity::Info);
    assert!(failed[0].message.contains("cannot be evaluated"));
}

#[test]
fn a_waiver_lets_an_overridable_check_pass() {
    let note = WaiverNote { who: "kim".into(), when: "2026-01-01T00:00:00Z".into(), why: "known".into() };
    let waiver = Waiver { code: "CLIP-GAP".into(), note: note.clone() };
    let mut c = one("CLIP-GAP", Some(Severity::Hold), &[]);
    let got = run(&[pack(vec![c.clone()])], std::slice::from_ref(&waiver));
    assert_eq!(got[0].waiver, Some(note));
    assert_eq!(stopping(&got).count(), 0);
    c.overridable = false;
    let got = run(&[pack(vec![c])], &[waiver]);
    assert_eq!((got[0].waiver.clone(), stopping(&got).count()), (None, 1));
}
