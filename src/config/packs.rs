//! Guardrail packs: those that come with the program, and files of the house.

use super::raw::condition;
use super::reader::{Out, Reader, parse};
use super::shape;
use super::source::{At, Source, Spot};
use crate::model::Severity;
use crate::rules::guardrails::{self, Pack, PackCheck};
use crate::rules::{FolderKind, closest, fields};
use std::path::Path;
use std::sync::Arc;

const BUILT_IN: &[(&str, &str)] = &[
    ("rushes:default", include_str!("../../config/guardrails/default.toml")),
    ("rushes:camera", include_str!("../../config/guardrails/camera.toml")),
    ("rushes:sound", include_str!("../../config/guardrails/sound.toml")),
];

/// The packs of a folder whose show names none: the general one, then the one of its kind.
pub(super) fn of_kind(kind: FolderKind) -> Vec<Pack> {
    let own = match kind {
        FolderKind::Camera => Some("rushes:camera"),
        FolderKind::Sound => Some("rushes:sound"),
        FolderKind::Look => None,
    };
    std::iter::once("rushes:default").chain(own).filter_map(built_in).collect()
}

/// A pack that comes with the program. A test holds the shipped files to be without mistakes.
fn built_in(name: &str) -> Option<Pack> {
    let (name, text) = BUILT_IN.iter().find(|(n, _)| *n == name)?;
    let source = Arc::new(Source::new(Path::new(name), (*text).to_owned()));
    pack(name, &source, &Out::default())
}

/// Reads the packs that a show names, in order.
pub(super) fn read_list(names: &[Spot<String>], out: &Out) -> Vec<Pack> {
    names.iter().filter_map(|n| read(n, out)).collect()
}

fn read(name: &Spot<String>, out: &Out) -> Option<Pack> {
    if name.value.starts_with("rushes:") {
        let found = built_in(&name.value);
        if found.is_none() {
            let names = BUILT_IN.iter().map(|(n, _)| *n);
            let near = closest(&name.value, names.clone());
            let fix = near.map_or_else(
                || format!("there are {}", names.collect::<Vec<_>>().join(", ")),
                |n| format!("did you mean \"{n}\"?"),
            );
            out.push(name.at.error(format!("there is no guardrail pack `{}`", name.value)).suggest(fix));
        }
        return found;
    }
    let base = super::raw::folder_of(&name.at.source.path);
    match Source::read(&base.join(&name.value), &format!("the guardrail pack `{}`", super::values::shown(&name.value)))
    {
        Ok(source) => pack(&name.value, &source, out),
        // a place in the pack itself
        Err(d) if d.line.is_some() => {
            out.push(d);
            None
        }
        Err(d) => {
            let fix = "packs are \"rushes:NAME\" or files relative to this one";
            out.push(name.at.error(d.message).suggest(fix));
            None
        }
    }
}

fn pack(name: &str, source: &Arc<Source>, out: &Out) -> Option<Pack> {
    let table = parse(source, out)?;
    let at = At { source: Arc::clone(source), span: 0..0 };
    let top = Reader::new(format!("the guardrail pack {name}"), at, table.get_ref(), &shape::PACK, out);
    let mut kinds = Vec::new();
    for k in top.texts("kinds").map(|s| s.value).unwrap_or_default() {
        match FolderKind::ALL.into_iter().find(|x| x.as_str() == k.value) {
            Some(kind) => kinds.push(kind),
            None => {
                let near = closest(&k.value, FolderKind::ALL.map(FolderKind::as_str));
                let fix =
                    near.map_or_else(|| "use camera, sound or look".to_owned(), |n| format!("did you mean \"{n}\"?"));
                out.push(k.at.error(format!("`{}` is no kind of folder", k.value)).suggest(fix));
            }
        }
    }
    let checks = top.tables("check", &shape::CHECK).iter().filter_map(check).collect();
    Some(Pack { name: name.to_owned(), kinds, checks })
}

fn check(r: &Reader<'_>) -> Option<PackCheck> {
    let severities = [
        ("info", Some(Severity::Info)),
        ("warn", Some(Severity::Warn)),
        ("hold", Some(Severity::Hold)),
        ("refuse", Some(Severity::Refuse)),
        ("off", None),
    ];
    let code = r.require("code", r.text("code"));
    let severity = r.choice("severity", &severities, &[]);
    let overridable = r.boolean("overridable");
    let when = condition(r);
    let wanted = wanted_fields(r);
    let code = code?;
    let Some(known) = guardrails::info(&code.value) else {
        let names = guardrails::CHECKS.iter().map(|c| c.code);
        let near = closest(&code.value, names.clone());
        let fix = near.map_or_else(
            || format!("there are {}", names.collect::<Vec<_>>().join(", ")),
            |n| format!("did you mean \"{n}\"?"),
        );
        r.out().push(code.at.error(format!("there is no check `{}`", super::values::shown(&code.value))).suggest(fix));
        return None;
    };
    let severity = severity.map_or(Some(known.severity), |s| s.value);
    if known.code == "META-MISSING" && wanted.is_empty() && severity.is_some() && r.has("fields").is_none() {
        r.out()
            .push(code.at.error("META-MISSING needs `fields`").suggest("add fields = [\"timecode.start\", \"reel\"]"));
    } else if known.code != "META-MISSING"
        && let Some(at) = r.has("fields")
    {
        r.out().push(at.error("`fields` belongs to META-MISSING only").suggest("remove it"));
    }
    let overridable = overridable.map_or(known.overridable, |b| b.value && known.overridable);
    Some(PackCheck { code: known.code.to_owned(), severity, overridable, when, fields: wanted })
}

fn wanted_fields(r: &Reader<'_>) -> Vec<String> {
    let list = r.texts("fields").map(|s| s.value).unwrap_or_default();
    let scalar = |t| !matches!(t, fields::FieldType::List | fields::FieldType::Group);
    let mut out = Vec::new();
    for s in list {
        let bad = s.value.split('|').find(|f| f.contains("[]") || !fields::type_of(f).is_some_and(scalar));
        match bad {
            None => out.push(s.value),
            Some(bad) => {
                let near = fields::suggest(bad).map(|n| format!("did you mean `{n}`?"));
                r.out().push(
                    s.at.error(format!("the schema rushes.clip/1 has no single value `{bad}`")).maybe_suggest(near),
                );
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_packs_have_no_mistakes() {
        for (name, text) in BUILT_IN {
            let source = Arc::new(Source::new(Path::new(name), (*text).to_owned()));
            let out = Out::default();
            let pack = pack(name, &source, &out).unwrap();
            assert_eq!(out.into_vec().iter().map(|d| d.render(false)).collect::<String>(), "");
            assert!(!pack.checks.is_empty());
        }
    }
}
