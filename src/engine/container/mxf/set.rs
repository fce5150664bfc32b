//! Header metadata: the primer pack and local sets (SMPTE ST 377-1, "Header Metadata").

use super::klv::{Klv, Ul, length};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;
use std::collections::BTreeMap;

/// Most entries of a primer pack: tags have 16 bits.
const MOST_ENTRIES: u32 = 65_536;
/// Largest set that is read, bytes.
const MOST_SET: u64 = 1 << 20;
/// Most properties of one set.
const MOST_ITEMS: usize = 4096;

/// What local tags mean in this partition.
pub type Primer = BTreeMap<u16, Ul>;

/// Reads a primer pack whose key and length were just read.
///
/// # Errors
/// Malformed when its entries do not fit; see [`Bytes`].
pub fn primer(b: &mut Bytes<'_>, klv: &Klv) -> Result<Primer, Error> {
    b.seek(klv.body);
    let mut out = Primer::new();
    if klv.len < 8 {
        return Ok(out);
    }
    let (count, size) = (b.u32(Endian::Big)?, b.u32(Endian::Big)?);
    let room = klv.len.saturating_sub(8) / 18;
    if size != 18 || u64::from(count) > room || count > MOST_ENTRIES {
        let what = format!("the primer pack says {count} entries of {size} bytes in {} bytes", klv.len);
        return Err(Error::malformed(what).offset(klv.at));
    }
    for _ in 0..count {
        let tag = b.u16(Endian::Big)?;
        out.insert(tag, Ul(b.array()?));
    }
    Ok(out)
}

/// One property of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its local tag.
    pub tag: u16,
    /// Its value.
    pub value: Vec<u8>,
}

/// A local set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its kind.
    pub key: Ul,
    /// Offset in the file.
    pub at: u64,
    /// Its properties, in order.
    pub items: Vec<Property>,
}

impl Set {
    /// Whether the key is that of a set with tags of two bytes, the only form of header metadata (ST 377-1), and of
    /// acquisition metadata.
    #[must_use]
    pub fn is_local(key: &Ul) -> bool {
        key.is_smpte() && key.byte(4) == 2 && matches!(key.byte(5), 0x13 | 0x53)
    }

    /// Reads the set whose key and length were just read. What does not fit at its end is left out; the second value is
    /// false then.
    ///
    /// # Errors
    /// `LIMIT-SIZE` for a set beyond 1 MiB; see [`Bytes`].
    pub fn read(b: &mut Bytes<'_>, klv: &Klv) -> Result<(Self, bool), Error> {
        if klv.len > MOST_SET {
            return Err(Error::limit(format!("a metadata set has {} bytes", klv.len)).offset(klv.at));
        }
        b.seek(klv.body);
        let value = b.take(klv.len)?;
        Ok(Self::parse(klv.key, klv.at, &value))
    }

    /// Of the bytes of a value; see [`Set::read`].
    #[must_use]
    pub fn parse(key: Ul, at: u64, value: &[u8]) -> (Self, bool) {
        let limits = crate::model::Limits::default();
        let mut b = Bytes::slice(value, &limits);
        let mut items = Vec::new();
        let ber = key.byte(5) == 0x13;
        let whole = loop {
            if b.left() == 0 {
                break true;
            }
            let head = b.u16(Endian::Big).and_then(|tag| {
                let n = if ber { length(&mut b)? } else { u64::from(b.u16(Endian::Big)?) };
                Ok(Property { tag, value: b.take(n)? })
            });
            match head {
                Ok(p) if items.len() < MOST_ITEMS => items.push(p),
                _ => break false,
            }
        };
        (Self { key, at, items }, whole)
    }

    /// Bytes 14 and 15 of the key, by which structural sets (ST 377-1, annex A) differ; `None` for other sets.
    #[must_use]
    pub fn class(&self) -> Option<u16> {
        let structural = self.key.means(&[0x0d, 0x01, 0x01, 0x01, 0x01, 0x01]);
        structural.then(|| u16::from_be_bytes([self.key.byte(14), self.key.byte(15)]))
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, tag: u16) -> Option<&[u8]> {
        self.items.iter().find(|p| p.tag == tag).map(|p| p.value.as_slice())
    }

    /// The value of a property that has no static tag, by bytes 9 to 16 of its label.
    #[must_use]
    pub fn by_label(&self, primer: &Primer, item: [u8; 8]) -> Option<&[u8]> {
        let means = |p: &&Property| primer.get(&p.tag).is_some_and(|u| u.item() == item);
        self.items.iter().find(means).map(|p| p.value.as_slice())
    }

    /// An 8-bit number.
    #[must_use]
    pub fn u8(&self, tag: u16) -> Option<u8> {
        self.get(tag)?.first().copied()
    }

    /// A 16-bit number.
    #[must_use]
    pub fn u16(&self, tag: u16) -> Option<u16> {
        self.get(tag)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// A 32-bit number.
    #[must_use]
    pub fn u32(&self, tag: u16) -> Option<u32> {
        self.get(tag)?.first_chunk().copied().map(u32::from_be_bytes)
    }

    /// A signed 32-bit number.
    #[must_use]
    pub fn i32(&self, tag: u16) -> Option<i32> {
        self.get(tag)?.first_chunk().copied().map(i32::from_be_bytes)
    }

    /// A signed 64-bit number: a position or length.
    #[must_use]
    pub fn i64(&self, tag: u16) -> Option<i64> {
        self.get(tag)?.first_chunk().copied().map(i64::from_be_bytes)
    }

    /// A label or identifier.
    #[must_use]
    pub fn ul(&self, tag: u16) -> Option<Ul> {
        Ul::of(self.get(tag)?)
    }

    /// A fraction of two signed 32-bit numbers.
    #[must_use]
    pub fn rational(&self, tag: u16) -> Option<(i32, i32)> {
        rational(self.get(tag)?)
    }

    /// A text in UTF-16, up to the first NUL; `None` when nothing remains.
    #[must_use]
    pub fn text(&self, tag: u16) -> Option<String> {
        utf16(self.get(tag)?)
    }

    /// The members of an array or batch of identifiers (ST 377-1).
    #[must_use]
    pub fn list(&self, tag: u16) -> Vec<Ul> {
        self.get(tag).map(uls).unwrap_or_default()
    }
}

/// A fraction of two signed 32-bit numbers.
#[must_use]
pub fn rational(value: &[u8]) -> Option<(i32, i32)> {
    let (n, d) = value.split_first_chunk::<4>()?;
    Some((i32::from_be_bytes(*n), i32::from_be_bytes(*d.first_chunk()?)))
}

/// A text in UTF-16, big end first, up to the first NUL; `None` when nothing remains.
#[must_use]
pub fn utf16(value: &[u8]) -> Option<String> {
    let units: Vec<u16> = value.chunks_exact(2).map(|c| c.iter().fold(0, |n, b| n << 8 | u16::from(*b))).collect();
    let end = units.iter().position(|u| *u == 0).unwrap_or(units.len());
    let text = String::from_utf16_lossy(units.get(..end).unwrap_or_default());
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

/// The members of a batch: count, size of each, values.
#[must_use]
pub fn uls(value: &[u8]) -> Vec<Ul> {
    let Some((head, rest)) = value.split_first_chunk::<8>() else { return Vec::new() };
    let [a, b, c, d, size @ ..] = *head;
    let count = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if u32::from_be_bytes(size) != 16 {
        return Vec::new();
    }
    rest.chunks_exact(16).take(count).filter_map(Ul::of).collect()
}
