//! One op: a description with all its numbers, its reference in `f64`, and its loop in `f32`.

use super::fast;
use super::law::{CurveStage, Direction, Law};
use super::lut::{Interpolation, Lookup, Table};
use super::matrix::{self, Matrix};
use crate::engine::document::cdl::Correction;
use crate::engine::image::Frame;
use crate::model::Error;
use serde::{Deserialize, Serialize};

/// Luma of Rec.709, with which ASC CDL v1.2 mixes for its saturation.
pub const LUMA: [f64; 3] = [0.2126, 0.7152, 0.0722];

/// Pixels that go through all ops before the next ones do: their samples stay in the first cache.
const BLOCK: usize = 1024;

/// What is done to each pixel. No op hides a NaN: it stays NaN, and a matrix, a saturation and a 3D table give it to all
/// channels. Infinities follow IEEE arithmetic, so a matrix may make NaN of them; clamps and tables take their edge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// Red, green and blue times a matrix.
    Matrix {
        /// Rows make the new red, green, blue.
        matrix: Matrix,
    },
    /// The same curve on each channel.
    Curve {
        /// Its name, for people.
        name: String,
        /// Which way.
        direction: Direction,
        /// Its form and constants.
        law: Law,
    },
    /// ASC CDL v1.2.
    Cdl(Cdl),
    /// A 1D table, linear between entries, the edges outside.
    Lut1d {
        /// The table.
        table: Table,
    },
    /// A 3D table, the edges outside.
    Lut3d {
        /// The table.
        table: Table,
        /// How between entries.
        interpolation: Interpolation,
    },
    /// Clamps each channel.
    Range {
        /// Nothing below; none is no limit.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        min: Option<f64>,
        /// Nothing above; none is no limit.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        max: Option<f64>,
    },
}

/// How a CDL treats what is outside 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CdlStyle {
    /// Nothing is clamped, and the power leaves values at and below 0 alone. For working spaces with scene light, whose
    /// values go beyond 1: this is the default here as in OCIO.
    #[default]
    NoClamp,
    /// As the ASC writes it: clamped to 0 to 1 before the power and after the saturation.
    Asc,
}

/// Slope, offset, power for red, green, blue, then saturation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdl {
    /// At least 0.
    pub slope: [f64; 3],
    /// Any number.
    pub offset: [f64; 3],
    /// Above 0.
    pub power: [f64; 3],
    /// At least 0.
    pub saturation: f64,
    /// What is outside 0 to 1.
    pub style: CdlStyle,
}

impl Cdl {
    /// The numbers of a correction that was read.
    #[must_use]
    pub fn new(c: &Correction, style: CdlStyle) -> Self {
        Self { slope: c.slope, offset: c.offset, power: c.power, saturation: c.saturation, style }
    }

    fn value(&self, v: [f64; 3]) -> [f64; 3] {
        let clamps = self.style == CdlStyle::Asc;
        let clamp = |x: f64| if clamps { x.clamp(0.0, 1.0) } else { x };
        let channel = |x: f64, s: f64, o: f64, p: f64| {
            let y = clamp(x * s + o);
            if y <= 0.0 { y } else { y.powf(p) }
        };
        let ([r, g, b], [s, t, u], [o, p, q], [x, y, z]) = (v, self.slope, self.offset, self.power);
        let [r, g, b] = [channel(r, s, o, x), channel(g, t, p, y), channel(b, u, q, z)];
        let [a, c, d] = LUMA;
        let luma = a * r + c * g + d * b;
        [r, g, b].map(|c| clamp(luma + self.saturation * (c - luma)))
    }
}

impl Op {
    /// One pixel in `f64`: the reference that the loops are tested against.
    ///
    /// # Errors
    /// `INTERNAL` when a table is not attached.
    pub fn value(&self, v: [f64; 3]) -> Result<[f64; 3], Error> {
        Ok(match self {
            Self::Matrix { matrix } => matrix::times(matrix, v),
            Self::Curve { direction, law, .. } => v.map(|x| law.value(*direction, x)),
            Self::Cdl(cdl) => cdl.value(v),
            Self::Lut1d { table } => Lookup::<f64>::new(table, 1)?.one(v),
            Self::Lut3d { table, interpolation } => {
                let lookup = Lookup::<f64>::new(table, 3)?;
                match interpolation {
                    Interpolation::Tetrahedral => lookup.tetrahedral(v),
                    Interpolation::Trilinear => lookup.trilinear(v),
                }
            }
            Self::Range { min, max } => v.map(|x| {
                let x = min.filter(|m| x < *m).unwrap_or(x);
                max.filter(|m| x > *m).unwrap_or(x)
            }),
        })
    }

    /// Whether it gives every pixel back as it was.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        match self {
            Self::Matrix { matrix } => *matrix == matrix::IDENTITY,
            Self::Cdl(c) => {
                let plain = c.slope == [1.0; 3] && c.offset == [0.0; 3] && c.power == [1.0; 3] && c.saturation == 1.0;
                plain && c.style == CdlStyle::NoClamp
            }
            Self::Range { min, max } => min.is_none() && max.is_none(),
            Self::Curve { .. } | Self::Lut1d { .. } | Self::Lut3d { .. } => false,
        }
    }

    fn stage(&self) -> Result<Stage, Error> {
        Ok(match self {
            Self::Matrix { matrix } => Stage::Matrix(matrix.map(|row| row.map(|v| v as f32))),
            Self::Curve { direction, law, .. } => Stage::Curve(law.stage(*direction)),
            Self::Cdl(c) => Stage::Cdl(CdlStage {
                slope: c.slope.map(|v| v as f32),
                offset: c.offset.map(|v| v as f32),
                power: c.power.map(|v| v as f32),
                saturation: c.saturation as f32,
                clamps: c.style == CdlStyle::Asc,
            }),
            Self::Lut1d { table } => Stage::Lut1d(Lookup::new(table, 1)?),
            Self::Lut3d { table, interpolation: Interpolation::Tetrahedral } => {
                Stage::Tetrahedral(Lookup::new(table, 3)?)
            }
            Self::Lut3d { table, interpolation: Interpolation::Trilinear } => Stage::Trilinear(Lookup::new(table, 3)?),
            Self::Range { min, max } => {
                Stage::Range(min.map_or(f32::NEG_INFINITY, |v| v as f32), max.map_or(f32::INFINITY, |v| v as f32))
            }
        })
    }
}

/// Ops made ready for pictures in `f32`. It may be shared between threads, each with rows of its own.
#[derive(Debug, Clone)]
pub struct Kernel {
    stages: Vec<Stage>,
}

impl Kernel {
    /// Prepares the ops.
    ///
    /// # Errors
    /// `INTERNAL` when a table is not attached.
    pub fn new<'a>(ops: impl IntoIterator<Item = &'a Op>) -> Result<Self, Error> {
        Ok(Self { stages: ops.into_iter().map(Op::stage).collect::<Result<_, _>>()? })
    }

    /// Changes interleaved red, green, blue in place, without allocating. Pixels do not depend on each other, so any cut
    /// into rows gives the same bits; samples at the end that make no pixel are left as they are.
    pub fn apply(&self, samples: &mut [f32]) {
        let (pixels, _) = samples.as_chunks_mut::<{ Frame::CHANNELS }>();
        for block in pixels.chunks_mut(BLOCK) {
            self.stages.iter().for_each(|s| s.run(block));
        }
    }
}

#[derive(Debug, Clone)]
enum Stage {
    Matrix([[f32; 3]; 3]),
    Curve(CurveStage),
    Cdl(CdlStage),
    Lut1d(Lookup<f32>),
    Tetrahedral(Lookup<f32>),
    Trilinear(Lookup<f32>),
    Range(f32, f32),
}

impl Stage {
    fn run(&self, pixels: &mut [[f32; 3]]) {
        match self {
            Self::Matrix([[a, b, c], [d, e, f], [g, h, i]]) => {
                for p in pixels {
                    let [x, y, z] = *p;
                    *p = [a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z];
                }
            }
            Self::Curve(curve) => curve.run(pixels.as_flattened_mut()),
            Self::Cdl(cdl) => cdl.run(pixels),
            Self::Lut1d(l) => pixels.iter_mut().for_each(|p| *p = l.one(*p)),
            Self::Tetrahedral(l) => pixels.iter_mut().for_each(|p| *p = l.tetrahedral(*p)),
            Self::Trilinear(l) => pixels.iter_mut().for_each(|p| *p = l.trilinear(*p)),
            Self::Range(min, max) => {
                for s in pixels.as_flattened_mut() {
                    *s = between(*s, *min, *max);
                }
            }
        }
    }
}

/// Clamped; NaN stays NaN.
#[inline(always)]
fn between(v: f32, min: f32, max: f32) -> f32 {
    let v = if v < min { min } else { v };
    if v > max { max } else { v }
}

#[derive(Debug, Clone, Copy)]
struct CdlStage {
    slope: [f32; 3],
    offset: [f32; 3],
    power: [f32; 3],
    saturation: f32,
    clamps: bool,
}

impl CdlStage {
    fn run(&self, pixels: &mut [[f32; 3]]) {
        let (low, high) = if self.clamps { (0.0, 1.0) } else { (f32::NEG_INFINITY, f32::INFINITY) };
        let ([s, t, u], [o, p, q]) = (self.slope, self.offset);
        for pixel in pixels.iter_mut() {
            let [r, g, b] = *pixel;
            *pixel = [between(r * s + o, low, high), between(g * t + p, low, high), between(b * u + q, low, high)];
        }
        if self.power != [1.0; 3] {
            self.powers(pixels);
        }
        if self.saturation != 1.0 {
            let [a, c, d] = LUMA.map(|v| v as f32);
            for pixel in pixels.iter_mut() {
                let [r, g, b] = *pixel;
                let luma = a * r + c * g + d * b;
                *pixel = [r, g, b].map(|x| between(luma + self.saturation * (x - luma), low, high));
            }
        }
    }

    fn powers(&self, pixels: &mut [[f32; 3]]) {
        let power = |x: f32, p: f32| {
            let y = fast::pow(x, p);
            if x <= 0.0 || p == 1.0 { x } else { y }
        };
        let [x, y, z] = self.power;
        for pixel in pixels {
            let [r, g, b] = *pixel;
            *pixel = [power(r, x), power(g, y), power(b, z)];
        }
    }
}
