//! `rushes run`: the daemon.

use super::args::{Cli, RunArgs};
use super::out::{Ending, Outcome};
use super::settings::config_path;
use crate::daemon::{self, Options, ProgressNow};
use crate::model::escape_for_people;
use crate::telemetry;
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Runs the command.
///
/// # Errors
/// When the daemon cannot start or can no longer keep its state.
pub fn run(cli: &Cli, args: &RunArgs) -> Outcome {
    start(config_path(cli), args)
}

/// Runs the daemon with this configuration.
///
/// # Errors
/// See [`daemon::run`].
pub fn start(config: PathBuf, args: &RunArgs) -> Outcome {
    let progress = args.once.then_some(show as daemon::Progress);
    let settings = match crate::config::load(&config) {
        Ok(l) => telemetry::Settings { level: l.config.service.log, ..telemetry::Settings::default() },
        Err(list) => {
            super::check::say(&list);
            return Ok(Ending::Usage);
        }
    };
    let _log = telemetry::init(&settings)?;
    let options = Options { config, once: args.once, wait: args.wait, progress, program: None };
    Ok(match daemon::run(&options)? {
        daemon::Ending::Clean => Ending::Good,
        daemon::Ending::Signal(n) => Ending::Signal(n),
        daemon::Ending::Trouble(lines) => {
            for l in lines {
                eprintln!("{}", escape_for_people(&l));
            }
            Ending::Trouble
        }
    })
}

/// A bar on a terminal, a plain line when the numbers change in a pipe.
fn show(now: &ProgressNow) {
    static BAR: OnceLock<ProgressBar> = OnceLock::new();
    let bar = BAR.get_or_init(super::out::step_bar);
    bar.set_length(now.jobs as u64);
    bar.set_position(now.done as u64);
    bar.set_message(format!("{} clips, {} arriving", now.clips, now.arriving));
    if now.finished {
        bar.finish_and_clear();
        let stopped = if now.stopped > 0 { format!(", {} failed", now.stopped) } else { String::new() };
        eprintln!("{} clips, {} of {} jobs done{stopped}", now.clips, now.done, now.jobs);
    }
}
