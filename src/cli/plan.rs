//! `rushes plan`: what would run on this tree and why, touching nothing.

use super::args::{Cli, PlanArgs};
use super::out::{Ending, Out, Outcome, say_error};
use super::settings::config_path;
use super::steps::{Bench, Wanted};
use crate::config::{Config, Folder};
use crate::engine::deliver::{Recipe, plan};
use crate::model::{CheckResult, ClipDoc, Error, MediaPath, escape_for_people};
use crate::rules::guardrails::{Facts, check};
use crate::rules::{Scope, Verdict};
use crate::watch::{Unit, list_once};
use serde::Serialize;
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
    outputs: Vec<OutputPlan>,
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
    let mut trouble = false;
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
            let plan = plan_clip(&config, folder, unit, &bench);
            trouble |= plan.problem.as_ref().is_some_and(|p| p.kind != crate::model::ErrorKind::Unsupported);
            if args.json.json { out.json_line(&plan)? } else { show(&mut out, &plan)? }
        }
    }
    out.flush()?;
    Ok(if trouble { Ending::Trouble } else { Ending::Good })
}

fn is_wanted(folder: &Folder, unit: &Unit, only: &[PathBuf]) -> bool {
    only.is_empty() || unit.files.iter().any(|(f, _)| only.iter().any(|o| folder.path.join(f.as_path()).starts_with(o)))
}

fn plan_clip(config: &Config, folder: &Folder, unit: &Unit, bench: &Bench) -> ClipPlan {
    let wanted = Wanted {
        name: unit.name.clone(),
        unit: unit.unit,
        root: Some(folder.path.clone()),
        files: unit.files.iter().map(|f| f.0.clone()).collect(),
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
        outputs: Vec::new(),
        problem: None,
    };
    match bench.inspect(&wanted, config.engine.limits) {
        Ok(doc) => fill(&mut p, folder, unit, &doc),
        Err(e) => p.problem = Some(e),
    }
    p
}

fn fill(p: &mut ClipPlan, folder: &Folder, unit: &Unit, doc: &ClipDoc) {
    p.format.clone_from(&doc.format.id);
    p.frames = doc.clip.frames;
    p.problem.clone_from(&doc.problem);
    let scope = Scope::new(doc, &folder.show, &folder.name);
    let facts = Facts { kind: folder.kind, duplicate_of: None };
    p.checks = check(doc, &scope, &folder.guardrails, &facts, &[]);
    let mut recipes: Vec<(String, Recipe, Option<crate::rules::template::Template>)> =
        vec![("sidecar".into(), Recipe::record(), None)];
    for rule in &folder.rules {
        let (verdict, why) = match rule.verdict(&scope) {
            Verdict::True => ("fires", None),
            Verdict::False => ("does not fire", None),
            Verdict::Unknown { field } => ("unknown", Some(format!("{field} is not known of this clip"))),
            Verdict::Failed { message } => ("failed", Some(message)),
        };
        if verdict == "fires" {
            let more = rule.emit.iter().filter(|e| !e.recipe.is_record());
            recipes.extend(more.map(|e| (e.name.clone(), e.recipe.clone(), e.template.clone())));
        }
        p.rules.push(RulePlan { name: rule.name.clone(), verdict, why });
    }
    for (name, recipe, template) in recipes {
        let place = match template {
            None => Ok((unit.dir.as_path().to_path_buf(), unit.stem.clone())),
            Some(t) => {
                t.expand_stem(doc, &folder.show, &folder.name).map(|(d, s)| (d.as_path().to_path_buf(), s.into()))
            }
        };
        match place.and_then(|(dir, stem)| plan(doc, &recipe, &dir, &stem)) {
            Ok(list) => p.outputs.extend(list.into_iter().map(|o| OutputPlan {
                recipe: name.clone(),
                exists: folder.output.join(o.path.as_path()).symlink_metadata().is_ok(),
                path: o.path,
            })),
            Err(e) => p.problem = Some(e),
        }
    }
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
        out.line(format!("  {} {}{}", o.recipe, o.path, if o.exists { "  (exists)" } else { "" }))?;
    }
    if let Some(e) = &p.problem {
        out.line(format!("  {e}"))?;
    }
    Ok(())
}
