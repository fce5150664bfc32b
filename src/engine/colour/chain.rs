//! A list of ops from one space to another.

use super::law::Direction;
use super::lut::{self, Interpolation};
use super::matrix;
use super::op::{Cdl, CdlStyle, Kernel, Op};
use super::spaces::Space;
use crate::model::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An op and what it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// For people: `ARRI Wide Gamut 4 to AP0`.
    pub label: String,
    /// The op.
    #[serde(flatten)]
    pub op: Op,
}

/// Steps that lead from one space to another, applied in order. As JSON it holds every number that is needed to compute
/// it again, but for tables, which it names by file and SHA-256; [`Chain::attach`] brings those back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Space of what goes in.
    pub from: String,
    /// Space of what comes out.
    pub to: String,
    /// The steps; none when both are the same.
    pub steps: Vec<Step>,
}

/// A chain that is being put together: it knows where it has got to.
#[derive(Debug, Clone)]
pub struct Builder {
    from: &'static Space,
    now: &'static Space,
    steps: Vec<Step>,
}

impl Builder {
    /// Begins with values of `from`.
    #[must_use]
    pub fn new(from: &'static Space) -> Self {
        Self { from, now: from, steps: Vec::new() }
    }

    /// Goes on to `to`, through ACES2065-1. What would undo itself is left out: the same space needs nothing, spaces with
    /// the same light need no matrices.
    #[must_use]
    pub fn to(mut self, to: &'static Space) -> Self {
        if to.name == self.now.name {
            return self;
        }
        self.curve(self.now, Direction::Decode);
        if !self.now.same_light(to) {
            self.matrix(format!("{} to AP0", self.now.gamut.name), self.now.to_aces());
            self.matrix(format!("AP0 to {}", to.gamut.name), matrix::inverse(&to.to_aces()));
        }
        self.curve(to, Direction::Encode);
        self.now = to;
        self
    }

    /// Goes to `working` and applies a CDL there.
    #[must_use]
    pub fn cdl(self, cdl: Cdl, working: &'static Space) -> Self {
        let mut next = self.to(working);
        next.push(format!("CDL in {}", working.name), Op::Cdl(cdl));
        next
    }

    /// Goes to `input`, applies ops that take values of it (those of [`lut::ops_of_cube`]), and takes what they give for
    /// values of `output`: a `.cube` file says neither.
    #[must_use]
    pub fn lut(self, ops: Vec<Op>, input: &'static Space, output: &'static Space) -> Self {
        let mut next = self.to(input);
        for op in ops {
            next.push(format!("LUT, {} to {}", input.name, output.name), op);
        }
        next.now = output;
        next
    }

    /// The chain so far.
    #[must_use]
    pub fn done(self) -> Chain {
        Chain { from: self.from.name.to_owned(), to: self.now.name.to_owned(), steps: self.steps }
    }

    fn curve(&mut self, space: &Space, direction: Direction) {
        let Some(e) = space.encoding else { return };
        let label = match direction {
            Direction::Decode => format!("{} to light", e.name),
            Direction::Encode => format!("light to {}", e.name),
        };
        self.push(label, Op::Curve { name: e.name.to_owned(), direction, law: (e.law)() });
    }

    fn matrix(&mut self, label: String, matrix: matrix::Matrix) {
        // the way to AP0 from AP0 is computed, and is identity but for the last digits
        let far = matrix.as_flattened().iter().zip(matrix::IDENTITY.as_flattened()).any(|(a, b)| (a - b).abs() > 1e-12);
        if far {
            self.push(label, Op::Matrix { matrix });
        }
    }

    fn push(&mut self, label: String, op: Op) {
        if !op.is_identity() {
            self.steps.push(Step { label, op });
        }
    }
}

impl Chain {
    /// From one space to another, through ACES2065-1; empty when both are the same.
    #[must_use]
    pub fn convert(from: &'static Space, to: &'static Space) -> Self {
        Builder::new(from).to(to).done()
    }

    /// The ops.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        self.steps.iter().map(|s| &s.op)
    }

    /// The ops made ready for pictures.
    ///
    /// # Errors
    /// `INTERNAL` when a table is not attached.
    pub fn kernel(&self) -> Result<Kernel, Error> {
        Kernel::new(self.ops())
    }

    /// Changes interleaved red, green, blue in place; see [`Kernel::apply`], which spares preparing for each call.
    ///
    /// # Errors
    /// `INTERNAL` when a table is not attached.
    pub fn apply(&self, samples: &mut [f32]) -> Result<(), Error> {
        self.kernel()?.apply(samples);
        Ok(())
    }

    /// One pixel in `f64`: the reference.
    ///
    /// # Errors
    /// `INTERNAL` when a table is not attached.
    pub fn apply_pixel(&self, pixel: [f64; 3]) -> Result<[f64; 3], Error> {
        self.ops().try_fold(pixel, |v, op| op.value(v))
    }

    /// Brings back the tables of a chain that was read from JSON: `load` gives the bytes of a file by the name in the
    /// chain, once for each file. A chain without tables never calls it.
    ///
    /// # Errors
    /// `FILE-CHANGED` when the bytes are not those that the chain was made with; those of `load` and of the reader.
    pub fn attach(&mut self, load: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>) -> Result<(), Error> {
        let mut known: BTreeMap<String, Vec<Op>> = BTreeMap::new();
        for step in &mut self.steps {
            let Some(file) = step.op.table().map(|t| t.file.clone()) else { continue };
            if !known.contains_key(&file) {
                let bytes = load(&file)?;
                known.insert(file.clone(), lut::ops_of_cube(&file, &bytes)?);
            }
            let ops = known.get(&file).map(Vec::as_slice).unwrap_or_default();
            let same = |o: &&Op| std::mem::discriminant(*o) == std::mem::discriminant(&step.op);
            let other = ops.iter().find(same).or_else(|| ops.first()).and_then(Op::table);
            let (Some(other), Op::Lut1d { table } | Op::Lut3d { table, .. }) = (other, &mut step.op) else { continue };
            table.take(other)?;
        }
        Ok(())
    }

    /// One line for each step, with its numbers.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        self.steps.iter().map(|s| format!("{}: {}", s.label, s.op.describe())).collect()
    }
}

impl Op {
    /// The table, if it is one.
    #[must_use]
    pub fn table(&self) -> Option<&lut::Table> {
        match self {
            Self::Lut1d { table } | Self::Lut3d { table, .. } => Some(table),
            _ => None,
        }
    }

    /// The op and its numbers on one line.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Matrix { matrix } => {
                let rows = matrix.map(|r| r.map(|v| format!("{v:.10}")).join(" "));
                format!("matrix [{}]", rows.join("; "))
            }
            Self::Curve { name, direction, law } => {
                let way = if *direction == Direction::Decode { "decode" } else { "encode" };
                let numbers: Vec<_> = law.constants().iter().map(|(n, v)| format!("{n} {v:.10}")).collect();
                format!("curve {name}, {way}: {}", numbers.join(", "))
            }
            Self::Cdl(c) => {
                let three = |v: [f64; 3]| v.map(|x| x.to_string()).join(" ");
                let style = match c.style {
                    CdlStyle::NoClamp => "no clamp",
                    CdlStyle::Asc => "clamped as in ASC CDL 1.2",
                };
                let (slope, offset, power) = (three(c.slope), three(c.offset), three(c.power));
                format!("slope {slope}, offset {offset}, power {power}, saturation {}, {style}", c.saturation)
            }
            Self::Lut1d { table } => format!("1D table, linear, {}", about(table)),
            Self::Lut3d { table, interpolation } => {
                let way = match interpolation {
                    Interpolation::Tetrahedral => "tetrahedral",
                    Interpolation::Trilinear => "trilinear",
                };
                format!("3D table, {way}, {}", about(table))
            }
            Self::Range { min, max } => {
                let limit = |v: &Option<f64>| v.map_or_else(|| "open".to_owned(), |x| x.to_string());
                format!("clamp {} to {}", limit(min), limit(max))
            }
        }
    }
}

fn about(t: &lut::Table) -> String {
    let three = |v: [f64; 3]| v.map(|x| x.to_string()).join(" ");
    let (min, max) = (three(t.domain_min), three(t.domain_max));
    format!("{} of size {}, domain {min} to {max}, SHA-256 {}", t.file, t.size, t.sha256)
}
