//! R'G'B' becomes raw pictures in an encoder's layout.

use super::colour::Matrix;
use super::spec::{VideoCodec, VideoSpec};
use crate::engine::image::{Counts, Frame};
use crate::model::{Error, ErrorKind};

/// Samples beyond this are taken as this, so that two infinities do not cancel out; its code is clipped in any case.
const MOST: f32 = 1e4;

/// Makes one picture for [`super::VideoWriter::write`]: planes Y', Cb, Cr without padding, 4:2:0 of 8 bits for H.264, 4:2:2
/// of 10 bits (two bytes, little endian) for ProRes, video range, rounded to nearest.
///
/// `frame` holds non-linear R'G'B', black 0 and white 1. What lies beyond is kept as far as codes go: 1 to 254 at 8 bits,
/// 4 to 1019 at 10 (BT.709 item 4, BT.2020 table 5); [`Counts`] tells how many codes were clipped, and how many samples
/// were no number and taken as 0. Colour is filtered by 1-2-1 across and lies on the even columns; in 4:2:0 it is the mean
/// of two rows and lies between them (ITU-T H.264 figure E-1, type 0).
///
/// # Errors
/// `FORMAT-UNSUPPORTED` as [`VideoSpec::check`]; `INTERNAL` when the frame has another size than `spec`; `LIMIT-MEMORY`.
pub fn raw_picture(frame: &Frame, spec: &VideoSpec) -> Result<(Vec<u8>, Counts), Error> {
    spec.check()?;
    if (frame.width(), frame.height()) != (spec.width, spec.height) {
        let (w, h) = (frame.width(), frame.height());
        let what = format!("a frame of {w}x{h} pixels for a movie of {}x{}", spec.width, spec.height);
        return Err(Error::new(ErrorKind::Io, "INTERNAL", what));
    }
    let mut raw = Vec::new();
    let bytes = usize::try_from(spec.raw_bytes()).unwrap_or(usize::MAX);
    raw.try_reserve_exact(bytes)
        .map_err(|_| Error::new(ErrorKind::Limit, "LIMIT-MEMORY", "no memory for one raw picture"))?;
    raw.resize(bytes, 0);
    let mut counts = Counts::default();
    let matrix = Weights::new(spec.tags.matrix);
    match spec.codec {
        VideoCodec::H264 { .. } => planes::<1>(frame, &mut raw, 2, &Codes::new(8), &matrix, &mut counts),
        VideoCodec::ProRes { .. } => planes::<2>(frame, &mut raw, 1, &Codes::new(10), &matrix, &mut counts),
    }
    Ok((raw, counts))
}

/// Y' = r R' + g G' + b B', Cb = (B' − Y') cb, Cr = (R' − Y') cr.
struct Weights {
    r: f32,
    g: f32,
    b: f32,
    cb: f32,
    cr: f32,
}

impl Weights {
    fn new(matrix: Matrix) -> Self {
        let (kr, kb) = matrix.weights();
        let f = |x: f64| x as f32;
        Self { r: f(kr), g: f(1.0 - kr - kb), b: f(kb), cb: f(0.5 / (1.0 - kb)), cr: f(0.5 / (1.0 - kr)) }
    }
}

/// Numbers to codes of video range.
struct Codes {
    black: f32,
    luma: f32,
    middle: f32,
    chroma: f32,
    least: f32,
    most: f32,
}

impl Codes {
    fn new(bits: u32) -> Self {
        let unit = (1u32 << bits.saturating_sub(8)) as f32;
        Self {
            black: 16.0 * unit,
            luma: 219.0 * unit,
            middle: 128.0 * unit,
            chroma: 224.0 * unit,
            least: unit,
            most: 255.0 * unit - 1.0,
        }
    }

    /// The nearest code.
    fn code(&self, x: f32, counts: &mut u64) -> u16 {
        let x = (x + 0.5).floor();
        *counts = counts.saturating_add(u64::from(!(self.least..=self.most).contains(&x)));
        x.clamp(self.least, self.most) as u16
    }
}

/// One row of colour differences at full width, after each other.
#[derive(Default)]
struct Row {
    cb: Vec<f32>,
    cr: Vec<f32>,
}

/// Fills `raw` with samples of `N` bytes; `rows` rows share one row of colour.
fn planes<const N: usize>(frame: &Frame, raw: &mut [u8], rows: usize, codes: &Codes, m: &Weights, counts: &mut Counts) {
    let width = frame.stride() / Frame::CHANNELS;
    let height = frame.data().len().checked_div(frame.stride()).unwrap_or(0);
    let luma_bytes = width.saturating_mul(height).saturating_mul(N);
    let colour_bytes = (width / 2).saturating_mul(height / rows).saturating_mul(N);
    let (luma, rest) = raw.split_at_mut(luma_bytes.min(raw.len()));
    let (cb, cr) = rest.split_at_mut(colour_bytes.min(rest.len()));
    let row_bytes = (width / 2).saturating_mul(N).max(1);
    let mut out = cb.chunks_exact_mut(row_bytes).zip(cr.chunks_exact_mut(row_bytes));
    let mut luma = luma.chunks_exact_mut(width.saturating_mul(N).max(1));
    let (mut sum, mut row) = (Row::default(), Row::default());
    let pictures = frame.data().chunks(frame.stride().saturating_mul(rows).max(1));
    for group in pictures {
        for (n, pixels) in group.chunks_exact(frame.stride().max(1)).enumerate() {
            let Some(y) = luma.next() else { return };
            let into = if n == 0 { &mut sum } else { &mut row };
            one_row::<N>(pixels, y, into, codes, m, counts);
            if n > 0 {
                sum.cb.iter_mut().zip(&row.cb).for_each(|(a, b)| *a += b);
                sum.cr.iter_mut().zip(&row.cr).for_each(|(a, b)| *a += b);
            }
        }
        let Some((cb, cr)) = out.next() else { return };
        let scale = codes.chroma / (4.0 * rows as f32);
        decimate::<N>(&sum.cb, cb, scale, codes, counts);
        decimate::<N>(&sum.cr, cr, scale, codes, counts);
    }
}

/// Luma codes and full-width colour differences of one row.
fn one_row<const N: usize>(pixels: &[f32], y: &mut [u8], row: &mut Row, c: &Codes, m: &Weights, counts: &mut Counts) {
    row.cb.clear();
    row.cr.clear();
    let mut clipped = 0;
    for (pixel, out) in pixels.as_chunks::<3>().0.iter().zip(y.as_chunks_mut::<N>().0) {
        let sound = |x: f32| if x.is_nan() { 0.0 } else { x.clamp(-MOST, MOST) };
        let [r, g, b] = pixel.map(sound);
        if pixel.iter().any(|x| x.is_nan()) {
            let n = pixel.iter().map(|x| u64::from(x.is_nan())).sum();
            counts.nan = counts.nan.saturating_add(n);
        }
        let grey = m.r * r + m.g * g + m.b * b;
        put(out, c.code(c.black + c.luma * grey, &mut clipped));
        row.cb.push((b - grey) * m.cb);
        row.cr.push((r - grey) * m.cr);
    }
    counts.overflow = counts.overflow.saturating_add(clipped);
}

/// Each second sample of a row after 1-2-1, the edge sample repeated; `scale` undoes the weights.
fn decimate<const N: usize>(full: &[f32], out: &mut [u8], scale: f32, c: &Codes, counts: &mut Counts) {
    let mut before = full.first().copied().unwrap_or_default();
    let mut clipped = 0;
    for (pair, out) in full.as_chunks::<2>().0.iter().zip(out.as_chunks_mut::<N>().0) {
        let x = before + 2.0 * pair[0] + pair[1];
        put(out, c.code(c.middle + scale * x, &mut clipped));
        before = pair[1];
    }
    counts.overflow = counts.overflow.saturating_add(clipped);
}

fn put<const N: usize>(out: &mut [u8; N], code: u16) {
    out.iter_mut().zip(code.to_le_bytes()).for_each(|(o, b)| *o = b);
}

#[cfg(test)]
mod tests {
    use super::super::spec::{ProResProfile, VideoTags};
    use super::*;
    use crate::model::Rational;
    use proptest::prelude::*;

    fn spec(prores: bool, width: u32, height: u32, matrix: Matrix) -> VideoSpec {
        let codec = match prores {
            true => VideoCodec::ProRes { profile: ProResProfile::Hq },
            false => VideoCodec::H264 { crf: 18 },
        };
        let rate = Rational::new(24, 1).unwrap();
        VideoSpec { codec, width, height, rate, pixel_aspect: 1.0, tags: VideoTags { matrix, ..VideoTags::bt709() } }
    }

    fn picture(width: u32, height: u32, of: impl Fn(u32, u32) -> [f32; 3]) -> Frame {
        let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| of(x, y)).collect();
        Frame::from_samples(width, height, data).unwrap()
    }

    /// Codes of the planes Y', Cb, Cr.
    fn codes(frame: &Frame, spec: &VideoSpec) -> ([Vec<u16>; 3], Counts) {
        let (raw, counts) = raw_picture(frame, spec).unwrap();
        assert_eq!(raw.len() as u64, spec.raw_bytes());
        let wide = matches!(spec.codec, VideoCodec::ProRes { .. });
        let all: Vec<u16> = match wide {
            true => raw.as_chunks::<2>().0.iter().map(|c| u16::from_le_bytes(*c)).collect(),
            false => raw.iter().map(|c| u16::from(*c)).collect(),
        };
        let luma = (spec.width * spec.height) as usize;
        let colour = (all.len() - luma) / 2;
        ([all[..luma].to_vec(), all[luma..luma + colour].to_vec(), all[luma + colour..].to_vec()], counts)
    }

    fn flat(rgb: [f32; 3], prores: bool, matrix: Matrix) -> [u16; 3] {
        let (planes, counts) = codes(&picture(4, 4, |_, _| rgb), &spec(prores, 4, 4, matrix));
        assert_eq!(counts, Counts::default(), "{rgb:?}");
        planes.map(|p| {
            assert!(p.iter().all(|c| *c == p[0]), "{p:?}");
            p[0]
        })
    }

    #[test]
    fn the_codes_of_the_standards() {
        // SMPTE RP 219, 100 % bars, 10 bits in BT.709; the 8-bit codes follow from BT.709 item 3.4 and 3.5 by hand:
        // red Y' = 16 + 219 * 0.2126 = 62.56, Cb = 128 - 224 * 0.2126 / 1.8556 = 102.34, Cr = 128 + 112 = 240.
        for (rgb, ten, eight) in [
            ([0.0, 0.0, 0.0], [64, 512, 512], [16, 128, 128]),
            ([1.0, 1.0, 1.0], [940, 512, 512], [235, 128, 128]),
            ([1.0, 1.0, 0.0], [877, 64, 553], [219, 16, 138]),
            ([0.0, 1.0, 1.0], [754, 615, 64], [188, 154, 16]),
            ([0.0, 1.0, 0.0], [691, 167, 105], [173, 42, 26]),
            ([1.0, 0.0, 1.0], [313, 857, 919], [78, 214, 230]),
            ([1.0, 0.0, 0.0], [250, 409, 960], [63, 102, 240]),
            ([0.0, 0.0, 1.0], [127, 960, 471], [32, 240, 118]),
        ] {
            assert_eq!(flat(rgb, true, Matrix::Bt709), ten, "{rgb:?}");
            assert_eq!(flat(rgb, false, Matrix::Bt709), eight, "{rgb:?}");
        }
        // BT.601 bars of 75 %: red and blue, 8 bits.
        assert_eq!(flat([0.75, 0.0, 0.0], false, Matrix::Bt601), [65, 100, 212]);
        assert_eq!(flat([0.0, 0.0, 0.75], false, Matrix::Bt601), [35, 212, 114]);
        // BT.2020: red has Y' 0.2627, Cb = -0.2627 / 1.8814: 64 + 230.1, 512 - 125.1.
        assert_eq!(flat([1.0, 0.0, 0.0], true, Matrix::Bt2020), [294, 387, 960]);
    }

    #[test]
    fn codes_are_rounded_to_nearest_and_clipped_with_a_count() {
        let of = |v: f32| codes(&picture(2, 2, |_, _| [v; 3]), &spec(true, 2, 2, Matrix::Bt709));
        for (v, want) in [(0.49 / 876.0, 64), (0.51 / 876.0, 65), (-0.49 / 876.0, 64), (-0.51 / 876.0, 63)] {
            assert_eq!(of(v).0[0], [want; 4], "{v}");
        }
        // Headroom is kept: 109 % is code 1019, the last that BT.709 leaves to pictures.
        assert_eq!((of(955.0 / 876.0).0[0][0], of(955.0 / 876.0).1.overflow), (1019, 0));
        assert_eq!((of(-60.0 / 876.0).0[0][0], of(-60.0 / 876.0).1.overflow), (4, 0));
        assert_eq!((of(1.2).0[0][0], of(1.2).1.overflow), (1019, 4));
        assert_eq!((of(f32::NEG_INFINITY).0[0][0], of(f32::NEG_INFINITY).1.overflow), (4, 4));
        let eight = codes(&picture(2, 2, |_, _| [9.0, -9.0, 9.0]), &spec(false, 2, 2, Matrix::Bt709));
        assert_eq!((eight.0, eight.1.overflow), ([vec![1; 4], vec![254], vec![254]], 6));
    }

    #[test]
    fn what_is_no_number_is_black_and_counted() {
        let frame = picture(4, 4, |x, y| if (x, y) == (2, 1) { [f32::NAN; 3] } else { [0.0; 3] });
        for prores in [true, false] {
            let (planes, counts) = codes(&frame, &spec(prores, 4, 4, Matrix::Bt709));
            assert_eq!(counts, Counts { nan: 3, overflow: 0 });
            assert!(planes.iter().all(|p| p.iter().all(|c| *c == p[0])), "{planes:?}");
        }
        let infinite = picture(2, 1, |x, _| if x == 0 { [f32::INFINITY; 3] } else { [0.0, 0.0, f32::INFINITY] });
        let (planes, counts) = codes(&infinite, &spec(true, 2, 1, Matrix::Bt709));
        assert_eq!((planes[0][0], planes[1][0], counts.nan), (1019, 1019, 0));
    }

    #[test]
    fn one_column_of_colour_shows_where_the_samples_lie() {
        // Blue at one column, Cb 224 * 0.5 = 112 steps at 8 bits (448 at 10) on 128 (512).
        let at = |column: u32| picture(8, 4, move |x, _| if x == column { [0.0, 0.0, 1.0] } else { [0.0; 3] });
        let row = |column, prores: bool| {
            let (planes, _) = codes(&at(column), &spec(prores, 8, 4, Matrix::Bt709));
            planes[1][..4].to_vec()
        };
        assert_eq!(row(4, true), [512, 512, 512 + 224, 512]);
        assert_eq!(row(5, true), [512, 512, 512 + 112, 512 + 112]);
        assert_eq!(row(4, false), [128, 128, 184, 128]);
        assert_eq!(row(5, false), [128, 128, 156, 156]);
        // The edge sample is repeated: three quarters at column 0, one quarter from column 1.
        assert_eq!(row(0, true), [512 + 336, 512, 512, 512]);
        assert_eq!(row(1, true), [512 + 112, 512 + 112, 512, 512]);
        assert_eq!(row(7, true), [512, 512, 512, 512 + 112]);
        // One row: halved in 4:2:0 whichever of the two it is, whole in 4:2:2.
        for y in [2, 3] {
            let frame = picture(4, 4, move |_, row| if row == y { [0.0, 0.0, 1.0] } else { [0.0; 3] });
            assert_eq!(codes(&frame, &spec(false, 4, 4, Matrix::Bt709)).0[1], [128, 128, 184, 184]);
            let tall = codes(&frame, &spec(true, 4, 4, Matrix::Bt709)).0[1].clone();
            assert_eq!(tall.iter().map(|c| c - 512).sum::<u16>(), 2 * 448, "{tall:?}");
        }
    }

    #[test]
    fn a_ramp_of_colour_stays_one() {
        // Cb rises by 8 codes of 10 bits a column; on the even columns that is 16, at the left edge a quarter step more.
        let step = 8.0 / 896.0 * 1.8556;
        let grey = 0.5f32;
        let ramp = picture(16, 2, |x, _| {
            let blue = x as f32 * step;
            // Y' stays 0.5: what blue adds, green takes.
            [grey, grey - blue * (0.0722 / 0.7152), grey + blue]
        });
        let (planes, counts) = codes(&ramp, &spec(true, 16, 2, Matrix::Bt709));
        assert_eq!(counts, Counts::default());
        assert!(planes[0].iter().all(|c| *c == 502), "{:?}", planes[0]);
        for (n, cb) in planes[1][..8].iter().enumerate() {
            let want = 512 + 16 * n as u16 + if n == 0 { 2 } else { 0 };
            assert_eq!(*cb, want, "{:?}", planes[1]);
        }
    }

    #[test]
    fn sizes_that_do_not_fit() {
        let frame = picture(3, 2, |_, _| [0.0; 3]);
        assert_eq!(raw_picture(&frame, &spec(true, 3, 2, Matrix::Bt709)).unwrap_err().code, "FORMAT-UNSUPPORTED");
        assert_eq!(raw_picture(&frame, &spec(true, 4, 2, Matrix::Bt709)).unwrap_err().code, "INTERNAL");
        let odd = picture(2, 3, |_, _| [0.0; 3]);
        assert_eq!(raw_picture(&odd, &spec(false, 2, 3, Matrix::Bt709)).unwrap_err().code, "FORMAT-UNSUPPORTED");
        assert_eq!(codes(&odd, &spec(true, 2, 3, Matrix::Bt709)).0[0], [64; 6]);
    }

    proptest! {
        #[test]
        fn colours_come_back(r in 0.0f32..1.0, g in 0.0f32..1.0, b in 0.0f32..1.0, which in 0usize..4) {
            let matrix = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Smpte240][which];
            let [y, cb, cr] = flat([r, g, b], true, matrix).map(f64::from);
            // The inverse as BT.709 item 3.2 and 3.3 give it, in doubles.
            let (kr, kb) = matrix.weights();
            let grey = (y - 64.0) / 876.0;
            let blue = grey + (cb - 512.0) / 896.0 * 2.0 * (1.0 - kb);
            let red = grey + (cr - 512.0) / 896.0 * 2.0 * (1.0 - kr);
            let green = (grey - kr * red - kb * blue) / (1.0 - kr - kb);
            for (got, want) in [(red, r), (green, g), (blue, b)] {
                prop_assert!((got - f64::from(want)).abs() < 0.0021, "{:?} {got} {want}", [y, cb, cr]);
            }
        }

        #[test]
        fn any_samples_make_a_picture(data in proptest::collection::vec(proptest::num::f32::ANY, 24)) {
            let nan = data.iter().filter(|x| x.is_nan()).count() as u64;
            let frame = Frame::from_samples(4, 2, data).unwrap();
            for (prores, range) in [(true, 4..=1019), (false, 1..=254)] {
                let (planes, counts) = codes(&frame, &spec(prores, 4, 2, Matrix::Bt709));
                prop_assert_eq!(counts.nan, nan);
                prop_assert!(planes.iter().flatten().all(|c| range.contains(c)), "{:?}", planes);
            }
        }
    }
}
