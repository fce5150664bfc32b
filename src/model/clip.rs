//! The normalised clip document, `rushes.clip/1`.

use crate::model::{
    Audio, Camera, Color, Error, Exposure, Fps, Image, Lens, Media, MediaPath, Origin, Rational, Recorded, Slate,
    Warning,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema name written in every clip document.
pub const CLIP_SCHEMA: &str = "rushes.clip/1";

/// How a clip's essence lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum ClipUnit {
    /// One file.
    #[default]
    File,
    /// One file per frame.
    Sequence,
    /// One recording in several files.
    Spanned,
}

/// One file of a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipFile {
    /// Relative to the watched folder, or as given on the command line.
    pub path: MediaPath,
    /// Bytes.
    pub size: u64,
    /// XXH3-128, 32 hexadecimal digits; empty until fingerprinted.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub xxh128: String,
    /// Further hashes by kind name.
    #[serde(flatten)]
    pub hashes: BTreeMap<String, String>,
}

/// Missing frames inside a sequence, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameGap {
    /// First missing frame number.
    pub first: i64,
    /// Last missing frame number.
    pub last: i64,
}

impl std::fmt::Display for FrameGap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{} to {}", self.first, self.last) }
    }
}

/// Identity and extent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ClipHead {
    /// See [`crate::model::ClipId`]; empty until fingerprinted.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub id: String,
    /// The clip's name: the file name without extension, or the sequence's without frame number.
    pub name: String,
    /// How it lies on disk.
    pub unit: ClipUnit,
    /// In order.
    pub files: Vec<ClipFile>,
    /// Metadata files beside the clip that its document holds too: no part of the essence and of the clip's identity.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sidecars: Vec<ClipFile>,
    /// Number of frames (picture only).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frames: Option<u64>,
    /// Running time, seconds: frames at the clip's rate, or samples of sound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration_s: Option<f64>,
    /// Frame number of the first frame of a sequence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_frame: Option<i64>,
    /// Missing frames.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gaps: Vec<FrameGap>,
    /// The camera's UUID of the clip.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uuid: Option<String>,
    /// SMPTE ST 330 UMID, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub umid: Option<String>,
}

/// What the files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct FormatInfo {
    /// Format id, one of the registry (`dpx`, `exr`, `mov`, …), or `unknown`.
    pub id: String,
    /// Container (`QuickTime`, `MP4`, `MXF OP1a`, `RIFF`, `RF64`, `DPX`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<String>,
    /// Codec (`ProRes 422 HQ`, `H.264`, `PCM`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub codec: Option<String>,
    /// Bits per component or sample.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bit_depth: Option<u32>,
    /// Compression or quality of the codec, in the maker's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compression: Option<String>,
    /// Whether this build can decode the essence.
    #[serde(default)]
    pub decodable: bool,
    /// Why not, of a picture that a reader knows and that is of a form which is not decoded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undecodable: Option<String>,
}

impl FormatInfo {
    /// Notes whether the essence can be decoded, and why not.
    pub fn note_decodable<T>(&mut self, answer: Result<T, Error>) {
        self.undecodable = answer.err().map(|e| e.what);
        self.decodable = self.undecodable.is_none();
    }
}

/// Timecode of the picture (or of a sound file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimecodeInfo {
    /// Label of the first frame.
    pub start: String,
    /// Label after the last frame (exclusive), when the length is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<String>,
    /// Counting rate.
    pub rate: Rational,
    /// Drop-frame.
    pub drop: bool,
}

/// How serious a guardrail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Said, nothing more.
    Info,
    /// Said loudly.
    Warn,
    /// Deliverables of the clip wait until a person waives it.
    Hold,
    /// Deliverables of the clip are refused.
    Refuse,
}

/// Who let a guardrail pass, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverNote {
    /// User name, or `uid N`.
    pub who: String,
    /// UTC, ISO 8601.
    pub when: String,
    /// Their reason.
    pub why: String,
}

/// One guardrail that spoke about a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Stable code (`META-MISSING`).
    pub code: String,
    /// How serious.
    pub severity: Severity,
    /// What is wrong, and what to do.
    pub message: String,
    /// Whether it may be waived.
    pub overridable: bool,
    /// The waiver in force.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiver: Option<WaiverNote>,
}

/// A default that stood in for a missing input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedDefault {
    /// What was missing (`mhl`, `show.frame_rate`).
    pub input: String,
    /// What was done instead.
    pub used: String,
}

/// The same bytes known elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    /// Show of the other clip.
    pub show: String,
    /// Name of the other clip.
    pub name: String,
    /// Its first file.
    pub path: MediaPath,
}

/// One clip, normalised. Absent means unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipDoc {
    /// [`CLIP_SCHEMA`].
    pub schema: String,
    /// Identity and extent.
    pub clip: ClipHead,
    /// What the files are.
    pub format: FormatInfo,
    /// Camera body.
    #[serde(skip_serializing_if = "Camera::is_empty", default)]
    pub camera: Camera,
    /// Reel or tape name, full length.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reel: Option<String>,
    /// Slate.
    #[serde(skip_serializing_if = "Slate::is_empty", default)]
    pub slate: Slate,
    /// Timecode.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timecode: Option<TimecodeInfo>,
    /// Rates.
    #[serde(skip_serializing_if = "Fps::is_empty", default)]
    pub fps: Fps,
    /// Exposure.
    #[serde(skip_serializing_if = "Exposure::is_empty", default)]
    pub exposure: Exposure,
    /// Lens.
    #[serde(skip_serializing_if = "Lens::is_empty", default)]
    pub lens: Lens,
    /// Picture geometry.
    #[serde(skip_serializing_if = "Image::is_empty", default)]
    pub image: Image,
    /// Colour as recorded.
    #[serde(skip_serializing_if = "Color::is_empty", default)]
    pub color: Color,
    /// Sound.
    #[serde(skip_serializing_if = "Audio::is_empty", default)]
    pub audio: Audio,
    /// When it was recorded.
    #[serde(skip_serializing_if = "Recorded::is_empty", default)]
    pub recorded: Recorded,
    /// The medium it was recorded on.
    #[serde(skip_serializing_if = "Media::is_empty", default)]
    pub media: Media,
    /// Dotted field → where it came from.
    #[serde(default)]
    pub origin: BTreeMap<String, Origin>,
    /// Every vendor tag: reader → tag → value.
    #[serde(default)]
    pub raw: BTreeMap<String, serde_json::Value>,
    /// Oddities.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Defaults that were used.
    #[serde(default)]
    pub defaults: Vec<AppliedDefault>,
    /// Guardrails that spoke.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub checks: Vec<CheckResult>,
    /// Why the metadata is incomplete, for a file that could not be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<Error>,
    /// Other clips with the same bytes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub same_content_as: Vec<Reuse>,
}

impl ClipDoc {
    /// A document with nothing known but name and unit.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: ClipUnit) -> Self {
        Self {
            schema: CLIP_SCHEMA.to_owned(),
            clip: ClipHead { name: name.into(), unit, ..ClipHead::default() },
            format: FormatInfo { id: "unknown".into(), ..FormatInfo::default() },
            camera: Camera::default(),
            reel: None,
            slate: Slate::default(),
            timecode: None,
            fps: Fps::default(),
            exposure: Exposure::default(),
            lens: Lens::default(),
            image: Image::default(),
            color: Color::default(),
            audio: Audio::default(),
            recorded: Recorded::default(),
            media: Media::default(),
            origin: BTreeMap::new(),
            raw: BTreeMap::new(),
            warnings: Vec::new(),
            defaults: Vec::new(),
            checks: Vec::new(),
            problem: None,
            same_content_as: Vec::new(),
        }
    }

    /// Fills a field with its origin. A field that is already set keeps its value; if the new one
    /// differs, a `META-CONFLICT` warning names both, so call in order of trust.
    pub fn set<T: PartialEq + std::fmt::Debug>(
        &mut self,
        field: &str,
        pick: impl FnOnce(&mut Self) -> &mut Option<T>,
        value: T,
        origin: Origin,
    ) {
        let slot = pick(self);
        let old = match slot {
            None => {
                *slot = Some(value);
                self.origin.insert(field.to_owned(), origin);
                return;
            }
            Some(old) if *old != value => format!("{old:?}"),
            Some(_) => return,
        };
        let first = self.origin.get(field).map_or_else(String::new, |o| format!(" from {} {}", o.reader, o.tag));
        let text =
            format!("{field} is {old}{first} but {value:?} from {} {}; the first is kept", origin.reader, origin.tag);
        self.warnings.push(Warning::new("META-CONFLICT", text));
    }

    /// Adds a warning.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning::new(code, message));
    }

    /// Keeps a vendor tag under `raw.<reader>.<tag>`.
    pub fn keep(&mut self, reader: &str, tag: &str, value: impl Into<serde_json::Value>) {
        let at = self.raw.entry(reader.to_owned()).or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()));
        if let serde_json::Value::Object(map) = at {
            map.insert(tag.to_owned(), value.into());
        }
    }
}
