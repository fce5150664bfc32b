//! Reads one TOML table, key by key, and collects every mistake instead of stopping at the first.

use super::shape::Section;
use super::source::{At, Source, Spot};
use super::values::shown;
use super::{Diagnostic, Level};
use crate::rules::closest;
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Most diagnostics kept while reading.
const MOST: usize = 1000;
/// Largest file that is searched for more than one syntax error, bytes.
const RECOVERED: usize = 256 << 10;

/// Where mistakes are collected.
#[derive(Default)]
pub(super) struct Out(RefCell<Vec<Diagnostic>>);

impl Out {
    /// Adds one, unless there are far too many already.
    pub fn push(&self, d: Diagnostic) {
        let mut all = self.0.borrow_mut();
        if all.len() < MOST {
            all.push(d);
        }
    }

    /// Whether further mistakes are not kept.
    pub fn is_full(&self) -> bool {
        self.0.borrow().len() >= MOST
    }

    /// Everything collected.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.0.into_inner()
    }
}

/// One table.
pub(super) struct Reader<'a> {
    /// What the table is, for messages (`[[folder]] "ocf"`).
    pub title: String,
    /// Where it is.
    pub at: At,
    table: &'a DeTable<'a>,
    section: &'static Section,
    out: &'a Out,
}

/// A whole file, parsed. Syntax errors go to `out`; then there is no table.
pub(super) fn parse<'a>(source: &'a Arc<Source>, out: &Out) -> Option<Spanned<DeTable<'a>>> {
    // every syntax error of a file that a person wrote, the first one of a large file
    let (table, errors) = if source.text.len() <= RECOVERED {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        (Some(table), errors)
    } else {
        match DeTable::parse(&source.text) {
            Ok(table) => (Some(table), Vec::new()),
            Err(e) => (None, vec![e]),
        }
    };
    for e in errors.iter().take(MOST) {
        let span = e.span().unwrap_or(0..0);
        let at = At { source: Arc::clone(source), span };
        let fix = octal_hint(&at);
        let text = format!("not valid TOML: {}", e.message().trim().replace('\n', ", "));
        out.push(at.error(text).maybe_suggest(fix));
    }
    table.filter(|_| errors.is_empty())
}

/// `mode = 0664`, which TOML refuses because of the leading zero.
fn octal_hint(at: &At) -> Option<String> {
    let (_, line) = at.source.line_at(at.span.start);
    let (key, value) = line.split_once('=')?;
    let digits: String = value.trim().chars().take_while(char::is_ascii_digit).collect();
    let is_octal = digits.len() > 1 && digits.starts_with('0');
    (is_octal && key.trim() == "mode").then(|| format!("write it in quotes: mode = \"{}\"", shown(&digits)))
}

impl<'a> Reader<'a> {
    /// A reader that has already complained about keys that `section` does not have.
    pub fn new(
        title: impl Into<String>,
        at: At,
        table: &'a DeTable<'a>,
        section: &'static Section,
        out: &'a Out,
    ) -> Self {
        let me = Self { title: title.into(), at, table, section, out };
        for k in table.keys() {
            let name: &str = k.get_ref();
            if out.is_full() {
                break;
            }
            match section.keys.iter().find(|x| x.name == name) {
                Some(known) => {
                    if let Some(instead) = known.later {
                        let text = format!("`{name}` in {} is not available in this version", me.title);
                        out.push(me.place(k.span()).error(text).suggest(instead));
                    }
                }
                None => {
                    let names = || section.keys.iter().filter(|x| x.later.is_none()).map(|x| x.name);
                    let fix = match closest(name, names()) {
                        Some(n) => format!("did you mean `{n}`?"),
                        None => format!("known here: {}", names().collect::<Vec<_>>().join(", ")),
                    };
                    let text = format!("unknown key `{}` in {}", shown(name), me.title);
                    out.push(me.place(k.span()).error(text).suggest(fix));
                }
            }
        }
        me
    }

    fn place(&self, span: std::ops::Range<usize>) -> At {
        At { source: Arc::clone(&self.at.source), span }
    }

    fn get(&self, name: &str) -> Option<(At, &'a DeValue<'a>)> {
        debug_assert!(self.section.keys.iter().any(|k| k.name == name), "{name} is not in the shape");
        let (_, v) = self.table.iter().find(|(k, _)| k.get_ref() == name)?;
        Some((self.place(v.span()), v.get_ref()))
    }

    fn wrong_type(&self, at: &At, name: &str, want: &str, got: &DeValue<'_>) {
        let written = at.source.text.get(at.span.clone()).unwrap_or_default();
        let is_mode = name == "mode" && matches!(got, DeValue::Integer(_)) && (3..=5).contains(&written.len());
        let fix = is_mode.then(|| format!("write it in quotes: mode = \"{written:0>4}\""));
        let d = at.error(format!("`{name}` in {} must be {want}, not {}", self.title, a_type(got)));
        self.out.push(d.maybe_suggest(fix));
    }

    /// Complains that a required key is missing.
    pub fn require<T>(&self, name: &str, value: Option<Spot<T>>) -> Option<Spot<T>> {
        if value.is_none() && self.get(name).is_none() {
            let holds = self.section.keys.iter().find(|k| k.name == name).map_or("a value", |k| k.holds);
            self.out.push(
                self.at.error(format!("{} has no `{name}`", self.title)).suggest(format!("add `{name}` ({holds})")),
            );
        }
        value
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<Spot<String>> {
        let (at, v) = self.get(name)?;
        match v {
            DeValue::String(s) => Some(Spot { value: s.to_string(), at }),
            other => {
                self.wrong_type(&at, name, "text", other);
                None
            }
        }
    }

    /// Text that `f` understands; its error is the message.
    pub fn parsed<T>(&self, name: &str, f: impl Fn(&str) -> Result<T, String>) -> Option<Spot<T>> {
        let text = self.text(name)?;
        match f(&text.value) {
            Ok(value) => Some(Spot { value, at: text.at }),
            Err(e) => {
                self.out.push(text.at.error(format!("`{name}`: {e}")));
                None
            }
        }
    }

    /// One of a few words; `absent` are words for what is not in this version, and what to use.
    pub fn choice<T: Clone>(&self, name: &str, of: &[(&str, T)], absent: &[(&str, &str)]) -> Option<Spot<T>> {
        let text = self.text(name)?;
        if let Some((_, v)) = of.iter().find(|(w, _)| *w == text.value) {
            return Some(Spot { value: v.clone(), at: text.at });
        }
        let word = shown(&text.value);
        let complaint = match absent.iter().find(|(w, _)| *w == text.value) {
            Some((_, instead)) => {
                text.at.error(format!("{name} = \"{word}\" is not available in this version")).suggest(*instead)
            }
            None => {
                let words: Vec<&str> = of.iter().map(|(w, _)| *w).collect();
                let fix = match closest(&text.value, words.iter().copied()) {
                    Some(w) => format!("did you mean \"{w}\"?"),
                    None => format!("use one of {}", words.join(", ")),
                };
                text.at.error(format!("`{word}` is no value of `{name}`")).suggest(fix)
            }
        };
        self.out.push(complaint);
        None
    }

    /// A whole number in a range.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Option<Spot<i64>> {
        let (at, v) = self.get(name)?;
        let DeValue::Integer(i) = v else {
            self.wrong_type(&at, name, "a whole number", v);
            return None;
        };
        match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(n) if range.contains(&n) => Some(Spot { value: n, at }),
            _ => {
                let text = format!("`{name}` must lie between {} and {}", range.start(), range.end());
                self.out.push(at.error(text));
                None
            }
        }
    }

    /// True or false.
    pub fn boolean(&self, name: &str) -> Option<Spot<bool>> {
        let (at, v) = self.get(name)?;
        if let DeValue::Boolean(b) = v {
            return Some(Spot { value: *b, at });
        }
        self.wrong_type(&at, name, "true or false", v);
        None
    }

    /// A list of texts, with the place of the list.
    pub fn texts(&self, name: &str) -> Option<Spot<Vec<Spot<String>>>> {
        let (at, v) = self.get(name)?;
        let DeValue::Array(items) = v else {
            self.wrong_type(&at, name, "a list of texts", v);
            return None;
        };
        let mut out = Vec::new();
        for item in items.iter() {
            let place = self.place(item.span());
            match item.get_ref() {
                DeValue::String(s) => out.push(Spot { value: s.to_string(), at: place }),
                other => self.wrong_type(&place, name, "a list of texts", other),
            }
        }
        Some(Spot { value: out, at })
    }

    /// A table.
    pub fn table(&self, name: &str, section: &'static Section) -> Option<Reader<'a>> {
        let (at, v) = self.get(name)?;
        match v {
            DeValue::Table(t) => Some(Reader::new(section.title, at, t, section, self.out)),
            other => {
                self.wrong_type(&at, name, "a table", other);
                None
            }
        }
    }

    /// A list of tables.
    pub fn tables(&self, name: &str, section: &'static Section) -> Vec<Reader<'a>> {
        let Some((at, v)) = self.get(name) else { return Vec::new() };
        let DeValue::Array(items) = v else {
            self.wrong_type(&at, name, &format!("a list of tables, written {}", section.title), v);
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items.iter() {
            let place = self.place(item.span());
            match item.get_ref() {
                DeValue::Table(t) => {
                    // the table's own name makes messages clearer
                    let own = t.iter().find(|(k, _)| k.get_ref() == "name").and_then(|(_, v)| v.get_ref().as_str());
                    let title =
                        own.map_or_else(|| section.title.to_owned(), |n| format!("{} \"{}\"", section.title, shown(n)));
                    out.push(Reader::new(title, place, t, section, self.out));
                }
                other => self.wrong_type(&place, name, "a list of tables", other),
            }
        }
        out
    }

    /// Tables by name.
    pub fn named(&self, name: &str, section: &'static Section) -> Vec<(Spot<String>, Reader<'a>)> {
        let Some((at, v)) = self.get(name) else { return Vec::new() };
        let DeValue::Table(items) = v else {
            self.wrong_type(&at, name, "tables by name", v);
            return Vec::new();
        };
        let mut out = Vec::new();
        for (k, item) in items.iter() {
            let label = Spot { value: k.get_ref().to_string(), at: self.place(k.span()) };
            let title = section.title.replace("NAME", &shown(&label.value));
            match item.get_ref() {
                DeValue::Table(t) => {
                    let place = label.at.clone();
                    out.push((label, Reader::new(title, place, t, section, self.out)));
                }
                other => self.wrong_type(&label.at, &label.value, &format!("a table, written {title}"), other),
            }
        }
        out
    }

    /// The collector.
    pub fn out(&self) -> &'a Out {
        self.out
    }

    /// Complains about the table itself.
    pub fn complain(&self, level: Level, message: impl Into<String>, fix: impl Into<String>) {
        let d = if level == Level::Error { self.at.error(message) } else { self.at.warning(message) };
        self.out.push(d.suggest(fix));
    }

    /// Every key that is written, with its place.
    pub fn written(&self) -> Vec<Spot<String>> {
        self.table.keys().map(|k| Spot { value: k.get_ref().to_string(), at: self.place(k.span()) }).collect()
    }

    /// Whether a key is written and holds text.
    pub fn is_text(&self, name: &str) -> bool {
        matches!(self.get(name), Some((_, DeValue::String(_))))
    }

    /// Whether a key is written.
    pub fn has(&self, name: &str) -> Option<At> {
        self.get(name).map(|(at, _)| at)
    }
}

fn a_type(v: &DeValue<'_>) -> &'static str {
    match v {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
