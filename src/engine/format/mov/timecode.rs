//! Timecode tracks. The label of the first frame is the frame number in the first sample, counted at the exact
//! rate of the track's own description.

use super::ID;
use super::movie::{Movie, Track, or_warn};
use super::picture::Picture;
use super::rate::exact;
use super::tags::Found;
use crate::engine::container::bmff::{self, TimecodeEntry, Walk, find};
use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{ClipDoc, Error, Rational, Timecode, TimecodeInfo};

const DROP: u32 = 1;
const WRAPS: u32 = 2;
const NEGATIVE: u32 = 4;
const COUNTER: u32 = 8;
/// Most samples of a timecode track that are looked at.
const MOST: u32 = 64;

/// Timecode and reel, from the track that the picture names, else the first.
pub(super) fn read(
    movie: &Movie,
    picture: Option<Picture<'_>>,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let mut all: Vec<&Track> = movie.tracks.iter().filter(|t| &t.kind == b"tmcd").collect();
    if let Some(p) = picture {
        all.sort_by_key(|t| !p.track.timecodes.contains(&t.head.id));
    }
    if let [first, _, ..] = all.as_slice() {
        let text = format!("the movie has {} timecode tracks; track {} is used", all.len(), first.number);
        doc.warn("MOV-TRACKS", text);
    }
    for t in all {
        let Some(a) = t.entries.first().filter(|a| &a.id == b"tmcd") else {
            let code = t.entries.first().map_or_else(|| "none".to_owned(), bmff::Atom::name);
            doc.warn("META-TIMECODE", format!("timecode track {} has the description `{code}`", t.number));
            continue;
        };
        let Some(e) = or_warn(TimecodeEntry::read(b, a, walk), walk)? else { continue };
        for (name, n) in [("flags", e.flags), ("timescale", e.timescale), ("frame_duration", e.frame_duration)] {
            doc.keep(ID, &t.tag(&format!("timecode.{name}")), n);
        }
        doc.keep(ID, &t.tag("timecode.frames_per_second"), e.frames);
        reel(t, &e, b, doc)?;
        let numbers = samples(t, &e, b, walk, doc)?;
        if doc.timecode.is_none() {
            first(t, &e, &numbers, a.at, doc);
        }
    }
    Ok(())
}

/// The `name` box in the description: 16-bit length and language before the text.
fn reel(t: &Track, e: &TimecodeEntry, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let Some(a) = find(&e.children, b"name") else { return Ok(()) };
    let c = bmff::contents(b, &a, 1024)?;
    let text = c.split_first_chunk::<4>().map(|([high, low, ..], text)| {
        let n = usize::from(u16::from_be_bytes([*high, *low]));
        text.get(..n).unwrap_or(text)
    });
    let Some(text) = text.and_then(field_text) else { return Ok(()) };
    doc.keep(ID, &t.tag("timecode.name"), text.clone());
    doc.set("reel", |d| &mut d.reel, text, t.origin("tmcd.name", a.at));
    Ok(())
}

/// The frame numbers in the samples, at most 64.
fn samples(
    t: &Track,
    e: &TimecodeEntry,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<Vec<i64>, Error> {
    let (Some(stsc), Some(chunks), Some(sizes)) = (t.stsc, t.chunks, t.sizes) else { return Ok(Vec::new()) };
    if t.elsewhere {
        return Ok(Vec::new());
    }
    let places = or_warn(bmff::sample_offsets(b, &stsc, &chunks, &sizes, MOST, walk), walk)?.unwrap_or_default();
    let mut out = Vec::new();
    for (at, size) in places {
        if size < 4 || at.saturating_add(4) > b.size() {
            doc.warn("META-TIMECODE", format!("a sample of timecode track {} has {size} bytes", t.number));
            break;
        }
        b.seek(at);
        let n = b.u32(Endian::Big)?;
        out.push(if e.flags & NEGATIVE != 0 { i64::from(n.cast_signed()) } else { i64::from(n) });
    }
    doc.keep(ID, &t.tag("timecode.samples"), out.clone());
    Ok(out)
}

/// The label of the first frame.
fn first(t: &Track, e: &TimecodeEntry, numbers: &[i64], at: u64, doc: &mut ClipDoc) {
    let mut no = |text: String| doc.warn("META-TIMECODE", format!("timecode track {}: {text}", t.number));
    let Some(n) = numbers.first().copied() else { return no("it has no sample that could be read".into()) };
    if e.flags & COUNTER != 0 {
        return no(format!("it is a plain counter that starts at {n}, not timecode"));
    }
    let Some(rate) = exact(e.timescale, e.frame_duration) else {
        return no(format!("{} ticks per second and {} per frame are no rate", e.timescale, e.frame_duration));
    };
    // 29.97 is written as 30, by some as 29. Anything else may count pairs of frames: it is not said which.
    let whole = rate.num() / rate.den();
    if e.frames > 0 && u32::from(e.frames) != rate.nominal() && u32::from(e.frames) != whole {
        return no(format!("it counts {} frames per second, but its rate is {rate}", e.frames));
    }
    let drop = e.flags & DROP != 0;
    let Some(label) = Timecode::from_frames(n, rate, drop) else {
        let kind = if drop { "drop-frame timecode" } else { "timecode" };
        return no(format!("{kind} does not exist at {rate} frames per second"));
    };
    if i64::from(label.frames()) != n && e.flags & WRAPS == 0 {
        return no(format!("frame number {n} is no time of day at {rate} frames per second"));
    }
    let info = TimecodeInfo { start: label.to_string(), end: None, rate, drop };
    doc.set("timecode.start", |d| &mut d.timecode, info, t.origin("tmcd", at));
    jumps(t, e, numbers, doc);
    let moved = t.edits.iter().any(|x| x.media_time != 0) || t.edits.len() > 1;
    if moved {
        let list: Vec<_> = t.edits.iter().take(64).map(|x| format!("{} {}", x.duration, x.media_time)).collect();
        doc.keep(ID, &t.tag("edits"), list);
        let text =
            format!("timecode track {} has an edit list; the label is that of its first stored sample", t.number);
        doc.warn("MOV-EDIT", text);
    }
    if let Some(p) = doc.fps.project.filter(|p| *p != rate) {
        doc.warn("META-RATE", format!("the timecode counts {rate} frames per second, the picture has {p}"));
    }
}

/// Whether further samples go on where the ones before end. All of them last equally long, or nothing is said.
fn jumps(t: &Track, e: &TimecodeEntry, numbers: &[i64], doc: &mut ClipDoc) {
    if numbers.len() < 2 {
        return;
    }
    let each = t.times.and_then(|x| x.range()).filter(|(least, most)| least == most).map(|(n, _)| n);
    let step = each.and_then(|n| n.checked_div(e.frame_duration.max(1))).map(i64::from);
    let goes_on = |(a, b): (&i64, &i64)| step.is_some_and(|s| a.saturating_add(s) == *b);
    if !numbers.iter().zip(numbers.iter().skip(1)).all(goes_on) {
        let count = t.samples().unwrap_or(0);
        let text = format!("timecode track {} has {count} samples that do not count on: it may jump", t.number);
        doc.warn("META-TIMECODE-JUMPS", text);
    }
}

/// Timecode as text in metadata: fills in when there is no timecode track; otherwise only differences are said.
pub(super) fn lesser(found: &Found, doc: &mut ClipDoc) {
    const KEYS: [&str; 6] =
        ["timecode", "udta.©tim", "udta.timecode", "com.apple.quicktime.timecode", "©tim", "com.arri.camera.timecode"];
    let Some((tag, text)) = KEYS.iter().find_map(|k| found.text(k)) else { return };
    let rate = stated_rate(found).or(doc.timecode.as_ref().map(|t| t.rate)).or(doc.fps.project);
    let Some(rate) = rate else {
        doc.warn("META-RATE-UNKNOWN", format!("the timecode {text} cannot be counted: there is no frame rate"));
        return;
    };
    let label = match Timecode::parse(&text, rate, false) {
        Ok(l) => l,
        Err(e) => return doc.warn("META-TIMECODE", format!("{}: {e}", tag.key)),
    };
    match &doc.timecode {
        Some(t) if t.start == label.to_string() => {}
        Some(t) => {
            let text = format!(
                "timecode.start is {} from the timecode track but {label} from {}; the first is kept",
                t.start, tag.key
            );
            doc.warn("META-CONFLICT", text);
        }
        None => {
            let info = TimecodeInfo { start: label.to_string(), end: None, rate, drop: label.is_drop() };
            doc.set("timecode.start", |d| &mut d.timecode, info, tag.origin());
        }
    }
}

/// The rate that user data states: ticks per second and per frame.
fn stated_rate(found: &Found) -> Option<Rational> {
    let number = |k| found.text(k)?.1.trim().parse::<u32>().ok();
    exact(number("udta.©tsc")?, number("udta.©tsz")?)
}

/// The label after the last frame, when timecode and picture run at different rates.
pub(super) fn end(picture: Option<Picture<'_>>, doc: &mut ClipDoc) {
    let Some(t) = &doc.timecode else { return };
    let Some(p) = picture.filter(|_| doc.fps.project != Some(t.rate)) else { return };
    let Some(x) = p.times.filter(|x| x.total > 0) else { return };
    let count = |n: u64, num: u32, den: u32, by: u32| -> Option<i64> {
        let top = u128::from(n).checked_mul(u128::from(num))?;
        let low = u128::from(den).checked_mul(u128::from(by)).filter(|d| *d > 0)?;
        i64::try_from(top.div_ceil(low)).ok()
    };
    // Exactly by the frame rate where there is one, else by the time that the frames take.
    let frames = match (doc.fps.project, doc.clip.frames) {
        (Some(r), Some(n)) => {
            u64::from(r.den()).checked_mul(n).and_then(|n| count(n, t.rate.num(), t.rate.den(), r.num()))
        }
        _ => count(x.total, t.rate.num(), t.rate.den(), p.track.media.timescale),
    };
    let end = frames.and_then(|n| Some(Timecode::parse(&t.start, t.rate, t.drop).ok()?.plus(n).to_string()));
    if let Some(t) = doc.timecode.as_mut() {
        t.end = end;
    }
}
