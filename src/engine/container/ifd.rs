//! TIFF directories (TIFF 6.0 clause 2, and the 64-bit form of BigTIFF): a bounded walk without recursion.

use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{Error, Limits};

/// Most directories of a chain that are followed.
const MOST_DIRECTORIES: usize = 4096;

/// One field of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its number.
    pub tag: u16,
    /// Its type, as stored.
    pub kind: u16,
    /// Number of values.
    pub count: u64,
    /// Where the values lie in the file, bytes.
    pub at: u64,
}

impl Field {
    /// Bytes of one value; 0 for an unknown type.
    #[must_use]
    pub fn width(&self) -> u64 {
        match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 0,
        }
    }
}

/// The first directory of a file, and how many follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ifd {
    /// Byte order of every number.
    pub endian: Endian,
    /// Whether offsets have 64 bits.
    pub big: bool,
    /// The fields in the order of the file.
    pub fields: Vec<Field>,
    /// Directories in the chain, with this one.
    pub directories: usize,
    /// Where the next directory of the chain lies; 0 = nowhere.
    pub next: u64,
}

/// Byte order and whether it is BigTIFF, by the first bytes of a file.
#[must_use]
pub fn magic(head: &[u8]) -> Option<(Endian, bool)> {
    match head.get(..4)? {
        b"II*\0" => Some((Endian::Little, false)),
        b"MM\0*" => Some((Endian::Big, false)),
        b"II+\0" => Some((Endian::Little, true)),
        b"MM\0+" => Some((Endian::Big, true)),
        _ => None,
    }
}

impl Ifd {
    /// Reads the first directory and follows the chain of the others.
    ///
    /// # Errors
    /// `FILE-MALFORMED` without the magic bytes, and for a chain that comes back to itself; `FILE-TRUNCATED`;
    /// `LIMIT-SIZE` for more fields than `limits.items` or more than 4096 directories.
    pub fn read(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        b.seek(0);
        let head = b.array::<4>()?;
        let (endian, big) = magic(&head).ok_or_else(|| Error::malformed("this is no TIFF file").offset(0))?;
        if big && (b.u16(endian)?, b.u16(endian)?) != (8, 0) {
            return Err(Error::malformed("a BigTIFF file has offsets of 8 bytes, this one says otherwise").offset(4));
        }
        let mut out = Self { endian, big, fields: Vec::new(), directories: 0, next: 0 };
        let first = out.offset(b)?;
        out.chain(b, first, limits)?;
        Ok(out)
    }

    /// Reads the directory at `first` and follows its chain, as [`Ifd::read`] does, in a file whose first bytes are others
    /// (several raw formats have a number of their own in place of 42).
    ///
    /// # Errors
    /// As [`Ifd::read`].
    pub fn read_from(b: &mut Bytes<'_>, endian: Endian, first: u64, limits: &Limits) -> Result<Self, Error> {
        let mut out = Self { endian, big: false, fields: Vec::new(), directories: 0, next: 0 };
        out.chain(b, first, limits)?;
        Ok(out)
    }

    /// One directory that this one points to.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`; `LIMIT-SIZE` for more fields than `limits.items`.
    pub fn at(&self, b: &mut Bytes<'_>, offset: u64, limits: &Limits) -> Result<Self, Error> {
        let mut out = Self { endian: self.endian, big: self.big, fields: Vec::new(), directories: 1, next: 0 };
        b.seek(offset);
        let count = if self.big { b.u64(self.endian)? } else { u64::from(b.u16(self.endian)?) };
        if count > u64::from(limits.items) {
            return Err(Error::limit("a TIFF directory has more fields than limits.items").offset(offset));
        }
        for _ in 0..count {
            let f = out.field(b)?;
            out.fields.push(f);
        }
        // the last directory of some files ends without the place of a next one
        out.next = out.offset(b).unwrap_or(0);
        Ok(out)
    }

    fn chain(&mut self, b: &mut Bytes<'_>, first: u64, limits: &Limits) -> Result<(), Error> {
        let (endian, big, out) = (self.endian, self.big, self);
        let mut seen = Vec::new();
        let mut next = first;
        while next != 0 {
            if seen.contains(&next) {
                return Err(Error::malformed("the chain of TIFF directories comes back to itself").offset(next));
            }
            if seen.len() >= MOST_DIRECTORIES {
                return Err(Error::limit(format!("the file has more than {MOST_DIRECTORIES} TIFF directories")));
            }
            seen.push(next);
            b.seek(next);
            let count = if big { b.u64(endian)? } else { u64::from(b.u16(endian)?) };
            if count > u64::from(limits.items) {
                return Err(Error::limit("a TIFF directory has more fields than limits.items").offset(next));
            }
            if out.directories == 0 {
                for _ in 0..count {
                    let f = out.field(b)?;
                    out.fields.push(f);
                }
            } else {
                b.skip(count.saturating_mul(if big { 20 } else { 12 }));
            }
            out.directories = out.directories.saturating_add(1);
            next = out.offset(b)?;
            if out.directories == 1 {
                out.next = next;
            }
        }
        if out.directories == 0 {
            return Err(Error::malformed("the TIFF file has no directory").offset(4));
        }
        Ok(())
    }

    /// The fields of the first directory as far as `head`, the first bytes of a file, holds them.
    #[must_use]
    pub fn peek(head: &[u8]) -> Vec<Field> {
        let limits = Limits::default();
        let mut b = Bytes::slice(head, &limits);
        let Some((endian, big)) = magic(head) else { return Vec::new() };
        let out = Self { endian, big, fields: Vec::new(), directories: 0, next: 0 };
        b.seek(if big { 8 } else { 4 });
        let mut fields = Vec::new();
        if let Ok(at) = out.offset(&mut b) {
            b.seek(at);
            let count = if big { b.u64(endian) } else { b.u16(endian).map(u64::from) };
            for _ in 0..count.unwrap_or(0).min(4096) {
                match out.field(&mut b) {
                    Ok(f) => fields.push(f),
                    Err(_) => break,
                }
            }
        }
        fields
    }

    fn offset(&self, b: &mut Bytes<'_>) -> Result<u64, Error> {
        if self.big { b.u64(self.endian) } else { b.u32(self.endian).map(u64::from) }
    }

    fn field(&self, b: &mut Bytes<'_>) -> Result<Field, Error> {
        let (tag, kind) = (b.u16(self.endian)?, b.u16(self.endian)?);
        let count = self.offset(b)?;
        let inside = if self.big { 8 } else { 4 };
        let here = b.pos();
        let stored = self.offset(b)?;
        let mut f = Field { tag, kind, count, at: here };
        if f.width().saturating_mul(count) > inside {
            f.at = stored;
        }
        Ok(f)
    }

    /// A field by its number; of several the first.
    #[must_use]
    pub fn get(&self, tag: u16) -> Option<&Field> {
        self.fields.iter().find(|f| f.tag == tag)
    }

    /// The whole numbers of a field, none when it is absent or of another type.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`, or `LIMIT-SIZE` for more than `most` numbers.
    pub fn numbers(&self, b: &mut Bytes<'_>, tag: u16, most: u64) -> Result<Vec<u64>, Error> {
        let Some(f) = self.get(tag).filter(|f| matches!(f.kind, 1 | 3 | 4 | 13 | 16)) else { return Ok(Vec::new()) };
        if f.count.saturating_mul(f.width()) > b.size().saturating_sub(f.at) {
            let what = format!("the {} values of the TIFF field {tag} lie beyond the end", f.count);
            return Err(Error::truncated(what).offset(f.at).fix("copy the file again from its source"));
        }
        if f.count > most {
            let what = format!("the TIFF field {tag} has {} values, at most {most} are read", f.count);
            return Err(Error::limit(what).offset(f.at));
        }
        b.seek(f.at);
        let one = |b: &mut Bytes<'_>| match f.kind {
            1 => b.u8().map(u64::from),
            3 => b.u16(self.endian).map(u64::from),
            16 => b.u64(self.endian),
            _ => b.u32(self.endian).map(u64::from),
        };
        (0..f.count).map(|_| one(b)).collect()
    }

    /// The first whole number of a field.
    ///
    /// # Errors
    /// As [`Ifd::numbers`].
    pub fn number(&self, b: &mut Bytes<'_>, tag: u16) -> Result<Option<u64>, Error> {
        Ok(self.numbers(b, tag, 1 << 20)?.first().copied())
    }

    /// A text field up to its first NUL; `None` when absent or empty.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`, or `LIMIT-SIZE` beyond the budget.
    pub fn text(&self, b: &mut Bytes<'_>, tag: u16) -> Result<Option<String>, Error> {
        let Some(f) = self.get(tag).filter(|f| f.kind == 2) else { return Ok(None) };
        b.seek(f.at);
        Ok(field_text(&b.take(f.count)?))
    }

    /// The first rational of a field: numerator and denominator.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`.
    pub fn rational(&self, b: &mut Bytes<'_>, tag: u16) -> Result<Option<(u32, u32)>, Error> {
        let Some(f) = self.get(tag).filter(|f| f.kind == 5 && f.count > 0) else { return Ok(None) };
        b.seek(f.at);
        Ok(Some((b.u32(self.endian)?, b.u32(self.endian)?)))
    }

    /// The bytes of a field of type byte, ASCII or undefined, at most `most`; none when it is absent or of another type.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`.
    pub fn bytes(&self, b: &mut Bytes<'_>, tag: u16, most: u64) -> Result<Vec<u8>, Error> {
        let Some(f) = self.get(tag).filter(|f| matches!(f.kind, 1 | 2 | 6 | 7)) else { return Ok(Vec::new()) };
        b.seek(f.at);
        b.take(f.count.min(most))
    }

    /// The finite real numbers of a field, whatever numeric type it has, at most `most`; a fraction over nothing is left out.
    ///
    /// # Errors
    /// `FILE-TRUNCATED`.
    pub fn reals(&self, b: &mut Bytes<'_>, tag: u16, most: u64) -> Result<Vec<f64>, Error> {
        let Some(f) = self.get(tag).filter(|f| !matches!(f.kind, 2 | 7) && f.width() > 0) else {
            return Ok(Vec::new());
        };
        b.seek(f.at);
        let e = self.endian;
        let mut out = Vec::new();
        for _ in 0..f.count.min(most) {
            let x = match f.kind {
                1 => f64::from(b.u8()?),
                6 => f64::from(b.u8()?.cast_signed()),
                3 => f64::from(b.u16(e)?),
                8 => f64::from(b.u16(e)?.cast_signed()),
                9 => f64::from(b.u32(e)?.cast_signed()),
                5 => f64::from(b.u32(e)?) / f64::from(b.u32(e)?),
                10 => f64::from(b.u32(e)?.cast_signed()) / f64::from(b.u32(e)?.cast_signed()),
                11 => f64::from(b.f32(e)?),
                12 => f64::from_bits(b.u64(e)?),
                16..=18 => b.u64(e)? as f64,
                _ => f64::from(b.u32(e)?),
            };
            out.extend(Some(x).filter(|x| x.is_finite()));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose directories hold these fields (tag, type, count, value) and point to `next`.
    fn file(fields: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
        let mut out = b"II*\0\x08\0\0\0".to_vec();
        out.extend(u16::try_from(fields.len()).unwrap().to_le_bytes());
        for (tag, kind, count, value) in fields {
            out.extend(
                [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat(),
            );
        }
        out.extend(next.to_le_bytes());
        out
    }

    #[test]
    fn numbers_texts_and_rationals() {
        let l = Limits::default();
        let end = 8 + 2 + 5 * 12 + 4;
        let fields =
            [(256, 3, 1, 640), (258, 3, 3, end), (271, 2, 5, end + 6), (282, 5, 1, end + 11), (273, 4, 1 << 30, end)];
        let mut bytes = file(&fields, 0);
        bytes.extend([8, 0, 8, 0, 9, 0]);
        bytes.extend(b"ARRI\0");
        bytes.extend([72, 0, 0, 0, 1, 0, 0, 0]);
        let mut b = Bytes::slice(&bytes, &l);
        let ifd = Ifd::read(&mut b, &l).unwrap();
        assert_eq!(ifd.number(&mut b, 256).unwrap(), Some(640));
        assert_eq!(ifd.numbers(&mut b, 258, 10).unwrap(), [8, 8, 9]);
        assert_eq!(ifd.numbers(&mut b, 258, 2).unwrap_err().code, "LIMIT-SIZE");
        assert_eq!(ifd.text(&mut b, 271).unwrap().as_deref(), Some("ARRI"));
        assert_eq!(ifd.rational(&mut b, 282).unwrap(), Some((72, 1)));
        assert_eq!(ifd.numbers(&mut b, 273, u64::MAX).unwrap_err().code, "FILE-TRUNCATED");
        assert_eq!((ifd.number(&mut b, 999).unwrap(), ifd.directories), (None, 1));
        assert_eq!(Ifd::peek(&bytes), ifd.fields);
        assert_eq!(Ifd::peek(&bytes[..30]).len(), 1);
    }

    #[test]
    fn loops_and_every_cut_are_refused() {
        let l = Limits::default();
        let e = Ifd::read(&mut Bytes::slice(&file(&[(256, 3, 1, 1)], 8), &l), &l).unwrap_err();
        assert_eq!(e.code, "FILE-MALFORMED");
        let bytes = file(&[(256, 3, 1, 1), (257, 3, 1, 1)], 0);
        for n in 0..bytes.len() {
            assert!(Ifd::read(&mut Bytes::slice(&bytes[..n], &l), &l).is_err(), "cut at {n}");
        }
    }
}
