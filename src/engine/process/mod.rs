//! The only place that starts other processes, and where a worker locks itself in.

mod guard;
mod guarded;
mod lock;
mod run;
mod stream;
mod syscalls;

pub use guard::main as guard_main;
pub use guarded::{GuardArg, GuardCall, GuardEnd, Guarded, Stream};
pub use lock::{LockReport, lock_in};
pub use run::{Call, Cancel, Ended, Finished, find, run};
pub use stream::stream;
