//! The tile parts of a codestream, followed from marker to marker (ISO/IEC 15444-1, A.4.2).

use super::{COC, COD, Codestream, EOC, SOD, SOT};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::{Error, Limits};
use std::collections::BTreeMap;

/// Most tiles of a codestream: their number has 16 bits.
pub const MOST_TILES: u64 = 65_535;

/// What was met of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tile {
    /// Its tile parts.
    pub parts: u32,
    /// How many it says that it has, when it says so.
    pub announced: Option<u32>,
    /// Bytes of packets.
    pub bytes: u64,
}

/// The tile parts of a codestream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tiles {
    /// Where they should end, with the marker that ends the codestream; `None` when the markers are not where they should
    /// be.
    pub end: Option<u64>,
    /// The tiles by their number.
    pub met: BTreeMap<u16, Tile>,
    /// Where the length of a tile part stands that goes on to the end, and where that tile part begins.
    pub open: Option<(u64, u64)>,
    /// Whether a tile has a coding style of its own.
    pub own_style: bool,
}

impl Codestream {
    /// Tiles across and down.
    #[must_use]
    pub fn tile_count(&self) -> u64 {
        let side = |end: u32, start: u32, tile: u32| u64::from(end.saturating_sub(start).div_ceil(tile.max(1)));
        let (x, y) = (self.right, self.bottom);
        side(x, self.tile_origin.0, self.tile.0).saturating_mul(side(y, self.tile_origin.1, self.tile.1))
    }

    /// Follows the tile parts as far as `end`.
    ///
    /// # Errors
    /// Those of [`Bytes`], except for the end of the file; `LIMIT-SIZE` for more marker segments than `limits.items`.
    pub fn tiles(&self, b: &mut Bytes<'_>, end: u64, limits: &Limits) -> Result<Tiles, Error> {
        let mut out = Tiles::default();
        let mut at = self.tiles_at;
        let mut left = limits.items;
        while left > 0 {
            left = left.saturating_sub(1);
            if at.saturating_add(2) > end {
                out.end = Some(at.saturating_add(2));
                return Ok(out);
            }
            b.seek(at);
            match b.u16(Endian::Big)? {
                EOC => {
                    out.end = Some(at.saturating_add(2));
                    return Ok(out);
                }
                SOT if at.saturating_add(12) > end => {
                    out.end = Some(at.saturating_add(12));
                    return Ok(out);
                }
                SOT => {}
                _ => return Ok(out),
            }
            let Some(next) = part(b, at, end, &mut left, &mut out)? else { return Ok(out) };
            at = next;
        }
        Err(Error::limit("a JPEG 2000 picture has more tile parts than limits.items").offset(at))
    }
}

/// One tile part: the cursor stands after its marker. Gives where the next begins.
fn part(b: &mut Bytes<'_>, at: u64, end: u64, left: &mut u32, out: &mut Tiles) -> Result<Option<u64>, Error> {
    let e = Endian::Big;
    b.skip(2);
    let (number, length, _part, parts) = (b.u16(e)?, u64::from(b.u32(e)?), b.u8()?, b.u8()?);
    let next = match length {
        // up to the marker that ends the codestream
        0 => {
            out.open = Some((at.saturating_add(6), at));
            end.saturating_sub(2)
        }
        1..=13 => return Ok(None),
        n => at.saturating_add(n),
    };
    let data = header(b, at.saturating_add(12), next.min(end), left, out)?;
    let tile = out.met.entry(number).or_default();
    tile.parts = tile.parts.saturating_add(1);
    tile.bytes = tile.bytes.saturating_add(data.map_or(0, |d| next.saturating_sub(d)));
    if parts > 0 {
        tile.announced = Some(u32::from(parts));
    }
    Ok(Some(next))
}

/// Goes through the header of a tile part and gives where its packets begin.
fn header(b: &mut Bytes<'_>, from: u64, end: u64, left: &mut u32, out: &mut Tiles) -> Result<Option<u64>, Error> {
    let mut at = from;
    while *left > 0 && at.saturating_add(2) <= end {
        *left = left.saturating_sub(1);
        b.seek(at);
        let marker = b.u16(Endian::Big)?;
        if marker == SOD {
            return Ok(Some(at.saturating_add(2)));
        }
        if marker < 0xff00 || at.saturating_add(4) > end {
            return Ok(None);
        }
        out.own_style |= matches!(marker, COD | COC);
        at = at.saturating_add(2).saturating_add(u64::from(b.u16(Endian::Big)?));
    }
    Ok(None)
}
