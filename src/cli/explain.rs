//! `rushes explain`: how an output was made, to the pixel.

use super::args::ExplainArgs;
use super::out::{Ending, Out, Outcome, Stop, say_error};
use crate::engine::colour::Chain;
use crate::engine::container::bytes::Bytes;
use crate::engine::container::exr::{ExrHeader, ExrValue};
use crate::engine::deliver::{ACCOUNT_ATTRIBUTE, Account};
use crate::index::{Receipt, Receipts};
use crate::model::{Error, ErrorKind, Limits, escape_for_people};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The answer.
#[derive(Serialize)]
struct Answer {
    /// `receipt` or `header`.
    from: &'static str,
    /// The output.
    output: String,
    /// How it was made.
    account: Account,
    /// The source file of the one frame that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_file: Option<String>,
    /// What a receipt adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipe_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// What is not known here, and why.
    missing: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written; an output of which nothing is known ends in exit status 3.
pub fn run(args: &ExplainArgs) -> Outcome {
    let answer = match explain(args) {
        Ok(a) => a,
        Err(e) => {
            say_error(&e);
            return Ok(Ending::Trouble);
        }
    };
    let mut out = Out::default();
    if args.json.json {
        out.json(&answer)?
    } else {
        show(&mut out, &answer)?
    }
    out.flush()?;
    Ok(Ending::Good)
}

fn explain(args: &ExplainArgs) -> Result<Answer, Error> {
    let path =
        args.output.canonicalize().map_err(|e| Error::io("FILE-VANISHED", "find the output", &e).at(&args.output))?;
    if let Some((root, receipt)) = receipt_of(&path, args.receipts.as_deref())?
        && let Some(answer) = from_receipt(&path, &root, receipt)
    {
        return Ok(answer);
    }
    from_header(&path)
}

/// The newest receipt that names the output, and the output folder it belongs to.
fn receipt_of(path: &Path, given: Option<&Path>) -> Result<Option<(PathBuf, Receipt)>, Error> {
    for root in path.ancestors().skip(1) {
        let dir = given.map_or_else(|| root.join(".rushes"), Path::to_path_buf);
        if !dir.join("receipts.jsonl").is_file() {
            continue;
        }
        let mut found = None;
        for r in Receipts::read(&dir)? {
            let r = r?;
            if r.outputs.iter().any(|o| o.account.is_some() && path.starts_with(root.join(o.path.as_path()))) {
                found = Some(r);
            }
        }
        if let Some(r) = found {
            return Ok(Some((root.to_path_buf(), r)));
        }
    }
    Ok(None)
}

fn from_receipt(path: &Path, root: &Path, receipt: Receipt) -> Option<Answer> {
    let made = receipt.outputs.iter().find(|o| path.starts_with(root.join(o.path.as_path())))?;
    let mut account = (**made.account.as_ref()?).clone();
    let mut missing = Vec::new();
    let frame = path.file_stem().and_then(|s| number_at_end(&s.to_string_lossy()));
    if let (Some(n), Some(by), true) = (frame, account.source.renumber, path.is_file()) {
        account.source.frame = Some(n.saturating_sub(by));
    }
    let source_file = account.source.frame.and_then(|n| {
        let of_frame = |p: &Path| p.file_stem().and_then(|s| number_at_end(&s.to_string_lossy())) == Some(n);
        let one = receipt.sources.iter().find(|(p, _)| of_frame(p.as_path()));
        let one = one.or_else(|| receipt.sources.first().filter(|_| receipt.sources.len() == 1))?;
        Some(format!("{} (xxh128 {})", one.0, one.1))
    });
    if receipt.config.is_empty() {
        missing.push("the hash of the configuration: the receipt was written later than the work was done".to_owned());
    }
    Some(Answer {
        from: "receipt",
        output: path.display().to_string(),
        account,
        source_file,
        recipe_name: Some(receipt.recipe_name),
        rule: Some(receipt.rule),
        config: Some(receipt.config).filter(|c| !c.is_empty()),
        version: Some(receipt.version),
        missing,
    })
}

fn from_header(path: &Path) -> Result<Answer, Error> {
    let nothing = |why: &str| {
        let what = format!("no receipt names this output, and {why}: nothing is known of how it was made");
        Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", what)
            .at(path)
            .fix("name the folder of its receipts with --receipts; what `rushes render` makes has none, `render --json` prints its account")
    };
    if path.is_dir() {
        let first = first_frame(path).ok_or_else(|| nothing("it is a folder without OpenEXR files"))?;
        return from_header(&first);
    }
    let file = super::files::open(path)?;
    let size = file.metadata().map_err(|e| Error::io("FILE-UNREADABLE", "look at it", &e).at(path))?.len();
    let limits = Limits::default();
    let header = ExrHeader::read(&mut Bytes::file(&file, size, &limits), &limits)
        .map_err(|_| nothing("it is no OpenEXR file that could carry the account in its header"))?;
    let text = header.parts.first().and_then(|p| p.get(ACCOUNT_ATTRIBUTE)).and_then(|v| match &v.value {
        ExrValue::Text(t) => Some(t.clone()),
        _ => None,
    });
    let text = text.ok_or_else(|| nothing("its header carries no account"))?;
    let account: Account = serde_json::from_str(&text).map_err(|_| nothing("the account in its header is damaged"))?;
    let absent = |what: &str| format!("{what}: only the receipt holds it");
    Ok(Answer {
        from: "header",
        output: path.display().to_string(),
        source_file: None,
        recipe_name: None,
        rule: account.context.get("rule").cloned(),
        config: None,
        version: None,
        missing: vec![
            absent("the hash of the source file"),
            absent("the hash of the configuration"),
            absent("the version of the program"),
            absent("what was counted over all frames"),
        ],
        account,
    })
}

/// The OpenEXR file of a folder whose name comes first.
fn first_frame(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path());
    files.filter(|p| p.extension().is_some_and(|e| e == "exr") && p.is_file()).min()
}

/// The last run of digits of a name.
fn number_at_end(stem: &str) -> Option<i64> {
    let digits = stem.len() - stem.bytes().rev().take_while(u8::is_ascii_digit).count();
    stem.get(digits..)?.parse().ok()
}

fn show(out: &mut Out, a: &Answer) -> Result<(), Stop> {
    let line = |name: &str, text: &str| format!("{name:<12} {}", escape_for_people(text));
    let c = &a.account;
    out.line(line("output", &a.output))?;
    out.line(line("told by", if a.from == "receipt" { "its receipt" } else { "its own header" }))?;
    let reel = c.source.reel.as_ref().map_or_else(String::new, |r| format!(", reel {r}"));
    out.line(line("clip", &format!("{}{reel}", c.source.clip)))?;
    out.line(line("source", &a.source_file.clone().unwrap_or_else(|| c.source.path.to_string())))?;
    let (first, last) = c.source.frames;
    match c.source.frame {
        Some(n) if Path::new(&a.output).is_dir() => {
            out.line(line("frames", &format!("{first}-{last}, alike; what follows is of frame {n}")))?;
        }
        Some(n) => out.line(line("frame", &format!("{n} of {first}-{last}")))?,
        None => out.line(line("frames", &format!("{first}-{last}")))?,
    }
    if let Some(by) = c.source.renumber {
        out.line(line("numbers", &format!("output frame = source frame {by:+}")))?;
    }
    for (k, v) in &c.decode {
        out.line(line("decode", &format!("{k}: {v}")))?;
    }
    out.line(line("color", &format!("{} to {}", c.color.source, c.color.output)))?;
    out.line(line("because", &c.color.because))?;
    let steps = |steps: &[crate::engine::colour::Step]| {
        Chain { from: String::new(), to: String::new(), steps: steps.to_vec() }.describe()
    };
    for (n, s) in steps(&c.before).iter().enumerate() {
        out.line(line(&format!("op {}", n + 1), s))?;
    }
    let p = &c.placement;
    let crop = format!("{}x{} at {},{} of the source", p.crop.width, p.crop.height, p.crop.x, p.crop.y);
    out.line(line("fit", &format!("{crop} to {}x{}, pixel aspect {}", p.width, p.height, p.pixel_aspect)))?;
    for (n, s) in steps(&c.after).iter().enumerate() {
        out.line(line(&format!("op {}", c.before.len() + n + 1), s))?;
    }
    if c.rotation != 0 {
        out.line(line("rotation", &format!("{} degrees clockwise", c.rotation)))?;
    }
    for (k, v) in &c.encode {
        out.line(line("encode", &format!("{k}: {v}")))?;
    }
    let known = [("recipe", &a.recipe_name), ("rule", &a.rule), ("config", &a.config), ("version", &a.version)];
    for (name, value) in known {
        if let Some(v) = value {
            out.line(line(name, v))?;
        }
    }
    out.line(line("made by", &format!("job {}, {}", c.job, c.recipe)))?;
    if let Some(n) = c.counts {
        let text = format!("{} frames, {} samples no number, {} beyond the format", n.frames, n.nan, n.overflow);
        out.line(line("counted", &text))?;
    }
    for w in &c.warnings {
        out.line(line("note", &format!("{} [{}]", w.message, w.code)))?;
    }
    for m in &a.missing {
        out.line(line("not known", m))?;
    }
    Ok(())
}
