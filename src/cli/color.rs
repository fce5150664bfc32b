//! `rushes color`: the colour spaces that are known, and numbers from one to another.

use super::args::{ColorCommandArgs, ColorEvalArgs, ColorWhat};
use super::out::{Ending, Out, Outcome, Stop};
use super::render::{space, usage};
use crate::config::recipes_picture as pictures;
use crate::engine::colour::{self, Builder, Cdl, CdlStyle, Chain, Evidence, Space, ops_of_cube};
use crate::model::Error;
use serde::Serialize;
use std::io::BufRead;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a look that cannot be read, or when stdout cannot be written.
pub fn run(args: &ColorCommandArgs) -> Outcome {
    match &args.what {
        ColorWhat::List(json) => list(json.json),
        ColorWhat::Eval(a) => eval(a),
    }
}

/// A space as JSON.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    aliases: &'static [&'static str],
    kind: colour::Kind,
    about: &'static str,
    source: &'static str,
    evidence: Evidence,
}

fn list(json: bool) -> Outcome {
    let mut out = Out::default();
    for s in colour::SPACES.iter() {
        let one = Listed {
            name: s.name,
            aliases: s.aliases,
            kind: s.kind,
            about: s.about,
            source: s.source,
            evidence: s.evidence,
        };
        if json {
            out.json_line(&one)?;
            continue;
        }
        out.line(s.name)?;
        if !s.aliases.is_empty() {
            out.line(format!("    also {}", s.aliases.join(", ")))?;
        }
        if !s.about.is_empty() {
            out.line(format!("    {}", s.about))?;
        }
        let read = if s.evidence == Evidence::Read { "" } else { " (second-hand)" };
        out.line(format!("    {}{read}", s.source))?;
    }
    out.flush()?;
    Ok(Ending::Good)
}

fn eval(a: &ColorEvalArgs) -> Outcome {
    let chain = chain(a)?;
    let mut out = Out::default();
    for (n, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let Some(v) = triplet(&line) else {
            out.flush()?;
            return Err(usage(format!("<stdin>:{}: `{}` is not three numbers", n + 1, cut(&line))));
        };
        let [r, g, b] = chain.apply_pixel(v)?;
        out.line(format!("{} {} {}", nine(r), nine(g), nine(b)))?;
    }
    out.flush()?;
    Ok(Ending::Good)
}

fn cut(line: &str) -> String {
    crate::model::escape_for_people(line).chars().take(60).collect()
}

fn triplet(line: &str) -> Option<[f64; 3]> {
    let mut numbers = line.split([' ', '\t', ',']).filter(|t| !t.is_empty()).map(str::parse::<f64>);
    let v = [numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?];
    numbers.next().is_none().then_some(v)
}

fn known(name: &str) -> Result<&'static Space, Stop> {
    let full = space(name)?;
    colour::find(&full).ok_or_else(|| usage(format!("there is no colour space `{name}`")))
}

fn chain(a: &ColorEvalArgs) -> Result<Chain, Stop> {
    let read = |p: &Path| std::fs::read(p).map_err(|e| Stop::from(Error::io("FILE-UNREADABLE", "read it", &e).at(p)));
    let mut b = Builder::new(known(&a.from)?);
    if let Some(p) = &a.cdl {
        let working = known(&a.cdl_space)?;
        let g = pictures::grade(p, &read(p)?, a.cdl_id.as_deref(), working.name).map_err(usage)?;
        let cdl = Cdl {
            slope: g.slope,
            offset: g.offset,
            power: g.power,
            saturation: g.saturation,
            style: CdlStyle::NoClamp,
        };
        b = b.cdl(cdl, working);
    }
    if let Some(p) = &a.lut {
        let input = known(a.lut_input.as_deref().unwrap_or_default())?;
        let ops = ops_of_cube(&p.to_string_lossy(), &read(p)?).map_err(|e| e.at(p))?;
        b = b.lut(ops, input, known(&a.lut_output)?);
    }
    Ok(b.to(known(&a.to)?).done())
}

/// As C's `%.9g`.
fn nine(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() {
            "nan".into()
        } else if x > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    if x == 0.0 {
        return if x.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    let scientific = format!("{x:.8e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    let trim = |t: &str| {
        if t.contains('.') { t.trim_end_matches('0').trim_end_matches('.').to_owned() } else { t.to_owned() }
    };
    if (-4..9).contains(&power) {
        let places = usize::try_from((8 - power).max(0)).unwrap_or(0);
        return trim(&format!("{x:.places$}"));
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(digits), power.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_c_does() {
        for (x, want) in [
            (0.18, "0.18"),
            (1.0 / 3.0, "0.333333333"),
            (123_456_789.0, "123456789"),
            (1_234_567_890.0, "1.23456789e+09"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5e-7, "-2.5e-07"),
            (1e100, "1e+100"),
            (0.0, "0"),
            (-0.0, "-0"),
            (65_504.0, "65504"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(nine(x), want, "{x}");
        }
    }

    #[test]
    fn triplets() {
        assert_eq!(triplet("1 2,3"), Some([1.0, 2.0, 3.0]));
        assert_eq!(triplet(" 0.1,\t-2e-3  5 "), Some([0.1, -0.002, 5.0]));
        for bad in ["1 2", "1 2 3 4", "a b c", "1;2;3"] {
            assert_eq!(triplet(bad), None, "{bad}");
        }
    }
}
