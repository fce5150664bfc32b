//! The shape of the file, read: each value with its place, nothing defaulted yet.

use super::include;
use super::packs;
use super::reader::{Out, Reader, parse};
use super::recipes::{self, RawRecipe};
use super::recipes_picture;
use super::shape;
use super::source::{At, Source, Spot};
use super::values::{duration, mode, name, size};
use super::{AcesVersion, Diagnostic, Ready, WatchMode};
use crate::engine::process::find;
use crate::job::Priority;
use crate::model::{HashKind, Rational};
use crate::rules::guardrails::Pack;
use crate::rules::{Condition, FolderKind, closest};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Most files that includes may add.
const MAX_FILES: usize = 1000;
/// The main file, in messages.
const MAIN: &str = "the configuration";
/// Most watched folders.
const MAX_FOLDERS: usize = 1000;

/// Everything that was written, from all files.
#[derive(Default)]
pub(super) struct Raw {
    pub sources: Vec<Arc<Source>>,
    pub state_dir: Option<Spot<PathBuf>>,
    pub control: Option<Spot<PathBuf>>,
    pub log: Option<String>,
    pub workers: Option<usize>,
    pub memory: Option<u64>,
    pub seconds: Option<u64>,
    pub file_size: Option<u64>,
    pub picture_memory: Option<u64>,
    pub picture_seconds: Option<u64>,
    pub picture_file_size: Option<u64>,
    pub ffmpeg: Option<PathBuf>,
    pub shows: Vec<RawShow>,
    pub folders: Vec<RawFolder>,
    pub recipes: Vec<RawRecipe>,
    /// Names of recipes that are given, but have errors.
    pub broken: Vec<String>,
}

pub(super) struct RawShow {
    pub name: Spot<String>,
    pub frame_rate: Option<Rational>,
    pub aces: Option<AcesVersion>,
    pub working: Option<String>,
    pub source: Option<String>,
    pub guardrails: Option<Vec<Pack>>,
}

pub(super) struct RawFolder {
    pub name: Option<Spot<String>>,
    pub show: Option<Spot<String>>,
    pub kind: FolderKind,
    pub path: Option<Spot<PathBuf>>,
    pub output: Option<Spot<PathBuf>>,
    pub receipts: Option<Spot<PathBuf>>,
    pub ready: Ready,
    pub quiet: Option<Duration>,
    pub scan_every: Option<Duration>,
    pub mode: Option<u32>,
    pub gid: Option<u32>,
    pub watch: Option<WatchMode>,
    pub ignore: Vec<String>,
    pub hashes: Vec<HashKind>,
    pub rules: Vec<RawRule>,
}

pub(super) struct RawRule {
    pub name: Option<Spot<String>>,
    pub when: Option<Condition>,
    pub emit: Vec<Spot<String>>,
    pub priority: Option<Priority>,
}

/// The folder that a file lies in; for a bare name, the current one.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads the main file and those it includes.
pub(super) fn read_all(path: &Path, found: &mut Vec<Diagnostic>) -> Option<Raw> {
    let out = Out::default();
    let mut raw = Raw::default();
    let ok = match Source::read(path, MAIN) {
        Ok(source) => {
            let globs = read_main(&source, &mut raw, &out);
            let base = folder_of(path);
            for file in include::files(base, &globs, path, MAX_FILES, &out) {
                match Source::read(&file.value, "the included file") {
                    Ok(s) => read_included(&s, &mut raw, &out),
                    Err(d) => out.push(d),
                }
            }
            true
        }
        Err(d) => {
            out.push(d);
            false
        }
    };
    found.extend(out.into_vec());
    ok.then_some(raw)
}

fn read_main(source: &Arc<Source>, raw: &mut Raw, out: &Out) -> Vec<Spot<String>> {
    raw.sources.push(Arc::clone(source));
    let Some(table) = parse(source, out) else { return Vec::new() };
    let at = At { source: Arc::clone(source), span: 0..0 };
    let top = Reader::new("the file", at, table.get_ref(), &shape::TOP, out);
    let mut globs = Vec::new();
    if let Some(r) = top.table("service", &shape::SERVICE) {
        raw.state_dir = absolute(&r, "state_dir");
        raw.control = absolute(&r, "control");
        let levels = ["error", "warn", "info", "debug", "trace"].map(|l| (l, l.to_owned()));
        raw.log = r.choice("log", &levels, &[]).map(|s| s.value);
        globs = r.texts("include").map(|s| s.value).unwrap_or_default();
    }
    if let Some(r) = top.table("engine", &shape::ENGINE) {
        raw.workers = r.integer("workers", 0..=1024).and_then(|s| usize::try_from(s.value).ok());
        raw.seconds = r.integer("seconds", 1..=86_400).and_then(|s| u64::try_from(s.value).ok());
        raw.memory = r.parsed("memory", |t| between(size(t)?, 64 << 20, 1 << 40, "64 MiB", "1 TiB")).map(|s| s.value);
        raw.file_size =
            r.parsed("file_size", |t| between(size(t)?, 1 << 20, 1 << 44, "1 MiB", "16 TiB")).map(|s| s.value);
        if let Some(p) = r.table("pictures", &shape::PICTURES) {
            raw.picture_seconds = p.integer("seconds", 1..=604_800).and_then(|s| u64::try_from(s.value).ok());
            raw.picture_memory =
                p.parsed("memory", |t| between(size(t)?, 512 << 20, 1 << 42, "512 MiB", "4 TiB")).map(|s| s.value);
            raw.picture_file_size =
                p.parsed("file_size", |t| between(size(t)?, 1 << 20, 1 << 44, "1 MiB", "16 TiB")).map(|s| s.value);
            raw.ffmpeg = ffmpeg(&p);
        }
    }
    read_shared(&top, raw);
    globs
}

/// An included file has shows, folders and recipes only.
fn read_included(source: &Arc<Source>, raw: &mut Raw, out: &Out) {
    raw.sources.push(Arc::clone(source));
    let Some(table) = parse(source, out) else { return };
    let at = At { source: Arc::clone(source), span: 0..0 };
    let top = Reader::new("the file", at, table.get_ref(), &shape::TOP, out);
    for name in ["service", "engine"] {
        if let Some(at) = top.has(name) {
            let text = format!("[{name}] belongs in the main file, not in an included one");
            out.push(at.error(text).suggest("included files hold [show.NAME], [[folder]] and [recipe.NAME]"));
        }
    }
    read_shared(&top, raw);
}

fn read_shared(top: &Reader<'_>, raw: &mut Raw) {
    for (label, r) in top.named("show", &shape::SHOW) {
        checked_name(&label, top.out());
        let first = raw.shows.iter().find(|s| s.name.value == label.value);
        if let Some(first) = first {
            let text = format!("the show `{}` is already given in {}", label.value, first.name.at.short());
            top.out().push(label.at.error(text).suggest("give each show once"));
            continue;
        }
        raw.shows.push(show(label, &r));
    }
    for (label, r) in top.named("recipe", &shape::RECIPE) {
        checked_name(&label, top.out());
        let name = label.value.clone();
        match recipes::read(label, &r, &raw.recipes) {
            Some(recipe) => raw.recipes.push(recipe),
            None => raw.broken.push(name),
        }
    }
    for r in top.tables("folder", &shape::FOLDER) {
        if raw.folders.len() >= MAX_FOLDERS {
            top.out().push(r.at.error(format!("more than {MAX_FOLDERS} watched folders")));
            break;
        }
        let one = folder(&r);
        let first = one.name.as_ref().and_then(|n| {
            raw.folders.iter().filter_map(|f| f.name.as_ref()).find(|x| x.value == n.value).map(|x| (n, x))
        });
        if let Some((n, first)) = first {
            let text = format!("the folder name `{}` is already used in {}", n.value, first.at.short());
            r.out().push(n.at.error(text).suggest("give each folder its own name"));
        }
        raw.folders.push(one);
    }
}

fn show(label: Spot<String>, r: &Reader<'_>) -> RawShow {
    let color = r.table("color", &shape::COLOR);
    let working = ["ACEScct", "ACEScc", "ACEScg", "ACES2065-1"].map(|s| (s, s.to_owned()));
    RawShow {
        name: label,
        frame_rate: r.parsed("frame_rate", |t| t.parse::<Rational>()).map(|s| s.value),
        aces: color
            .as_ref()
            .and_then(|c| c.choice("aces", &[("1.3", AcesVersion::V1_3), ("2.0", AcesVersion::V2_0)], &[]))
            .map(|s| s.value),
        working: color.as_ref().and_then(|c| c.choice("working", &working, &[])).map(|s| s.value),
        source: color.as_ref().and_then(|c| recipes_picture::source_space(c)),
        guardrails: r.texts("guardrails").map(|list| packs::read_list(&list.value, r.out())),
    }
}

fn folder(r: &Reader<'_>) -> RawFolder {
    let kinds = FolderKind::ALL.map(|k| (k.as_str(), k));
    let absent = [("pull", "lists are a later version's"), ("package", "packages are a later version's")];
    let modes = [("auto", WatchMode::Auto), ("events", WatchMode::Events), ("poll", WatchMode::Poll)];
    RawFolder {
        name: r.require("name", r.text("name")).inspect(|n| checked_name(n, r.out())),
        show: r.require("show", r.text("show")),
        kind: r.choice("kind", &kinds, &absent).map_or(FolderKind::Camera, |s| s.value),
        path: r.require("path", absolute(r, "path")),
        output: r.require("output", absolute(r, "output")),
        receipts: absolute(r, "receipts"),
        ready: ready(r),
        quiet: r.parsed("quiet", |t| time_between(t, 100, 86_400_000, "100ms", "1d")).map(|s| s.value),
        scan_every: r.parsed("scan_every", |t| time_between(t, 1_000, 86_400_000, "1s", "1d")).map(|s| s.value),
        mode: r.parsed("mode", mode).map(|s| s.value),
        gid: r.parsed("group", group).map(|s| s.value),
        watch: r.choice("watch", &modes, &[]).map(|s| s.value),
        ignore: globs(r),
        hashes: hashes(r),
        rules: rules(r),
    }
}

fn ready(r: &Reader<'_>) -> Ready {
    let instead = "ASC MHL is not read yet: use ready = \"quiet\", or ready = \"marker\" with the file that your copy tool writes last";
    let kind = r.choice("ready", &[("quiet", false), ("marker", true)], &[("mhl", instead)]);
    let marker = r.parsed("marker", |t| file_glob(t).map(|()| t.to_owned()));
    match (kind, marker) {
        (Some(k), None) if k.value && r.has("marker").is_none() => {
            let text = format!("{} waits for a marker but does not name one", r.title);
            r.out().push(k.at.error(text).suggest("add marker = \"copy.done\", the file that is written last"));
            Ready::Quiet
        }
        (Some(k), Some(m)) if k.value => Ready::Marker(m.value),
        (k, Some(m)) => {
            if k.is_some() || r.has("ready").is_none() {
                let text = "`marker` is used with ready = \"marker\" only";
                r.out().push(m.at.error(text).suggest("add ready = \"marker\", or remove `marker`"));
            }
            Ready::Quiet
        }
        _ => Ready::Quiet,
    }
}

fn rules(r: &Reader<'_>) -> Vec<RawRule> {
    let priorities = [
        ("urgent", Priority::Urgent),
        ("high", Priority::High),
        ("normal", Priority::Normal),
        ("low", Priority::Low),
        ("idle", Priority::Idle),
    ];
    let mut out: Vec<RawRule> = Vec::new();
    for rule in r.tables("rule", &shape::RULE) {
        let label = rule.require("name", rule.text("name")).inspect(|n| checked_name(n, rule.out()));
        if let Some(n) = &label {
            let twice = out.iter().filter_map(|o| o.name.as_ref()).find(|o| o.value == n.value);
            if n.value == "default" {
                let text = "`default` is the rule that every folder has: it makes the record of each clip";
                rule.out().push(n.at.error(text).suggest("choose another name"));
            } else if let Some(first) = twice {
                let text = format!("the rule `{}` of this folder is already given in {}", n.value, first.at.short());
                rule.out().push(n.at.error(text).suggest("give each rule of a folder its own name"));
            }
        }
        let emit = rule.require("emit", rule.texts("emit"));
        if let Some(e) = &emit
            && e.value.is_empty()
        {
            rule.out().push(e.at.warning("the rule makes nothing").suggest("name a recipe, such as \"ale\""));
        }
        rule.choice("executor", &[("local", ())], &[("slurm", "work runs on this machine: use \"local\"")]);
        out.push(RawRule {
            name: label,
            when: condition(&rule),
            emit: emit.map(|e| e.value).unwrap_or_default(),
            priority: rule.choice("priority", &priorities, &[]).map(|s| s.value),
        });
    }
    out
}

/// `when`, its flaws placed inside the text.
pub(super) fn condition(r: &Reader<'_>) -> Option<Condition> {
    let text = r.text("when")?;
    match Condition::compile(&text.value) {
        Ok(c) => Some(c),
        Err(flaws) => {
            for f in flaws {
                r.out().push(text.at.inside(f.offset, f.length).error(f.message).maybe_suggest(f.suggestion));
            }
            None
        }
    }
}

fn globs(r: &Reader<'_>) -> Vec<String> {
    let list = r.texts("ignore").map(|s| s.value).unwrap_or_default();
    let good = |s: Spot<String>| match file_glob(&s.value) {
        Ok(()) => Some(s.value),
        Err(e) => {
            r.out().push(s.at.error(e));
            None
        }
    };
    list.into_iter().filter_map(good).collect()
}

fn hashes(r: &Reader<'_>) -> Vec<HashKind> {
    let mut out = Vec::new();
    for s in r.texts("hashes").map(|s| s.value).unwrap_or_default() {
        match s.value.parse::<HashKind>() {
            Ok(HashKind::Xxh128) => {
                r.out().push(s.at.warning("xxh128 is always made").suggest("leave it out of the list"));
            }
            Ok(k) if out.contains(&k) => r.out().push(s.at.warning(format!("{k} is listed twice"))),
            Ok(k) => out.push(k),
            Err(e) => {
                let near = closest(&s.value, HashKind::ALL.iter().map(|k| k.as_str()));
                r.out().push(s.at.error(e).maybe_suggest(near.map(|n| format!("did you mean \"{n}\"?"))));
            }
        }
    }
    out.sort_unstable();
    out
}

fn checked_name(s: &Spot<String>, out: &Out) {
    if let Err(e) = name(&s.value) {
        out.push(s.at.error(e));
    }
}

/// A program that should be there, with ffprobe beside it.
fn ffmpeg(r: &Reader<'_>) -> Option<PathBuf> {
    let path = absolute(r, "ffmpeg")?;
    let probe = path.value.with_file_name("ffprobe");
    for p in [&path.value, &probe] {
        if p.to_str().and_then(find).is_none() {
            let text = format!("{} is no program that can be started; movies are refused until it is", p.display());
            r.out().push(path.at.warning(text).suggest("give the path of an ffmpeg that has ffprobe beside it"));
        }
    }
    Some(path.value)
}

/// An absolute path without `..`.
fn absolute(r: &Reader<'_>, key: &str) -> Option<Spot<PathBuf>> {
    r.parsed(key, |t| {
        let p = Path::new(t);
        let plain = |c| matches!(c, std::path::Component::RootDir | std::path::Component::Normal(_));
        if t.len() > 4000 || t.contains('\0') {
            Err("no path: it is too long or holds a NUL".to_owned())
        } else if !p.is_absolute() {
            Err("must be an absolute path, beginning with `/`".to_owned())
        } else if !p.components().all(plain) {
            Err("must not contain `..`; write the path that is meant".to_owned())
        } else {
            Ok(p.components().collect())
        }
    })
}

fn file_glob(text: &str) -> Result<(), String> {
    if text.is_empty() || text.contains('/') || text.len() > 255 {
        return Err(format!("`{}` must be a file name or a glob on one, without `/`", super::values::shown(text)));
    }
    globset::Glob::new(text).map(|_| ()).map_err(|e| format!("the glob is not valid: {}", e.kind()))
}

fn group(text: &str) -> Result<u32, String> {
    if let Ok(n) = text.parse::<u32>() {
        return if n == u32::MAX { Err("there is no such group number".into()) } else { Ok(n) };
    }
    let table = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let rows = || table.lines().filter_map(|l| l.split_once(':'));
    if let Some(gid) = rows().find(|(n, _)| *n == text).and_then(|(_, r)| r.split(':').nth(1)?.parse().ok()) {
        return Ok(gid);
    }
    let near = closest(text, rows().map(|(n, _)| n)).map_or_else(String::new, |n| format!("; did you mean \"{n}\"?"));
    Err(format!("there is no group `{}` on this machine{near}", super::values::shown(text)))
}

fn between(n: u64, low: u64, high: u64, from: &str, to: &str) -> Result<u64, String> {
    if (low..=high).contains(&n) { Ok(n) } else { Err(format!("must lie between {from} and {to}")) }
}

fn time_between(text: &str, low: u64, high: u64, from: &str, to: &str) -> Result<Duration, String> {
    let d = duration(text)?;
    if (Duration::from_millis(low)..=Duration::from_millis(high)).contains(&d) {
        return Ok(d);
    }
    Err(format!("must lie between {from} and {to}"))
}
