//! Movie, track and media headers, handlers and edit lists.

use super::{Atom, FourCc, Walk};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// `mvhd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MovieHeader {
    /// Seconds since 1904-01-01 UTC; 0 when unknown.
    pub created: u64,
    /// As `created`.
    pub modified: u64,
    /// Ticks per second.
    pub timescale: u32,
    /// Ticks; `None` when unknown.
    pub duration: Option<u64>,
}

/// `tkhd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackHeader {
    /// Bit 0 enabled, 1 in movie, 2 in preview, 3 in poster.
    pub flags: u32,
    /// Track number.
    pub id: u32,
    /// The matrix `a b c d` as 16.16 fixed point.
    pub matrix: [i32; 4],
    /// Width for display, 16.16.
    pub width: u32,
    /// Height for display, 16.16.
    pub height: u32,
}

/// `mdhd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaHeader {
    /// Ticks per second.
    pub timescale: u32,
    /// Ticks; `None` when unknown.
    pub duration: Option<u64>,
    /// Packed ISO 639-2, or a Macintosh code below 0x400.
    pub language: u16,
}

/// One entry of an edit list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Movie ticks.
    pub duration: u64,
    /// Media ticks of its start; -1 for an empty edit.
    pub media_time: i64,
    /// 16.16, 1.0 for normal speed.
    pub rate: i32,
}

fn known(n: u64, version: u8) -> Option<u64> {
    let none = if version == 1 { u64::MAX } else { u64::from(u32::MAX) };
    (n != none).then_some(n)
}

/// Version and flags.
pub(super) fn version(b: &mut Bytes<'_>, a: &Atom) -> Result<(u8, u32), Error> {
    b.seek(a.body);
    let [v, f @ ..] = b.array::<4>()?;
    let [x, y, z] = f;
    Ok((v, u32::from_be_bytes([0, x, y, z])))
}

fn wide(b: &mut Bytes<'_>, version: u8) -> Result<u64, Error> {
    if version == 1 { b.u64(Endian::Big) } else { Ok(u64::from(b.u32(Endian::Big)?)) }
}

/// Refuses a box that is too short for what it must hold.
pub(super) fn need(a: &Atom, n: u64) -> Result<(), Error> {
    if a.len() >= n {
        return Ok(());
    }
    let what = format!("box `{}` has {} bytes, at least {n} are needed", a.name(), a.len());
    Err(Error::malformed(what).offset(a.at))
}

/// Reads `mvhd`.
///
/// # Errors
/// `FILE-MALFORMED` when it is too short; those of [`Bytes`].
pub fn movie_header(b: &mut Bytes<'_>, a: &Atom) -> Result<MovieHeader, Error> {
    need(a, 20)?;
    let (v, _) = version(b, a)?;
    need(a, if v == 1 { 32 } else { 20 })?;
    let (created, modified) = (wide(b, v)?, wide(b, v)?);
    Ok(MovieHeader { created, modified, timescale: b.u32(Endian::Big)?, duration: known(wide(b, v)?, v) })
}

/// Reads `mdhd`.
///
/// # Errors
/// As [`movie_header`].
pub fn media_header(b: &mut Bytes<'_>, a: &Atom) -> Result<MediaHeader, Error> {
    need(a, 20)?;
    let (v, _) = version(b, a)?;
    need(a, if v == 1 { 34 } else { 22 })?;
    b.skip(if v == 1 { 16 } else { 8 });
    let timescale = b.u32(Endian::Big)?;
    Ok(MediaHeader { timescale, duration: known(wide(b, v)?, v), language: b.u16(Endian::Big)? })
}

/// Reads `tkhd`.
///
/// # Errors
/// As [`movie_header`].
pub fn track_header(b: &mut Bytes<'_>, a: &Atom) -> Result<TrackHeader, Error> {
    need(a, 84)?;
    let (v, flags) = version(b, a)?;
    need(a, if v == 1 { 96 } else { 84 })?;
    b.skip(if v == 1 { 16 } else { 8 });
    let id = b.u32(Endian::Big)?;
    b.skip(if v == 1 { 28 } else { 24 });
    let mut m = [0i32; 9];
    for x in &mut m {
        *x = i32::from_be_bytes(b.array()?);
    }
    let [ma, mb, _, mc, md, ..] = m;
    let (width, height) = (b.u32(Endian::Big)?, b.u32(Endian::Big)?);
    Ok(TrackHeader { flags, id, matrix: [ma, mb, mc, md], width, height })
}

/// The handler type of an `hdlr` (`vide`, `soun`, `tmcd`, `mdta`, `mdir`) and its name.
///
/// # Errors
/// As [`movie_header`].
pub fn handler(b: &mut Bytes<'_>, a: &Atom) -> Result<(FourCc, Vec<u8>), Error> {
    need(a, 12)?;
    b.seek(a.body.saturating_add(8));
    let kind = b.array::<4>()?;
    let name = a.without(24);
    b.seek(name.body);
    Ok((kind, b.take(name.len().min(256))?))
}

/// The entries of an `elst`, at most 1,000 of them.
///
/// # Errors
/// As [`movie_header`]; `LIMIT-SIZE`.
pub fn edits(b: &mut Bytes<'_>, a: &Atom, walk: &mut Walk<'_>) -> Result<Vec<Edit>, Error> {
    need(a, 8)?;
    let (v, _) = version(b, a)?;
    let count = u64::from(b.u32(Endian::Big)?).min(1000);
    let each = if v == 1 { 20 } else { 12 };
    let mut out = Vec::new();
    for _ in 0..count.min(a.len().saturating_sub(8) / each) {
        walk.count(b.pos())?;
        let duration = wide(b, v)?;
        let media_time = match v {
            1 => i64::from_be_bytes(b.array()?),
            _ => i64::from(i32::from_be_bytes(b.array()?)),
        };
        out.push(Edit { duration, media_time, rate: i32::from_be_bytes(b.array()?) });
    }
    Ok(out)
}
