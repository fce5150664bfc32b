//! Looking again, fingerprinting, handing out.

use super::{Area, MAX_IN_FLIGHT};
use crate::model::{Error, ErrorKind, FileStat, MediaPath};
use crate::watch::look::look;
use crate::watch::settle::{Candidate, Decision, Look, same_file};
use crate::watch::{KnownFile, ReadyFile, ReadyUnit, WatchEvent};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Area {
    /// Looks again at what is due and hands it to the pool.
    pub(super) fn asks(&mut self) {
        let slice = Instant::now();
        while self.in_flight < MAX_IN_FLIGHT && slice.elapsed() < Duration::from_millis(100) && !self.shared.stopped() {
            let now = self.shared.now();
            self.state.step(now);
            let Some(c) = self.settle.next_ask(now) else { return };
            let Some(setup) = self.setup.clone() else { return };
            let (looks, lost) = match self.place.open() {
                Ok(base) if base.identity == setup.identity => {
                    (look(&base, &c, setup.lease, &mut self.no_evidence), false)
                }
                _ => (away(&c), true),
            };
            let ready_at = Instant::now();
            let decision = self.settle.answer(self.shared.now(), c, looks);
            if let Some(mut c) = self.apply(decision) {
                self.recall(&mut c);
                self.in_flight += 1;
                self.ingest.submit(&setup, c, ready_at);
            }
            if let Some(errno) = self.no_evidence {
                let io = std::io::Error::from_raw_os_error(errno);
                self.note(
                    "lease",
                    format!("whether somebody still writes a file cannot be asked here ({io}): the quiet time alone decides; give the service CAP_LEASE"),
                );
            }
            if lost {
                self.next_pulse = 0;
                return;
            }
        }
    }

    /// Takes what the pool finished.
    pub(super) fn results(&mut self) {
        while let Ok((c, ready_at, outcomes)) = self.done.try_recv() {
            self.in_flight = self.in_flight.saturating_sub(1);
            let decision = self.settle.hashed(self.shared.now(), c, outcomes);
            if let Some(c) = self.apply(decision)
                && let Some(unit) = self.unit(c, ready_at)
            {
                // a full channel is the daemon's pace, not a hung file system
                self.state.rest();
                self.say(WatchEvent::Ready(unit));
                self.state.step(self.shared.now());
            }
        }
    }

    /// Tells refusals; returns what goes on.
    fn apply(&mut self, d: Decision) -> Option<Candidate> {
        for (path, stat, error) in d.refused {
            let path = self.place.in_root(&path);
            let root = self.shared.settings.name.clone();
            let error = Error { place: crate::model::Place::default(), ..error }.at(&path);
            self.state.rest();
            self.say(WatchEvent::Refused { root, path: MediaPath::from(path), stat: Some(stat), error });
        }
        if let Some(dir) = d.list_again {
            let now = self.shared.now();
            self.mark(&dir, now);
        }
        d.go
    }

    /// Files that were offered before keep their fingerprint: from the index, or they are read again.
    fn recall(&self, c: &mut Candidate) {
        if c.members.iter().all(|m| m.check || m.fp.is_some()) {
            return;
        }
        let dir = self.place.in_root(&c.dir);
        let known: HashMap<OsString, KnownFile> =
            self.shared.known.folder(&self.shared.settings.name, &dir).into_iter().collect();
        for m in c.members.iter_mut().filter(|m| !m.check && m.fp.is_none()) {
            let hit = known.get(&*m.name).filter(|k| same_file(&k.stat, &m.stat));
            m.fp = hit.map(|k| Arc::new(k.fingerprint.clone()));
        }
    }

    fn unit(&self, c: Candidate, ready_at: Instant) -> Option<ReadyUnit> {
        let dir = self.place.in_root(&c.dir);
        let file = |m: crate::watch::settle::Member| {
            let path: PathBuf = if dir.as_os_str().is_empty() { PathBuf::from(&*m.name) } else { dir.join(&*m.name) };
            let stat: FileStat = m.stat;
            m.fp.map(|fp| ReadyFile { path: MediaPath::from(path), stat, fingerprint: (*fp).clone() })
        };
        let files: Option<Vec<ReadyFile>> = c.members.into_iter().map(file).collect();
        Some(ReadyUnit {
            root: self.shared.settings.name.clone(),
            dir: MediaPath::from(dir.as_path() as &Path),
            name: c.name,
            unit: c.unit,
            stem: c.stem,
            files: files?,
            first_frame: c.first_frame,
            gaps: c.gaps,
            ready_at,
        })
    }
}

/// The root is not there just now: everything is put off.
fn away(c: &Candidate) -> Vec<(usize, Look)> {
    let mut e = Error::new(ErrorKind::Io, "ROOT-UNAVAILABLE", "the watched folder cannot be reached");
    e.errno = Some(libc::ESTALE);
    let asked = c.members.iter().enumerate().filter(|(_, m)| m.check);
    asked.map(|(i, _)| (i, Look::Failed(e.clone()))).collect()
}
