//! The legal moves of a job.

use crate::job::JobState;

/// Whether a job may go from one state to another. Everything else is a fault in the caller.
///
/// | from \ to | queued | running | waiting | held | done | quarantined | cancelled |
/// | --- | --- | --- | --- | --- | --- | --- | --- |
/// | queued | | starts | surroundings fail first | a guardrail speaks | outputs found whole | | by a person |
/// | running | daemon died, or preempted | | failed, tried again | | made | failed for good | by a person |
/// | waiting | its time came, or `retry` | | still failing | a guardrail speaks | | its clip's tries are used up | by a person |
/// | held | waived | | | other codes | | | by a person |
/// | done | `retry --outdated`, or outputs gone | | | | | | |
/// | quarantined | `retry`, or the clip changed | | | | | | by a person |
/// | cancelled | `retry` | | | | | cannot be made of the clip | |
#[must_use]
pub fn is_legal(from: &JobState, to: &JobState) -> bool {
    use JobState::{Cancelled, Done, Held, Quarantined, Queued, Running, Waiting};
    match (from, to) {
        (Queued, Running | Waiting { .. } | Held { .. } | Done { .. } | Cancelled { .. })
        | (Running, Queued | Waiting { .. } | Done { .. } | Quarantined { .. } | Cancelled { .. })
        | (Waiting { .. }, Queued | Waiting { .. } | Held { .. } | Quarantined { .. } | Cancelled { .. })
        | (Held { .. }, Queued | Held { .. } | Cancelled { .. })
        | (Quarantined { .. }, Queued | Cancelled { .. })
        | (Done { .. }, Queued)
        | (Cancelled { .. }, Queued | Quarantined { .. }) => true,
        (Queued, Queued | Quarantined { .. })
        | (Running, Running | Held { .. })
        | (Waiting { .. }, Running | Done { .. })
        | (Held { .. }, Running | Waiting { .. } | Done { .. } | Quarantined { .. })
        | (Quarantined { .. }, Running | Waiting { .. } | Held { .. } | Done { .. } | Quarantined { .. })
        | (Done { .. }, Running | Waiting { .. } | Held { .. } | Done { .. } | Quarantined { .. } | Cancelled { .. })
        | (Cancelled { .. }, Running | Waiting { .. } | Held { .. } | Done { .. } | Cancelled { .. }) => false,
    }
}

/// Whether a job in this state will never move by itself.
#[must_use]
pub fn is_final(state: &JobState) -> bool {
    match state {
        JobState::Done { .. } | JobState::Quarantined { .. } | JobState::Cancelled { .. } => true,
        JobState::Queued | JobState::Running | JobState::Waiting { .. } | JobState::Held { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Error;

    #[test]
    fn every_pair() {
        let e = || Error::malformed("x");
        let states = [
            JobState::Queued,
            JobState::Running,
            JobState::Waiting { until_ms: 0, error: e() },
            JobState::Held { codes: vec![] },
            JobState::Done { outputs: vec![] },
            JobState::Quarantined { error: e() },
            JobState::Cancelled { who: "x".into() },
        ];
        // Rows: from; columns: to; in the order above.
        let table = [
            "0111101", // queued
            "1010111", // running
            "1011011", // waiting
            "1001001", // held
            "1000000", // done
            "1000001", // quarantined
            "1000010", // cancelled
        ];
        for (from, row) in states.iter().zip(table) {
            let got: String = states.iter().map(|to| if is_legal(from, to) { '1' } else { '0' }).collect();
            assert_eq!(got, row, "from {from:?}");
        }
        assert_eq!(states.iter().map(|s| u8::from(is_final(s))).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1, 1]);
    }
}
