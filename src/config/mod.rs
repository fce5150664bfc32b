//! The configuration file: shape, meaning, reload.
//!
//! [`load`] reads one TOML file and the files that it includes, finds *every* mistake, and resolves the
//! rest into settings in which nothing is left to be defaulted. `config/README.md` specifies each key.

mod diagnostic;
mod include;
mod packs;
mod paths;
mod raw;
mod reader;
mod recipes;
pub(crate) mod recipes_picture;
mod reload;
mod resolve;
mod settings;
mod shape;
mod source;
mod values;

pub use diagnostic::{Diagnostic, Level, count};
pub use reload::{Change, differences};
pub use settings::{
    AcesVersion, ColorSettings, Config, Emit, EngineSettings, Folder, Ready, Rule, Service, Show, WatchMode,
};
pub use shape::{Key, SHAPE, Section};

use std::path::{Path, PathBuf};

/// Largest configuration file, bytes.
pub const MAX_FILE: u64 = 4 << 20;

/// A configuration without errors.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What is odd but allowed (a folder that cannot be reached now).
    pub warnings: Vec<Diagnostic>,
}

/// Where the daemon of the configuration at `path` listens, even when other things in it are wrong. `None` when the file
/// cannot be read, or says that in no readable way.
#[must_use]
pub fn control_socket(path: &Path) -> Option<PathBuf> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(MAX_FILE).read_to_string(&mut text).ok()?;
    let table: toml::Table = text.parse().ok()?;
    match table.get("service").and_then(|s| s.get("control")) {
        None => Some(resolve::CONTROL.into()),
        Some(given) => given.as_str().map(PathBuf::from).filter(|p| p.is_absolute()),
    }
}

/// The watched folders, by name, of the configuration at `path` and what it includes, even when other things in it are
/// wrong. Nothing is asked of the folders themselves, which may hang.
#[must_use]
pub fn watched_folders(path: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let raw = raw::read_all(path, &mut found);
    let folders = raw.iter().flat_map(|r| &r.folders);
    folders.filter_map(|f| Some((f.name.as_ref()?.value.clone(), f.path.as_ref()?.value.clone()))).collect()
}

/// Reads and checks the configuration at `path` and everything it includes.
///
/// # Errors
/// Every error found, in the order of the files and of the places in them; warnings are among them.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let config = raw::read_all(path, &mut found).map(|raw| resolve::resolve(raw, &mut found));
    diagnostic::sort(&mut found);
    match config {
        Some(config) if !found.iter().any(|d| d.severity == Level::Error) => Ok(Loaded { config, warnings: found }),
        _ => Err(diagnostic::capped(found)),
    }
}
