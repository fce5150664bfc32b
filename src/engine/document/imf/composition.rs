//! Composition playlist (SMPTE ST 2067-3): what is played, from which track files, and how their essence is described.

use super::tree::{self, Element};
use super::{boolean, id_in, rate};
use crate::model::{Error, Limits, Rational};

/// The local name of the root element.
pub const ROOT: &str = "CompositionPlaylist";

/// A composition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// Name space of the document, which says the edition.
    pub namespace: Option<String>,
    /// UUID, in lower case.
    pub id: Option<String>,
    /// Texts by their element (`ContentTitle`, `ContentKind`, `IssueDate`, `Issuer`, `Creator`, `Annotation`,
    /// `ContentOriginator`), those that are there.
    pub texts: Vec<(&'static str, String)>,
    /// Applications that the composition says it conforms to (ST 2067-2, "ApplicationIdentification").
    pub applications: Vec<String>,
    /// Edit units in a second.
    pub rate: Option<Rational>,
    /// Timecode of the first edit unit.
    pub timecode: Option<CompositionTimecode>,
    /// Segments.
    pub segments: usize,
    /// Virtual tracks, in the order in which they first appear.
    pub tracks: Vec<Track>,
    /// Descriptions of essence.
    pub descriptors: Vec<Descriptor>,
    /// It has reels instead of segments: a composition of digital cinema (ST 429-7).
    pub is_cinema: bool,
}

/// `CompositionTimecode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompositionTimecode {
    /// Label of the first edit unit as written.
    pub start: Option<String>,
    /// Frames counted in a second.
    pub rate: Option<u32>,
    /// Drop-frame.
    pub drop: Option<bool>,
    /// Offset in the file.
    pub at: u64,
}

/// A virtual track: the sequences of one kind and `TrackId` in all segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Local name of its sequences (`MainImageSequence`, `MainAudioSequence`, `SubtitlesSequence`).
    pub kind: String,
    /// UUID.
    pub id: Option<String>,
    /// Offset of the first sequence in the file.
    pub at: u64,
    /// Segments in which it has a sequence.
    pub segments: usize,
    /// What it plays, in order.
    pub resources: Vec<Resource>,
}

/// A part of a track file that is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Offset in the file.
    pub at: u64,
    /// UUID.
    pub id: Option<String>,
    /// Edit units in a second: its own, else those of the composition.
    pub rate: Option<Rational>,
    /// Edit units of the track file.
    pub intrinsic: Option<u64>,
    /// Edit units that are passed over at the beginning; 0 when it is not said, `None` when it is no number.
    pub entry: Option<u64>,
    /// Edit units that are played: as said, else the rest of the track file.
    pub duration: Option<u64>,
    /// How often; 1 when it is not said, `None` when it is no number above 0.
    pub repeat: Option<u64>,
    /// UUID of the track file; absent for markers.
    pub file: Option<String>,
    /// UUID of the descriptor.
    pub encoding: Option<String>,
}

/// A descriptor of essence, as RegXML (SMPTE ST 2001-1) writes the sets of ST 377-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// UUID by which resources name it.
    pub id: Option<String>,
    /// Local name of the set (`RGBADescriptor`, `CDCIDescriptor`, `WAVEPCMDescriptor`).
    pub kind: String,
    /// Offset in the file.
    pub at: u64,
    /// Simple properties by their symbols, in order.
    pub properties: Vec<(String, String)>,
    /// Components of a pixel: the symbol of the code and the bits.
    pub layout: Vec<(String, u8)>,
    /// Bits of the first component of a JPEG 2000 codestream.
    pub stream_bits: Option<u32>,
    /// Labelled channels (ST 377-4): number from 1, and name.
    pub channels: Vec<(u32, String)>,
}

impl Descriptor {
    /// A simple property.
    #[must_use]
    pub fn get(&self, symbol: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == symbol).map(|(_, v)| v.as_str())
    }
}

impl Composition {
    /// Reads a composition playlist.
    ///
    /// # Errors
    /// As [`tree::parse`].
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let document = tree::parse(bytes, ROOT, limits)?;
        let root = &document.root;
        let texts =
            ["ContentTitle", "ContentKind", "IssueDate", "Issuer", "Creator", "Annotation", "ContentOriginator"];
        let texts = texts.into_iter().filter_map(|n| Some((n, root.owned(n)?))).collect();
        let own = root.text_of("EditRate").and_then(rate);
        let identified = root.child("ExtensionProperties").into_iter().flat_map(|e| e.all("ApplicationIdentification"));
        let applications = identified.flat_map(|e| e.text.split_whitespace().map(str::to_owned)).collect();
        let segments: Vec<&Element> =
            root.child("SegmentList").into_iter().flat_map(|list| list.all("Segment")).collect();
        let described = root.child("EssenceDescriptorList").into_iter().flat_map(|l| l.all("EssenceDescriptor"));
        Ok(Self {
            id: id_in(root, "Id"),
            texts,
            applications,
            rate: own,
            timecode: root.child("CompositionTimecode").map(timecode),
            tracks: tracks(&segments, own),
            segments: segments.len(),
            descriptors: described.filter_map(descriptor).collect(),
            is_cinema: segments.is_empty() && root.child("ReelList").is_some(),
            namespace: document.namespace,
        })
    }

    /// Virtual tracks of a kind.
    pub fn of_kind<'c>(&'c self, kind: &str) -> impl Iterator<Item = &'c Track> {
        self.tracks.iter().filter(move |t| t.kind == kind)
    }

    /// A text by the name of its element.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// The descriptor that a resource names.
    #[must_use]
    pub fn descriptor(&self, r: &Resource) -> Option<&Descriptor> {
        let id = r.encoding.as_ref()?;
        self.descriptors.iter().find(|d| d.id.as_ref() == Some(id))
    }
}

fn timecode(e: &Element) -> CompositionTimecode {
    CompositionTimecode {
        start: e.owned("TimecodeStartAddress"),
        rate: e.text_of("TimecodeRate").and_then(|t| t.parse().ok()).filter(|n| *n > 0),
        drop: e.text_of("TimecodeDropFrame").and_then(boolean),
        at: e.at,
    }
}

/// The virtual tracks of all segments. The number of different ones is bounded by that of the elements; they are looked up
/// by kind and identifier.
fn tracks(segments: &[&Element], own: Option<Rational>) -> Vec<Track> {
    let mut out: Vec<Track> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for sequence in segments.iter().filter_map(|s| s.child("SequenceList")).flat_map(|l| &l.children) {
        let id = id_in(sequence, "TrackId");
        let at = *known.entry((sequence.name.clone(), id.clone())).or_insert_with(|| {
            let kind = sequence.name.clone();
            out.push(Track { kind, id, at: sequence.at, segments: 0, resources: Vec::new() });
            out.len().saturating_sub(1)
        });
        let Some(track) = out.get_mut(at) else { continue };
        track.segments = track.segments.saturating_add(1);
        let list = sequence.child("ResourceList").into_iter().flat_map(|l| l.all("Resource"));
        track.resources.extend(list.map(|r| resource(r, own)));
    }
    out
}

fn resource(e: &Element, own: Option<Rational>) -> Resource {
    let number = |name: &str| e.text_of(name).and_then(|t| t.parse::<u64>().ok());
    let or = |name: &str, default: u64| if e.child(name).is_some() { number(name) } else { Some(default) };
    let (intrinsic, entry) = (number("IntrinsicDuration"), or("EntryPoint", 0));
    let rest = || intrinsic?.checked_sub(entry?);
    Resource {
        at: e.at,
        id: id_in(e, "Id"),
        rate: match e.child("EditRate") {
            Some(r) => rate(&r.text),
            None => own,
        },
        intrinsic,
        entry,
        duration: if e.child("SourceDuration").is_some() { number("SourceDuration") } else { rest() },
        repeat: or("RepeatCount", 1).filter(|n| *n > 0),
        file: id_in(e, "TrackFileId"),
        encoding: id_in(e, "SourceEncoding"),
    }
}

fn descriptor(e: &Element) -> Option<Descriptor> {
    let set = e.children.iter().find(|c| c.name != "Id")?;
    let simple = set.children.iter().filter(|c| c.children.is_empty());
    let layout = set.child("PixelLayout").into_iter().flat_map(|l| l.all("RGBAComponent"));
    let component = |c: &Element| Some((c.owned("Code")?, c.text_of("ComponentSize")?.parse().ok()?));
    let sub = || set.child("SubDescriptors").into_iter().flat_map(|s| &s.children);
    let sizing = sub().filter_map(|s| s.child("PictureComponentSizing")?.children.first());
    Some(Descriptor {
        id: id_in(e, "Id"),
        kind: set.name.clone(),
        at: set.at,
        properties: simple.map(|c| (c.name.clone(), c.text.clone())).collect(),
        layout: layout.take(8).filter_map(component).collect(),
        // less one, the top bit says whether they are signed (ISO/IEC 15444-1, A.5.1)
        stream_bits: sizing
            .filter_map(|c| c.text_of("Ssiz")?.parse::<u8>().ok())
            .map(|n| u32::from(n & 0x7f).saturating_add(1))
            .next(),
        channels: sub().filter(|s| s.name == "AudioChannelLabelSubDescriptor").filter_map(channel).collect(),
    })
}

fn channel(label: &Element) -> Option<(u32, String)> {
    let name = label.text_of("MCATagName").or_else(|| label.text_of("MCATagSymbol"))?;
    Some((label.text_of("MCAChannelID")?.parse().ok()?, name.to_owned()))
}
