//! `rushes color`: the colour spaces, and colours from one to another.

use super::args::{ColorCommand, ColorCommandArgs, ColorEvalArgs};
use super::files;
use super::out::{Ending, Out, Outcome, Stop, say_error};
use crate::engine::colour::{Builder, Cdl, CdlStyle, Chain, SPACES, Space, find, names, ops_of_cube};
use crate::engine::document::{cdl, cube};
use crate::model::{Error, ErrorKind, Limits};
use crate::rules;
use std::io::{BufRead, Read};
use std::path::Path;

/// Most bytes of a line of numbers.
const LONGEST_LINE: u64 = 1024;

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written or a file cannot be read; a wrong space or line is said and is status 2.
pub fn run(args: &ColorCommandArgs) -> Outcome {
    match &args.what {
        ColorCommand::List(a) if a.json.json => list_json(),
        ColorCommand::List(_) => list(),
        ColorCommand::Eval(a) => eval(a),
    }
}

fn list() -> Outcome {
    let mut out = Out::default();
    for s in SPACES {
        let curve = s.encoding.map_or("linear", |e| e.name);
        out.line(format_args!("{}", s.name))?;
        out.line(format_args!("    {curve}, {} primaries; {}", s.gamut.name, kind(s)))?;
        if !s.aliases.is_empty() {
            out.line(format_args!("    also {}", s.aliases.join(", ")))?;
        }
        if !s.about.is_empty() {
            out.line(format_args!("    {}", s.about))?;
        }
    }
    out.flush()?;
    Ok(Ending::Good)
}

fn kind(s: &Space) -> &'static str {
    use crate::engine::colour::Kind::{Display, DisplayLinear, SceneCoded, SceneLinear};
    match s.kind {
        SceneLinear => "scene light",
        SceneCoded => "coded scene light",
        Display => "coded display light",
        DisplayLinear => "display light",
    }
}

fn list_json() -> Outcome {
    let spaces: Vec<_> = SPACES
        .iter()
        .map(|s| {
            serde_json::json!({
                "name": s.name,
                "aliases": s.aliases,
                "kind": s.kind,
                "curve": s.encoding.map(|e| serde_json::json!({ "name": e.name, "constants": (e.law)() })),
                "gamut": s.gamut.name,
                "adaptation": s.adaptation,
                "to_aces2065_1": s.to_aces(),
                "about": s.about,
                "source": s.source,
                "evidence": s.evidence,
            })
        })
        .collect();
    let mut out = Out::default();
    out.json(&serde_json::json!({ "spaces": spaces }))?;
    out.flush()?;
    Ok(Ending::Good)
}

/// What a person has to write otherwise: said, and status 2.
pub(super) fn usage(e: &Error) -> Stop {
    say_error(e);
    Stop::Said(Ending::Usage)
}

/// The space of this name, or status 2 with the nearest name.
pub(super) fn space(name: &str) -> Result<&'static Space, Stop> {
    find(name).ok_or_else(|| {
        let e =
            Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", format!("`{name}` is no colour space that is known"));
        let near = rules::closest(name, SPACES.iter().flat_map(names));
        usage(&e.fix(match near {
            Some(n) => format!("did you mean `{n}`? `rushes color list` shows all"),
            None => "`rushes color list` shows all".to_owned(),
        }))
    })
}

fn chain(args: &ColorEvalArgs) -> Result<Chain, Stop> {
    let (from, to) = (space(&args.from)?, space(&args.to)?);
    let working = space(&args.cdl_space)?;
    let lut_input = args.lut_input.as_deref().map_or(Ok(from), space)?;
    let lut_output = args.lut_output.as_deref().map_or(Ok(to), space)?;
    let mut builder = Builder::new(from);
    if let Some(path) = &args.cdl {
        let bytes = content(path, u64::try_from(cdl::MOST_BYTES).unwrap_or(u64::MAX))?;
        let all = cdl::read(&bytes, &Limits::default()).map_err(|e| e.at(path))?;
        let one = cdl::select(&all, args.cdl_id.as_deref()).map_err(|e| usage(&e.at(path)))?;
        let style = if args.cdl_style == "asc" { CdlStyle::Asc } else { CdlStyle::NoClamp };
        builder = builder.cdl(Cdl::new(one, style), working);
    }
    if !args.lut.is_empty() {
        let mut ops = Vec::new();
        for path in &args.lut {
            let name = crate::model::MediaPath::from(path.as_path()).to_string();
            ops.extend(ops_of_cube(&name, &content(path, cube::MOST_BYTES)?)?);
        }
        builder = builder.lut(ops, lut_input, lut_output);
    }
    Ok(builder.to(to).done())
}

/// All bytes of a file that has at most `most`.
pub(super) fn content(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let file = files::open(path)?;
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|e| Error::io("FILE-UNREADABLE", "read it", &e).at(path))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(Error::limit(format!("it has more than {most} bytes")).at(path));
    }
    Ok(bytes)
}

fn eval(args: &ColorEvalArgs) -> Outcome {
    let chain = chain(args)?;
    let mut out = Out::default();
    if args.steps {
        for line in chain.describe() {
            out.line(crate::model::escape_for_people(&line))?;
        }
        out.flush()?;
        return Ok(Ending::Good);
    }
    let mut input = std::io::stdin().lock();
    let (mut number, mut line) = (0u64, Vec::new());
    loop {
        line.clear();
        let got = (&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line);
        if got.map_err(|e| Error::io("FILE-UNREADABLE", "read stdin", &e))? == 0 {
            break;
        }
        number = number.saturating_add(1);
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let Some(pixel) = triplet(&text) else {
            out.flush()?;
            let shown: String = text.trim().chars().take(60).collect();
            let e = Error::malformed(format!("line {number} of stdin, `{shown}`, is not three numbers"));
            return Err(usage(&e.fix("write red, green and blue with spaces or commas between")));
        };
        let [r, g, b] = chain.apply_pixel(pixel)?.map(general);
        out.line(format_args!("{r} {g} {b}"))?;
    }
    out.flush()?;
    Ok(Ending::Good)
}

fn triplet(line: &str) -> Option<[f64; 3]> {
    let mut words = line.split(|c: char| c == ',' || c.is_whitespace()).filter(|w| !w.is_empty());
    let mut next = || words.next()?.parse::<f64>().ok();
    let pixel = [next()?, next()?, next()?];
    words.next().is_none().then_some(pixel)
}

/// A number as C prints it with `%.9g`; NaN without a sign.
fn general(v: f64) -> String {
    if !v.is_finite() {
        return if v.is_nan() { "nan".to_owned() } else { format!("{v}") };
    }
    let scientific = format!("{v:.8e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short =
        |t: &str| if t.contains('.') { t.trim_end_matches('0').trim_end_matches('.').to_owned() } else { t.to_owned() };
    if (-4..9).contains(&exponent) {
        let places = usize::try_from(8i32.saturating_sub(exponent)).unwrap_or(0);
        return short(&format!("{v:.places$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", short(mantissa), exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right-hand sides were printed by C.
    #[test]
    fn numbers_are_printed_as_c_does() {
        for (v, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (0.18, "0.18"),
            (1.0 / 3.0, "0.333333333"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.000_099_999_999_99, "0.0001"),
            (123_456_789.0, "123456789"),
            (1_234_567_890.0, "1.23456789e+09"),
            (999_999_999.5, "1e+09"),
            (-65504.0, "-65504"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(general(v), text);
        }
    }

    #[test]
    fn triplets_by_spaces_or_commas() {
        for good in ["1 2 3", "1,2,3", " 1, 2 ,\t3\r\n", "1e0 +2 3."] {
            assert_eq!(triplet(good), Some([1.0, 2.0, 3.0]), "{good}");
        }
        for bad in ["1 2", "1 2 3 4", "1;2;3", "a b c", "0x1 2 3"] {
            assert_eq!(triplet(bad), None, "{bad}");
        }
    }
}
