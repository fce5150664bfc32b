//! `rushes plan`: what would run on this tree and why, touching nothing.

use super::args::{Cli, PlanArgs};
use super::out::{Ending, Out, Outcome, say_error};
use super::settings::config_path;
use super::steps::{Bench, Wanted};
use crate::config::{Config, Folder};
use crate::daemon::orders::{Orders, orders, outputs};
use crate::model::{CheckResult, ClipDoc, Error, ErrorKind, MediaPath, escape_for_people};
use crate::rules::guardrails::{Facts, check, may_be_mistaken, stopping};
use crate::rules::template::collision_key;
use crate::rules::{Scope, Verdict};
use crate::watch::{Unit, list_once};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// One clip's plan.
#[derive(Serialize)]
struct ClipPlan {
    folder: String,
    clip: String,
    path: MediaPath,
    format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<u64>,
    rules: Vec<RulePlan>,
    checks: Vec<CheckResult>,
    /// Codes of the guardrails that hold back all outputs but the record.
    held_by: Vec<String>,
    outputs: Vec<OutputPlan>,
    /// Outputs that cannot be made of this clip, and why.
    refused: Vec<Error>,
    /// Why the metadata is incomplete.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Error>,
}

#[derive(Serialize)]
struct RulePlan {
    name: String,
    /// `fires`, `does not fire`, `unknown`, `failed`.
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Serialize)]
struct OutputPlan {
    recipe: String,
    path: MediaPath,
    exists: bool,
    /// Its folder is sealed with an ASC MHL manifest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
    /// Waits until what `held_by` names is waived or mended.
    held: bool,
}

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written or no worker can be started.
pub fn run(cli: &Cli, args: &PlanArgs) -> Outcome {
    let config = match crate::config::load(&config_path(cli)) {
        Ok(l) => l.config,
        Err(list) => {
            super::check::say(&list);
            return Ok(Ending::Usage);
        }
    };
    let only: Vec<PathBuf> = args.paths.iter().map(|p| p.canonicalize().unwrap_or_else(|_| p.clone())).collect();
    let bench = Bench::new()?;
    let mut out = Out::default();
    let (mut trouble, mut names, mut met) = (false, Names::default(), HashSet::new());
    for folder in &config.folders {
        let units = match list_once(&folder.root_settings()) {
            Ok(u) => u,
            Err(e) => {
                say_error(&e);
                trouble = true;
                continue;
            }
        };
        for unit in units.iter().filter(|u| is_wanted(folder, u, &only)) {
            if let Some(n) = bench.signal() {
                return Ok(Ending::Signal(n));
            }
            for (n, o) in only.iter().enumerate() {
                if unit.files.iter().any(|(f, _)| folder.path.join(f.as_path()).starts_with(o)) {
                    met.insert(n);
                }
            }
            let plan = plan_clip(&config, folder, unit, &bench, &mut names);
            trouble |= !plan.refused.is_empty();
            trouble |= plan.problem.as_ref().is_some_and(|p| p.kind != ErrorKind::Unsupported);
            if args.json.json { out.json_line(&plan)? } else { show(&mut out, &plan)? }
        }
    }
    out.flush()?;
    for (_, path) in only.iter().enumerate().filter(|(n, _)| !met.contains(n)) {
        let inside = config.folders.iter().any(|f| path.starts_with(&f.path));
        let what = if inside { "no media lies here" } else { "this is not in a watched folder" };
        say_error(&Error::new(ErrorKind::Malformed, "REQUEST-INVALID", what).at(path));
        trouble = true;
    }
    Ok(if trouble { Ending::Trouble } else { Ending::Good })
}

fn is_wanted(folder: &Folder, unit: &Unit, only: &[PathBuf]) -> bool {
    only.is_empty() || unit.files.iter().any(|(f, _)| only.iter().any(|o| folder.path.join(f.as_path()).starts_with(o)))
}

/// The clips met so far, by show and name. Contents are not read here: only clips of other sizes are certainly others.
#[derive(Default)]
struct Names {
    met: HashMap<(String, String), Vec<Met>>,
    /// What lies in the folder of the clip at hand.
    listing: super::files::Listing,
}

/// What is kept of a clip's document, and the sizes of its files.
type Met = (ClipDoc, Vec<u64>);

/// Clips of one name that are remembered.
const MOST_OF_A_NAME: usize = 16;

impl Names {
    /// Takes a clip, and names one that came before and that it may be mistaken for.
    fn note(&mut self, folder: &Folder, unit: &Unit, doc: &ClipDoc) -> Option<MediaPath> {
        let sizes: Vec<u64> = unit.files.iter().map(|f| f.1.size).collect();
        let earlier = self.met.entry((folder.show.clone(), collision_key(&unit.name))).or_default();
        let other = earlier.iter().find(|(d, s)| *s != sizes && may_be_mistaken(d, doc));
        let other = other.and_then(|(d, _)| d.clip.files.first()).map(|f| f.path.clone());
        if earlier.len() < MOST_OF_A_NAME {
            let mut kept = ClipDoc::new(unit.name.clone(), unit.unit);
            kept.format.id.clone_from(&doc.format.id);
            kept.image.width = doc.image.width;
            kept.clip.files = doc.clip.files.iter().take(1).cloned().collect();
            earlier.push((kept, sizes));
        }
        other
    }
}

fn plan_clip(config: &Config, folder: &Folder, unit: &Unit, bench: &Bench, names: &mut Names) -> ClipPlan {
    let dir = unit.dir.as_path();
    let beside = names.listing.beside(&folder.path.join(dir), &unit.name).into_iter();
    let files: Vec<MediaPath> = unit.files.iter().map(|f| f.0.clone()).collect();
    let beside = beside.map(|n| MediaPath::from(dir.join(n))).filter(|p| !files.contains(p)).collect();
    let wanted = Wanted {
        beside,
        name: unit.name.clone(),
        unit: unit.unit,
        root: Some(folder.path.clone()),
        files,
        first_frame: unit.first_frame,
        gaps: unit.gaps.clone(),
    };
    let mut p = ClipPlan {
        folder: folder.name.clone(),
        clip: unit.name.clone(),
        path: unit.files.first().map(|f| f.0.clone()).unwrap_or_default(),
        format: "unknown".into(),
        frames: None,
        rules: Vec::new(),
        checks: Vec::new(),
        held_by: Vec::new(),
        outputs: Vec::new(),
        refused: Vec::new(),
        problem: None,
    };
    match bench.inspect(&wanted, config.engine.limits) {
        Ok(mut doc) => {
            let duplicate_of = names.note(folder, unit, &doc);
            crate::daemon::defaults::apply(config, folder, &mut doc);
            fill(&mut p, folder, unit, &doc, duplicate_of);
        }
        Err(e) => p.problem = Some(e),
    }
    p
}

fn fill(p: &mut ClipPlan, folder: &Folder, unit: &Unit, doc: &ClipDoc, duplicate_of: Option<MediaPath>) {
    p.format.clone_from(&doc.format.id);
    p.frames = doc.clip.frames;
    p.problem.clone_from(&doc.problem);
    let scope = Scope::new(doc, &folder.show, &folder.name);
    let facts = Facts { kind: folder.kind, duplicate_of };
    p.checks = check(doc, &scope, &folder.guardrails, &facts, &[]);
    let mut doc = doc.clone();
    doc.checks.clone_from(&p.checks);
    p.held_by = stopping(&doc.checks).map(|c| c.code.clone()).collect();
    let Orders { wanted, verdicts } = orders(folder, &doc);
    p.rules = verdicts.into_iter().map(|v| rule_plan(folder, v)).collect();
    for w in wanted {
        match outputs(folder, (unit.dir.as_path(), &unit.stem), &doc, &w) {
            Ok(list) => p.outputs.extend(list.into_iter().map(|o| OutputPlan {
                recipe: w.name.clone(),
                sealed: w.recipe.is_sealed(),
                held: !p.held_by.is_empty() && !w.recipe.is_record(),
                exists: folder.output.join(o.path.as_path()).symlink_metadata().is_ok(),
                path: o.path,
            })),
            Err(e) => p.refused.push(e),
        }
    }
}

fn rule_plan(folder: &Folder, (name, verdict): (String, Verdict)) -> RulePlan {
    let condition = || folder.rules.iter().find(|r| r.name == name)?.when.as_ref();
    let (verdict, why) = match verdict {
        Verdict::True => ("fires", None),
        Verdict::False => ("does not fire", condition().map(|c| format!("not so: {}", c.source()))),
        Verdict::Unknown { field } => ("unknown", Some(format!("{field} is not known of this clip"))),
        Verdict::Failed { message } => ("failed", Some(message)),
    };
    RulePlan { name, verdict, why }
}

fn show(out: &mut Out, p: &ClipPlan) -> Result<(), super::out::Stop> {
    let frames = p.frames.map_or_else(String::new, |n| format!(", {n} frames"));
    out.line(format!("{}: {} ({}{frames})", p.folder, p.path, p.format))?;
    for r in &p.rules {
        let why = r.why.as_deref().map_or_else(String::new, |w| format!(": {}", escape_for_people(w)));
        out.line(format!("  rule {} {}{why}", r.name, r.verdict))?;
    }
    for c in &p.checks {
        out.line(format!("  {} {}", c.code, escape_for_people(&c.message)))?;
    }
    for o in &p.outputs {
        let note = match (o.held, o.exists) {
            (true, _) => format!("  (held by {})", p.held_by.join(", ")),
            (false, true) => "  (exists)".to_owned(),
            (false, false) => String::new(),
        };
        let seal = if o.sealed { "  (sealed with ASC MHL)" } else { "" };
        out.line(format!("  {} {}{seal}{note}", o.recipe, o.path))?;
    }
    for e in &p.refused {
        out.line(format!("  refused: {e}"))?;
    }
    if let Some(e) = &p.problem {
        out.line(format!("  {e}"))?;
    }
    Ok(())
}
