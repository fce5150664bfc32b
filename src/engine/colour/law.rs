//! Closed forms between light and code values, one channel at a time.

use super::fast;
use serde::{Deserialize, Serialize};

/// Which way a curve is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From code values to light.
    Decode,
    /// From light to code values.
    Encode,
}

/// A curve with all its constants. Light is relative: 0.18 is mid grey for scene light, 1 the reference white for displays.
///
/// All of them are defined for every finite number and strictly rising; +∞ stays +∞, −∞ stays −∞, NaN stays NaN.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "snake_case")]
pub enum Law {
    /// A logarithm that is continued by a straight line in the shadows.
    Log(Log),
    /// code = light^(1 / gamma); what is below zero passes unchanged, as in OCIO's style `pass_thru`.
    Power {
        /// The exponent from code to light.
        gamma: f64,
    },
    /// A power that is continued by a straight line in the shadows.
    PowerToe(PowerToe),
}

/// From `lin_break` up: code = log_slope · log_base(lin_slope · light + lin_offset) + log_offset;
/// below: code = linear_slope · light + linear_offset. The names are those of OCIO's LogCameraTransform and of the
/// Log operator of CLF (SMPTE ST 2136-1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Base of the logarithm.
    pub base: f64,
    /// See the formula.
    pub log_slope: f64,
    /// See the formula.
    pub log_offset: f64,
    /// See the formula.
    pub lin_slope: f64,
    /// See the formula.
    pub lin_offset: f64,
    /// Light where the line begins.
    pub lin_break: f64,
    /// See the formula.
    pub linear_slope: f64,
    /// See the formula.
    pub linear_offset: f64,
}

/// From `lin_break` up: code = (1 + offset) · light^(1 / gamma) − offset; below: code = linear_slope · light.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerToe {
    /// The exponent from code to light.
    pub gamma: f64,
    /// See the formula.
    pub offset: f64,
    /// Light where the line begins.
    pub lin_break: f64,
    /// See the formula.
    pub linear_slope: f64,
}

impl Log {
    /// With the line that continues value and slope at `lin_break`.
    #[must_use]
    pub fn smooth(base: f64, log_slope: f64, log_offset: f64, lin_slope: f64, lin_offset: f64, lin_break: f64) -> Self {
        let inner = lin_slope * lin_break + lin_offset;
        let linear_slope = log_slope * lin_slope / (inner * base.ln());
        let linear_offset = log_slope * inner.log2() / base.log2() + log_offset - linear_slope * lin_break;
        Self { base, log_slope, log_offset, lin_slope, lin_offset, lin_break, linear_slope, linear_offset }
    }

    fn decode(&self, x: f64) -> f64 {
        if x < self.linear_slope * self.lin_break + self.linear_offset {
            return (x - self.linear_offset) / self.linear_slope;
        }
        (((x - self.log_offset) / self.log_slope * self.base.log2()).exp2() - self.lin_offset) / self.lin_slope
    }

    fn encode(&self, x: f64) -> f64 {
        if x < self.lin_break {
            return self.linear_slope * x + self.linear_offset;
        }
        self.log_slope * (self.lin_slope * x + self.lin_offset).log2() / self.base.log2() + self.log_offset
    }
}

impl PowerToe {
    /// With the line through zero that touches the power, and its break.
    #[must_use]
    pub fn smooth(gamma: f64, offset: f64) -> Self {
        let code = offset / (gamma - 1.0);
        let lin_break = ((code + offset) / (1.0 + offset)).powf(gamma);
        Self { gamma, offset, lin_break, linear_slope: code / lin_break }
    }

    fn decode(&self, x: f64) -> f64 {
        if x < self.linear_slope * self.lin_break {
            return x / self.linear_slope;
        }
        ((x + self.offset) / (1.0 + self.offset)).powf(self.gamma)
    }

    fn encode(&self, x: f64) -> f64 {
        if x < self.lin_break {
            return x * self.linear_slope;
        }
        (1.0 + self.offset) * x.powf(1.0 / self.gamma) - self.offset
    }
}

impl Law {
    /// One value in `f64`: the reference.
    #[must_use]
    pub fn value(&self, direction: Direction, x: f64) -> f64 {
        match (self, direction) {
            (Self::Log(l), Direction::Decode) => l.decode(x),
            (Self::Log(l), Direction::Encode) => l.encode(x),
            (Self::PowerToe(l), Direction::Decode) => l.decode(x),
            (Self::PowerToe(l), Direction::Encode) => l.encode(x),
            (Self::Power { .. }, _) if x <= 0.0 => x,
            (Self::Power { gamma }, Direction::Decode) => x.powf(*gamma),
            (Self::Power { gamma }, Direction::Encode) => x.powf(1.0 / gamma),
        }
    }

    /// The constants by name, for people.
    #[must_use]
    pub fn constants(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Log(l) => vec![
                ("base", l.base),
                ("log_slope", l.log_slope),
                ("log_offset", l.log_offset),
                ("lin_slope", l.lin_slope),
                ("lin_offset", l.lin_offset),
                ("lin_break", l.lin_break),
                ("linear_slope", l.linear_slope),
                ("linear_offset", l.linear_offset),
            ],
            Self::Power { gamma } => vec![("gamma", *gamma)],
            Self::PowerToe(l) => vec![
                ("gamma", l.gamma),
                ("offset", l.offset),
                ("lin_break", l.lin_break),
                ("linear_slope", l.linear_slope),
            ],
        }
    }

    /// The loop over samples in `f32`, with constants of `f32`.
    #[must_use]
    pub(super) fn stage(&self, direction: Direction) -> CurveStage {
        match (self, direction) {
            (Self::Log(l), Direction::Decode) => CurveStage::LogDecode {
                at: (l.linear_slope * l.lin_break + l.linear_offset) as f32,
                log_offset: l.log_offset as f32,
                rate: (l.base.log2() / l.log_slope) as f32,
                lin_offset: l.lin_offset as f32,
                scale: (1.0 / l.lin_slope) as f32,
                linear_offset: l.linear_offset as f32,
                linear_scale: (1.0 / l.linear_slope) as f32,
            },
            (Self::Log(l), Direction::Encode) => CurveStage::LogEncode {
                at: l.lin_break as f32,
                lin_slope: l.lin_slope as f32,
                lin_offset: l.lin_offset as f32,
                scale: (l.log_slope / l.base.log2()) as f32,
                log_offset: l.log_offset as f32,
                linear_slope: l.linear_slope as f32,
                linear_offset: l.linear_offset as f32,
            },
            (Self::Power { gamma }, Direction::Decode) => CurveStage::Power { p: *gamma as f32 },
            (Self::Power { gamma }, Direction::Encode) => CurveStage::Power { p: (1.0 / gamma) as f32 },
            (Self::PowerToe(l), Direction::Decode) => CurveStage::ToeDecode {
                at: (l.linear_slope * l.lin_break) as f32,
                add: l.offset as f32,
                scale: (1.0 / (1.0 + l.offset)) as f32,
                p: l.gamma as f32,
                linear_scale: (1.0 / l.linear_slope) as f32,
            },
            (Self::PowerToe(l), Direction::Encode) => CurveStage::ToeEncode {
                at: l.lin_break as f32,
                p: (1.0 / l.gamma) as f32,
                scale: (1.0 + l.offset) as f32,
                sub: l.offset as f32,
                linear_slope: l.linear_slope as f32,
            },
        }
    }
}

/// A curve made ready for `f32`.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)] // the constants of the formulas in `run`
pub(super) enum CurveStage {
    LogDecode {
        at: f32,
        log_offset: f32,
        rate: f32,
        lin_offset: f32,
        scale: f32,
        linear_offset: f32,
        linear_scale: f32,
    },
    LogEncode {
        at: f32,
        lin_slope: f32,
        lin_offset: f32,
        scale: f32,
        log_offset: f32,
        linear_slope: f32,
        linear_offset: f32,
    },
    Power {
        p: f32,
    },
    ToeDecode {
        at: f32,
        add: f32,
        scale: f32,
        p: f32,
        linear_scale: f32,
    },
    ToeEncode {
        at: f32,
        p: f32,
        scale: f32,
        sub: f32,
        linear_slope: f32,
    },
}

impl CurveStage {
    /// Changes every sample. Both branches are computed and one is chosen, so that the loops become vector instructions.
    pub(super) fn run(self, samples: &mut [f32]) {
        match self {
            Self::LogDecode { at, log_offset, rate, lin_offset, scale, linear_offset, linear_scale } => {
                each(samples, |x| {
                    let line = (x - linear_offset) * linear_scale;
                    let log = (fast::exp2((x - log_offset) * rate) - lin_offset) * scale;
                    if x < at { line } else { log }
                })
            }
            Self::LogEncode { at, lin_slope, lin_offset, scale, log_offset, linear_slope, linear_offset } => {
                each(samples, |x| {
                    let line = x * linear_slope + linear_offset;
                    let log = fast::log2(x * lin_slope + lin_offset) * scale + log_offset;
                    if x < at { line } else { log }
                });
            }
            Self::Power { p } => each(samples, |x| {
                let power = fast::pow(x, p);
                if x <= 0.0 { x } else { power }
            }),
            Self::ToeDecode { at, add, scale, p, linear_scale } => each(samples, |x| {
                let power = fast::pow((x + add) * scale, p);
                if x < at { x * linear_scale } else { power }
            }),
            Self::ToeEncode { at, p, scale, sub, linear_slope } => each(samples, |x| {
                let power = fast::pow(x, p) * scale - sub;
                if x < at { x * linear_slope } else { power }
            }),
        }
    }
}

#[inline(always)]
fn each(samples: &mut [f32], f: impl Fn(f32) -> f32) {
    for s in samples {
        *s = f(*s);
    }
}
