//! RED R3D files: the header block and its directory (as exiftool's documentation of Redcode describes them; RED publishes
//! no specification). Every number has its big end first.
//!
//! A file is a row of blocks, each with its size (32 bits) and a name of four characters. Version 1 has geometry in the first
//! block and the directory in the second; version 2 has both in the first.

use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{Error, Limits, Rational};

/// Most bytes of a block that are read for its directory.
const MOST_BLOCK: u64 = 1 << 16;
/// Where the directory of version 1 begins in its block.
const DIRECTORY_1: usize = 0x22;
/// Where the records of geometry of version 2 begin in its block, and the size of one.
const RECORDS_2: usize = 0x44;
const RECORD_BYTES: usize = 0x18;
/// Blocks of version 2 begin at multiples of this.
const ALIGNMENT: u64 = 0x1000;

/// One entry of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number; the upper four bits are the type.
    pub tag: u16,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where they lie in the file.
    pub at: u64,
}

impl Entry {
    /// Text, for type 1.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if self.tag >> 12 == 1 { field_text(&self.bytes) } else { None }
    }

    /// The numbers of types 0 and 3 (8 bits), 4 (16 bits), 5 (8 bits, signed) and 6 (32 bits, signed); none for others.
    #[must_use]
    pub fn numbers(&self) -> Vec<i64> {
        match self.tag >> 12 {
            0 | 3 => self.bytes.iter().map(|b| i64::from(*b)).collect(),
            4 => self.bytes.as_chunks::<2>().0.iter().map(|b| i64::from(u16::from_be_bytes(*b))).collect(),
            5 => self.bytes.iter().map(|b| i64::from(b.cast_signed())).collect(),
            6 => self.bytes.as_chunks::<4>().0.iter().map(|b| i64::from(i32::from_be_bytes(*b))).collect(),
            _ => Vec::new(),
        }
    }

    /// The finite numbers of type 2 (singles); none for others.
    #[must_use]
    pub fn reals(&self) -> Vec<f64> {
        if self.tag >> 12 != 2 {
            return Vec::new();
        }
        let all = self.bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_be_bytes(*b)));
        all.filter(|x| x.is_finite()).collect()
    }
}

/// The header of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// 1 or 2.
    pub version: u8,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second.
    pub rate: Option<Rational>,
    /// Name of the file in the camera (version 1).
    pub name: Option<String>,
    /// The directory; empty when it was not found.
    pub entries: Vec<Entry>,
    /// Where the first block after the header should begin.
    pub next: u64,
}

/// What the blocks after the header are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Blocks {
    /// Blocks of picture.
    pub pictures: u64,
    /// Blocks of sound.
    pub sounds: u64,
    /// Whether the walk came to the end of the file, or to its closing block.
    pub complete: bool,
}

/// The version, by the first bytes of a file.
#[must_use]
pub fn magic(head: &[u8]) -> Option<u8> {
    match (head.get(..2)?, head.get(4..8)?) {
        (b"\0\0", b"RED1") => Some(1),
        (b"\0\0", b"RED2") => Some(2),
        _ => None,
    }
}

/// Reads the header and its directory.
///
/// # Errors
/// `FILE-MALFORMED`, or `FILE-TRUNCATED` inside the header.
pub fn read(b: &mut Bytes<'_>) -> Result<Header, Error> {
    b.seek(0);
    let head = b.array::<8>()?;
    let version = magic(&head).ok_or_else(|| Error::malformed("this is no R3D file").offset(0))?;
    let [s0, s1, s2, s3, ..] = head;
    let size = u64::from(u32::from_be_bytes([s0, s1, s2, s3]));
    let least = if version == 1 { 0x63 } else { 0x5c };
    if size < least {
        return Err(Error::malformed(format!("a header block of {size} bytes is too short for R3D")).offset(0));
    }
    b.seek(0);
    let block = b.take(size)?;
    let short = |at: usize| block.get(at..).and_then(|b| b.first_chunk::<2>()).map(|b| u16::from_be_bytes(*b));
    let long = |at: usize| block.get(at..).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_be_bytes(*b));
    let mut out = Header { version, width: 0, height: 0, rate: None, name: None, entries: Vec::new(), next: size };
    if version == 1 {
        out.width = short(0x36).map_or(0, u32::from);
        out.height = short(0x3a).map_or(0, u32::from);
        out.rate = short(0x3e).zip(short(0x40)).and_then(|(n, d)| Rational::new(n.into(), d.into()));
        out.name = block.get(0x43..0x63).and_then(field_text);
        directory_1(b, size, &mut out)?;
    } else {
        out.width = long(0x4c).unwrap_or(0);
        out.height = long(0x50).unwrap_or(0);
        out.rate = long(0x58).zip(short(0x56)).and_then(|(n, d)| Rational::new(n, d.into()));
        let records = block.get(0x40).copied().map_or(0, usize::from);
        out.entries = directory(&block, RECORDS_2 + records * RECORD_BYTES, 0);
        out.next = size.div_ceil(ALIGNMENT).saturating_mul(ALIGNMENT);
    }
    if out.width == 0 || out.height == 0 {
        return Err(Error::malformed("the R3D header gives no size of the picture").offset(0x36));
    }
    Ok(out)
}

/// The directory of version 1 lies in the block after the header.
fn directory_1(b: &mut Bytes<'_>, at: u64, out: &mut Header) -> Result<(), Error> {
    if b.size().saturating_sub(at) < 8 {
        return Ok(());
    }
    b.seek(at);
    let size = u64::from(b.u32(Endian::Big)?).min(MOST_BLOCK).min(b.size().saturating_sub(at));
    b.seek(at);
    let block = b.take(size)?;
    out.entries = directory(&block, DIRECTORY_1, at);
    Ok(())
}

/// The entries of the directory at `start`; where it is not there, it is sought by its usual first entry.
fn directory(block: &[u8], start: usize, base: u64) -> Vec<Entry> {
    let length = block.get(start..).and_then(|b| b.first_chunk::<2>()).map(|b| usize::from(u16::from_be_bytes(*b)));
    let from = start.saturating_add(2);
    let end = length.filter(|n| *n >= 8).and_then(|n| from.checked_add(n)).filter(|end| *end <= block.len());
    let entries = end.map(|end| walk(block, from, end, base)).unwrap_or_default();
    if !entries.is_empty() {
        return entries;
    }
    // an entry of 15 bytes with the edge code is the first one of every directory seen
    let found = block.windows(4).position(|w| w == [0, 15, 0x10, 0]);
    found.map(|from| walk(block, from, block.len(), base)).unwrap_or_default()
}

fn walk(block: &[u8], from: usize, end: usize, base: u64) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut at = from;
    while let Some([l0, l1, t0, t1]) = block.get(at..end).and_then(|b| b.first_chunk::<4>()) {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let bytes = block.get(at.saturating_add(4)..at.saturating_add(length)).filter(|_| length >= 4);
        let Some(bytes) = bytes.filter(|_| at.saturating_add(length) <= end) else { break };
        let place = u64::try_from(at).ok().and_then(|n| base.checked_add(n)).unwrap_or(u64::MAX);
        out.push(Entry { tag: u16::from_be_bytes([*t0, *t1]), bytes: bytes.to_vec(), at: place });
        at = at.saturating_add(length);
    }
    out
}

/// Counts the blocks after the header by their first eight bytes, at most `limits.items` of them.
///
/// # Errors
/// `FILE-TRUNCATED` for a block that reaches beyond the end, with the number of missing bytes; those of [`Bytes`].
pub fn blocks(b: &mut Bytes<'_>, header: &Header, limits: &Limits) -> Result<Blocks, Error> {
    let mut out = Blocks::default();
    let mut at = header.next;
    for _ in 0..limits.items {
        let left = b.size().saturating_sub(at);
        if left < 8 {
            out.complete = left == 0 || at >= b.size();
            return Ok(out);
        }
        b.seek(at);
        let size = u64::from(b.u32(Endian::Big)?);
        let name = b.array::<4>()?;
        if size < 8 || !name.starts_with(b"R") || !name.iter().all(|c| matches!(c, b' '..=b'~')) {
            return Ok(out);
        }
        if size > left {
            let missing = size - left;
            let what = format!("the file is cut off: {missing} bytes of its last block are missing");
            return Err(Error::truncated(what).offset(at).fix("copy the file again from its source"));
        }
        match &name {
            b"REDV" => out.pictures = out.pictures.saturating_add(1),
            b"REDA" => out.sounds = out.sounds.saturating_add(1),
            b"REOB" => {
                out.complete = true;
                return Ok(out);
            }
            _ => {}
        }
        at = at.saturating_add(size);
        if header.version == 2 {
            at = at.div_ceil(ALIGNMENT).saturating_mul(ALIGNMENT);
        }
    }
    Ok(out)
}

/// A file of version 2 that consists of a header with these entries, for tests and seeds.
#[must_use]
pub fn sample(width: u32, height: u32, rate: (u32, u16), entries: &[(u16, &[u8])]) -> Vec<u8> {
    let mut list = Vec::new();
    for (tag, bytes) in entries {
        list.extend(u16::try_from(bytes.len().saturating_add(4)).unwrap_or(0).to_be_bytes());
        list.extend(tag.to_be_bytes());
        list.extend_from_slice(bytes);
    }
    let mut out = b"\0\0\0\0RED2\x05\x10R2\x0c\x01\x0c\0".to_vec();
    out.resize(0x40, 0);
    out.extend([1, 0, 0, 1]);
    out.extend(b"rdi\x01\0\0\0\0");
    out.extend(width.to_be_bytes());
    out.extend(height.to_be_bytes());
    out.extend([0x11, 2]);
    out.extend(rate.1.to_be_bytes());
    out.extend(rate.0.to_be_bytes());
    out.extend(u16::try_from(list.len()).unwrap_or(0).to_be_bytes());
    out.extend(list);
    let size = u32::try_from(out.len()).unwrap_or(0).to_be_bytes();
    out.splice(0..4, size);
    out
}
