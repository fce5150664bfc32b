//! Blocks of the full-size picture: where they belong, and their samples through the `exr` crate's codecs.

use super::tables;
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::exr::{Blocks, Compression, SampleKind};
use crate::model::{Error, ErrorKind, Limits};
use exr::compression::Compression as Codec;
use exr::math::{RoundingMode, Vec2};
use exr::meta::BlockDescription;
use exr::meta::attribute::{
    ChannelDescription, IntegerBounds, LevelMode, LineOrder, SampleType, Text, TileDescription,
};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A rectangle of pixels, columns and rows counted from the corner of the data window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    /// Column and row of the tile, 0 and the line for scan lines.
    tile: (u32, u32),
}

/// The blocks of the full-size level in the order of the table of offsets.
pub(super) fn areas(blocks: &Blocks) -> impl Iterator<Item = Area> {
    let (w, h) = (blocks.data.width(), blocks.data.height());
    let (step_x, step_y) = blocks.tiles.map_or((w, blocks.compression.lines()), |t| (t.width, t.height));
    let (columns, rows) = (w.div_ceil(step_x), h.div_ceil(step_y));
    (0..rows).flat_map(move |y| {
        (0..columns).map(move |x| {
            let (left, top) = (x.saturating_mul(step_x), y.saturating_mul(step_y));
            Area {
                left,
                top,
                width: step_x.min(w.saturating_sub(left)),
                height: step_y.min(h.saturating_sub(top)),
                tile: (x, y),
            }
        })
    })
}

/// How many blocks the full-size level has.
pub(super) fn count(blocks: &Blocks) -> u64 {
    let (w, h) = (u64::from(blocks.data.width()), u64::from(blocks.data.height()));
    match blocks.tiles {
        None => h.div_ceil(u64::from(blocks.compression.lines())),
        Some(t) => w.div_ceil(u64::from(t.width)).saturating_mul(h.div_ceil(u64::from(t.height))),
    }
}

/// Bytes of a pixel, all channels.
pub(super) fn pixel_bytes(blocks: &Blocks) -> u64 {
    blocks.channels.iter().fold(0u64, |n, c| n.saturating_add(u64::try_from(c.kind.bytes()).unwrap_or(4)))
}

/// Reads and decompresses single blocks.
pub(super) struct BlockReader<'a> {
    file: &'a File,
    size: u64,
    blocks: &'a Blocks,
    multipart: bool,
    codec: Codec,
    header: exr::meta::header::Header,
    pixel: u64,
}

impl<'a> BlockReader<'a> {
    /// For a flat part without sub-sampled channels.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for a name or a compression that the codecs do not take.
    pub fn new(file: &'a File, size: u64, blocks: &'a Blocks, multipart: bool) -> Result<Self, Error> {
        let codec = match blocks.compression {
            Compression::None => Codec::Uncompressed,
            Compression::Rle => Codec::RLE,
            Compression::Zips => Codec::ZIP1,
            Compression::Zip => Codec::ZIP16,
            Compression::Piz => Codec::PIZ,
            Compression::Pxr24 => Codec::PXR24,
            Compression::B44 => Codec::B44,
            Compression::B44a => Codec::B44A,
            Compression::Dwaa => Codec::DWAA(None),
            Compression::Dwab => Codec::DWAB(None),
            other @ (Compression::Htj2k256 | Compression::Htj2k32) => {
                return Err(Error::unsupported(format!("{} compression is not decoded", other.name())));
            }
        };
        let header = codec_header(blocks, codec)?;
        Ok(Self { file, size, blocks, multipart, codec, header, pixel: pixel_bytes(blocks) })
    }

    /// Bytes of a block's samples.
    pub fn raw_bytes(&self, area: Area) -> u64 {
        u64::from(area.width).saturating_mul(u64::from(area.height)).saturating_mul(self.pixel)
    }

    /// The samples of one block in the machine's byte order: for each row, each channel's row.
    ///
    /// # Errors
    /// Malformed or Io, with the offset.
    pub fn samples(&self, at: u64, area: Area) -> Result<Vec<u8>, Error> {
        let raw = self.raw_bytes(area);
        let stored = self.stored(at, area, raw)?;
        if matches!(self.blocks.compression, Compression::Dwaa | Compression::Dwab)
            && u64::try_from(stored.len()).ok() != Some(raw)
        {
            self.check_dwa(&stored, area).map_err(|e| e.offset(at))?;
        }
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let section = IntegerBounds::new((0, 0), (size(area.width), size(area.height)));
        // the codecs index and assert: what they do not expect of hostile bytes must end here, not the program
        let done = catch_unwind(AssertUnwindSafe(|| {
            self.codec.decompress_image_section_from_le(&self.header, stored, section, false)
        }));
        let bad = |why: String| {
            let name = self.blocks.compression.name();
            Error::malformed(format!("a block compressed with {name} cannot be decoded: {why}")).offset(at)
        };
        match done {
            Ok(Ok(bytes)) if u64::try_from(bytes.len()).ok() == Some(raw) => Ok(bytes),
            Ok(Ok(bytes)) => Err(bad(format!("it has {} bytes, not {raw}", bytes.len()))),
            Ok(Err(exr::error::Error::NotSupported(what))) => Err(Error::unsupported(what).offset(at)),
            Ok(Err(e)) => Err(bad(e.to_string())),
            Err(_) => Err(bad("it breaks the rules of its compression".into())),
        }
    }

    /// The block's stored bytes, after its place was compared with the one it must have.
    fn stored(&self, at: u64, area: Area, raw: u64) -> Result<Vec<u8>, Error> {
        let most = raw.saturating_mul(2).saturating_add(1 << 16);
        let limits = Limits { header_bytes: most.saturating_add(64), ..Limits::default() };
        let mut b = Bytes::file(self.file, self.size, &limits);
        b.seek(at);
        let mut word = || -> Result<i32, Error> { Ok(i32::from_le_bytes(b.array()?)) };
        let part = if self.multipart { word()? } else { 0 };
        let place = if self.blocks.tiles.is_some() {
            let found = [word()?, word()?, word()?, word()?].map(|n| u32::try_from(n).ok());
            found == [Some(area.tile.0), Some(area.tile.1), Some(0), Some(0)]
        } else {
            i64::from(word()?) == i64::from(self.blocks.data.top).saturating_add(i64::from(area.top))
        };
        if part != 0 || !place {
            return Err(Error::malformed("a block is not the one that the table of blocks says").offset(at));
        }
        let n = b.u32(Endian::Little)?;
        if u64::from(n) > most {
            let what = format!("a block of {n} bytes is longer than its {raw} bytes of samples can become");
            return Err(Error::malformed(what).offset(at));
        }
        b.take(u64::from(n))
    }

    /// A DWA block says itself how much memory it needs; no more than its samples can need is believed.
    fn check_dwa(&self, stored: &[u8], area: Area) -> Result<(), Error> {
        let (words, _) = stored.as_chunks::<8>();
        let side = |n: u32| u64::from(n).next_multiple_of(8);
        let padded = side(area.width).saturating_mul(side(area.height)).saturating_mul(self.pixel);
        let most = padded.saturating_mul(2).saturating_add(4096);
        let counters = words.iter().take(11).map(|w| u64::from_le_bytes(*w));
        if counters.skip(1).any(|n| n > most) {
            return Err(Error::malformed("a DWA block claims more samples than it can have"));
        }
        Ok(())
    }
}

fn codec_header(blocks: &Blocks, codec: Codec) -> Result<exr::meta::header::Header, Error> {
    let channels = blocks.channels.iter().map(|c| {
        let kind = match c.kind {
            SampleKind::Uint => SampleType::U32,
            SampleKind::Half => SampleType::F16,
            SampleKind::Float => SampleType::F32,
        };
        let name = Text::new_or_none(&c.name);
        let name = name.ok_or_else(|| Error::unsupported(format!("a channel is called `{}`", c.name)))?;
        Ok(ChannelDescription::new(name, kind, c.linear))
    });
    let side = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let size = (side(blocks.data.width()), side(blocks.data.height()));
    let description = match blocks.tiles {
        None => BlockDescription::ScanLines,
        Some(t) => BlockDescription::Tiles(TileDescription {
            tile_size: Vec2(side(t.width), side(t.height)),
            level_mode: LevelMode::Singular,
            rounding_mode: RoundingMode::Down,
        }),
    };
    let header = exr::meta::header::Header::new(Text::default(), size, channels.collect::<Result<_, Error>>()?);
    Ok(header.with_encoding(codec, description, LineOrder::Increasing))
}

/// The offsets of the full-size level's blocks.
///
/// # Errors
/// `FILE-TRUNCATED` or `LIMIT-SIZE`.
pub(super) fn offsets(b: &mut Bytes<'_>, at: u64, blocks: &Blocks) -> Result<Vec<u64>, Error> {
    let list = tables::offsets(b, at, count(blocks))?;
    if list.contains(&0) {
        return Err(Error::new(ErrorKind::Malformed, "FILE-TRUNCATED", "some blocks were never written").offset(at));
    }
    Ok(list)
}
