//! Texts of these files as values.

use super::CameraValue;
use crate::model::Rational;

/// As it is.
pub(super) fn text(t: &str) -> Option<CameraValue> {
    Some(CameraValue::Text(t.to_owned()))
}

/// A whole number above 0.
pub(super) fn whole(t: &str) -> Option<CameraValue> {
    t.parse::<u64>().ok().filter(|n| *n > 0).map(CameraValue::Whole)
}

/// A whole number that may be 0.
pub(super) fn offset(t: &str) -> Option<CameraValue> {
    t.parse::<u64>().ok().map(CameraValue::Whole)
}

/// A finite decimal.
pub(super) fn decimal(t: &str) -> Option<f64> {
    t.parse::<f64>().ok().filter(|x| x.is_finite())
}

/// A finite decimal, also below 0.
pub(super) fn number(t: &str) -> Option<CameraValue> {
    decimal(t).map(CameraValue::Number)
}

/// A decimal above 0.
pub(super) fn positive(t: &str) -> Option<CameraValue> {
    decimal(t).filter(|x| *x > 0.0).map(CameraValue::Number)
}

/// Degrees above 0, at most 360, with or without their sign.
pub(super) fn degrees(t: &str) -> Option<CameraValue> {
    decimal(t.trim_end_matches(['°', ' '])).filter(|x| *x > 0.0 && *x <= 360.0).map(CameraValue::Number)
}

/// Frames per second: `24`, `23.976`, `24.000`.
pub(super) fn rate(t: &str) -> Option<CameraValue> {
    decimal(t).and_then(Rational::from_decimal_rate).map(CameraValue::Rate)
}

/// `40mm` in millimetres.
pub(super) fn millimetres(t: &str) -> Option<CameraValue> {
    let x = decimal(t.strip_suffix("mm")?.trim_end())?;
    (x > 0.0).then_some(CameraValue::Number(x))
}

/// `410mm` in metres.
pub(super) fn millimetres_as_metres(t: &str) -> Option<CameraValue> {
    match millimetres(t)? {
        CameraValue::Number(x) => Some(CameraValue::Number(rounded(x / 1000.0))),
        _ => None,
    }
}

/// `T2.3`: a T-stop. An F-stop is another thing and stays raw.
pub(super) fn t_stop(t: &str) -> Option<CameraValue> {
    positive(t.strip_prefix('T')?.trim_start())
}

/// A stop of the series of √2 and tenths of a stop after it: `1.4 + 7/10` or `2 3/10`. The name of a full stop is rounded:
/// `1.4` stands for √2.
pub(super) fn stop_and_tenths(t: &str) -> Option<f64> {
    let t = t.replace('+', " ");
    let mut parts = t.split_whitespace();
    let stop = decimal(parts.next()?).filter(|x| (0.5..100.0).contains(x))?;
    let full = (2.0 * stop.log2()).round();
    if (full / 2.0 - stop.log2()).abs() > 0.04 {
        // no full stop: it is meant as it is written, and tenths of it are not
        return parts.next().is_none().then_some(stop);
    }
    let tenths = match parts.next() {
        None => 0.0,
        Some(p) => decimal(p.strip_suffix("/10")?).filter(|x| (0.0..10.0).contains(x))?,
    };
    parts.next().is_none().then(|| (((full + tenths / 10.0) / 2.0).exp2() * 100.0).round() / 100.0)
}

/// Yes or no, however it is said.
pub(super) fn flag(t: &str) -> Option<CameraValue> {
    let is = |words: &[&str]| words.iter().any(|w| t.eq_ignore_ascii_case(w));
    match () {
        () if is(&["yes", "true", "1", "on"]) => Some(CameraValue::Flag(true)),
        () if is(&["no", "false", "0", "off"]) => Some(CameraValue::Flag(false)),
        () => None,
    }
}

/// `2022/03/03`, `2022:03:03` or `20220303` as ISO 8601.
pub(super) fn date(t: &str) -> Option<String> {
    let digits: String = t.chars().filter(char::is_ascii_digit).collect();
    let plain = digits.len() == 8 && t.chars().all(|c| c.is_ascii_digit() || "/:-.".contains(c));
    let (y, m, d) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?);
    let fits = |t: &str, most: u32| t.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n));
    (plain && fits(m, 12) && fits(d, 31) && y > "1900").then(|| format!("{y}-{m}-{d}"))
}

/// `12:36:51` or `123651` as ISO 8601.
pub(super) fn time(t: &str) -> Option<String> {
    let digits: String = t.chars().filter(|c| *c != ':').collect();
    let (h, m, s) = (digits.get(..2)?, digits.get(2..4)?, digits.get(4..6)?);
    let fits = |t: &str, most: u32| t.bytes().all(|b| b.is_ascii_digit()) && t.parse::<u32>().is_ok_and(|n| n <= most);
    (digits.len() == 6 && fits(h, 23) && fits(m, 59) && fits(s, 60)).then(|| format!("{h}:{m}:{s}"))
}

/// A label of four numbers of two digits, `:` before the last, or `;` for drop-frame.
pub(super) fn label(parts: [u32; 4], drop: bool) -> Option<String> {
    let [h, m, s, f] = parts;
    (h < 24 && m < 60 && s < 60 && f < 120)
        .then(|| format!("{h:02}:{m:02}:{s:02}{}{f:02}", if drop { ";" } else { ":" }))
}

/// `1:2:3:4` as numbers.
pub(super) fn label_parts(t: &str) -> Option<[u32; 4]> {
    let parts: Vec<u32> = t.split([':', ';', '.']).map(|p| p.parse().ok()).collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// Six digits after the point: more than any of these files means.
pub(super) fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}
