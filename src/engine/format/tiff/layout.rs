//! How the samples lie in the file, checked before anything is made of it.

use super::tag;
use crate::engine::container::bytes::Bytes;
use crate::engine::container::ifd::Ifd;
use crate::model::{Error, Limits};

/// The first directory's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::format) struct Layout {
    pub width: u32,
    pub height: u32,
    /// Bits of each sample.
    pub bits: u32,
    /// Whether every sample has as many bits.
    pub even: bool,
    /// 1 unsigned, 2 signed, 3 floating point, 4 undefined.
    pub kind: u64,
    /// Samples of a pixel.
    pub samples: u32,
    /// 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr, …
    pub photometric: u64,
    pub compression: u64,
    /// Whether each sample has a plane of its own.
    pub planar: bool,
    /// Width and height of a tile or strip.
    pub chunk: (u32, u32),
    pub tiled: bool,
    /// Whether the places of tiles are in the fields for strips, as some writers have it.
    pub misplaced: bool,
}

const COMPRESSIONS: &[(u64, &str)] = &[
    (1, "none"),
    (2, "CCITT RLE"),
    (3, "CCITT Group 3"),
    (4, "CCITT Group 4"),
    (5, "LZW"),
    (6, "JPEG (old style)"),
    (7, "JPEG"),
    (8, "Deflate"),
    (32_767, "Sony ARW"),
    (32_773, "PackBits"),
    (32_946, "Deflate"),
    (34_676, "SGI LogLuv"),
    (34_677, "SGI LogLuv 24"),
    (34_712, "JPEG 2000"),
    (34_713, "Nikon NEF"),
    (34_887, "LERC"),
    (34_892, "Lossy JPEG"),
    (34_925, "LZMA"),
    (50_000, "Zstandard"),
    (50_001, "WebP"),
    (52_546, "JPEG XL"),
    (65_535, "Pentax PEF"),
];

/// Those that are decoded.
const DECODED: &[u64] = &[1, 5, 8, 32_773, 32_946];

impl Layout {
    /// # Errors
    /// `FILE-MALFORMED` when a size is missing or impossible, `FILE-TRUNCATED`.
    pub fn read(ifd: &Ifd, b: &mut Bytes<'_>) -> Result<Self, Error> {
        let mut side = |number: u16, name: &str| -> Result<u32, Error> {
            let n = ifd.number(b, number)?.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            n.ok_or_else(|| Error::malformed(format!("the TIFF directory gives no {name} of the picture")))
        };
        let (width, height) = (side(tag::WIDTH, "width")?, side(tag::HEIGHT, "height")?);
        let all = ifd.numbers(b, tag::BITS, 1 << 16)?;
        let bits = all.first().copied().unwrap_or(1);
        let bits = u32::try_from(bits).ok().filter(|n| (1..=128).contains(n));
        let bits = bits.ok_or_else(|| Error::malformed("a TIFF sample has 1 to 128 bits, this one says otherwise"))?;
        let samples = ifd.number(b, tag::SAMPLES)?.unwrap_or(1);
        let samples = u32::try_from(samples).ok().filter(|n| (1..=65_535).contains(n));
        let samples = samples.ok_or_else(|| Error::malformed("a TIFF pixel has 1 to 65535 samples"))?;
        let tiled = ifd.get(tag::TILE_WIDTH).is_some();
        let chunk = if tiled {
            let mut side = |number| -> Result<u32, Error> {
                let n = ifd.number(b, number)?.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
                n.ok_or_else(|| Error::malformed("the tiles of the TIFF picture have no size"))
            };
            (side(tag::TILE_WIDTH)?, side(tag::TILE_HEIGHT)?)
        } else {
            let rows = ifd.number(b, tag::STRIP_ROWS)?.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            (width, rows.unwrap_or(height).min(height))
        };
        let kinds = ifd.numbers(b, tag::SAMPLE_FORMAT, 1 << 16)?;
        let kind = kinds.first().copied().unwrap_or(1);
        let even = all.iter().all(|n| *n == u64::from(bits)) && kinds.iter().all(|k| *k == kind);
        Ok(Self {
            width,
            height,
            bits,
            even,
            kind,
            samples,
            photometric: ifd.number(b, tag::PHOTOMETRIC)?.unwrap_or(u64::MAX),
            compression: ifd.number(b, tag::COMPRESSION)?.unwrap_or(1),
            planar: ifd.number(b, tag::PLANAR)? == Some(2),
            chunk,
            tiled,
            misplaced: tiled && ifd.get(tag::TILE_OFFSETS).is_none(),
        })
    }

    /// What a pixel is.
    pub fn codec(&self) -> String {
        let extra = |base: u32| if self.samples > base { "A" } else { "" };
        match self.photometric {
            0 | 1 => format!("Gray{}", extra(1)),
            2 => format!("RGB{}", extra(3)),
            3 => "Palette".into(),
            4 => "Mask".into(),
            5 => "CMYK".into(),
            6 => "YCbCr".into(),
            8 | 9 => "CIE L*a*b*".into(),
            32_803 => "Colour filter array".into(),
            32_844 => "CIE LogL".into(),
            32_845 => "CIE LogLuv".into(),
            34_892 => "Linear raw".into(),
            u64::MAX => "Unknown".into(),
            other => format!("Photometric {other}"),
        }
    }

    pub fn compression_name(&self) -> String {
        let known = COMPRESSIONS.iter().find(|(code, _)| *code == self.compression);
        known.map_or_else(|| format!("Compression {}", self.compression), |(_, name)| (*name).into())
    }

    /// Channels that are seen: 1 or 3.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for a form that is not decoded, by name.
    pub fn decodable(&self) -> Result<u32, Error> {
        let refuse = |what: String| Err(Error::unsupported(format!("TIFF pictures {what} are not decoded")));
        let seen = match self.photometric {
            0 | 1 => 1,
            2 => 3,
            _ => return refuse(format!("of {} pixels", self.codec())),
        };
        if self.samples < seen || self.samples > 16 {
            return refuse(format!("with {} samples a pixel", self.samples));
        }
        if !self.even {
            return refuse("whose samples are of different kinds".into());
        }
        let name = match (self.bits, self.kind) {
            (8 | 16, 1) | (32, 3) => "",
            (_, 1 | 4) => "unsigned",
            (_, 2) => "signed",
            (_, 3) => "floating-point",
            _ => "other",
        };
        if !name.is_empty() {
            return refuse(format!("of {}-bit {name} samples", self.bits));
        }
        if self.kind == 3 && self.photometric == 0 {
            return refuse("of floating-point samples whose white is zero".into());
        }
        if self.misplaced {
            return refuse("whose tiles are listed as strips".into());
        }
        if !DECODED.contains(&self.compression) {
            return refuse(format!("compressed with {}", self.compression_name()));
        }
        Ok(seen)
    }

    /// Chunks across and down.
    pub fn grid(&self) -> (u32, u32) {
        (self.width.div_ceil(self.chunk.0), self.height.div_ceil(self.chunk.1))
    }

    /// Whether every strip or tile lies in the file.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`, or `LIMIT-SIZE` for tables beyond the budget.
    pub fn check_size(&self, ifd: &Ifd, b: &mut Bytes<'_>, limits: &Limits) -> Result<(), Error> {
        let tags = if self.tiled && !self.misplaced {
            (tag::TILE_OFFSETS, tag::TILE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_COUNTS)
        };
        let most = limits.header_bytes / 16;
        let offsets = ifd.numbers(b, tags.0, most)?;
        let counts = ifd.numbers(b, tags.1, most)?;
        if offsets.is_empty() {
            return Err(Error::malformed("the TIFF directory does not say where the picture lies"));
        }
        let end = |(o, n): (&u64, &u64)| o.saturating_add(*n);
        let last = offsets.iter().zip(&counts).map(end).chain(offsets.iter().copied()).max().unwrap_or(0);
        if last > b.size() {
            let what = format!("the picture goes on to byte {last} but the file has only {} bytes", b.size());
            return Err(Error::truncated(what).offset(b.size()).fix("copy the frame again from its source"));
        }
        Ok(())
    }
}
