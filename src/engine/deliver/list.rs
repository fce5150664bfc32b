//! Frames of a clip, one line each, as the locked-in worker lists them.

use super::work::OpenInput;
use crate::engine::deliver::{JobFile, Listed, StepOutcome};
use crate::engine::format::rows;
use crate::model::{ClipUnit, Error};

/// Hands on a line for each frame of the inputs in order, and one for each input that cannot be read to its end. An error of
/// `each` ends it.
#[must_use]
pub fn list(
    job: &JobFile,
    inputs: &[OpenInput<'_>],
    each: &mut dyn FnMut(&Listed) -> Result<(), Error>,
) -> StepOutcome {
    let (mut count, mut before) = (0u64, 0i64);
    for one in inputs {
        let (mut next, mut refused) = (before, None);
        let read = rows(&job.name, &one.given(), &job.limits, &mut |mut row| {
            if job.unit == ClipUnit::Spanned {
                row.frame = row.frame.saturating_add(before);
                next = row.frame.saturating_add(1);
            }
            count = count.saturating_add(1);
            each(&Listed::Row(Box::new(row))).inspect_err(|e| refused = Some(e.clone()))
        });
        if let Some(e) = refused {
            return StepOutcome::Failed(e);
        }
        before = next;
        let read = read.and_then(|()| one.check("changed while it was read"));
        if let Err(e) = read.map_err(|e| e.at(one.input.path.as_path()))
            && let Err(e) = each(&Listed::Problem(e))
        {
            return StepOutcome::Failed(e);
        }
    }
    StepOutcome::Listed(count)
}
