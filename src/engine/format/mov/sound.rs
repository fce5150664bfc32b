//! Sound tracks: channels of all of them together, rate and depth where they agree.

use super::movie::{Movie, Track, or_warn, track_name};
use super::{ID, codecs};
use crate::engine::container::bmff::{Configuration, SoundEntry, Walk};
use crate::engine::container::bytes::Bytes;
use crate::engine::format::agree::agree;
use crate::model::{AudioTrack, ClipDoc, Error};

/// What one track holds.
struct Sound {
    channels: u32,
    rate: u32,
    bits: Option<u32>,
    codec: String,
    linear: bool,
    at: u64,
}

/// Reads every sound track, enabled ones first; of a movie without picture the codec too.
pub(super) fn read(
    movie: &Movie,
    picture: bool,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let all = movie.of_kind(b"soun");
    let disabled = all.iter().filter(|t| !t.enabled()).count();
    if disabled > 0 && all.len() > 1 {
        let text = format!("{disabled} of {} sound tracks are disabled; they are counted too", all.len());
        doc.warn("MOV-TRACKS", text);
    }
    let mut sounds: Vec<(&Track, Sound)> = Vec::new();
    let mut names = Vec::new();
    for t in all {
        let Some(s) = one(t, b, walk, doc)? else { continue };
        let parts = t.edits.iter().filter(|e| e.media_time >= 0).count();
        if parts > 1 || t.edits.iter().any(|e| e.media_time >= 0 && e.rate != 1 << 16) {
            let text =
                format!("the edit list of track {} plays its sound in {parts} parts or at another speed", t.number);
            doc.warn("MOV-EDIT", text);
        }
        if let Some(name) = track_name(b, t, walk.limits(), walk)? {
            let before: u32 = sounds.iter().fold(0, |n, (_, s)| n.saturating_add(s.channels));
            let channels = before.saturating_add(1)..=before.saturating_add(s.channels.min(256));
            names.extend(channels.map(|channel| AudioTrack { channel, name: name.clone() }));
        }
        sounds.push((t, s));
    }
    let Some((t, first)) = sounds.first() else { return Ok(()) };
    let channels = sounds.iter().fold(0u32, |n, (_, s)| n.saturating_add(s.channels));
    if sounds.iter().all(|(_, s)| s.channels > 0) {
        doc.set("audio.channels", |d| &mut d.audio.channels, channels, t.origin("stsd.channels", first.at));
    }
    agree("MOV-SOUND", "rates", sounds.iter().map(|(_, s)| Some(s.rate)), doc, |d, n| {
        d.set("audio.rate", |d| &mut d.audio.rate, n, t.origin("stsd.rate", first.at));
    });
    agree("MOV-SOUND", "bit depths", sounds.iter().map(|(_, s)| s.bits), doc, |d, n| {
        d.set("audio.bit_depth", |d| &mut d.audio.bit_depth, n, t.origin("stsd.bits", first.at));
    });
    if first.linear
        && t.media.timescale == first.rate
        && let Some(n) = t.times.map(|x| x.total).filter(|n| *n > 0)
    {
        doc.set("audio.samples", |d| &mut d.audio.samples, n, t.origin("stts", first.at));
    }
    if !names.is_empty() {
        doc.set("audio.tracks", |d| &mut d.audio.tracks, names, t.origin("udta.name", first.at));
    }
    if !picture {
        doc.set("format.codec", |d| &mut d.format.codec, first.codec.clone(), t.origin("stsd", first.at));
        if let Some(n) = first.bits {
            doc.set("format.bit_depth", |d| &mut d.format.bit_depth, n, t.origin("stsd.bits", first.at));
        }
    }
    Ok(())
}

fn one(t: &Track, b: &mut Bytes<'_>, walk: &mut Walk<'_>, doc: &mut ClipDoc) -> Result<Option<Sound>, Error> {
    let Some(a) = t.entries.first() else { return Ok(None) };
    let Some(e) = or_warn(SoundEntry::read(b, a, walk), walk)? else { return Ok(None) };
    let (mut codec, linear) = codecs::sound(a.id);
    if &a.id == b"lpcm" && e.flags & 1 != 0 {
        codec = "PCM float".to_owned();
    }
    let c = e.configuration(b, a.id)?;
    let Configuration { channels, rate, bits, .. } = c;
    // The standard has 2 written for all of MPEG-4 sound, whatever it is.
    let unsaid = c.object.is_some_and(|o| matches!(o, 0x69 | 0x6b)) && channels.is_none();
    if unsaid {
        codec = "MP3".to_owned();
    }
    let bits = match &a.id {
        b"in24" => Some(24),
        b"in32" | b"fl32" => Some(32),
        b"fl64" => Some(64),
        // Version 0 and 1 say 16 for everything that is compressed.
        _ if linear && bits.is_none() => Some(e.bits).filter(|n| (8..=64).contains(n)),
        _ => bits,
    };
    let written = if e.rate > 0 { e.rate } else { t.media.timescale };
    // With SBR the description has the full rate and the configuration the core's.
    let rate = rate.filter(|r| written != r.saturating_mul(2)).unwrap_or(written);
    let s = Sound {
        channels: channels.unwrap_or(match &a.id {
            _ if unsaid => 0,
            // AMR has one channel; the entry has a fixed 2 (3GPP TS 26.244, 6.5)
            b"samr" | b"sawb" => 1,
            _ => e.channels,
        }),
        rate,
        bits,
        codec,
        linear,
        at: a.at,
    };
    doc.keep(ID, &t.tag("codec"), a.name());
    doc.keep(ID, &t.tag("channels"), s.channels);
    doc.keep(ID, &t.tag("rate"), s.rate);
    if let Some(n) = s.bits {
        doc.keep(ID, &t.tag("bits"), n);
    }
    if let Some(n) = t.media.duration {
        doc.keep(ID, &t.tag("duration"), n);
        doc.keep(ID, &t.tag("timescale"), t.media.timescale);
    }
    if t.entries.len() > 1 {
        let text = format!("track {} has {} sample descriptions; the first is used", t.number, t.entries.len());
        doc.warn("MOV-DESCRIPTIONS", text);
    }
    Ok(Some(s))
}
