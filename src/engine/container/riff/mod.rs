//! RIFF, RF64 and BW64 chunks (IBM/Microsoft RIFF 1.0, EBU Tech 3306, ITU-R BS.2088).

mod avi;
mod bext;
mod wave;

pub use avi::{Avi, Stream, StreamKind, sample_avi};
pub use bext::Bext;
pub use wave::WaveFmt;

use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::{Error, Limits, Warning};
use std::collections::BTreeMap;

/// The outer form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiffKind {
    /// Up to 4 GiB.
    Riff,
    /// EBU Tech 3306: 64-bit sizes in a `ds64` chunk.
    Rf64,
    /// ITU-R BS.2088: as RF64.
    Bw64,
}

impl RiffKind {
    /// `RIFF`, `RF64` or `BW64`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Riff => "RIFF",
            Self::Rf64 => "RF64",
            Self::Bw64 => "BW64",
        }
    }
}

/// One chunk that lies wholly in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Four characters.
    pub id: [u8; 4],
    /// Offset of its contents.
    pub at: u64,
    /// Bytes of its contents.
    pub size: u64,
}

/// All chunks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Riff {
    /// Outer form.
    pub kind: RiffKind,
    /// Form type, `WAVE` for sound.
    pub form: [u8; 4],
    /// In file order, without `ds64`.
    pub chunks: Vec<Chunk>,
    /// Oddities that did not stop the reading.
    pub warnings: Vec<Warning>,
}

#[derive(Default)]
struct Ds64 {
    riff: u64,
    data: u64,
    table: BTreeMap<[u8; 4], u64>,
}

const UNKNOWN: u64 = 0xffff_ffff;

impl Riff {
    /// Finds every chunk, reading only their headers.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when this is no RIFF file; `FILE-TRUNCATED` when a chunk reaches beyond the end
    /// of the file or the recording was never closed; `LIMIT-SIZE` for too many chunks.
    pub fn scan(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        b.seek(0);
        let kind = match &b.array::<4>()? {
            b"RIFF" => RiffKind::Riff,
            b"RF64" => RiffKind::Rf64,
            b"BW64" => RiffKind::Bw64,
            _ => return Err(Error::malformed("the file does not begin with RIFF, RF64 or BW64").offset(0)),
        };
        let mut said = u64::from(b.u32(Endian::Little)?);
        let form = b.array::<4>()?;
        let mut ds64 = Ds64::default();
        if kind != RiffKind::Riff {
            ds64 = read_ds64(b, limits)?;
            if said == UNKNOWN {
                said = ds64.riff;
            }
        }
        if said == 0 || (kind == RiffKind::Riff && said == UNKNOWN) {
            return Err(unclosed(4));
        }
        let mut riff = Self { kind, form, chunks: Vec::new(), warnings: Vec::new() };
        riff.walk(b, said.saturating_add(8), &ds64, limits)?;
        Ok(riff)
    }

    /// The first chunk with this id.
    #[must_use]
    pub fn chunk(&self, id: &[u8; 4]) -> Option<Chunk> {
        self.chunks.iter().find(|c| c.id == *id).copied()
    }

    fn walk(&mut self, b: &mut Bytes<'_>, end: u64, ds64: &Ds64, limits: &Limits) -> Result<(), Error> {
        let most = usize::try_from(limits.items).unwrap_or(usize::MAX);
        // Some writers give a size in the header that ends before the sound: go on until it is found.
        let mut found = false;
        while b.left() > 0 && (b.pos() < end || !found) {
            let start = b.pos();
            let id = if b.left() >= 8 { b.array::<4>()? } else { [0; 4] };
            if !is_id(&id) {
                if !found {
                    return Err(Error::malformed("no chunk begins here and the sound data was not found").offset(start));
                }
                self.trailing(b.size().saturating_sub(start));
                return Ok(());
            }
            if self.chunks.len() >= most {
                return Err(Error::limit(format!("the file has more than {most} chunks")).offset(start));
            }
            let field = u64::from(b.u32(Endian::Little)?);
            let size =
                if field == UNKNOWN { resolve(self.kind, &id, ds64).ok_or_else(|| unclosed(start))? } else { field };
            let chunk = Chunk { id, at: b.pos(), size };
            check(b, &chunk)?;
            found |= &id == b"data";
            self.chunks.push(chunk);
            self.next(b, &chunk)?;
        }
        let short = b.pos() > end.saturating_add(1);
        if short || end > b.size().saturating_add(1) {
            let text = format!("the file header says {end} bytes, the file has {}; its chunks are complete", b.size());
            self.warnings.push(Warning::new("WAV-SIZE", text));
        }
        if b.left() > 0 {
            self.trailing(b.left());
        }
        Ok(())
    }

    /// Moves to the next chunk. Contents of odd length are followed by one padding byte, which some
    /// writers forget.
    fn next(&mut self, b: &mut Bytes<'_>, chunk: &Chunk) -> Result<(), Error> {
        let end = chunk.at.saturating_add(chunk.size);
        b.seek(end);
        if chunk.size.is_multiple_of(2) || b.left() == 0 {
            return Ok(());
        }
        if b.left() >= 5 {
            let peek = b.array::<5>()?;
            let [first, rest @ ..] = peek;
            let [a, c, d, e, _] = peek;
            if !is_id(&rest) && first != 0 && is_id(&[a, c, d, e]) {
                let name = String::from_utf8_lossy(&chunk.id).into_owned();
                if !self.warnings.iter().any(|w| w.code == "WAV-PADDING") {
                    self.warnings.push(Warning::new("WAV-PADDING", format!("chunk `{name}` has no padding byte")));
                }
                b.seek(end);
                return Ok(());
            }
        }
        b.seek(end.saturating_add(1));
        Ok(())
    }

    fn trailing(&mut self, n: u64) {
        self.warnings.push(Warning::new("WAV-TRAILING", format!("{n} bytes follow that belong to no chunk")));
    }
}

fn is_id(id: &[u8; 4]) -> bool {
    id.iter().all(|c| matches!(c, 0x20..=0x7e)) && id.first() != Some(&b' ')
}

fn resolve(kind: RiffKind, id: &[u8; 4], ds64: &Ds64) -> Option<u64> {
    if kind == RiffKind::Riff {
        return None;
    }
    if id == b"data" {
        return Some(ds64.data);
    }
    ds64.table.get(id).copied()
}

fn check(b: &mut Bytes<'_>, chunk: &Chunk) -> Result<(), Error> {
    let end = chunk.at.checked_add(chunk.size);
    let name = String::from_utf8_lossy(&chunk.id).into_owned();
    if end.is_none_or(|e| e > b.size()) {
        let have = b.size().saturating_sub(chunk.at);
        let what = format!("the file is cut off: chunk `{name}` has {have} of its {} bytes", chunk.size);
        return Err(Error::truncated(what).offset(chunk.at).fix("copy the file again from its source"));
    }
    if &chunk.id == b"data" && chunk.size == 0 && b.left() > 0 {
        let next = if b.left() >= 4 { b.array::<4>()? } else { [0; 4] };
        b.seek(chunk.at);
        if !is_id(&next) {
            return Err(unclosed(chunk.at));
        }
    }
    Ok(())
}

fn unclosed(at: u64) -> Error {
    let what = "the recording was never closed: its header does not say how long it is";
    Error::truncated(what).offset(at).fix("let the recorder or a repair tool finish the file, then copy it again")
}

fn read_ds64(b: &mut Bytes<'_>, limits: &Limits) -> Result<Ds64, Error> {
    let at = b.pos();
    if &b.array::<4>()? != b"ds64" {
        return Err(Error::malformed("an RF64 or BW64 file must begin with a ds64 chunk").offset(at));
    }
    let size = u64::from(b.u32(Endian::Little)?);
    if size < 24 {
        return Err(Error::malformed(format!("the ds64 chunk has {size} bytes, at least 24 are needed")).offset(at));
    }
    let start = b.pos();
    let mut out = Ds64 { riff: b.u64(Endian::Little)?, data: b.u64(Endian::Little)?, table: BTreeMap::new() };
    b.skip(8);
    let count = if size >= 28 { u64::from(b.u32(Endian::Little)?) } else { 0 };
    if count > u64::from(limits.items) || count.saturating_mul(12).saturating_add(28) > size.max(28) {
        return Err(Error::malformed(format!("the ds64 chunk announces {count} sizes, more than it holds")).offset(at));
    }
    for _ in 0..count {
        let id = b.array()?;
        let size = b.u64(Endian::Little)?;
        out.table.entry(id).or_insert(size);
    }
    b.seek(start.saturating_add(size).saturating_add(size % 2));
    Ok(out)
}

/// A RIFF file of form `WAVE` with these chunks, padded as the format wants.
#[must_use]
pub fn write_wave(chunks: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut body = b"WAVE".to_vec();
    for (id, data) in chunks {
        body.extend_from_slice(id);
        body.extend_from_slice(&length(data.len()));
        body.extend_from_slice(data);
        if data.len() % 2 == 1 {
            body.push(0);
        }
    }
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&length(body.len()));
    out.extend_from_slice(&body);
    out
}

#[cfg(test)]
mod tests;
