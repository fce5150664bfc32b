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
    let mut root = definition().disable_help_subcommand(true);
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

/// The page's sections; what stands below the options in `--help` keeps its lines, as examples are to be typed.
fn sections(man: &clap_mangen::Man, has_commands: bool) -> std::io::Result<String> {
    let (mut head, mut extra) = (Vec::new(), Vec::new());
    man.render_title(&mut head)?;
    man.render_name_section(&mut head)?;
    man.render_synopsis_section(&mut head)?;
    man.render_description_section(&mut head)?;
    man.render_options_section(&mut head)?;
    if has_commands {
        man.render_subcommands_section(&mut head)?;
    }
    man.render_extra_section(&mut extra)?;
    let mut text = String::from_utf8_lossy(&head).into_owned();
    let extra = String::from_utf8_lossy(&extra);
    if extra.contains(".SH EXTRA\n") {
        text.push_str(extra.replacen(".SH EXTRA\n", ".SH EXAMPLES AND NOTES\n.nf\n", 1).trim_end());
        text.push_str("\n.fi\n");
    }
    Ok(text)
}

fn page(command: Command, dir: &Path, out: &mut Out) -> Result<(), Stop> {
    let has_commands = command.has_subcommands();
    let man = clap_mangen::Man::new(command).source(concat!("rushes ", env!("CARGO_PKG_VERSION")));
    let path = dir.join(man.get_filename());
    let fail = |e: std::io::Error| Error::io("OUTPUT-FAILED", "write the page", &e).at(&path);
    let text = sections(&man, has_commands).map_err(fail)?;
    fs::write(&path, text).map_err(fail)?;
    out.line(crate::model::MediaPath::from(path.as_path()))
}
