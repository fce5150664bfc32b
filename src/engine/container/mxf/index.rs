//! Index table segments (SMPTE ST 377-1, "Index Table"), as far as they count edit units.

use super::klv::{Klv, Ul};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// Most properties of one segment that are looked at.
const MOST_ITEMS: u32 = 256;

/// One segment; its arrays are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexSegment {
    /// Stream of the index.
    pub index_sid: u32,
    /// Stream of the essence.
    pub body_sid: u32,
    /// Edit units in a second, a fraction.
    pub rate: Option<(i32, i32)>,
    /// The first edit unit.
    pub start: i64,
    /// Edit units; 0 in a segment of units of one size means all that follow.
    pub duration: i64,
    /// Bytes of every edit unit; 0 when they differ.
    pub unit_bytes: u32,
}

/// Whether a key is that of a segment.
#[must_use]
pub fn is_index(key: &Ul) -> bool {
    key.means(&[0x0d, 0x01, 0x02, 0x01, 0x01, 0x10]) && key.byte(4) == 2
}

impl IndexSegment {
    /// Reads the numbers of a segment whose key and length were just read.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn read(b: &mut Bytes<'_>, klv: &Klv) -> Result<Self, Error> {
        let mut out = Self::default();
        let end = klv.end();
        let mut at = klv.body;
        for _ in 0..MOST_ITEMS {
            if end.saturating_sub(at) < 4 {
                break;
            }
            b.seek(at);
            let (tag, len) = (b.u16(Endian::Big)?, b.u16(Endian::Big)?);
            let e = Endian::Big;
            match (tag, len) {
                (0x3f05, 4) => out.unit_bytes = b.u32(e)?,
                (0x3f06, 4) => out.index_sid = b.u32(e)?,
                (0x3f07, 4) => out.body_sid = b.u32(e)?,
                (0x3f0b, 8) => out.rate = Some((b.u32(e)?.cast_signed(), b.u32(e)?.cast_signed())),
                (0x3f0c, 8) => out.start = b.u64(e)?.cast_signed(),
                (0x3f0d, 8) => out.duration = b.u64(e)?.cast_signed(),
                _ => {}
            }
            at = at.saturating_add(4).saturating_add(u64::from(len));
        }
        Ok(out)
    }
}
