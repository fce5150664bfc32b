//! The samples of a track one after the other: the tables are read as they are needed, none is held.

use super::header::{need, version};
use super::table::fits;
use super::{Atom, Chunks, SampleSizes};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::{Error, Limits};

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its number, from 0.
    pub index: u64,
    /// Offset in the file.
    pub at: u64,
    /// Bytes.
    pub size: u64,
    /// When it begins, ticks of the media since its first sample.
    pub time: u64,
    /// How long it lasts, ticks.
    pub duration: u32,
}

/// The durations of samples (`stts`), one by one.
pub struct Durations<'a> {
    b: Bytes<'a>,
    limits: &'a Limits,
    entries: u32,
    run: u32,
    delta: u32,
}

impl<'a> Durations<'a> {
    /// Of the `stts` box `a` of the file that `b` reads.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when the table does not fit; those of [`Bytes`].
    pub fn new(mut b: Bytes<'a>, a: &Atom, limits: &'a Limits) -> Result<Self, Error> {
        need(a, 8)?;
        version(&mut b, a)?;
        let entries = b.u32(Endian::Big)?;
        let entries = fits(a, b.pos(), entries, 64)?;
        Ok(Self { b, limits, entries, run: 0, delta: 0 })
    }

    /// The next duration, ticks; `None` at the end.
    ///
    /// # Errors
    /// Those of [`Bytes`].
    pub fn step(&mut self) -> Result<Option<u32>, Error> {
        while self.run == 0 {
            let Some(left) = self.entries.checked_sub(1) else { return Ok(None) };
            self.entries = left;
            self.b.renew(self.limits);
            (self.run, self.delta) = (self.b.u32(Endian::Big)?, self.b.u32(Endian::Big)?);
        }
        self.run = self.run.saturating_sub(1);
        Ok(Some(self.delta))
    }
}

/// The samples of a track, one by one, by sizes, chunks and durations.
pub struct Samples<'a> {
    b: [Bytes<'a>; 3],
    limits: &'a Limits,
    sizes: SampleSizes,
    chunks: Chunks,
    times: Durations<'a>,
    /// `stsc` entries that are not read yet, and the first chunk of the next one, from 0.
    runs: (u32, u64),
    per: u32,
    /// The next chunk, and samples of the current one that are left.
    chunk: u64,
    left: u32,
    next: Sample,
}

impl<'a> Samples<'a> {
    /// Of a track with these tables; `open` gives a reader of the file.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when a table does not fit; those of [`Bytes`].
    pub fn new(
        open: impl Fn() -> Bytes<'a>,
        tables: (&SampleSizes, &Chunks, &Atom, &Atom),
        limits: &'a Limits,
    ) -> Result<Self, Error> {
        let (sizes, chunks, stsc, stts) = tables;
        let mut b = [open(), open(), open()];
        let [_, _, runs] = &mut b;
        need(stsc, 8)?;
        version(runs, stsc)?;
        let count = runs.u32(Endian::Big)?;
        let count = fits(stsc, runs.pos(), count, 96)?;
        let times = Durations::new(open(), stts, limits)?;
        let next = Sample { index: 0, at: 0, size: 0, time: 0, duration: 0 };
        let mut out = Self {
            b,
            limits,
            sizes: *sizes,
            chunks: *chunks,
            times,
            runs: (count, 0),
            per: 0,
            chunk: 0,
            left: 0,
            next,
        };
        out.run()?;
        Ok(out)
    }

    /// Reads the number of the chunk where the next run begins.
    fn run(&mut self) -> Result<(), Error> {
        let [_, _, runs] = &mut self.b;
        self.runs.1 = match self.runs.0 {
            0 => u64::MAX,
            _ => u64::from(runs.u32(Endian::Big)?).saturating_sub(1),
        };
        Ok(())
    }

    /// The next sample; `None` at the end of the shortest table.
    ///
    /// # Errors
    /// Those of [`Bytes`].
    pub fn step(&mut self) -> Result<Option<Sample>, Error> {
        if self.next.index >= u64::from(self.sizes.count) {
            return Ok(None);
        }
        self.b.iter_mut().for_each(|b| b.renew(self.limits));
        while self.left == 0 {
            if self.chunk >= u64::from(self.chunks.count) {
                return Ok(None);
            }
            while self.runs.0 > 0 && self.chunk >= self.runs.1 {
                let [_, _, runs] = &mut self.b;
                self.per = runs.u32(Endian::Big)?;
                runs.skip(4);
                self.runs.0 = self.runs.0.saturating_sub(1);
                self.run()?;
            }
            if self.per == 0 {
                return Ok(None);
            }
            let [_, offsets, _] = &mut self.b;
            self.next.at = self.chunks.offset(offsets, self.chunk)?;
            self.chunk = self.chunk.saturating_add(1);
            self.left = self.per;
        }
        let Some(duration) = self.times.step()? else { return Ok(None) };
        let [sizes, ..] = &mut self.b;
        self.next.size = self.sizes.size(sizes, self.next.index)?;
        self.next.duration = duration;
        let out = self.next;
        self.left = self.left.saturating_sub(1);
        self.next.index = out.index.saturating_add(1);
        self.next.at = out.at.saturating_add(out.size);
        self.next.time = out.time.saturating_add(u64::from(duration));
        Ok(Some(out))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{chunks, full_atom, sample_sizes};
    use super::*;

    fn be(all: &[u32]) -> Vec<u8> {
        all.iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    fn tables() -> (Vec<u8>, [Atom; 4]) {
        let parts = [
            full_atom(b"stsz", 0, 0, &[&be(&[0, 5, 10, 11, 12, 13, 14])]),
            full_atom(b"stco", 0, 0, &[&be(&[3, 100, 200, 300])]),
            full_atom(b"stsc", 0, 0, &[&be(&[2, 1, 2, 1, 3, 1, 1])]),
            full_atom(b"stts", 0, 0, &[&be(&[3, 1, 7, 0, 9, 9, 3])]),
        ];
        let mut at = 0;
        let atoms = std::array::from_fn(|n| {
            let p = &parts[n];
            let len = p.len() as u64;
            let a = Atom { id: p[4..8].try_into().unwrap(), at, body: at + 8, end: at + len, depth: 1 };
            at += len;
            a
        });
        (parts.concat(), atoms)
    }

    fn all(bytes: &[u8], [z, o, c, t]: &[Atom; 4]) -> Result<Vec<Sample>, Error> {
        let limits = Limits::default();
        let mut b = Bytes::slice(bytes, &limits);
        let (sizes, chunks) = (sample_sizes(&mut b, z)?, chunks(&mut b, o)?);
        let mut s = Samples::new(|| Bytes::slice(bytes, &limits), (&sizes, &chunks, c, t), &limits)?;
        let mut out = Vec::new();
        while let Some(x) = s.step()? {
            out.push(x);
            assert!(out.len() < 1000, "more samples than the table has");
        }
        Ok(out)
    }

    #[test]
    fn places_and_times() {
        let (bytes, atoms) = tables();
        let got: Vec<_> = all(&bytes, &atoms).unwrap().iter().map(|s| (s.at, s.size, s.time, s.duration)).collect();
        assert_eq!(got, [(100, 10, 0, 7), (110, 11, 7, 3), (200, 12, 10, 3), (212, 13, 13, 3), (300, 14, 16, 3)]);
    }

    #[test]
    fn tables_that_lie() {
        let (bytes, atoms) = tables();
        for at in 0..bytes.len() {
            let _ = all(&bytes[..at], &atoms);
            for bit in 0..8 {
                let mut odd = bytes.clone();
                odd[at] ^= 1 << bit;
                let _ = all(&odd, &atoms);
            }
        }
    }
}
