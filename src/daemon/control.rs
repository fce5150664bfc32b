//! Requests from the control socket: reads are answered from the snapshot or the index, changes by the loop.

use crate::control::{Done, Handler, JobLine, JobsPage, Peer, Request, Response, state_word};
use crate::daemon::core::{Call, Core, now_ms};
use crate::daemon::deliver::{is_refusal, lost_its_look};
use crate::daemon::meant::{ambiguous, describe, nothing_to_do, unknown};
use crate::daemon::search::Searches;
use crate::daemon::snapshot::Shared;
use crate::index::{Index, JournalEntry, QuarantineRecord, Waiver};
use crate::job::{Job, JobState};
use crate::model::{ClipId, Error, ErrorKind};
use crate::telemetry::events;
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Answers on the control server's threads.
pub(super) struct Desk {
    pub shared: Arc<Shared>,
    pub index: Index,
    pub calls: Sender<Call>,
    pub searches: Searches,
}

impl Handler for Desk {
    fn handle(&self, who: &Peer, request: Request) -> Response {
        match request {
            Request::Status => Response::Status(Box::new((*self.shared.get()).clone())),
            Request::Jobs { state, limit } => jobs_page(&self.index, state.as_deref(), limit),
            Request::Search(r) => self.searches.search(&self.index, &self.shared, &r),
            Request::SearchMore { next, fields } => self.searches.more(&self.index, &self.shared, next, &fields),
            change => self.pass_on(who, change),
        }
    }
}

/// How long a request may wait for the loop.
const PATIENCE: Duration = Duration::from_secs(10);

impl Desk {
    fn pass_on(&self, who: &Peer, request: Request) -> Response {
        let (reply, answer) = crossbeam_channel::bounded(1);
        let busy = || {
            let e = Error::new(
                ErrorKind::Io,
                "DAEMON-UNREACHABLE",
                "the daemon is busy and did not take the request in time",
            );
            Response::Error(e.fix("look at `rushes status`, then try again"))
        };
        let until = Instant::now() + PATIENCE;
        let call = Call { who: who.who.clone(), request, until, reply };
        if self.calls.send_timeout(call, PATIENCE).is_err() {
            return busy();
        }
        // longer than the call may wait: what was begun is waited for
        answer.recv_timeout(PATIENCE * 3).unwrap_or_else(|_| busy())
    }
}

/// Jobs in one answer, at most.
const MOST_LISTED: u32 = 10_000;

fn jobs_page(index: &Index, state: Option<&str>, limit: Option<u32>) -> Response {
    let most = limit.unwrap_or(100).min(MOST_LISTED) as usize;
    let (mut total, mut newest) = (0u64, BTreeMap::new());
    for j in index.every_job().filter(|j| state.is_none_or(|s| state_word(&j.state) == s)) {
        total += 1;
        newest.insert((std::cmp::Reverse(j.queued_ms), j.id.clone()), j);
        if newest.len() > most {
            newest.pop_last();
        }
    }
    Response::Jobs(JobsPage { total, jobs: newest.values().map(JobLine::from).collect() })
}

impl Core {
    /// Carries out a change and answers.
    pub fn called(&mut self, call: Call) {
        if call.until < Instant::now() {
            return;
        }
        let response = match &call.request {
            Request::Retry { what } => self.retry(&call.who, what),
            Request::Cancel { what } => self.cancel(&call.who, what),
            Request::Waive { code, clip, why } => self.waive(&call.who, code, clip, why),
            Request::Rebuild => self.rebuild(),
            Request::Rescan { folder } => self.rescan(folder.as_deref()),
            Request::Reload => match self.try_reload() {
                Ok(message) => done(message, Vec::new()),
                Err(e) => Response::Error(e),
            },
            Request::Status | Request::Jobs { .. } | Request::Search(_) | Request::SearchMore { .. } => {
                Response::Status(Box::new((*self.shared.get()).clone()))
            }
        };
        // the answer says "done" only when it is on disk
        let response = match self.commit() {
            Ok(()) if self.dropped => {
                let what = "the daemon stops, and its state could not be written: nothing was changed";
                Response::Error(Error::new(ErrorKind::Io, "STATE-FAILED", what).fix("try again after its next start"))
            }
            Ok(()) => response,
            Err(e) => Response::Error(e),
        };
        match &response {
            Response::Error(e) => {
                events::control_refused(&call.who, call.request.name(), call.request.subject(), &e.code, e);
            }
            Response::Done(d) => {
                events::control_action(&call.who, call.request.name(), call.request.subject(), &d.message);
            }
            _ => {}
        }
        let _ = call.reply.send_timeout(response, Duration::from_secs(1));
    }

    fn retry(&mut self, who: &str, what: &str) -> Response {
        if what == "outdated" {
            let changed = self.renew_outdated();
            return done(format!("{} clips are read again", changed.len()), changed);
        }
        let mut changed = Vec::new();
        let (root, meant) = &self.below_a_root(what);
        let is_there = |q: &QuarantineRecord| q.path.to_text() == *meant && root.as_ref().is_none_or(|r| *r == q.root);
        let is_meant =
            |q: &QuarantineRecord| what == "quarantine" || is_there(q) || (!q.content.is_empty() && q.content == what);
        let refused: Vec<QuarantineRecord> = self.index.quarantine().into_iter().filter(is_meant).collect();
        changed.extend(refused.iter().map(|q| q.path.to_text()));
        self.forget_quarantine(&refused);
        let is_refused = |j: &Job| matches!(j.state, JobState::Quarantined { .. });
        let jobs = match self.jobs_meant(what) {
            _ if what == "quarantine" => self.index.every_job().filter(is_refused).collect(),
            Ok(list) => list,
            Err(said) if changed.is_empty() => return said,
            Err(_) => Vec::new(),
        };
        let known = !jobs.is_empty();
        for mut j in jobs {
            if matches!(j.state, JobState::Quarantined { .. } | JobState::Cancelled { .. } | JobState::Waiting { .. }) {
                changed.push(format!("{} of {}", j.recipe_name, j.path));
                if is_refusal(&j) || lost_its_look(&j) {
                    // nothing that could be run as it is: the clip's rules are asked again
                    if let Some(clip) = self.clip(&j.clip) {
                        self.drop_job(j);
                        self.reconsider(&clip.id);
                    }
                    continue;
                }
                j.tries = 0;
                j.state = JobState::Queued;
                self.batch.journal(JournalEntry::Try { key: j.id.to_string(), n: 0 });
                self.keep_job(j);
            }
        }
        if changed.is_empty() && what != "quarantine" {
            return if known { nothing_to_do(what, "retry") } else { unknown(what) };
        }
        self.batch.journal(JournalEntry::Retried { what: what.to_owned(), who: who.to_owned(), ms: now_ms() });
        done(format!("{} tried again", changed.len()), changed)
    }

    fn cancel(&mut self, who: &str, what: &str) -> Response {
        let mut changed = Vec::new();
        let jobs = match self.jobs_meant(what) {
            Ok(list) => list,
            Err(said) => return said,
        };
        let known = !jobs.is_empty();
        for mut j in jobs {
            if matches!(j.state, JobState::Done { .. } | JobState::Quarantined { .. } | JobState::Cancelled { .. }) {
                continue;
            }
            self.stop_steps_of(&j.id);
            j.state = JobState::Cancelled { who: who.to_owned() };
            self.batch.journal(JournalEntry::Cancelled { job: j.id.clone(), who: who.to_owned(), ms: now_ms() });
            changed.push(format!("{} of {}", j.recipe_name, j.path));
            self.keep_job(j);
        }
        if changed.is_empty() && known {
            return nothing_to_do(what, "cancel");
        }
        if changed.is_empty() { unknown(what) } else { done(format!("{} cancelled", changed.len()), changed) }
    }

    fn waive(&mut self, who: &str, code: &str, what: &str, why: &str) -> Response {
        let (root, what) = &self.below_a_root(what);
        let clips = self.index.find_clips(what, root.as_deref());
        let clip = match clips.as_slice() {
            [] => return unknown(what),
            [one] => one.clone(),
            many => return ambiguous(what, &many.iter().map(describe).collect::<Vec<_>>()),
        };
        let Some(check) = clip.doc.checks.iter().find(|c| c.code == code) else {
            let e = Error::new(
                ErrorKind::Malformed,
                "REQUEST-INVALID",
                format!("{code} did not speak about {}", clip.doc.clip.name),
            );
            return Response::Error(e.fix("`rushes status` lists what holds a clip"));
        };
        if !check.overridable {
            let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", format!("{code} may not be waived"));
            return Response::Error(e.fix(check.message.clone()));
        }
        if why.trim().is_empty() {
            let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", "a waiver needs a reason");
            return Response::Error(e.fix("say why with --why"));
        }
        let waiver = Waiver {
            code: code.to_owned(),
            clip: clip.id.clone(),
            who: who.to_owned(),
            when_ms: now_ms(),
            why: why.to_owned(),
        };
        self.batch.journal(JournalEntry::Waived(waiver.clone()));
        self.batch.put_waiver(waiver);
        let name = clip.doc.clip.name.clone();
        if let Err(e) = self.commit() {
            return Response::Error(e);
        }
        self.reconsider(&clip.id);
        done(format!("{code} is waived for {name}"), vec![name])
    }

    /// Has a clip read again at each of its places, so that guardrails and rules speak anew.
    pub fn reconsider(&mut self, clip: &ClipId) {
        if self.reconsidered.insert(clip.clone()) {
            self.reconsider_due.push_back(clip.clone());
        }
    }

    /// What is held is asked again: a waiver may have come just before an end, or the packs have changed.
    pub fn reconsider_held(&mut self) {
        let held = |j: &&Job| matches!(j.state, JobState::Held { .. });
        let clips: Vec<ClipId> = self.queue.all().filter(held).map(|j| j.clip.clone()).collect();
        clips.iter().for_each(|id| self.reconsider(id));
    }

    /// Takes up some of the clips that are to be read again, as far as there is room.
    pub fn reconsider_some(&mut self) {
        for _ in 0..8 {
            if !self.may_read_again() {
                return;
            }
            let Some(id) = self.reconsider_due.pop_front() else { return };
            self.reconsidered.remove(&id);
            let Some(clip) = self.clip(&id) else { continue };
            for at in &clip.locations {
                if let Some(unit) = self.unit_at(&clip, at) {
                    self.ready_again(unit);
                }
            }
        }
    }

    fn rescan(&mut self, folder: Option<&str>) -> Response {
        let names: Vec<String> =
            self.folders.keys().filter(|n| folder.is_none_or(|f| f == n.as_str())).cloned().collect();
        if names.is_empty() {
            return unknown(folder.unwrap_or(""));
        }
        for n in &names {
            if let Some(f) = self.folders.get(n) {
                f.rescan();
            }
        }
        done(format!("sweeping {}", names.join(", ")), names)
    }
}

/// A waiver as the rules want it.
pub(super) fn for_rules(w: &Waiver) -> crate::rules::guardrails::Waiver {
    let when = jiff::Timestamp::from_millisecond(w.when_ms).map_or_else(|_| w.when_ms.to_string(), |t| t.to_string());
    crate::rules::guardrails::Waiver {
        code: w.code.clone(),
        note: crate::model::WaiverNote { who: w.who.clone(), when, why: w.why.clone() },
    }
}

fn done(message: String, changed: Vec<String>) -> Response {
    Response::Done(Done { message, changed })
}
