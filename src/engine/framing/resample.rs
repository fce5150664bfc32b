//! Separable resampling: first down the columns, then along the rows, one row of the result at a time.
//!
//! Each sample is a sum of products in the order of its source pixels, multiplied and added in f32 without contraction, so
//! the result is the same on every machine and for every number of threads.

use super::kernel::{Filter, Taps, taps};
use super::{Crop, Placement};
use crate::engine::image::Frame;
use crate::model::{Error, ErrorKind};
use rayon::prelude::*;

/// Samples of a row that are summed up before the next ones: half a first-level cache.
const STRIP: usize = 2048;

/// Samples in a pixel.
const CHANNELS: usize = Frame::CHANNELS;

/// Shows `placement.crop` of `source` as `placement.width` × `placement.height` pixels.
///
/// The crop need not lie on whole pixels; it may lie outside the picture by up to the picture's own size. Pixels beside it
/// count where the filter reaches them; beyond the picture its nearest pixel is repeated. Light should be linear: that is the
/// caller's business. Without a change of size and from a whole pixel on, every filter is a copy, bit by bit. A NaN or an
/// infinity spreads as far as the filter reaches. Beside the result, each thread needs one row of the source.
///
/// # Errors
/// `LIMIT-MEMORY` when the result would need more than `most_bytes`; `REQUEST-INVALID` for a crop that means nothing.
pub fn resample(source: &Frame, placement: &Placement, filter: Filter, most_bytes: u64) -> Result<Frame, Error> {
    let mut out = Frame::new(placement.width, placement.height, most_bytes)?;
    let bad =
        || Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", "the part of the picture to show is not possible");
    let size = |n: u32| usize::try_from(n).unwrap_or(0);
    let Crop { x, y, width, height } = placement.crop;
    let columns = taps(filter, x, width, size(source.width()), size(placement.width)).ok_or_else(bad)?;
    let rows = taps(filter, y, height, size(source.height()), size(placement.height)).ok_or_else(bad)?;
    let left = columns.iter().map(|t| t.first).min().unwrap_or(0);
    let right = columns.iter().map(|t| t.first.saturating_add(t.weights.len())).max().unwrap_or(0);
    let across = Across::new(&columns, left);
    let (from, to) = (left.saturating_mul(CHANNELS), right.saturating_mul(CHANNELS));
    let stride = out.stride();
    out.data_mut().par_chunks_exact_mut(stride).zip(rows.par_iter()).for_each_init(Vec::new, |row, (out, taps)| {
        // one sample more, so that a pixel can be read as four samples
        row.resize(to.saturating_sub(from).saturating_add(1), 0.0);
        let first = u32::try_from(taps.first).unwrap_or(u32::MAX);
        let lines: Vec<&[f32]> =
            (first..).take(taps.weights.len()).filter_map(|n| source.row(n).get(from..to)).collect();
        down(&lines, &taps.weights, row);
        across.apply(row, out);
    });
    Ok(out)
}

/// The weighted sum of rows.
fn down(lines: &[&[f32]], weights: &[f32], out: &mut [f32]) {
    for (n, out) in out.chunks_mut(STRIP).enumerate() {
        let start = n.saturating_mul(STRIP);
        let mut pairs = lines.iter().zip(weights).filter_map(|(l, w)| Some((l.get(start..)?, *w)));
        if let Some((line, w)) = pairs.next() {
            out.iter_mut().zip(line).for_each(|(o, s)| *o = w * s);
        }
        while let Some((a, wa)) = pairs.next() {
            match pairs.next() {
                Some((b, wb)) => {
                    let two = a.iter().zip(b);
                    out.iter_mut().zip(two).for_each(|(o, (a, b))| *o = (*o + wa * a) + wb * b);
                }
                None => out.iter_mut().zip(a).for_each(|(o, a)| *o += wa * a),
            }
        }
    }
}

/// The taps of all pixels of a row in one piece.
struct Across {
    /// First sample, first weight, number of weights.
    pixels: Vec<(usize, usize, usize)>,
    weights: Vec<f32>,
}

impl Across {
    fn new(columns: &[Taps], left: usize) -> Self {
        let mut weights = Vec::new();
        let mut pixels = Vec::with_capacity(columns.len());
        for t in columns {
            let first = t.first.saturating_sub(left).saturating_mul(CHANNELS);
            pixels.push((first, weights.len(), t.weights.len()));
            weights.extend_from_slice(&t.weights);
        }
        Self { pixels, weights }
    }

    fn apply(&self, row: &[f32], out: &mut [f32]) {
        for (out, (first, weight, count)) in out.chunks_exact_mut(CHANNELS).zip(&self.pixels) {
            let weights = self.weights.get(*weight..weight.saturating_add(*count)).unwrap_or_default();
            let mut rest = row.get(*first..).unwrap_or_default();
            // each pixel is read as four samples, of which the last is the next pixel's and not used
            let mut sum: Option<[f32; 4]> = None;
            for w in weights {
                let Some([r, g, b, n]) = rest.first_chunk::<4>() else { break };
                let p = [w * r, w * g, w * b, w * n];
                sum = Some(sum.map_or(p, |s| add(s, p)));
                rest = rest.get(CHANNELS..).unwrap_or_default();
            }
            let sum = sum.unwrap_or_default();
            out.iter_mut().zip(sum).for_each(|(o, s)| *o = s);
        }
    }
}

fn add([a, b, c, d]: [f32; 4], [e, f, g, h]: [f32; 4]) -> [f32; 4] {
    [a + e, b + f, c + g, d + h]
}

#[cfg(test)]
#[path = "resample_tests.rs"]
mod tests;
