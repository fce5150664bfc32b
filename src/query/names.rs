//! The names that a query may use: the fields of `docs/fields.md`, short names, and a few that only search has.

use super::Flaw;
use crate::rules::fields::{FIELDS, FieldType};
use std::sync::LazyLock;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Equality without capitals, and patterns.
    Text,
    /// Numbers.
    Number,
    /// Exact rates.
    Rate,
    /// Yes or no.
    Bool,
    /// Timecode labels.
    Label,
    /// Dates, as their beginning.
    Date,
    /// Where the clip lies.
    Path,
    /// From the start of the timecode to its end: contains a label.
    Span,
    /// A list of groups: only whether it is there.
    List,
    /// A group: only whether it is there.
    Group,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Rate => "rate",
            Self::Bool => "yes or no",
            Self::Label => "timecode label",
            Self::Date => "date",
            Self::Path => "path below the folder",
            Self::Span => "labels from start to end",
            Self::List => "list, has: only",
            Self::Group => "group, has: only",
        }
    }
}

/// One name.
#[derive(Debug)]
pub(super) struct Name {
    /// The dotted name, without the `[]` of lists.
    pub name: String,
    /// The name in [`FIELDS`]; empty for those that only search has.
    pub field: &'static str,
    pub kind: Kind,
    /// Free text looks here.
    pub free: bool,
}

/// One of the fields, by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u16);

/// Texts in which nobody looks for words.
const NOT_FREE: &[&str] =
    &["schema", "clip.id", "clip.uuid", "clip.umid", "warnings.message", "problem.what", "format.undecodable"];
/// Short names beside the unambiguous last part of each name.
const SHORT: &[(&str, &str)] = &[
    ("camera", "camera.model"),
    ("clip", "clip.name"),
    ("date", "recorded.date"),
    ("duration", "clip.duration_s"),
    ("format", "format.id"),
    ("fps", "fps.project"),
    ("height", "image.height"),
    ("id", "clip.id"),
    ("lens", "lens.model"),
    ("make", "camera.make"),
    ("model", "camera.model"),
    ("name", "clip.name"),
    ("problem", "problem.code"),
    ("rate", "fps.project"),
    ("serial", "camera.serial"),
    ("shutter", "exposure.shutter_angle"),
    ("timecode", "tc"),
    ("warning", "warnings.code"),
    ("wb", "exposure.white_balance_k"),
    ("width", "image.width"),
];

static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| {
    let mut all: Vec<Name> = FIELDS.iter().map(|(n, t)| name(n, *t)).collect();
    for (n, kind) in [("path", Kind::Path), ("present", Kind::Bool), ("tc", Kind::Span)] {
        all.push(Name { name: n.to_owned(), field: "", kind, free: kind == Kind::Path });
    }
    all
});

fn name(field: &'static str, t: FieldType) -> Name {
    let name = field.replace("[]", "");
    let kind = match (name.as_str(), t) {
        ("recorded.date", _) => Kind::Date,
        ("timecode.start" | "timecode.end" | "audio.timecode", _) => Kind::Label,
        (_, FieldType::Text) => Kind::Text,
        (_, FieldType::Number) => Kind::Number,
        (_, FieldType::Rate) => Kind::Rate,
        (_, FieldType::Bool) => Kind::Bool,
        (_, FieldType::List) => Kind::List,
        (_, FieldType::Group) => Kind::Group,
    };
    let free = kind == Kind::Text && !NOT_FREE.contains(&name.as_str());
    Name { name, field, kind, free }
}

impl Field {
    /// The dotted name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).map_or("", |n| n.name.as_str())
    }

    /// How it is compared.
    #[must_use]
    pub fn kind(self) -> Kind {
        NAMES.get(usize::from(self.0)).map_or(Kind::Group, |n| n.kind)
    }

    /// Its name in `docs/fields.md`; empty for one that only search has.
    #[must_use]
    pub fn schema_name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).map_or("", |n| n.field)
    }

    /// Whether free text looks in it.
    #[must_use]
    pub fn is_free(self) -> bool {
        NAMES.get(usize::from(self.0)).is_some_and(|n| n.free)
    }

    /// Its place in the list, below the number of [`all`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The fields whose presence `has:` of this one asks for: itself, or all of a group.
    pub fn parts(self) -> impl Iterator<Item = Field> {
        let group = matches!(self.kind(), Kind::Group).then(|| format!("{}.", self.name()));
        all().filter(move |f| match &group {
            Some(g) => f.name().starts_with(g.as_str()) && !matches!(f.kind(), Kind::Group),
            None => *f == self,
        })
    }
}

/// Every field.
pub fn all() -> impl Iterator<Item = Field> {
    (0..u16::try_from(NAMES.len()).unwrap_or(u16::MAX)).map(Field)
}

/// The field of exactly this dotted name.
pub(super) fn exact(name: &str) -> Option<Field> {
    all().find(|f| f.name() == name)
}

/// The field that a person means by `name`: its dotted name, a short name, or its last parts when only one ends so.
/// `of_group`: a group is meant as such.
///
/// # Errors
/// No field, or several; the flaw lies at 0 and is as long as the name.
pub fn find(name: &str, of_group: bool) -> Result<Field, Flaw> {
    let plain = name.to_lowercase().replace("[]", "");
    let known = exact(&plain);
    if let Some(f) = known.filter(|f| of_group || f.kind() != Kind::Group) {
        return Ok(f);
    }
    if let Some(f) = SHORT.iter().find(|(s, _)| *s == plain).and_then(|(_, n)| exact(n)) {
        return Ok(f);
    }
    let at = (0, name.len());
    if let Some(group) = known {
        let some: Vec<&str> = group.parts().map(Field::name).take(4).collect();
        let flaw = Flaw::new(at, format!("`{name}` is a group of fields"));
        return Err(flaw.fix(format!("ask for one of them, such as {}", some.join(", "))));
    }
    let ending = format!(".{plain}");
    let ends = |f: &Field| f.kind() != Kind::Group && f.name().ends_with(&ending);
    let found: Vec<Field> = all().filter(ends).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(unknown(name, &plain)),
        many => {
            let names: Vec<&str> = many.iter().map(|f| f.name()).collect();
            Err(Flaw::new(at, format!("`{name}` may mean several fields")).fix(format!("write {}", names.join(" or "))))
        }
    }
}

/// The short names of a field.
#[must_use]
pub fn short_names(f: Field) -> Vec<String> {
    let mut all: Vec<String> = SHORT.iter().filter(|(_, n)| *n == f.name()).map(|(s, _)| (*s).to_owned()).collect();
    let last = f.name().rsplit('.').next().unwrap_or("");
    if last != f.name() && !all.iter().any(|s| s == last) && find(last, false) == Ok(f) {
        all.push(last.to_owned());
    }
    all
}

fn unknown(name: &str, plain: &str) -> Flaw {
    let near = crate::rules::closest(plain, SHORT.iter().map(|(s, _)| *s).chain(all().map(Field::name)))
        .map(str::to_owned)
        .or_else(|| crate::rules::fields::suggest(plain).map(|s| s.replace("[]", "")))
        .or_else(|| {
            let last = all().filter_map(|f| f.name().rsplit('.').next());
            crate::rules::closest(plain, last).map(str::to_owned)
        });
    let flaw = Flaw::new((0, name.len()), format!("there is no field `{name}`"));
    match near {
        Some(n) => flaw.fix(format!("did you mean `{n}`?")),
        None => flaw.fix("`rushes search --help` and docs/fields.md list the fields"),
    }
}
