//! The only place that starts other processes, and where a worker locks itself in.

mod lock;
mod run;
mod syscalls;

pub use lock::{LockReport, lock_in};
pub use run::{Call, Cancel, Ended, Finished, find, run};
