//! Where steps run: worker processes of this same program.

pub mod job_file;
pub mod local;
pub mod many;
mod pictures;
pub mod worker;

use crate::engine::deliver::{JobFile, StepResult};
use std::time::Duration;

pub use crate::engine::process::Cancel;
pub use local::{LocalExecutor, LocalSettings, sweep};

/// A place where steps run. It never blocks its caller; what happens to a step comes back as
/// [`ExecEvent`]s on the channel given to it when it was made: exactly one `Finished` per accepted ticket.
pub trait Executor: Send {
    /// Its name in rules and status (`local`).
    fn name(&self) -> &str;

    /// How many steps it runs at once.
    fn capacity(&self) -> usize;

    /// Starts a step under the caller's own number.
    ///
    /// # Errors
    /// Gives the job back when there is no room.
    fn submit(&mut self, ticket: u64, job: JobFile) -> Result<(), Box<JobFile>>;

    /// Stops a step; it finishes with `JOB-CANCELLED` unless it was already done.
    fn cancel(&mut self, ticket: u64);

    /// Steps that run now.
    fn running(&self) -> usize;

    /// Says whether other jobs wait for a place: then a running one takes no further places for itself.
    fn others_wait(&mut self, _wait: bool) {}

    /// Accepts nothing more, waits up to `grace` for running steps, then cancels the rest.
    fn stop(&mut self, grace: Duration);
}

/// What an executor reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ExecEvent {
    /// A worker process is about to start.
    Started {
        /// The caller's number.
        ticket: u64,
        /// Time since `submit`.
        latency: Duration,
    },
    /// A place that a job had beside its own is free again.
    Room,
    /// A step ended, one way or another.
    Finished {
        /// The caller's number.
        ticket: u64,
        /// How.
        result: Box<StepResult>,
    },
}
