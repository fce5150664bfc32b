//! What commands write: results to stdout, everything else to stderr, quiet when nobody reads on.

use crate::model::{Error, escape_for_people};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// How a command ended; the number is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All good.
    Good,
    /// The program itself failed.
    Failed,
    /// Wrong usage or configuration.
    Usage,
    /// Finished, but something was refused, failed, quarantined or is still arriving.
    Trouble,
    /// Ended by this signal.
    Signal(i32),
}

impl Ending {
    /// The exit status.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Trouble => 3,
            Self::Signal(n) => u8::try_from(n.clamp(0, 127)).unwrap_or(127) | 128,
        }
    }
}

/// Why a command stops early.
#[derive(Debug)]
pub enum Stop {
    /// An error to show; the exit status follows from its code.
    Error(Box<Error>),
    /// It was said already.
    Said(Ending),
    /// The reader of stdout is gone: end without a word.
    Pipe,
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Error(Box::new(e))
    }
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        if e.kind() == io::ErrorKind::BrokenPipe {
            Self::Pipe
        } else {
            Self::from(Error::io("OUTPUT-FAILED", "write to stdout", &e))
        }
    }
}

/// What every command returns.
pub type Outcome = Result<Ending, Stop>;

/// The exit status that an error means for the whole program.
#[must_use]
pub fn ending_of(e: &Error) -> Ending {
    match e.code.as_ref() {
        "CONFIG-INVALID" => Ending::Usage,
        "DAEMON-UNREACHABLE" | "STATE-BUSY" | "STATE-FAILED" | "INTERNAL" | "OUTPUT-FAILED" | "OUTPUT-NO-SPACE" => {
            Ending::Failed
        }
        _ => Ending::Trouble,
    }
}

/// Stdout, buffered.
#[derive(Debug)]
pub struct Out {
    inner: io::BufWriter<io::Stdout>,
    /// Whether lines are shown as they come.
    live: bool,
}

impl Default for Out {
    fn default() -> Self {
        let live = io::stdout().is_terminal();
        Self { inner: io::BufWriter::new(io::stdout()), live }
    }
}

impl Out {
    /// One line.
    ///
    /// # Errors
    /// [`Stop::Pipe`] when nobody reads on.
    pub fn line(&mut self, text: impl Display) -> Result<(), Stop> {
        writeln!(self.inner, "{text}")?;
        if self.live {
            self.inner.flush()?;
        }
        Ok(())
    }

    /// One JSON object on one line, at once: readers of a stream wait for it.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        serde_json::to_writer(&mut self.inner, value).map_err(io::Error::from)?;
        self.inner.write_all(b"\n")?;
        Ok(self.inner.flush()?)
    }

    /// One JSON document.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        serde_json::to_writer_pretty(&mut self.inner, value).map_err(io::Error::from)?;
        self.inner.write_all(b"\n")?;
        Ok(self.inner.flush()?)
    }

    /// Bytes as they are.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        Ok(self.inner.write_all(bytes)?)
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn flush(&mut self) -> Result<(), Stop> {
        Ok(self.inner.flush()?)
    }
}

/// A message on stderr: `rushes: …`. A closed stderr changes nothing.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "rushes: {text}");
}

/// An error on stderr.
pub fn say_error(e: &Error) {
    let color = colored(&io::stderr());
    let (on, off) = if color { ("\u{1b}[31m", "\u{1b}[0m") } else { ("", "") };
    let _ = writeln!(io::stderr().lock(), "rushes: {on}{e}{off}");
}

/// Whether to use colours there: a terminal, and no `NO_COLOR` (<https://no-color.org>).
#[must_use]
pub fn colored(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Styles for stdout, empty where colours are not wanted.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Headings.
    pub bold: &'static str,
    /// Less important things.
    pub dim: &'static str,
    /// Good.
    pub good: &'static str,
    /// To be looked at.
    pub warn: &'static str,
    /// Bad.
    pub bad: &'static str,
    /// Back to normal.
    pub off: &'static str,
}

impl Style {
    /// For stdout.
    #[must_use]
    pub fn stdout() -> Self {
        if colored(&io::stdout()) {
            Self {
                bold: "\u{1b}[1m",
                dim: "\u{1b}[2m",
                good: "\u{1b}[32m",
                warn: "\u{1b}[33m",
                bad: "\u{1b}[31m",
                off: "\u{1b}[0m",
            }
        } else {
            Self::plain()
        }
    }

    /// Without colours.
    #[must_use]
    pub const fn plain() -> Self {
        Self { bold: "", dim: "", good: "", warn: "", bad: "", off: "" }
    }
}

/// A bar over `total` bytes on a terminal's stderr; nothing elsewhere.
#[must_use]
pub fn byte_bar(total: u64) -> ProgressBar {
    if total == 0 || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} {wide_msg}";
    if let Ok(s) = ProgressStyle::with_template(style) {
        bar.set_style(s);
    }
    bar
}

/// A bar over steps on a terminal's stderr; nothing elsewhere. Its length may grow.
#[must_use]
pub fn step_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(s) = ProgressStyle::with_template("{bar:30} {pos}/{len} jobs {wide_msg}") {
        bar.set_style(s);
    }
    bar
}

/// Bytes for people: `1.4 GiB`.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut v = n as f64 / 1024.0;
    let mut unit = UNITS[0];
    for u in UNITS.into_iter().skip(1) {
        if v < 1023.95 {
            break;
        }
        v /= 1024.0;
        unit = u;
    }
    format!("{v:.1} {unit}")
}

/// Seconds for people: `2 d 3 h`, `4 min 5 s`, `12 s`.
#[must_use]
pub fn seconds(s: u64) -> String {
    let (d, h, m) = (s / 86_400, s / 3600 % 24, s / 60 % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, m) => format!("{m} min {} s", s % 60),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Rows with columns as wide as their widest cell; every cell is escaped.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut t = comfy_table::Table::new();
    t.load_style(comfy_table::presets::NOTHING).set_header(head.iter().map(|h| h.to_uppercase()));
    for r in rows {
        t.add_row(r.iter().map(|c| escape_for_people(c)));
    }
    for c in t.column_iter_mut() {
        c.set_padding((0, 2));
    }
    let text = t.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(bytes(u64::MAX), "16384.0 PiB");
        assert_eq!(seconds(59), "59 s");
        assert_eq!(seconds(3599), "59 min 59 s");
        assert_eq!(seconds(7260), "2 h 1 min");
        assert_eq!(seconds(90_000), "1 d 1 h");
        assert_eq!(count(1, "file", "files"), "1 file");
    }

    #[test]
    fn exit_statuses_are_the_contract() {
        let all = [Ending::Good, Ending::Failed, Ending::Usage, Ending::Trouble, Ending::Signal(2), Ending::Signal(15)];
        assert_eq!(all.map(Ending::status), [0, 1, 2, 3, 130, 143]);
    }

    #[test]
    fn tables_are_aligned_and_escaped() {
        let t = table(&["id", "name"], &[vec!["1".into(), "a\u{1b}[31m".into()], vec!["long".into(), "b".into()]]);
        assert_eq!(t, "ID    NAME\n1     a\\u{1b}[31m\nlong  b");
    }
}
