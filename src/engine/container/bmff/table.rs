//! The sample tables: how many samples, how long each, where they lie. Read as streams; a table that
//! claims more than its box holds is refused, whatever its count.

use super::header::{need, version};
use super::{Atom, Walk};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// Of very long chunk tables only so many entries are read, from the end.
const MOST_CHUNKS: u64 = 65_536;

/// What `stts` says about the duration of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Samples.
    pub count: u64,
    /// Their durations together, ticks.
    pub total: u64,
    /// Duration of the first sample.
    pub first: u32,
    /// Duration of the last sample.
    pub last: u32,
    range: Option<(u32, u32)>,
    waiting: Option<u32>,
}

/// What `stsz` or `stz2` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSizes {
    /// Samples.
    pub count: u32,
    /// The size of every sample; 0 when each has its own.
    pub fixed: u32,
    /// Bits per entry of the table.
    bits: u8,
    /// Where the table begins.
    at: u64,
}

/// Where chunks lie, from `stco` or `co64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunks {
    /// Chunks.
    pub count: u32,
    /// The highest offset among those that were read, and its chunk number from 1.
    pub highest: Option<(u64, u32)>,
    long: bool,
    at: u64,
}

/// The count of a table whose entries of `bits` bits follow; refused unless they fit in the box.
pub(super) fn fits(a: &Atom, at: u64, count: u32, bits: u64) -> Result<u32, Error> {
    let bytes = u64::from(count).saturating_mul(bits).div_ceil(8);
    if bytes > a.end.saturating_sub(at) {
        let what = format!("box `{}` announces {count} entries, more than it holds", a.name());
        return Err(Error::malformed(what).offset(a.at));
    }
    Ok(count)
}

/// Reads `stts` to its end.
///
/// # Errors
/// `FILE-MALFORMED` when the table does not fit; those of [`Bytes`].
pub fn times(b: &mut Bytes<'_>, a: &Atom) -> Result<Times, Error> {
    need(a, 8)?;
    version(b, a)?;
    let entries = b.u32(Endian::Big)?;
    let entries = fits(a, b.pos(), entries, 64)?;
    let mut t = Times::default();
    for _ in 0..entries {
        let (count, delta) = (u64::from(b.u32(Endian::Big)?), b.u32(Endian::Big)?);
        t.add(count, delta);
    }
    Ok(t)
}

impl Times {
    /// Adds samples of one duration after the others.
    pub fn add(&mut self, count: u64, delta: u32) {
        if count == 0 {
            return;
        }
        // The very last sample alone may be of another length: it is noted only when something follows.
        if let Some(d) = self.waiting.take() {
            self.note(d);
        }
        if self.count == 0 {
            self.first = delta;
        }
        match count {
            1 => self.waiting = Some(delta),
            _ => self.note(delta),
        }
        self.count = self.count.saturating_add(count);
        self.total = self.total.saturating_add(count.saturating_mul(u64::from(delta)));
        self.last = delta;
    }

    /// These samples and then those of `other`.
    #[must_use]
    pub fn then(mut self, other: &Self) -> Self {
        if other.count == 0 {
            return self;
        }
        if let Some(d) = self.waiting.take() {
            self.note(d);
        }
        let first = if self.count == 0 { other.first } else { self.first };
        let range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (a, b) => a.or(b),
        };
        let (count, total) = (self.count.saturating_add(other.count), self.total.saturating_add(other.total));
        Self { count, total, first, last: other.last, range, waiting: other.waiting }
    }

    fn note(&mut self, delta: u32) {
        let (least, most) = self.range.unwrap_or((delta, delta));
        self.range = Some((least.min(delta), most.max(delta)));
    }

    /// The shortest and the longest duration, not counting the very last sample if it stands alone among
    /// others. `None` without samples.
    #[must_use]
    pub fn range(&self) -> Option<(u32, u32)> {
        self.range.or(self.waiting.map(|d| (d, d)))
    }
}

/// Reads the head of `stsz` or `stz2`.
///
/// # Errors
/// As [`times`].
pub fn sample_sizes(b: &mut Bytes<'_>, a: &Atom) -> Result<SampleSizes, Error> {
    need(a, 12)?;
    version(b, a)?;
    let field = b.u32(Endian::Big)?;
    let count = b.u32(Endian::Big)?;
    let (fixed, bits) = if &a.id == b"stz2" { (0, field.to_be_bytes()[3]) } else { (field, 32) };
    if !matches!(bits, 4 | 8 | 16 | 32) {
        return Err(Error::malformed(format!("sample sizes of {bits} bits do not exist")).offset(a.at));
    }
    let at = b.pos();
    if fixed == 0 {
        fits(a, at, count, u64::from(bits))?;
    }
    Ok(SampleSizes { count, fixed, bits, at })
}

impl SampleSizes {
    /// Bytes of sample `n`, counted from 0.
    ///
    /// # Errors
    /// Those of [`Bytes`].
    pub fn size(&self, b: &mut Bytes<'_>, n: u64) -> Result<u64, Error> {
        if self.fixed > 0 || n >= u64::from(self.count) {
            return Ok(u64::from(self.fixed));
        }
        let bit = n.saturating_mul(u64::from(self.bits));
        b.seek(self.at.saturating_add(bit / 8));
        Ok(match self.bits {
            4 if n.is_multiple_of(2) => u64::from(b.u8()? >> 4),
            4 => u64::from(b.u8()? & 15),
            8 => u64::from(b.u8()?),
            16 => u64::from(b.u16(Endian::Big)?),
            _ => u64::from(b.u32(Endian::Big)?),
        })
    }
}

/// Reads `stco` or `co64`; of more than 65,536 chunks the last ones.
///
/// # Errors
/// As [`times`].
pub fn chunks(b: &mut Bytes<'_>, a: &Atom) -> Result<Chunks, Error> {
    need(a, 8)?;
    version(b, a)?;
    let long = &a.id == b"co64";
    let count = b.u32(Endian::Big)?;
    let count = fits(a, b.pos(), count, if long { 64 } else { 32 })?;
    let mut c = Chunks { count, highest: None, long, at: b.pos() };
    let first = u64::from(count).saturating_sub(MOST_CHUNKS);
    for n in first..u64::from(count) {
        let offset = c.offset(b, n)?;
        if c.highest.is_none_or(|(high, _)| offset >= high) {
            c.highest = Some((offset, u32::try_from(n.saturating_add(1)).unwrap_or(u32::MAX)));
        }
    }
    Ok(c)
}

impl Chunks {
    /// Offset in the file of chunk `n`, counted from 0.
    ///
    /// # Errors
    /// Those of [`Bytes`].
    pub fn offset(&self, b: &mut Bytes<'_>, n: u64) -> Result<u64, Error> {
        b.seek(self.at.saturating_add(n.saturating_mul(if self.long { 8 } else { 4 })));
        if self.long { b.u64(Endian::Big) } else { Ok(u64::from(b.u32(Endian::Big)?)) }
    }
}

/// Offset and size of the first samples, at most `most` of them, by `stsc`, chunks and sizes.
///
/// # Errors
/// As [`times`]; `LIMIT-SIZE`.
pub fn sample_offsets(
    b: &mut Bytes<'_>,
    stsc: &Atom,
    chunks: &Chunks,
    sizes: &SampleSizes,
    most: u32,
    walk: &mut Walk<'_>,
) -> Result<Vec<(u64, u64)>, Error> {
    need(stsc, 8)?;
    version(b, stsc)?;
    let runs = b.u32(Endian::Big)?;
    let runs = u64::from(fits(stsc, b.pos(), runs, 96)?);
    let table = b.pos();
    let mut out = Vec::new();
    let (mut run, mut per, mut until) = (0u64, 0u32, 0u64);
    let wanted = usize::try_from(most.min(sizes.count)).unwrap_or(0);
    for chunk in 0..u64::from(chunks.count) {
        while run < runs && chunk >= until {
            b.seek(table.saturating_add(run.saturating_mul(12)).saturating_add(4));
            per = b.u32(Endian::Big)?;
            run = run.saturating_add(1);
            until = u64::MAX;
            if run < runs {
                b.seek(table.saturating_add(run.saturating_mul(12)));
                until = u64::from(b.u32(Endian::Big)?).saturating_sub(1);
            }
            walk.count(stsc.at)?;
        }
        if per == 0 || out.len() >= wanted {
            return Ok(out);
        }
        let mut at = chunks.offset(b, chunk)?;
        for _ in 0..per {
            if out.len() >= wanted {
                return Ok(out);
            }
            let size = sizes.size(b, u64::try_from(out.len()).unwrap_or(u64::MAX))?;
            walk.count(stsc.at)?;
            out.push((at, size));
            at = at.saturating_add(size);
        }
    }
    Ok(out)
}

/// Bytes of the last chunk, at least: the last `stsc` run says how many samples it has. `None` when the
/// tables do not say.
///
/// # Errors
/// As [`times`].
pub fn last_chunk_bytes(b: &mut Bytes<'_>, stsc: &Atom, sizes: &SampleSizes) -> Result<Option<u64>, Error> {
    need(stsc, 8)?;
    version(b, stsc)?;
    let runs = b.u32(Endian::Big)?;
    let runs = u64::from(fits(stsc, b.pos(), runs, 96)?);
    let Some(last) = runs.checked_sub(1) else { return Ok(None) };
    b.skip(last.saturating_mul(12).saturating_add(4));
    let per = b.u32(Endian::Big)?;
    if sizes.fixed > 0 {
        return Ok(Some(u64::from(per).saturating_mul(u64::from(sizes.fixed))));
    }
    let all = u64::from(sizes.count);
    let first = all.saturating_sub(u64::from(per).min(MOST_CHUNKS));
    let mut sum = 0u64;
    for n in first..all {
        sum = sum.saturating_add(sizes.size(b, n)?);
    }
    Ok(Some(sum))
}
