//! Each rule can fail: tiny made-up sources that keep it and break it.

use super::rules::*;
use super::source::Source;

fn breaks(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    rule(&Source::fake(path, text)).len()
}

#[test]
fn ranks_rule() {
    assert_eq!(
        breaks(ranks, "src/engine/format/dpx.rs", "use crate::engine::container::dpx; use crate::model::Error;"),
        0
    );
    assert_eq!(breaks(ranks, "src/engine/format/dpx.rs", "use crate::engine::format::Format; use super::Input;"), 0);
    assert_eq!(breaks(ranks, "src/engine/format/dpx.rs", "use crate::engine::{deliver::Recipe, hash};"), 1);
    assert_eq!(breaks(ranks, "src/engine/format/dpx.rs", "fn f() { super::super::deliver::x() }"), 1);
    // siblings of one rank are strangers
    assert_eq!(breaks(ranks, "src/rules/mod.rs", "use crate::job::Job;"), 1);
    assert_eq!(breaks(ranks, "src/watch/scan.rs", "crate::daemon::run()"), 1);
    assert_eq!(breaks(ranks, "src/watch/scan.rs", "// crate::daemon::run()\nlet s = \"crate::daemon::x\";"), 0);
    assert_eq!(breaks(ranks, "src/watch/scan.rs", "#[cfg(test)]\nmod tests { use crate::daemon::run; }"), 0);
    // unknown modules, and the engine as a whole
    assert_eq!(breaks(ranks, "src/fresh/mod.rs", ""), 1);
    assert_eq!(breaks(ranks, "src/daemon/mod.rs", "use crate::engine;\nengine::x(); crate::engine::nowhere::x();"), 2);
    assert_eq!(breaks(ranks, "src/main.rs", "rushes::cli::run()"), 0);
}

#[test]
fn confined_rule() {
    assert_eq!(breaks(confined, "src/index/store.rs", "use sled::Db;"), 0);
    assert_eq!(breaks(confined, "src/index/mod.rs", "use sled::Db;"), 1);
    assert_eq!(breaks(confined, "src/index/mod.rs", "use sled;"), 1);
    assert_eq!(breaks(confined, "src/index/mod.rs", "// sled::Db\nlet a = \"sled::Db\";"), 0);
    assert_eq!(breaks(confined, "src/daemon/mod.rs", "use crate::telemetry::notify; notify::ready();"), 0);
    assert_eq!(breaks(confined, "src/daemon/mod.rs", "sd_notify::notify(); notify::recommended_watcher(x);"), 1);
    assert_eq!(breaks(confined, "src/cli/mod.rs", "use std::{io, process::{Command, Stdio}};"), 1);
    assert_eq!(breaks(confined, "src/cli/mod.rs", "use std::process; process::Command::new(a);"), 1);
    assert_eq!(breaks(confined, "src/cli/mod.rs", "use clap::Command; std::process::ExitCode::from(1);"), 0);
    assert_eq!(breaks(confined, "src/engine/process/run.rs", "std::process::Command::new(a)"), 0);
    assert_eq!(breaks(confined, "src/index/mod.rs", "unsafe { x() }"), 1);
    assert_eq!(breaks(confined, "src/index/mod.rs", "#![deny(unsafe_code)]"), 0);
    assert_eq!(breaks(confined, "src/watch/lease.rs", "unsafe { x() }"), 0);
    assert_eq!(breaks(confined, "src/watch/lease.rs", "#[tokio::main]"), 1);
    assert_eq!(breaks(confined, "src/index/mod.rs", "toml::from_str(a)"), 1);
}

#[test]
fn the_engine_has_no_clock_log_or_environment() {
    assert_eq!(breaks(confined, "src/engine/hash/mod.rs", "use std::time::Instant;"), 0);
    assert_eq!(breaks(confined, "src/engine/hash/mod.rs", "use std::time::{Duration, SystemTime};"), 1);
    assert_eq!(breaks(confined, "src/engine/hash/mod.rs", "tracing::info!(\"x\");"), 1);
    assert_eq!(breaks(confined, "src/engine/hash/mod.rs", "std::env::var(a); jiff::Timestamp::now();"), 2);
    assert_eq!(breaks(confined, "src/engine/killpoint.rs", "std::env::var(a);"), 0);
    assert_eq!(breaks(confined, "src/daemon/mod.rs", "tracing::info!(\"x\"); std::env::var(a);"), 0);
}

#[test]
fn size_rules() {
    let long = format!("fn long() {{\n{}}}\nfn short() {{}}\n", "x();\n".repeat(80));
    assert_eq!(breaks(|s| function_size(s, 70), "src/a.rs", &long), 1);
    assert_eq!(breaks(|s| function_size(s, 90), "src/a.rs", &long), 0);
    assert_eq!(breaks(|s| function_size(s, 70), "src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}")), 0);
    assert_eq!(breaks(|s| function_size(s, 70), "src/tests.rs", &long), 0);
    // a declaration without a body ends at its semicolon, a brace in a literal is no brace
    let tricky =
        format!("trait T {{ fn f(&self); }}\nfn g() {{ let a = '{{'; }}\nconst X: u8 = 1;\n{}", "\n".repeat(90));
    assert_eq!(breaks(|s| function_size(s, 70), "src/a.rs", &tricky), 0);
    assert_eq!(breaks(|s| file_size(s, 3), "src/a.rs", "a\nb\nc\nd\n"), 1);
    assert_eq!(breaks(|s| file_size(s, 4), "src/a.rs", "a\nb\nc\nd\n"), 0);
}

#[test]
fn word_rules() {
    assert_eq!(breaks(first_line, "src/a.rs", "//! A.\n"), 0);
    assert_eq!(breaks(first_line, "src/a.rs", "\n//! A.\n"), 1);
    assert_eq!(breaks(unfinished, "src/a.rs", "fn f() { todo!() }"), 1);
    assert_eq!(breaks(unfinished, "src/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() { unimplemented!() }"), 2);
    assert_eq!(breaks(unfinished, "src/a.rs", "// todo!\nlet a = \"#[ignore]\";"), 0);
    let place = ["/wo", "rk/shared/x"].concat();
    assert_eq!(breaks(workplace, "docs/a.md", &format!("see {place}")), 1);
    assert_eq!(breaks(workplace, "docs/a.md", &format!("see \"{place}\"")), 1);
    assert_eq!(breaks(workplace, "docs/a.md", &format!("state{place} and ${{dir}}{place}")), 0);
    assert_eq!(breaks(workplace, "docs/a.md", &["Co-Auth", "ored-By: x"].concat()), 1);
}

#[test]
fn document_rules() {
    let text = "see `src/watch/` and `docs/a.md`, `A/B.mov`, `{output}/A/x`, `cargo test`\n```\n`src/none.rs`\n```\n`tests/it/x.rs`";
    assert_eq!(named_paths(text), ["src/watch/", "docs/a.md", "tests/it/x.rs"]);
    let map = "| `src/engine/hash/` | [1] | x |\n| `src/engine/killpoint.rs` [1] |";
    assert!(map_names(map, "engine::hash", 1) && map_names(map, "engine::killpoint", 1));
    assert!(!map_names(map, "engine::hash", 2) && !map_names(map, "watch", 8));
}
