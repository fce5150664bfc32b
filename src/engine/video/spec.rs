//! What a movie is to be: codec, size, rate, colour tags.

use super::colour::Matrix;
use crate::model::{Error, Rational};
use serde::{Deserialize, Serialize};

/// How the pictures of a movie are coded. The container is always QuickTime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum VideoCodec {
    /// H.264 (ITU-T H.264, High profile), 8 bits, 4:2:0, a closed group of pictures each second, no reordering.
    #[serde(rename = "h264")]
    H264 {
        /// x264's constant rate factor, 1 (large) to 51 (small). 0 would be lossless, which High profile does not have.
        crf: u8,
    },
    /// Apple ProRes 422 (SMPTE RDD 36), 10 bits, 4:2:2, every frame by itself.
    #[serde(rename = "prores")]
    ProRes {
        /// How many bits it takes.
        profile: ProResProfile,
    },
}

/// The kinds of ProRes 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProResProfile {
    /// 422 Proxy, `apco`.
    Proxy,
    /// 422 LT, `apcs`.
    Lt,
    /// 422, `apcn`.
    Standard,
    /// 422 HQ, `apch`.
    Hq,
}

/// Colour primaries, ITU-T H.273 table 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Primaries {
    /// BT.709, sRGB: 1.
    Bt709,
    /// BT.601 with 625 lines: 5.
    Bt601Lines625,
    /// BT.601 with 525 lines, SMPTE 170M: 6.
    Bt601Lines525,
    /// BT.2020, BT.2100: 9.
    Bt2020,
    /// SMPTE RP 431-2, DCI P3: 11.
    P3Dci,
    /// SMPTE EG 432-1, P3 with the white D65: 12.
    P3D65,
}

/// Transfer characteristics, ITU-T H.273 table 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// BT.709: 1.
    Bt709,
    /// Gamma 2.2: 4.
    Gamma22,
    /// Gamma 2.8: 5.
    Gamma28,
    /// Linear light: 8.
    Linear,
    /// IEC 61966-2-1, sRGB: 13.
    Srgb,
    /// SMPTE ST 2084, PQ: 16.
    Pq,
    /// SMPTE ST 428-1, gamma 2.6 of DCI: 17.
    Gamma26,
    /// ARIB STD-B67, HLG: 18.
    Hlg,
}

/// What the file says about its colour; the range is always video range. Absent is written as 2, unspecified. The frame
/// header of ProRes knows only some of them (SMPTE RDD 36, 6.1.1) and says 2 for the others once the movie is joined; the
/// container holds all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoTags {
    /// Primaries.
    pub primaries: Option<Primaries>,
    /// Transfer characteristics.
    pub transfer: Option<Transfer>,
    /// The matrix that [`super::raw_picture`] uses.
    pub matrix: Matrix,
}

impl VideoTags {
    /// Primaries, transfer and matrix of BT.709: 1-1-1.
    #[must_use]
    pub fn bt709() -> Self {
        Self { primaries: Some(Primaries::Bt709), transfer: Some(Transfer::Bt709), matrix: Matrix::Bt709 }
    }

    /// ffmpeg's names of primaries, transfer and matrix.
    fn names(self) -> [&'static str; 3] {
        let primaries = match self.primaries {
            None => "unknown",
            Some(Primaries::Bt709) => "bt709",
            Some(Primaries::Bt601Lines625) => "bt470bg",
            Some(Primaries::Bt601Lines525) => "smpte170m",
            Some(Primaries::Bt2020) => "bt2020",
            Some(Primaries::P3Dci) => "smpte431",
            Some(Primaries::P3D65) => "smpte432",
        };
        let transfer = match self.transfer {
            None => "unknown",
            Some(Transfer::Bt709) => "bt709",
            Some(Transfer::Gamma22) => "bt470m",
            Some(Transfer::Gamma28) => "bt470bg",
            Some(Transfer::Linear) => "linear",
            Some(Transfer::Srgb) => "iec61966-2-1",
            Some(Transfer::Pq) => "smpte2084",
            Some(Transfer::Gamma26) => "smpte428",
            Some(Transfer::Hlg) => "arib-std-b67",
        };
        let matrix = match self.matrix {
            Matrix::Bt601 => "smpte170m",
            Matrix::Bt709 => "bt709",
            Matrix::Bt2020 => "bt2020nc",
            Matrix::Smpte240 => "smpte240m",
        };
        [primaries, transfer, matrix]
    }
}

/// A movie's picture track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoSpec {
    /// How pictures are coded.
    pub codec: VideoCodec,
    /// Pixels of a row, even, at most 16,384.
    pub width: u32,
    /// Rows, even for H.264, at most 16,384.
    pub height: u32,
    /// Frames in a second. Each lasts exactly `den` units of 1/`num` seconds in the file.
    pub rate: Rational,
    /// Width of a pixel by its height; 1 = square. Written to the nearest fraction with numbers up to 1,000.
    pub pixel_aspect: f64,
    /// Colour tags.
    pub tags: VideoTags,
}

/// Frame threads of x264. Its result depends on them, so they do not depend on the machine.
pub const H264_THREADS: u16 = 4;
/// Largest side; x264's own limit.
const MOST_SIDE: u32 = 16_384;

impl VideoSpec {
    /// Whether such a movie can be made.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for an odd width, for an odd height in H.264, for a size, rate, pixel aspect or rate factor
    /// out of range.
    pub fn check(&self) -> Result<(), Error> {
        let (w, h) = (self.width, self.height);
        let no = |what: String| Err(Error::unsupported(what));
        let sides = [w, h].iter().all(|s| (1..=MOST_SIDE).contains(s));
        if !sides {
            return no(format!("a movie of {w}x{h} pixels cannot be made; each side has 1 to {MOST_SIDE}"));
        }
        if !w.is_multiple_of(2) {
            return no(format!("a movie of {w}x{h} pixels cannot be made; two columns share one colour sample"));
        }
        match self.codec {
            VideoCodec::H264 { .. } if !h.is_multiple_of(2) => {
                return no(format!("a movie of {w}x{h} pixels cannot be made; two rows share one colour sample"));
            }
            VideoCodec::H264 { crf } if !(1..=51).contains(&crf) => {
                return no(format!("the rate factor {crf} does not exist in H.264 High profile; 1 to 51 do"));
            }
            _ => {}
        }
        if !(1..=1000).contains(&self.rate.nominal()) || self.rate.num() > 1 << 24 {
            return no(format!("a movie of {} frames per second cannot be made", self.rate));
        }
        if !(0.1..=10.0).contains(&self.pixel_aspect) {
            return no(format!("a movie with the pixel aspect {} cannot be made", self.pixel_aspect));
        }
        Ok(())
    }

    /// Bytes of one picture that [`super::raw_picture`] makes.
    #[must_use]
    pub fn raw_bytes(&self) -> u64 {
        let pixels = u64::from(self.width).saturating_mul(self.height.into());
        match self.codec {
            VideoCodec::H264 { .. } => pixels.saturating_add(pixels / 2),
            VideoCodec::ProRes { .. } => pixels.saturating_mul(4),
        }
    }

    /// ffmpeg's name of the decoder.
    pub(super) fn decoder(&self) -> &'static str {
        match self.codec {
            VideoCodec::H264 { .. } => "h264",
            VideoCodec::ProRes { .. } => "prores",
        }
    }

    /// The filter that makes unspecified in the frame headers what ProRes has no number for. It comes last: ffmpeg
    /// believes the headers more than the container when it reads.
    pub(super) fn header_filter(&self) -> Option<&'static str> {
        let known = matches!(self.tags.transfer, None | Some(Transfer::Bt709 | Transfer::Pq | Transfer::Hlg));
        match (self.codec, known, self.tags.matrix == Matrix::Smpte240) {
            (VideoCodec::H264 { .. }, ..) | (_, true, false) => None,
            (_, false, false) => Some("prores_metadata=color_trc=2"),
            (_, true, true) => Some("prores_metadata=colorspace=2"),
            (_, false, true) => Some("prores_metadata=color_trc=2:colorspace=2"),
        }
    }

    /// How the raw pictures are given to ffmpeg.
    pub(super) fn input_args(&self) -> Vec<String> {
        let layout = match self.codec {
            VideoCodec::H264 { .. } => "yuv420p",
            VideoCodec::ProRes { .. } => "yuv422p10le",
        };
        let (size, rate) = (format!("{}x{}", self.width, self.height), self.rate.to_string());
        let args = ["-f", "rawvideo", "-pixel_format", layout, "-video_size", &size, "-framerate", &rate];
        args.map(str::to_owned).into()
    }

    /// The filter that puts the tags on, and the encoder with its settings. `threads` counts where the result does not
    /// depend on it.
    pub(super) fn encoder_args(&self, threads: u16) -> Vec<String> {
        let [primaries, transfer, matrix] = self.tags.names();
        let (num, den) = fraction(self.pixel_aspect);
        let filter = format!(
            "setparams=field_mode=prog:range=tv:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix},\
             setsar={num}/{den}"
        );
        let mut args = vec!["-vf".into(), filter];
        let mut add = |list: &[&str]| args.extend(list.iter().map(|a| (*a).to_owned()));
        match self.codec {
            VideoCodec::H264 { crf } => {
                let (gop, crf) = (self.rate.nominal().to_string(), crf.to_string());
                add(&["-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-crf", &crf, "-bf", "0"]);
                add(&["-g", &gop, "-keyint_min", &gop, "-sc_threshold", "0", "-flags:v", "+bitexact+cgop"]);
                add(&["-threads:v", &H264_THREADS.to_string()]);
            }
            VideoCodec::ProRes { profile } => {
                let profile = match profile {
                    ProResProfile::Proxy => "0",
                    ProResProfile::Lt => "1",
                    ProResProfile::Standard => "2",
                    ProResProfile::Hq => "3",
                };
                add(&["-c:v", "prores_ks", "-profile:v", profile, "-vendor", "apl0", "-flags:v", "+bitexact"]);
                add(&["-threads:v", &threads.max(1).to_string()]);
            }
        }
        args
    }
}

/// The nearest fraction with numbers of at most 1000; the simplest of them for what is one up to 1/10,000.
fn fraction(x: f64) -> (u32, u32) {
    let of = |den: u32| ((x * f64::from(den)).round(), den);
    let off = |(num, den): (f64, u32)| (num / f64::from(den) - x).abs();
    let mut best = (1.0, 1);
    for candidate in (1..=1000).map(of).filter(|(num, _)| (1.0..=1000.0).contains(num)) {
        if off(candidate) + 1e-9 < off(best) {
            best = candidate;
        }
        if off(best) <= 1e-4 {
            break;
        }
    }
    (best.0 as u32, best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(codec: VideoCodec, width: u32, height: u32) -> VideoSpec {
        let rate = Rational::new(24, 1).unwrap();
        VideoSpec { codec, width, height, rate, pixel_aspect: 1.0, tags: VideoTags::bt709() }
    }

    #[test]
    fn text_of_the_codecs() {
        let text = |c: VideoCodec| serde_json::to_string(&c).unwrap();
        assert_eq!(text(VideoCodec::H264 { crf: 18 }), r#"{"is":"h264","crf":18}"#);
        let prores = VideoCodec::ProRes { profile: ProResProfile::Hq };
        assert_eq!(text(prores), r#"{"is":"prores","profile":"hq"}"#);
        assert_eq!(serde_json::from_str::<VideoCodec>(&text(prores)).unwrap(), prores);
    }

    #[test]
    fn pixel_aspects() {
        for (x, want) in [
            (1.0, (1, 1)),
            (2.0, (2, 1)),
            (4.0 / 3.0, (4, 3)),
            (1.3333, (4, 3)),
            (1.8, (9, 5)),
            (1.65, (33, 20)),
            (0.5, (1, 2)),
            (0.9091, (10, 11)),
            (10.0, (10, 1)),
            (0.1, (1, 10)),
        ] {
            assert_eq!(fraction(x), want, "{x}");
        }
    }

    #[test]
    fn what_cannot_be_made() {
        let h264 = VideoCodec::H264 { crf: 18 };
        let prores = VideoCodec::ProRes { profile: ProResProfile::Lt };
        for (codec, w, h, good) in [
            (h264, 64, 64, true),
            (h264, 63, 64, false),
            (h264, 64, 63, false),
            (prores, 64, 63, true),
            (prores, 63, 64, false),
            (prores, 0, 64, false),
            (prores, 64, 16_386, false),
            (VideoCodec::H264 { crf: 0 }, 64, 64, false),
            (VideoCodec::H264 { crf: 52 }, 64, 64, false),
        ] {
            let got = spec(codec, w, h).check();
            assert_eq!(got.as_ref().err().map(|e| e.code.as_ref()), (!good).then_some("FORMAT-UNSUPPORTED"), "{got:?}");
        }
        for aspect in [0.0, -1.0, f64::NAN, f64::INFINITY, 11.0] {
            assert!(VideoSpec { pixel_aspect: aspect, ..spec(prores, 64, 64) }.check().is_err(), "{aspect}");
        }
        let rate = Rational::new(1, 1001).unwrap();
        assert!(VideoSpec { rate, ..spec(prores, 64, 64) }.check().is_err());
        assert_eq!((spec(h264, 64, 32).raw_bytes(), spec(prores, 64, 32).raw_bytes()), (3072, 8192));
    }
}
