//! The matrix and the range of coded colour differences.

use serde::{Deserialize, Serialize};

/// From R'G'B' to Y'CbCr: the weights of red and blue in Y'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// Recommendation ITU-R BT.601: 0.299, 0.114.
    Bt601,
    /// Recommendation ITU-R BT.709: 0.2126, 0.0722.
    Bt709,
    /// Recommendation ITU-R BT.2020, non-constant luminance: 0.2627, 0.0593.
    Bt2020,
    /// SMPTE ST 240: 0.212, 0.087.
    Smpte240,
}

impl Matrix {
    /// The weights of red and blue in Y', without unit; green has the rest.
    #[must_use]
    pub fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Smpte240 => (0.212, 0.087),
        }
    }

    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bt601 => "BT.601",
            Self::Bt709 => "BT.709",
            Self::Bt2020 => "BT.2020 non-constant luminance",
            Self::Smpte240 => "SMPTE ST 240",
        }
    }

    /// By ffmpeg's name of a colour space; `None` for none, and for one that is no such matrix.
    #[must_use]
    pub fn of_ffmpeg(name: Option<&str>) -> Option<Self> {
        Self::named(name).ok().flatten()
    }

    /// By ffmpeg's name of a colour space; `Ok(None)` for none, `Err` for one that is no such matrix.
    pub(super) fn named(name: Option<&str>) -> Result<Option<Self>, String> {
        Ok(Some(match name {
            None => return Ok(None),
            Some("bt709") => Self::Bt709,
            Some("smpte170m" | "bt470bg") => Self::Bt601,
            Some("bt2020nc") => Self::Bt2020,
            Some("smpte240m") => Self::Smpte240,
            Some(other) => return Err(other.to_owned()),
        }))
    }
}

/// Which codes are black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// 16 and 235 at 8 bits, colour differences of 224 steps; BT.709 item 4.
    Video,
    /// 0 and the highest code.
    Full,
}

impl Range {
    /// As metadata and configuration spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Full => "full",
        }
    }
}

/// What the clip's own metadata say about its coded colour; each overrides what ffprobe says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClipColor {
    /// Range of the codes as a person stated it, which overrides everything else.
    pub stated_range: Option<Range>,
    /// Range of the codes of Y'CbCr and of brightness alone.
    pub range: Option<Range>,
    /// Range of the codes of RGB. Only containers that give the codes of black and white say it (SMPTE ST 377-1, G.2.40);
    /// the flag of QuickTime's `colr` is for Y'CbCr, and writers leave it unset with RGB of full range.
    pub rgb_range: Option<Range>,
    /// Matrix of Y'CbCr.
    pub matrix: Option<Matrix>,
}

/// Codes to numbers and Y'CbCr to R'G'B', without clamping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coding {
    black: f32,
    luma: f32,
    middle: f32,
    chroma: f32,
    red: f32,
    green_cb: f32,
    green_cr: f32,
    blue: f32,
}

impl Coding {
    /// For codes of `bits` bits, 8 to 16.
    pub(super) fn new(matrix: Matrix, range: Range, bits: u32) -> Self {
        let unit = f64::from(1u32 << bits.clamp(8, 16).saturating_sub(8));
        let top = 256.0 * unit - 1.0;
        let (black, luma, chroma) = match range {
            Range::Video => (16.0 * unit, 219.0 * unit, 224.0 * unit),
            Range::Full => (0.0, top, top),
        };
        let (kr, kb) = matrix.weights();
        let kg = 1.0 - kr - kb;
        let f = |x: f64| x as f32;
        Self {
            black: f(black),
            luma: f(1.0 / luma),
            middle: f(128.0 * unit),
            chroma: f(1.0 / chroma),
            red: f(2.0 * (1.0 - kr)),
            green_cb: f(-2.0 * kb * (1.0 - kb) / kg),
            green_cr: f(-2.0 * kr * (1.0 - kr) / kg),
            blue: f(2.0 * (1.0 - kb)),
        }
    }

    pub(super) fn grey(&self, y: f32) -> f32 {
        (y - self.black) * self.luma
    }

    pub(super) fn rgb(&self, y: f32, cb: f32, cr: f32) -> [f32; 3] {
        let y = self.grey(y);
        let (cb, cr) = ((cb - self.middle) * self.chroma, (cr - self.middle) * self.chroma);
        [y + self.red * cr, y + self.green_cb * cb + self.green_cr * cr, y + self.blue * cb]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: [f32; 3], want: [f32; 3], by: f32) {
        assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() <= by), "{got:?} {want:?}");
    }

    #[test]
    fn the_bars_of_the_standards() {
        // ITU-R BT.1729 and SMPTE RP 219: 10-bit codes of 100% yellow, cyan, green, magenta, red, blue in BT.709.
        let hd = Coding::new(Matrix::Bt709, Range::Video, 10);
        for (code, want) in [
            ([940.0, 512.0, 512.0], [1.0, 1.0, 1.0]),
            ([877.0, 64.0, 553.0], [1.0, 1.0, 0.0]),
            ([754.0, 615.0, 64.0], [0.0, 1.0, 1.0]),
            ([691.0, 167.0, 105.0], [0.0, 1.0, 0.0]),
            ([313.0, 857.0, 919.0], [1.0, 0.0, 1.0]),
            ([250.0, 409.0, 960.0], [1.0, 0.0, 0.0]),
            ([127.0, 960.0, 471.0], [0.0, 0.0, 1.0]),
            ([64.0, 512.0, 512.0], [0.0, 0.0, 0.0]),
        ] {
            near(hd.rgb(code[0], code[1], code[2]), want, 0.0015);
        }
        // BT.601, 8 bits: red of 75% bars.
        near(Coding::new(Matrix::Bt601, Range::Video, 8).rgb(65.0, 100.0, 212.0), [0.75, 0.0, 0.0], 0.006);
        // JPEG (T.871) red.
        near(Coding::new(Matrix::Bt601, Range::Full, 8).rgb(76.0, 85.0, 255.0), [1.0, 0.0, 0.0], 0.006);
    }

    #[test]
    fn nothing_is_clamped() {
        let c = Coding::new(Matrix::Bt709, Range::Video, 8);
        assert!(c.grey(255.0) > 1.09 && c.grey(1.0) < -0.06);
        assert!(c.rgb(16.0, 128.0, 240.0)[0] > 0.78 && c.rgb(16.0, 128.0, 240.0)[1] < -0.2);
        assert_eq!(Matrix::named(Some("ycgco")), Err("ycgco".into()));
    }
}
