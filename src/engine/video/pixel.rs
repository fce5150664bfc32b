//! Raw pictures in a decoder's own layout become R'G'B'.

use super::colour::Coding;
use crate::engine::image::Frame;
use crate::model::Error;

/// How the samples lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One plane.
    Grey,
    /// Y', Cb, Cr; the colour planes have one sample for this many columns and rows.
    Yuv { columns: u32, rows: u32 },
    /// Green, blue, red.
    Gbr,
    /// Red, green, blue beside each other.
    Packed,
}

/// One of the layouts that are read; little endian above 8 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PixelFormat {
    /// ffmpeg's name.
    pub name: String,
    pub layout: Layout,
    /// Bits of a stored sample, 8 to 16.
    pub bits: u32,
    /// Low bits of each stored sample that belong to no code: the decoder puts shallower codes on top of 16 bits.
    pub unused: u32,
    /// A further plane at the end, which is not used.
    pub alpha: bool,
    /// The name itself says full range.
    pub full: bool,
}

impl PixelFormat {
    /// The layout to ask the decoder for: its own if it is read, else the one that holds it without loss.
    pub(super) fn for_native(native: &str) -> Result<Self, Error> {
        let other = || match native {
            "uyvy422" | "yuyv422" | "yvyu422" | "nv16" => Some("yuv422p"),
            "uyyvyy411" => Some("yuv411p"),
            "nv12" | "nv21" => Some("yuv420p"),
            "nv24" | "nv42" => Some("yuv444p"),
            "p010le" => Some("yuv420p10le"),
            "p210le" => Some("yuv422p10le"),
            "pal8" | "argb" | "rgba" | "abgr" | "bgra" | "0rgb" | "rgb0" | "0bgr" | "bgr0" | "bgr24" | "rgb555le"
            | "rgb555be" | "rgb565le" | "rgb565be" => Some("rgb24"),
            "rgb48be" | "bgr48le" | "bgr48be" | "rgba64le" | "rgba64be" | "bgra64le" | "bgra64be" => Some("rgb48le"),
            "ya8" | "monow" | "monob" => Some("gray"),
            "ya16le" | "ya16be" => Some("gray16le"),
            _ => None,
        };
        let swapped = || native.strip_suffix("be").and_then(|n| Self::parse(&format!("{n}le")));
        Self::parse(native)
            .or_else(swapped)
            .or_else(|| other().and_then(Self::parse))
            .ok_or_else(|| Error::unsupported(format!("pictures of the pixel format {native} are not decoded")))
    }

    fn parse(name: &str) -> Option<Self> {
        let make = |layout, rest: &str, alpha, full| {
            let bits = match rest {
                "" => 8,
                "9le" => 9,
                "10le" => 10,
                "12le" => 12,
                "14le" => 14,
                "16le" => 16,
                _ => return None,
            };
            Some(Self { name: name.to_owned(), layout, bits, unused: 0, alpha, full })
        };
        match name {
            "rgb24" => return make(Layout::Packed, "", false, true),
            "rgb48le" => return make(Layout::Packed, "16le", false, true),
            _ => {}
        }
        if let Some(rest) = name.strip_prefix("gray") {
            return make(Layout::Grey, rest, false, false);
        }
        if let Some(rest) = name.strip_prefix("gbrp") {
            return make(Layout::Gbr, rest, false, true);
        }
        if let Some(rest) = name.strip_prefix("gbrap") {
            return make(Layout::Gbr, rest, true, true);
        }
        let (kind, rest) = name.strip_prefix("yuv")?.split_once('p')?;
        let (full, alpha) = (kind.starts_with('j'), kind.starts_with('a'));
        let (columns, rows) = match kind.trim_start_matches(['j', 'a']) {
            "420" => (2, 2),
            "422" => (2, 1),
            "444" => (1, 1),
            "440" => (1, 2),
            "411" => (4, 1),
            "410" => (4, 4),
            _ => return None,
        };
        make(Layout::Yuv { columns, rows }, rest, alpha, full)
    }

    /// The same where codes have only `bits` bits, which the JPEG 2000 decoder stores in the high ones of 16.
    pub(super) fn with_codes_of(mut self, bits: Option<u32>) -> Self {
        let high = self.layout == Layout::Packed || self.layout == Layout::Grey;
        if let Some(n) = bits.filter(|n| high && self.bits == 16 && (8..16).contains(n)) {
            self.unused = 16 - n;
        }
        self
    }

    /// Bits of a code, 8 to 16.
    pub(super) fn code_bits(&self) -> u32 {
        self.bits.saturating_sub(self.unused)
    }

    fn sample_bytes(&self) -> u64 {
        if self.bits > 8 { 2 } else { 1 }
    }

    /// Width and height of each plane, in samples.
    fn planes(&self, width: u32, height: u32) -> Vec<(u32, u32)> {
        let whole = (width, height);
        let mut planes = match self.layout {
            Layout::Grey => vec![whole],
            Layout::Gbr => vec![whole; 3],
            Layout::Packed => vec![(width.saturating_mul(3), height)],
            Layout::Yuv { columns, rows } => {
                let less = (width.div_ceil(columns), height.div_ceil(rows));
                vec![whole, less, less]
            }
        };
        planes.extend(self.alpha.then_some(whole));
        planes
    }

    /// Bytes of a raw picture.
    pub(super) fn frame_bytes(&self, width: u32, height: u32) -> u64 {
        let bytes = |(w, h): (u32, u32)| u64::from(w).saturating_mul(h.into()).saturating_mul(self.sample_bytes());
        self.planes(width, height).into_iter().map(bytes).fold(0, u64::saturating_add)
    }
}

/// Where the colour samples of a group lie, in luma samples from its first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Siting {
    pub across: f32,
    pub down: f32,
    /// The rows belong to two fields, and so do the colour rows.
    pub fields: bool,
}

/// Two samples and the weight of the second.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tap(usize, usize, f32);

/// For each of `n` samples the two of `coarse` around it, when one lies at `offset` in each group of `group`.
fn taps(n: u32, group: u32, offset: f32, coarse: u32) -> Vec<Tap> {
    let last = coarse.saturating_sub(1);
    let tap = |i: u32| {
        let at = ((i as f32 - offset) / group as f32).clamp(0.0, last as f32);
        let a = at.floor();
        let first = a as u32;
        Tap(index(first), index(first.saturating_add(1).min(last)), at - a)
    };
    (0..n).map(tap).collect()
}

/// The same for rows of two fields that are woven into each other. Within a field a colour row lies a quarter of a frame
/// row's way up (top field) or down (bottom field) from where it lies in a whole picture; H.262 figure 6-2.
fn field_taps(n: u32, group: u32, offset: f32, coarse: u32) -> Vec<Tap> {
    let half = |parity: u32, shift: f32| {
        let rows = |all: u32| all.saturating_add(1).saturating_sub(parity) / 2;
        let offset = if offset == 0.0 { 0.0 } else { offset + shift };
        let woven = move |i: usize| i.saturating_mul(2).saturating_add(index(parity));
        taps(rows(n), group, offset, rows(coarse).max(1)).into_iter().map(move |t| Tap(woven(t.0), woven(t.1), t.2))
    };
    let (mut top, mut bottom) = (half(0, -0.25), half(1, 0.25));
    (0..n).filter_map(|y| if y % 2 == 0 { top.next() } else { bottom.next() }).collect()
}

fn index(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn blend(row: &[f32], tap: Tap) -> f32 {
    let at = |i: usize| row.get(i).copied().unwrap_or_default();
    let (a, b) = (at(tap.0), at(tap.1));
    a + (b - a) * tap.2
}

/// One plane of a raw picture.
#[derive(Clone, Copy)]
struct Plane<'a> {
    bytes: &'a [u8],
    /// Bytes of a row.
    stride: usize,
    wide: bool,
    /// Of a stored 16-bit sample to a code.
    scale: f32,
}

impl Plane<'_> {
    /// The samples of row `y` into `out`.
    fn row(&self, y: usize, out: &mut Vec<f32>) {
        let start = y.saturating_mul(self.stride);
        let bytes = self.bytes.get(start..start.saturating_add(self.stride)).unwrap_or_default();
        out.clear();
        if self.wide {
            let (pairs, _) = bytes.as_chunks::<2>();
            out.extend(pairs.iter().map(|p| f32::from(u16::from_le_bytes(*p)) * self.scale));
        } else {
            out.extend(bytes.iter().map(|b| f32::from(*b)));
        }
    }
}

/// Turns raw pictures of one layout and size into frames.
#[derive(Debug)]
pub(super) struct Converter {
    pub format: PixelFormat,
    width: u32,
    height: u32,
    coding: Coding,
    columns: Vec<Tap>,
    rows: Vec<Tap>,
}

impl Converter {
    /// `width` and `height` are those of a picture that has passed [`Frame::new`].
    pub(super) fn new(format: PixelFormat, width: u32, height: u32, coding: Coding, siting: Siting) -> Self {
        let (columns, rows) = match format.layout {
            Layout::Yuv { columns, rows } => {
                let down = if siting.fields && rows > 1 { field_taps } else { taps };
                (
                    taps(width, columns, siting.across, width.div_ceil(columns)),
                    down(height, rows, siting.down, height.div_ceil(rows)),
                )
            }
            _ => (Vec::new(), Vec::new()),
        };
        Self { format, width, height, coding, columns, rows }
    }

    /// One raw picture of [`PixelFormat::frame_bytes`] bytes as code values from 0 to 1, unclamped.
    pub(super) fn frame(&self, raw: &[u8], most_bytes: u64) -> Result<Frame, Error> {
        let mut frame = Frame::new(self.width, self.height, most_bytes)?;
        let mut rest = raw;
        let mut planes = Vec::new();
        let scale = 1.0 / (1u32 << self.format.unused.min(8)) as f32;
        for (w, h) in self.format.planes(self.width, self.height) {
            let stride = index(w).saturating_mul(if self.format.bits > 8 { 2 } else { 1 });
            let (bytes, after) = rest
                .split_at_checked(stride.saturating_mul(index(h)))
                .ok_or_else(|| Error::truncated("a decoded picture has too few bytes"))?;
            rest = after;
            planes.push(Plane { bytes, stride, wide: self.format.bits > 8, scale });
        }
        match (self.format.layout, planes.as_slice()) {
            (Layout::Grey, [y, ..]) => self.grey(&mut frame, *y),
            (Layout::Packed, [rgb, ..]) => self.packed(&mut frame, *rgb),
            (Layout::Gbr, [g, b, r, ..]) => self.planar(&mut frame, [*r, *g, *b]),
            (Layout::Yuv { .. }, [y, cb, cr, ..]) => self.yuv(&mut frame, *y, [*cb, *cr]),
            _ => return Err(Error::truncated("a decoded picture has too few planes")),
        }
        Ok(frame)
    }

    fn grey(&self, frame: &mut Frame, y: Plane<'_>) {
        let mut row = Vec::new();
        for (n, out) in frame.rows_mut().enumerate() {
            y.row(n, &mut row);
            for (pixel, code) in out.as_chunks_mut::<3>().0.iter_mut().zip(&row) {
                *pixel = [self.coding.grey(*code); 3];
            }
        }
    }

    fn packed(&self, frame: &mut Frame, rgb: Plane<'_>) {
        let mut row = Vec::new();
        for (n, out) in frame.rows_mut().enumerate() {
            rgb.row(n, &mut row);
            out.iter_mut().zip(&row).for_each(|(o, code)| *o = self.coding.grey(*code));
        }
    }

    fn planar(&self, frame: &mut Frame, planes: [Plane<'_>; 3]) {
        let mut row = Vec::new();
        for (n, out) in frame.rows_mut().enumerate() {
            for (channel, plane) in planes.iter().enumerate() {
                plane.row(n, &mut row);
                out.iter_mut().skip(channel).step_by(3).zip(&row).for_each(|(o, code)| *o = self.coding.grey(*code));
            }
        }
    }

    fn yuv(&self, frame: &mut Frame, luma: Plane<'_>, colour: [Plane<'_>; 2]) {
        let (mut y, mut a, mut b) = (Vec::new(), Vec::new(), Vec::new());
        let mut mixed = [Vec::new(), Vec::new()];
        for ((n, out), down) in frame.rows_mut().enumerate().zip(&self.rows) {
            luma.row(n, &mut y);
            for (plane, mix) in colour.iter().zip(&mut mixed) {
                plane.row(down.0, &mut a);
                plane.row(down.1, &mut b);
                mix.clear();
                mix.extend(a.iter().zip(&b).map(|(p, q)| p + (q - p) * down.2));
            }
            let [cb, cr] = &mixed;
            for ((pixel, code), across) in out.as_chunks_mut::<3>().0.iter_mut().zip(&y).zip(&self.columns) {
                *pixel = self.coding.rgb(*code, blend(cb, *across), blend(cr, *across));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::colour::{Matrix, Range};
    use super::*;

    const LEFT: Siting = Siting { across: 0.0, down: 0.5, fields: false };

    fn positions(taps: &[Tap]) -> Vec<f32> {
        taps.iter().map(|t| t.0 as f32 * (1.0 - t.2) + t.1 as f32 * t.2).collect()
    }

    #[test]
    fn names_and_sizes() {
        let f = |n: &str| PixelFormat::for_native(n).unwrap();
        for (name, asked, bytes) in [
            ("yuv420p", "yuv420p", 5 * 3 + 2 * 3 * 2),
            ("yuvj422p", "yuvj422p", 15 + 2 * 3 * 3),
            ("yuv422p10le", "yuv422p10le", (15 + 18) * 2),
            ("yuva444p12le", "yuva444p12le", 15 * 4 * 2),
            ("yuv411p", "yuv411p", 15 + 2 * 2 * 3),
            ("gbrp16le", "gbrp16le", 90),
            ("gray", "gray", 15),
            ("rgb48be", "rgb48le", 90),
            ("yuv422p10be", "yuv422p10le", 66),
            ("argb", "rgb24", 45),
        ] {
            assert_eq!((f(name).name.as_str(), f(name).frame_bytes(5, 3)), (asked, bytes), "{name}");
        }
        for bad in ["", "yuv", "yuvp", "xyz12le", "yuv420p11le", "bayer_rggb8", "yuv999p", "grayf32le"] {
            assert_eq!(PixelFormat::for_native(bad).unwrap_err().code, "FORMAT-UNSUPPORTED", "{bad}");
        }
    }

    #[test]
    fn colour_samples_lie_where_the_standards_put_them() {
        assert_eq!(positions(&taps(5, 2, 0.0, 3)), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(positions(&taps(6, 2, 0.5, 3)), [0.0, 0.25, 0.75, 1.25, 1.75, 2.0]);
        // Rows 0, 2, 4 … are the top field: its colour rows are 0, 2, …, a quarter of a field row below its lines.
        let woven = field_taps(8, 2, 0.5, 4);
        assert_eq!(positions(&woven), [0.0, 1.0, 0.75, 1.25, 1.75, 2.25, 2.0, 3.0]);
        assert!(field_taps(1, 2, 0.5, 1).len() == 1 && field_taps(3, 2, 0.5, 2).len() == 3);
    }

    #[test]
    fn a_ramp_of_colour_stays_one() {
        let format = PixelFormat::for_native("yuv422p10le").unwrap();
        let coding = Coding::new(Matrix::Bt709, Range::Video, 10);
        let codes = [500u16; 8].into_iter().chain([512, 532, 552, 572]).chain([512; 4]);
        let raw: Vec<u8> = codes.flat_map(u16::to_le_bytes).collect();
        let frame = Converter::new(format, 8, 1, coding, LEFT).frame(&raw, 1 << 20).unwrap();
        for (x, p) in frame.data().as_chunks::<3>().0.iter().take(7).enumerate() {
            let want = (500.0 - 64.0) / 876.0 + 1.8556 * (x as f32 * 10.0) / 896.0;
            assert!((p[2] - want).abs() < 1e-5, "{x}: {p:?} {want}");
        }
    }

    #[test]
    fn planes_and_packing() {
        let coding = Coding::new(Matrix::Bt709, Range::Full, 8);
        let of = |name: &str, raw: &[u8]| {
            let f = PixelFormat::for_native(name).unwrap();
            Converter::new(f, 2, 1, coding, LEFT).frame(raw, 1 << 20).map(|f| f.data().to_vec())
        };
        assert_eq!(of("rgb24", &[255, 0, 255, 0, 255, 0]).unwrap(), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(of("gbrp", &[0, 255, 255, 0, 255, 0]).unwrap(), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(of("gray", &[255, 0]).unwrap(), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        for end in 0..6 {
            assert_eq!(of("rgb24", &[7; 6][..end]).unwrap_err().code, "FILE-TRUNCATED");
        }
    }

    #[test]
    fn codes_of_fewer_bits_than_are_stored() {
        let raw: Vec<u8> =
            [4095u16 << 4, 0, 2048 << 4, 256 << 4, 3760 << 4, 0].iter().flat_map(|c| c.to_le_bytes()).collect();
        let rgb = |range: Range| {
            let f = PixelFormat::for_native("rgb48le").unwrap().with_codes_of(Some(12));
            assert_eq!(f.code_bits(), 12);
            let coding = Coding::new(Matrix::Bt709, range, f.code_bits());
            Converter::new(f, 2, 1, coding, LEFT).frame(&raw, 1 << 20).unwrap().data().to_vec()
        };
        let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let full = rgb(Range::Full);
        near(full[0], 1.0);
        near(full[2], 2048.0 / 4095.0);
        let video = rgb(Range::Video);
        near(video[3], 0.0);
        near(video[4], 1.0);
        near(video[1], -256.0 / 3504.0);
        let f = PixelFormat::for_native("yuv422p10le").unwrap().with_codes_of(Some(9));
        assert_eq!(f.code_bits(), 10, "planar pictures are stored as they are");
    }
}
