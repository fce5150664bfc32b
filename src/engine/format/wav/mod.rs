//! Broadcast Wave sound (EBU Tech 3285, RF64, BW64), with bext and iXML.
//!
//! Sync uses samples since midnight, never the origination time: the label of the first sample is
//! `round(samples × rate ÷ sample rate)` frames, counted at the timecode rate that iXML names.
//! Without that rate there is no timecode.

mod ixml;

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::{Bytes, Endian, cut_text, field_text};
use crate::engine::container::riff::{Bext, Chunk, Riff, WaveFmt};
use crate::model::{AudioTrack, ClipDoc, Error, Limits, Origin, Timecode, TimecodeInfo};
use ixml::IXml;
use std::path::Path;

/// RIFF/WAVE, RF64 and BW64 sound.
pub struct Wav;

const ID: &str = "wav";
/// Most texts of `LIST INFO` that are kept.
const MOST_INFO: u32 = 256;

impl Format for Wav {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "Broadcast Wave"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["wav", "bwf", "rf64"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        if !matches!(head.get(..4), Some(b"RIFF" | b"RF64" | b"BW64")) || head.get(8..12) != Some(b"WAVE") {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let riff = Riff::scan(&mut b, limits)?;
        doc.format.id = ID.into();
        doc.format.container = Some(riff.kind.name().into());
        doc.warnings.extend(riff.warnings.iter().cloned());
        let names: Vec<_> = riff.chunks.iter().take(256).map(|c| String::from_utf8_lossy(&c.id).into_owned()).collect();
        doc.keep(ID, "chunks", names);
        let fmt_at = riff.chunk(b"fmt ").ok_or_else(|| Error::malformed("the file has no fmt chunk"))?;
        b.seek(fmt_at.at);
        let fmt = WaveFmt::read(&mut b, fmt_at.size)?;
        let data = riff.chunk(b"data").ok_or_else(|| Error::malformed("the file has no data chunk"))?;
        sound(&fmt, fmt_at, data, fact(&riff, &mut b)?, doc);
        let bext = read_bext(&riff, &mut b, limits, doc)?;
        let ixml = read_ixml(&riff, &mut b, limits, doc)?;
        info(&riff, &mut b, limits, doc)?;
        if let Some((x, c)) = &bext {
            from_bext(x, *c, doc);
        }
        if let Some((x, c)) = &ixml {
            from_ixml(x, *c, limits, doc);
            timecode(x, &fmt, doc);
        }
        Ok(())
    }
}

fn origin(tag: &str, chunk: Chunk) -> Origin {
    Origin::new(ID, tag, format!("chunk {} at {:#x}", String::from_utf8_lossy(&chunk.id), chunk.at))
}

fn fact(riff: &Riff, b: &mut Bytes<'_>) -> Result<Option<u64>, Error> {
    let Some(c) = riff.chunk(b"fact").filter(|c| c.size >= 4) else { return Ok(None) };
    b.seek(c.at);
    Ok(Some(u64::from(b.u32(Endian::Little)?)))
}

/// Channels, rate, depth and length.
fn sound(fmt: &WaveFmt, at: Chunk, data: Chunk, fact: Option<u64>, doc: &mut ClipDoc) {
    doc.keep(ID, "fmt.tag", fmt.tag);
    doc.keep(ID, "fmt.block_align", fmt.block);
    doc.keep(ID, "fmt.byte_rate", fmt.byte_rate);
    doc.keep(ID, "fmt.bits", fmt.bits);
    if let Some(n) = fmt.valid_bits {
        doc.keep(ID, "fmt.valid_bits", n);
    }
    if let Some(n) = fmt.channel_mask {
        doc.keep(ID, "fmt.channel_mask", n);
    }
    let codec = fmt.codec().map_or_else(|| format!("WAVE format {:#06x}", fmt.tag), str::to_owned);
    doc.set("format.codec", |d| &mut d.format.codec, codec, origin("fmt.tag", at));
    doc.set("audio.channels", |d| &mut d.audio.channels, u32::from(fmt.channels), origin("fmt.channels", at));
    doc.set("audio.rate", |d| &mut d.audio.rate, fmt.rate, origin("fmt.rate", at));
    let mut samples = fact;
    if fmt.is_linear() {
        doc.set("format.compression", |d| &mut d.format.compression, "none".into(), origin("fmt.tag", at));
        let bits = u32::from(fmt.valid_bits.unwrap_or(fmt.bits));
        if bits > 0 {
            doc.set("format.bit_depth", |d| &mut d.format.bit_depth, bits, origin("fmt.bits", at));
            doc.set("audio.bit_depth", |d| &mut d.audio.bit_depth, bits, origin("fmt.bits", at));
        }
        let block = u64::from(fmt.channels).saturating_mul(u64::from(fmt.bits.div_ceil(8)));
        if u64::from(fmt.block) != block {
            let text = format!(
                "a block of {} channels of {} bits has {block} bytes, the header says {}",
                fmt.channels, fmt.bits, fmt.block
            );
            doc.warn("WAV-BLOCK", text);
        }
        samples = data.size.checked_div(block);
        if data.size.checked_rem(block).is_some_and(|r| r != 0) {
            doc.warn("WAV-BLOCK", "the sound data ends within a sample");
        }
    }
    if let Some(n) = samples {
        doc.set("audio.samples", |d| &mut d.audio.samples, n, origin("data", data));
    }
}

type Found<T> = Result<Option<(T, Chunk)>, Error>;

fn read_bext(riff: &Riff, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Found<Bext> {
    let Some(c) = riff.chunk(b"bext") else { return Ok(None) };
    b.seek(c.at);
    match Bext::read(b, c.size, limits) {
        Ok(x) => {
            let texts = [
                ("Description", &x.description),
                ("Originator", &x.originator),
                ("OriginatorReference", &x.originator_reference),
                ("OriginationDate", &x.date),
                ("OriginationTime", &x.time),
                ("CodingHistory", &x.coding_history),
            ];
            for (name, text) in texts {
                if let Some(t) = text {
                    doc.keep(ID, &format!("bext.{name}"), t.clone());
                }
            }
            doc.keep(ID, "bext.TimeReference", x.time_reference);
            doc.keep(ID, "bext.Version", x.version);
            if let Some(u) = &x.umid {
                doc.keep(ID, "bext.UMID", hex(u));
            }
            if let Some(l) = x.loudness {
                let names = [
                    "LoudnessValue",
                    "LoudnessRange",
                    "MaxTruePeakLevel",
                    "MaxMomentaryLoudness",
                    "MaxShortTermLoudness",
                ];
                for (name, n) in names.iter().zip(l).filter(|(_, n)| *n != i16::MAX) {
                    doc.keep(ID, &format!("bext.{name}"), f64::from(n) / 100.0);
                }
            }
            Ok(Some((x, c)))
        }
        Err(e) if e.code == "FILE-MALFORMED" => {
            doc.warn("WAV-BEXT", e.what);
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

fn read_ixml(riff: &Riff, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Found<IXml> {
    let Some(c) = riff.chunk(b"iXML") else { return Ok(None) };
    if c.size > ixml::MOST_BYTES {
        doc.warn(
            "WAV-IXML",
            format!("the iXML chunk has {} bytes, more than {} are not read", c.size, ixml::MOST_BYTES),
        );
        return Ok(None);
    }
    b.seek(c.at);
    let x = IXml::read(&b.take(c.size)?, limits);
    for (path, value) in x.iter() {
        doc.keep(ID, &format!("iXML.{path}"), value);
    }
    if let Some(why) = &x.fault {
        doc.warn("WAV-IXML", format!("the iXML chunk was not read to its end: {why}"));
    }
    Ok(Some((x, c)))
}

/// `LIST` chunks of type `INFO`: texts by four-character names.
fn info(riff: &Riff, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let mut texts = 0u32;
    for c in riff.chunks.iter().filter(|c| &c.id == b"LIST" && c.size >= 4) {
        b.seek(c.at);
        if &b.array::<4>()? != b"INFO" {
            continue;
        }
        let end = c.at.saturating_add(c.size);
        while b.pos().saturating_add(8) <= end {
            texts = texts.saturating_add(1);
            if texts > MOST_INFO {
                doc.warn("WAV-INFO", format!("more than {MOST_INFO} INFO texts; the rest is left out"));
                return Ok(());
            }
            let id = b.array::<4>()?;
            let size = u64::from(b.u32(Endian::Little)?);
            let next = b.pos().saturating_add(size).saturating_add(size % 2);
            if b.pos().saturating_add(size) > end {
                doc.warn("WAV-INFO", "an INFO text reaches beyond its list");
                break;
            }
            if let Some(mut t) = field_text(&b.take(size)?) {
                if cut_text(&mut t, limits.text) {
                    doc.warn("META-TEXT-CUT", "an INFO text is longer than limits.text and was cut");
                }
                doc.keep(ID, &format!("INFO.{}", String::from_utf8_lossy(&id)), t);
            }
            b.seek(next);
        }
    }
    Ok(())
}

fn from_bext(x: &Bext, c: Chunk, doc: &mut ClipDoc) {
    let o = |tag| origin(tag, c);
    let o_time = o("bext.TimeReference");
    doc.set("audio.samples_since_midnight", |d| &mut d.audio.samples_since_midnight, x.time_reference, o_time);
    if let Some(u) = &x.umid {
        doc.set("clip.umid", |d| &mut d.clip.umid, hex(u), o("bext.UMID"));
    }
    if let Some(date) = x.date.as_deref().and_then(|d| iso_date(d, x.time.as_deref())) {
        doc.set("recorded.date", |d| &mut d.recorded.date, date, o("bext.OriginationDate"));
    }
}

fn from_ixml(x: &IXml, c: Chunk, limits: &Limits, doc: &mut ClipDoc) {
    let o = |tag: &str| origin(&format!("iXML.{tag}"), c);
    let text = |tag: &str| x.get(tag).map(str::to_owned);
    if let Some(t) = text("SCENE") {
        doc.set("slate.scene", |d| &mut d.slate.scene, t, o("SCENE"));
    }
    if let Some(t) = text("TAKE") {
        doc.set("slate.take", |d| &mut d.slate.take, t, o("TAKE"));
    }
    if let Some(t) = text("NOTE") {
        doc.set("slate.note", |d| &mut d.slate.note, t, o("NOTE"));
    }
    if let Some(t) = text("TAPE") {
        doc.set("reel", |d| &mut d.reel, t, o("TAPE"));
    }
    if let Some(t) = text("CIRCLED") {
        match t.to_ascii_uppercase().as_str() {
            "TRUE" | "1" | "YES" => doc.set("slate.circled", |d| &mut d.slate.circled, true, o("CIRCLED")),
            "FALSE" | "0" | "NO" => doc.set("slate.circled", |d| &mut d.slate.circled, false, o("CIRCLED")),
            _ => doc.warn("WAV-IXML", format!("CIRCLED is `{t}`, neither TRUE nor FALSE")),
        }
    }
    if let Some(n) = x.samples_since_midnight() {
        let tag = "SPEED/TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO";
        doc.set("audio.samples_since_midnight", |d| &mut d.audio.samples_since_midnight, n, o(tag));
    }
    let tracks: Vec<_> = x.tracks(limits).into_iter().map(|(channel, name)| AudioTrack { channel, name }).collect();
    if !tracks.is_empty() {
        doc.set("audio.tracks", |d| &mut d.audio.tracks, tracks, o("TRACK_LIST"));
    }
}

/// The labels of the first sample and of the one after the last.
fn timecode(x: &IXml, fmt: &WaveFmt, doc: &mut ClipDoc) {
    let Some(first) = doc.audio.samples_since_midnight else { return };
    let Some((rate, drop)) = x.timecode_rate() else {
        if let Some(t) = x.get("SPEED/TIMECODE_RATE") {
            doc.warn("META-RATE", format!("iXML TIMECODE_RATE is `{t}`, which is no known rate"));
        }
        return;
    };
    let stamp: Option<u32> = x.get("SPEED/TIMESTAMP_SAMPLE_RATE").and_then(|t| t.trim().parse().ok());
    let stamp = stamp.filter(|n| *n > 0).unwrap_or(fmt.rate);
    if stamp != fmt.rate {
        let text = format!("time stamps count {stamp} samples per second, the file plays at {}", fmt.rate);
        doc.warn("SND-RATE", text);
    }
    let label = |samples: u64| Timecode::from_samples(samples, stamp, rate, drop);
    let Some(start) = label(first) else {
        let drop = if drop { "drop-frame " } else { "" };
        doc.warn("META-TIMECODE", format!("{drop}timecode does not exist at {rate} frames per second"));
        return;
    };
    let end = doc.audio.samples.and_then(|n| label(first.checked_add(n)?)).map(|t| t.to_string());
    let tag = doc.origin.get("audio.samples_since_midnight").cloned();
    let Some(tag) = tag else { return };
    doc.set("audio.timecode", |d| &mut d.audio.timecode, start.to_string(), tag.clone());
    let info = TimecodeInfo { start: start.to_string(), end, rate, drop };
    doc.set("timecode.start", |d| &mut d.timecode, info, tag);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `YYYY-MM-DD` and `HH:MM:SS` with any separators as ISO 8601 local time.
fn iso_date(date: &str, time: Option<&str>) -> Option<String> {
    let numbers = |t: &str, widths: [usize; 3]| -> Option<[u32; 3]> {
        let mut parts = t.split(|c: char| !c.is_ascii_digit());
        let mut out = [0; 3];
        for (slot, width) in out.iter_mut().zip(widths) {
            let p = parts.next().filter(|p| p.len() == width)?;
            *slot = p.parse().ok()?;
        }
        parts.next().is_none().then_some(out)
    };
    let [y, m, d] = numbers(date, [4, 2, 2])?;
    if y == 0 || !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let day = format!("{y:04}-{m:02}-{d:02}");
    let clock = time.and_then(|t| numbers(t, [2, 2, 2])).filter(|[h, m, s]| *h < 24 && *m < 60 && *s < 61);
    Some(clock.map_or_else(|| day.clone(), |[h, m, s]| format!("{day}T{h:02}:{m:02}:{s:02}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(iso_date("2018-12-31", Some("12:40:00")).as_deref(), Some("2018-12-31T12:40:00"));
        assert_eq!(iso_date("2019:01:01", Some("13-37-40")).as_deref(), Some("2019-01-01T13:37:40"));
        assert_eq!(iso_date("2019:01:01", Some("25-37-40")).as_deref(), Some("2019-01-01"));
        assert_eq!(iso_date("0000-00-00", None), None);
        assert_eq!(iso_date("31.12.2018", None), None);
    }
}
