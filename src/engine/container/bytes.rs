//! Bounded reading of untrusted bytes.
//!
//! Every read is checked against the size of the file and against a budget (`Limits::header_bytes`),
//! all arithmetic is checked, and nothing here can panic. Reads are positional (`pread`), so that one
//! open file can be read by several readers.

use crate::model::{Error, ErrorKind, Limits};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes fetched at once for small fields.
const BLOCK: usize = 4096;

/// Byte order of a multi-byte field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// Most significant byte first.
    Big,
    /// Least significant byte first.
    Little,
}

enum Source<'a> {
    File(&'a File),
    Slice(&'a [u8]),
}

/// A cursor over a file or a slice that refuses to read beyond the end or the budget.
///
/// Errors: [`ErrorKind::Malformed`] `FILE-TRUNCATED` beyond the end, [`ErrorKind::Limit`]
/// `LIMIT-SIZE` beyond the budget, [`ErrorKind::Io`] when the system fails; each names the offset.
pub struct Bytes<'a> {
    source: Source<'a>,
    size: u64,
    pos: u64,
    budget: u64,
    cache: Vec<u8>,
    cache_at: u64,
}

impl<'a> Bytes<'a> {
    /// Over an open file of `size` bytes (as `fstat` said).
    #[must_use]
    pub fn file(file: &'a File, size: u64, limits: &Limits) -> Self {
        Self { source: Source::File(file), size, pos: 0, budget: limits.header_bytes, cache: Vec::new(), cache_at: 0 }
    }

    /// Over bytes in memory.
    #[must_use]
    pub fn slice(bytes: &'a [u8], limits: &Limits) -> Self {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { source: Source::Slice(bytes), size, pos: 0, budget: limits.header_bytes, cache: Vec::new(), cache_at: 0 }
    }

    /// Gives the whole allowance anew, for readers that go through a file frame by frame and hold one frame at a time.
    pub fn renew(&mut self, limits: &Limits) {
        self.budget = limits.header_bytes;
    }

    /// Size of the whole source, bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where the next read begins.
    #[must_use]
    pub fn pos(&self) -> u64 {
        self.pos
    }

    /// Bytes from here to the end.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.size.saturating_sub(self.pos)
    }

    /// Moves to an offset. Moving beyond the end is allowed; reading there is refused.
    pub fn seek(&mut self, pos: u64) {
        self.pos = pos;
    }

    /// Moves on by `n` bytes (saturating).
    pub fn skip(&mut self, n: u64) {
        self.pos = self.pos.saturating_add(n);
    }

    /// Fills `out` from the cursor and moves on.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let n = u64::try_from(out.len()).unwrap_or(u64::MAX);
        self.allow(n)?;
        self.fetch(out)?;
        self.budget = self.budget.saturating_sub(n);
        self.pos = self.pos.saturating_add(n);
        Ok(())
    }

    /// The next `n` bytes. The size is checked before memory is taken.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn take(&mut self, n: u64) -> Result<Vec<u8>, Error> {
        self.allow(n)?;
        let len = usize::try_from(n).map_err(|_| self.too_much(n))?;
        let mut out = vec![0; len];
        self.fill(&mut out)?;
        Ok(out)
    }

    /// The next `N` bytes, for tags and identifiers.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }

    /// One byte.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// A 16-bit number.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn u16(&mut self, e: Endian) -> Result<u16, Error> {
        let b = self.array()?;
        Ok(if e == Endian::Big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }

    /// A 32-bit number.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn u32(&mut self, e: Endian) -> Result<u32, Error> {
        let b = self.array()?;
        Ok(if e == Endian::Big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    /// A 64-bit number.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn u64(&mut self, e: Endian) -> Result<u64, Error> {
        let b = self.array()?;
        Ok(if e == Endian::Big { u64::from_be_bytes(b) } else { u64::from_le_bytes(b) })
    }

    /// An IEEE 754 single; may be NaN or infinite.
    ///
    /// # Errors
    /// See [`Bytes`].
    pub fn f32(&mut self, e: Endian) -> Result<f32, Error> {
        Ok(f32::from_bits(self.u32(e)?))
    }

    /// Checks that `n` bytes may be read here.
    fn allow(&self, n: u64) -> Result<(), Error> {
        if n > self.left() {
            let what = format!("{n} bytes are needed here but only {} are left", self.left());
            return Err(Error::truncated(what).offset(self.pos).fix("copy the file again from its source"));
        }
        if n > self.budget {
            return Err(self.too_much(n));
        }
        Ok(())
    }

    fn too_much(&self, n: u64) -> Error {
        let what = format!("reading {n} more bytes of metadata would exceed limits.header_bytes");
        Error::limit(what).offset(self.pos)
    }

    /// Reads without moving; `allow` has said yes.
    fn fetch(&mut self, out: &mut [u8]) -> Result<(), Error> {
        if out.is_empty() {
            return Ok(());
        }
        match &self.source {
            Source::Slice(all) => {
                let at = usize::try_from(self.pos).ok();
                let part = at.and_then(|a| all.get(a..a.checked_add(out.len())?));
                let part = part.ok_or_else(|| Error::truncated("the data ends here").offset(self.pos))?;
                out.copy_from_slice(part);
                Ok(())
            }
            Source::File(file) if out.len() >= BLOCK => pread(file, out, self.pos),
            Source::File(file) => {
                if let Some(hit) = cached(&self.cache, self.cache_at, self.pos, out.len()) {
                    out.copy_from_slice(hit);
                    return Ok(());
                }
                let n = usize::try_from(self.left()).unwrap_or(BLOCK).min(BLOCK);
                self.cache.clear();
                self.cache.resize(n, 0);
                self.cache_at = self.pos;
                if let Err(e) = pread(file, &mut self.cache, self.pos) {
                    self.cache.clear();
                    return Err(e);
                }
                match cached(&self.cache, self.cache_at, self.pos, out.len()) {
                    Some(hit) => out.copy_from_slice(hit),
                    None => return Err(Error::truncated("the file ends here").offset(self.pos)),
                }
                Ok(())
            }
        }
    }
}

fn cached(cache: &[u8], cache_at: u64, pos: u64, n: usize) -> Option<&[u8]> {
    let from = usize::try_from(pos.checked_sub(cache_at)?).ok()?;
    cache.get(from..from.checked_add(n)?)
}

fn pread(file: &File, out: &mut [u8], pos: u64) -> Result<(), Error> {
    file.read_exact_at(out, pos).map_err(|e| {
        if e.kind() == std::io::ErrorKind::UnexpectedEof {
            let what = "the file became shorter while it was read";
            return Error::new(ErrorKind::Io, "FILE-CHANGED", what).offset(pos);
        }
        Error::io("FILE-UNREADABLE", "read the file", &e).offset(pos)
    })
}

/// Text of a fixed-size field: up to the first NUL, UTF-8 if valid, else ISO 8859-1 (which every
/// byte string is), with white space at both ends removed. `None` when nothing remains or when the
/// field holds only `0xFF` (undefined in DPX).
#[must_use]
pub fn field_text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or(bytes);
    if bytes.iter().all(|b| *b == 0xff) {
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(t) => t.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

/// A single as the shortest decimal that stands for it alone: 0.04 stays 0.04, where the exact value is 0.0399999991.
#[must_use]
pub fn widened(x: f32) -> f64 {
    x.to_string().parse().unwrap_or_else(|_| x.into())
}

/// Cuts text to at most `most` bytes at a character boundary; true if something was cut.
#[must_use]
pub fn cut_text(text: &mut String, most: u32) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if text.len() <= most {
        return false;
    }
    let mut at = most;
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    text.truncate(at);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    #[test]
    fn fields_in_both_orders() {
        let l = Limits::default();
        let mut b = Bytes::slice(&[1, 2, 3, 4, 0, 0, 0x80, 0x3f, 9], &l);
        assert_eq!(b.u16(Endian::Big).unwrap(), 0x0102);
        assert_eq!(b.u16(Endian::Little).unwrap(), 0x0403);
        assert_eq!(b.f32(Endian::Little).unwrap(), 1.0);
        assert_eq!((b.pos(), b.left()), (8, 1));
        let e = b.u16(Endian::Big).unwrap_err();
        assert_eq!((e.code.as_ref(), e.place.offset), ("FILE-TRUNCATED", Some(8)));
        assert_eq!(b.u8().unwrap(), 9, "a refused read does not move");
        b.seek(u64::MAX);
        b.skip(5);
        assert_eq!(b.u64(Endian::Big).unwrap_err().code, "FILE-TRUNCATED");
    }

    #[test]
    fn the_budget_is_kept() {
        let l = Limits { header_bytes: 10, ..Limits::default() };
        let mut b = Bytes::slice(&[0; 100], &l);
        b.take(8).unwrap();
        let e = b.take(3).unwrap_err();
        assert_eq!((e.kind, e.code.as_ref(), e.place.offset), (ErrorKind::Limit, "LIMIT-SIZE", Some(8)));
        assert_eq!(b.take(u64::MAX).unwrap_err().code, "FILE-TRUNCATED");
    }

    #[test]
    fn a_file_that_shrinks_is_an_io_error() {
        let mut f = tempfile::tempfile().unwrap();
        f.write_all(&[7; 100]).unwrap();
        let mut b = Bytes::file(&f, 200, &Limits::default());
        let e = b.take(150).unwrap_err();
        assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Io, "FILE-CHANGED"));
    }

    #[test]
    fn texts() {
        assert_eq!(field_text(b"A001\0junk"), Some("A001".into()));
        assert_eq!(field_text(b"Caf\xe9  "), Some("Café".into()));
        assert_eq!(field_text(&[0xff; 8]), None);
        assert_eq!(field_text(b"  \0"), None);
        let mut s = "aé".to_owned();
        assert!(cut_text(&mut s, 2));
        assert_eq!(s, "a");
    }

    proptest! {
        #[test]
        fn file_and_slice_agree(data in proptest::collection::vec(any::<u8>(), 0..10_000),
                                reads in proptest::collection::vec((0u64..11_000, 0u64..6_000), 0..30)) {
            let mut f = tempfile::tempfile().unwrap();
            f.write_all(&data).unwrap();
            let l = Limits::default();
            let mut a = Bytes::file(&f, data.len() as u64, &l);
            let mut b = Bytes::slice(&data, &l);
            for (at, n) in reads {
                a.seek(at);
                b.seek(at);
                prop_assert_eq!(a.take(n), b.take(n));
                prop_assert_eq!(a.u32(Endian::Big), b.u32(Endian::Big));
            }
        }
    }
}
