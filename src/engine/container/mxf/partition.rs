//! Partition packs and the random index pack (SMPTE ST 377-1).

use super::klv::{Klv, Ul};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// The bytes of a partition pack before its list of essence containers.
const FIXED: u64 = 88;
/// Most essence containers that are read of one pack.
const MOST_CONTAINERS: u32 = 64;
/// Most partitions of a random index pack that are kept: hours of recording have hundreds.
const MOST_PARTITIONS: usize = 65_536;

/// What a partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The first one.
    Header,
    /// One in between.
    Body,
    /// The last one.
    Footer,
}

/// A partition pack. Offsets count from the first byte of the header partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// What it is.
    pub kind: Kind,
    /// Whether its metadata are final.
    pub closed: bool,
    /// Whether its metadata are complete.
    pub complete: bool,
    /// Version of the format, major and minor.
    pub version: (u16, u16),
    /// Offset of the pack in the file.
    pub at: u64,
    /// Offset behind the pack in the file.
    pub end: u64,
    /// Alignment of its triplets, bytes.
    pub kag: u32,
    /// Its own offset.
    pub this: u64,
    /// That of the one before.
    pub previous: u64,
    /// That of the footer; 0 when it is not known.
    pub footer: u64,
    /// Bytes of header metadata.
    pub header_bytes: u64,
    /// Bytes of index tables.
    pub index_bytes: u64,
    /// Stream of the index tables; 0 for none.
    pub index_sid: u32,
    /// Bytes of the essence stream before this partition.
    pub body_offset: u64,
    /// Stream of the essence; 0 for none.
    pub body_sid: u32,
    /// Operational pattern.
    pub pattern: Ul,
    /// Kinds of essence in the file.
    pub containers: Vec<Ul>,
    /// Whether it holds a generic stream (ST 410): a document, no essence.
    pub is_stream: bool,
}

/// The first 13 bytes of the key of every partition pack.
pub const KEY: [u8; 13] = [0x06, 0x0e, 0x2b, 0x34, 0x02, 0x05, 0x01, 0x01, 0x0d, 0x01, 0x02, 0x01, 0x01];

/// What a key says of a partition; `None` when it is none.
#[must_use]
pub fn kind(key: &Ul) -> Option<(Kind, bool, bool)> {
    if !key.means(&[0x0d, 0x01, 0x02, 0x01, 0x01]) || key.byte(4) != 2 {
        return None;
    }
    let kind = match key.byte(13) {
        2 => Kind::Header,
        3 => Kind::Body,
        4 => Kind::Footer,
        _ => return None,
    };
    // Body partitions of generic streams (ST 410) have 17.
    let (closed, complete) = match key.byte(14) {
        1 => (false, false),
        2 => (true, false),
        3 => (false, true),
        4 | 0x11 => (true, true),
        _ => return None,
    };
    Some((kind, closed, complete))
}

impl Partition {
    /// Reads the pack at `at`, an offset in the file.
    ///
    /// # Errors
    /// Malformed when there is no partition pack, see [`Bytes`].
    pub fn read(b: &mut Bytes<'_>, at: u64) -> Result<Self, Error> {
        b.seek(at);
        let klv = Klv::read(b)?;
        let Some((kind, closed, complete)) = kind(&klv.key) else {
            return Err(Error::malformed("there is no partition pack where one must be").offset(at));
        };
        if klv.len < FIXED {
            return Err(Error::malformed(format!("a partition pack has {} bytes", klv.len)).offset(at));
        }
        let e = Endian::Big;
        let version = (b.u16(e)?, b.u16(e)?);
        let (kag, this, previous, footer) = (b.u32(e)?, b.u64(e)?, b.u64(e)?, b.u64(e)?);
        let (header_bytes, index_bytes, index_sid) = (b.u64(e)?, b.u64(e)?, b.u32(e)?);
        let (body_offset, body_sid, pattern) = (b.u64(e)?, b.u32(e)?, Ul(b.array()?));
        let (count, size) = (b.u32(e)?, b.u32(e)?);
        let mut containers = Vec::new();
        let room = klv.len.saturating_sub(FIXED) / 16;
        let fits = size == 16 && u64::from(count) <= room;
        for _ in 0..if fits { count.min(MOST_CONTAINERS) } else { 0 } {
            containers.push(Ul(b.array()?));
        }
        let end = klv.end();
        let is_stream = klv.key.byte(14) == 0x11;
        Ok(Self {
            kind,
            closed,
            complete,
            version,
            at,
            end,
            kag,
            this,
            previous,
            footer,
            header_bytes,
            index_bytes,
            index_sid,
            body_offset,
            body_sid,
            pattern,
            containers,
            is_stream,
        })
    }

    /// `Closed / Complete` and the like.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (self.closed, self.complete) {
            (true, true) => "closed and complete",
            (true, false) => "closed and incomplete",
            (false, true) => "open and complete",
            (false, false) => "open and incomplete",
        }
    }
}

/// The random index pack: stream and offset of each partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomIndex {
    /// Offset of the pack in the file.
    pub at: u64,
    /// Essence stream (0 for none) and offset from the header partition.
    pub partitions: Vec<(u32, u64)>,
}

impl RandomIndex {
    /// Reads the pack at the very end of the file; `None` when there is none.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn read(b: &mut Bytes<'_>) -> Result<Option<Self>, Error> {
        let size = b.size();
        if size < 32 {
            return Ok(None);
        }
        b.seek(size.saturating_sub(4));
        let whole = u64::from(b.u32(Endian::Big)?);
        if !(21..=size).contains(&whole) {
            return Ok(None);
        }
        let at = size.saturating_sub(whole);
        b.seek(at);
        let klv = match Klv::read(b) {
            Ok(k) => k,
            Err(e) if e.code == "FILE-MALFORMED" => return Ok(None),
            Err(e) => return Err(e),
        };
        if !is_random_index(&klv.key) || klv.end() != size {
            return Ok(None);
        }
        let mut partitions = Vec::new();
        let count = usize::try_from(klv.len.saturating_sub(4) / 12).unwrap_or(usize::MAX).min(MOST_PARTITIONS);
        for _ in 0..count {
            partitions.push((b.u32(Endian::Big)?, b.u64(Endian::Big)?));
        }
        Ok(Some(Self { at, partitions }))
    }
}

/// Whether a key is that of a random index pack.
#[must_use]
pub fn is_random_index(key: &Ul) -> bool {
    key.means(&[0x0d, 0x01, 0x02, 0x01, 0x01, 0x11]) && key.byte(4) == 2
}
