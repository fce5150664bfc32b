//! The real program in a real shell.

mod color;
mod control;
mod demo;
mod export;
mod frames;
mod hash;
mod inspect;
mod logging;
mod pages;
mod plan;
mod render;
mod report;
mod usage;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program with an empty environment, so that nobody's settings matter.
pub fn rushes() -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
    c.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    c
}

/// Runs it to its end.
pub fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    rushes().args(args).output().unwrap()
}

/// The exit status; panics when it was ended by a signal.
pub fn status(o: &Output) -> i32 {
    o.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", o.status))
}

pub fn stdout(o: &Output) -> String {
    String::from_utf8(o.stdout.clone()).unwrap()
}

pub fn stderr(o: &Output) -> String {
    let text = String::from_utf8(o.stderr.clone()).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// Compares with `tests/golden/cli/NAME`; `RUSHES_BLESS=1` writes it instead.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli").join(name);
    if std::env::var_os("RUSHES_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, want, "{} differs; RUSHES_BLESS=1 writes it again", path.display());
}

/// A file with these bytes.
pub fn file(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    path
}

/// The names of the commands that `--help` lists.
pub fn commands() -> Vec<String> {
    let shown = rushes::cli::definition();
    let names = shown.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name().to_owned());
    names.filter(|n| n != "help").collect()
}
