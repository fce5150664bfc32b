//! Where log lines go: the journal when it is there, else stderr.

use super::lines::{LineFormat, Lines};
use crate::model::{Error, ErrorKind};
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, reload};

/// Whether to speak to journald.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Journal {
    /// When stderr is the journal (see [`is_journal`]).
    #[default]
    Auto,
    /// Never.
    Off,
}

/// How to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether to speak to journald.
    pub journal: Journal,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// JSON lines on stderr.
    pub json: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { journal: Journal::Auto, level: "info".into(), json: false }
    }
}

/// Changes the level later.
#[derive(Clone, Debug)]
pub struct LogHandle {
    filter: reload::Handle<Targets, Registry>,
    /// True when lines go to journald.
    pub journald: bool,
}

impl LogHandle {
    /// Sets another level.
    ///
    /// # Errors
    /// `CONFIG-INVALID` for an unknown word.
    pub fn set_level(&self, level: &str) -> Result<(), Error> {
        let targets = targets(level)?;
        self.filter.reload(targets).map_err(|e| Error::new(ErrorKind::Io, "INTERNAL", e.to_string()))
    }
}

static HANDLE: OnceLock<LogHandle> = OnceLock::new();

/// Sets another level for this process; does nothing when logging was not started.
///
/// # Errors
/// `CONFIG-INVALID` for an unknown word.
pub fn set_level(level: &str) -> Result<(), Error> {
    HANDLE.get().map_or(Ok(()), |h| h.set_level(level))
}

/// Starts logging for this process. A second call fails.
///
/// # Errors
/// `CONFIG-INVALID` for an unknown level, `INTERNAL` when logging was started already.
pub fn init(settings: &Settings) -> Result<LogHandle, Error> {
    let (filter, handle) = reload::Layer::new(targets(&settings.level)?);
    let wanted = settings.journal == Journal::Auto && is_journal();
    // Without the journal's socket (a chroot, a container) its stderr is still good.
    let journal = if wanted { tracing_journald::layer().ok() } else { None };
    let journald = journal.is_some();
    let result = if let Some(layer) = journal {
        let map = PriorityMappings { info: Priority::Informational, debug: Priority::Debug, ..PriorityMappings::new() };
        let layer = layer.with_field_prefix(None).with_syslog_identifier("rushes".into()).with_priority_mappings(map);
        tracing_subscriber::registry().with(filter).with(layer).try_init()
    } else {
        let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let format = if settings.json { LineFormat::Json } else { LineFormat::People { color } };
        tracing_subscriber::registry().with(filter).with(Lines(format)).try_init()
    };
    result.map_err(|e| Error::new(ErrorKind::Io, "INTERNAL", format!("logging cannot start: {e}")))?;
    let handle = LogHandle { filter: handle, journald };
    let _ = HANDLE.set(handle.clone());
    Ok(handle)
}

/// True when stderr is connected to the journal: `JOURNAL_STREAM` names its device and inode
/// (systemd.exec(5), "$JOURNAL_STREAM").
#[must_use]
pub fn is_journal() -> bool {
    let Ok(text) = std::env::var("JOURNAL_STREAM") else { return false };
    // Through the descriptor itself: it may be a socket, which has no name to open.
    let Ok(meta) = std::fs::metadata("/proc/self/fd/2") else { return false };
    names(&text, meta.dev(), meta.ino())
}

fn names(text: &str, dev: u64, ino: u64) -> bool {
    text.split_once(':').is_some_and(|(d, i)| d.parse() == Ok(dev) && i.parse() == Ok(ino))
}

/// Our own events at `level`, those of libraries from `warn` on.
fn targets(level: &str) -> Result<Targets, Error> {
    let level: Level = level.parse().map_err(|_| {
        Error::new(ErrorKind::Malformed, "CONFIG-INVALID", format!("unknown log level `{level}`"))
            .fix("use one of error, warn, info, debug, trace")
    })?;
    Ok(Targets::new().with_target(super::events::TARGET, level).with_default(LevelFilter::WARN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_words() {
        for l in ["error", "warn", "info", "debug", "trace"] {
            assert!(targets(l).is_ok());
        }
        assert_eq!(targets("loud").unwrap_err().code, "CONFIG-INVALID");
    }

    #[test]
    fn the_journal_is_known_by_device_and_inode() {
        assert!(names("8:15", 8, 15));
        for bad in ["8:16", "9:15", "815", "", "8:", "x:y", "8:15:1"] {
            assert!(!names(bad, 8, 15), "{bad}");
        }
    }
}
