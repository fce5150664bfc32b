//! `[recipe.NAME]`, and the recipes that are always there.

use super::raw::Raw;
use super::reader::{Out, Reader};
use super::recipes_picture::{self, Kind};
use super::source::Spot;
use super::{Emit, Level};
use crate::engine::deliver::{Recipe, SidecarFormat, SidecarRecipe};
use crate::rules::closest;
use crate::rules::template::Template;

/// The record of a clip.
pub(super) const RECORD: &str = "sidecar";
/// In a rule: the folders that its other recipes make are sealed.
pub(super) const MANIFEST: &str = "manifest";
const BUILT_IN: [(&str, SidecarFormat); 5] = [
    (RECORD, SidecarFormat::Json),
    ("ale", SidecarFormat::Ale),
    ("csv", SidecarFormat::Csv),
    ("otio", SidecarFormat::Otio),
    ("opentrackio", SidecarFormat::OpenTrackIo),
];

/// What `formats` takes.
const USE: &str = "use json, ale, csv, otio or opentrackio";

/// Kinds of recipe and names of deliverables that later versions make.
const LATER: &[&str] = &["trim", "package", "report", "amf", "fdl"];

/// Fields of a name that differ from clip to clip.
pub(super) const UNIQUE: &[&str] = &["clip", "clip.name", "clip.id", "clip.uuid", "clip.umid"];

/// A recipe as written.
pub(super) struct RawRecipe {
    pub name: Spot<String>,
    pub emit: Emit,
}

/// Names that need no table.
fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(n, _)| *n).chain(Kind::ALL.into_iter().map(Kind::as_str))
}

fn built_in(name: &str) -> Option<Emit> {
    if let Some(recipe) = recipes_picture::built_in(name) {
        return Some(Emit { name: name.to_owned(), recipe, template: None, plate: 1 });
    }
    let (n, format) = BUILT_IN.iter().find(|(n, _)| *n == name)?;
    let recipe = Recipe::Sidecar(SidecarRecipe { formats: vec![*format] });
    Some(Emit { name: (*n).to_owned(), recipe, template: None, plate: 1 })
}

/// The record, which every clip gets.
pub(super) fn record() -> Emit {
    let recipe = Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json] });
    Emit { name: RECORD.to_owned(), recipe, template: None, plate: 1 }
}

/// Reads one recipe; `None` if it has errors.
pub(super) fn read(label: Spot<String>, r: &Reader<'_>, others: &[RawRecipe]) -> Option<RawRecipe> {
    if built_in_names().chain([MANIFEST]).any(|n| n == label.value) {
        r.complain(Level::Error, format!("the recipe `{}` is built in", label.value), "choose another name");
        return None;
    }
    if let Some(first) = others.iter().find(|o| o.name.value == label.value) {
        let text = format!("the recipe `{}` is already given in {}", label.value, first.name.at.short());
        r.out().push(label.at.error(text).suggest("give each recipe once"));
        return None;
    }
    let absent: Vec<(&str, &str)> =
        LATER.iter().map(|k| (*k, "this version makes sidecars, plates, stills, contact sheets and proxies")).collect();
    let kinds: Vec<(&str, Option<Kind>)> =
        [("sidecar", None)].into_iter().chain(Kind::ALL.map(|k| (k.as_str(), Some(k)))).collect();
    let kind = r.require("kind", r.choice("kind", &kinds, &absent))?;
    if let Some(kind) = kind.value {
        let base = super::raw::folder_of(&r.at.source.path).to_path_buf();
        return recipes_picture::read(kind, &label, r, &base).map(|emit| RawRecipe { name: label, emit });
    }
    if let Some(stray) = r.written().into_iter().find(|k| !["kind", "formats", "name"].contains(&k.value.as_str())) {
        let text = format!("`{}` is no key of a recipe of kind \"sidecar\"", stray.value);
        r.out().push(stray.at.error(text).suggest("a sidecar recipe has kind, formats and name"));
    }
    let formats = formats(r);
    let template = template(r);
    let formats = formats?;
    if let (Some(at), true) = (r.has("name"), formats.contains(&SidecarFormat::Json)) {
        let text = "`name` cannot be given for json: the record always lies beside its original's place";
        r.out().push(at.error(text).suggest("make a recipe with formats = [\"ale\"] for the named file"));
    }
    let recipe = Recipe::Sidecar(SidecarRecipe { formats });
    Some(RawRecipe { emit: Emit { name: label.value.clone(), recipe, template: template?, plate: 1 }, name: label })
}

fn formats(r: &Reader<'_>) -> Option<Vec<SidecarFormat>> {
    let list = r.require("formats", r.texts("formats"))?;
    let mut out = Vec::new();
    let mut good = true;
    for s in &list.value {
        let Some(format) = SidecarFormat::named(&s.value) else {
            good = false;
            let d = match closest(&s.value, SidecarFormat::ALL.map(SidecarFormat::as_str)) {
                _ if LATER.contains(&s.value.as_str()) => {
                    s.at.error(format!("format \"{}\" is not available in this version", s.value))
                }
                Some(n) => {
                    s.at.error(format!("`{}` is no format of a sidecar", s.value))
                        .suggest(format!("did you mean \"{n}\"?"))
                }
                None => s.at.error(format!("`{}` is no format of a sidecar", s.value)).suggest(USE),
            };
            r.out().push(d);
            continue;
        };
        if out.contains(&format) {
            r.out().push(s.at.warning(format!("the format \"{}\" is listed twice", s.value)));
        } else {
            out.push(format);
        }
    }
    if out.is_empty() && good {
        r.out().push(list.at.error("a sidecar recipe needs at least one format").suggest(USE));
        good = false;
    }
    good.then_some(out)
}

/// `Some(None)` without `name`; `None` if it has flaws.
fn template(r: &Reader<'_>) -> Option<Option<Template>> {
    let Some(text) = r.text("name") else {
        return r.has("name").is_none().then_some(None);
    };
    match Template::parse(&text.value, &[]) {
        Ok(t) => {
            if !t.fields().any(|f| UNIQUE.contains(&f)) {
                let d = text.at.warning("clips with the same values meet under this name, and later ones get `.v002`");
                r.out().push(d.suggest("add {clip}, the clip's own name"));
            }
            Some(Some(t))
        }
        Err(flaws) => {
            for f in flaws {
                r.out().push(text.at.inside(f.offset, f.length).error(f.message).maybe_suggest(f.suggestion));
            }
            None
        }
    }
}

/// The recipe that a rule names. Nothing is said about one that has errors of its own.
pub(super) fn find(name: &Spot<String>, raw: &Raw, out: &Out) -> Option<Emit> {
    let recipes = &raw.recipes;
    let known = recipes.iter().find(|r| r.name.value == name.value).map(|r| r.emit.clone());
    let found = known.or_else(|| built_in(&name.value));
    if found.is_none() && !raw.broken.contains(&name.value) {
        let names = || {
            let own = recipes.iter().map(|r| r.name.value.as_str());
            built_in_names().chain([MANIFEST]).map(|n| -> &str { n }).chain(own)
        };
        let text = format!("there is no recipe `{}`", super::values::shown(&name.value));
        let fix = match closest(&name.value, names().chain(raw.broken.iter().map(String::as_str))) {
            Some(n) => format!("did you mean \"{n}\"?"),
            None => format!("known here: {}; or add [recipe.NAME]", names().collect::<Vec<_>>().join(", ")),
        };
        out.push(name.at.error(text).suggest(fix));
    }
    found
}
