//! Which waiting job runs next. Pure: time and capacity are passed in.

use crate::job::Priority;
use std::collections::{BTreeMap, BTreeSet};

/// A job that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The caller's number for it; the lower of two otherwise equal jobs goes first.
    pub ticket: u64,
    /// How soon.
    pub priority: Priority,
    /// Milliseconds since 1970 when it was first queued.
    pub queued_ms: i64,
    /// Not before this time, milliseconds since 1970; 0 = at once.
    pub not_before_ms: i64,
    /// The watched folder it reads from.
    pub folder: String,
}

/// The tickets to submit now, in order: by priority, then by age, at most `room`. Jobs of folders in `blocked`
/// (unavailable or hanging) stay, and so do those whose time has not come. With `per_folder` no folder has more than
/// that many of its jobs running at once (`running` counts those that do), so that a slow mount cannot take every slot.
#[must_use]
pub fn choose(
    waiting: &[Waiting],
    now_ms: i64,
    room: usize,
    blocked: &BTreeSet<String>,
    running: &BTreeMap<String, usize>,
    per_folder: Option<usize>,
) -> Vec<u64> {
    let mut ready: Vec<&Waiting> =
        waiting.iter().filter(|w| w.not_before_ms <= now_ms && !blocked.contains(&w.folder)).collect();
    ready.sort_by_key(|w| (w.priority, w.queued_ms, w.ticket));
    let mut used = running.clone();
    let mut chosen = Vec::new();
    for w in ready {
        if chosen.len() >= room {
            break;
        }
        let mine = used.entry(w.folder.clone()).or_default();
        if per_folder.is_some_and(|most| *mine >= most) {
            continue;
        }
        *mine = mine.saturating_add(1);
        chosen.push(w.ticket);
    }
    chosen
}

/// When to look again: the earliest time at which a job that waits for a time becomes ready.
#[must_use]
pub fn next_time(waiting: &[Waiting], now_ms: i64) -> Option<i64> {
    waiting.iter().map(|w| w.not_before_ms).filter(|t| *t > now_ms).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn w(ticket: u64, priority: Priority, queued_ms: i64, not_before_ms: i64, folder: &str) -> Waiting {
        Waiting { ticket, priority, queued_ms, not_before_ms, folder: folder.into() }
    }

    #[test]
    fn priority_then_age() {
        use Priority::{Idle, Normal, Urgent};
        let all = [
            w(1, Idle, 0, 0, "a"),
            w(2, Normal, 50, 0, "a"),
            w(3, Normal, 40, 0, "b"),
            w(4, Urgent, 90, 0, "a"),
            w(5, Urgent, 10, 2000, "a"),
            w(6, Urgent, 10, 0, "gone"),
        ];
        let blocked = BTreeSet::from(["gone".to_owned()]);
        let none = BTreeMap::new();
        assert_eq!(choose(&all, 1000, 9, &blocked, &none, None), [4, 3, 2, 1]);
        assert_eq!(choose(&all, 1000, 2, &blocked, &none, None), [4, 3]);
        assert_eq!(choose(&all, 2000, 1, &blocked, &none, None), [5]);
        assert_eq!(choose(&all, 1000, 9, &blocked, &none, Some(1)), [4, 3]);
        let busy = BTreeMap::from([("a".to_owned(), 1)]);
        assert_eq!(choose(&all, 1000, 9, &blocked, &busy, Some(1)), [3]);
        assert_eq!(next_time(&all, 1000), Some(2000));
        assert_eq!(next_time(&all, 2000), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(
            jobs in proptest::collection::vec((0u8..5, 0i64..5, 0i64..3, 0u8..3), 0..40), room in 0usize..50,
        ) {
            let levels = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low, Priority::Idle];
            let mut left: Vec<Waiting> = jobs.iter().enumerate().map(|(i, (p, q, n, f))| {
                w(i as u64, levels[usize::from(*p)], *q, *n, &f.to_string())
            }).collect();
            let mut done = BTreeSet::new();
            while !left.is_empty() {
                let chosen = choose(&left, 3, room.max(1), &BTreeSet::new(), &BTreeMap::new(), None);
                prop_assert!(!chosen.is_empty() && chosen.len() <= room.max(1));
                for t in &chosen {
                    prop_assert!(done.insert(*t));
                }
                left.retain(|j| !chosen.contains(&j.ticket));
            }
            prop_assert_eq!(done.len(), jobs.len());
        }
    }
}
