//! What the picture recipes hold, every parameter filled in.

use crate::engine::encode::{dpx::DpxDepth, png::PngDepth};
use crate::engine::framing::Filter;
use crate::engine::video::{Range, VideoCodec, demuxer_of};
use crate::model::{ClipDoc, ClipUnit, Rational};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What picture deliverables have in common: colour, size, seal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Treatment {
    /// The space of the source as the rule states it; used when the metadata name none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Whether `source` is taken even where the metadata say otherwise (a person said so).
    #[serde(skip_serializing_if = "is_false", default)]
    pub source_decides: bool,
    /// The range of a movie's codes, whatever its metadata and its pictures say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_range: Option<Range>,
    /// The space of the output, by its full name.
    pub color: String,
    /// A grade, applied before the viewing LUT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cdl: Option<CdlGrade>,
    /// A viewing LUT, applied last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lut: Option<LutFile>,
    /// Most pixels of the output, width and height; absent = as many as the source has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub within: Option<[u32; 2]>,
    /// How pixels are made when the size changes.
    pub filter: Filter,
    /// Whether an anamorphic picture is widened to square pixels.
    #[serde(skip_serializing_if = "is_false", default)]
    pub square: bool,
    /// Whether the folder of the output is sealed with an ASC MHL manifest.
    #[serde(skip_serializing_if = "is_false", default)]
    pub seal: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// ASC CDL numbers and where they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdlGrade {
    /// The document, and the id of the correction in it, for people.
    pub name: String,
    /// Slope, red first.
    pub slope: [f64; 3],
    /// Offset.
    pub offset: [f64; 3],
    /// Power.
    pub power: [f64; 3],
    /// Saturation.
    pub saturation: f64,
    /// The space in which they are applied.
    pub space: String,
}

/// A `.cube` file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LutFile {
    /// Where it is (absolute).
    pub path: PathBuf,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// The space that it takes.
    pub input: String,
    /// The space that it gives.
    pub output: String,
}

/// Frames for visual effects: a folder of numbered files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateRecipe {
    /// Kind of file.
    pub format: PlateFormat,
    /// Colour and size; never larger than the source.
    pub treatment: Treatment,
    /// Number of the first frame; absent = as the source counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_frame: Option<i64>,
}

/// The file of a plate's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum PlateFormat {
    /// OpenEXR, 16-bit half.
    Exr {
        /// How its blocks are compressed.
        compression: ExrBlocks,
    },
    /// DPX, RGB.
    Dpx {
        /// Bits of a component.
        depth: DpxDepth,
    },
}

/// OpenEXR compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExrBlocks {
    /// None, as ST 2065-4 asks.
    None,
    /// Deflate, one line at a time.
    Zips,
    /// Deflate, 16 lines at a time.
    Zip,
    /// Wavelets, lossless.
    Piz,
}

/// One picture of the clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StillRecipe {
    /// Kind of file.
    pub format: StillFormat,
    /// Which frame.
    pub frame: StillFrame,
    /// Colour and size.
    pub treatment: Treatment,
}

/// The file of a still or a contact sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum StillFormat {
    /// JPEG, 8 bits, colour not sub-sampled.
    Jpeg {
        /// 1 to 100.
        quality: u8,
    },
    /// PNG.
    Png {
        /// Bits of a sample.
        depth: PngDepth,
    },
}

/// Which frame of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StillFrame {
    /// The first.
    First,
    /// The one in the middle; of an even number the later one.
    Middle,
    /// The last.
    Last,
    /// The one with this number, as the source counts.
    Number(i64),
}

/// Many small pictures of the clip on one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactSheetRecipe {
    /// Kind of file.
    pub format: StillFormat,
    /// Pictures side by side, 1 to 20.
    pub columns: u32,
    /// Rows of pictures, 1 to 20.
    pub rows: u32,
    /// Colour, and the most pixels of each small picture.
    pub treatment: Treatment,
}

/// A movie to look at and to cut with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyRecipe {
    /// How its pictures are coded.
    pub codec: VideoCodec,
    /// Whether the sound of the original is kept, sample for sample.
    pub audio: bool,
    /// Frames in a second of clips that do not say it themselves; absent: such clips get none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frame_rate: Option<Rational>,
    /// Colour and size; never larger than the source.
    pub treatment: Treatment,
}

impl ProxyRecipe {
    /// Frames in a second of the movie made of a clip: the clip's own, of frames that do not say also the recipe's.
    #[must_use]
    pub fn rate_for(&self, clip: &ClipDoc) -> Option<Rational> {
        clip.fps.project.or(self.frame_rate.filter(|_| self.takes_a_rate(clip)))
    }

    /// Whether a stated rate fits the clip: frames of a file each, one or many. A movie without one rate has frames of
    /// different durations, which no other rate fits.
    pub(super) fn takes_a_rate(&self, clip: &ClipDoc) -> bool {
        clip.clip.unit == ClipUnit::Sequence || demuxer_of(&clip.format.id).is_none()
    }
}

impl StillFormat {
    /// The ending of its file.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg { .. } => "jpg",
            Self::Png { .. } => "png",
        }
    }
}

impl PlateFormat {
    /// The ending of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Exr { .. } => "exr",
            Self::Dpx { .. } => "dpx",
        }
    }
}

impl StillFrame {
    /// The number of the frame in a clip whose frames are `numbers`, in order; `None` when it is not there.
    #[must_use]
    pub fn choose(self, numbers: &[i64]) -> Option<i64> {
        match self {
            Self::First => numbers.first().copied(),
            Self::Middle => numbers.get(numbers.len() / 2).copied(),
            Self::Last => numbers.last().copied(),
            Self::Number(n) => numbers.binary_search(&n).ok().map(|_| n),
        }
    }
}

impl std::fmt::Display for StillFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::First => f.write_str("first frame"),
            Self::Middle => f.write_str("middle frame"),
            Self::Last => f.write_str("last frame"),
            Self::Number(n) => write!(f, "frame {n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_of_a_still() {
        let gap = [1001, 1002, 1005, 1006];
        assert_eq!(StillFrame::First.choose(&gap), Some(1001));
        assert_eq!(StillFrame::Middle.choose(&gap), Some(1005));
        assert_eq!(StillFrame::Last.choose(&gap), Some(1006));
        assert_eq!(StillFrame::Number(1005).choose(&gap), Some(1005));
        assert_eq!(StillFrame::Number(1003).choose(&gap), None);
        assert_eq!(StillFrame::Middle.choose(&[]), None);
        assert_eq!(StillFrame::Middle.choose(&[7]), Some(7));
    }
}
