//! Several threads make pictures, one stream takes them in order.

use crate::model::{Error, ErrorKind};
use std::sync::{Condvar, Mutex, PoisonError};

/// The code of what only follows from another error.
pub(super) const AFTERMATH: &str = "JOB-CANCELLED";

/// Something that is used by one thread after the other, in an order that was agreed before.
#[derive(Debug)]
pub(super) struct Turns<T> {
    state: Mutex<State<T>>,
    moved: Condvar,
}

#[derive(Debug)]
struct State<T> {
    inner: T,
    next: usize,
    closed: bool,
}

impl<T> Turns<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { state: Mutex::new(State { inner, next: 0, closed: false }), moved: Condvar::new() }
    }

    /// Waits for turn `at` (each from 0 on is taken once) and uses it. When the use fails, nobody waits any more.
    ///
    /// # Errors
    /// What `use_it` says; [`AFTERMATH`] when another turn failed.
    pub(super) fn take(&self, at: usize, use_it: impl FnOnce(&mut T) -> Result<(), Error>) -> Result<(), Error> {
        let mut s = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !s.closed && s.next != at {
            s = self.moved.wait(s).unwrap_or_else(PoisonError::into_inner);
        }
        if s.closed {
            return Err(Error::new(ErrorKind::Io, AFTERMATH, "an earlier frame failed"));
        }
        let used = use_it(&mut s.inner);
        s.next = s.next.saturating_add(1);
        s.closed = used.is_err();
        drop(s);
        self.moved.notify_all();
        used
    }

    /// Nobody waits any more: something failed.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.moved.notify_all();
    }

    /// What was used, when all turns are over.
    pub(super) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).inner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_whoever_comes_first() {
        let turns = Turns::new(Vec::new());
        std::thread::scope(|s| {
            for at in (0..50).rev() {
                let turns = &turns;
                s.spawn(move || {
                    turns.take(at, |list| {
                        list.push(at);
                        Ok(())
                    })
                });
            }
        });
        assert_eq!(turns.into_inner(), (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn one_that_fails_or_is_given_up_holds_nobody() {
        let failed = || Err(Error::malformed("x"));
        let turns = Turns::new(0);
        std::thread::scope(|s| {
            let waits = s.spawn(|| turns.take(1, |_| Ok(())));
            assert_eq!(turns.take(0, |_| failed()).unwrap_err().code, "FILE-MALFORMED");
            assert_eq!(waits.join().unwrap().unwrap_err().code, "JOB-CANCELLED");
        });
        let turns = Turns::new(0);
        std::thread::scope(|s| {
            let waits = s.spawn(|| turns.take(7, |_| Ok(())));
            std::thread::sleep(std::time::Duration::from_millis(20));
            turns.close();
            assert_eq!(waits.join().unwrap().unwrap_err().code, "JOB-CANCELLED");
        });
    }
}
