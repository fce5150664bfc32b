//! What stands on top: a roll at one glance.

use super::html::{short, text};
use super::{Roll, Row};
use std::collections::BTreeMap;

/// Longest text of an entry, characters.
const LONGEST: usize = 300;
/// Most entries of a list.
const MOST: usize = 40;

/// Headings and what stands below them, as HTML.
pub(super) fn entries(roll: &Roll<'_>) -> Vec<(&'static str, String)> {
    let mut out = vec![("Roll", format!("<b>{}</b>", short(roll.name, LONGEST)))];
    out.extend(roll.date.map(|d| ("Date of this report", short(d, LONGEST))));
    out.push(("Clips", clips(&roll.rows)));
    out.push(("Running time", running_time(&roll.rows)));
    out.push(("Size", size(roll)));
    out.push(("Recorded", recorded(&roll.rows)));
    out.push(("Cameras", list(roll.rows.iter().filter(|r| is_picture(r)).map(camera))));
    out.push(("Lenses", list(roll.rows.iter().filter(|r| is_picture(r)).map(lens))));
    out.push(("Problems", problems(roll)));
    out
}

pub(super) fn is_picture(row: &Row<'_>) -> bool {
    row.doc.image.width.is_some()
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn clips(rows: &[Row<'_>]) -> String {
    let pictures = rows.iter().filter(|r| is_picture(r)).count();
    let sound = rows.iter().filter(|r| !is_picture(r) && r.doc.audio.channels.is_some()).count();
    let circled = rows.iter().filter(|r| r.doc.slate.circled == Some(true)).count();
    let mut parts = vec![counted(pictures, "with pictures", "with pictures")];
    if sound > 0 {
        parts.push(format!("{sound} of sound alone"));
    }
    if circled > 0 {
        parts.push(format!("{circled} circled"));
    }
    format!("<b>{}</b>: {}", rows.len(), parts.join(", "))
}

fn running_time(rows: &[Row<'_>]) -> String {
    let of = |pictures: bool| -> Option<String> {
        let some: Vec<&Row<'_>> = rows.iter().filter(|r| is_picture(r) == pictures).collect();
        let known: Vec<f64> = some.iter().filter_map(|r| r.doc.clip.duration_s).filter(|s| s.is_finite()).collect();
        let unknown = some.len().saturating_sub(known.len());
        let note = if unknown > 0 { format!(" and {unknown} of unknown length") } else { String::new() };
        let what = if pictures { "pictures" } else { "sound" };
        (!some.is_empty()).then(|| format!("{what} {}{note}", clock(known.iter().sum())))
    };
    [of(true), of(false)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Hours, minutes and seconds, to the nearest second.
fn clock(seconds: f64) -> String {
    let s = seconds.round().clamp(0.0, 1e12) as u64;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

fn size(roll: &Roll<'_>) -> String {
    let of_clips = roll.rows.iter().flat_map(|r| r.doc.clip.files.iter().map(|f| f.size));
    let bytes = of_clips.chain(roll.others.iter().map(|(_, size)| *size)).fold(0u64, u64::saturating_add);
    let files = roll.rows.iter().map(|r| r.doc.clip.files.len()).sum::<usize>().saturating_add(roll.others.len());
    format!("{} in {}", amount(bytes), counted(files, "file", "files"))
}

/// `1.4 GB (1 400 123 456 bytes)`, in powers of a thousand as media is sold.
pub(super) fn amount(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit.is_empty() {
        return if bytes == 1 { "1 byte".into() } else { format!("{bytes} bytes") };
    }
    format!("{value:.1} {unit} ({} bytes)", grouped(bytes))
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, d) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(d);
    }
    out
}

/// The first and the last, by the clocks of the cameras.
fn recorded(rows: &[Row<'_>]) -> String {
    let mut dates: Vec<&str> = rows.iter().filter_map(|r| r.doc.recorded.date.as_deref()).collect();
    dates.sort_unstable();
    match (dates.first(), dates.last()) {
        (Some(a), Some(b)) if a == b => short(a, LONGEST),
        (Some(a), Some(b)) => format!("{} to {}", short(a, LONGEST), short(b, LONGEST)),
        _ => "unknown".into(),
    }
}

fn camera(row: &Row<'_>) -> String {
    let c = &row.doc.camera;
    let index = c.index.as_ref().map(|i| format!("camera {i}"));
    let serial = c.serial.as_ref().map(|s| format!("no. {s}"));
    let model: Vec<&str> = [&c.make, &c.model].into_iter().flatten().map(String::as_str).collect();
    let model = Some(model.join(" ")).filter(|m| !m.is_empty());
    [model, index, serial].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn lens(row: &Row<'_>) -> String {
    let l = &row.doc.lens;
    let focal = l.focal_length_mm.filter(|_| l.model.is_none()).map(|f| format!("{f} mm"));
    let serial = l.serial.as_ref().map(|s| format!("no. {s}"));
    let model: Vec<&str> = [&l.make, &l.model].into_iter().flatten().map(String::as_str).collect();
    let model = Some(model.join(" ")).filter(|m| !m.is_empty());
    [model, focal, serial].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Each once, with how many clips there are of it when there are several; the unknown last.
fn list(values: impl Iterator<Item = String>) -> String {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for v in values {
        let n = times.entry(v).or_default();
        *n = n.saturating_add(1);
    }
    let unknown = times.remove("");
    let several = times.len().saturating_add(usize::from(unknown.is_some())) > 1;
    let tell =
        |name: String, n: usize| if several { format!("{name} ({})", counted(n, "clip", "clips")) } else { name };
    let more = times.len().saturating_sub(MOST);
    let mut lines: Vec<String> = times.iter().take(MOST).map(|(v, n)| tell(short(v, LONGEST), *n)).collect();
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines.extend(unknown.map(|n| tell("unknown".into(), n)));
    if lines.is_empty() { "–".into() } else { lines.join("<br/>") }
}

fn problems(roll: &Roll<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for e in roll.refused {
        let place = e.place.path.as_ref().map(|p| format!("{}: ", short(&p.to_text(), LONGEST))).unwrap_or_default();
        lines.push(format!("<b class=\"bad\">{}</b> {place}{}", text(&e.code), short(&e.what, LONGEST)));
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &roll.rows {
        let own = row.doc.problem.iter().map(|p| p.code.as_ref());
        let gaps = row.doc.clip.gaps.first().map(|_| "missing frames");
        let told =
            row.doc.warnings.iter().map(|w| w.code.as_str()).chain(row.doc.checks.iter().map(|c| c.code.as_str()));
        let of_row: std::collections::BTreeSet<&str> = own.chain(gaps).chain(told).collect();
        for code in of_row {
            let n = codes.entry(code).or_default();
            *n = n.saturating_add(1);
        }
    }
    lines.extend(codes.iter().map(|(code, n)| format!("{} in {}", text(code), counted(*n, "clip", "clips"))));
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    if lines.is_empty() { "none found in the metadata".into() } else { lines.join("<br/>") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_for_people() {
        assert_eq!(amount(999), "999 bytes");
        assert_eq!(amount(1_400_123_456), "1.4 GB (1\u{a0}400\u{a0}123\u{a0}456 bytes)");
        assert_eq!(amount(999_950), "1.0 MB (999\u{a0}950 bytes)");
        assert_eq!(
            (clock(59.6), clock(36_061.0), clock(-1.0)),
            ("0:01:00".into(), "10:01:01".into(), "0:00:00".into())
        );
    }
}
