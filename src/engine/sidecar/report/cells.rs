//! One clip as the cells of its row, in words that a camera assistant uses.

use super::html::{short, text};
use crate::engine::sidecar::ale;
use crate::engine::sidecar::extent;
use crate::model::{ClipDoc, Rational, escape_for_people};

/// Nothing is known.
const UNKNOWN: &str = "–";
/// Longest text of a cell, characters.
const LONGEST: usize = 300;
/// Most remarks on one clip.
const MOST: usize = 6;
/// Longest remark, characters: all of them together are shorter than a sheet is high.
const LONGEST_REMARK: usize = 160;

/// The columns with their headings, but for the picture.
pub(super) const HEADINGS: [&str; 9] = [
    "Clip<br/><small>reel, files</small>",
    "Start<br/>End<br/><small>after the last frame</small>",
    "Duration<br/><small>rate</small>",
    "Resolution<br/><small>codec</small>",
    "ISO<br/>Shutter<br/>WB",
    "Lens<br/><small>filter</small>",
    "Scene / Take",
    "Sound",
    "Remarks",
];

/// The cells below [`HEADINGS`].
pub(super) fn cells(doc: &ClipDoc) -> [String; 9] {
    [
        name(doc),
        extent_of(doc),
        duration(doc),
        picture(doc),
        exposure(doc),
        lens(doc),
        slate(doc),
        sound(doc),
        remarks(doc),
    ]
}

/// Lines of HTML, the empty ones left out.
fn lines(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let known: Vec<String> = parts.into_iter().flatten().filter(|p| !p.is_empty()).collect();
    if known.is_empty() { UNKNOWN.to_owned() } else { known.join("<br/>") }
}

fn small(s: Option<String>) -> Option<String> {
    s.map(|s| format!("<small>{s}</small>"))
}

fn name(doc: &ClipDoc) -> String {
    let files = match doc.clip.files.len() {
        0 | 1 => None,
        n => Some(format!("{n} files")),
    };
    let first = doc.clip.files.first().and_then(|f| f.path.as_path().file_name());
    let first = first.map(|n| short(&crate::model::MediaPath::from(std::path::Path::new(n)).to_text(), LONGEST));
    lines([
        Some(format!("<b>{}</b>", short(&doc.clip.name, LONGEST))),
        doc.reel.as_deref().map(|r| short(r, LONGEST)),
        small(files.or(first)),
    ])
}

fn extent_of(doc: &ClipDoc) -> String {
    let Some(tc) = &doc.timecode else { return UNKNOWN.into() };
    let computed = || {
        let frames = extent::span(doc).filter(|_| doc.fps.project.is_none_or(|p| p == tc.rate))?;
        Some(extent::start(tc).ok()?.plus(i64::try_from(frames).ok()?).to_string())
    };
    let end = tc.end.clone().or_else(computed);
    let counts = (doc.fps.project != Some(tc.rate)).then(|| format!("counts at {}", rate(tc.rate)));
    lines([Some(text(&tc.start)), Some(end.map_or_else(|| UNKNOWN.into(), |e| text(&e))), small(counts)])
}

fn duration(doc: &ClipDoc) -> String {
    let frames = extent::span(doc);
    let counted = frames.zip(doc.fps.project).and_then(|(n, r)| Some(ale::length(i64::try_from(n).ok()?, r)));
    let seconds = doc.clip.duration_s.filter(|s| s.is_finite()).map(|s| format!("{s:.3} s"));
    let sensor = doc.fps.sensor.filter(|s| Some(*s) != doc.fps.project).map(|s| format!("sensor {} fps", rate(s)));
    lines([
        counted.or(seconds),
        small(frames.map(|n| if n == 1 { "1 frame".into() } else { format!("{n} frames") })),
        small(doc.fps.project.map(|r| format!("{} fps", rate(r)))),
        small(sensor),
    ])
}

/// `24`, `23.976`.
fn rate(r: Rational) -> String {
    decimals(r.as_f64(), 3)
}

/// Without the zeros at the end.
fn decimals(x: f64, most: usize) -> String {
    let s = format!("{x:.most$}");
    if s.contains('.') { s.trim_end_matches('0').trim_end_matches('.').to_owned() } else { s }
}

fn picture(doc: &ClipDoc) -> String {
    let size = doc.image.width.zip(doc.image.height).map(|(w, h)| format!("{w} × {h}"));
    let codec = doc.format.codec.as_deref().or(size.as_ref().map(|_| doc.format.id.as_str()));
    let bits = doc.format.bit_depth.filter(|_| size.is_some()).map(|b| format!("{b} bit"));
    lines([
        size,
        small(codec.map(|c| short(c, LONGEST))),
        small(doc.format.compression.as_deref().map(|c| short(c, LONGEST))),
        small(bits),
        small(doc.color.space.as_deref().map(|c| short(c, LONGEST))),
    ])
}

fn exposure(doc: &ClipDoc) -> String {
    let e = &doc.exposure;
    let tint = e.tint.filter(|t| *t != 0.0 && t.is_finite()).map_or_else(String::new, |t| format!(" tint {t:+}"));
    lines([
        e.iso.map(|i| format!("ISO {i}")),
        e.shutter_angle.map(|a| format!("{}°", decimals(a, 2))).or_else(|| e.shutter_s.map(time)),
        e.white_balance_k.map(|k| format!("{k} K{tint}")),
    ])
}

/// `1/48 s`, or `0.0208 s` when it is no such part of a second.
fn time(s: f64) -> String {
    let part = 1.0 / s;
    if s < 0.5 && part.is_finite() && (part - part.round()).abs() < 0.01 * part {
        return format!("1/{} s", part.round());
    }
    format!("{} s", decimals(s, 4))
}

fn lens(doc: &ClipDoc) -> String {
    let l = &doc.lens;
    let names: Vec<&str> = [&l.make, &l.model].into_iter().flatten().map(String::as_str).collect();
    let numbers: Vec<String> = [
        l.focal_length_mm.map(|f| format!("{} mm", decimals(f, 1))),
        l.t_stop.map(|t| format!("T{}", decimals(t, 1))),
        l.focus_m.filter(|f| f.is_finite()).map(|f| format!("{} m", decimals(f, 2))),
        l.squeeze.filter(|s| *s != 1.0).map(|s| format!("squeeze {}", decimals(s, 2))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let nd = doc.exposure.nd.as_deref().map(|n| {
        let named = n.trim_start().get(..2).is_some_and(|p| p.eq_ignore_ascii_case("nd"));
        format!("{}{}", if named { "" } else { "ND " }, short(n, LONGEST))
    });
    lines([
        Some(short(&names.join(" "), LONGEST)),
        Some(numbers.join(", ")),
        small(l.serial.as_deref().map(|s| format!("no. {}", short(s, LONGEST)))),
        small(nd),
    ])
}

fn slate(doc: &ClipDoc) -> String {
    let s = &doc.slate;
    let scene: Vec<String> = [&s.scene, &s.shot].into_iter().flatten().map(|t| short(t, LONGEST)).collect();
    let take = s.take.as_deref().map(|t| short(t, LONGEST));
    let both = match (scene.is_empty(), take) {
        (false, Some(t)) => Some(format!("{} / {t}", scene.join(" "))),
        (false, None) => Some(format!("{} / {UNKNOWN}", scene.join(" "))),
        (true, Some(t)) => Some(format!("{UNKNOWN} / {t}")),
        (true, None) => None,
    };
    let circled = s.circled.unwrap_or(false).then(|| "<b class=\"circled\">circled</b>".to_owned());
    lines([both, circled, small(s.note.as_deref().map(|n| short(n, LONGEST)))])
}

fn sound(doc: &ClipDoc) -> String {
    let a = &doc.audio;
    let form: Vec<String> = [
        a.rate.map(|r| format!("{} kHz", decimals(f64::from(r) / 1000.0, 3))),
        a.bit_depth.map(|b| format!("{b} bit")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let tracks: Vec<String> = a
        .tracks
        .iter()
        .flatten()
        .take(MOST)
        .map(|t| format!("{}: {}", t.channel, escape_for_people(&t.name)))
        .collect();
    lines([
        a.channels.map(|c| if c == 1 { "1 channel".into() } else { format!("{c} channels") }),
        small(Some(form.join(", ")).filter(|f| !f.is_empty())),
        small(Some(short(&tracks.join(", "), LONGEST)).filter(|t| !t.is_empty())),
    ])
}

fn remarks(doc: &ClipDoc) -> String {
    let mut all: Vec<String> = Vec::new();
    if let Some(p) = &doc.problem {
        all.push(format!("<b class=\"bad\">{}</b> {}", text(&p.code), short(&p.what, LONGEST_REMARK)));
    }
    all.extend(doc.clip.gaps.iter().map(|g| format!("<b class=\"bad\">missing</b> frames {g}")));
    let warned = doc.warnings.iter().map(|w| (&w.code, &w.message));
    let said = doc.checks.iter().map(|c| (&c.code, &c.message)).chain(warned);
    all.extend(said.map(|(code, message)| format!("<b>{}</b> {}", text(code), short(message, LONGEST_REMARK))));
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    if all.is_empty() { String::new() } else { format!("<small>{}</small>", all.join("<br/>")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        assert_eq!(
            (time(1.0 / 48.0), time(0.02), time(0.5), time(0.0)),
            ("1/48 s".into(), "1/50 s".into(), "0.5 s".into(), "0 s".into())
        );
        assert_eq!(time(1.0 / 1.5), "0.6667 s");
        let r = |n, d| rate(Rational::new(n, d).unwrap());
        assert_eq!((r(24_000, 1001), r(100, 1), r(25, 2)), ("23.976".into(), "100".into(), "12.5".into()));
    }
}
