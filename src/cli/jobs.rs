//! `rushes jobs`: the list of jobs.

use super::args::{Cli, JobsArgs};
use super::ask::{answer, unexpected};
use super::out::{Ending, Out, Outcome, count, say, table};
use crate::control::{JobLine, Request, Response};

/// Runs the command.
///
/// # Errors
/// When the daemon cannot be asked.
pub fn run(cli: &Cli, args: &JobsArgs) -> Outcome {
    let request = Request::Jobs { state: args.state.clone(), limit: Some(args.limit) };
    let Response::Jobs(page) = answer(cli, &args.ask, &request)? else { return Err(unexpected()) };
    let mut out = Out::default();
    if args.ask.json.json {
        for job in &page.jobs {
            out.json_line(job)?;
        }
    } else if page.jobs.is_empty() {
        out.line("no jobs")?;
    } else {
        let rows: Vec<Vec<String>> = page.jobs.iter().map(row).collect();
        out.line(table(&["job", "state", "clip", "recipe", "folder", "tries", "why"], &rows))?;
    }
    out.flush()?;
    let left = page.total.saturating_sub(page.jobs.len() as u64);
    if left > 0 {
        say(format_args!("{} not shown; see --limit", count(left, "more job", "more jobs")));
    }
    Ok(Ending::Good)
}

fn row(j: &JobLine) -> Vec<String> {
    let why = match &j.error {
        Some(e) => format!("{}: {}", e.code, e.what),
        None => j.held_by.join(", "),
    };
    let id = j.id.get(..12).unwrap_or(&j.id);
    vec![id.into(), j.state.clone(), j.clip.clone(), j.recipe.clone(), j.folder.clone(), j.tries.to_string(), why]
}
