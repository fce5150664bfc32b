//! The rules themselves: each takes sources and returns what breaks it, one sentence each.

use super::paths::{module_of, own_paths, paths_from};
use super::source::{Source, is_word, item_end};

/// Modules and their ranks: a module imports only strictly lower ranks, siblings are strangers.
pub const RANKS: &[(&str, u32)] = &[
    ("model", 0),
    ("engine::process", 1),
    ("engine::hash", 1),
    ("engine::image", 1),
    ("engine::beneath", 1),
    ("engine::killpoint", 1),
    ("engine::compare", 2),
    ("engine::container", 2),
    ("engine::document", 2),
    ("engine::sequence", 2),
    ("engine::format", 3),
    ("engine::colour", 3),
    ("engine::framing", 3),
    ("engine::encode", 3),
    ("engine::video", 3),
    ("engine::sidecar", 4),
    ("engine::deliver", 5),
    ("telemetry", 5),
    ("rules", 6),
    ("job", 6),
    ("query", 7),
    ("index", 8),
    ("exec", 8),
    ("control", 8),
    ("watch", 9),
    ("config", 10),
    ("daemon", 11),
    ("cli", 12),
];

/// A name and the only places whose code may speak it.
pub struct Confined {
    /// A path of another crate (`std::process::Command`) or a keyword (`unsafe`).
    pub name: &'static str,
    /// Files, or folders ending in `/`.
    pub places: &'static [&'static str],
}

/// Names that are confined.
pub const CONFINED: &[Confined] = &[
    Confined { name: "sled", places: &["src/index/store.rs"] },
    Confined { name: "notify", places: &["src/watch/events.rs"] },
    Confined { name: "std::process::Command", places: &["src/engine/process/"] },
    Confined { name: "toml", places: &["src/config/"] },
    Confined { name: "tokio", places: &["src/control/", "src/daemon/"] },
    Confined { name: "unsafe", places: &["src/watch/lease.rs"] },
];

/// What the engine never touches: logs, the wall clock, the environment, randomness.
pub const NOT_IN_ENGINE: &[&str] = &[
    "tracing",
    "log",
    "rand",
    "std::time::SystemTime",
    "std::env",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "uuid::Uuid::new_v4",
];

/// Engine files that may read the environment: test switches, and `PATH` for the programs that are run.
const ENGINE_ENVIRONMENT: &[&str] = &["src/engine/killpoint.rs", "src/engine/process/"];

/// The module with a rank that a path lies in: `engine::format`, `watch`.
fn ranked(path: &[String]) -> Option<String> {
    let first = path.first()?;
    if first == "engine" { path.get(1).map(|second| format!("engine::{second}")) } else { Some(first.clone()) }
}

fn rank(module: &str) -> Option<u32> {
    RANKS.iter().find(|(name, _)| *name == module).map(|(_, r)| *r)
}

/// Imports only strictly lower ranks.
pub fn ranks(s: &Source) -> Vec<String> {
    let Some(own) = ranked(&module_of(&s.path)) else { return Vec::new() };
    let Some(own_rank) = rank(&own) else {
        return vec![format!("{}: module {own} has no rank; add it to RANKS and to docs/architecture.md", s.path)];
    };
    let mut wrong = Vec::new();
    for p in own_paths(&s.path, &s.code()) {
        let other = ranked(&p).unwrap_or_else(|| p.join("::"));
        let bad = match rank(&other) {
            _ if other == own => false,
            Some(r) => r >= own_rank,
            None => true,
        };
        if bad {
            wrong.push(format!("{}: {own} [{own_rank}] names {other} {:?} ({})", s.path, rank(&other), p.join("::")));
        }
    }
    wrong
}

fn lies_in(path: &str, places: &[&str]) -> bool {
    places.iter().any(|p| if p.ends_with('/') { path.starts_with(p) } else { path == *p })
}

/// True when the code speaks `name`: a keyword, a crate, or an item of a crate.
pub fn speaks(path: &str, code: &str, name: &str) -> bool {
    let segments: Vec<&str> = name.split("::").collect();
    let Some((last, owner)) = segments.split_last() else { return false };
    if name == "unsafe" {
        return words(code).any(|w| w == name);
    }
    // A module of our own with the crate's name is not the crate.
    let local = own_paths(path, code).iter().any(|p| p.last().is_some_and(|l| l == segments[0]))
        || code.contains(&format!("mod {};", segments[0]));
    let as_crate =
        code.contains(&format!("use {};", segments[0])) || code.contains(&format!("use {} as ", segments[0]));
    if owner.is_empty() {
        return (!local && (!paths_from(code, name).is_empty() || code.contains(&format!("{name}!")))) || as_crate;
    }
    let starts = |p: &Vec<String>, want: &[&str]| p.len() >= want.len() && p.iter().zip(want).all(|(a, b)| a == b);
    // By its full path, or by its parent module: `use std::process; process::Command`.
    paths_from(code, segments[0]).iter().any(|p| starts(p, &segments))
        || owner.len() > 1
            && paths_from(code, owner[owner.len() - 1]).iter().any(|p| starts(p, &[owner[owner.len() - 1], last]))
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c| !is_word(c)).filter(|w| !w.is_empty())
}

/// Confined names stay where they are allowed.
pub fn confined(s: &Source) -> Vec<String> {
    let code = s.code();
    let mut wrong: Vec<String> = CONFINED
        .iter()
        .filter(|c| !lies_in(&s.path, c.places) && speaks(&s.path, &code, c.name))
        .map(|c| format!("{}: `{}` is confined to {:?}", s.path, c.name, c.places))
        .collect();
    if s.path.starts_with("src/engine/") {
        let spared = |name: &str| name == "std::env" && lies_in(&s.path, ENGINE_ENVIRONMENT);
        let found = NOT_IN_ENGINE.iter().filter(|n| !spared(n) && speaks(&s.path, &code, n));
        wrong.extend(found.map(|n| format!("{}: the engine never uses `{n}`", s.path)));
    }
    wrong
}

/// The first line is `//!`.
pub fn first_line(s: &Source) -> Vec<String> {
    if s.text.starts_with("//!") { Vec::new() } else { vec![format!("{}: does not begin with //!", s.path)] }
}

/// No file over `hard` lines.
pub fn file_size(s: &Source, hard: usize) -> Vec<String> {
    let lines = s.text.lines().count();
    if lines > hard { vec![format!("{}: {lines} lines, at most {hard}", s.path)] } else { Vec::new() }
}

/// No function of shipped code over `most` lines, from its `fn` to its closing brace.
pub fn function_size(s: &Source, most: usize) -> Vec<String> {
    let code = s.code();
    let mut wrong = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        if code[..start].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let name: String = code[start + 3..].chars().take_while(|&c| is_word(c)).collect();
        let end = item_end(&code, start);
        let lines = code[start..end].lines().count();
        if !name.is_empty() && lines > most {
            wrong.push(format!("{}: fn {name} has {lines} lines, at most {most}", s.path));
        }
    }
    wrong
}

/// Nothing unfinished and nothing skipped.
pub fn unfinished(s: &Source) -> Vec<String> {
    let blanked = super::source::blank(&s.text);
    let found = ["todo!", "unimplemented!", "#[ignore"].into_iter().filter(|p| blanked.contains(p));
    found.map(|p| format!("{}: {p}", s.path)).collect()
}

/// No word of the place where it was written.
pub fn workplace(s: &Source) -> Vec<String> {
    // Put together here, so that this file does not hold them.
    let patterns = [
        ["/wo", "rk/"].concat(),
        ["/tmp/", "wt"].concat(),
        [".lib", "rary"].concat(),
        ["co-auth", "ored-by"].concat(),
        ["sub", "agent"].concat(),
    ];
    // `state` + the same path is a folder of ours, not that place.
    let spoken = |text: &str, p: &str| {
        text.match_indices(p).any(|(i, _)| {
            let before = text[..i].chars().next_back().unwrap_or(' ');
            !p.starts_with('/') || !(is_word(before) || "}.)".contains(before))
        })
    };
    let lower = s.text.to_lowercase();
    patterns.iter().filter(|p| spoken(&lower, p)).map(|p| format!("{}: contains {p:?}", s.path)).collect()
}

/// Paths of the repository named in backticks in a document.
pub fn named_paths(text: &str) -> Vec<String> {
    const TOPS: &[&str] = &["src", "tests", "docs", "config", "systemd", "benches", "fuzz", ".ci"];
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // Every second piece between backticks is code.
            found.extend(line.split('`').skip(1).step_by(2).filter(|p| {
                let plain = p.chars().all(|c| is_word(c) || "./-".contains(c));
                plain && p.contains('/') && p.split('/').next().is_some_and(|top| TOPS.contains(&top))
            }));
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// The map names every module with its rank: a line that holds `` `src/…/` [n] ``.
pub fn map_names(map: &str, module: &str, rank: u32) -> bool {
    let path = format!("src/{}", module.replace("::", "/"));
    let rank = format!("[{rank}]");
    let names = |line: &str, p: &str| line.find(&format!("`{p}`")).is_some_and(|i| line[i..].contains(&rank));
    map.lines().any(|l| names(l, &format!("{path}/")) || names(l, &format!("{path}.rs")))
}
