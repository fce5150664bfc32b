//! The picture half of the clip document.

use crate::model::Rational;
use serde::{Deserialize, Serialize};

macro_rules! group {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
        pub struct $name {
            $($(#[$fdoc])* #[serde(skip_serializing_if = "Option::is_none", default)] pub $field: Option<$ty>,)*
        }
        impl $name {
            /// Nothing known.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                true $(&& self.$field.is_none())*
            }
        }
    };
}
pub(crate) use group;

/// A rectangle in pixels, origin at the top-left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A frame line burnt into the viewfinder, in pixels of the recorded image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameGuide {
    /// Its name (`2.39`).
    pub name: String,
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// ASC CDL numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cdl {
    /// Slope per channel, red first.
    pub slope: [f64; 3],
    /// Offset per channel.
    pub offset: [f64; 3],
    /// Power per channel.
    pub power: [f64; 3],
    /// Saturation.
    pub saturation: f64,
}

group!(
    /// The camera body.
    Camera {
        /// Maker (`ARRI`).
        make: String,
        /// Model (`ALEXA 35`).
        model: String,
        /// Serial number of the body.
        serial: String,
        /// Firmware or software version.
        firmware: String,
        /// Camera letter or index (`A`).
        index: String,
    }
);
group!(
    /// Frame rates.
    Fps {
        /// The rate at which the clip plays.
        project: Rational,
        /// The rate at which the sensor ran.
        sensor: Rational,
    }
);
group!(
    /// Exposure.
    Exposure {
        /// Exposure index.
        iso: u32,
        /// Degrees, 0–360.
        shutter_angle: f64,
        /// Seconds.
        shutter_s: f64,
        /// Neutral density, as the maker writes it.
        nd: String,
        /// Kelvin.
        white_balance_k: u32,
        /// Green–magenta correction, maker's units.
        tint: f64,
    }
);
group!(
    /// The lens.
    Lens {
        /// Maker.
        make: String,
        /// Model.
        model: String,
        /// Serial number.
        serial: String,
        /// Millimetres.
        focal_length_mm: f64,
        /// T-stop.
        t_stop: f64,
        /// Metres.
        focus_m: f64,
        /// Anamorphic squeeze, 1.0 for spherical.
        squeeze: f64,
    }
);
group!(
    /// Picture geometry.
    Image {
        /// Stored width, pixels.
        width: u32,
        /// Stored height, pixels.
        height: u32,
        /// The part meant to be seen.
        active: Rect,
        /// Width of a pixel divided by its height.
        pixel_aspect: f64,
        /// Rotation to apply for viewing, degrees clockwise: 0, 90, 180, 270.
        orientation: u32,
        /// How a frame was scanned: `progressive`, `top field first` or `bottom field first` (in time).
        scan: String,
        /// Frame lines.
        frame_guides: Vec<FrameGuide>,
    }
);
group!(
    /// Colour as recorded. Space names follow the ACES studio config.
    Color {
        /// `ARRI LogC3 (EI800)`, `ACES2065-1`, …
        space: String,
        /// Primaries.
        primaries: String,
        /// Transfer curve.
        transfer: String,
        /// Matrix of YCbCr essence (`BT.709`).
        matrix: String,
        /// `video` or `full`.
        range: String,
        /// Name of the look.
        look: String,
        /// The camera's CDL.
        cdl: Cdl,
        /// Whether the look is baked into the picture.
        look_baked: bool,
    }
);
