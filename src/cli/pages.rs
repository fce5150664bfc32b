//! `rushes completions` and `rushes man`: made from the same definition as `--help`.

use super::args::{CompletionsArgs, ManArgs, definition};
use super::out::{Ending, Out, Outcome, Stop};
use crate::model::Error;
use clap::Command;
use std::fs;
use std::path::Path;

/// `rushes completions`.
///
/// # Errors
/// When stdout cannot be written.
pub fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition(), "rushes", &mut script);
    let mut out = Out::default();
    out.line(String::from_utf8_lossy(&script).trim_end())?;
    out.flush()?;
    Ok(Ending::Good)
}

/// `rushes man`: `rushes.1` and one `rushes-COMMAND.1` for each command.
///
/// # Errors
/// When the folder cannot be written.
pub fn man(args: &ManArgs) -> Outcome {
    let mut root = definition();
    root.build();
    let mut out = Out::default();
    page(root.clone(), &args.dir, &mut out)?;
    for sub in root.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        let name = format!("rushes-{}", sub.get_name());
        // The synopsis keeps the space that people type.
        let sub = sub.clone().bin_name(format!("rushes {}", sub.get_name())).display_name(name);
        page(sub, &args.dir, &mut out)?;
    }
    out.flush()?;
    Ok(Ending::Good)
}

fn page(command: Command, dir: &Path, out: &mut Out) -> Result<(), Stop> {
    let man = clap_mangen::Man::new(command).source(concat!("rushes ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    let path = dir.join(man.get_filename());
    let fail = |e: std::io::Error| Error::io("OUTPUT-FAILED", "write the page", &e).at(&path);
    man.render(&mut text).map_err(fail)?;
    fs::write(&path, text).map_err(fail)?;
    out.line(crate::model::MediaPath::from(path.as_path()))
}
