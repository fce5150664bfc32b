//! The command line: one file per command. `args` is the one definition of it.

mod args;
mod ask;
mod beside;
mod check;
mod color;
mod demo;
mod describe;
mod documents;
mod explain;
mod export;
mod files;
mod frames;
mod hash;
mod inspect;
mod interrupt;
mod jobs;
mod out;
mod pages;
mod plan;
mod render;
mod report;
mod run;
mod search;
mod search_args;
mod settings;
mod status;
mod steps;
mod thumbnail;
mod view;

use args::{Cli, Command};
use clap::Parser;
use out::{Ending, Outcome, Stop, ending_of, say_error};
use std::process::ExitCode;

pub use args::definition;

/// Runs the program and gives its exit status: 0 good, 1 the program failed, 2 usage or
/// configuration, 3 something was refused or failed, 4 verification, 128 + n for signal n.
#[must_use]
pub fn run() -> ExitCode {
    // The walls around another program: started by a worker only, so no command for people.
    let mut given = std::env::args_os().skip(1);
    if given.next().is_some_and(|first| first == "guard") {
        return crate::engine::process::guard_main(given);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help goes to stdout with status 0, wrong usage to stderr with 2; a closed pipe is no matter.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { Ending::Usage.status() } else { Ending::Good.status() });
        }
    };
    // The worker locks itself in, which needs a process with one thread: nothing else may happen before.
    if let Command::Render(a) = &cli.command
        && let Some(staging) = &a.staging
    {
        let Some(job) = &a.job else { return ExitCode::from(Ending::Usage.status()) };
        return crate::exec::worker::main(job, staging);
    }
    let ending = match dispatch(&cli) {
        Ok(ending) | Err(Stop::Said(ending)) => ending,
        Err(Stop::Pipe) => Ending::Good,
        Err(Stop::Error(e)) => {
            say_error(&e);
            ending_of(&e)
        }
    };
    ExitCode::from(ending.status())
}

fn dispatch(cli: &Cli) -> Outcome {
    match &cli.command {
        Command::Run(a) => run::run(cli, a),
        Command::Check(a) => check::run(cli, a),
        Command::Plan(a) => plan::run(cli, a),
        Command::Demo(a) => demo::run_demo(a),
        Command::Inspect(a) => inspect::run(a),
        Command::Export(a) => export::run(cli, a),
        Command::Hash(a) => hash::run(a),
        Command::Render(a) => render::run(cli, a),
        Command::Report(a) => report::run(cli, a),
        Command::View(a) => view::run(cli, a),
        Command::Explain(a) => explain::run(a),
        Command::Color(a) => color::run(a),
        Command::Status(a) => status::run(cli, a),
        Command::Jobs(a) => jobs::run(cli, a),
        Command::Search(a) => search::run(cli, a),
        Command::Retry(a) => ask::retry(cli, a),
        Command::Cancel(a) => ask::cancel(cli, a),
        Command::Waive(a) => ask::waive(cli, a),
        Command::Rebuild(a) => ask::rebuild(cli, a),
        Command::Completions(a) => pages::completions(a),
        Command::Man(a) => pages::man(a),
    }
}
