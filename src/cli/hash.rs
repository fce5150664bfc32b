//! `rushes hash`: fingerprints of files and folders.

use super::args::HashArgs;
use super::files::{self, Found};
use super::interrupt::Interrupt;
use super::out::{Ending, Out, Outcome, Stop, byte_bar, say_error};
use crate::engine::hash::fingerprint;
use crate::model::{Error, Fingerprint, HashKind, MediaPath};
use indicatif::ProgressBar;
use serde::Serialize;

#[derive(Serialize)]
struct Line<'a> {
    path: &'a MediaPath,
    #[serde(flatten)]
    print: &'a Fingerprint,
}

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written; troubles with files are said and end in exit status 3.
pub fn run(args: &HashArgs) -> Outcome {
    let interrupt = Interrupt::watch()?;
    let mut kinds = args.kind.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let mut out = Out::default();
    let mut trouble = false;
    let mut walk = files::walk(&args.paths, files::Hidden::Included);
    trouble |= !walk.troubles.is_empty();
    walk.troubles.iter().for_each(say_error);
    let bar = byte_bar(walk.files.iter().fold(0, |n, f| n.saturating_add(f.size)));
    for found in walk.files.drain(..) {
        match one(&found, &kinds, &bar, &interrupt) {
            Ok(print) => bar.suspend(|| show(&mut out, &found.path, &print, &kinds, args.json.json))?,
            Err(_) if interrupt.signal().is_some() => break,
            Err(e) => {
                trouble = true;
                bar.suspend(|| say_error(&e));
            }
        }
    }
    bar.finish_and_clear();
    out.flush()?;
    Ok(match interrupt.signal() {
        Some(n) => Ending::Signal(n),
        None if trouble => Ending::Trouble,
        None => Ending::Good,
    })
}

fn one(found: &Found, kinds: &[HashKind], bar: &ProgressBar, interrupt: &Interrupt) -> Result<Fingerprint, Error> {
    let before = bar.position();
    bar.set_message(found.path.to_string());
    let file = files::open(found.path.as_path())?;
    let go_on = |done: u64| {
        bar.set_position(before.saturating_add(done));
        interrupt.signal().is_none()
    };
    let print = fingerprint(&file, kinds, &go_on).map_err(|e| e.at(found.path.as_path()))?;
    bar.set_position(before.saturating_add(found.size));
    Ok(print)
}

fn show(out: &mut Out, path: &MediaPath, print: &Fingerprint, kinds: &[HashKind], json: bool) -> Result<(), Stop> {
    if json {
        return out.json_line(&Line { path, print });
    }
    for kind in kinds {
        let text = if *kind == HashKind::Xxh128 { Some(&print.xxh128) } else { print.other.get(kind) };
        if let Some(text) = text {
            out.line(format_args!("{kind}:{text}  {path}"))?;
        }
    }
    Ok(())
}
