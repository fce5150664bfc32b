//! Name templates: `{show}/{reel}/{clip}` or `{show}_{scene}_PL{plate:02}.{frame:04}.{ext}`.
//!
//! Whatever the metadata says, the result is a relative path of normal components, each short enough
//! for the file system: a reel called `../../etc` stays inside.

use super::{Flaw, closest, fields};
use crate::model::{ClipDoc, Error, ErrorKind, MediaPath, escape_for_people, stable_id};
use serde_json::Value as Json;
use std::path::PathBuf;
use unicode_normalization::UnicodeNormalization;

/// Longest template, bytes.
const MAX_TEMPLATE: usize = 1024;
/// Most folders and file names in one template.
const MAX_COMPONENTS: usize = 16;
/// Longest component made, bytes: NAME_MAX (255) less what is appended to a stem (`.rushes.v001.json` and a staging mark).
pub const MAX_COMPONENT: usize = 224;

/// Short names for the fields that names are usually made of.
pub const ALIASES: &[(&str, &str)] =
    &[("clip", "clip.name"), ("scene", "slate.scene"), ("shot", "slate.shot"), ("take", "slate.take")];

/// A checked template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Literal text, which may hold `/`.
    Text(String),
    /// A field and the least number of digits.
    Field { name: String, digits: usize },
}

impl serde::Serialize for Template {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.source)
    }
}

impl Template {
    /// Checks `source`. `given` are names beside the fields of a clip that the recipe fills in
    /// (`frame`, `ext`, `plate`, `version`).
    ///
    /// # Errors
    /// Every flaw found, with its place.
    pub fn parse(source: &str, given: &[&str]) -> Result<Self, Vec<Flaw>> {
        if source.is_empty() || source.len() > MAX_TEMPLATE {
            let text = format!("a name template has 1 to {MAX_TEMPLATE} bytes");
            return Err(vec![Flaw::new(0, source.len().min(1), text)]);
        }
        let (parts, mut flaws) = split(source, given);
        if flaws.is_empty() {
            flaws.extend(literal_flaws(source, &parts));
        }
        if flaws.is_empty() { Ok(Self { source: source.to_owned(), parts }) } else { Err(flaws) }
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of the fields used, in order, as written.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| match p {
            Part::Field { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The path for a clip of `show`, found in `folder`; `given` answers the names given to [`Template::parse`].
    ///
    /// # Errors
    /// `NAME-FIELD-ABSENT` when the clip has no such field (or an empty one).
    pub fn expand(
        &self,
        doc: &ClipDoc,
        show: &str,
        folder: &str,
        given: &dyn Fn(&str) -> Option<String>,
    ) -> Result<MediaPath, Error> {
        let json = serde_json::to_value(doc).unwrap_or(Json::Null);
        self.fill(&|name| match name {
            "show" => Some(show.to_owned()),
            "folder" => Some(folder.to_owned()),
            _ => given(name).or_else(|| value_of(&json, unalias(name))),
        })
    }

    /// As [`Template::expand`], split into folder (may be empty) and file name without extension.
    ///
    /// # Errors
    /// As [`Template::expand`].
    pub fn expand_stem(&self, doc: &ClipDoc, show: &str, folder: &str) -> Result<(MediaPath, String), Error> {
        let path = self.expand(doc, show, folder, &|_| None)?;
        let dir = path.as_path().parent().map_or_else(MediaPath::default, MediaPath::from);
        let stem = path.as_path().file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((dir, stem))
    }

    /// As [`Template::expand`], with the fields `kept` left as stand-ins for numbers, made by `stand_in` from the name
    /// and the number of digits.
    ///
    /// # Errors
    /// As [`Template::expand`].
    pub fn expand_keeping(
        &self,
        (doc, show, folder): (&ClipDoc, &str, &str),
        kept: &[&str],
        stand_in: &dyn Fn(&str, usize) -> String,
        given: &dyn Fn(&str) -> Option<String>,
    ) -> Result<MediaPath, Error> {
        let parts = self.parts.iter().map(|p| match p {
            Part::Field { name, digits } if kept.contains(&name.as_str()) => {
                Part::Text(stand_in(name, (*digits).max(1)))
            }
            other => other.clone(),
        });
        let left = Self { source: self.source.clone(), parts: parts.collect() };
        left.expand(doc, show, folder, given)
    }

    fn fill(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<MediaPath, Error> {
        let mut components: Vec<String> = vec![String::new()];
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    let mut pieces = text.split('/');
                    if let (Some(last), Some(first)) = (components.last_mut(), pieces.next()) {
                        last.push_str(first);
                    }
                    components.extend(pieces.map(str::to_owned));
                }
                Part::Field { name, digits } => {
                    let value = lookup(name).filter(|v| !v.trim().is_empty()).ok_or_else(|| {
                        let what = format!("the name `{}` needs `{name}`, which this clip does not have", self.source);
                        Error::new(ErrorKind::Unsupported, "NAME-FIELD-ABSENT", what)
                            .fix(format!("give the clip a `{name}`, or use another name in the recipe"))
                    })?;
                    if let Some(last) = components.last_mut() {
                        last.push_str(&padded(&clean(&value), *digits));
                    }
                }
            }
        }
        Ok(MediaPath::from(components.iter().map(|c| component(c)).collect::<PathBuf>()))
    }
}

/// The form in which two names are the same for a file system that ignores case or composition: NFC of
/// the lower-case NFD form.
#[must_use]
pub fn collision_key(name: &str) -> String {
    name.nfd().flat_map(char::to_lowercase).nfc().collect()
}

/// One value made harmless inside a component: no separators, no control or direction characters, none of `<>:"|?*\`.
fn clean(value: &str) -> String {
    let harmless = |c: char| match c {
        '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        c if c.is_control() || escape_for_people(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8() => '_',
        c => c,
    };
    value.trim().chars().map(harmless).collect()
}

/// Leading zeros for a whole number; other text stays.
fn padded(value: &str, digits: usize) -> String {
    if digits > 0 && value.bytes().all(|b| b.is_ascii_digit()) {
        format!("{value:0>digits$}")
    } else {
        value.to_owned()
    }
}

/// One component made harmless as a whole.
fn component(text: &str) -> String {
    let mut out = text.to_owned();
    if out.is_empty() {
        out.push('_');
    }
    if out.starts_with(['.', '~', ' ']) {
        out.replace_range(..1, "_");
    }
    if out.ends_with(['.', ' ']) {
        out.pop();
        out.push('_');
    }
    let base = out.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let device = matches!(base.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || ((base.starts_with("COM") || base.starts_with("LPT"))
            && base.len() == 4
            && base.ends_with(|c: char| c.is_ascii_digit()));
    if device {
        out.insert(0, '_');
    }
    if out.len() > MAX_COMPONENT {
        let mark = stable_id([text.as_bytes()]);
        let mut end = MAX_COMPONENT - 9;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push('-');
        out.extend(mark.chars().take(8));
    }
    out
}

fn unalias(name: &str) -> &str {
    ALIASES.iter().find(|(a, _)| *a == name).map_or(name, |(_, f)| f)
}

/// The text of a dotted field, if it holds one value.
pub(super) fn value_of(json: &Json, path: &str) -> Option<String> {
    match path.split('.').try_fold(json, |v, key| v.get(key))? {
        Json::String(s) => Some(s.clone()),
        Json::Number(n) => Some(match n.as_f64() {
            Some(f) if !n.is_i64() && !n.is_u64() && f.fract() == 0.0 && f.abs() < 1e15 => format!("{f:.0}"),
            _ => n.to_string(),
        }),
        Json::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Splits a template into parts; collects flaws of its fields.
fn split(source: &str, given: &[&str]) -> (Vec<Part>, Vec<Flaw>) {
    let (mut parts, mut flaws) = (Vec::new(), Vec::new());
    let mut text = String::new();
    let mut it = source.char_indices().peekable();
    while let Some((at, c)) = it.next() {
        match c {
            '{' | '}' if it.next_if(|(_, d)| *d == c).is_some() => text.push(c),
            '}' => flaws.push(Flaw::new(at, 1, "`}` without `{`; write `}}` for the character itself")),
            '{' => {
                let rest = source.get(at + 1..).unwrap_or_default();
                let Some(len) = rest.find('}') else {
                    flaws.push(Flaw::new(
                        at,
                        source.len() - at,
                        "`{` is never closed; write `{{` for the character itself",
                    ));
                    break;
                };
                let inner = rest.get(..len).unwrap_or_default();
                while it.next_if(|(i, _)| *i <= at + 1 + len).is_some() {}
                match field(inner, at + 1, given) {
                    Ok(part) => {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                        parts.push(part);
                    }
                    Err(flaw) => flaws.push(flaw),
                }
            }
            c => text.push(c),
        }
    }
    parts.push(Part::Text(text));
    parts.retain(|p| !matches!(p, Part::Text(t) if t.is_empty()));
    (parts, flaws)
}

/// `name` or `name:0N`.
fn field(inner: &str, at: usize, given: &[&str]) -> Result<Part, Flaw> {
    let (name, spec) = inner.split_once(':').map_or((inner, None), |(n, s)| (n, Some(s)));
    let scalar = |t| !matches!(t, fields::FieldType::List | fields::FieldType::Group);
    let known = given.contains(&name)
        || ALIASES.iter().any(|(a, _)| *a == name)
        || (fields::type_of(name).is_some_and(scalar) && !name.contains("[]"));
    if !known {
        let all = given.iter().copied().chain(ALIASES.iter().map(|(a, _)| *a));
        let near = closest(name, all).or_else(|| fields::suggest(name));
        let mut flaw = Flaw::new(at, name.len().max(1), format!("a name template cannot use `{name}`"));
        flaw.suggestion = Some(match near {
            Some(n) => format!("did you mean `{n}`?"),
            None => "use show, folder, clip, reel, scene, shot, take or a field such as camera.index".to_owned(),
        });
        return Err(flaw);
    }
    let digits = match spec {
        None => 0,
        Some(s) => match s.strip_prefix('0').and_then(|d| d.parse::<usize>().ok()) {
            Some(n @ 1..=9) => n,
            _ => {
                let text = "after `:` stands 0 and the number of digits, 1 to 9";
                let mut flaw = Flaw::new(at + name.len() + 1, s.len().max(1), text);
                flaw.suggestion = Some(format!("for four digits write `{{{name}:04}}`"));
                return Err(flaw);
            }
        },
    };
    Ok(Part::Field { name: name.to_owned(), digits })
}

/// Flaws of the literal text: absolute, parent folders, empty components, control characters.
fn literal_flaws(source: &str, parts: &[Part]) -> Vec<Flaw> {
    // fields are one letter here: what they hold is made harmless later
    let shape: String = parts
        .iter()
        .map(|p| match p {
            Part::Text(t) => t.as_str(),
            Part::Field { .. } => "x",
        })
        .collect();
    let mut flaws = Vec::new();
    let mut say = |text: String| flaws.push(Flaw::new(0, source.len(), text));
    if shape.starts_with('/') {
        say("a name is relative to the output folder and cannot begin with `/`".into());
    } else if shape.split('/').any(str::is_empty) {
        say("a name cannot have an empty part (`//`, or `/` at its end)".into());
    }
    if let Some(bad) = shape.split('/').find(|c| c.starts_with('.')) {
        say(format!(
            "the part `{}` begins with a dot: names never lead upwards and are never hidden",
            escape_for_people(bad)
        ));
    }
    if shape.chars().any(char::is_control) {
        say("a name cannot hold control characters".into());
    }
    if shape.split('/').count() > MAX_COMPONENTS {
        say(format!("a name has at most {MAX_COMPONENTS} parts"));
    }
    flaws
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
