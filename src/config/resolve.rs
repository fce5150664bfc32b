//! From what was written to settings: defaults, names, recipes, paths.

use super::raw::{Raw, RawFolder, RawRule, RawShow};
use super::reader::Out;
use super::source::Spot;
use super::{
    ColorSettings, Config, Diagnostic, EngineSettings, Folder, Rule, Service, Show, WatchMode, packs, paths, recipes,
};
use crate::engine::deliver::Recipe;
use crate::job::Priority;
use crate::model::{Limits, stable_id};
use crate::rules::closest;
use std::path::PathBuf;
use std::time::Duration;

const STATE_DIR: &str = "/var/lib/rushes";
pub(super) const CONTROL: &str = "/run/rushes/control.sock";

/// Settings of what can be resolved; every mistake goes to `found`.
pub(super) fn resolve(raw: Raw, found: &mut Vec<Diagnostic>) -> Config {
    let out = Out::default();
    let state_dir = raw.state_dir.as_ref().map_or_else(|| PathBuf::from(STATE_DIR), |s| s.value.clone());
    let control = raw.control.as_ref().map_or_else(|| PathBuf::from(CONTROL), |s| s.value.clone());
    paths::check(&raw, &state_dir, &control, &out);
    let defaults = Limits::default();
    let limits = Limits {
        memory: raw.memory.unwrap_or(defaults.memory),
        seconds: raw.seconds.unwrap_or(defaults.seconds),
        file_size: raw.file_size.unwrap_or(defaults.file_size),
        ..defaults
    };
    let pictures = picture_limits(&raw);
    if raw.folders.is_empty()
        && found.is_empty()
        && let Some(main) = raw.sources.first()
    {
        let none = Diagnostic::new(super::Level::Warning, None, &main.path, "no folder is watched");
        out.push(none.suggest("add [[folder]] with name, show, path and output"));
    }
    let folders = raw.folders.iter().filter_map(|f| folder(f, &raw, (limits, pictures), &out)).collect();
    let sources = raw.sources.iter().map(|s| s.path.clone()).collect();
    let mut config = Config {
        service: Service { state_dir, control, log: raw.log.unwrap_or_else(|| "info".into()) },
        engine: EngineSettings { workers: raw.workers.unwrap_or(0), limits, ffmpeg: raw.ffmpeg.clone() },
        shows: raw.shows.into_iter().map(|s| (s.name.value.clone(), show(s))).collect(),
        folders,
        sources,
        hash: String::new(),
    };
    // settings hold text, numbers and UTF-8 paths only, all of which JSON can write
    let text = serde_json::to_vec(&config).unwrap_or_default();
    config.hash = stable_id([text.as_slice()]);
    found.extend(out.into_vec());
    config
}

/// Bounds of workers that decode pictures.
fn picture_limits(raw: &Raw) -> Limits {
    let usual = Limits::for_pictures();
    Limits {
        memory: raw.picture_memory.unwrap_or(usual.memory),
        seconds: raw.picture_seconds.unwrap_or(usual.seconds),
        file_size: raw.picture_file_size.unwrap_or(usual.file_size),
        ..usual
    }
}

fn show(s: RawShow) -> Show {
    Show {
        frame_rate: s.frame_rate,
        color: ColorSettings {
            aces: s.aces.unwrap_or(super::AcesVersion::V2_0),
            working: s.working.unwrap_or_else(|| "ACEScct".into()),
            source: s.source,
        },
        guardrails: s.guardrails,
    }
}

/// One folder; `None` if something that it cannot do without is missing (already said).
fn folder(f: &RawFolder, raw: &Raw, (limits, picture_limits): (Limits, Limits), out: &Out) -> Option<Folder> {
    let show = f.show.as_ref().and_then(|s| known_show(s, raw, out));
    let mut rules =
        vec![Rule { name: "default".into(), when: None, emit: vec![recipes::record()], priority: Priority::Normal }];
    rules.extend(f.rules.iter().filter_map(|r| rule(r, show, raw, out)));
    let show = show?;
    Some(Folder {
        name: f.name.as_ref()?.value.clone(),
        show: show.name.value.clone(),
        kind: f.kind,
        path: f.path.as_ref()?.value.clone(),
        output: f.output.as_ref()?.value.clone(),
        receipts: f.receipts.as_ref().map(|s| s.value.clone()),
        ready: f.ready.clone(),
        quiet: f.quiet,
        scan_every: f.scan_every.unwrap_or(Duration::from_secs(300)),
        mode: f.mode.unwrap_or(0o664),
        gid: f.gid,
        watch: f.watch.unwrap_or(WatchMode::Auto),
        ignore: f.ignore.clone(),
        hashes: f.hashes.clone(),
        rules,
        guardrails: show.guardrails.clone().unwrap_or_else(|| packs::of_kind(f.kind)),
        limits,
        picture_limits,
    })
}

fn rule(r: &RawRule, show: Option<&RawShow>, raw: &Raw, out: &Out) -> Option<Rule> {
    let seal = r.emit.iter().find(|e| e.value == recipes::MANIFEST);
    let named = r.emit.iter().filter(|e| e.value != recipes::MANIFEST);
    let mut emit: Vec<_> = named.filter_map(|e| recipes::find(e, raw, out)).collect();
    for e in &mut emit {
        if let Recipe::Proxy(p) = &mut e.recipe
            && p.frame_rate.is_none()
        {
            p.frame_rate = show.and_then(|s| s.frame_rate);
        }
    }
    for t in emit.iter_mut().filter_map(|e| e.recipe.treatment_mut()) {
        t.seal = seal.is_some();
        if t.source.is_none() {
            t.source = show.and_then(|s| s.source.clone());
        }
    }
    if let Some(seal) = seal.filter(|_| !emit.iter().any(|e| e.recipe.is_picture())) {
        let text = "`manifest` seals the folders that other recipes of the rule make, and there are none";
        out.push(seal.at.error(text).suggest("add a recipe such as \"plate\", or remove it"));
    }
    Some(Rule {
        name: r.name.as_ref()?.value.clone(),
        when: r.when.clone(),
        emit,
        priority: r.priority.unwrap_or_default(),
    })
}

fn known_show<'a>(name: &Spot<String>, raw: &'a Raw, out: &Out) -> Option<&'a RawShow> {
    let found = raw.shows.iter().find(|s| s.name.value == name.value);
    if found.is_none() {
        let text = format!("there is no show `{}`", super::values::shown(&name.value));
        let fix = match closest(&name.value, raw.shows.iter().map(|s| s.name.value.as_str())) {
            Some(n) => format!("did you mean \"{n}\"?"),
            None => format!("add [show.{}]", super::values::shown(&name.value)),
        };
        out.push(name.at.error(text).suggest(fix));
    }
    found
}
