//! A new configuration, all or nothing; and the rebuild of the index.

use crate::config::Config;
use crate::control::{Done, Response};
use crate::daemon::core::{Core, now_ms};
use crate::daemon::snapshot::reloaded;
use crate::daemon::start::load;
use crate::model::{Error, ErrorKind};
use crate::telemetry::{events, notify};
use std::sync::Arc;
use std::time::Duration;

/// How long a reload may take.
const LONGEST_LOAD: Duration = Duration::from_secs(8);

impl Core {
    /// After HUP: a bad file keeps the old configuration, and the log says why.
    pub fn reload(&mut self) {
        notify::reloading();
        if let Err(e) = self.try_reload() {
            events::config_refused(self.options.config.display(), &e);
        }
        notify::ready();
    }

    /// Loads and applies; says what changed.
    pub fn try_reload(&mut self) -> Result<String, Error> {
        let new = match self.load_aside() {
            Ok(c) => c,
            Err(e) => {
                self.last_reload = Some(reloaded(now_ms(), false, e.to_string()));
                return Err(e);
            }
        };
        let changes = crate::config::differences(&self.config, &new);
        let old = std::mem::replace(&mut self.config, Arc::new(new));
        let config = self.config.clone();
        for f in &old.folders {
            if config.folder(&f.name).is_none_or(|n| !f.same_watch(n))
                && let Some(gone) = self.folders.remove(&f.name)
            {
                gone.stop();
                // its watch begins anew and offers again what is not in the index
                self.watch.remove(&f.name);
                self.pending.retain(|p| p.unit.root != f.name);
            }
        }
        self.reachable.retain(|name, _| config.folder(name).is_some());
        self.blocked.clear();
        self.point_jobs();
        self.sides.retain(|p, _| config.folders.iter().any(|f| *p == f.output || *p == f.receipts_dir()));
        for f in &config.folders {
            if !self.folders.contains_key(&f.name) {
                self.start_folder(f);
            }
        }
        self.begin_survey();
        // packs may have changed
        self.reconsider_held();
        let message = if changes.is_empty() {
            "nothing changed".to_owned()
        } else {
            changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        events::config_reloaded(self.options.config.display(), &config.hash, &message);
        self.last_reload = Some(reloaded(now_ms(), true, message.clone()));
        Ok(message)
    }

    /// Loads on another thread: a configuration is checked against its folders, and one of them may hang.
    fn load_aside(&self) -> Result<Config, Error> {
        let (tell, told) = crossbeam_channel::bounded(1);
        let options = self.options.clone();
        let started = std::thread::Builder::new().name("rushes-reload".into()).spawn(move || {
            let _ = tell.send(load(&options)); // nobody waits for an answer that comes too late
        });
        started.map_err(|e| Error::io("INTERNAL", "start a thread", &e))?;
        told.recv_timeout(LONGEST_LOAD).unwrap_or_else(|_| {
            let what = "the file system of the configuration or of one of its folders does not answer";
            Err(Error::new(ErrorKind::Io, "ROOT-UNAVAILABLE", what).fix("see `rushes status`, then reload again"))
        })
    }

    /// After USR1: the state, to the log.
    pub fn log_state(&mut self) {
        self.publish_snapshot(true);
        let s = self.shared.get();
        let jobs = format!(
            "{} clips, {} jobs done, {} to do, {} held, {} refused",
            s.index.clips,
            s.jobs.done,
            s.jobs.queued + s.jobs.running + s.jobs.waiting,
            s.jobs.held,
            s.quarantine.total
        );
        events::state_line("daemon", &jobs);
        for f in &s.folders {
            let text =
                format!("{} by {} ({}), {} files, {} arriving", f.health, f.mode, f.why, f.files, f.waiting_total);
            events::state_line(&f.name, &text);
            for w in f.waiting.iter().take(10) {
                events::state_line(&f.name, format!("{} is arriving: {}", w.path, w.why));
            }
        }
        for r in &s.running {
            events::state_line(&r.folder, format!("{} of {} runs for {} ms", r.doing, r.path, r.for_ms));
        }
    }

    /// Forgets the index (the journal stays) and lets every folder be read anew. Deliverables that the
    /// journal, the receipts and the outputs prove done are not made again.
    pub fn rebuild(&mut self) -> Response {
        if let Err(e) = self.commit() {
            return Response::Error(e);
        }
        self.stop_folders();
        let cleared = notify::alive_during(|| self.index.clear_derived(now_ms()));
        // in any case: the folders were stopped
        self.read_everything_anew();
        match cleared {
            Ok(aside) => events::index_renewed(aside.display()),
            Err(e) => return Response::Error(e),
        }
        Response::Done(Done {
            message: "the index is being made again from media, receipts and outputs; `rushes status` shows how far"
                .into(),
            changed: self.config.folders.iter().map(|f| f.name.clone()).collect(),
        })
    }
    fn stop_folders(&mut self) {
        for f in self.folders.values() {
            f.stop();
        }
        self.folders.clear();
        self.watch.clear();
        self.pending.clear();
    }

    /// After the index went aside: every folder from its beginning, as at a start.
    pub fn read_everything_anew(&mut self) {
        self.stop_folders();
        self.queue = crate::daemon::queue::Queue::default();
        self.requeue_unfinished();
        self.reconsider_held();
        for f in self.config.folders.clone() {
            self.start_folder(&f);
        }
    }
}
