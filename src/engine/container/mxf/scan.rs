//! The parts of a whole file: partitions, header metadata, the first content package. Essence is stepped over.

use super::index::{IndexSegment, is_index};
use super::klv::{Klv, Ul};
use super::partition::{self, Kind, Partition, RandomIndex, is_random_index};
use super::set::{Primer, Set, primer};
use crate::engine::container::bytes::Bytes;
use crate::model::{Error, Limits, Warning};
use std::collections::BTreeMap;

/// Longest run-in (ST 377-1, "Run-In").
pub const MOST_RUN_IN: u64 = 65_536;
/// Most header metadata that is read of one partition, bytes.
const MOST_METADATA: u64 = 5 << 20;
/// Most partition packs that are read: each costs a block of the file.
const MOST_PACKS: usize = 384;
/// Most triplets that are stepped over to find the end of a recording that was never closed.
const MOST_STEPS: u32 = 900;
/// Triplets that are stepped over in any file, to see its first content package.
const FEW_STEPS: u32 = 96;
/// How much of the end of a file is searched for a footer that nothing points to.
const TAIL: u64 = 256 << 10;
/// Most triplets that nobody knows which are noted.
const MOST_DARK: usize = 256;
const FIX: &str = "copy the file again from its source";

/// The header metadata of one partition.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// What local tags mean.
    pub primer: Primer,
    /// Its sets, in order.
    pub sets: Vec<Set>,
    /// Triplets that are no sets.
    pub dark: Vec<Klv>,
    /// Offset behind it.
    pub end: u64,
}

/// The essence as far as it was stepped through.
#[derive(Debug, Clone, Default)]
pub struct Essence {
    /// The triplets of the first content package, without fill.
    pub first: Vec<Klv>,
    /// How many triplets each essence key has.
    pub counts: BTreeMap<Ul, u64>,
    /// Bytes of all values of a key.
    pub bytes: BTreeMap<Ul, u64>,
    /// Whether everything up to the footer or the end of the file was seen.
    pub whole: bool,
}

/// The parts of a file.
#[derive(Debug, Clone)]
pub struct Structure {
    /// Bytes before the header partition.
    pub run_in: u64,
    /// The partitions that were looked at, in file order; the first is the header.
    pub partitions: Vec<Partition>,
    /// The random index pack.
    pub random_index: Option<RandomIndex>,
    /// The partition whose metadata were taken, a number in `partitions`.
    pub chosen: usize,
    /// Its metadata.
    pub metadata: Metadata,
    /// The essence.
    pub essence: Essence,
    /// What was odd.
    pub warnings: Vec<Warning>,
}

/// The offset of the header partition in bytes from the start of a file; `None` when there is none in them. A run-in ends
/// where the first 11 bytes of a partition key are.
#[must_use]
pub fn find_header(head: &[u8]) -> Option<usize> {
    let most = usize::try_from(MOST_RUN_IN).unwrap_or(usize::MAX);
    let key = partition::KEY;
    let found = head.windows(key.len().saturating_add(1)).take(most).position(|w| {
        // byte 8 is a version
        let same = w.iter().zip(key).enumerate().all(|(n, (a, b))| n == 7 || *a == b);
        same && w.last() == Some(&2)
    })?;
    Some(found)
}

impl Structure {
    /// Reads the parts of a file.
    ///
    /// # Errors
    /// Malformed without a header partition or its metadata; `FILE-TRUNCATED` with the number of bytes that are missing,
    /// as far as it can be known; limits, I/O.
    pub fn scan(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        let head = b.size().min(MOST_RUN_IN.saturating_add(16));
        b.seek(0);
        let start = b.take(b.size().min(4096))?;
        let found = match find_header(&start) {
            Some(n) => Some(n),
            None => {
                b.seek(0);
                find_header(&b.take(head)?)
            }
        };
        let none = || Error::malformed("there is no header partition in the first 64 KiB").offset(0);
        let run_in = found.and_then(|n| u64::try_from(n).ok()).ok_or_else(none)?;
        let header = Partition::read(b, run_in)?;
        let mut s = Self {
            run_in,
            partitions: vec![header],
            random_index: RandomIndex::read(b)?,
            chosen: 0,
            metadata: Metadata::default(),
            essence: Essence::default(),
            warnings: Vec::new(),
        };
        s.footer_is_there(b)?;
        s.read_partitions(b)?;
        let Some(header) = s.header().cloned() else { return Ok(s) };
        let own = s.read_metadata(b, &header, limits)?;
        s.step(b, own.end, limits)?;
        s.choose(own, &header, b, limits)?;
        Ok(s)
    }

    fn warn(&mut self, code: &str, text: impl Into<String>) {
        self.warnings.push(Warning::new(code, text));
    }

    /// The header partition.
    #[must_use]
    pub fn header(&self) -> Option<&Partition> {
        self.partitions.first()
    }

    /// The footer partition, if it was found.
    #[must_use]
    pub fn footer(&self) -> Option<&Partition> {
        self.partitions.iter().find(|p| p.kind == Kind::Footer)
    }

    /// The file reaches as far as its header and its random index say.
    fn footer_is_there(&self, b: &Bytes<'_>) -> Result<(), Error> {
        let Some(header) = self.header() else { return Ok(()) };
        let size = b.size();
        // a pack has at least 105 bytes
        let from_header = match header.footer {
            0 => 0,
            n => n.saturating_add(self.run_in).saturating_add(105),
        };
        let most = self.random_index.iter().flat_map(|r| &r.partitions).map(|p| p.1).max().unwrap_or(0);
        let limit = self.random_index.as_ref().map_or(size, |r| r.at);
        let from_index = most.saturating_add(self.run_in).saturating_add(105);
        if from_header > size {
            let what = format!(
                "the header says that the footer begins at byte {}, and the file has {size}: at least {} bytes are missing",
                header.footer.saturating_add(self.run_in),
                from_header.saturating_sub(size)
            );
            return Err(Error::truncated(what).offset(size).fix(FIX));
        }
        if most > 0 && from_index > limit {
            let missing = from_index.saturating_sub(limit);
            let what = format!(
                "the index at the end of the file says that a partition begins at byte {}: at least {missing} bytes are missing",
                most.saturating_add(self.run_in)
            );
            return Err(Error::truncated(what).offset(limit).fix(FIX));
        }
        let metadata = header.end.saturating_add(header.header_bytes);
        if metadata > size {
            let what = format!("{} bytes of the header metadata are missing", metadata.saturating_sub(size));
            return Err(Error::truncated(what).offset(size).fix(FIX));
        }
        Ok(())
    }

    /// Reads the other partition packs: by the random index, by the header's footer, by searching the end.
    fn read_partitions(&mut self, b: &mut Bytes<'_>) -> Result<(), Error> {
        let mut places: Vec<u64> = self.random_index.iter().flat_map(|r| &r.partitions).map(|p| p.1).collect();
        places.extend(self.header().map(|h| h.footer).filter(|f| *f > 0));
        places.sort_unstable();
        places.dedup();
        let skipped = places.len().saturating_sub(MOST_PACKS);
        if skipped > 0 {
            // The first and the last ones hold what is wanted.
            places.drain(MOST_PACKS / 2..MOST_PACKS / 2 + skipped);
        }
        let mut wrong = 0u32;
        for offset in places.into_iter().filter(|o| *o > 0) {
            match Partition::read(b, offset.saturating_add(self.run_in)) {
                Ok(p) => self.partitions.push(p),
                Err(e) if e.code == "FILE-MALFORMED" => wrong = wrong.saturating_add(1),
                Err(e) => return Err(e),
            }
        }
        if wrong > 0 {
            self.warn("MXF-PARTITION", format!("{wrong} partitions do not lie where the file says"));
        }
        if self.footer().is_none()
            && let Some(p) = search_footer(b, self.run_in)?
        {
            self.partitions.push(p);
        }
        let named = self.header().map_or(0, |h| h.footer);
        let Some(footer) = self.footer().cloned() else {
            if named == 0 {
                return Ok(());
            }
            // room that a copy took before it wrote, and never filled
            let at = named.saturating_add(self.run_in);
            let what = format!("the header says that the footer begins at byte {at}, and there is none in the file");
            return Err(Error::truncated(what).offset(at).fix(FIX));
        };
        let end = footer.end.saturating_add(footer.header_bytes).saturating_add(footer.index_bytes);
        if end > b.size() {
            let missing = end.saturating_sub(b.size());
            let what = format!("the footer is cut off: {missing} bytes are missing");
            return Err(Error::truncated(what).offset(b.size()).fix(FIX));
        }
        if self.random_index.is_none() { behind(b, footer.end) } else { Ok(()) }
    }

    /// Takes the header metadata of the header partition when they are final, else of the partition with the best: closed
    /// before open, complete before incomplete, later before earlier (ST 377-1, "Partition Status").
    fn choose(&mut self, own: Metadata, header: &Partition, b: &mut Bytes<'_>, limits: &Limits) -> Result<(), Error> {
        let rank = |p: &Partition| (p.closed, p.complete);
        self.metadata = own;
        if rank(header) == (true, true) && !self.metadata.sets.is_empty() {
            return Ok(());
        }
        let better = |p: &&(usize, Partition)| p.1.header_bytes > 0 && rank(&p.1) >= rank(header);
        let all: Vec<(usize, Partition)> = self.partitions.iter().cloned().enumerate().skip(1).collect();
        let best = all.iter().filter(better).max_by_key(|(n, p)| (rank(p), *n));
        if let Some((n, p)) = best {
            let other = self.read_metadata(b, p, limits)?;
            if !other.sets.is_empty() {
                self.metadata = other;
                self.chosen = *n;
            }
        }
        if self.metadata.sets.is_empty() {
            return Err(Error::malformed("the file has no header metadata").offset(header.at));
        }
        let taken = self.partitions.get(self.chosen).map(Partition::status).unwrap_or_default();
        if taken != "closed and complete" {
            self.warn("MXF-OPEN", format!("the file was not finished: its header metadata are {taken}"));
        }
        Ok(())
    }

    fn read_metadata(&mut self, b: &mut Bytes<'_>, p: &Partition, limits: &Limits) -> Result<Metadata, Error> {
        let mut out = Metadata { end: p.end, ..Metadata::default() };
        let mut taken = 0u64;
        let mut odd = 0u32;
        for _ in 0..limits.items {
            if out.end >= b.size() {
                break;
            }
            b.seek(out.end);
            let klv = match Klv::read(b) {
                Ok(k) => k,
                Err(e) if e.code == "FILE-MALFORMED" => {
                    self.warn("MXF-METADATA", format!("the header metadata break off at byte {}", out.end));
                    break;
                }
                Err(e) => return Err(e),
            };
            if ends_metadata(&klv) {
                break;
            }
            if klv.missing(b.size()) > 0 {
                let what = format!("{} bytes of the header metadata are missing", klv.missing(b.size()));
                return Err(Error::truncated(what).offset(b.size()).fix(FIX));
            }
            out.end = klv.end();
            // what is only stepped over costs a block of the file
            taken = taken.saturating_add(if klv.is_fill() { klv.len.min(4096) } else { klv.len });
            if taken > MOST_METADATA {
                let most = MOST_METADATA >> 20;
                self.warn(
                    "MXF-METADATA",
                    format!("there are more than {most} MiB of header metadata; the rest is left"),
                );
                break;
            }
            if klv.is_fill() {
                continue;
            }
            if is_primer(&klv.key) {
                out.primer = primer(b, &klv)?;
            } else if Set::is_local(&klv.key) && klv.len <= 1 << 20 {
                let (set, whole) = Set::read(b, &klv)?;
                odd = odd.saturating_add(u32::from(!whole));
                out.sets.push(set);
            } else if out.dark.len() < MOST_DARK {
                out.dark.push(klv);
            }
        }
        if odd > 0 {
            self.warn("MXF-METADATA", format!("{odd} metadata sets hold more or less than their properties say"));
        }
        Ok(out)
    }

    /// Steps over triplets behind the header: a few, or to the end of a file that has no footer.
    fn step(&mut self, b: &mut Bytes<'_>, from: u64, limits: &Limits) -> Result<(), Error> {
        let open = self.footer().is_none();
        let most = if open { MOST_STEPS } else { FEW_STEPS }.min(limits.items);
        let mut at = from;
        let mut opened = false;
        for _ in 0..most {
            if at >= b.size() {
                self.essence.whole = true;
                break;
            }
            b.seek(at);
            let klv = match Klv::read(b) {
                Ok(k) => k,
                Err(e) if e.code == "FILE-MALFORMED" => {
                    self.warn("MXF-ESSENCE", format!("at byte {at} there is no triplet where one must begin"));
                    break;
                }
                Err(e) if e.code == "FILE-TRUNCATED" => {
                    return Err(Error::truncated("the file ends inside a key or length").offset(b.size()).fix(FIX));
                }
                Err(e) => return Err(e),
            };
            if klv.missing(b.size()) > 0 {
                let what = format!(
                    "the last part of the file has {} bytes: at least {} are missing",
                    klv.len,
                    klv.missing(b.size())
                );
                return Err(Error::truncated(what).offset(b.size()).fix(FIX));
            }
            if is_random_index(&klv.key) || matches!(partition::kind(&klv.key), Some((Kind::Footer, ..))) {
                self.essence.whole = true;
                break;
            }
            at = klv.end();
            if open && partition::kind(&klv.key).is_some() && self.partitions.len() < MOST_PACKS {
                // nothing else points to the partitions of a recording that was not closed
                match Partition::read(b, klv.at) {
                    Ok(p) if !self.partitions.iter().any(|o| o.at == p.at) => self.partitions.push(p),
                    Err(e) if e.code != "FILE-MALFORMED" => return Err(e),
                    _ => {}
                }
            }
            self.note(&klv, &mut opened);
        }
        if open {
            self.warn("MXF-OPEN", "the file has no footer: the recording was not closed, or the copy not finished");
        }
        Ok(())
    }

    fn note(&mut self, klv: &Klv, closed: &mut bool) {
        let essence = klv.is_essence();
        if !essence && !klv.is_system() {
            return;
        }
        let again = self.essence.first.iter().any(|k| k.key == klv.key && (essence || k.is_system()));
        *closed |= again;
        if !*closed && self.essence.first.len() < 64 {
            self.essence.first.push(*klv);
        }
        if essence {
            let n = self.essence.counts.entry(klv.key).or_default();
            *n = n.saturating_add(1);
            let n = self.essence.bytes.entry(klv.key).or_default();
            *n = n.saturating_add(klv.len);
        }
    }

    /// Reads the segments of the index tables of the partitions that were looked at.
    ///
    /// # Errors
    /// I/O and limits; a segment that is damaged is left out.
    pub fn index_segments(&self, b: &mut Bytes<'_>) -> Result<Vec<IndexSegment>, Error> {
        let mut out = Vec::new();
        let mut steps = 0u32;
        for p in self.partitions.iter().filter(|p| p.index_sid > 0) {
            let mut at = p.end;
            let stop = at.saturating_add(p.header_bytes).saturating_add(p.index_bytes).saturating_add(1 << 16);
            while at < stop.min(b.size()) && steps < MOST_STEPS {
                steps = steps.saturating_add(1);
                b.seek(at);
                let klv = match Klv::read(b) {
                    Ok(k) if k.missing(b.size()) == 0 => k,
                    Err(e) if matches!(e.code.as_ref(), "LIMIT-SIZE" | "FILE-UNREADABLE" | "FILE-CHANGED") => {
                        return Err(e);
                    }
                    _ => break,
                };
                if is_index(&klv.key) {
                    out.push(IndexSegment::read(b, &klv)?);
                } else if partition::kind(&klv.key).is_some() || klv.is_essence() {
                    break;
                }
                at = klv.end();
            }
        }
        Ok(out)
    }
}

fn is_primer(key: &Ul) -> bool {
    key.means(&[0x0d, 0x01, 0x02, 0x01, 0x01, 0x05]) && key.byte(4) == 2
}

/// Steps over what is behind the footer's pack: none of it is cut off.
fn behind(b: &mut Bytes<'_>, mut at: u64) -> Result<(), Error> {
    for _ in 0..MOST_STEPS {
        if at >= b.size() {
            break;
        }
        b.seek(at);
        match Klv::read(b) {
            Ok(k) if k.missing(b.size()) > 0 => {
                let what = format!("the end of the file is cut off: {} bytes are missing", k.missing(b.size()));
                return Err(Error::truncated(what).offset(b.size()).fix(FIX));
            }
            Ok(k) => at = k.end(),
            Err(e) if e.code == "FILE-TRUNCATED" => {
                return Err(Error::truncated("the end of the file is cut off").offset(b.size()).fix(FIX));
            }
            Err(e) if e.code == "FILE-MALFORMED" => break,
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// What comes behind header metadata.
fn ends_metadata(klv: &Klv) -> bool {
    partition::kind(&klv.key).is_some()
        || is_random_index(&klv.key)
        || is_index(&klv.key)
        || klv.is_essence()
        || klv.is_system()
}

/// A footer partition in the last bytes of a file that nothing points to.
fn search_footer(b: &mut Bytes<'_>, run_in: u64) -> Result<Option<Partition>, Error> {
    let from = b.size().saturating_sub(TAIL).max(run_in);
    b.seek(from);
    let tail = b.take(b.left())?;
    let key = partition::KEY;
    let found = tail.windows(key.len().saturating_add(1)).rposition(|w| w.starts_with(&key) && w.last() == Some(&4));
    let Some(at) = found.and_then(|n| u64::try_from(n).ok()).and_then(|n| from.checked_add(n)) else {
        return Ok(None);
    };
    match Partition::read(b, at) {
        // bytes of the picture may look like one
        Ok(p) if p.kind == Kind::Footer && p.this.saturating_add(run_in) == at => Ok(Some(p)),
        Ok(_) => Ok(None),
        Err(e) if matches!(e.code.as_ref(), "FILE-MALFORMED" | "FILE-TRUNCATED") => Ok(None),
        Err(e) => Err(e),
    }
}
