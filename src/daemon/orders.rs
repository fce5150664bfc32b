//! What a clip's rules ask for, where it goes and which job it is: pure, for the daemon and for `rushes plan`.

use crate::config::Folder;
use crate::engine::deliver::{Naming, PlannedOutput, Recipe, plan, stand_in};
use crate::job::{Priority, job_id};
use crate::model::{ClipDoc, ClipFile, ClipId, Error, JobId, stable_id};
use crate::rules::guardrails::stopping;
use crate::rules::template::Template;
use crate::rules::{Scope, Verdict};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One thing that a clip's rules ask for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The rule that asks.
    pub rule: String,
    /// The recipe's configured name.
    pub name: String,
    /// The recipe.
    pub recipe: Recipe,
    /// Where it goes, if not beside the record.
    pub template: Option<Template>,
    /// `{plate}` in that name.
    pub plate: i64,
    /// How urgent it is.
    pub priority: Priority,
}

/// What the rules of a folder say about a clip.
pub struct Orders {
    /// What is to be made, the record last.
    pub wanted: Vec<Wanted>,
    /// What each rule said, by its name.
    pub verdicts: Vec<(String, Verdict)>,
}

/// Evaluates the rules. `doc.checks` are the guardrails that spoke: a clip that they hold back gets its record in any
/// case.
#[must_use]
pub fn orders(folder: &Folder, doc: &ClipDoc) -> Orders {
    let mut o = Orders { wanted: Vec::new(), verdicts: Vec::new() };
    let scope = Scope::new(doc, &folder.show, &folder.name);
    for rule in &folder.rules {
        let verdict = rule.verdict(&scope);
        if matches!(verdict, Verdict::True) {
            for e in &rule.emit {
                if !e.recipe.is_record() && !o.wanted.iter().any(|w| w.name == e.name) {
                    o.wanted.push(Wanted {
                        rule: rule.name.clone(),
                        name: e.name.clone(),
                        recipe: e.recipe.clone(),
                        template: e.template.clone(),
                        plate: e.plate,
                        priority: rule.priority,
                    });
                }
            }
        }
        o.verdicts.push((rule.name.clone(), verdict));
    }
    let held = stopping(&doc.checks).next().is_some();
    if held || !o.wanted.iter().any(|w| w.recipe.makes_record()) {
        // last, so that it tells of every rule
        o.wanted.push(Wanted {
            rule: "record".into(),
            name: "sidecar".into(),
            recipe: Recipe::record(),
            template: None,
            plate: 1,
            priority: Priority::High,
        });
    }
    o
}

/// The outputs of one thing that is wanted, for a clip whose files lie in `dir` (relative to the watched folder) and
/// whose record is named after `stem`.
///
/// # Errors
/// The name template cannot be filled (`NAME-FIELD-ABSENT`), or the recipe cannot be made of this clip.
pub fn outputs(
    folder: &Folder,
    (dir, stem): (&Path, &OsStr),
    doc: &ClipDoc,
    w: &Wanted,
) -> Result<Vec<PlannedOutput>, Error> {
    if let (Some(t), true) = (&w.template, w.recipe.is_picture()) {
        let given = |name: &str| match name {
            "ext" => w.recipe.extension().map(str::to_owned),
            "plate" => Some(w.plate.to_string()),
            "recipe" => Some(w.name.clone()),
            _ => None,
        };
        let kept = ["version", "frame"];
        let path = t.expand_keeping((doc, &folder.show, &folder.name), &kept, &stand_in, &given)?;
        return plan(doc, &w.recipe, Naming::Pattern(path.as_path()));
    }
    let (dir, stem): (PathBuf, OsString) = match &w.template {
        None => (dir.to_path_buf(), stem.to_owned()),
        Some(t) => {
            let (dir, stem) = t.expand_stem(doc, &folder.show, &folder.name)?;
            (dir.as_path().to_path_buf(), stem.into())
        }
    };
    plan(doc, &w.recipe, Naming::Beside { dir: &dir, stem: &stem, recipe: &w.name })
}

/// The job that makes this, and its outputs.
pub(super) fn identity(
    folder: &Folder,
    place: (&Path, &OsStr),
    clip: &ClipId,
    doc: &ClipDoc,
    w: &Wanted,
) -> Result<(JobId, Vec<PlannedOutput>), Error> {
    let outputs = outputs(folder, place, doc, w)?;
    let id = job_id(clip, &w.recipe, &outputs, None, &context_of(folder, doc, &w.recipe, &w.rule));
    Ok((id, outputs))
}

/// What decides an output's bytes beside the clip's own contents and the recipe.
pub(super) fn context_of(folder: &Folder, doc: &ClipDoc, recipe: &Recipe, rule: &str) -> BTreeMap<String, String> {
    let mut c = BTreeMap::new();
    c.insert("show".to_owned(), folder.show.clone());
    c.insert("folder".to_owned(), folder.name.clone());
    c.insert("verified".to_owned(), "unverified".to_owned());
    if recipe.is_picture() {
        c.insert("rule".to_owned(), rule.to_owned());
    }
    if !doc.defaults.is_empty() {
        let used: Vec<String> = doc.defaults.iter().map(|d| format!("{}: {}", d.input, d.used)).collect();
        c.insert("defaults".to_owned(), used.join("; "));
    }
    if !doc.clip.sidecars.is_empty() {
        // by name and contents: the same clip may lie in several folders
        let name = |s: &ClipFile| s.path.as_path().file_name().map(|n| n.as_bytes().to_vec()).unwrap_or_default();
        let parts = doc.clip.sidecars.iter().flat_map(|s| [name(s), s.xxh128.as_bytes().to_vec()]);
        let parts: Vec<Vec<u8>> = parts.collect();
        c.insert("sidecars".to_owned(), stable_id(parts.iter().map(Vec::as_slice)));
    }
    if recipe.makes_record() {
        let said: Vec<String> = doc
            .checks
            .iter()
            // whether a namesake was there already is a matter of order, and must not make another record
            .filter(|k| k.code != "NAME-DUP" || k.waiver.is_some())
            .map(|k| match &k.waiver {
                None => k.code.clone(),
                Some(w) => format!("{} waived by {} at {}", k.code, w.who, w.when),
            })
            .collect();
        c.insert("checks".to_owned(), said.join(", "));
    }
    c
}
