//! A watched folder from outside: start, ask, stop. Nothing here waits for a file system.

use super::ignore::NameRules;
use super::shared::Shared;
use super::{Health, Known, Ready, RootSettings, RootStatus, WatchEvent, area};
use crossbeam_channel::Sender;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A running root. Dropping it stops it.
pub struct RootHandle {
    /// Or, when it never started, the status that says why.
    inner: Result<Arc<Shared>, Box<RootStatus>>,
}

/// Starts watching. A root that is not there (yet), or a glob that is none, is told by
/// [`RootHandle::status`], not by an error.
#[must_use]
pub fn start(settings: RootSettings, known: Arc<dyn Known>, out: Sender<WatchEvent>) -> RootHandle {
    let marker = match &settings.ready {
        Ready::Quiet => None,
        Ready::Marker(m) => Some(m.as_str()),
    };
    match NameRules::new(&settings.ignore, marker) {
        Ok(names) => {
            let shared = Arc::new(Shared::new(settings, names, known, out));
            area::spawn(&shared, Path::new(""));
            RootHandle { inner: Ok(shared) }
        }
        Err(e) => {
            let broken = RootStatus {
                name: settings.name,
                path: settings.path,
                health: Health::Unavailable(e.to_string()),
                mode: "poll".into(),
                why: "not watched".into(),
                latency_ms: None,
                files_seen: 0,
                waiting: Vec::new(),
                waiting_total: 0,
                ignored: 0,
                notes: Vec::new(),
            };
            RootHandle { inner: Err(Box::new(broken)) }
        }
    }
}

impl RootHandle {
    /// Asks for a full sweep.
    pub fn rescan(&self) {
        for a in self.inner.iter().flat_map(|s| s.areas().clone()) {
            a.wanted.fetch_add(1, Ordering::SeqCst);
            a.ring();
        }
    }

    /// Forgets what was decided about a file or folder (relative path), so that it is offered again.
    pub fn retry(&self, path: &Path) {
        let Ok(shared) = &self.inner else { return };
        let areas = shared.areas().clone();
        let owner = areas.iter().filter(|a| path.starts_with(&a.prefix)).max_by_key(|a| a.prefix.as_os_str().len());
        if let Some(a) = owner {
            a.retry(path.strip_prefix(&a.prefix).map_or_else(|_| PathBuf::new(), Path::to_path_buf));
        }
    }

    /// Tells the threads to end and returns at once; a thread that hangs in the kernel is left behind.
    pub fn stop(&self) {
        if let Ok(s) = &self.inner {
            s.stop();
        }
    }

    /// The current snapshot; never blocks.
    #[must_use]
    pub fn status(&self) -> RootStatus {
        match &self.inner {
            Ok(s) => s.status(),
            Err(b) => (**b).clone(),
        }
    }

    /// How many clips are complete and being fingerprinted, on file systems that answer.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.inner.as_ref().map_or(0, |s| s.in_flight())
    }

    /// `Some(true)`: a full sweep was finished since the start (and since the last [`RootHandle::rescan`]),
    /// and nothing waits or is being fingerprinted. `Some(false)`: not yet. `None`: nobody can tell, because
    /// the root is unavailable, suspiciously empty, or hangs.
    #[must_use]
    pub fn idle(&self) -> Option<bool> {
        self.inner.as_ref().ok().and_then(|s| s.idle())
    }
}

impl Drop for RootHandle {
    fn drop(&mut self) {
        self.stop();
    }
}
