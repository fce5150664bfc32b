//! How long it is: edit units of the picture, samples of the sound.

use super::ID;
use super::graph::{Chain, Essence as Kind, rate};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::mxf::{Klv, Structure};
use crate::model::{ClipDoc, Error, Origin, Rational};

/// A length and where it was read.
struct Length {
    units: u64,
    tag: &'static str,
}

/// Frames and rate of the picture, and whether the clip begins behind the first stored frame.
pub(super) fn picture(c: &Chain<'_, '_>, s: &Structure, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let track = c.file.or(c.material);
    let place = track.map_or(0, |(_, t)| t.set.at);
    let origin = |tag: &str| Origin::new(ID, tag, format!("offset {place:#x}"));
    let sample = c.descriptor.and_then(|d| d.rational(0x3001)).and_then(rate);
    let edit = track.and_then(|(_, t)| t.rate).or(sample);
    match edit.filter(|r| (1..=1000).contains(&r.nominal())) {
        Some(r) => doc.set("fps.project", |d| &mut d.fps.project, r, origin("Track.EditRate")),
        None => doc.warn("META-RATE-UNKNOWN", "the picture track has no frame rate"),
    }
    if let (Some(e), Some(s)) = (edit, sample)
        && e != s
    {
        doc.warn("META-RATE", format!("the picture track has {e} units in a second, its descriptor says {s}"));
    }
    match length(c, edit, s, b)? {
        Some(n) if n.units > 0 => doc.set("clip.frames", |d| &mut d.clip.frames, n.units, origin(n.tag)),
        _ => doc.warn("MXF-FRAMES", "the number of frames is not known: neither tracks nor index tables say it"),
    }
    whole(c, doc);
    let stored = c.descriptor.and_then(|d| {
        let n = d.i64(0x3002).and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)?;
        scaled(n, sample, edit)
    });
    if let (Some(n), Some(m)) = (stored, doc.clip.frames)
        && n != m
    {
        doc.warn("MXF-LENGTH", format!("the tracks are {m} frames long, the descriptor says that {n} are stored"));
    }
    Ok(())
}

/// The running time of data without picture or sound.
pub(super) fn data(c: &Chain<'_, '_>, doc: &mut ClipDoc) {
    let Some((_, t)) = c.material.or(c.file) else { return };
    if let Some((n, r)) = t.duration.filter(|n| *n > 0).zip(t.rate) {
        let seconds = n as f64 / r.as_f64();
        let origin = Origin::new(ID, "Sequence.Duration", format!("offset {:#x}", t.set.at));
        doc.set("clip.duration_s", |d| &mut d.clip.duration_s, seconds, origin);
    }
}

/// Warns, and does not decode, where the material is not simply everything that is stored.
fn whole(c: &Chain<'_, '_>, doc: &mut ClipDoc) {
    let Some((_, file)) = c.file else { return };
    let parts = c.material.map_or(0, |(_, t)| t.parts.len());
    let begins = c.start.saturating_add(file.origin);
    let what = if parts > 1 {
        format!("the material plays its picture in {parts} parts")
    } else if begins != 0 {
        format!("the material begins {begins} frames behind the first stored one")
    } else {
        return;
    };
    doc.warn("MXF-EDIT", what.clone());
    doc.format.note_decodable::<()>(Err(Error::unsupported(format!("{what}; such files are not decoded"))));
}

/// By the tracks, the descriptor, the index tables, or by counting what is stored.
fn length(
    c: &Chain<'_, '_>,
    edit: Option<Rational>,
    s: &Structure,
    b: &mut Bytes<'_>,
) -> Result<Option<Length>, Error> {
    let known = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    let of_track = |t: Option<(&_, &super::graph::Track<'_>)>| {
        let t = t?.1;
        scaled(known(t.duration)?, t.rate, edit)
    };
    if let Some(units) = of_track(c.material) {
        return Ok(Some(Length { units, tag: "Sequence.Duration" }));
    }
    if let Some(units) = of_track(c.file) {
        return Ok(Some(Length { units, tag: "Sequence.Duration" }));
    }
    if let Some(d) = c.descriptor
        && let Some(n) = known(d.i64(0x3002))
        && let Some(units) = scaled(n, d.rational(0x3001).and_then(rate), edit)
    {
        return Ok(Some(Length { units, tag: "FileDescriptor.ContainerDuration" }));
    }
    if let Some(units) = indexed(edit, s, b)? {
        return Ok(Some(Length { units, tag: "IndexTableSegment.IndexDuration" }));
    }
    Ok(counted(c, s).map(|units| Length { units, tag: "essence elements" }))
}

/// Units of one rate in another; `None` when they are no whole number.
fn scaled(n: u64, from: Option<Rational>, to: Option<Rational>) -> Option<u64> {
    let (Some(from), Some(to)) = (from, to) else { return Some(n) };
    let top = u128::from(n).checked_mul(from.den().into())?.checked_mul(to.num().into())?;
    let low = u128::from(from.num()).checked_mul(to.den().into())?;
    (top.checked_rem(low) == Some(0)).then(|| u64::try_from(top / low).ok()).flatten()
}

/// The end of the last index table segment. Only one essence stream is counted.
fn indexed(edit: Option<Rational>, s: &Structure, b: &mut Bytes<'_>) -> Result<Option<u64>, Error> {
    let all = s.index_segments(b)?;
    let Some(first) = all.first() else { return Ok(None) };
    let mut end = 0u64;
    for x in all.iter().filter(|x| x.index_sid == first.index_sid) {
        let Ok(start) = u64::try_from(x.start) else { continue };
        let units = match u64::try_from(x.duration) {
            Ok(0) if x.unit_bytes > 0 => match clip(s) {
                Some(k) => k.len / u64::from(x.unit_bytes),
                None => continue,
            },
            Ok(n) => n,
            Err(_) => continue,
        };
        end = end.max(start.saturating_add(units));
    }
    Ok(scaled(end, first.rate.and_then(rate), edit).filter(|n| *n > 0))
}

/// The one triplet that all essence of a clip-wrapped file lies in.
fn clip(s: &Structure) -> Option<&Klv> {
    let mut all = s.essence.first.iter().filter(|k| k.is_essence());
    let first = all.next()?;
    (all.next().is_none() && s.essence.counts.get(&first.key) == Some(&1)).then_some(first)
}

/// Counts the elements of the picture, where all of the file was stepped through and each is a frame.
fn counted(c: &Chain<'_, '_>, s: &Structure) -> Option<u64> {
    let number = c.file.map_or(0, |(_, t)| t.number);
    let pictures = || s.essence.counts.iter().filter(|(k, _)| matches!(k.byte(12), 0x05 | 0x14 | 0x15));
    let own = pictures().find(|(k, _)| k.0.last_chunk() == Some(&number.to_be_bytes()));
    let (_, n) = own.or_else(|| pictures().next())?;
    (s.essence.whole && *n > 1).then_some(*n)
}

/// Samples of a sound track, where they are a whole number or can be counted.
pub(super) fn samples(c: &Chain<'_, '_>, s: &Structure) -> Option<(u64, &'static str)> {
    let d = c.descriptor?;
    let (n, m) = d.rational(0x3d03)?;
    let sound = Rational::new(u32::try_from(n).ok()?, u32::try_from(m).ok()?)?;
    let known = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    for (_, t) in [c.material, c.file].into_iter().flatten() {
        if let Some(units) = known(t.duration) {
            // a number of units that is no number of samples is not rounded
            return scaled(units, Some(t.rate?), Some(sound)).map(|n| (n, "Sequence.Duration"));
        }
    }
    if let Some(units) = known(d.i64(0x3002)) {
        let from = d.rational(0x3001).and_then(rate)?;
        return scaled(units, Some(from), Some(sound)).map(|n| (n, "FileDescriptor.ContainerDuration"));
    }
    let block = d.u16(0x3d0a).filter(|b| *b > 0)?;
    let one = clip(s).filter(|k| s.essence.whole && matches!(k.key.byte(12), 0x06 | 0x16))?;
    Some((one.len / u64::from(block), "essence element")).filter(|(n, _)| *n > 0)
}

/// Whether a track's essence lies in this file.
pub(super) fn is_sound(c: &Chain<'_, '_>) -> bool {
    c.descriptor.is_some_and(|d| super::graph::is_about(d) == Kind::Sound)
}
