//! Is the area's first folder still the one we know? Mounts that come, go and hang.
//!
//! A folder that cannot be reached, that was a mount point and is none any more, or that was replaced by an
//! empty one is *unavailable*: nothing is forgotten or told as gone, and it resumes by itself.

use super::{Area, millis, spawn};
use crate::watch::WatchMode;
use crate::watch::events::Events;
use crate::watch::ingest::Setup;
use crate::watch::mounts::{self, Kind, Mounts};
use crate::watch::place::Base;
use rustix::io::Errno;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

impl Area {
    /// Looks at the first folder and at the mount table.
    pub(super) fn pulse(&mut self) {
        let table = Mounts::read();
        let base = match self.place.open() {
            Ok(b) => b,
            Err(e) => return self.go_down(say(e)),
        };
        // a path without links: mountinfo knows no others
        let real = std::fs::canonicalize(self.place.full(Path::new("")));
        let real = real.unwrap_or_else(|_| self.place.full(Path::new("")));
        self.take_mounts(&table, &real);
        let is_mount = table.of(&real).is_some_and(|m| m.point == real);
        let known = self.setup.as_ref().map(|s| s.identity);
        if known == Some(base.identity) {
            if self.down.take().is_some() {
                self.resume(&base, &real, &table);
            }
            return;
        }
        if known.is_some() {
            if self.mounted && !is_mount {
                return self.go_down("its file system is not mounted".into());
            }
            if (self.settle.files() > 0 || !self.gone.is_empty()) && self.is_bare(&base) {
                return self.go_down("another, empty folder lies in its place".into());
            }
        }
        self.mounted = is_mount;
        self.down = None;
        self.resume(&base, &real, &table);
    }

    /// Nothing at all lies in the first folder.
    fn is_bare(&mut self, base: &Base) -> bool {
        let Ok(dir) = base.folder(Path::new("")) else { return true };
        self.reader.list(&dir, &self.shared.names, &|_| false).is_ok_and(|l| l.files.is_empty() && l.folders.is_empty())
    }

    /// Remembers the mount points below this area, and gives each its own thread.
    fn take_mounts(&mut self, table: &Mounts, real: &Path) {
        let points: HashSet<PathBuf> = table.below(real).into_iter().collect();
        if points == self.mounts {
            return;
        }
        for p in points.difference(&self.mounts.clone()) {
            // only the outermost: its own area finds what lies below it
            if !points.iter().any(|q| q != p && p.starts_with(q)) {
                self.claim(p);
            }
        }
        self.mounts = points;
    }

    /// Gives the mount point `dir` of this area its own thread.
    pub(super) fn claim(&mut self, dir: &Path) {
        let prefix = self.place.in_root(dir);
        if !spawn(&self.shared, &prefix) {
            self.note("areas", "too many mounts below this folder: some are not watched".into());
        }
        // what the mount hides is not gone
        self.drop_tree(dir, false);
    }

    /// It cannot be reached: everything waits.
    pub(super) fn go_down(&mut self, why: String) {
        self.todo.clear();
        self.dirty.clear();
        self.sweep = None;
        self.events = None;
        self.down = Some(why);
    }

    /// (Again) there: find out what kind of place it is, and sweep.
    fn resume(&mut self, base: &Base, real: &Path, table: &Mounts) {
        let (kind, fs) = mounts::kind(base.fd(), real, table);
        let s = &self.shared.settings;
        let quiet = s.quiet.unwrap_or(Duration::from_secs(if kind == Kind::Local { 10 } else { 30 }));
        self.settle.set_quiet(millis(quiet));
        self.setup = Some(Arc::new(Setup {
            place: self.place.clone(),
            identity: base.identity,
            hashes: s.hashes.clone(),
            lease: kind == Kind::Local,
        }));
        self.poll = match s.watch {
            WatchMode::Auto => kind != Kind::Local,
            WatchMode::Events => false,
            WatchMode::Poll => true,
        };
        self.why = match (s.watch, kind) {
            (WatchMode::Poll, _) => format!("{fs}; polled as configured"),
            (_, Kind::Local) => format!("{fs}, local"),
            (_, Kind::Network) => format!("{fs}: no events from other clients"),
            (_, Kind::Fuse) => format!("{fs}: no events from behind the mount"),
        };
        self.events = None;
        if !self.poll && self.no_events.is_none() {
            match Events::new(self.state.bell()) {
                Ok(e) => self.events = Some(e),
                Err(why) => self.no_events = Some(why),
            }
        }
        if let Some(why) = self.no_events.as_ref().filter(|_| !self.poll) {
            self.why = format!("{fs}; {why}");
        }
        self.todo.clear();
        self.sweep = None;
        self.next_sweep = 0;
    }

    /// Events do not work (any more): poll, beginning at once, as hints may be lost.
    pub(super) fn lose_events(&mut self, why: String) {
        self.events = None;
        self.next_sweep = 0;
        self.why = format!("{}; {why}", self.why);
        self.no_events = Some(why);
    }

    /// Time until the next full sweep, milliseconds.
    pub(super) fn interval(&self, last_ms: f64) -> u64 {
        let s = &self.shared.settings;
        let every = millis(s.scan_every).max(100);
        if self.events.is_some() {
            return every;
        }
        // polling may take a twentieth of one core at most
        let quiet = s.quiet.map_or(10_000, millis).max(2_000);
        quiet.max((last_ms * 20.0) as u64).min(every)
    }
}

fn say(e: Errno) -> String {
    let text = std::io::Error::from_raw_os_error(e.raw_os_error()).to_string();
    match e {
        Errno::NOENT | Errno::NOTDIR => "the folder does not exist".into(),
        Errno::NOTCONN => format!("the program behind the mount is gone: {text}"),
        _ => text,
    }
}
