//! The thread of one area: everything that can block on its file system happens here or on its pool.

mod base;
mod judge;
mod walk;

use super::events::Events;
use super::group::group;
use super::ingest::{Finished, Ingest, Setup};
use super::place::Place;
use super::scan::Reader;
use super::settle::{Rules, Settle};
use super::shared::{AreaState, Shared};
use super::{Health, Ready, WatchEvent};
use crate::model::{FileStat, MediaPath};
use crossbeam_channel::{Receiver, bounded, unbounded};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often an area makes sure that its first folder is still the one it knows, milliseconds.
const PULSE_MS: u64 = 2_000;
/// Clips being fingerprinted or waiting to be handed out, at most.
const MAX_IN_FLIGHT: usize = 256;
/// Notes kept, at most.
const MAX_NOTES: usize = 50;

/// One folder as last listed.
#[derive(Debug, Default)]
struct Dir {
    children: Vec<OsString>,
    /// Not listed again before this time because of a hint, ms.
    next: u64,
}

/// Why a folder is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Part of the full sweep.
    Sweep,
    /// It is new: everything below it is listed too.
    New,
    /// A hint: only new folders below it are listed too.
    Hint,
}

/// A full sweep under way.
#[derive(Debug)]
struct Sweep {
    left: usize,
    started: Instant,
    ignored: u64,
    /// The sweep by hand that it answers.
    wanted: u64,
}

pub(super) struct Area {
    shared: Arc<Shared>,
    state: Arc<AreaState>,
    place: Place,
    reader: Reader,
    settle: Settle,
    dirs: HashMap<PathBuf, Dir>,
    todo: Vec<(PathBuf, Reason)>,
    dirty: BTreeMap<PathBuf, u64>,
    sweep: Option<Sweep>,
    sweeps: u64,
    next_sweep: u64,
    wanted_done: u64,
    events: Option<Events>,
    /// Events stay off: limits, or they do not work here.
    no_events: Option<String>,
    ingest: Arc<Ingest>,
    done: Receiver<Finished>,
    bell: Receiver<()>,
    in_flight: usize,
    setup: Option<Arc<Setup>>,
    poll: bool,
    why: String,
    mounted: bool,
    /// Text of the mount table when it was last looked at, and the points below this area.
    mounts: HashSet<PathBuf>,
    next_pulse: u64,
    down: Option<String>,
    emptied: Option<u64>,
    /// Files that vanished and were not told yet.
    gone: BTreeMap<PathBuf, FileStat>,
    notes: BTreeMap<String, String>,
    told_folders: BTreeSet<PathBuf>,
    no_evidence: Option<i32>,
    ignored: u64,
    latency_ms: Option<f64>,
    health: Option<Health>,
    next_list: u64,
}

/// Starts the thread of the area that begins at `prefix`, unless there is one. False if there are too many.
pub(super) fn spawn(shared: &Arc<Shared>, prefix: &Path) -> bool {
    let (ring, bell) = bounded(1);
    let state = match shared.claim(prefix, ring.clone()) {
        Ok(Some(state)) => state,
        Ok(None) => return true,
        Err(()) => return false,
    };
    let (sender, done) = unbounded();
    let ingest = match Ingest::new(shared.settings.hash_threads, sender, ring) {
        Ok(i) => Arc::new(i),
        Err(e) => {
            state.set(|s| s.health = Health::Unavailable(e.to_string()));
            return true;
        }
    };
    let _ = state.ingest.set(Arc::clone(&ingest));
    let area = Area::new(Arc::clone(shared), Arc::clone(&state), ingest, done, bell);
    let thread = std::thread::Builder::new().name("rushes-watch".into()).spawn(move || area.run());
    if let Err(e) = thread {
        state.set(|s| s.health = Health::Unavailable(format!("cannot start a thread: {e}")));
    }
    true
}

impl Area {
    fn new(
        shared: Arc<Shared>,
        state: Arc<AreaState>,
        ingest: Arc<Ingest>,
        done: Receiver<Finished>,
        bell: Receiver<()>,
    ) -> Self {
        let s = &shared.settings;
        let rules = Rules {
            quiet_ms: millis(s.quiet.unwrap_or(Duration::from_secs(10))),
            needs_marker: matches!(s.ready, Ready::Marker(_)),
            name_room: s.name_room,
            path_room: s.output_prefix_len.saturating_add(state.prefix.as_os_str().len()).saturating_add(1),
        };
        Self {
            place: Place { root: s.path.clone(), prefix: state.prefix.clone() },
            reader: Reader::new(),
            settle: Settle::new(rules, group),
            dirs: HashMap::new(),
            todo: Vec::new(),
            dirty: BTreeMap::new(),
            sweep: None,
            sweeps: 0,
            next_sweep: 0,
            wanted_done: 0,
            events: None,
            no_events: None,
            ingest,
            done,
            bell,
            in_flight: 0,
            setup: None,
            poll: true,
            why: "not looked at yet".into(),
            mounted: false,
            mounts: HashSet::new(),
            next_pulse: 0,
            down: None,
            emptied: None,
            gone: BTreeMap::new(),
            notes: BTreeMap::new(),
            told_folders: BTreeSet::new(),
            no_evidence: None,
            ignored: 0,
            latency_ms: None,
            health: None,
            next_list: 0,
            shared,
            state,
        }
    }

    fn run(mut self) {
        while !self.shared.stopped() {
            self.state.step(self.shared.now());
            self.turn();
            self.state.rest();
            self.publish();
            self.park();
        }
    }

    /// One round: first what others asked, then listing, then judging.
    fn turn(&mut self) {
        let now = self.shared.now();
        if now >= self.next_pulse {
            self.next_pulse = now.saturating_add(PULSE_MS);
            self.pulse();
        }
        for path in self.state.take_retries() {
            let now = self.shared.now();
            if !self.settle.retry(now, &path) {
                self.mark(path.parent().unwrap_or(Path::new("")), now);
            }
        }
        self.results();
        if self.down.is_some() {
            return;
        }
        self.hints();
        let now = self.shared.now();
        let wanted = self.state.wanted.load(Ordering::SeqCst);
        if self.sweep.is_none() && (now >= self.next_sweep || wanted != self.wanted_done) {
            self.sweep = Some(Sweep { left: 1, started: Instant::now(), ignored: 0, wanted });
            self.todo.push((PathBuf::new(), Reason::Sweep));
        }
        let ripe: Vec<PathBuf> = self.dirty.iter().filter(|(_, t)| **t <= now).map(|(d, _)| d.clone()).collect();
        for dir in ripe {
            self.dirty.remove(&dir);
            self.todo.push((dir, Reason::Hint));
        }
        let slice = Instant::now();
        while self.down.is_none()
            && !self.shared.stopped()
            && slice.elapsed() < Duration::from_millis(50)
            && let Some((dir, reason)) = self.todo.pop()
        {
            self.state.step(self.shared.now());
            self.list(&dir, reason);
        }
        if self.down.is_none() {
            self.asks();
            self.tell_gone();
        }
    }

    /// Hands an event to the daemon. Waiting for it is no fault of the file system: the area rests meanwhile.
    fn say(&self, event: WatchEvent) {
        self.state.rest();
        self.shared.emit(event);
        self.state.step(self.shared.now());
    }

    /// Waits for the bell or for the next thing that is due.
    fn park(&mut self) {
        if self.shared.stopped() {
            return;
        }
        let now = self.shared.now();
        let mut next = self.next_pulse;
        if self.down.is_none() {
            if !self.todo.is_empty() {
                return;
            }
            if self.sweep.is_none() {
                next = next.min(self.next_sweep);
            }
            if let Some(t) = self.dirty.values().min() {
                next = next.min(*t);
            }
            if self.in_flight < MAX_IN_FLIGHT
                && let Some(t) = self.settle.deadline(now)
            {
                next = next.min(t);
            }
        }
        if next > now {
            let _ = self.bell.recv_timeout(Duration::from_millis(next - now));
        }
    }

    /// Notes that a folder may have changed.
    fn mark(&mut self, dir: &Path, now: u64) {
        let at = self.dirs.get(dir).map_or(now, |d| d.next.max(now));
        self.dirty.entry(dir.to_path_buf()).and_modify(|t| *t = (*t).min(at)).or_insert(at);
    }

    /// A line for `status`, once per `about`.
    fn note(&mut self, about: &str, text: String) {
        if self.notes.len() < MAX_NOTES || self.notes.contains_key(about) {
            self.notes.insert(about.to_owned(), text);
        }
    }

    fn health_now(&self) -> Health {
        match (&self.down, self.emptied) {
            (Some(why), _) => Health::Unavailable(why.clone()),
            (None, Some(_)) => Health::Unavailable(format!(
                "emptied: all {} known files vanished at once; nothing is forgotten until a further sweep agrees",
                self.gone.len()
            )),
            _ if self.sweeps == 0 => Health::Starting,
            _ if self.events.is_some() => Health::Watching,
            _ => Health::Polling,
        }
    }

    /// Renews the snapshot, and tells the daemon when the health changed.
    fn publish(&mut self) {
        let now = self.shared.now();
        let health = self.health_now();
        let changed = self.health.as_ref() != Some(&health);
        let waiting = (now >= self.next_list || changed || self.settle.pending() == 0).then(|| {
            self.next_list = now.saturating_add(200);
            let place = &self.place;
            let line = |(p, why): (PathBuf, String)| (MediaPath::from(place.in_root(&p)), why);
            self.settle.waiting(now, 100).into_iter().map(line).collect::<Vec<_>>()
        });
        let quiet = self.todo.is_empty() && self.dirty.is_empty() && self.sweep.is_none() && self.in_flight == 0;
        self.state.set(|s| {
            s.health = health.clone();
            s.events = self.events.is_some();
            s.latency_ms = self.latency_ms;
            s.files = self.settle.files() as u64;
            s.pending = self.settle.pending();
            s.ignored = self.ignored;
            s.in_flight = self.in_flight;
            (s.sweeps, s.wanted_done, s.quiet) = (self.sweeps, self.wanted_done, quiet);
            if s.why != self.why {
                s.why.clone_from(&self.why);
            }
            if let Some(w) = waiting {
                s.waiting = w;
                s.notes = self.notes.values().cloned().collect();
            }
        });
        if changed {
            self.health = Some(health);
            self.say(WatchEvent::Root(self.shared.status()));
        }
    }
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}
