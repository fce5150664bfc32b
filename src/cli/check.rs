//! `rushes check`: every mistake of the configuration at once.

use super::args::{CheckArgs, Cli};
use super::out::{Ending, Out, Outcome};
use super::settings::config_path;
use crate::config::{self, Diagnostic};
use std::io::IsTerminal;

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(cli: &Cli, args: &CheckArgs) -> Outcome {
    let path = config_path(cli);
    let (found, ending) = match config::load(&path) {
        Ok(l) => (l.warnings, Ending::Good),
        Err(list) => (list, Ending::Usage),
    };
    if args.json.json {
        let mut out = Out::default();
        let ok = ending == Ending::Good;
        out.json(&serde_json::json!({ "ok": ok, "config": path, "diagnostics": found }))?;
        out.flush()?;
        return Ok(ending);
    }
    say(&found);
    if ending == Ending::Good {
        eprintln!("{}: good", path.display());
    }
    if let Some(count) = config::count(&found) {
        eprintln!("{count}");
    }
    Ok(ending)
}

/// Shows what was found, on stderr.
pub fn say(found: &[Diagnostic]) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for d in found {
        eprintln!("{}", d.render(color));
    }
}
