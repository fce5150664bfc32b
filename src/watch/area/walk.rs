//! Listing folders: sweeps, new trees and hints.

use super::{Area, Reason};
use crate::model::{Error, ErrorKind, FileStat, MediaPath};
use crate::watch::events::NoWatch;
use crate::watch::look::{is_roots_fault, unreadable};
use crate::watch::scan::{Listing, MAX_DEPTH};
use crate::watch::settle::{Prior, same_file};
use crate::watch::{KnownFile, WatchEvent};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Longest relative path of a folder that is entered, bytes: with a file name it must stay below 4096.
const MAX_FOLDER: usize = 3_800;
/// Most folders of which it is remembered that they were refused.
const MAX_TOLD: usize = 10_000;

impl Area {
    /// Turns hints into folders to list.
    pub(super) fn hints(&mut self) {
        let Some(hints) = self.events.as_ref().map(super::Events::take) else { return };
        let now = self.shared.now();
        if hints.all {
            self.next_sweep = 0;
        }
        let first = self.place.full(Path::new(""));
        let here = |p: &Path| p.strip_prefix(&first).ok().map(Path::to_path_buf);
        for dir in hints.folders.iter().filter_map(|p| here(p)) {
            self.mark(&dir, now);
        }
        // a folder that was renamed or made anew under its old name has lost its watch: listing renews it
        for dir in hints.moved.iter().filter_map(|p| here(p)) {
            if self.dirs.contains_key(&dir) {
                self.mark(&dir, now);
            }
        }
    }

    /// Lists one folder and keeps the books of the sweep.
    pub(super) fn list(&mut self, dir: &Path, reason: Reason) {
        let begun = Instant::now();
        let children = self.list_one(dir, reason, begun).unwrap_or_default();
        if reason == Reason::Sweep
            && let Some(s) = &mut self.sweep
        {
            s.left = s.left.saturating_add(children).saturating_sub(1);
            if s.left == 0 {
                self.sweep_ended();
            }
        }
    }

    /// Returns how many folders of the same sweep follow; `None` if it could not be listed.
    fn list_one(&mut self, dir: &Path, reason: Reason, begun: Instant) -> Option<usize> {
        if self.mounts.contains(dir) {
            self.claim(dir);
            return None;
        }
        if dir.as_os_str().len() > MAX_FOLDER || dir.components().count() > MAX_DEPTH {
            self.refuse_folder(dir);
            return None;
        }
        self.watch(dir);
        let opened = self.place.open();
        let base = match opened {
            Ok(b) if self.setup.as_ref().is_some_and(|s| s.identity == b.identity) => b,
            // another folder lies there now: the pulse decides
            _ => {
                self.next_pulse = 0;
                self.todo.clear();
                self.sweep = None;
                self.next_sweep = 0;
                return None;
            }
        };
        let listed = base.folder(dir).and_then(|fd| {
            let (mounts, names) = (&self.mounts, &self.shared.names);
            let is_mount = |n: &OsStr| !mounts.is_empty() && mounts.contains(&dir.join(n));
            self.reader.list(&fd, names, &is_mount)
        });
        match listed {
            Ok(listing) => Some(self.take_listing(dir, listing, reason, begun)),
            Err(e) => {
                self.not_listed(dir, e);
                None
            }
        }
    }

    /// Sets the watch; this comes before reading, so that nothing falls between.
    fn watch(&mut self, dir: &Path) {
        let path = self.place.full(dir);
        match self.events.as_mut().map(|e| e.watch(&path)) {
            None | Some(Ok(()) | Err(NoWatch::Gone)) => {}
            Some(Err(NoWatch::Limit(why) | NoWatch::Other(why))) => self.lose_events(why),
        }
    }

    fn take_listing(&mut self, dir: &Path, l: Listing, reason: Reason, begun: Instant) -> usize {
        if let Some(s) = self.sweep.as_mut().filter(|_| reason == Reason::Sweep) {
            s.ignored = s.ignored.saturating_add(l.ignored);
        }
        let bare = l.files.is_empty() && l.folders.is_empty();
        let first_time = !self.dirs.contains_key(dir);
        self.take_files(dir, l, reason, first_time, bare)
            .map_or(0, |folders| self.take_folders(dir, folders, reason, begun))
    }

    /// Hands the files to the rules; returns the folders.
    fn take_files(
        &mut self,
        dir: &Path,
        l: Listing,
        reason: Reason,
        first_time: bool,
        bare: bool,
    ) -> Option<Vec<OsString>> {
        let name = self.shared.settings.name.clone();
        let mut known: HashMap<OsString, KnownFile> = HashMap::new();
        if first_time {
            known = self.shared.known.folder(&name, &self.place.in_root(dir)).into_iter().collect();
        }
        if !known.is_empty() && !bare {
            // an empty folder says nothing about what the index knows: it may be a mount point
            let here: std::collections::HashSet<&OsStr> = l.files.iter().map(|f| f.name.as_os_str()).collect();
            let lost = known.iter().filter(|(n, _)| !here.contains(n.as_os_str()));
            self.gone.extend(lost.map(|(n, k)| (dir.join(n), k.stat)));
        }
        let (gone, shared, place) = (&mut self.gone, &self.shared, &self.place);
        let mut prior = |file: &OsStr, stat: &FileStat| {
            let path = dir.join(file);
            if gone.remove(&path).is_some_and(|was| same_file(&was, stat)) {
                return Prior::Settled;
            }
            match known.remove(file) {
                Some(k) if same_file(&k.stat, stat) && k.settled => return Prior::Settled,
                Some(k) if same_file(&k.stat, stat) => return Prior::Hashed(Arc::new(k.fingerprint)),
                _ => {}
            }
            match shared.known.refused(&name, &place.in_root(&path)) {
                Some(was) if same_file(&was, stat) => Prior::Refused,
                _ => Prior::New,
            }
        };
        let now = shared.now();
        let sweep = reason == Reason::Sweep;
        let lost = self.settle.listing(now, dir, l.files, l.marker, sweep, &mut prior);
        self.gone.extend(lost.into_iter().map(|(n, stat)| (dir.join(n), stat)));
        Some(l.folders)
    }

    /// Compares the folders with the last list: drops those that are gone, lists those that are new.
    fn take_folders(&mut self, dir: &Path, folders: Vec<OsString>, reason: Reason, begun: Instant) -> usize {
        let before = self.dirs.get_mut(dir).map(|d| std::mem::take(&mut d.children)).unwrap_or_default();
        for old in before.iter().filter(|c| folders.binary_search(c).is_err()) {
            self.drop_tree(&dir.join(old), true);
        }
        let mut follow = 0;
        for child in &folders {
            let path = dir.join(child);
            let is_new = before.binary_search(child).is_err();
            if self.shared.is_area(&self.place.in_root(&path)) {
                continue;
            }
            match reason {
                Reason::Sweep => {
                    follow += 1;
                    self.todo.push((path, Reason::Sweep));
                }
                Reason::New => self.todo.push((path, Reason::New)),
                Reason::Hint if is_new => self.todo.push((path, Reason::New)),
                Reason::Hint => {}
            }
        }
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let pause = took.saturating_mul(10).clamp(50, 2_000);
        let next = self.shared.now().saturating_add(pause);
        self.notes.remove(&key(dir));
        let entry = self.dirs.entry(dir.to_path_buf()).or_default();
        (entry.children, entry.next) = (folders, next);
        follow
    }

    /// A folder and everything below it is no longer there; `told`: its files are gone.
    pub(super) fn drop_tree(&mut self, dir: &Path, told: bool) {
        let mut stack = vec![dir.to_path_buf()];
        while let Some(d) = stack.pop() {
            if self.shared.is_area(&self.place.in_root(&d)) && d != dir {
                continue;
            }
            if let Some(state) = self.dirs.remove(&d) {
                stack.extend(state.children.iter().map(|c| d.join(c)));
            }
            self.dirty.remove(&d);
            let lost = self.settle.folder_gone(&d);
            if told {
                self.gone.extend(lost);
            }
        }
    }

    /// A folder cannot be listed: what is known of it stays, unless it is truly gone.
    fn not_listed(&mut self, dir: &Path, e: Errno) {
        let first = dir.as_os_str().is_empty();
        match e {
            Errno::XDEV => self.claim(dir),
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP if !first => {
                self.drop_tree(dir, true);
                if let Some(p) = dir.parent() {
                    let now = self.shared.now();
                    if let Some(d) = self.dirs.get_mut(p) {
                        d.children.retain(|c| Some(c.as_os_str()) != dir.file_name());
                    }
                    self.mark(p, now);
                }
            }
            e if is_roots_fault(e) || first => {
                let io = std::io::Error::from_raw_os_error(e.raw_os_error());
                self.go_down(format!("it cannot be listed: {io}"));
            }
            e => {
                let path = self.place.in_root(dir);
                let text = unreadable(&path, "list the folder", e).to_string();
                self.note(&key(dir), text);
                // permissions and disks may be mended; the sweep comes by as well
                let later = self.shared.now().saturating_add(5_000);
                self.dirty.insert(dir.to_path_buf(), later);
            }
        }
    }

    fn refuse_folder(&mut self, dir: &Path) {
        if self.told_folders.len() >= MAX_TOLD || !self.told_folders.insert(dir.to_path_buf()) {
            return;
        }
        let path = self.place.in_root(dir);
        let error = Error::new(
            ErrorKind::Limit,
            "FILE-NAME-TOO-LONG",
            format!(
                "the folder lies too deep (at most {MAX_DEPTH} folders and {MAX_FOLDER} bytes); nothing in it is taken"
            ),
        )
        .at(&path)
        .fix("move it further up");
        let root = self.shared.settings.name.clone();
        self.say(WatchEvent::Refused { root, path: MediaPath::from(path), stat: None, error });
    }

    fn sweep_ended(&mut self) {
        let Some(s) = self.sweep.take() else { return };
        let ms = s.started.elapsed().as_secs_f64() * 1000.0;
        self.latency_ms = Some(ms);
        self.ignored = s.ignored;
        self.sweeps = self.sweeps.saturating_add(1);
        self.wanted_done = s.wanted;
        let now = self.shared.now();
        self.next_sweep = now.saturating_add(self.interval(ms));
        if self.sweeps == 1 {
            self.lost_while_away();
        }
        self.suspect_emptied(now);
        if self.state.prefix.as_os_str().is_empty() {
            let root = self.shared.settings.name.clone();
            let waiting = self.settle.pending();
            self.shared.try_emit(WatchEvent::Swept { root, sweep: self.sweeps, waiting });
        }
    }

    /// Whole folders that the index knows and that vanished while nobody watched. A folder that is there and cannot
    /// be listed, or lies below an empty one (a mount point, perhaps), proves nothing.
    fn lost_while_away(&mut self) {
        let name = self.shared.settings.name.clone();
        let prefix = self.state.prefix.clone();
        for known in self.shared.known.folders(&name) {
            let Ok(dir) = known.strip_prefix(&prefix) else { continue };
            let elsewhere = |a: &Path| a != prefix && a.starts_with(&prefix) && self.shared.is_area(a);
            if self.dirs.contains_key(dir) || known.ancestors().any(elsewhere) {
                continue;
            }
            let mut below = dir;
            let is_lost = loop {
                let Some(parent) = below.parent() else { break false };
                if let Some(d) = self.dirs.get(parent) {
                    let bare = d.children.is_empty() && !self.settle.knows(parent);
                    let listed = below.file_name().is_some_and(|n| d.children.iter().any(|c| c == n));
                    break !bare && !listed;
                }
                below = parent;
            };
            if is_lost {
                let files = self.shared.known.folder(&name, &known);
                self.gone.extend(files.into_iter().map(|(n, k)| (dir.join(n), k.stat)));
            }
        }
    }

    /// Everything vanished at once: believed only when a sweep after `scan_every` agrees.
    fn suspect_emptied(&mut self, now: u64) {
        if self.settle.files() > 0 || self.gone.is_empty() {
            self.emptied = None;
            return;
        }
        let every = super::millis(self.shared.settings.scan_every);
        match self.emptied {
            None => self.emptied = Some(now),
            Some(since) if now.saturating_sub(since) >= every => {
                self.emptied = None;
                self.send_gone();
            }
            Some(_) => {}
        }
        if self.emptied.is_some() {
            self.next_sweep = self.next_sweep.min(now.saturating_add(every));
        }
    }

    /// Tells what vanished, once nothing is being listed, unless everything did.
    pub(super) fn tell_gone(&mut self) {
        if self.gone.is_empty() || !self.todo.is_empty() || self.sweep.is_some() || !self.dirty.is_empty() {
            return;
        }
        if self.settle.files() > 0 {
            self.emptied = None;
            self.send_gone();
        } else if self.emptied.is_none() {
            self.emptied = Some(self.shared.now());
            self.next_sweep = 0;
        }
    }

    fn send_gone(&mut self) {
        let paths: Vec<MediaPath> = self.gone.keys().map(|p| MediaPath::from(self.place.in_root(p))).collect();
        self.gone.clear();
        let root = self.shared.settings.name.clone();
        self.say(WatchEvent::Gone { root, paths });
    }
}

fn key(dir: &Path) -> String {
    format!("dir:{}", MediaPath::from(dir).to_text())
}
