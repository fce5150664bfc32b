//! Commands that speak to the running daemon: find its socket, ask, show the answer.

use super::args::{AskArgs, Cli, RetryArgs, WaiveArgs, WhatArgs};
use super::out::{Ending, Out, Outcome, Stop, count, ending_of, say_error};
use crate::control::{Done, Request, Response, ask as ask_daemon};
use crate::model::{Error, ErrorKind, escape_for_people};

/// Asks and takes out the answer; a refusal becomes [`Stop`].
///
/// # Errors
/// `DAEMON-UNREACHABLE`, or what the daemon refused.
pub fn answer(cli: &Cli, args: &AskArgs, request: &Request) -> Result<Response, Stop> {
    let socket = match &args.socket {
        Some(path) => path.clone(),
        None => super::settings::control_socket(cli)?,
    };
    let response = ask_daemon(&socket, request, args.timeout)?;
    if let Response::Error(e) = response {
        say_error(&e);
        return Err(Stop::Said(ending_of(&e)));
    }
    Ok(response)
}

/// An answer to another question: only a foreign or faulty daemon sends one.
#[must_use]
pub fn unexpected() -> Stop {
    Error::new(ErrorKind::Unsupported, "INTERNAL", "the daemon answered another question")
        .fix("use the same version of rushes as the daemon")
        .into()
}

fn change(cli: &Cli, args: &AskArgs, request: &Request) -> Outcome {
    let Response::Done(done) = answer(cli, args, request)? else { return Err(unexpected()) };
    let mut out = Out::default();
    if args.json.json {
        out.json(&done)?;
    } else {
        out.line(sentence(&done))?;
        out.flush()?;
    }
    Ok(Ending::Good)
}

fn sentence(done: &Done) -> String {
    const SHOWN: usize = 20;
    let mut text = escape_for_people(&done.message);
    for c in done.changed.iter().take(SHOWN) {
        text.push_str("\n  ");
        text.push_str(&escape_for_people(c));
    }
    if done.changed.len() > SHOWN {
        let more = done.changed.len().saturating_sub(SHOWN) as u64;
        text.push_str(&format!("\n  and {}", count(more, "more", "more")));
    }
    text
}

/// `rushes retry`.
///
/// # Errors
/// As [`answer`].
pub fn retry(cli: &Cli, args: &RetryArgs) -> Outcome {
    let what = args.what.clone().unwrap_or_else(|| "outdated".to_owned());
    change(cli, &args.ask, &Request::Retry { what })
}

/// `rushes cancel`.
///
/// # Errors
/// As [`answer`].
pub fn cancel(cli: &Cli, args: &WhatArgs) -> Outcome {
    change(cli, &args.ask, &Request::Cancel { what: args.what.clone() })
}

/// `rushes waive`.
///
/// # Errors
/// As [`answer`]; an empty reason is refused here.
pub fn waive(cli: &Cli, args: &WaiveArgs) -> Outcome {
    if args.why.trim().is_empty() {
        super::out::say("a waiver needs a reason: --why 'who decided it, and why'");
        return Ok(Ending::Usage);
    }
    let (code, clip, why) = (args.code.clone(), args.clip.clone(), args.why.trim().to_owned());
    change(cli, &args.ask, &Request::Waive { code, clip, why })
}

/// `rushes rebuild`.
///
/// # Errors
/// As [`answer`].
pub fn rebuild(cli: &Cli, args: &AskArgs) -> Outcome {
    change(cli, args, &Request::Rebuild)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_escaped() {
        let changed = (0..25).map(|i| format!("c{i}\n")).collect();
        let text = sentence(&Done { message: "25 jobs".into(), changed });
        assert_eq!(text.lines().count(), 22);
        assert!(text.contains("c0\\u{a}") && text.ends_with("and 5 more"), "{text}");
    }
}
