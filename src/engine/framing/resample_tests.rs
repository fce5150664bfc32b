//! Resampling against a direct double-precision sum over the whole picture.

use super::*;
use proptest::prelude::*;

const ALL: [Filter; 6] =
    [Filter::Lanczos3, Filter::CatmullRom, Filter::Mitchell, Filter::Bilinear, Filter::Box, Filter::Nearest];

fn picture(w: u32, h: u32, seed: u32) -> Frame {
    let mut x = seed | 1;
    let mut next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 8) as f32 / (1 << 24) as f32
    };
    Frame::from_samples(w, h, (0..w * h * 3).map(|_| next()).collect()).unwrap()
}

fn placed(crop: [f64; 4], width: u32, height: u32) -> Placement {
    let [x, y, w, h] = crop;
    Placement { crop: Crop { x, y, width: w, height: h }, width, height, pixel_aspect: 1.0 }
}

/// The textbook form of each filter.
fn value(f: Filter, x: f64) -> f64 {
    let x = x.abs();
    let sinc = |x: f64| if x < 1e-12 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
    match f {
        Filter::Lanczos3 if x < 3.0 => sinc(x) * sinc(x / 3.0),
        Filter::CatmullRom if x < 1.0 => 1.5 * x.powi(3) - 2.5 * x.powi(2) + 1.0,
        Filter::CatmullRom if x < 2.0 => -0.5 * x.powi(3) + 2.5 * x.powi(2) - 4.0 * x + 2.0,
        Filter::Mitchell if x < 1.0 => (21.0 * x.powi(3) - 36.0 * x.powi(2) + 16.0) / 18.0,
        Filter::Mitchell if x < 2.0 => (-7.0 * x.powi(3) + 36.0 * x.powi(2) - 60.0 * x + 32.0) / 18.0,
        Filter::Bilinear if x < 1.0 => 1.0 - x,
        _ => 0.0,
    }
}

/// Weights of every source position from far outside to far outside, for one new pixel.
fn weights(f: Filter, middle: f64, step: f64, size: i64) -> Vec<(usize, f64)> {
    let stretch = step.max(1.0);
    let mut out = Vec::new();
    for j in -3 * size - 40..4 * size + 40 {
        let w = value(f, (j as f64 + 0.5 - middle) / stretch);
        if w != 0.0 {
            out.push((j.clamp(0, size - 1) as usize, w));
        }
    }
    let total: f64 = out.iter().map(|p| p.1).sum();
    out.iter().map(|(j, w)| (*j, w / total)).collect()
}

fn reference(src: &Frame, p: &Placement, f: Filter) -> Vec<f64> {
    let step = (p.crop.width / f64::from(p.width), p.crop.height / f64::from(p.height));
    let mut out = Vec::new();
    for y in 0..p.height {
        let rows = weights(f, p.crop.y + (f64::from(y) + 0.5) * step.1, step.1, i64::from(src.height()));
        for x in 0..p.width {
            let columns = weights(f, p.crop.x + (f64::from(x) + 0.5) * step.0, step.0, i64::from(src.width()));
            for c in 0..3 {
                let mut sum = 0.0;
                for (j, wj) in &rows {
                    for (i, wi) in &columns {
                        sum += wj * wi * f64::from(src.data()[(j * src.width() as usize + i) * 3 + c]);
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn as_the_double_precision_sum(
        f in prop::sample::select(vec![Filter::Lanczos3, Filter::CatmullRom, Filter::Mitchell, Filter::Bilinear]),
        (w, h) in (1u32..24, 1u32..24), (ow, oh) in (1u32..16, 1u32..16),
        x in -3f64..6.0, y in -3f64..6.0, cw in 0.5f64..24.0, ch in 0.5f64..24.0, seed: u32,
    ) {
        let src = picture(w, h, seed);
        let p = placed([x, y, cw, ch], ow, oh);
        let whole = [f64::from(w), f64::from(h)];
        prop_assume!(x >= -whole[0] && y >= -whole[1] && x + cw <= whole[0] * 2.0 && y + ch <= whole[1] * 2.0);
        let got = resample(&src, &p, f, u64::MAX).unwrap();
        for (a, b) in got.data().iter().zip(reference(&src, &p, f)) {
            prop_assert!((f64::from(*a) - b).abs() < 2e-6, "{} {}", a, b);
        }
    }

    #[test]
    fn a_flat_picture_stays_flat(
        f in prop::sample::select(ALL.to_vec()), level in -4f32..60_000.0, (ow, oh) in (1u32..40, 1u32..40),
        x in 0f64..3.0, cw in 0.5f64..20.0,
    ) {
        let src = Frame::from_samples(23, 17, vec![level; 23 * 17 * 3]).unwrap();
        let got = resample(&src, &placed([x, x, cw, 13.5], ow, oh), f, u64::MAX).unwrap();
        for s in got.data() {
            prop_assert!((s - level).abs() <= level.abs() * 4.0 * f32::EPSILON, "{} {}", s, level);
        }
    }

    #[test]
    fn without_a_change_of_size_it_is_a_copy(f in prop::sample::select(ALL.to_vec()), x in 0u32..9, y in 0u32..7, seed: u32) {
        let mut src = picture(9, 7, seed);
        src.data_mut()[0] = -0.0;
        src.data_mut()[40] = f32::NAN;
        src.data_mut()[60] = f32::INFINITY;
        let (w, h) = (9 - x, 7 - y);
        let p = placed([f64::from(x), f64::from(y), f64::from(w), f64::from(h)], w, h);
        let got = resample(&src, &p, f, u64::MAX).unwrap();
        for (n, row) in (y..).zip(got.rows()) {
            let want = &src.row(n)[x as usize * 3..];
            prop_assert!(row.iter().map(|s| s.to_bits()).eq(want.iter().map(|s| s.to_bits())));
        }
    }
}

#[test]
fn box_is_the_mean_of_what_lies_under_a_pixel() {
    let src = Frame::from_samples(3, 1, vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 4.0, 4.0, 4.0]).unwrap();
    let got = resample(&src, &placed([0.0, 0.0, 3.0, 1.0], 2, 1), Filter::Box, 1000).unwrap();
    for (x, want) in [(0, 1.0 / 3.0), (1, 3.0)] {
        assert!((got.pixel(x, 0).unwrap()[0] - want).abs() < 1e-6, "{x}");
    }
}

#[test]
fn any_number_of_threads_makes_the_same_bits() {
    let src = picture(301, 203, 7);
    let p = placed([0.3, 1.7, 297.1, 199.9], 120, 77);
    let with = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| resample(&src, &p, Filter::Lanczos3, u64::MAX).unwrap())
    };
    let one = with(1);
    assert!([2, 3, 7].into_iter().all(|n| with(n) == one));
}

#[test]
fn limits_and_nonsense() {
    let src = picture(4, 4, 1);
    let code = |p: Placement, most| resample(&src, &p, Filter::Lanczos3, most).unwrap_err().code.into_owned();
    assert_eq!(code(placed([0.0, 0.0, 4.0, 4.0], 1000, 1000), 1000), "LIMIT-MEMORY");
    assert_eq!(code(placed([0.0, 0.0, 4.0, 4.0], 0, 5), 1000), "LIMIT-MEMORY");
    for crop in [[0.0, 0.0, 0.0, 4.0], [f64::NAN, 0.0, 4.0, 4.0], [0.0, 0.0, f64::INFINITY, 4.0], [0.0, 9.0, 4.0, 4.0]]
    {
        assert_eq!(code(placed(crop, 2, 2), 1000), "REQUEST-INVALID");
    }
}
