//! JPEG (ISO/IEC 10918-1) in JFIF: baseline, 8 bits, Y'CbCr 4:4:4.

use super::codes::bytes8;
use super::{DisplaySpace, icc};
use crate::engine::image::{Counts, Frame};
use crate::model::{Error, ErrorKind};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// The file of `frame`, whose samples are R'G'B' for a display from 0 to 1, and how many of them were beyond that.
///
/// `quality` goes from 1 to 100 (values outside go to the nearer end). sRGB is what JFIF is taken for and is not written;
/// another space is written as an ICC profile. `comment` becomes a comment segment, cut to 65,533 bytes; empty for none.
///
/// # Errors
/// `LIMIT-SIZE` when a side is above 65,535 pixels; `INTERNAL` when the encoder fails.
pub fn jpeg(frame: &Frame, space: DisplaySpace, quality: u8, comment: &str) -> Result<(Vec<u8>, Counts), Error> {
    let side = |n: u32| u16::try_from(n).map_err(|_| Error::limit(format!("a JPEG has at most 65535 pixels, not {n}")));
    let (width, height) = (side(frame.width())?, side(frame.height())?);
    let mut counts = Counts::default();
    let pixels = bytes8(frame.data(), &mut counts);
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality.clamp(1, 100));
    encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
    if space == DisplaySpace::Rec709Gamma24 {
        encoder.add_icc_profile(&icc::rec709(2.4)).map_err(|e| failed(&e))?;
    }
    encoder.encode(&pixels, width, height, ColorType::Rgb).map_err(|e| failed(&e))?;
    Ok((with_comment(out, comment)?, counts))
}

fn failed(e: &jpeg_encoder::EncodingError) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", format!("a JPEG could not be encoded: {e}"))
}

/// Start of image and the JFIF segment: the comment lies behind them.
const JFIF_END: usize = 20;

fn with_comment(file: Vec<u8>, comment: &str) -> Result<Vec<u8>, Error> {
    let text = comment.as_bytes();
    let text = text.get(..text.len().min(65_533)).unwrap_or_default();
    if text.is_empty() {
        return Ok(file);
    }
    let no_start = || Error::new(ErrorKind::Io, "INTERNAL", "the encoder wrote no JFIF header");
    let (start, rest) = file.split_at_checked(JFIF_END).ok_or_else(no_start)?;
    let length = u16::try_from(text.len().saturating_add(2)).unwrap_or(u16::MAX);
    Ok([start, &[0xff, 0xfe], &length.to_be_bytes(), text, rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey() -> Frame {
        Frame::from_samples(9, 5, vec![0.5; 135]).unwrap()
    }

    /// Marker and contents of each segment before the pixels.
    fn segments(file: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut out = Vec::new();
        let mut at = 2;
        while out.last().is_none_or(|(m, _)| *m != 0xda) {
            assert_eq!(file[at], 0xff);
            let len = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
            out.push((file[at + 1], file[at + 4..at + 2 + len].to_vec()));
            at += 2 + len;
        }
        out
    }

    #[test]
    fn segments_as_asked() {
        let (b, counts) = jpeg(&grey(), DisplaySpace::Srgb, 90, "A001C001 frame 7").unwrap();
        assert_eq!(counts, Counts::default());
        let s = segments(&b);
        assert_eq!((s[0].0, &s[0].1[..5]), (0xe0, &b"JFIF\0"[..]));
        assert_eq!((s[1].0, &s[1].1[..]), (0xfe, &b"A001C001 frame 7"[..]));
        let sof = s.iter().find(|(m, _)| *m == 0xc0).expect("baseline");
        assert_eq!(sof.1[..6], [8, 0, 5, 0, 9, 3], "8 bits, 5 lines, 9 pixels, 3 components");
        assert_eq!([sof.1[7], sof.1[10], sof.1[13]], [0x11; 3], "4:4:4");
        assert!(s.iter().all(|(m, _)| *m != 0xe2), "sRGB has no profile");
        assert_eq!(jpeg(&grey(), DisplaySpace::Srgb, 90, "A001C001 frame 7").unwrap().0, b);
        let (b, _) = jpeg(&grey(), DisplaySpace::Rec709Gamma24, 50, "").unwrap();
        let s = segments(&b);
        let profile = s.iter().find(|(m, _)| *m == 0xe2).expect("a profile");
        assert_eq!(profile.1, [&b"ICC_PROFILE\0\x01\x01"[..], &icc::rec709(2.4)].concat());
        assert!(s.iter().all(|(m, _)| *m != 0xfe));
    }

    #[test]
    fn what_is_beyond_is_counted_and_a_long_side_refused() {
        let frame = Frame::from_samples(1, 1, vec![f32::NAN, 7.0, -1.0]).unwrap();
        let (_, counts) = jpeg(&frame, DisplaySpace::Srgb, 0, "").unwrap();
        assert_eq!((counts.nan, counts.overflow), (1, 2));
        let wide = Frame::new(65_536, 1, u64::MAX).unwrap();
        assert_eq!(jpeg(&wide, DisplaySpace::Srgb, 90, "").unwrap_err().code, "LIMIT-SIZE");
        let (long, _) = jpeg(&grey(), DisplaySpace::Srgb, 90, &"x".repeat(70_000)).unwrap();
        assert_eq!(segments(&long)[1].1.len(), 65_533);
    }
}
