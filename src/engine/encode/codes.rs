//! From samples to whole numbers.

use crate::engine::image::Counts;

/// A sample from 0 to 1 as a code from 0 to `highest`, to the nearest (half up). Samples outside go to the nearer end and
/// are counted; what is no number becomes 0 and is counted.
pub(super) fn code(sample: f32, highest: u16, counts: &mut Counts) -> u16 {
    if sample.is_nan() {
        counts.nan = counts.nan.saturating_add(1);
        return 0;
    }
    if !(0.0..=1.0).contains(&sample) {
        counts.overflow = counts.overflow.saturating_add(1);
    }
    // in f64 both the product and the half are exact for every code
    (f64::from(sample.clamp(0.0, 1.0)) * f64::from(highest) + 0.5) as u16
}

/// All samples as bytes.
pub(super) fn bytes8(samples: &[f32], counts: &mut Counts) -> Vec<u8> {
    samples.iter().map(|s| u8::try_from(code(*s, 255, counts)).unwrap_or(u8::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_and_oddities() {
        let mut c = Counts::default();
        let got =
            [-1.0, -0.0, 0.0, 1.0, 1.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN].map(|s| code(s, 1023, &mut c));
        assert_eq!(got, [0, 0, 0, 1023, 1023, 1023, 0, 0]);
        assert_eq!((c.nan, c.overflow), (1, 4));
    }

    proptest! {
        #[test]
        fn codes_come_back(c: u16, highest in prop::sample::select(vec![255u16, 1023, 4095, 65_535])) {
            let c = c.min(highest);
            let mut n = Counts::default();
            prop_assert_eq!(code(f32::from(c) / f32::from(highest), highest, &mut n), c);
            prop_assert_eq!(n, Counts::default());
        }

        #[test]
        fn the_nearest_code(s in 0f32..=1.0) {
            let mut n = Counts::default();
            let c = f64::from(code(s, 1023, &mut n));
            prop_assert!((c - f64::from(s) * 1023.0).abs() <= 0.5);
        }
    }
}
