//! Pictures as files: OpenEXR, DPX, JPEG, PNG.

mod codes;
pub mod contact_sheet;
pub mod dpx;
pub mod exr;
mod icc;
pub mod jpeg;
pub mod png;
mod stamp;

pub use stamp::FrameStamp;

/// How the R'G'B' samples of a picture for a display are meant, from 0 (black) to 1 (white), primaries of BT.709.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisplaySpace {
    /// IEC 61966-2-1.
    Srgb,
    /// BT.709 primaries with the display function of BT.1886 for a black of zero: a power of 2.4.
    Rec709Gamma24,
}
