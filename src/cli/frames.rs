//! `rushes inspect --frames`: a line for each frame, as it is read.

use super::args::InspectArgs;
use super::files;
use super::inspect::group;
use super::out::{Ending, Out, Outcome, Stop, say, say_error};
use super::steps::{Bench, Wanted};
use crate::engine::deliver::Listed;
use crate::engine::sequence::beside::may_be_metadata;
use crate::engine::sequence::segments::may_grow;
use crate::model::{ClipUnit, Error, ErrorKind, FrameRow, escape_for_people};

/// Runs the command.
///
/// # Errors
/// As `rushes inspect`.
pub fn run(args: &InspectArgs) -> Outcome {
    let bench = Bench::new()?;
    let mut out = Out::default();
    let walk = files::walk(&args.paths, files::Hidden::Skipped);
    let mut trouble = !walk.troubles.is_empty();
    walk.troubles.iter().for_each(say_error);
    let clips = group(walk.files, false);
    if clips.is_empty() && !trouble {
        let e = Error::new(ErrorKind::Unsupported, "FILE-VANISHED", "there is no file at or below these paths");
        return Err(Stop::from(e));
    }
    if args.csv {
        out.line(FrameRow::COLUMNS.join(","))?;
    }
    for wanted in &clips {
        trouble |= lines(&bench, wanted, args, &mut out)?;
        if let Some(n) = bench.signal() {
            return Ok(Ending::Signal(n));
        }
    }
    out.flush()?;
    Ok(if trouble { Ending::Trouble } else { Ending::Good })
}

/// Writes the lines of one clip; answers whether something was wrong with it.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn lines(bench: &Bench, wanted: &Wanted, args: &InspectArgs, out: &mut Out) -> Result<bool, Stop> {
    let (mut trouble, mut stop, mut any) = (false, None, false);
    let shown = || wanted.files.first().map(|f| f.to_text()).unwrap_or_default();
    if wanted.unit == ClipUnit::Spanned && !wanted.files.iter().all(|f| f.as_path().file_name().is_some_and(may_grow)) {
        let e = Error::unsupported("the frames of a package are not listed").fix("name one of its track files");
        say_error(&match wanted.files.first() {
            Some(first) => e.at(first.as_path()),
            None => e,
        });
        return Ok(true);
    }
    let done = bench.rows(wanted, &mut |listed| {
        any = true;
        let written = match listed {
            Listed::Row(row) => line(*row, args, out),
            Listed::Problem(e) => {
                trouble = true;
                // what was read before it comes first
                let flushed = out.flush();
                say_error(&e);
                flushed
            }
        };
        stop = written.err();
        stop.is_none()
    });
    match (stop, done) {
        (Some(stop), _) => Err(stop),
        (None, Err(_)) if bench.signal().is_some() => Ok(true),
        (None, Err(mut e)) => {
            out.flush()?;
            e.place.path = None;
            say_error(&match wanted.files.first() {
                Some(first) => e.at(first.as_path()),
                None => e,
            });
            Ok(true)
        }
        (None, Ok(())) => {
            let beside = wanted.files.iter().all(|f| f.as_path().file_name().is_some_and(may_be_metadata));
            if !any && !beside {
                out.flush()?;
                say(format_args!("{}: nothing is known of single frames", shown()));
            }
            Ok(trouble)
        }
    }
}

fn line(mut row: FrameRow, args: &InspectArgs, out: &mut Out) -> Result<(), Stop> {
    if args.csv {
        return out.line(row.cells().iter().map(|c| cell(c)).collect::<Vec<_>>().join(","));
    }
    if !args.raw {
        row.raw.clear();
    }
    out.line(serde_json::to_string(&row).map_err(std::io::Error::from)?)
}

/// A cell of RFC 4180. Characters that steer terminals are escaped, so a line is always one frame.
fn cell(text: &str) -> String {
    let text = escape_for_people(text);
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_table() {
        assert_eq!(cell("50mm, \"T1.5\""), "\"50mm, \"\"T1.5\"\"\"");
        assert_eq!((cell("35"), cell("")), ("35".into(), String::new()));
        assert!(!cell("a\nb\u{1b}[31m").contains(char::is_control));
    }
}
