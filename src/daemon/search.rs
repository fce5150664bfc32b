//! Search for people at the control socket: hits in parts, lists kept for a moment, and the table made in the background.

use crate::control::{Hit, HitPlace, HitsPage, Response, SearchNext, SearchRequest};
use crate::daemon::snapshot::Shared;
use crate::index::{FoundClip, Index, Location};
use crate::model::{ClipId, Error, ErrorKind, MediaPath};
use crate::query::{self, Flaw, Order, Query};
use crate::telemetry::events;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Hits in one answer.
const PART: usize = 500;
/// Bytes of documents in one answer: the next hit begins another.
const PART_BYTES: usize = 8 << 20;
/// How long a list is kept for its next part.
const KEPT: Duration = Duration::from_secs(60);
/// Clips in all lists that are kept, at most; about 60 bytes each.
const MOST_KEPT: usize = 2_000_000;
/// Lists of at most so many hits are made at once, longer ones one after the other.
const SHORT: usize = 10_000;
/// Fields that may be asked for.
const MOST_FIELDS: usize = 200;
/// How often the table is brought up to date when nobody searches.
const EVERY: Duration = Duration::from_secs(2);

/// A long list of hits.
struct Kept {
    token: u64,
    total: u64,
    known: u64,
    clips: Arc<Vec<ClipId>>,
    used: Instant,
}

/// Answers searches.
#[derive(Default)]
pub(super) struct Searches {
    next: AtomicU64,
    kept: Mutex<Vec<Kept>>,
    /// Held while a list without a near end is made: one after the other, whatever number of clients asks.
    long: Mutex<()>,
}

impl Searches {
    /// Answers [`crate::control::Request::Search`].
    pub fn search(&self, index: &Index, shared: &Shared, r: &SearchRequest) -> Response {
        self.try_search(index, shared, r).unwrap_or_else(Response::Error)
    }

    fn try_search(&self, index: &Index, shared: &Shared, r: &SearchRequest) -> Result<Response, Error> {
        let fields = fields(&r.fields)?;
        let query: Query = r.query.parse().map_err(|f| refused("query", &r.query, &f))?;
        let order: Order = r.sort.parse().map_err(|f| refused("order", &r.sort, &f))?;
        let query = if r.all { query } else { query.of_present() };
        let most = r.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let alone = (most > SHORT).then(|| self.long.lock().unwrap_or_else(PoisonError::into_inner));
        let found = index.search(&query, &order, most)?;
        let list = Kept {
            token: self.next.fetch_add(1, Ordering::Relaxed),
            total: found.total,
            known: found.known,
            clips: Arc::new(found.clips),
            used: Instant::now(),
        };
        let page = part(index, shared, &list, 0, &fields);
        if page.next.is_some() {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|k| k.used.elapsed() < KEPT);
            kept.push(list);
            while kept.len() > 1 && kept.iter().map(|k| k.clips.len()).sum::<usize>() > MOST_KEPT {
                kept.remove(0);
            }
        }
        drop(alone);
        Ok(Response::Hits(page))
    }

    /// Answers [`crate::control::Request::SearchMore`].
    pub fn more(&self, index: &Index, shared: &Shared, next: SearchNext, names: &[String]) -> Response {
        let fields = match fields(names) {
            Ok(f) => f,
            Err(e) => return Response::Error(e),
        };
        let list = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|k| k.used.elapsed() < KEPT);
            kept.iter_mut().find(|k| k.token == next.token).map(|k| {
                k.used = Instant::now();
                Kept { clips: k.clips.clone(), ..*k }
            })
        };
        let Some(list) = list else {
            let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", "the daemon does not have this list any more");
            return Response::Error(e.fix("search again"));
        };
        let page = part(index, shared, &list, next.from, &fields);
        if page.next.is_none() {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(|k| k.token != next.token);
        }
        Response::Hits(page)
    }
}

/// A flaw as an answer.
fn refused(what: &str, source: &str, f: &Flaw) -> Error {
    let text = format!("the {what} is wrong at column {}: {}", f.column(source), f.message);
    let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", text);
    match &f.fix {
        Some(fix) => e.fix(fix.clone()),
        None => e,
    }
}

/// The names in the document of the fields that are asked for.
fn fields(names: &[String]) -> Result<Vec<&'static str>, Error> {
    if names.len() > MOST_FIELDS {
        return Err(Error::limit(format!("at most {MOST_FIELDS} fields may be asked for")));
    }
    names
        .iter()
        .map(|n| query::find_field(n, true).map(|f| f.schema_name()).map_err(|f| refused("field", n, &f)))
        .collect()
}

/// The hits of a list from one on.
fn part(index: &Index, shared: &Shared, list: &Kept, from: u64, fields: &[&str]) -> HitsPage {
    let now = shared.get();
    let root = |name: &str| now.folders.iter().find(|f| f.name == name).map(|f| f.path.clone());
    let mut page = HitsPage { total: list.total, known: list.known, ..HitsPage::default() };
    let (mut at, mut bytes) = (usize::try_from(from).unwrap_or(usize::MAX), 0_usize);
    while let Some(id) = list.clips.get(at) {
        if page.hits.len() >= PART || bytes >= PART_BYTES {
            page.next = Some(SearchNext { token: list.token, from: at as u64 });
            break;
        }
        // a clip whose record was lost since is passed over
        if let Some(clip) = index.found_clip(id) {
            let hit = hit(clip, &root, fields);
            bytes = bytes.saturating_add(serde_json::to_vec(&hit).map_or(0, |b| b.len()));
            page.hits.push(hit);
        }
        at = at.saturating_add(1);
    }
    page
}

fn hit(clip: FoundClip, root: &dyn Fn(&str) -> Option<PathBuf>, fields: &[&str]) -> Hit {
    let place = |(name, path): (String, MediaPath)| {
        let path = root(&name).map_or_else(|| path.clone(), |r| MediaPath::from(r.join(path.as_path())));
        HitPlace { folder: Some(name), path }
    };
    let mut at: Vec<(String, MediaPath)> =
        clip.locations.iter().map(|l: &Location| (l.root.clone(), l.path())).collect();
    // the first is the one by which hits are in order
    at.sort_by_cached_key(|(name, path)| (name.clone(), path.to_text()));
    let mut places: Vec<HitPlace> = at.into_iter().map(place).collect();
    let present = !places.is_empty();
    if let Some(path) = clip.doc.first.filter(|_| !present) {
        places.push(HitPlace { folder: None, path });
    }
    let doc = match clip.doc.json {
        Value::Object(doc) if fields.is_empty() => doc,
        Value::Object(doc) => chosen(&doc, fields),
        _ => Map::new(),
    };
    Hit { id: clip.id.to_string(), show: clip.show, present, places, doc }
}

/// The parts of a document that some fields lie in; lists of groups as a whole.
fn chosen(doc: &Map<String, Value>, fields: &[&str]) -> Map<String, Value> {
    let mut out = Map::new();
    for f in fields.iter().filter(|f| !f.is_empty()) {
        let path: Vec<&str> = f.split_once("[]").map_or(*f, |(list, _)| list).split('.').collect();
        copy(doc, &path, &mut out);
    }
    out
}

fn copy(from: &Map<String, Value>, path: &[&str], to: &mut Map<String, Value>) {
    let Some((first, rest)) = path.split_first() else { return };
    let Some(value) = from.get(*first) else { return };
    match (rest.is_empty(), value) {
        (true, v) => {
            to.insert((*first).to_owned(), v.clone());
        }
        (false, Value::Object(inner)) => {
            let entry = to.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(out) = entry {
                copy(inner, rest, out);
            }
        }
        _ => {}
    }
}

/// Keeps the table up to date on a thread of its own, until it is dropped.
pub(super) struct Upkeep {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Upkeep {
    /// Begins, but not for one pass: nobody waits for searches then, and the first one makes the table.
    pub fn for_daemon(once: bool, index: &Index) -> Option<Self> {
        (!once).then(|| Self::start(index.clone()))
    }

    /// Begins; without a thread the first search makes the table.
    pub fn start(index: Index) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let run = move || {
            let go_on = || !stopped.load(Ordering::Relaxed);
            let mut told = false;
            while go_on() {
                if let Err(e) = index.refresh_search(&go_on)
                    && !std::mem::replace(&mut told, true)
                {
                    events::search_failed(&e);
                }
                std::thread::park_timeout(EVERY);
            }
        };
        let thread = std::thread::Builder::new().name("search".into()).spawn(run).ok();
        Self { stop, thread }
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(t) = self.thread.take() {
            t.thread().unpark();
            let _ = t.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Batch, ClipRecord};
    use crate::model::{ClipDoc, ClipUnit};

    fn index(dir: &std::path::Path, clips: u32) -> Index {
        let index = crate::index::open(dir, 1).unwrap().index;
        let mut batch = Batch::new();
        for n in 0..clips {
            let mut doc = ClipDoc::new(format!("n{n:04}"), ClipUnit::File);
            doc.exposure.iso = Some(n % 10);
            let (dir, stem) = (MediaPath::default(), std::path::PathBuf::from(format!("n{n:04}.mov")).into());
            let locations = vec![Location { root: "ocf".into(), dir, stem }];
            let id = ClipId(format!("{:032x}", n.wrapping_mul(2_654_435_761)));
            let show = "senna".to_owned();
            let (jobs, superseded_by) = (Vec::new(), None);
            batch.put_clip(ClipRecord { id, show, doc, locations, accepted_ms: 1, jobs, superseded_by });
        }
        index.commit(&batch).unwrap();
        index
    }

    fn page(r: Response) -> HitsPage {
        let Response::Hits(page) = r else { panic!("{r:?}") };
        page
    }

    #[test]
    fn long_lists_come_in_parts_and_in_order() {
        let t = tempfile::tempdir().unwrap();
        let index = index(t.path(), 1203);
        let shared = Shared::new(crate::control::Snapshot::default());
        let searches = Searches::default();
        let names = vec!["iso".to_owned()];
        let request = |query: &str, sort: &str, limit| SearchRequest {
            query: query.into(),
            sort: sort.into(),
            limit,
            all: false,
            fields: names.clone(),
        };
        for (sort, limit, want) in
            [("", None, 1203), ("-name", None, 1203), ("", Some(700), 700), ("-name", Some(3), 3)]
        {
            let mut one = page(searches.search(&index, &shared, &request("show=senna", sort, limit)));
            let mut found = Vec::new();
            loop {
                assert_eq!(one.total, 1203);
                found.extend(one.hits.iter().map(|h| h.places[0].path.to_text()));
                let Some(next) = one.next else { break };
                one = page(searches.more(&index, &shared, next, &names));
            }
            let mut all: Vec<String> = (0..1203).map(|n| format!("n{n:04}.mov")).collect();
            if !sort.is_empty() {
                all.reverse();
            }
            all.truncate(want);
            assert_eq!(found, all);
        }
        assert!(searches.kept.lock().unwrap().is_empty(), "nothing is kept of what was read to its end");
        let r = searches.more(&index, &shared, SearchNext { token: 99, from: 0 }, &names);
        assert!(!r.ok());
        let Response::Error(e) = searches.search(&index, &shared, &request("a rel=1", "", None)) else { panic!() };
        assert!(e.what.contains("column 3") && e.fix.unwrap().contains("reel"), "{}", e.what);
    }

    #[test]
    fn upkeep_makes_the_table_and_ends() {
        let t = tempfile::tempdir().unwrap();
        let index = index(t.path(), 10);
        let upkeep = Upkeep::start(index.clone());
        let q: Query = "iso=3".parse().unwrap();
        assert_eq!(index.search(&q, &Order::default(), 5).unwrap().total, 1);
        drop(upkeep);
    }

    #[test]
    fn parts_of_documents() {
        let doc = serde_json::json!({"camera": {"make": "ARRI", "model": "x"}, "reel": "A",
            "audio": {"channels": 2, "tracks": [{"channel": 1, "name": "Boom"}]}});
        let Value::Object(doc) = doc else { panic!() };
        let names = ["make", "audio.tracks.name", "reel", "path", "iso"].map(str::to_owned);
        let fields = fields(&names).unwrap();
        let out = Value::Object(chosen(&doc, &fields));
        let want = serde_json::json!({"camera": {"make": "ARRI"}, "audio": {"tracks": [{"channel": 1, "name": "Boom"}]}, "reel": "A"});
        assert_eq!(out, want);
        assert!(super::fields(&["nonsense".to_owned()]).is_err());
    }
}
