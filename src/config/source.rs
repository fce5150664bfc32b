//! The text of a configuration file, and places in it.

use super::{Diagnostic, Level, MAX_FILE};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A file that was read.
#[derive(Debug)]
pub(super) struct Source {
    /// As it was named.
    pub path: PathBuf,
    /// Its text, without a byte-order mark.
    pub text: String,
    /// Offsets at which lines begin, made when first asked for.
    lines: OnceLock<Vec<usize>>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}
impl Eq for Source {}

/// A place in a file.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub source: Arc<Source>,
    pub span: Range<usize>,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Spot<T> {
    pub value: T,
    pub at: At,
}

impl At {
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Error, Some(self), &self.source.path, message)
    }

    pub fn warning(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Warning, Some(self), &self.source.path, message)
    }

    /// The place as `file:line`.
    pub fn short(&self) -> String {
        format!("{}:{}", self.source.path.display(), self.source.line_column(self.span.start).0)
    }

    /// A place inside a string value: `offset` and `length` in its text. Exact for strings without
    /// escapes; otherwise the whole value.
    pub fn inside(&self, offset: usize, length: usize) -> At {
        let raw = self.source.text.get(self.span.clone()).unwrap_or_default();
        let literal = raw.starts_with('\'');
        if !literal && raw.contains('\\') {
            return self.clone();
        }
        let mut open = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
        if open == 3 {
            let rest = raw.get(3..).unwrap_or_default();
            open += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        }
        let mut start = self.span.start.saturating_add(open).saturating_add(offset).min(self.span.end);
        let mut end = start.saturating_add(length).min(self.span.end).max(start);
        while !self.source.text.is_char_boundary(start) {
            start -= 1;
        }
        while !self.source.text.is_char_boundary(end) {
            end += 1;
        }
        At { source: Arc::clone(&self.source), span: start..end }
    }
}

impl Source {
    /// Reads a configuration file: a regular file of at most [`MAX_FILE`] bytes, UTF-8. `what` it is, for messages
    /// (`the configuration`).
    pub fn read(path: &Path, what: &str) -> Result<Arc<Self>, Diagnostic> {
        let refuse = |message: String| Diagnostic::new(Level::Error, None, path, message);
        let cannot = |e: &std::io::Error| refuse(format!("cannot read {what}: {e}"));
        let meta = std::fs::metadata(path).map_err(|e| cannot(&e))?;
        if !meta.is_file() {
            return Err(refuse(format!("{what} is not a regular file")).suggest("name a TOML file"));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|e| cannot(&e))?;
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| cannot(&e))?;
        if bytes.len() as u64 > MAX_FILE {
            let text = format!("{what} has more than {} MiB, the most that is read", MAX_FILE >> 20);
            return Err(refuse(text).suggest("split it with `include`, or check that it is a configuration at all"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
                Ok(Arc::new(Self::new(path, text)))
            }
            Err(e) => {
                let valid = e.utf8_error().valid_up_to();
                let good = e.as_bytes().get(..valid).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                let source = Arc::new(Self::new(path, good));
                let at = At { span: valid..valid, source };
                Err(at.error("the file is not UTF-8 from here on").suggest("save it as UTF-8 without byte-order mark"))
            }
        }
    }

    /// A text that was read already.
    pub fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text, lines: OnceLock::new() }
    }

    /// The number of a line (from 0), where it begins, and the offset itself, moved to a character's start.
    fn locate(&self, offset: usize) -> (usize, usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let lines = self
            .lines
            .get_or_init(|| std::iter::once(0).chain(self.text.match_indices('\n').map(|(i, _)| i + 1)).collect());
        let line = lines.partition_point(|start| *start <= offset).saturating_sub(1);
        (line, lines.get(line).copied().unwrap_or(0), offset)
    }

    /// Line and column of a byte offset, both counted from 1, columns in characters.
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let (line, start, offset) = self.locate(offset);
        let column = self.text.get(start..offset).unwrap_or_default().chars().count() + 1;
        (u32::try_from(line + 1).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The line of a byte offset and where it begins.
    pub fn line_at(&self, offset: usize) -> (usize, &str) {
        let (_, start, _) = self.locate(offset);
        let rest = self.text.get(start..).unwrap_or_default();
        (start, rest.split('\n').next().unwrap_or_default().trim_end_matches('\r'))
    }
}
