//! Key, length, value (SMPTE ST 336): every part of an MXF file is such a triplet.

use crate::engine::container::bytes::Bytes;
use crate::model::Error;
use std::fmt;

/// A SMPTE universal label (ST 298), the key of a triplet or the name of something. 16 bytes; byte 8 is a version that
/// does not change the meaning (ST 298, ST 377-1), so comparisons leave it out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ul(pub [u8; 16]);

/// The four bytes that begin every SMPTE label.
pub const SMPTE: [u8; 4] = [0x06, 0x0e, 0x2b, 0x34];

impl Ul {
    /// Of the first 16 bytes; `None` when there are fewer.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }

    /// A SMPTE label of these second eight bytes. The first eight are those of a label (`04 01 01 01`).
    #[must_use]
    pub fn label(item: [u8; 8]) -> Self {
        Self::with([0x04, 0x01, 0x01, 0x01], item)
    }

    /// A SMPTE label with these bytes 5 to 8 and 9 to 16.
    #[must_use]
    pub fn with(kind: [u8; 4], item: [u8; 8]) -> Self {
        let [a, b, c, d] = SMPTE;
        let [e, f, g, h] = kind;
        let [i, j, k, l, m, n, o, p] = item;
        Self([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// Whether it begins as SMPTE labels do.
    #[must_use]
    pub fn is_smpte(&self) -> bool {
        self.0.starts_with(&SMPTE)
    }

    /// Bytes 9 to 16: what is meant.
    #[must_use]
    pub fn item(&self) -> [u8; 8] {
        self.0.last_chunk().copied().unwrap_or_default()
    }

    /// Byte `n`, counted from 0; 0 beyond the last.
    #[must_use]
    pub fn byte(&self, n: usize) -> u8 {
        self.0.get(n).copied().unwrap_or(0)
    }

    /// Whether bytes 9 and following are these.
    #[must_use]
    pub fn means(&self, item: &[u8]) -> bool {
        self.is_smpte() && self.item().starts_with(item)
    }

    /// Whether it is the same label, whatever its version.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let but_version = |u: &Self| {
            let mut b = u.0;
            if let Some(v) = b.get_mut(7) {
                *v = 0;
            }
            b
        };
        but_version(self) == but_version(other)
    }
}

impl fmt::Display for Ul {
    /// `060e2b34.04010101.0d010201.01010900`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, b) in self.0.iter().enumerate() {
            if n > 0 && n.is_multiple_of(4) {
                f.write_str(".")?;
            }
            write!(f, "{b:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Ul {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a triplet lies. Its value may end beyond the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Klv {
    /// The key.
    pub key: Ul,
    /// Offset of the key.
    pub at: u64,
    /// Offset of the value.
    pub body: u64,
    /// Bytes of the value.
    pub len: u64,
}

impl Klv {
    /// Reads key and length, leaving the cursor at the value.
    ///
    /// # Errors
    /// Malformed when there is no SMPTE key or the length is not one of ST 336; see [`Bytes`].
    pub fn read(b: &mut Bytes<'_>) -> Result<Self, Error> {
        let at = b.pos();
        let key = Ul(b.array()?);
        if !key.is_smpte() {
            return Err(Error::malformed("there is no SMPTE key where a triplet must begin").offset(at));
        }
        let len = length(b)?;
        Ok(Self { key, at, body: b.pos(), len })
    }

    /// The offset behind the value (saturating).
    #[must_use]
    pub fn end(&self) -> u64 {
        self.body.saturating_add(self.len)
    }

    /// Whether it only fills space (ST 336, annex A; older files have another version byte).
    #[must_use]
    pub fn is_fill(&self) -> bool {
        self.key.means(&[0x03, 0x01, 0x02, 0x10])
    }

    /// Whether it is an essence element of the generic container (ST 379-2): picture, sound, data or compound.
    #[must_use]
    pub fn is_essence(&self) -> bool {
        let scheme = [0x05, 0x06, 0x07, 0x14, 0x15, 0x16, 0x17, 0x18];
        self.key.means(&[0x0d, 0x01, 0x03, 0x01]) && scheme.contains(&self.key.byte(12)) && self.key.byte(4) == 1
    }

    /// Whether it belongs to the system item of a content package (ST 379-2).
    #[must_use]
    pub fn is_system(&self) -> bool {
        (self.key.means(&[0x0d, 0x01, 0x03, 0x01]) && matches!(self.key.byte(12), 0x04 | 0x14) && self.key.byte(4) == 2)
            || self.key.means(&[0x0d, 0x01, 0x03, 0x01, 0x04])
    }

    /// Bytes of the file that are missing of it.
    #[must_use]
    pub fn missing(&self, size: u64) -> u64 {
        self.end().saturating_sub(size)
    }
}

/// A length in the basic encoding rules (ST 336): below 128 in one byte, else the count of bytes and the bytes.
///
/// # Errors
/// Malformed for the indefinite form and for more than eight bytes; see [`Bytes`].
pub fn length(b: &mut Bytes<'_>) -> Result<u64, Error> {
    let at = b.pos();
    let first = b.u8()?;
    if first < 0x80 {
        return Ok(u64::from(first));
    }
    let n = first & 0x7f;
    if n == 0 || n > 8 {
        let what = format!("the length of a triplet begins with {first:#04x}, which no length in MXF does");
        return Err(Error::malformed(what).offset(at));
    }
    let mut len = 0u64;
    for _ in 0..n {
        len = len << 8 | u64::from(b.u8()?);
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;

    #[test]
    fn lengths() {
        let limits = Limits::default();
        let read = |bytes: &[u8]| length(&mut Bytes::slice(bytes, &limits)).map_err(|e| e.code.into_owned());
        assert_eq!(read(&[0x7f]), Ok(127));
        assert_eq!(read(&[0x83, 1, 0, 2]), Ok(65_538));
        assert_eq!(read(&[0x88, 0xff, 0, 0, 0, 0, 0, 0, 1]), Ok(0xff00_0000_0000_0001));
        assert_eq!(read(&[0x80, 1]), Err("FILE-MALFORMED".into()));
        assert_eq!(read(&[0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Err("FILE-MALFORMED".into()));
        assert_eq!(read(&[0x84, 1]), Err("FILE-TRUNCATED".into()));
    }

    #[test]
    fn labels() {
        let a = Ul::label([0x0d, 1, 2, 1, 1, 1, 9, 0]);
        let mut b = a;
        b.0[7] = 9;
        assert!(a.same(&b) && a != b && a.means(&[0x0d, 1]) && !a.means(&[0x0e]));
        assert_eq!(a.to_string(), "060e2b34.04010101.0d010201.01010900");
    }
}
