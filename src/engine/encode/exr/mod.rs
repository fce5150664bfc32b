//! OpenEXR plates: one part of scan lines, three half channels B, G and R ("OpenEXR File Layout").
//!
//! Deflate goes through libdeflate, PIZ and DWAA through the codecs of the `exr` crate. The same frame and options give
//! the same bytes, however many threads work; with DWAA only on processors of one kind.

mod blocks;
mod plate;
#[cfg(test)]
mod tests;

pub use crate::engine::container::exr::ExrValue;
pub use plate::{AP0, AP1, ColourSpace, plate_attributes};

use crate::engine::container::exr::{Channel, Compression, SampleKind, write_header};
use crate::engine::image::{Counts, Frame};
use crate::model::{Error, ErrorKind};

/// How the blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExrCompression {
    /// Not.
    None,
    /// Deflate of single lines at a level from 1 (fast) to 12 (small).
    Zips {
        /// libdeflate's level.
        level: u8,
    },
    /// Deflate of 16 lines at a level from 1 to 12.
    Zip {
        /// libdeflate's level.
        level: u8,
    },
    /// Wavelets, without loss.
    Piz,
    /// Cosine transform, with loss. The codec chooses its arithmetic by the processor, so that another kind of processor may
    /// round some coefficients otherwise: of all compressions only this one's bytes are not the same on every machine.
    Dwaa {
        /// The larger, the smaller the file: 0 to 1000, usually 45.
        level: f32,
    },
}

impl Default for ExrCompression {
    fn default() -> Self {
        Self::Zip { level: 4 }
    }
}

impl ExrCompression {
    /// What the file says.
    #[must_use]
    pub fn stored(self) -> Compression {
        match self {
            Self::None => Compression::None,
            Self::Zips { .. } => Compression::Zips,
            Self::Zip { .. } => Compression::Zip,
            Self::Piz => Compression::Piz,
            Self::Dwaa { .. } => Compression::Dwaa,
        }
    }
}

/// What is written beside the pixels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExrOptions {
    /// How the blocks are compressed.
    pub compression: ExrCompression,
    /// Attributes in any order. `pixelAspectRatio`, `screenWindowCenter` and `screenWindowWidth` replace the defaults;
    /// what describes the pixels is written by the encoder alone.
    pub attributes: Vec<(String, ExrValue)>,
    /// Marks the file as an ACES image container (SMPTE ST 2065-4), which must be uncompressed and have the
    /// chromaticities of AP0 among its attributes.
    pub aces_container: bool,
}

/// A file, and what had to be changed in the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Samples that half cannot hold.
    pub counts: Counts,
}

/// Attributes that only the encoder writes.
const OWN: &[&str] = &[
    "acesImageContainerFlag",
    "channels",
    "chunkCount",
    "compression",
    "dataWindow",
    "displayWindow",
    "dwaCompressionLevel",
    "lineOrder",
    "tiles",
    "type",
    "version",
];

/// Writes a picture as a half OpenEXR file. Data and display window are the frame. Samples are rounded to the nearest half,
/// ties to even; those beyond ±65504 become ±65504 and NaN becomes 0, and both are counted.
///
/// # Errors
/// `INTERNAL` for attributes that cannot be written, `FORMAT-UNSUPPORTED` for an ACES container that is none.
pub fn exr(frame: &Frame, options: &ExrOptions) -> Result<Encoded, Error> {
    let compression = options.compression;
    let mut bytes = write_header(&attributes(frame, options)?)?;
    let (chunks, counts) = blocks::compress(frame, compression)?;
    let lines = compression.stored().lines();
    let table = chunks.len().saturating_mul(8);
    let body = chunks.iter().map(|c| c.len().saturating_add(8)).sum::<usize>();
    bytes.reserve_exact(table.saturating_add(body));
    let mut at = bytes.len().saturating_add(table);
    for c in &chunks {
        bytes.extend_from_slice(&u64::try_from(at).unwrap_or(u64::MAX).to_le_bytes());
        at = at.saturating_add(c.len()).saturating_add(8);
    }
    for (n, c) in (0u32..).zip(&chunks) {
        bytes.extend_from_slice(&n.saturating_mul(lines).to_le_bytes());
        let size = u32::try_from(c.len()).map_err(|_| internal("a block of the picture is longer than 4 GiB"))?;
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(c);
    }
    Ok(Encoded { bytes, counts })
}

fn internal(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", what)
}

fn attributes(frame: &Frame, options: &ExrOptions) -> Result<Vec<(String, ExrValue)>, Error> {
    if let Some((name, _)) = options.attributes.iter().find(|(name, _)| OWN.contains(&name.as_str())) {
        return Err(internal(format!("the OpenEXR attribute {name} is written by the encoder alone")));
    }
    let half = |name: &str| Channel { name: name.into(), kind: SampleKind::Half, linear: false, sampling: [1, 1] };
    let last = |side: u32| i32::try_from(side.saturating_sub(1)).unwrap_or(i32::MAX);
    let window = ExrValue::Box2i([0, 0, last(frame.width()), last(frame.height())]);
    let mut own = vec![
        ("channels", ExrValue::Channels(vec![half("B"), half("G"), half("R")])),
        ("compression", ExrValue::Compression(options.compression.stored().code())),
        ("dataWindow", window.clone()),
        ("displayWindow", window),
        ("lineOrder", ExrValue::LineOrder(0)),
        ("pixelAspectRatio", ExrValue::Float(1.0)),
        ("screenWindowCenter", ExrValue::V2f([0.0, 0.0])),
        ("screenWindowWidth", ExrValue::Float(1.0)),
    ];
    if let ExrCompression::Dwaa { level } = options.compression {
        if !(0.0..=1000.0).contains(&level) {
            return Err(internal(format!("{level} is no level of DWAA compression, which go from 0 to 1000")));
        }
        own.push(("dwaCompressionLevel", ExrValue::Float(level)));
    }
    if options.aces_container {
        let ap0 =
            |(name, value): &(String, ExrValue)| name == "chromaticities" && *value == ExrValue::Chromaticities(AP0);
        if options.compression != ExrCompression::None || !options.attributes.iter().any(ap0) {
            let what = "an ACES image container is uncompressed and in AP0 (SMPTE ST 2065-4)";
            return Err(Error::unsupported(what).fix("choose no compression and ACES2065-1, or another container"));
        }
        own.push(("acesImageContainerFlag", ExrValue::Int(1)));
    }
    let given = |name: &str| options.attributes.iter().any(|(n, _)| n == name);
    let own = own.into_iter().filter(|(name, _)| !given(name)).map(|(name, value)| (name.to_owned(), value));
    Ok(own.chain(options.attributes.iter().cloned()).collect())
}
