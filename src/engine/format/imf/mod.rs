//! Packages of the interoperable master format (SMPTE ST 2067-2), by their composition playlist (ST 2067-3): what is played
//! and for how long, and what its essence descriptors say of picture and sound. Track files are not opened.
//!
//! The picture is the first main image track; where its resources have descriptors that differ, the first one's values stand
//! and a warning says so. Sound is all main audio tracks together, as in MXF: channels are those of every one, named by the
//! labels of ST 377-4; samples are those of the first. When the composition was issued says nothing about when pictures were
//! recorded, and stays raw.

mod descriptor;
mod package;
mod sound;
#[cfg(test)]
mod tests;

use super::mxf::picture;
use super::{Format, Input, Score};
use crate::engine::container::bytes::Bytes;
use crate::engine::document::imf::composition::ROOT;
use crate::engine::document::imf::length::length;
use crate::engine::document::imf::{Composition, Descriptor, Track, tree};
use crate::model::{ClipDoc, Error, Limits, Origin, Rational, Timecode, TimecodeInfo};
use serde_json::json;
use std::path::Path;

/// IMF packages and single compositions.
pub struct Imf;

const ID: &str = "imf";
/// Kinds of sequences (ST 2067-2).
const IMAGE: &str = "MainImageSequence";
const AUDIO: &str = "MainAudioSequence";
/// Most tracks, resources of the picture and descriptors that are kept as they are.
const MOST_KEPT: usize = 64;

impl Format for Imf {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "IMF package"
    }

    fn extensions(&self) -> &'static [&'static str] {
        // the contents decide: other documents end in .xml too
        &[]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], _path: &Path) -> Score {
        if tree::root_name(head) == Some(ROOT) { 100 } else { 0 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let c = Composition::parse(&whole(input, limits)?, limits)?;
        if c.is_cinema {
            let e = Error::unsupported("this is a composition of digital cinema (ST 429-7), which is not read");
            doc.problem = Some(e.at(input.path.as_path()));
            return Ok(());
        }
        doc.format.id = ID.into();
        doc.format.container = Some("IMF".into());
        doc.format.note_decodable::<()>(Err(Error::unsupported("compositions of track files are not decoded")));
        keep(&c, doc);
        identity(&c, doc);
        if let Some(r) = c.rate {
            doc.set("fps.project", |d| &mut d.fps.project, r, Origin::new(ID, "EditRate", ROOT));
        } else {
            doc.warn("IMF-RATE", "the composition has no edit rate");
        }
        timecode(&c, doc);
        image(&c, doc);
        sound::read(&c, doc);
        Ok(())
    }

    fn read_all(&self, inputs: &[Input<'_>], limits: &Limits, doc: &mut ClipDoc) -> Result<bool, Error> {
        package::check(inputs, limits, doc).map(|()| true)
    }
}

/// All bytes of a document.
fn whole(input: &Input<'_>, limits: &Limits) -> Result<Vec<u8>, Error> {
    if input.size > tree::MOST_BYTES {
        return Err(Error::limit(format!("a document of {} bytes", input.size)));
    }
    let allowance = Limits { header_bytes: limits.header_bytes.max(input.size), ..*limits };
    Bytes::file(input.file, input.size, &allowance).take(input.size)
}

/// The beginning of a text of which there may be thousands.
fn short(text: &str) -> String {
    text.chars().take(1000).collect()
}

/// What the documents say and no field holds.
fn keep(c: &Composition, doc: &mut ClipDoc) {
    for (name, text) in &c.texts {
        doc.keep(ID, name, text.as_str());
    }
    if let Some(n) = &c.namespace {
        doc.keep(ID, "namespace", n.as_str());
    }
    if !c.applications.is_empty() {
        let all: Vec<&str> = c.applications.iter().take(MOST_KEPT).map(String::as_str).collect();
        doc.keep(ID, "ApplicationIdentification", json!(all));
    }
    doc.keep(ID, "segments", c.segments);
    let track = |t: &Track| json!({"kind": short(&t.kind), "id": t.id, "resources": t.resources.len()});
    doc.keep(ID, "tracks", c.tracks.iter().take(MOST_KEPT).map(track).collect::<Vec<_>>());
    let plays = c.of_kind(IMAGE).flat_map(|t| &t.resources).take(MOST_KEPT).map(|r| {
        json!({"file": r.file, "encoding": r.encoding, "rate": r.rate, "intrinsic": r.intrinsic, "entry": r.entry,
               "duration": r.duration, "repeat": r.repeat})
    });
    doc.keep(ID, "picture.resources", plays.collect::<Vec<_>>());
    let described = |d: &Descriptor| {
        let properties = d.properties.iter().take(256).map(|(n, v)| (short(n), json!(short(v))));
        json!({"id": d.id, "kind": short(&d.kind), "properties": properties.collect::<serde_json::Map<_, _>>()})
    };
    doc.keep(ID, "descriptors", c.descriptors.iter().take(MOST_KEPT).map(described).collect::<Vec<_>>());
}

/// The composition's UUID, and identifiers that are there twice.
fn identity(c: &Composition, doc: &mut ClipDoc) {
    match &c.id {
        Some(id) => doc.set("clip.uuid", |d| &mut d.clip.uuid, id.clone(), Origin::new(ID, "Id", ROOT)),
        None => doc.warn("IMF-ID", "the composition has no UUID"),
    }
    let descriptors = c.descriptors.iter().filter_map(|d| d.id.as_deref());
    let resources = c.tracks.iter().flat_map(|t| &t.resources).filter_map(|r| r.id.as_deref());
    for (what, twice) in [("descriptors", twice(descriptors)), ("resources", twice(resources))] {
        if let Some(id) = twice {
            doc.warn("IMF-ID", format!("two {what} have the UUID {id}; the first one counts"));
        }
    }
}

/// The first that is there a second time.
fn twice<'i>(ids: impl Iterator<Item = &'i str>) -> Option<&'i str> {
    let mut seen = std::collections::HashSet::new();
    ids.into_iter().find(|id| !seen.insert(*id))
}

/// `CompositionTimecode`: counted at the edit rate, or at a pace of its own that is slowed down as the edit rate is.
fn timecode(c: &Composition, doc: &mut ClipDoc) {
    let Some(t) = &c.timecode else { return };
    let written = json!({"TimecodeStartAddress": t.start, "TimecodeRate": t.rate, "TimecodeDropFrame": t.drop});
    doc.keep(ID, "CompositionTimecode", written);
    let found = t.start.as_ref().zip(t.rate).zip(c.rate).and_then(|((start, counted), rate)| {
        let rate = if counted == rate.nominal() {
            Some(rate)
        } else if rate.den() == 1001 {
            Rational::new(counted.checked_mul(1000)?, 1001)
        } else {
            Rational::new(counted, 1)
        }?;
        let drop = t.drop?;
        let start = Timecode::parse(start, rate, drop).ok()?.to_string();
        Some(TimecodeInfo { start, end: None, rate, drop })
    });
    match found {
        Some(info) => {
            let place = format!("CompositionTimecode at offset {:#x}", t.at);
            doc.set("timecode.start", |d| &mut d.timecode, info, Origin::new(ID, "TimecodeStartAddress", place));
        }
        None => doc.warn("IMF-TIMECODE", "the timecode of the composition cannot be counted; it is kept as written"),
    }
}

/// Length, and what the descriptors say of the picture.
fn image(c: &Composition, doc: &mut ClipDoc) {
    let Some(track) = c.of_kind(IMAGE).next() else {
        return doc.warn("IMF-IMAGE", "the composition has no main image");
    };
    let more = c.of_kind(IMAGE).count();
    if more > 1 {
        doc.warn("IMF-TRACKS", format!("there are {more} main image tracks; the first is taken"));
    }
    let known = match c.rate {
        None => Err("the composition has no edit rate".to_owned()),
        Some(_) if track.segments != c.segments => {
            Err(format!("it has {} sequences in {} segments", track.segments, c.segments))
        }
        Some(r) => length(track, r),
    };
    match known {
        Ok(n) => {
            let place = format!("{IMAGE} at offset {:#x}", track.at);
            doc.set("clip.frames", |d| &mut d.clip.frames, n, Origin::new(ID, "SourceDuration", place));
        }
        Err(why) => doc.warn("IMF-LENGTH", format!("how long the main image is is not known: {why}")),
    }
    let mut used: Vec<&Descriptor> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut lacking = 0usize;
    for r in &track.resources {
        match c.descriptor(r).filter(|_| used.len() < MOST_KEPT) {
            Some(d) if seen.insert(d.id.as_deref()) => used.push(d),
            Some(_) => {}
            None => lacking = lacking.saturating_add(1),
        }
    }
    if lacking > 0 && used.len() < MOST_KEPT {
        doc.warn("IMF-DESCRIPTOR", format!("{lacking} resources of the main image have no descriptor"));
    }
    let Some((first, others)) = used.split_first() else { return };
    descriptor::describe(first, doc);
    for d in others {
        let mut other = ClipDoc::new("", doc.clip.unit);
        descriptor::describe(d, &mut other);
        if (&other.image, &other.color, &other.format.codec) != (&doc.image, &doc.color, &doc.format.codec) {
            let what = format!("the main image has descriptors that differ (offsets {:#x} and {:#x})", first.at, d.at);
            doc.warn("IMF-MIXED", what);
            break;
        }
    }
}
