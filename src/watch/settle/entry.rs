//! One file's state, and the words in which the pure rules and the outside speak.

use super::same_file;
use crate::model::{ClipUnit, Error, FileStat, Fingerprint, FrameGap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The fixed rules of one area.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Quiet time, milliseconds.
    pub quiet_ms: u64,
    /// A marker file is needed as well.
    pub needs_marker: bool,
    /// Longest text that outputs append to a file name, bytes.
    pub name_room: usize,
    /// Bytes that the output folder's path takes before the relative path of a file.
    pub path_room: usize,
}

/// A regular file in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// File name.
    pub name: OsString,
    /// Its stat.
    pub stat: FileStat,
}

/// What is known of a file that was not there at the last listing.
#[derive(Debug, Clone)]
pub enum Prior {
    /// Nothing.
    New,
    /// Offered and taken over with this stat.
    Settled,
    /// Fingerprinted with this stat, but not taken over: offered again, not hashed again.
    Hashed(Arc<Fingerprint>),
    /// Refused with this stat.
    Refused,
}

/// A clip that may be ready: to be looked at, then fingerprinted, then offered.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Counts up.
    pub id: u64,
    /// Its folder.
    pub dir: Arc<Path>,
    /// The clip's name.
    pub name: String,
    /// How it lies on disk.
    pub unit: ClipUnit,
    /// What names of outputs begin with.
    pub stem: OsString,
    /// Number of the first frame of a sequence.
    pub first_frame: Option<i64>,
    /// Missing frames.
    pub gaps: Vec<FrameGap>,
    /// More files may join it.
    pub frames: bool,
    /// Its files, in frame order.
    pub members: Vec<Member>,
}

/// One file of a [`Candidate`].
#[derive(Debug, Clone)]
pub struct Member {
    /// File name.
    pub name: Arc<OsStr>,
    /// The stat it is judged by.
    pub stat: FileStat,
    /// False for files that were offered before and did not change: not looked at again.
    pub check: bool,
    /// Its fingerprint, when it was made before.
    pub fp: Option<Arc<Fingerprint>>,
}

/// What a second look at a file found.
#[derive(Debug, Clone)]
pub enum Look {
    /// As before, and nobody writes (or that cannot be asked here).
    Same,
    /// Somebody has it open for writing.
    Writer,
    /// Another stat.
    Changed(FileStat),
    /// Not there, or no regular file any more.
    Gone,
    /// It cannot be read.
    Failed(Error),
}

/// What came out of fingerprinting a file.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The fingerprint; the file was the same before and after.
    Done(Arc<Fingerprint>),
    /// It changed or vanished meanwhile, or somebody writes.
    Disturbed,
    /// It cannot be read.
    Failed(Error),
}

/// What follows from [`super::Settle::answer`] or [`super::Settle::hashed`].
#[derive(Debug, Default)]
pub struct Decision {
    /// Goes on to the next station (fingerprinting, or out).
    pub go: Option<Candidate>,
    /// Refused now: path, stat, reason. Each is said once per stat.
    pub refused: Vec<(PathBuf, FileStat, Error)>,
    /// This folder should be listed again soon.
    pub list_again: Option<Arc<Path>>,
}

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not quiet yet, or put off.
    Waiting,
    /// In the candidate with this id, to be looked at.
    Asked(u64),
    /// In the candidate with this id, being fingerprinted.
    Busy(u64),
    /// Offered.
    Done,
    /// Refused until it changes.
    Refused,
}

/// Why a file waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    Quiet,
    Writer,
    Marker,
    Others,
    Trouble(Arc<str>),
}

#[derive(Debug)]
pub(super) struct Entry {
    pub stat: FileStat,
    /// When this stat was first seen, ms.
    pub since: u64,
    /// Not before this time, ms.
    pub next: u64,
    pub phase: Phase,
    pub why: Why,
    /// How often it was put off in a row.
    pub tries: u8,
    /// Was offered or known: its end is worth telling.
    pub offered: bool,
    /// The code under which this stat was refused.
    pub told: Option<std::borrow::Cow<'static, str>>,
    /// The refusal may pass by itself (permission, read error).
    pub may_pass: bool,
    pub fp: Option<Arc<Fingerprint>>,
    pub round: u32,
}

impl Entry {
    pub fn new(now: u64, stat: FileStat, round: u32, prior: Prior, pending: &mut usize) -> Self {
        let (phase, offered, told, fp) = match prior {
            Prior::New => (Phase::Waiting, false, None, None),
            Prior::Settled => (Phase::Done, true, None, None),
            Prior::Hashed(fp) => (Phase::Waiting, true, None, Some(fp)),
            Prior::Refused => (Phase::Refused, true, Some("REFUSED-BEFORE".into()), None),
        };
        let mut e = Self {
            stat,
            since: now,
            next: 0,
            phase: Phase::Done,
            why: Why::Quiet,
            tries: 0,
            offered,
            told,
            may_pass: false,
            fp,
            round,
        };
        e.shift(phase, pending);
        e
    }

    /// Moves to another phase and keeps count of the files that are neither offered nor refused.
    pub fn shift(&mut self, to: Phase, pending: &mut usize) {
        let open = |p: Phase| usize::from(!matches!(p, Phase::Done | Phase::Refused));
        *pending = (*pending + open(to)).saturating_sub(open(self.phase));
        self.phase = to;
    }

    /// Takes a sighting; true if there is something new to judge.
    pub fn seen(&mut self, now: u64, stat: FileStat, sweep: bool, pending: &mut usize) -> bool {
        if !same_file(&self.stat, &stat) {
            self.changed(now, stat, pending);
            return true;
        }
        self.stat = stat;
        if sweep && self.may_pass && self.phase == Phase::Refused {
            self.shift(Phase::Waiting, pending);
            return true;
        }
        false
    }

    /// It is another file now: everything begins again.
    pub fn changed(&mut self, now: u64, stat: FileStat, pending: &mut usize) {
        (self.stat, self.since, self.next, self.tries) = (stat, now, 0, 0);
        (self.told, self.may_pass, self.fp, self.why) = (None, false, None, Why::Quiet);
        self.shift(Phase::Waiting, pending);
    }

    /// Puts it off: 0.25 s, doubled up to `most` milliseconds.
    pub fn put_off(&mut self, now: u64, why: Why, most: u64, pending: &mut usize) {
        let pause = (250u64 << self.tries.min(12)).min(most);
        self.tries = self.tries.saturating_add(1);
        (self.next, self.why) = (now.saturating_add(pause), why);
        self.shift(Phase::Waiting, pending);
    }

    /// For people; `None` if it does not wait.
    pub fn why_text(&self, now: u64, quiet_ms: u64) -> Option<String> {
        match self.phase {
            Phase::Done | Phase::Refused => None,
            Phase::Asked(_) => Some("quiet; about to be looked at".into()),
            Phase::Busy(_) => Some("being fingerprinted".into()),
            Phase::Waiting => Some(match &self.why {
                Why::Quiet => {
                    let still = now.saturating_sub(self.since);
                    let tenth = |ms: u64| ms as f64 / 1000.0;
                    format!("unchanged for {:.1} s of {:.1} s", tenth(still), tenth(quiet_ms))
                }
                Why::Writer => "somebody still has it open for writing".into(),
                Why::Marker => "waits for the marker file".into(),
                Why::Others => "waits for other frames of its sequence".into(),
                Why::Trouble(text) => text.to_string(),
            }),
        }
    }
}
