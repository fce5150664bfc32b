//! PNG (W3C, third edition): true colour of 8 or 16 bits, not interlaced.

use super::codes::{bytes8, code};
use super::{DisplaySpace, icc};
use crate::engine::image::{Counts, Frame};
use crate::model::{Error, ErrorKind};
use png::{BitDepth, ColorType, Encoder, Info, ScaledFloat, SourceChromaticities, SrgbRenderingIntent};
use serde::{Deserialize, Serialize};

/// Bits of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PngDepth {
    /// 8 bits.
    #[serde(rename = "8")]
    Eight,
    /// 16 bits.
    #[serde(rename = "16")]
    Sixteen,
}

impl PngDepth {
    /// 8 or 16.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

/// The file of `frame`, whose samples are R'G'B' for a display from 0 to 1, and how many of them were beyond that.
///
/// sRGB is written as an sRGB chunk with gAMA and cHRM beside it; a power of 2.4 as an ICC profile with gAMA and cHRM beside
/// it, because cICP has no code for it. `text` holds keyword and value of tEXt chunks.
///
/// # Errors
/// `REQUEST-INVALID` when a keyword has not 1 to 79 characters of ISO 8859-1, or a value has others; `INTERNAL` when the
/// encoder fails.
pub fn png(
    frame: &Frame,
    space: DisplaySpace,
    depth: PngDepth,
    text: &[(&str, &str)],
) -> Result<(Vec<u8>, Counts), Error> {
    let mut info = Info::with_size(frame.width(), frame.height());
    info.color_type = ColorType::Rgb;
    match space {
        DisplaySpace::Srgb => {
            info.srgb = Some(SrgbRenderingIntent::Perceptual);
            info.source_gamma = Some(ScaledFloat::from_scaled(45_455));
        }
        DisplaySpace::Rec709Gamma24 => {
            info.icc_profile = Some(icc::rec709(2.4).into());
            info.source_gamma = Some(ScaledFloat::from_scaled(41_667));
        }
    }
    let pair = |x: u32, y: u32| (ScaledFloat::from_scaled(x), ScaledFloat::from_scaled(y));
    info.source_chromaticities = Some(SourceChromaticities {
        white: pair(31_270, 32_900),
        red: pair(64_000, 33_000),
        green: pair(30_000, 60_000),
        blue: pair(15_000, 6_000),
    });
    let mut counts = Counts::default();
    let pixels = match depth {
        PngDepth::Eight => {
            info.bit_depth = BitDepth::Eight;
            bytes8(frame.data(), &mut counts)
        }
        PngDepth::Sixteen => {
            info.bit_depth = BitDepth::Sixteen;
            frame.data().iter().flat_map(|s| code(*s, u16::MAX, &mut counts).to_be_bytes()).collect()
        }
    };
    let mut out = Vec::new();
    let mut encoder = Encoder::with_info(&mut out, info).map_err(|e| failed(&e))?;
    for (keyword, value) in text {
        if !(1..=79).contains(&keyword.chars().count()) || !latin1(keyword) || !latin1(value) {
            let what = format!("`{keyword}` and its value cannot be text of a PNG");
            return Err(Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", what));
        }
        encoder.add_text_chunk((*keyword).to_owned(), (*value).to_owned()).map_err(|e| failed(&e))?;
    }
    let mut writer = encoder.write_header().map_err(|e| failed(&e))?;
    writer.write_image_data(&pixels).map_err(|e| failed(&e))?;
    writer.finish().map_err(|e| failed(&e))?;
    Ok((out, counts))
}

fn latin1(text: &str) -> bool {
    text.chars().all(|c| u8::try_from(c).is_ok() && c != '\0')
}

fn failed(e: &png::EncodingError) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", format!("a PNG could not be encoded: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Name and contents of each chunk.
    fn chunks(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
        let mut out = Vec::new();
        let mut at = 8;
        while at < file.len() {
            let len = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
            let name = String::from_utf8(file[at + 4..at + 8].to_vec()).unwrap();
            out.push((name, file[at + 8..at + 8 + len].to_vec()));
            at += len + 12;
        }
        out
    }

    fn ramp() -> Frame {
        let n = 7 * 3 * 3;
        Frame::from_samples(7, 3, (0..n).map(|k| k as f32 / (n - 1) as f32).collect()).unwrap()
    }

    #[test]
    fn chunks_say_the_space() {
        let text = [("Source", "A001C001"), ("Comment", "frame 7")];
        let (b, _) = png(&ramp(), DisplaySpace::Srgb, PngDepth::Eight, &text).unwrap();
        let names: Vec<String> = chunks(&b).into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["IHDR", "sRGB", "gAMA", "cHRM", "tEXt", "tEXt", "IDAT", "IEND"]);
        let c = chunks(&b);
        assert_eq!(c[0].1, [0, 0, 0, 7, 0, 0, 0, 3, 8, 2, 0, 0, 0]);
        assert_eq!((c[1].1.as_slice(), c[2].1.as_slice()), (&[0][..], &45_455u32.to_be_bytes()[..]));
        assert_eq!(c[4].1, b"Source\0A001C001");
        assert_eq!(png(&ramp(), DisplaySpace::Srgb, PngDepth::Eight, &text).unwrap().0, b);
        let (b, _) = png(&ramp(), DisplaySpace::Rec709Gamma24, PngDepth::Sixteen, &[]).unwrap();
        let c = chunks(&b);
        let names: Vec<&str> = c.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["IHDR", "gAMA", "cHRM", "iCCP", "IDAT", "IEND"]);
        assert_eq!(c[1].1, 41_667u32.to_be_bytes());
        let reader = png::Decoder::new(Cursor::new(&b)).read_info().unwrap();
        assert_eq!(reader.info().icc_profile.as_deref(), Some(&icc::rec709(2.4)[..]));
    }

    #[test]
    fn samples_come_back_to_the_nearest_code() {
        for (depth, top) in [(PngDepth::Eight, 255.0f64), (PngDepth::Sixteen, 65_535.0)] {
            let (b, counts) = png(&ramp(), DisplaySpace::Srgb, depth, &[]).unwrap();
            assert_eq!(counts, Counts::default());
            let mut reader = png::Decoder::new(Cursor::new(&b)).read_info().unwrap();
            let mut px = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut px).unwrap();
            let codes: Vec<f64> = match depth {
                PngDepth::Eight => px.iter().map(|b| f64::from(*b)).collect(),
                PngDepth::Sixteen => px.chunks(2).map(|b| f64::from(u16::from_be_bytes([b[0], b[1]]))).collect(),
            };
            assert_eq!(codes.len(), ramp().data().len());
            for (c, s) in codes.iter().zip(ramp().data()) {
                assert!((c - f64::from(*s) * top).abs() <= 0.5);
            }
        }
    }

    #[test]
    fn text_that_does_not_fit_is_refused() {
        for (k, v) in [("", "x"), ("Source", "日本"), (&"k".repeat(80)[..], "x"), ("a\0b", "x")] {
            let e = png(&ramp(), DisplaySpace::Srgb, PngDepth::Eight, &[(k, v)]).unwrap_err();
            assert_eq!(e.code, "REQUEST-INVALID");
        }
    }
}
