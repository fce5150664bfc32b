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
/// The configuration's mistakes are said; exit status 2.
pub fn control_socket(cli: &Cli) -> Result<PathBuf, Stop> {
    match crate::config::load(&config_path(cli)) {
        Ok(l) => Ok(l.config.service.control),
        Err(list) => {
            super::check::say(&list);
            Err(Stop::Said(Ending::Usage))
        }
    }
}
