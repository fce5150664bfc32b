//! Which configuration, which socket.

use super::args::{CONFIG_VARIABLE, Cli, DEFAULT_CONFIG};
use super::out::{Ending, Stop};
use super::render::wrong;
use std::path::{Path, PathBuf};

/// The configuration file to use.
#[must_use]
pub fn config_path(cli: &Cli) -> PathBuf {
    let from_env = || std::env::var_os(CONFIG_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
    cli.config.clone().or_else(from_env).unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG))
}

/// The control socket of the configured daemon.
///
/// # Errors
/// A configuration that cannot be read at all: its mistakes are said; exit status 2.
pub fn control_socket(cli: &Cli) -> Result<PathBuf, Stop> {
    let path = config_path(cli);
    match crate::config::load(&path) {
        Ok(l) => Ok(l.config.service.control),
        // the daemon runs with an older, good configuration: where it listens is all that is asked here
        Err(list) => crate::config::control_socket(&path).ok_or_else(|| {
            super::check::say(&list);
            Stop::Said(Ending::Usage)
        }),
    }
}

/// Refuses an output in a watched folder of the configuration, if there is one that can be read: what is written there
/// would be taken for media.
///
/// # Errors
/// Wrong usage, exit status 2.
pub fn outside_watched(cli: &Cli, output: &Path) -> Result<(), Stop> {
    let path = config_path(cli);
    if cli.config.is_none() && !path.exists() {
        return Ok(());
    }
    let (real, plain) = (resolved(output), std::path::absolute(output).unwrap_or_else(|_| output.to_path_buf()));
    let inside = |folder: &Path| real.starts_with(folder) || plain.starts_with(folder);
    match crate::config::watched_folders(&path).into_iter().find(|(_, folder)| inside(folder)) {
        Some((name, _)) => Err(wrong(format!(
            "{} is in the watched folder `{name}`, where nothing is ever written; name another folder with -o",
            real.display(),
        ))),
        None => Ok(()),
    }
}

/// The path without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = path.ancestors().find_map(|a| Some((a.canonicalize().ok()?, path.strip_prefix(a).ok()?)));
    real.map_or_else(|| path.clone(), |(real, rest)| real.join(rest))
}
