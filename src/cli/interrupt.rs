//! Ctrl-C and TERM for commands that clean up: the first is remembered, the second ends at once.

use crate::model::Error;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Remembers the first signal.
#[derive(Debug, Clone)]
pub struct Interrupt {
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Takes over SIGINT and SIGTERM for the rest of the process.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn watch() -> Result<Self, Error> {
        let fail = |e: std::io::Error| Error::io("INTERNAL", "watch for signals", &e);
        let signal = Arc::new(AtomicUsize::new(0));
        for n in [SIGINT, SIGTERM] {
            let armed = Arc::new(AtomicBool::new(false));
            // In this order: the first signal arms, the second one finds it armed and ends.
            signal_hook::flag::register_conditional_default(n, Arc::clone(&armed)).map_err(fail)?;
            signal_hook::flag::register(n, armed).map_err(fail)?;
            signal_hook::flag::register_usize(n, Arc::clone(&signal), usize::try_from(n).unwrap_or(0)).map_err(fail)?;
        }
        Ok(Self { signal })
    }

    /// The signal that came, if any.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::SeqCst)).ok().filter(|n| *n != 0)
    }
}
