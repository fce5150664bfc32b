//! Filters, and the weights with which source pixels make one pixel of the result.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How pixels between pixels are made. Each filter is stretched when a picture gets smaller, so that every source pixel
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// A sinc windowed by a wider sinc, three lobes: the sharpest here, with a little ringing.
    #[default]
    Lanczos3,
    /// Keys' cubic with B = 0, C = 1/2.
    CatmullRom,
    /// Mitchell's and Netravali's cubic with B = C = 1/3.
    Mitchell,
    /// Straight lines between pixels.
    Bilinear,
    /// The mean of what lies under the new pixel; the nearest pixel when a picture gets larger.
    Box,
    /// The source pixel under the middle of the new one.
    Nearest,
}

impl Filter {
    /// Its reach on either side of the middle, in source pixels before stretching.
    fn radius(self) -> f64 {
        match self {
            Self::Lanczos3 => 3.0,
            Self::CatmullRom | Self::Mitchell => 2.0,
            Self::Bilinear => 1.0,
            Self::Box | Self::Nearest => 0.5,
        }
    }

    /// Its value at a distance from the middle.
    fn at(self, x: f64) -> f64 {
        let x = x.abs();
        match self {
            Self::Lanczos3 if x < 3.0 => sinc(x) * sinc(x / 3.0),
            Self::CatmullRom => cubic(x, 0.0, 0.5),
            Self::Mitchell => cubic(x, 1.0 / 3.0, 1.0 / 3.0),
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Lanczos3 | Self::Box | Self::Nearest => 0.0,
        }
    }
}

/// sin(πx)/(πx), exactly 0 at whole numbers other than 0.
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { sin_pi(x) / (PI * x) }
}

/// sin(πx) by its series around the nearest whole number: a system's own sine is not the same everywhere.
fn sin_pi(x: f64) -> f64 {
    let whole = x.round();
    let t = PI * (x - whole);
    let (mut term, mut sum) = (t, t);
    for n in 1..13 {
        let k = f64::from(n) * 2.0;
        term *= -(t * t) / (k * (k + 1.0));
        sum += term;
    }
    if whole % 2.0 == 0.0 { sum } else { -sum }
}

/// Mitchell's and Netravali's family of cubics (1988, equation 8).
fn cubic(x: f64, b: f64, c: f64) -> f64 {
    let p = if x < 1.0 {
        ((12.0 - 9.0 * b - 6.0 * c) * x + (-18.0 + 12.0 * b + 6.0 * c)) * x * x + (6.0 - 2.0 * b)
    } else if x < 2.0 {
        (((-b - 6.0 * c) * x + (6.0 * b + 30.0 * c)) * x + (-12.0 * b - 48.0 * c)) * x + (8.0 * b + 24.0 * c)
    } else {
        0.0
    };
    p / 6.0
}

/// The source pixels of one new pixel in one direction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taps {
    /// The first source pixel.
    pub first: usize,
    /// The weights of it and of those behind it; at least one, their sum is 1.
    pub weights: Vec<f32>,
}

/// The taps of `count` new pixels that show from `start` to `start + length` of `size` source pixels, in one direction.
///
/// What reaches beyond the picture is taken from its nearest pixel; pixels beside the part shown count where they exist.
/// Weights are made in f64 and their sum is brought to 1 there. `None` unless the numbers are finite, the length is above 0,
/// and the part shown lies within one picture's size of the picture.
pub(super) fn taps(filter: Filter, start: f64, length: f64, size: usize, count: usize) -> Option<Vec<Taps>> {
    let whole = size as f64;
    let sound = start.is_finite() && length.is_finite() && length > 0.0 && size > 0 && count > 0;
    if !sound || start < -whole || start + length > whole * 2.0 {
        return None;
    }
    let step = length / count as f64;
    if step == 1.0 && start == start.round() {
        return Some((0..count).map(|n| single(start + n as f64, size)).collect());
    }
    let one = |n: usize| {
        let middle = start + (n as f64 + 0.5) * step;
        match filter {
            Filter::Nearest => single(middle.floor(), size),
            Filter::Box if step < 1.0 => single(middle.floor(), size),
            _ => spread(filter, middle, step.max(1.0), size),
        }
    };
    Some((0..count).map(one).collect())
}

/// The pixel `at`, or the nearest one of the picture.
fn single(at: f64, size: usize) -> Taps {
    Taps { first: clamp(at, size), weights: vec![1.0] }
}

fn clamp(at: f64, size: usize) -> usize {
    (at.max(0.0) as usize).min(size.saturating_sub(1))
}

fn spread(filter: Filter, middle: f64, stretch: f64, size: usize) -> Taps {
    let reach = filter.radius() * stretch;
    let (low, high) = ((middle - reach).floor(), (middle + reach).ceil());
    let (first, last) = (clamp(low, size), clamp(high - 1.0, size));
    let mut sums = vec![0f64; last.saturating_sub(first).saturating_add(1)];
    let mut at = low;
    while at < high {
        let weight = if filter == Filter::Box {
            ((at + 1.0).min(middle + reach) - at.max(middle - reach)).max(0.0)
        } else {
            filter.at((at + 0.5 - middle) / stretch)
        };
        let place = clamp(at, size).saturating_sub(first);
        if let Some(sum) = sums.get_mut(place) {
            *sum += weight;
        }
        at += 1.0;
    }
    normal(first, &sums)
}

/// Weights with a sum of 1, without zeros at either end: what counts nothing is not even read, so that it cannot be a NaN
/// that spreads. What rounding to f32 leaves over goes to the largest weight.
fn normal(first: usize, sums: &[f64]) -> Taps {
    let total: f64 = sums.iter().sum();
    let mut weights: Vec<f32> = sums.iter().map(|w| (w / total) as f32).collect();
    let lead = weights.iter().take_while(|w| **w == 0.0).count().min(weights.len().saturating_sub(1));
    weights.drain(..lead);
    while weights.len() > 1 && weights.last() == Some(&0.0) {
        weights.pop();
    }
    let rest = 1.0 - weights.iter().map(|w| f64::from(*w)).sum::<f64>();
    if let Some(w) = weights.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *w = (f64::from(*w) + rest) as f32;
    }
    Taps { first: first.saturating_add(lead), weights }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const ALL: [Filter; 6] =
        [Filter::Lanczos3, Filter::CatmullRom, Filter::Mitchell, Filter::Bilinear, Filter::Box, Filter::Nearest];

    #[test]
    fn known_weights() {
        let two = |f| taps(f, 0.0, 8.0, 8, 4).unwrap()[1].clone();
        assert_eq!(two(Filter::Box), Taps { first: 2, weights: vec![0.5, 0.5] });
        assert_eq!(two(Filter::Bilinear), Taps { first: 1, weights: vec![0.125, 0.375, 0.375, 0.125] });
        assert_eq!(two(Filter::Nearest), Taps { first: 3, weights: vec![1.0] });
        assert_eq!(Filter::CatmullRom.at(0.5), 0.5625);
        assert_eq!(Filter::Mitchell.at(0.0), 16.0 / 18.0);
        assert_eq!([0.0, 1.0, 2.0, 3.0, 4.0].map(|x| Filter::Lanczos3.at(x)), [1.0, 0.0, 0.0, 0.0, 0.0]);
        assert!((Filter::Lanczos3.at(0.5) - 0.607_927_101_854_026_6).abs() < 1e-15, "6 / pi²");
        let up = taps(Filter::Box, 0.0, 2.0, 2, 4).unwrap();
        assert_eq!(up.iter().map(|t| t.first).collect::<Vec<_>>(), [0, 0, 1, 1]);
    }

    #[test]
    fn the_sine_is_the_sine() {
        for n in -400..400 {
            let x = f64::from(n) / 97.0;
            assert!((sin_pi(x) - (PI * x).sin()).abs() < 3e-15, "{x}");
        }
        assert_eq!(
            [sin_pi(2.0), sin_pi(-3.0), sin_pi(0.5), sin_pi(1.5)].map(|s| (s * 1e15).round() / 1e15),
            [0.0, 0.0, 1.0, -1.0]
        );
    }

    #[test]
    fn edges_belong_to_the_nearest_pixel() {
        let t = taps(Filter::Bilinear, 0.0, 4.0, 4, 2).unwrap();
        assert_eq!(t[0], Taps { first: 0, weights: vec![0.5, 0.375, 0.125] });
        let outside = taps(Filter::Nearest, -2.0, 2.0, 4, 2).unwrap();
        assert_eq!(outside.iter().map(|t| t.first).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn numbers_that_mean_nothing() {
        for (start, length, size, count) in [
            (f64::NAN, 1.0, 4, 4),
            (0.0, 0.0, 4, 4),
            (0.0, -1.0, 4, 4),
            (0.0, f64::INFINITY, 4, 4),
            (-5.0, 4.0, 4, 4),
            (5.0, 4.0, 4, 4),
            (0.0, 4.0, 0, 4),
            (0.0, 4.0, 4, 0),
        ] {
            assert_eq!(taps(Filter::Lanczos3, start, length, size, count), None);
        }
    }

    proptest! {
        #[test]
        fn weights_make_one_and_lie_inside(
            f in prop::sample::select(ALL.to_vec()), start in -20f64..20.0, length in 0.01f64..200.0,
            size in 1usize..150, count in 1usize..60,
        ) {
            for t in taps(f, start, length, size, count).into_iter().flatten() {
                prop_assert!(t.first + t.weights.len() <= size);
                let sum: f64 = t.weights.iter().map(|w| f64::from(*w)).sum();
                prop_assert!((sum - 1.0).abs() < 1e-7, "{}", sum);
            }
        }
    }
}
