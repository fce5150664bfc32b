//! Which configuration, which socket.

use super::args::{CONFIG_VARIABLE, Cli, DEFAULT_CONFIG};
use super::out::{Ending, Stop};
use std::path::PathBuf;

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
