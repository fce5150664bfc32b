//! `rushes render --job F`: one stateless unit of work, here or on any other machine.

use super::args::RenderArgs;
use super::out::{Ending, Out, Outcome};
use super::steps::Bench;
use crate::engine::deliver::StepOutcome;
use crate::exec::job_file;

/// Runs the command; the worker process itself is [`crate::exec::worker`].
///
/// # Errors
/// `JOB-INVALID` for a file that is no job, or when stdout cannot be written.
pub fn run(args: &RenderArgs) -> Outcome {
    let job = job_file::read(&args.job)?;
    let bench = Bench::new()?;
    let result = bench.run(&job);
    let mut out = Out::default();
    out.json(&result)?;
    Ok(match (&result.outcome, bench.signal()) {
        (_, Some(n)) => Ending::Signal(n),
        (StepOutcome::Failed(e), None) => {
            super::out::say_error(e);
            Ending::Trouble
        }
        _ => Ending::Good,
    })
}
