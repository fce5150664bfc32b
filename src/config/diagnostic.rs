//! Mistakes in a configuration: where, what, and what to write instead.

use super::source::{At, Source};
use crate::model::{MediaPath, escape_for_people};
use annotate_snippets::{AnnotationKind, Group, Level as Shown, Origin, Renderer, Snippet};
use serde::Serialize;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Most diagnostics returned; the last one counts the rest.
const MOST: usize = 200;
/// Longer lines are not shown.
const LONGEST_LINE: usize = 400;

/// How serious a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Allowed, but probably not meant.
    Warning,
    /// The configuration is refused.
    Error,
}

/// One mistake. As JSON: `severity`, `file`, `line`, `column`, `message`, `suggestion`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Level,
    /// The file.
    pub file: MediaPath,
    /// Line, counted from 1; absent when it is about the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    #[serde(skip)]
    place: Option<(Arc<Source>, Range<usize>)>,
    #[serde(skip)]
    order: usize,
    /// Errors and warnings that it stands for: more than one when it counts those that are not shown.
    #[serde(skip)]
    stands_for: (usize, usize),
}

impl Diagnostic {
    pub(super) fn new(severity: Level, at: Option<&At>, file: &Path, message: impl Into<String>) -> Self {
        let place = at.map(|a| (Arc::clone(&a.source), a.span.clone()));
        let spot = at.map(|a| a.source.line_column(a.span.start));
        Self {
            severity,
            file: MediaPath::from(file),
            line: spot.map(|s| s.0),
            column: spot.map(|s| s.1),
            message: message.into(),
            suggestion: None,
            place,
            order: 0,
            stands_for: if severity == Level::Error { (1, 0) } else { (0, 1) },
        }
    }

    pub(super) fn suggest(mut self, what: impl Into<String>) -> Self {
        self.suggestion = Some(what.into());
        self
    }

    pub(super) fn maybe_suggest(mut self, what: Option<String>) -> Self {
        self.suggestion = what.or(self.suggestion);
        self
    }

    /// For a person: the message, the place with its line, the suggestion. `color` adds terminal colours.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let level = if self.severity == Level::Error { Shown::ERROR } else { Shown::WARNING };
        let title = level.primary_title(escape_for_people(&self.message));
        let path = self.file.to_string();
        let group = match (&self.place, self.line) {
            (Some((source, span)), Some(line)) => {
                let (start, text) = source.line_at(span.start);
                if text.len() > LONGEST_LINE || text.chars().any(|c| c.is_control() && c != '\t') {
                    let origin = Origin::path(path).line(line as usize);
                    title.element(origin.char_column(self.column.unwrap_or(1) as usize))
                } else {
                    let from = span.start.saturating_sub(start).min(text.len());
                    let to = span.end.saturating_sub(start).min(text.len()).max(from);
                    let mark = AnnotationKind::Primary.span(from..to);
                    title
                        .element(Snippet::source(text.to_owned()).line_start(line as usize).path(path).annotation(mark))
                }
            }
            _ => title.element(Origin::path(path)),
        };
        let mut report = vec![group];
        if let Some(fix) = &self.suggestion {
            report.push(Group::with_title(Shown::HELP.secondary_title(escape_for_people(fix))));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&report)
    }
}

impl std::fmt::Display for Diagnostic {
    /// One line: `file:line:column: error: message; suggestion`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let (Some(l), Some(c)) = (self.line, self.column) {
            write!(f, ":{l}:{c}")?;
        }
        let word = if self.severity == Level::Error { "error" } else { "warning" };
        write!(f, ": {word}: {}", escape_for_people(&self.message))?;
        if let Some(s) = &self.suggestion {
            write!(f, "; {}", escape_for_people(s))?;
        }
        Ok(())
    }
}

/// Orders diagnostics by file (in the order in which files were first spoken of) and place.
pub(super) fn sort(all: &mut Vec<Diagnostic>) {
    let mut files: Vec<MediaPath> = Vec::new();
    for d in all.iter_mut() {
        d.order = files.iter().position(|f| *f == d.file).unwrap_or_else(|| {
            files.push(d.file.clone());
            files.len() - 1
        });
    }
    all.sort_by_key(|d| (d.order, d.line, d.column));
    all.dedup();
}

/// How many errors and warnings there are, `3 errors, 1 warning`; `None` when there is neither.
#[must_use]
pub fn count(all: &[Diagnostic]) -> Option<String> {
    let (errors, warnings) = sum(all);
    let some = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}{}", if n == 1 { "" } else { "s" }));
    let parts: Vec<String> = [some(errors, "error"), some(warnings, "warning")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn sum(all: &[Diagnostic]) -> (usize, usize) {
    all.iter().fold((0, 0), |n, d| (n.0 + d.stands_for.0, n.1 + d.stands_for.1))
}

/// The first ones, and how many more there are.
pub(super) fn capped(mut all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if all.len() > MOST
        && let Some(first) = all.first().cloned()
    {
        let rest = all.split_off(MOST);
        let level = rest.iter().map(|d| d.severity).max().unwrap_or(Level::Error);
        let mut last = Diagnostic::new(level, None, first.file.as_path(), format!("and {} more", rest.len()));
        last.stands_for = sum(&rest);
        all.push(last);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_goes_on_behind_what_is_shown() {
        let file = Path::new("x.toml");
        let one = |level, n: usize| (0..n).map(move |i| Diagnostic::new(level, None, file, format!("{i}")));
        assert_eq!(count(&[]), None);
        assert_eq!(count(&one(Level::Warning, 1).collect::<Vec<_>>()).as_deref(), Some("1 warning"));
        let many: Vec<_> = one(Level::Error, 300).chain(one(Level::Warning, 2)).collect();
        let shown = capped(many);
        assert_eq!(shown.len(), MOST + 1);
        assert_eq!(count(&shown).as_deref(), Some("300 errors, 2 warnings"));
    }
}
