//! Sample descriptions (`stsd`): what the samples of a track are.

use super::header::{need, version};
use super::{Atom, FourCc, Walk};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// Most descriptions that are looked at.
const MOST: usize = 64;
/// Bytes of a video description before its boxes.
const VISUAL: u64 = 78;
/// Bytes of a timecode description before its boxes.
const TIMECODE: u64 = 26;

/// One description.
pub type Entry = Atom;

/// A video sample description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisualEntry {
    /// Four characters of the maker.
    pub vendor: FourCc,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// The name of the compressor.
    pub compressor: Vec<u8>,
    /// Pixel depth in QuickTime's sense: 24, 32 with alpha, 33–40 grey.
    pub depth: u16,
    /// The boxes that follow.
    pub children: Vec<Atom>,
}

/// A timecode sample description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimecodeEntry {
    /// Bit 0 drop-frame, 1 wraps at 24 hours, 2 negative allowed, 3 a plain counter.
    pub flags: u32,
    /// Ticks per second.
    pub timescale: u32,
    /// Ticks per frame.
    pub frame_duration: u32,
    /// Frames counted per second.
    pub frames: u8,
    /// The boxes that follow; `name` holds the reel.
    pub children: Vec<Atom>,
}

/// The descriptions in an `stsd`, at most 64.
///
/// # Errors
/// `FILE-MALFORMED` when it is too short; `LIMIT-SIZE`; those of [`Bytes`].
pub fn entries(b: &mut Bytes<'_>, stsd: &Atom, walk: &mut Walk<'_>) -> Result<Vec<Entry>, Error> {
    need(stsd, 8)?;
    version(b, stsd)?;
    let count = b.u32(Endian::Big)?;
    let mut all = walk.children(b, &stsd.without(8))?;
    all.truncate(usize::try_from(count).unwrap_or(MOST).min(MOST));
    Ok(all)
}

impl VisualEntry {
    /// Reads a video description.
    ///
    /// # Errors
    /// As [`entries`].
    pub fn read(b: &mut Bytes<'_>, a: &Entry, walk: &mut Walk<'_>) -> Result<Self, Error> {
        need(a, VISUAL)?;
        b.seek(a.body.saturating_add(12));
        let vendor = b.array()?;
        b.skip(8);
        let (width, height) = (b.u16(Endian::Big)?, b.u16(Endian::Big)?);
        b.skip(14);
        let field = b.array::<32>()?;
        let [length, text @ ..] = field;
        // A Pascal string; some writers forget the length byte.
        let compressor = match usize::from(length) {
            n @ 0..=31 => text.get(..n).unwrap_or_default().to_vec(),
            _ => field.to_vec(),
        };
        let depth = b.u16(Endian::Big)?;
        let children = walk.loose_children(b, &a.without(VISUAL))?;
        Ok(Self { vendor, width, height, compressor, depth, children })
    }
}

impl TimecodeEntry {
    /// Reads a timecode description.
    ///
    /// # Errors
    /// As [`entries`].
    pub fn read(b: &mut Bytes<'_>, a: &Entry, walk: &mut Walk<'_>) -> Result<Self, Error> {
        need(a, TIMECODE.saturating_sub(1))?;
        b.seek(a.body.saturating_add(12));
        let flags = b.u32(Endian::Big)?;
        let (timescale, frame_duration) = (b.u32(Endian::Big)?, b.u32(Endian::Big)?);
        let frames = b.u8()?;
        let children = walk.loose_children(b, &a.without(TIMECODE))?;
        Ok(Self { flags, timescale, frame_duration, frames, children })
    }
}
