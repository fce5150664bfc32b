//! What the threads of one root share with its handle: nothing here ever waits for a file system.

use super::ignore::NameRules;
use super::ingest::Ingest;
use super::{Health, Known, RootSettings, RootStatus, WatchEvent};
use crate::model::MediaPath;
use crossbeam_channel::{SendTimeoutError, Sender};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A file system that does not answer for this long is called hung, milliseconds.
const HUNG_MS: u64 = 10_000;
/// The same for reading while fingerprinting, milliseconds.
const STALLED_MS: u64 = 30_000;
/// Most mount points below a root that get a thread of their own.
const MAX_AREAS: usize = 64;
/// Most files that wait to be offered again by hand.
const MAX_RETRIES: usize = 500_000;

/// One root.
pub struct Shared {
    /// As configured.
    pub settings: RootSettings,
    /// What to leave alone.
    pub names: NameRules,
    /// The index.
    pub known: Arc<dyn Known>,
    out: Sender<WatchEvent>,
    stop: AtomicBool,
    started: Instant,
    areas: Mutex<Vec<Arc<AreaState>>>,
}

/// One area, as others see it.
pub struct AreaState {
    /// Its first folder relative to the root; empty for the root itself.
    pub prefix: PathBuf,
    bell: Sender<()>,
    /// When the current step on the file system began, ms after start plus 1; 0 while it rests.
    busy: AtomicU64,
    /// Sweeps asked for by hand.
    pub wanted: AtomicU64,
    retries: Mutex<BTreeSet<PathBuf>>,
    snap: Mutex<Snap>,
    /// Its pool.
    pub ingest: OnceLock<Arc<Ingest>>,
}

/// The last snapshot of an area.
#[derive(Debug, Clone)]
pub struct Snap {
    /// Without [`Health::Hung`], which is derived.
    pub health: Health,
    /// Woken by events.
    pub events: bool,
    /// Why that mode.
    pub why: String,
    /// Last full sweep, ms.
    pub latency_ms: Option<f64>,
    /// Media files seen.
    pub files: u64,
    /// Not ready, first 100.
    pub waiting: Vec<(MediaPath, String)>,
    /// Not ready.
    pub pending: usize,
    /// Names left alone at the last sweep.
    pub ignored: u64,
    /// Oddities.
    pub notes: Vec<String>,
    /// Full sweeps ended.
    pub sweeps: u64,
    /// Sweeps by hand that are done.
    pub wanted_done: u64,
    /// Clips that are being fingerprinted or handed out.
    pub in_flight: usize,
    /// Nothing to list, to look at or to hash.
    pub quiet: bool,
}

impl Shared {
    /// A root without areas.
    pub fn new(settings: RootSettings, names: NameRules, known: Arc<dyn Known>, out: Sender<WatchEvent>) -> Self {
        let (stop, areas) = (AtomicBool::new(false), Mutex::default());
        Self { settings, names, known, out, stop, started: Instant::now(), areas }
    }

    /// Milliseconds since this root was started.
    pub fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Hands an event to the daemon; waits while the channel is full. False when it is time to end.
    pub fn emit(&self, mut event: WatchEvent) -> bool {
        while !self.stopped() {
            match self.out.send_timeout(event, Duration::from_millis(100)) {
                Ok(()) => return true,
                Err(SendTimeoutError::Timeout(e)) => event = e,
                Err(SendTimeoutError::Disconnected(_)) => {
                    self.stop();
                    return false;
                }
            }
        }
        false
    }

    /// Hands an event to the daemon, unless the channel is full: for what is only good to know.
    pub fn try_emit(&self, event: WatchEvent) {
        // full or gone: nobody misses it
        let _ = self.out.try_send(event);
    }

    /// Whether it is time to end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Tells every thread to end at its next step; waits for none.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        for a in self.areas().iter() {
            if let Some(i) = a.ingest.get() {
                i.stop();
            }
            a.ring();
        }
    }

    /// The areas, the root's own first.
    pub fn areas(&self) -> MutexGuard<'_, Vec<Arc<AreaState>>> {
        lock(&self.areas)
    }

    /// Whether this folder (relative to the root) begins an area.
    pub fn is_area(&self, prefix: &Path) -> bool {
        self.areas().iter().any(|a| a.prefix == prefix)
    }

    /// Makes an area, unless there is one or there are too many (`Err`).
    pub fn claim(&self, prefix: &Path, bell: Sender<()>) -> Result<Option<Arc<AreaState>>, ()> {
        let mut areas = self.areas();
        if areas.iter().any(|a| a.prefix == prefix) {
            return Ok(None);
        }
        if areas.len() >= MAX_AREAS {
            return Err(());
        }
        let state = Arc::new(AreaState {
            prefix: prefix.to_path_buf(),
            bell,
            busy: AtomicU64::new(0),
            wanted: AtomicU64::new(0),
            retries: Mutex::default(),
            snap: Mutex::new(Snap::new()),
            ingest: OnceLock::new(),
        });
        areas.push(Arc::clone(&state));
        Ok(Some(state))
    }

    /// The snapshot of the whole root.
    pub fn status(&self) -> RootStatus {
        let now = self.now();
        let mut out = RootStatus {
            name: self.settings.name.clone(),
            path: self.settings.path.clone(),
            health: Health::Starting,
            mode: "poll".into(),
            why: String::new(),
            latency_ms: None,
            files_seen: 0,
            waiting: Vec::new(),
            waiting_total: 0,
            ignored: 0,
            notes: Vec::new(),
        };
        for a in self.areas().iter() {
            let snap = a.snap();
            let health = a.hung(now).map_or(snap.health, Health::Hung);
            if a.prefix.as_os_str().is_empty() {
                out.mode = if snap.events { "events" } else { "poll" }.into();
                (out.health, out.why, out.latency_ms) = (health, snap.why, snap.latency_ms);
            } else {
                out.notes.push(format!(
                    "mount {}: {}; {}",
                    MediaPath::from(a.prefix.as_path()),
                    words(&health),
                    snap.why
                ));
            }
            out.files_seen += snap.files;
            out.waiting_total += snap.pending;
            out.ignored += snap.ignored;
            out.waiting.extend(snap.waiting);
            out.notes.extend(snap.notes);
        }
        out.waiting.truncate(100);
        out
    }

    /// See [`super::RootHandle::in_flight`].
    pub fn in_flight(&self) -> usize {
        let now = self.now();
        self.areas().iter().filter(|a| a.hung(now).is_none()).map(|a| a.snap().in_flight).sum()
    }

    /// See [`super::RootHandle::idle`].
    pub fn idle(&self) -> Option<bool> {
        let now = self.now();
        let mut all = true;
        for a in self.areas().iter() {
            let snap = a.snap();
            if a.hung(now).is_some() || matches!(snap.health, Health::Unavailable(_)) {
                return None;
            }
            let done = snap.sweeps > 0 && snap.wanted_done == a.wanted.load(Ordering::SeqCst);
            all &= done && snap.quiet && snap.pending == 0 && lock(&a.retries).is_empty();
        }
        Some(all)
    }
}

impl AreaState {
    /// A step on the file system begins.
    pub fn step(&self, now: u64) {
        self.busy.store(now.saturating_add(1), Ordering::Relaxed);
    }

    /// No step on the file system is under way.
    pub fn rest(&self) {
        self.busy.store(0, Ordering::Relaxed);
    }

    /// Wakes the area's thread.
    pub fn ring(&self) {
        let _ = self.bell.try_send(());
    }

    /// A further rope of the area's bell.
    pub fn bell(&self) -> Sender<()> {
        self.bell.clone()
    }

    /// Asks for a file to be offered again (relative to the area).
    pub fn retry(&self, path: PathBuf) {
        let mut r = lock(&self.retries);
        if r.len() < MAX_RETRIES {
            r.insert(path);
        }
        drop(r);
        self.ring();
    }

    /// Takes the files to be offered again.
    pub fn take_retries(&self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut lock(&self.retries))
    }

    /// Replaces the snapshot.
    pub fn set(&self, change: impl FnOnce(&mut Snap)) {
        change(&mut lock(&self.snap));
    }

    fn snap(&self) -> Snap {
        lock(&self.snap).clone()
    }

    fn hung(&self, now: u64) -> Option<Duration> {
        let busy = self.busy.load(Ordering::Relaxed);
        let step = if busy == 0 { 0 } else { now.saturating_sub(busy - 1) };
        let read = self.ingest.get().map_or(0, |i| i.stalled_ms());
        (step > HUNG_MS || read > STALLED_MS).then(|| Duration::from_millis(step.max(read)))
    }
}

impl Snap {
    fn new() -> Self {
        Self {
            health: Health::Starting,
            events: false,
            why: "not looked at yet".into(),
            latency_ms: None,
            files: 0,
            waiting: Vec::new(),
            pending: 0,
            ignored: 0,
            notes: Vec::new(),
            sweeps: 0,
            wanted_done: 0,
            in_flight: 0,
            quiet: false,
        }
    }
}

fn words(h: &Health) -> String {
    match h {
        Health::Starting => "starting".into(),
        Health::Watching => "watching".into(),
        Health::Polling => "polling".into(),
        Health::Unavailable(why) => format!("unavailable: {why}"),
        Health::Hung(since) => format!("does not answer since {} s", since.as_secs()),
    }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}
