//! Small honest media for the demo and for tests, written by this project's own writers.

use super::wav_sample;
use crate::engine::container::bytes::Endian;
use crate::engine::container::dpx::layout as at;
use crate::engine::container::dpx::{DpxHeader, pack_rgb10};
use crate::engine::container::riff::{Bext, WaveFmt, write_wave};
use crate::model::{Rational, Timecode};

/// Linear values of the six colour patches below the ramp: greys and saturated colours around 18 % grey.
const PATCHES: [[f64; 3]; 6] = [
    [0.18, 0.18, 0.18],
    [0.40, 0.06, 0.05],
    [0.08, 0.30, 0.07],
    [0.06, 0.08, 0.35],
    [0.60, 0.50, 0.06],
    [0.90, 0.90, 0.90],
];

/// Linear scene light (0.18 = mid grey) as a 10-bit code value of ARRI LogC3 at EI 800, by the curve that
/// ARRI published ("ALEXA Log C Curve", 2012).
#[must_use]
pub fn logc3_code(x: f64) -> u16 {
    const CUT: f64 = 0.010591;
    let (a, b, c, d, e, f) = (5.555556, 0.052272, 0.247190, 0.385537, 5.367655, 0.092809);
    let y: f64 = if x > CUT { c * (a * x + b).log10() + d } else { e * x + f };
    (y.clamp(0.0, 1.0) * 1023.0).round() as u16
}

/// The name that [`dpx_frame`] writes in the header: `REEL.NNNNNNN.dpx`, numbered by frames since midnight.
#[must_use]
pub fn dpx_name(index: u32, start: Timecode, reel: &str) -> String {
    format!("{reel}.{:07}.dpx", start.plus(i64::from(index)).frames())
}

/// Frame `index` (from 0) of a test picture: a grey ramp of ±6 stops around mid grey, six colour patches,
/// and a bar that moves eight pixels a frame, as big-endian 10-bit RGB with header timecode, rate and reel.
/// `start` is the label of frame 0, counted at `rate`.
/// Big pictures take memory: `width × height × 10` bytes.
#[must_use]
pub fn dpx_frame(index: u32, width: u32, height: u32, rate: Rational, start: Timecode, reel: &str) -> Vec<u8> {
    dpx_frame_as(Endian::Big, index, (width, height), rate, start, reel)
}

/// As [`dpx_frame`], in the byte order asked for.
#[must_use]
pub fn dpx_frame_as(
    endian: Endian,
    index: u32,
    (width, height): (u32, u32),
    rate: Rational,
    start: Timecode,
    reel: &str,
) -> Vec<u8> {
    let (width, height) = (width.max(1), height.max(1));
    let pixels = picture(index, width, height);
    let data = pack_rgb10(&pixels, endian);
    let mut out = dpx_header(endian, index, (width, height), rate, start, reel).bytes().to_vec();
    out.extend_from_slice(&data);
    out
}

fn picture(index: u32, width: u32, height: u32) -> Vec<[u16; 3]> {
    let ramp: Vec<u16> = (0..width)
        .map(|x| logc3_code(0.18 * 2f64.powf(12.0 * f64::from(x) / f64::from(width.max(2) - 1) - 6.0)))
        .collect();
    let patches = PATCHES.map(|p| p.map(logc3_code));
    let white = [logc3_code(0.9); 3];
    let bar = index.wrapping_mul(8) % width;
    let mut out = Vec::new();
    for y in 0..height {
        for (x, grey) in (0..width).zip(&ramp) {
            let patch = u64::from(x) * 6 / u64::from(width);
            let patch = usize::try_from(patch).ok().and_then(|n| patches.get(n));
            let moving = x >= bar && x - bar < 4;
            out.push(match patch {
                _ if moving => white,
                Some(p) if y >= height / 2 => *p,
                _ => [*grey; 3],
            });
        }
    }
    out
}

fn dpx_header(
    endian: Endian,
    index: u32,
    (width, height): (u32, u32),
    rate: Rational,
    start: Timecode,
    reel: &str,
) -> DpxHeader {
    let mut h = DpxHeader::new(endian);
    let size = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(4).saturating_add(2048);
    let numbers = [
        (at::IMAGE_OFFSET, 2048),
        (at::FILE_SIZE, u32::try_from(size).unwrap_or(u32::MAX)),
        (at::DITTO_KEY, 1),
        (at::GENERIC_SIZE, 1664),
        (at::INDUSTRY_SIZE, 384),
        (at::USER_SIZE, 0),
        (at::ORIENTATION, 0),
        (at::ELEMENTS, 1),
        (at::WIDTH, width),
        (at::HEIGHT, height),
        (at::DATA_SIGN, 0),
        (at::REF_LOW, 0),
        (at::REF_HIGH, 1023),
        (at::DESCRIPTOR, 50),
        (at::TRANSFER, 3),
        (at::COLORIMETRIC, 0),
        (at::BIT_DEPTH, 10),
        (at::PACKING, 1),
        (at::ENCODING, 0),
        (at::DATA_OFFSET, 2048),
        (at::LINE_PADDING, 0),
        (at::IMAGE_PADDING, 0),
        (at::ASPECT_H, 1),
        (at::ASPECT_V, 1),
        (at::FRAME_POSITION, index),
        (at::TIMECODE, bcd(start.plus(i64::from(index)))),
        (at::INTERLACE, 0),
    ];
    for (f, n) in numbers {
        h.set_number(&f, n);
    }
    let rate = rate.as_f64() as f32;
    h.set_real(&at::FILM_RATE, rate);
    h.set_real(&at::TV_RATE, rate);
    h.set_real(&at::SHUTTER_ANGLE, 180.0);
    h.set_text(&at::VERSION, "V2.0");
    h.set_text(&at::FILE_NAME, &dpx_name(index, start, reel));
    h.set_text(&at::CREATOR, concat!("rushes ", env!("CARGO_PKG_VERSION")));
    h.set_text(&at::DESCRIPTION, "test picture, LogC3 EI800");
    h.set_text(&at::INPUT_DEVICE, reel);
    h
}

/// The SMPTE ST 12-1 digits HHMMSSFF, with the drop-frame bit where 30000/1001 counts so.
fn bcd(t: Timecode) -> u32 {
    let (h, m, s, f) = t.parts();
    let digits = |n: u32| ((n / 10 % 10) << 4) | (n % 10);
    let drop = if t.is_drop() && t.rate().nominal() == 30 { 0x40 } else { 0 };
    digits(h) << 24 | digits(m) << 16 | digits(s) << 8 | digits(f) | drop
}

/// A mono 24-bit 48 kHz Broadcast Wave file: a 2-pop (one frame of 1 kHz at -20 dBFS at the start), then a
/// quiet 440 Hz tone at -40 dBFS, with bext and iXML (scene, take, tape, timecode rate, one track "Boom").
/// `start` is the label of the first sample, counted at `rate`.
/// At most 10 minutes.
#[must_use]
pub fn bwf(seconds: u32, rate: Rational, start: Timecode, scene: &str, take: &str, tape: &str) -> Vec<u8> {
    const RATE: u32 = 48_000;
    let count = seconds.min(600) * RATE;
    let frame = samples_at(1, rate, RATE);
    let mut data = Vec::new();
    for n in 0..count {
        let (hz, gain) = if u64::from(n) < frame { (1000.0, 0.1) } else { (440.0, 0.01) };
        let phase = f64::from(n) * hz * std::f64::consts::TAU / f64::from(RATE);
        let [a, b, c, _] = ((phase.sin() * gain * 8_388_607.0).round() as i32).to_le_bytes();
        data.extend_from_slice(&[a, b, c]);
    }
    let first = samples_at(start.frames(), rate, RATE);
    let bext = Bext {
        description: Some(format!("sSCENE={scene}\r\nsTAKE={take}\r\nsTAPE={tape}\r\n")),
        originator: Some("rushes".into()),
        date: Some("2026-01-01".into()),
        time: Some(clock(first / u64::from(RATE))),
        time_reference: first,
        version: 1,
        coding_history: Some("A=PCM,F=48000,W=24,M=mono\r\n".into()),
        ..Bext::default()
    };
    let ixml = wav_sample::ixml((scene, take, tape), (rate, start.is_drop()), first, RATE);
    let fmt = WaveFmt::pcm(1, RATE, 24).to_bytes();
    write_wave(&[(*b"bext", &bext.to_bytes()), (*b"iXML", ixml.as_bytes()), (*b"fmt ", &fmt), (*b"data", &data)])
}

/// Samples from midnight to the start of frame `frames`, rounded up, so that the sample lies in that frame.
fn samples_at(frames: u32, rate: Rational, sample_rate: u32) -> u64 {
    let n = u64::from(frames) * u64::from(rate.den());
    (u128::from(n) * u128::from(sample_rate)).div_ceil(u128::from(rate.num())).try_into().unwrap_or(u64::MAX)
}

fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logc3_known_points() {
        // ARRI: 0 → 95, mid grey 18 % → 400, 90 % → 575 of 1023 (within rounding).
        assert_eq!(logc3_code(0.0), 95);
        assert_eq!(logc3_code(0.18), 400);
        assert!((570..=580).contains(&logc3_code(0.9)));
        assert_eq!(logc3_code(-1.0), 0);
        assert_eq!(logc3_code(1e9), 1023);
    }

    #[test]
    fn the_bar_moves_and_the_rest_stays() {
        let (a, b) = (picture(0, 64, 8), picture(1, 64, 8));
        assert_eq!(a.iter().zip(&b).filter(|(x, y)| x != y).count(), 2 * 4 * 8, "two bars of 4x8 pixels");
    }
}
