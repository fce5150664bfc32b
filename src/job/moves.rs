//! The legal moves of a job.

use crate::job::JobState;

/// Whether a job may go from one state to another. Everything else is a fault in the caller.
///
/// | from \ to | queued | running | waiting | held | done | quarantined | cancelled |
/// | --- | --- | --- | --- | --- | --- | --- | --- |
/// | queued | | starts | surroundings fail first | a guardrail speaks | outputs found whole | begun too often without an end | by a person |
/// | running | daemon died, or preempted | | failed, tried again | | made | failed for good | by a person |
/// | waiting | its time came, or `retry` | | still failing | a guardrail speaks | outputs found whole | its tries are used up | by a person |
/// | held | waived | | | other codes | outputs found whole | | by a person |
/// | done | outputs gone | | | outputs gone, and a guardrail speaks | | | |
/// | quarantined | `retry`, or the clip changed | | | | | | by a person |
/// | cancelled | `retry`, or its clip is back | | | its clip is back, and a guardrail speaks | its clip is back with its outputs | cannot be made of the clip | |
#[must_use]
pub fn is_legal(from: &JobState, to: &JobState) -> bool {
    use JobState::{Cancelled, Done, Held, Quarantined, Queued, Running, Waiting};
    match (from, to) {
        (Queued, Running | Waiting { .. } | Held { .. } | Done { .. } | Quarantined { .. } | Cancelled { .. })
        | (Running, Queued | Waiting { .. } | Done { .. } | Quarantined { .. } | Cancelled { .. })
        | (
            Waiting { .. },
            Queued | Waiting { .. } | Held { .. } | Done { .. } | Quarantined { .. } | Cancelled { .. },
        )
        | (Held { .. }, Queued | Held { .. } | Done { .. } | Cancelled { .. })
        | (Quarantined { .. }, Queued | Cancelled { .. })
        | (Done { .. }, Queued | Held { .. })
        | (Cancelled { .. }, Queued | Held { .. } | Done { .. } | Quarantined { .. }) => true,
        (Queued, Queued)
        | (Running, Running | Held { .. })
        | (Waiting { .. }, Running)
        | (Held { .. }, Running | Waiting { .. } | Quarantined { .. })
        | (Quarantined { .. }, Running | Waiting { .. } | Held { .. } | Done { .. } | Quarantined { .. })
        | (Done { .. }, Running | Waiting { .. } | Done { .. } | Quarantined { .. } | Cancelled { .. })
        | (Cancelled { .. }, Running | Waiting { .. } | Cancelled { .. }) => false,
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
            "0111111", // queued
            "1010111", // running
            "1011111", // waiting
            "1001101", // held
            "1001000", // done
            "1000001", // quarantined
            "1001110", // cancelled
        ];
        for (from, row) in states.iter().zip(table) {
            let got: String = states.iter().map(|to| if is_legal(from, to) { '1' } else { '0' }).collect();
            assert_eq!(got, row, "from {from:?}");
        }
        assert_eq!(states.iter().map(|s| u8::from(is_final(s))).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1, 1]);
    }
}
