//! The table beside the plain answer, after inserts, replacements, reopening and a rebuild.

use crate::index::search::table::Table;
use crate::index::{Batch, ClipRecord, FoundClip, Index, Location, open};
use crate::model::{ClipFile, ClipId, MediaPath};
use crate::query::samples::{self, Random};
use crate::query::{Order, Query};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn record(r: &mut Random, n: u64) -> ClipRecord {
    let mut doc = samples::clip(r);
    let id = ClipId(format!("{n:032x}"));
    doc.clip.id = id.to_string();
    let path = MediaPath::from(Path::new(&format!("A/x{n}.mov")));
    doc.clip.files.push(ClipFile { path, size: 3, xxh128: "1".into(), hashes: BTreeMap::new() });
    let place = |root: &str, dir: &str| Location {
        root: root.into(),
        dir: Path::new(dir).into(),
        stem: Path::new(&format!("x{n}.mov")).into(),
    };
    let locations = r.of(&[vec![], vec![place("ocf", "A")], vec![place("snd", "B"), place("ocf", "a")]]);
    let show = r.of(&["senna".to_owned(), "other".to_owned()]);
    ClipRecord { id, show, doc, locations, accepted_ms: 1, jobs: Vec::new(), superseded_by: None }
}

fn put(index: &Index, records: &[ClipRecord]) {
    let mut b = Batch::new();
    records.iter().for_each(|c| b.put_clip(c.clone()));
    index.commit(&b).unwrap();
}

fn ids(index: &Index, q: &str) -> BTreeSet<ClipId> {
    let found = index.search(&q.parse().unwrap(), &Order::default(), usize::MAX).unwrap();
    assert_eq!(found.total, found.clips.len() as u64);
    found.clips.into_iter().collect()
}

/// A record as the index gives it back.
fn found(c: &ClipRecord) -> FoundClip {
    serde_json::from_slice(&serde_json::to_vec(c).unwrap()).unwrap()
}

fn compare(index: &Index, known: &BTreeMap<ClipId, ClipRecord>, r: &mut Random, queries: u32) {
    let facts: Vec<_> = known.iter().map(|(id, c)| (id, found(c).facts())).collect();
    let mut hits = 0;
    for _ in 0..queries {
        let text = samples::query(r, 3);
        let q: Query = text.parse().unwrap();
        let want: BTreeSet<ClipId> = facts.iter().filter(|(_, f)| q.holds(f)).map(|(id, _)| (*id).clone()).collect();
        hits += want.len();
        assert_eq!(ids(index, &text), want, "{text}");
    }
    assert!(hits > 0, "queries that find nothing prove nothing");
}

#[test]
fn the_table_answers_as_each_clip_does_after_any_history() {
    let t = tempfile::tempdir().unwrap();
    let mut r = Random(99);
    let mut known = BTreeMap::new();
    let mut index = open(t.path(), 1).unwrap().index;
    for round in 0..6 {
        // new clips and other records of clips that are known
        let some: Vec<ClipRecord> = (0..60).map(|_| record(&mut Random(r.below(1 << 40) | 1), r.below(200))).collect();
        put(&index, &some);
        known.extend(some.into_iter().map(|c| (c.id.clone(), c)));
        compare(&index, &known, &mut r, 60);
        if round % 2 == 1 {
            drop(index);
            index = open(t.path(), 1).unwrap().index;
            compare(&index, &known, &mut r, 20);
        }
    }
    index.clear_derived(5).unwrap();
    assert!(ids(&index, "*").is_empty(), "a new index begins empty");
    let (_, first) = known.pop_first().unwrap();
    put(&index, std::slice::from_ref(&first));
    assert_eq!(ids(&index, "*"), BTreeSet::from([first.id]));
}

#[test]
fn an_old_value_is_not_found_any_more() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    let mut c = record(&mut Random(3), 1);
    c.doc.reel = Some("OLD".into());
    put(&index, &[c.clone()]);
    assert_eq!(ids(&index, "reel=old").len(), 1);
    c.doc.reel = Some("NEW".into());
    c.locations.clear();
    put(&index, &[c.clone()]);
    assert_eq!((ids(&index, "reel=old").len(), ids(&index, "reel=new present=no").len()), (0, 1));
    assert_eq!(ids(&index, "path=A/x1.mov").len(), 1, "where it was is known");
    c.doc.reel = None;
    put(&index, &[c]);
    assert_eq!((ids(&index, "has:reel").len(), ids(&index, "not has:reel").len()), (0, 1));
}

#[test]
fn orders_and_first_pages_agree() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    let all: Vec<ClipRecord> = (0..500).map(|n| record(&mut Random(n * 77 + 5), n)).collect();
    put(&index, &all);
    for order in ["", "iso", "-iso", "-t_stop,make", "date", "-tc,name", "fps,-frames", "path", "-folder,-path"] {
        let o: Order = order.parse().unwrap();
        let whole = index.search(&Query::All, &o, usize::MAX).unwrap();
        assert_eq!(whole.clips.len(), 500);
        for most in [0, 1, 7, 50, 499] {
            let page = index.search(&Query::All, &o, most).unwrap();
            assert_eq!((page.total, page.clips.as_slice()), (500, &whole.clips[..most]), "{order} {most}");
        }
        let Some(key) = o.keys.first() else { continue };
        let values: Vec<Option<String>> = whole
            .clips
            .iter()
            .map(|id| index.found_clip(id).unwrap().facts().value(key.field).map(str::to_owned))
            .collect();
        for w in values.windows(2) {
            match (&w[0], &w[1]) {
                (Some(a), Some(b)) => assert!(key.compare(a, b).is_le(), "{order}: {a} {b}"),
                (a, b) => assert!(b.is_none(), "{order}: absent is last: {a:?} {b:?}"),
            }
        }
    }
}

#[test]
fn a_table_that_is_cut_short_is_made_again() {
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    put(&index, &[record(&mut Random(1), 1)]);
    index.refresh_search(&|| false).unwrap();
    assert_eq!(ids(&index, "*").len(), 1);
    // more changes than are remembered
    index.0.search.note((0..200_000).map(|n| ClipId(n.to_string())));
    put(&index, &[record(&mut Random(1), 2)]);
    assert_eq!(ids(&index, "*").len(), 2);
}

#[test]
fn clips_out_of_order_are_known_again() {
    let mut table = Table::default();
    let facts = |n: u64| found(&record(&mut Random(n + 1), n)).facts();
    for n in [5, 9, 7, 1, 9, 7, 12, 5] {
        assert!(table.put(&ClipId(format!("{n:032x}")), &facts(n)));
    }
    assert_eq!(table.len(), 5);
    assert_eq!(table.find(&Query::All).count(), 5);
    assert!(!table.is_worn());
}

#[test]
fn long_lists_are_passed_over_without_being_kept() {
    let mut c = record(&mut Random(5), 5);
    let one = c.doc.clip.files[0].clone();
    c.doc.clip.files.extend((0..1000).map(|_| one.clone()));
    let f = found(&c);
    assert_eq!(f.doc.first, Some(one.path));
    assert!(serde_json::to_string(&f.doc.json).unwrap().len() < 3000);
    assert!(f.doc.json["clip"].get("files").is_none() && f.doc.json.get("origin").is_none());
}
