//! Tests of the index as a whole: records, replay, rebuild, damage.

use super::*;
use crate::engine::deliver::{Recipe, SidecarFormat, SidecarRecipe};
use crate::job::{JobState, Priority};
use crate::model::{ClipDoc, ClipFile, ClipUnit, ErrorKind, FileStat, Fingerprint, MediaPath};

fn path(p: &str) -> MediaPath {
    MediaPath::from(Path::new(p))
}

fn ids(clips: &[ClipRecord]) -> Vec<&str> {
    clips.iter().map(|c| c.id.as_str()).collect()
}

fn file(hash: &str) -> FileRecord {
    FileRecord {
        stat: FileStat { dev: 1, ino: 2, size: 3, mtime_ns: -1_i128 << 70, ctime_ns: 5 },
        fingerprint: Fingerprint { size: 3, xxh128: hash.into(), other: Default::default() },
        clip: Some(ClipId("c1".into())),
        gone: false,
    }
}

fn clip(id: &str, show: &str, name: &str, hash: &str, root: &str) -> ClipRecord {
    let mut doc = ClipDoc::new(name, ClipUnit::File);
    doc.keep("dpx", "tag", 1);
    doc.clip.files.push(ClipFile { path: path("A/b.mov"), size: 3, xxh128: hash.into(), hashes: Default::default() });
    ClipRecord {
        id: ClipId(id.into()),
        show: show.into(),
        doc,
        locations: vec![Location { root: root.into(), dir: path("A"), stem: path("b.mov") }],
        accepted_ms: 1000,
        jobs: Vec::new(),
        superseded_by: None,
    }
}

fn job(id: &str, state: JobState) -> Job {
    Job {
        id: JobId(id.into()),
        clip: ClipId("c1".into()),
        clip_name: "b".into(),
        show: "s".into(),
        folder: "ocf".into(),
        path: path("A/b.mov"),
        rule: "default".into(),
        recipe_name: "sidecar".into(),
        recipe: Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json] }),
        output: "/out".into(),
        outputs: Vec::new(),
        priority: Priority::Normal,
        tries: 0,
        state,
        queued_ms: 1,
    }
}

fn made() -> Vec<MadeOutput> {
    vec![MadeOutput::new(path("A/b.mov.rushes.json"), 9, "ab")]
}

fn done_entry(id: &str) -> JournalEntry {
    JournalEntry::Done {
        job: JobId(id.into()),
        clip: ClipId("c1".into()),
        recipe_name: "sidecar".into(),
        output: "/out".into(),
        outputs: made(),
        ms: 7,
    }
}

fn refusal(content: &str, p: &str) -> (JournalEntry, QuarantineRecord) {
    let error = Error::malformed("bad");
    let (content, root, path, tries, ms) = (content.to_owned(), "ocf".to_owned(), path(p), 1, 50);
    let q = QuarantineRecord {
        content: content.clone(),
        root: root.clone(),
        path: path.clone(),
        stat: Some(FileStat::default()),
        error: error.clone(),
        tries,
        at_ms: ms,
    };
    (JournalEntry::Quarantined { content, root, path, error, tries, ms }, q)
}

/// Everything that a daemon may know, in two commits.
fn fill(index: &Index) {
    let mut b = Batch::new();
    b.put_file("ocf", &path("A/b.mov"), file("11"));
    b.put_file("ocf", &path("A/c.mov"), file("22"));
    b.put_file("ocf", &path("AA/b.mov"), file("33"));
    b.put_clip(clip("c1", "s", "b", "11", "ocf"));
    b.put_clip(clip("c2", "other", "b", "11", "snd"));
    b.put_job(job("j1", JobState::Queued));
    b.put_job(job("j2", JobState::Held { codes: vec!["CLIP-GAP".into()] }));
    b.put_job(job("j3", JobState::Queued));
    let (e, q) = refusal("ee", "A/bad.mov");
    b.journal(e);
    b.put_quarantine(q);
    b.journal(JournalEntry::Accepted {
        clip: ClipId("c1".into()),
        show: "s".into(),
        name: "b".into(),
        content: "11".into(),
        path: path("A/b.mov"),
        ms: 1000,
    });
    index.commit(&b).unwrap();
    index.note_try("j1", 1).unwrap();
    assert_eq!(index.tries("j1"), 1);
    let mut b = Batch::new();
    b.journal(done_entry("j1"));
    b.put_job(job("j1", JobState::Done { outputs: made() }));
    b.put_job(job("j3", JobState::Quarantined { error: Error::malformed("bad") }));
    let w =
        Waiver { code: "CLIP-GAP".into(), clip: ClipId("c1".into()), who: "me".into(), when_ms: 1, why: "ok".into() };
    b.journal(JournalEntry::Waived(w.clone()));
    b.put_waiver(w);
    b.mark_gone("ocf", &path("A/c.mov"));
    b.mark_gone("ocf", &path("A/never.mov"));
    index.commit(&b).unwrap();
}

/// What must be known after any accident.
fn check_kept(index: &Index) {
    assert_eq!(index.done_outputs(&JobId("j1".into())), Some(made()));
    assert_eq!(index.done_outputs(&JobId("j3".into())), None);
    assert_eq!(index.tries("j1"), 1);
    assert_eq!(index.waivers(&ClipId("c1".into())).len(), 1);
    assert_eq!(index.quarantined_content("ee").unwrap().path, path("A/bad.mov"));
    assert!(index.quarantined("ocf", Path::new("A/bad.mov")).is_some());
    assert_eq!(index.accepted_ms(&ClipId("c1".into())), Some(1000));
    assert!(matches!(index.job(&JobId("j3".into())).unwrap().state, JobState::Quarantined { .. }));
}

fn check_all(index: &Index) {
    check_kept(index);
    let names: Vec<_> = index.folder("ocf", Path::new("A")).into_iter().map(|(n, r)| (n, r.gone)).collect();
    assert_eq!(names, [("b.mov".into(), false), ("c.mov".into(), true)]);
    assert_eq!(index.file("ocf", Path::new("A/b.mov")), Some(file("11")));
    let c = index.counts();
    assert_eq!((c.files, c.files_gone, c.clips, c.jobs), (2, 1, 2, 3));
    assert_eq!((c.jobs_done, c.jobs_quarantined, c.jobs_unfinished, c.quarantine, c.waivers), (1, 1, 1, 1, 1));
    assert_eq!(index.clips_with_content("11").len(), 2);
    assert_eq!(index.clips_named("s", "b"), [ClipId("c1".into())]);
    assert_eq!((index.clips_in("ocf"), index.clips_in("snd"), index.clips_in("x")), (1, 1, 0));
    assert_eq!(index.clips().count(), 2);
    assert!(index.clip(&ClipId("c1".into())).unwrap().doc.raw.is_empty());
    assert_eq!(index.unfinished_jobs().iter().map(|j| j.id.as_str()).collect::<Vec<_>>(), ["j2"]);
    assert_eq!(ids(&index.find_clips("A/b.mov", None)), ["c1"]);
    assert_eq!(ids(&index.find_clips("b", None)), ["c1", "c2"], "two current clips have this name");
    assert_eq!(index.find_clips("b", None).len(), 2);
    assert_eq!(index.damaged(), None);
}

#[test]
fn everything_comes_back_after_a_restart() {
    let t = tempfile::tempdir().unwrap();
    let o = open(t.path(), 1).unwrap();
    assert!(o.fresh && o.moved_aside.is_none());
    fill(&o.index);
    check_all(&o.index);
    drop(o);
    let o = open(t.path(), 2).unwrap();
    assert!(!o.fresh && o.replayed == 0 && o.moved_aside.is_none());
    check_all(&o.index);
    let e = open(t.path(), 3).err().unwrap();
    assert_eq!(e.code, "STATE-BUSY");
    assert!(e.what.contains(&std::process::id().to_string()));
}

#[test]
fn what_a_batch_says_of_tries_is_newer_than_what_was_noted() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    index.note_try("content", 1).unwrap();
    index.note_try("other", 2).unwrap();
    let mut b = Batch::new();
    b.journal(JournalEntry::Try { key: "content".into(), n: 0 });
    index.commit(&b).unwrap();
    assert_eq!((index.tries("content"), index.tries("other")), (0, 2));
    drop(index);
    let index = open(t.path(), 2).unwrap().index;
    assert_eq!((index.tries("content"), index.tries("other")), (0, 2), "index and journal agree");
}

#[test]
fn shows_are_found_by_skipping() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    let mut b = Batch::new();
    for (i, (show, name)) in [("a", "x"), ("a", "y"), ("ab", "x"), ("b", "\u{10ffff}"), ("z", "x")].iter().enumerate() {
        b.put_clip(clip(&format!("c{i}"), show, name, &i.to_string(), "ocf"));
    }
    index.commit(&b).unwrap();
    assert_eq!(index.shows().collect::<Vec<_>>(), ["a", "b", "z", "ab"]);
    assert_eq!(ids(&index.find_clips("x", None)), ["c0", "c2", "c4"]);
}

#[test]
fn counts_follow_changes() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    fill(&index);
    let mut b = Batch::new();
    b.put_file("ocf", &path("A/c.mov"), file("22"));
    b.remove_file("ocf", &path("A/b.mov"));
    b.remove_file("ocf", &path("A/b.mov"));
    let mut c = clip("c2", "other", "renamed", "11", "snd");
    c.locations.clear();
    c.superseded_by = Some(ClipId("c1".into()));
    b.put_clip(c);
    b.put_job(job("j2", JobState::Done { outputs: made() }));
    b.clear_quarantine("ocf", &[path("A/bad.mov"), path("A/none.mov")]);
    index.commit(&b).unwrap();
    let c = index.counts();
    assert_eq!((c.files, c.files_gone, c.clips, c.jobs_done, c.jobs_unfinished, c.quarantine), (2, 0, 2, 2, 0, 0));
    assert_eq!((index.clips_in("snd"), index.clips_in("ocf")), (0, 1));
    assert!(index.clips_named("other", "b").is_empty());
    assert!(index.quarantined_content("ee").is_none());
    assert_eq!(ids(&index.find_clips("b", None)), ["c1"]);
    drop(index);
    assert!(open(t.path(), 2).unwrap().moved_aside.is_none(), "the counts agree with the records");
}

#[test]
fn without_the_index_the_journal_knows_what_must_not_be_lost() {
    let t = tempfile::tempdir().unwrap();
    let o = open(t.path(), 1).unwrap();
    fill(&o.index);
    drop(o);
    std::fs::remove_dir_all(t.path().join("index")).unwrap();
    let o = open(t.path(), 2).unwrap();
    assert!(o.fresh && o.replayed > 4);
    check_kept(&o.index);
    assert!(o.index.file("ocf", Path::new("A/b.mov")).is_none());
    // lifting a refusal and trying a job again survive the next loss
    let mut b = Batch::new();
    b.clear_quarantine("ocf", &[path("A/bad.mov")]);
    b.put_job(job("j3", JobState::Queued));
    o.index.commit(&b).unwrap();
    o.index.note_try("j1", 0).unwrap();
    let aside = o.index.clear_derived(9).unwrap();
    assert!(aside.is_dir() && aside.ends_with("index.old-9"));
    assert!(o.index.quarantined_content("ee").is_none());
    assert_eq!(o.index.tries("j1"), 0);
    assert_eq!(o.index.job(&JobId("j3".into())).unwrap().state, JobState::Queued);
    assert_eq!(o.index.counts().quarantine, 0);
    fill(&o.index);
}

#[test]
fn without_index_and_journal_the_receipts_know_what_is_done() {
    let t = tempfile::tempdir().unwrap();
    let out = t.path().join("out/.rushes");
    let state = t.path().join("state");
    let o = open(&state, 1).unwrap();
    fill(&o.index);
    drop(o);
    let receipt = Receipt {
        job: JobId("j1".into()),
        clip: ClipId("c1".into()),
        show: "s".into(),
        clip_name: "b".into(),
        recipe_name: "sidecar".into(),
        rule: "default".into(),
        outputs: made(),
        sources: Vec::new(),
        version: "0".into(),
        config: String::new(),
        ms: 7,
    };
    Receipts::open(&out).unwrap().append(&receipt).unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    let o = open(&state, 2).unwrap();
    assert_eq!(o.index.done_outputs(&receipt.job), None);
    assert_eq!(o.index.adopt_receipts(&out).unwrap(), 1);
    assert_eq!(o.index.adopt_receipts(&out).unwrap(), 0, "known ones are not taken in twice");
    assert_eq!(o.index.adopt_receipts(t.path()).unwrap(), 0, "no receipts there");
    assert_eq!(o.index.done_outputs(&receipt.job), Some(made()));
    drop(o);
    std::fs::remove_dir_all(state.join("index")).unwrap();
    assert_eq!(open(&state, 3).unwrap().index.done_outputs(&receipt.job), Some(made()), "now the journal knows too");
}

#[test]
fn a_journal_that_is_ahead_is_caught_up_and_one_that_is_gone_is_begun_anew() {
    let t = tempfile::tempdir().unwrap();
    let o = open(t.path(), 1).unwrap();
    fill(&o.index);
    drop(o);
    let mut j = journal::Journal::open(&t.path().join("journal"), journal::Disk::REAL).unwrap();
    let mut lines = Vec::new();
    for n in 0..2500 {
        entry::write_line(&mut lines, &done_entry(&format!("n{n}")));
    }
    entry::write_line(&mut lines, &done_entry("j2"));
    j.append(&lines).unwrap();
    drop(j);
    let o = open(t.path(), 2).unwrap();
    assert_eq!(o.replayed, 2501);
    assert!(o.index.done_outputs(&JobId("n2499".into())).is_some());
    assert!(o.index.unfinished_jobs().is_empty(), "j2 is done although the index said held");
    drop(o);
    std::fs::remove_dir_all(t.path().join("journal")).unwrap();
    let o = open(t.path(), 3).unwrap();
    check_kept(&o.index);
    o.index.note_try("later", 2).unwrap();
    drop(o);
    assert_eq!(open(t.path(), 4).unwrap().index.tries("later"), 2);
}

#[test]
fn a_newer_index_is_refused_and_left_alone() {
    let t = tempfile::tempdir().unwrap();
    let o = open(t.path(), 1).unwrap();
    fill(&o.index);
    let mut meta = read(&o.index.0.meta).clone();
    meta.version = 99;
    let writes = [(keys::META.to_vec(), Some(records::to_json(&meta)))].into_iter().collect();
    read(&o.index.0.store).as_ref().unwrap().apply(&writes).unwrap();
    drop(o);
    let e = open(t.path(), 2).err().unwrap();
    assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Unsupported, "STATE-FAILED"));
    assert!(t.path().join("index/db").exists());
    assert!(
        !std::fs::read_dir(t.path()).unwrap().any(|e| e.unwrap().file_name().to_string_lossy().contains("corrupt"))
    );
}

#[test]
fn a_vanished_record_is_damage_and_the_journal_fills_the_new_index() {
    let t = tempfile::tempdir().unwrap();
    let o = open(t.path(), 1).unwrap();
    fill(&o.index);
    let writes = [(keys::file("ocf", Path::new("A/b.mov")), None)].into_iter().collect();
    read(&o.index.0.store).as_ref().unwrap().apply(&writes).unwrap();
    drop(o);
    let o = open(t.path(), 77).unwrap();
    let (aside, why) = o.moved_aside.unwrap();
    assert!(aside.ends_with("index.corrupt-77") && aside.is_dir());
    assert_eq!(why, "it has 2 files, but 3 were written");
    check_kept(&o.index);
    for n in 0..6 {
        o.index.clear_derived(100 + n).unwrap();
    }
    let kept = std::fs::read_dir(t.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("index."));
    assert_eq!(kept.count(), 3, "old copies do not fill the disk");
}

#[test]
fn a_record_that_is_not_ours_reads_as_absent_and_is_counted() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    fill(&index);
    let writes = [(keys::clip(&ClipId("c1".into())), Some(b"{}".to_vec()))].into_iter().collect();
    read(&index.0.store).as_ref().unwrap().apply(&writes).unwrap();
    assert!(index.clip(&ClipId("c1".into())).is_none());
    assert_eq!(index.clips().count(), 1);
    assert_eq!(index.damaged().unwrap().1, "a record cannot be understood");
}

#[test]
fn a_commit_that_failed_after_the_journal_is_not_journalled_twice() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    fill(&index);
    let mut b = Batch::new();
    b.journal(done_entry("j9"));
    // as after a write error in sled: journalled, store gone
    let mut lines = Vec::new();
    entry::write_line(&mut lines, &done_entry("j9"));
    {
        let mut w = locked(&index.0.writer);
        w.journal.append(&lines).unwrap();
        w.journalled = Some((b.id, 1));
        *write(&index.0.store) = None;
    }
    assert!(index.clip(&ClipId("c1".into())).is_none());
    index.commit(&b).unwrap();
    check_all(&index);
    let mut n = 0;
    journal::read_from(&t.path().join("journal"), Position::default(), &mut |e| {
        n += usize::from(e == done_entry("j9"))
    })
    .unwrap();
    assert_eq!(n, 1);
    assert!(index.done_outputs(&JobId("j9".into())).is_some());
}
