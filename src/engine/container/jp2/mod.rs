//! JPEG 2000 codestreams (ISO/IEC 15444-1, annex A) and the boxes around them (annex I).

mod tiles;

pub use tiles::{MOST_TILES, Tile, Tiles};

use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{Error, Limits};

/// First bytes of a codestream: SOC, then SIZ.
pub const CODESTREAM: &[u8] = b"\xff\x4f\xff\x51";
/// First bytes of a file of boxes: the signature box (I.5.1).
pub const SIGNATURE: &[u8] = b"\0\0\0\x0cjP  \x0d\x0a\x87\x0a";

const CAP: u16 = 0xff50;
const COD: u16 = 0xff52;
const COC: u16 = 0xff53;
const COM: u16 = 0xff64;
const SOT: u16 = 0xff90;
const SOD: u16 = 0xff93;
const EOC: u16 = 0xffd9;
/// Most comments that are kept.
const MOST_COMMENTS: usize = 16;

/// One component (A.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// Bits, 1–38.
    pub bits: u32,
    /// Whether its samples are signed.
    pub signed: bool,
    /// Pixels of the picture to one sample, across and down.
    pub step: (u8, u8),
}

/// The coding style of the whole picture (A.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// Order of packets, 0–4.
    pub progression: u8,
    /// Quality layers.
    pub layers: u16,
    /// Whether the first three components are transformed together.
    pub together: bool,
    /// Levels of the wavelet transform.
    pub levels: u8,
    /// Whether the transform is the reversible one (5-3), else 9-7.
    pub reversible: bool,
    /// Width and height of a code block, as powers of two.
    pub block: (u32, u32),
    /// How code blocks are coded (table A.19): 0x40 and 0x80 are high throughput.
    pub block_style: u8,
    /// Width or height of the smallest precinct, as a power of two; 15 when none are stated.
    pub least_precinct: u32,
}

/// The main header of a codestream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codestream {
    /// `Rsiz`: the profile.
    pub profile: u16,
    /// Width of the picture, pixels.
    pub width: u32,
    /// Height of the picture, pixels.
    pub height: u32,
    /// Width and height of a tile.
    pub tile: (u32, u32),
    /// Where the first tile begins on the reference grid.
    pub tile_origin: (u32, u32),
    /// Where the picture ends on the reference grid, across and down.
    pub right: u32,
    /// As `right`, down.
    pub bottom: u32,
    /// The components in order.
    pub components: Vec<Component>,
    /// Coding style, if its marker was found.
    pub coding: Option<Coding>,
    /// Whether blocks are coded by ISO/IEC 15444-15 (HTJ2K).
    pub high_throughput: bool,
    /// Texts, such as the name of the encoder.
    pub comments: Vec<String>,
    /// Where the first tile begins in the file.
    pub tiles_at: u64,
}

impl Codestream {
    /// Reads the main header that begins at the cursor.
    ///
    /// # Errors
    /// `FILE-MALFORMED`, `FILE-TRUNCATED`, or `LIMIT-SIZE` for more marker segments than `limits.items`.
    pub fn read(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        let start = b.pos();
        if b.array::<4>()? != CODESTREAM {
            return Err(Error::malformed("no JPEG 2000 codestream begins here").offset(start));
        }
        let mut out = siz(b)?;
        for _ in 0..limits.items {
            let at = b.pos();
            let marker = b.u16(Endian::Big)?;
            if marker == SOT {
                out.tiles_at = at;
                return Ok(out);
            }
            if marker < 0xff00 || marker == EOC {
                let what = format!("marker {marker:#06x} stands where a JPEG 2000 header goes on");
                return Err(Error::malformed(what).offset(at));
            }
            let length = u64::from(b.u16(Endian::Big)?);
            let Some(inside) = length.checked_sub(2) else {
                return Err(Error::malformed("a JPEG 2000 marker segment has no length").offset(at));
            };
            let end = b.pos().saturating_add(inside);
            match marker {
                CAP if inside >= 4 => out.high_throughput = b.u32(Endian::Big)? & 0x0002_0000 != 0,
                COD if inside >= 10 => out.coding = Some(cod(b, inside)?),
                COM if inside >= 2 && out.comments.len() < MOST_COMMENTS => {
                    let latin = b.u16(Endian::Big)? == 1;
                    let text = b.take(inside - 2)?;
                    out.comments.extend(field_text(&text).filter(|_| latin));
                }
                _ => {}
            }
            if end > b.size() {
                return Err(Error::truncated("the JPEG 2000 header is cut off").offset(at));
            }
            b.seek(end);
        }
        Err(Error::limit("a JPEG 2000 header has more marker segments than limits.items").offset(start))
    }
}

/// Image and tile size: the cursor stands after the marker.
fn siz(b: &mut Bytes<'_>) -> Result<Codestream, Error> {
    let at = b.pos();
    let bad = |what: &str| Error::malformed(format!("the JPEG 2000 size (SIZ) {what}")).offset(at);
    let e = Endian::Big;
    let length = u64::from(b.u16(e)?);
    let profile = b.u16(e)?;
    let mut n = [0u32; 8];
    for to in &mut n {
        *to = b.u32(e)?;
    }
    let [right, bottom, left, top, tile_w, tile_h, tile_x, tile_y] = n;
    let count = b.u16(e)?;
    if !(1..=16_384).contains(&count) || length != 38 + 3 * u64::from(count) {
        return Err(bad("names an impossible number of components"));
    }
    let side = |end: u32, start: u32| end.checked_sub(start).filter(|n| *n > 0);
    let (Some(width), Some(height)) = (side(right, left), side(bottom, top)) else {
        return Err(bad("leaves no picture"));
    };
    if tile_w == 0 || tile_h == 0 {
        return Err(bad("has tiles without a size"));
    }
    let mut components = Vec::new();
    for _ in 0..count {
        let (depth, x, y) = (b.u8()?, b.u8()?, b.u8()?);
        let bits = u32::from(depth & 0x7f) + 1;
        if bits > 38 || x == 0 || y == 0 {
            return Err(bad("has an impossible component"));
        }
        components.push(Component { bits, signed: depth & 0x80 != 0, step: (x, y) });
    }
    Ok(Codestream {
        profile,
        width,
        height,
        tile: (tile_w, tile_h),
        tile_origin: (tile_x, tile_y),
        right,
        bottom,
        components,
        coding: None,
        high_throughput: false,
        comments: Vec::new(),
        tiles_at: 0,
    })
}

/// Coding style: the cursor stands after the length of the segment, of which `inside` bytes are left.
fn cod(b: &mut Bytes<'_>, inside: u64) -> Result<Coding, Error> {
    let style = b.u8()?;
    let (progression, layers, together, levels) = (b.u8()?, b.u16(Endian::Big)?, b.u8()? == 1, b.u8()?);
    let (w, h, block_style, reversible) = (b.u8()?, b.u8()?, b.u8()?, b.u8()? == 1);
    let mut least_precinct = 15;
    if style & 1 != 0 {
        for _ in 0..inside.saturating_sub(10).min(33) {
            let size = b.u8()?;
            least_precinct = least_precinct.min(u32::from(size & 15)).min(u32::from(size >> 4));
        }
    }
    let power = |n: u8| u32::from(n & 15).saturating_add(2);
    Ok(Coding {
        progression,
        layers,
        together,
        levels,
        reversible,
        block: (power(w), power(h)),
        block_style,
        least_precinct,
    })
}

/// The name of a profile (ISO/IEC 15444-1, table A.10, with its amendments).
#[must_use]
pub fn profile_name(rsiz: u16) -> Option<&'static str> {
    Some(match rsiz {
        1 => "Profile 0",
        2 => "Profile 1",
        3 => "2K digital cinema",
        4 => "4K digital cinema",
        5 => "Scalable 2K digital cinema",
        6 => "Scalable 4K digital cinema",
        7 => "Long-term storage",
        0x0100..=0x010f => "Broadcast contribution, single tile",
        0x0200..=0x020f => "Broadcast contribution, multiple tiles",
        0x0306 | 0x0307 => "Broadcast contribution, multiple tiles, reversible",
        0x0400..=0x04ff => "2K IMF, single tile, lossy",
        0x0500..=0x05ff => "4K IMF, single tile, lossy",
        0x0600..=0x06ff => "8K IMF, single tile, lossy",
        0x0700..=0x07ff => "2K IMF, reversible",
        0x0800..=0x08ff => "4K IMF, reversible",
        0x0900..=0x09ff => "8K IMF, reversible",
        _ => return None,
    })
}

/// A small whole codestream, for tests and seeds: a main header, one tile part whose packets are empty, and the end. Every
/// sample is the middle code, half the number of codes.
#[must_use]
pub fn sample_codestream(width: u32, height: u32, components: u8, bits: u8) -> Vec<u8> {
    const LEVELS: u8 = 5;
    let word = |n: u32| n.to_be_bytes();
    let mut out = CODESTREAM.to_vec();
    out.extend((38 + 3 * u16::from(components)).to_be_bytes());
    out.extend([0, 0]);
    out.extend([width, height, 0, 0, width, height, 0, 0].map(word).concat());
    out.extend(u16::from(components).to_be_bytes());
    out.extend([bits.saturating_sub(1), 1, 1].repeat(usize::from(components)));
    out.extend([0xff, 0x52, 0, 12, 0, 2, 0, 1, u8::from(components >= 3), LEVELS, 4, 4, 0, 1]);
    // the reversible transform has exponents only
    out.extend([0xff, 0x5c, 0, 19, 0x40]);
    out.extend([bits.saturating_add(2).min(31) << 3; 3 * LEVELS as usize + 1]);
    out.extend([0xff, 0x64, 0, 10, 0, 1]);
    out.extend(b"rushes");
    let packets = vec![0u8; usize::from(components) * (usize::from(LEVELS) + 1)];
    out.extend([0xff, 0x90, 0, 10, 0, 0]);
    out.extend(u32::try_from(packets.len() + 14).unwrap_or(u32::MAX).to_be_bytes());
    out.extend([0, 1, 0xff, 0x93]);
    out.extend(packets);
    out.extend([0xff, 0xd9]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_header() {
        let l = Limits::default();
        let bytes = sample_codestream(4096, 2160, 3, 12);
        let mut b = Bytes::slice(&bytes, &l);
        let c = Codestream::read(&mut b, &l).unwrap();
        assert_eq!((c.width, c.height, c.components.len(), c.components[2].bits), (4096, 2160, 3, 12));
        assert_eq!((c.profile, profile_name(c.profile), profile_name(3)), (0, None, Some("2K digital cinema")));
        assert_eq!((c.comments.as_slice(), c.coding.unwrap().reversible), (&["rushes".to_owned()][..], true));
        let tiles = c.tiles(&mut b, bytes.len() as u64, &l).unwrap();
        assert_eq!((tiles.end, c.tile_count(), tiles.met.len()), (Some(bytes.len() as u64), 1, 1));
        assert_eq!(tiles.met[&0], Tile { parts: 1, announced: Some(1), bytes: 18 });
        for n in 0..bytes.len() {
            let mut b = Bytes::slice(&bytes[..n], &l);
            if let Ok(c) = Codestream::read(&mut b, &l) {
                let end = c.tiles(&mut b, n as u64, &l).unwrap().end;
                assert!(end.is_some_and(|e| e > n as u64), "cut at {n}: {end:?}");
            }
        }
    }
}
