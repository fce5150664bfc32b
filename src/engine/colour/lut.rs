//! Tables of a `.cube` file as ops: what identifies them, and looking up in them.

use super::op::Op;
use crate::engine::document::cube;
use crate::model::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::sync::Arc;

/// The numbers of a table, shared and never written down: a chain that was read from JSON has none until
/// [`super::Chain::attach`]. Two are equal by their identity (hash, size, domain), which lies beside.
#[derive(Clone, Default)]
pub struct Rows(pub(super) Option<Arc<[[f32; 3]]>>);

impl PartialEq for Rows {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "attached" } else { "not attached" })
    }
}

/// Which table: everything that must agree before its numbers are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
    /// Entries along one side.
    pub size: u32,
    /// Input of the first entry, for red, green and blue.
    pub domain_min: [f64; 3],
    /// Input of the last entry.
    pub domain_max: [f64; 3],
    /// The numbers.
    #[serde(skip)]
    pub rows: Rows,
}

/// How a value between the entries of a cube is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Between the four corners of the tetrahedron around it; keeps grey as even as the table has it.
    #[default]
    Tetrahedral,
    /// Between the eight corners of the cell.
    Trilinear,
}

/// The ops of a `.cube` file: a 1D table, a 3D one, or both in this order.
///
/// # Errors
/// Those of [`cube::read`], with `file` in place of the path.
pub fn ops_of_cube(file: &str, bytes: &[u8]) -> Result<Vec<Op>, Error> {
    let cube = cube::read(bytes).map_err(|e| e.at(std::path::Path::new(file)))?;
    let sha256 = sha256(bytes);
    let table = |t: cube::Table| Table {
        file: file.to_owned(),
        sha256: sha256.clone(),
        size: t.size,
        domain_min: t.min,
        domain_max: t.max,
        rows: Rows(Some(t.rows.into())),
    };
    let one = cube.one.map(|t| Op::Lut1d { table: table(t) });
    let three = cube.three.map(|t| Op::Lut3d { table: table(t), interpolation: Interpolation::Tetrahedral });
    Ok(one.into_iter().chain(three).collect())
}

/// SHA-256 of a table's file as 64 hexadecimal digits, the identity in [`Table::sha256`].
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

impl Table {
    /// The numbers, when there are as many as `expected` says for the size.
    pub(super) fn entries(&self, dimensions: u32) -> Result<&Arc<[[f32; 3]]>, Error> {
        let n = u64::from(self.size).checked_pow(dimensions).unwrap_or(u64::MAX);
        match &self.rows.0 {
            Some(r) if self.size >= 2 && u64::try_from(r.len()).is_ok_and(|l| l == n) => Ok(r),
            Some(_) => Err(fault(format!("the table of {} does not have the size {}", self.file, self.size))),
            None => Err(fault(format!("the table of {} is not attached", self.file))),
        }
    }

    /// Takes the numbers of `other`, which must be the same table.
    pub(super) fn take(&mut self, other: &Self) -> Result<(), Error> {
        if self != other {
            let what =
                format!("{} is not the table that was meant: SHA-256 {}, not {}", self.file, other.sha256, self.sha256);
            return Err(Error::new(ErrorKind::Malformed, "FILE-CHANGED", what)
                .fix("put the file back, or make the job again with the new one"));
        }
        self.rows = other.rows.clone();
        Ok(())
    }
}

fn fault(what: String) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", what)
}

/// `f32` for pictures, `f64` for the reference.
pub(super) trait Real:
    Copy + PartialOrd + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + From<f32>
{
    /// Of a number that is at least 0.
    fn whole(self) -> (usize, Self);
    fn of(v: f64) -> Self;
    fn is_number(self) -> bool;
}

impl Real for f32 {
    #[inline(always)]
    fn whole(self) -> (usize, Self) {
        let n = self as u32;
        (n as usize, self - n as f32)
    }
    fn of(v: f64) -> Self {
        v as f32
    }
    #[inline(always)]
    fn is_number(self) -> bool {
        !self.is_nan()
    }
}

impl Real for f64 {
    fn whole(self) -> (usize, Self) {
        let n = self as u32;
        (n as usize, self - f64::from(n))
    }
    fn of(v: f64) -> Self {
        v
    }
    fn is_number(self) -> bool {
        !self.is_nan()
    }
}

/// A table made ready for `T`.
#[derive(Debug, Clone)]
pub(super) struct Lookup<T> {
    rows: Arc<[[f32; 3]]>,
    size: usize,
    min: [T; 3],
    /// Entries per unit of input.
    rate: [T; 3],
    last: T,
}

impl<T: Real> Lookup<T> {
    pub(super) fn new(table: &Table, dimensions: u32) -> Result<Self, Error> {
        let rows = Arc::clone(table.entries(dimensions)?);
        let last = f64::from(table.size) - 1.0;
        let (min, max) = (table.domain_min, table.domain_max);
        let ([a, b, c], [d, e, f]) = (min, max);
        let rate = [d - a, e - b, f - c].map(|width| T::of(last / width));
        Ok(Self { rows, size: usize::try_from(table.size).unwrap_or(0), min: min.map(T::of), rate, last: T::of(last) })
    }

    /// Whole entry and fraction of each channel; the last cell also has its end. What is outside takes the nearest edge.
    #[inline(always)]
    fn place(&self, v: [T; 3]) -> [(usize, T); 3] {
        let ([r, g, b], [x, y, z], [p, q, s]) = (v, self.min, self.rate);
        [(r - x) * p, (g - y) * q, (b - z) * s].map(|t| {
            let zero = T::from(0.0);
            let t = if t > zero { t } else { zero };
            let t = if t > self.last { self.last } else { t };
            let (n, fraction) = t.whole();
            // at the very end: the last cell, all of the way
            if n + 2 > self.size { (self.size.saturating_sub(2), T::from(1.0)) } else { (n, fraction) }
        })
    }

    #[inline(always)]
    fn at(&self, i: usize) -> [T; 3] {
        self.rows.get(i).copied().unwrap_or_default().map(T::from)
    }

    /// Linear between two entries, each channel by itself. NaN stays NaN.
    #[inline(always)]
    pub(super) fn one(&self, v: [T; 3]) -> [T; 3] {
        let [(i, r), (j, g), (k, b)] = self.place(v);
        let [a, _, _] = mix(self.at(i), self.at(i + 1), r);
        let [_, c, _] = mix(self.at(j), self.at(j + 1), g);
        let [_, _, d] = mix(self.at(k), self.at(k + 1), b);
        let [x, y, z] = v;
        [keep(x, a), keep(y, c), keep(z, d)]
    }

    /// Between the four corners of a tetrahedron. One NaN makes all three NaN.
    #[inline(always)]
    pub(super) fn tetrahedral(&self, v: [T; 3]) -> [T; 3] {
        let [(i, r), (j, g), (k, b)] = self.place(v);
        let (dr, dg, db) = (1, self.size, self.size * self.size);
        let base = i + j * dg + k * db;
        // the largest fraction is walked first, the smallest last
        let (first, second, most, middle, least) = if r >= g {
            if g >= b {
                (dr, dr + dg, r, g, b)
            } else if r >= b {
                (dr, dr + db, r, b, g)
            } else {
                (db, db + dr, b, r, g)
            }
        } else if b >= g {
            (db, db + dg, b, g, r)
        } else if b >= r {
            (dg, dg + db, g, b, r)
        } else {
            (dg, dg + dr, g, r, b)
        };
        let (c0, c1, c2, c3) =
            (self.at(base), self.at(base + first), self.at(base + second), self.at(base + dr + dg + db));
        let (w0, w1, w2) = (T::from(1.0) - most, most - middle, middle - least);
        let sum = |a, b, c, d| a * w0 + b * w1 + c * w2 + d * least;
        let ([a, b, c], [d, e, f], [g, h, l], [m, n, o]) = (c0, c1, c2, c3);
        hide_none(v, [sum(a, d, g, m), sum(b, e, h, n), sum(c, f, l, o)])
    }

    /// Between the eight corners of the cell. One NaN makes all three NaN.
    pub(super) fn trilinear(&self, v: [T; 3]) -> [T; 3] {
        let [(i, r), (j, g), (k, b)] = self.place(v);
        let (dg, db) = (self.size, self.size * self.size);
        let base = i + j * dg + k * db;
        let edge = |at: usize| mix(self.at(at), self.at(at + 1), r);
        let face = |at: usize| mix(edge(at), edge(at + dg), g);
        hide_none(v, mix(face(base), face(base + db), b))
    }
}

#[inline(always)]
fn mix<T: Real>([a, b, c]: [T; 3], [d, e, f]: [T; 3], t: T) -> [T; 3] {
    [a + (d - a) * t, b + (e - b) * t, c + (f - c) * t]
}

/// `looked_up`, unless `v` is not a number.
#[inline(always)]
fn keep<T: Real>(v: T, looked_up: T) -> T {
    if v.is_number() { looked_up } else { v }
}

#[inline(always)]
fn hide_none<T: Real>([x, y, z]: [T; 3], out: [T; 3]) -> [T; 3] {
    let sum = if !x.is_number() {
        x
    } else if !y.is_number() {
        y
    } else {
        z
    };
    out.map(|o| keep(sum, o))
}
