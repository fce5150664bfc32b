//! Timecode and reel. The label of the first frame is that of the tape, else of the file's own package, else of the material
//! (SMPTE ST 377-1, "Timecode Component"): a program that plays a part of the original gives the material labels of its own.

use super::ID;
use super::graph::{Chain, Essence, Graph, Package, class};
use crate::engine::container::mxf::Set;
use crate::model::{ClipDoc, Origin, Rational, Timecode, TimecodeInfo};

/// A package, the rate of its picture, and the position of the first frame in it.
type Step<'g, 'm> = (&'g Package<'m>, Option<Rational>, i64);

/// A label of the first frame and where it comes from.
struct Found {
    info: TimecodeInfo,
    zero: bool,
    of: &'static str,
    at: u64,
}

/// Reads the timecode of all packages, and the reel.
pub(super) fn read(graph: &Graph<'_>, chain: Option<&Chain<'_, '_>>, doc: &mut ClipDoc) {
    let mut found = Vec::new();
    let none = graph.material().map(|m| (m, None, 0));
    let steps: Vec<(&'static str, Option<Step<'_, '_>>)> = match chain {
        Some(c) => {
            let rate = c.file.or(c.material).and_then(|(_, t)| t.rate);
            vec![
                ("tape", c.physical.map(|(p, _)| (p, rate, c.start.saturating_add(c.physical_start)))),
                ("file", c.file.map(|(p, _)| (p, rate, c.start))),
                ("material", c.material.map(|(p, t)| (p, t.rate, 0)).or(none)),
            ]
        }
        None => vec![("material", none)],
    };
    for (of, step) in steps {
        if let Some((p, rate, position)) = step
            && let Some(f) = first_label(p, rate, position, of, doc)
        {
            found.push(f);
        }
    }
    choose(&found, doc);
    if let Some((p, _)) = chain.and_then(|c| c.physical) {
        reel(p, doc);
    }
}

/// Keeps the first in order of trust; says what others say. A source package that begins at zero where the material does not
/// was never given its timecode.
fn choose(found: &[Found], doc: &mut ClipDoc) {
    let material = found.iter().find(|f| f.of == "material" && !f.zero);
    let best = match found.iter().find(|f| !(f.zero && f.of == "file" && material.is_some())) {
        Some(f) => f,
        None => return,
    };
    let origin =
        Origin::new(ID, "TimecodeComponent.StartTimecode", format!("{} package, offset {:#x}", best.of, best.at));
    doc.set("timecode.start", |d| &mut d.timecode, best.info.clone(), origin);
    for f in found.iter().filter(|f| f.info.start != best.info.start || f.info.rate != best.info.rate) {
        let text = format!(
            "timecode.start is {} from the {} package but {} from the {} package; the first is kept",
            best.info.start, best.of, f.info.start, f.of
        );
        doc.warn("META-CONFLICT", text);
    }
}

/// The label at a position of a package's picture, from its first timecode track.
fn first_label(
    p: &Package<'_>,
    picture: Option<Rational>,
    position: i64,
    of: &'static str,
    doc: &mut ClipDoc,
) -> Option<Found> {
    let t = p.tracks.iter().find(|t| t.kind == Essence::Timecode)?;
    let all: Vec<&Set> = t.parts.iter().copied().filter(|c| c.class() == Some(class::TIMECODE)).collect();
    if all.len() > 1 {
        let text = format!("the timecode of the {of} package has {} parts: it may jump", all.len());
        doc.warn("META-TIMECODE-JUMPS", text);
    }
    let c = all.first().copied()?;
    let (start, base, drop) = (c.i64(0x1501)?, c.u16(0x1502).unwrap_or(0), c.u8(0x1503) == Some(1));
    doc.keep(ID, &format!("timecode.{of}"), format!("{start} at {base}{}", if drop { ", drop-frame" } else { "" }));
    let mut no = |text: String| {
        doc.warn("META-TIMECODE", format!("the {of} package: {text}"));
        None
    };
    let Some(rate) = counting(t.rate, picture, base) else {
        let rate = t.rate.map_or_else(|| "none".to_owned(), |r| r.to_string());
        return no(format!("labels count {base} frames in a second, and the track's rate is {rate}"));
    };
    let Some(frames) = frames_at(position, picture, rate).and_then(|n| start.checked_add(n)) else {
        return no(format!("position {position} has no label"));
    };
    let Some(label) = Timecode::from_frames(frames, rate, drop) else {
        return no(format!("drop-frame timecode does not exist at {rate} frames per second"));
    };
    let day = Timecode::from_frames(start, rate, drop).is_some_and(|t| i64::from(t.frames()) == start);
    if !day {
        return no(format!("frame number {start} is no time of day"));
    }
    let info = TimecodeInfo { start: label.to_string(), end: None, rate, drop };
    Some(Found { info, zero: start == 0, of, at: c.at })
}

/// The exact rate of labels that count `base` frames in a second: that of the track, of the picture, or a whole part of it.
fn counting(track: Option<Rational>, picture: Option<Rational>, base: u16) -> Option<Rational> {
    let base = u32::from(base);
    let fits = |r: &Rational| r.nominal() == base;
    let both = [track, picture];
    let all = || both.into_iter().flatten().filter(|r| r.nominal() <= 1000);
    let part = |r: Rational| {
        let part = |k: u32| Rational::new(r.num(), r.den().checked_mul(k)?).filter(fits);
        (2..=8).find_map(part)
    };
    all().find(fits).or_else(|| all().find_map(part))
}

/// A position of the picture in frames of the label's rate, rounded down.
fn frames_at(position: i64, picture: Option<Rational>, rate: Rational) -> Option<i64> {
    let Some(p) = picture.filter(|p| *p != rate) else { return Some(position) };
    let top = i128::from(position).checked_mul(p.den().into())?.checked_mul(rate.num().into())?;
    let low = i128::from(p.num()).checked_mul(rate.den().into())?;
    i64::try_from(top.checked_div_euclid(low)?).ok()
}

/// The name of a tape, film or recording. An imported file's name is none.
fn reel(p: &Package<'_>, doc: &mut ClipDoc) {
    let Some(name) = &p.name else { return };
    let (tag, is_reel) = match p.descriptor.and_then(Set::class) {
        Some(class::TAPE) => ("TapeDescriptor", true),
        Some(class::FILM) => ("FilmDescriptor", true),
        Some(class::RECORDING) => ("RecordingDescriptor", true),
        _ => ("PhysicalDescriptor", false),
    };
    doc.keep(ID, "source.name", name.clone());
    if is_reel {
        let origin = Origin::new(ID, format!("{tag} Package.Name"), format!("offset {:#x}", p.set.at));
        doc.set("reel", |d| &mut d.reel, name.clone(), origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_labels() {
        let r = |n, d| Rational::new(n, d);
        assert_eq!(counting(r(24_000, 1001), None, 24), r(24_000, 1001));
        assert_eq!(counting(r(50, 1), None, 25), r(25, 1));
        assert_eq!(counting(r(60_000, 1001), r(60_000, 1001), 30), r(30_000, 1001));
        assert_eq!(counting(r(48_000, 1), r(30_000, 1001), 30), r(30_000, 1001));
        assert_eq!(counting(r(48_000, 1), None, 24), None);
        assert_eq!(counting(r(25, 1), None, 24), None);
        assert_eq!(frames_at(10, r(50, 1), Rational::new(25, 1).unwrap()), Some(5));
        assert_eq!(frames_at(-3, r(50, 1), Rational::new(25, 1).unwrap()), Some(-2));
    }
}
