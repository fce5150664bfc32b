//! The loop that wires everything, and the only writer of the index.
//!
//! ```text
//! watch threads ─┐                      ┌─► executor (worker processes)
//! executor ──────┼─► one bounded event ─┤
//! signals ───────┤   loop (this module) ├─► index commit (journal, sled)
//! control ───────┘                      └─► snapshot (what status shows)
//! ```
//! Nothing in the loop touches media. What can hang, hangs elsewhere.

mod accept;
mod batch;
mod beside;
mod control;
mod core;
pub mod defaults;
mod deliver;
mod kin;
mod known;
mod meant;
mod once;
pub mod orders;
mod outage;
mod outdated;
mod output;
mod queue;
mod receipts;
mod reload;
mod search;
mod signals;
mod snapshot;
mod start;

use crate::model::Error;
use std::path::PathBuf;
use std::time::Duration;

/// How the daemon is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// Do all that is ready, then end.
    pub once: bool,
    /// With `once`: how long to wait for what is still arriving; default the longest quiet time and 60 s.
    pub wait: Option<Duration>,
    /// With `once`: called with (units done, units known) for a progress display.
    pub progress: Option<Progress>,
    /// The program to start as worker; default this one.
    pub program: Option<PathBuf>,
}

/// A progress display: called a few times a second with what is done and what is known so far.
pub type Progress = fn(&ProgressNow);

/// How far a run with `--once` is.
#[derive(Debug, Clone, Default)]
pub struct ProgressNow {
    /// Files that are still arriving or settling.
    pub arriving: usize,
    /// Clips accepted so far.
    pub clips: usize,
    /// Jobs done.
    pub done: usize,
    /// Jobs known.
    pub jobs: usize,
    /// Beside these, jobs that failed for good.
    pub stopped: usize,
    /// Set once, at the end.
    pub finished: bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All good.
    Clean,
    /// `--once`: something was refused, failed, is held, quarantined or still arriving; one line each.
    Trouble(Vec<String>),
    /// Stopped by a signal, after draining.
    Signal(i32),
}

/// Runs the daemon until it is stopped, or with `once` until nothing is left to do.
///
/// # Errors
/// When it cannot start (configuration, state directory in use) or its state can no longer be kept.
pub fn run(options: &Options) -> Result<Ending, Error> {
    start::Daemon::start(options)?.run()
}
