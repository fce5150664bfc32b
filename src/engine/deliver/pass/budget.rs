//! How many bytes of pictures may be in memory at once.

use std::sync::{Condvar, Mutex, PoisonError};

/// A number of bytes that is shared out.
#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    holders: u64,
    most_used: u64,
    most_holders: u64,
    closed: bool,
}

/// A share, given back when dropped.
#[derive(Debug)]
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(total: u64) -> Self {
        Self { total, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits until `bytes` are free and takes them; `None` once [`Budget::close`] was called, or for more than there will
    /// ever be.
    pub(super) fn take(&self, bytes: u64) -> Option<Share<'_>> {
        if bytes > self.total {
            return None;
        }
        let mut s = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if s.closed {
                return None;
            }
            if s.used.saturating_add(bytes) <= self.total {
                break;
            }
            s = self.freed.wait(s).unwrap_or_else(PoisonError::into_inner);
        }
        s.used = s.used.saturating_add(bytes);
        s.holders = s.holders.saturating_add(1);
        s.most_used = s.most_used.max(s.used);
        s.most_holders = s.most_holders.max(s.holders);
        Some(Share { budget: self, bytes })
    }

    /// Nobody waits any more: something failed.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.freed.notify_all();
    }

    /// Shares held at once and their bytes, at most, so far.
    pub(super) fn most(&self) -> (u64, u64) {
        let s = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (s.most_holders, s.most_used)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut s = self.budget.state.lock().unwrap_or_else(PoisonError::into_inner);
        s.used = s.used.saturating_sub(self.bytes);
        s.holders = s.holders.saturating_sub(1);
        drop(s);
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn never_more_than_the_budget_and_all_get_their_turn() {
        let budget = Budget::new(100);
        let (now, most, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|s| {
            for n in 0..8u64 {
                let (budget, now, most, done) = (&budget, &now, &most, &done);
                s.spawn(move || {
                    for k in 0..200 {
                        let bytes = 1 + (n * 31 + k * 7) % 100;
                        let share = budget.take(bytes).unwrap();
                        most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 1600);
        assert!(most.load(Ordering::SeqCst) <= 100 && budget.most().1 <= 100);
        assert!(budget.take(101).is_none(), "more than there will ever be");
    }

    #[test]
    fn closing_ends_the_waiting() {
        let budget = Budget::new(10);
        let held = budget.take(10).unwrap();
        std::thread::scope(|s| {
            let waits = s.spawn(|| budget.take(1).is_none());
            std::thread::sleep(std::time::Duration::from_millis(20));
            budget.close();
            assert!(waits.join().unwrap());
        });
        drop(held);
    }
}
