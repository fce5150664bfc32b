//! Movie fragments (`moof`): samples that the movie header does not list.

use super::header::{need, version};
use super::{Atom, Times, Walk, find};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;
use std::collections::BTreeMap;

/// Default sample durations by track, from `trex`.
pub type Defaults = BTreeMap<u32, u32>;

/// What the fragments hold, by track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fragments {
    /// Fragments.
    pub count: u32,
    /// Whether all of them were counted.
    pub complete: bool,
    /// Samples and their durations by track number.
    pub tracks: BTreeMap<u32, Times>,
}

impl Fragments {
    /// The default durations in an `mvex`.
    ///
    /// # Errors
    /// `FILE-MALFORMED`, `LIMIT-SIZE`, those of [`Bytes`].
    pub fn defaults(b: &mut Bytes<'_>, mvex: &Atom, walk: &mut Walk<'_>) -> Result<Defaults, Error> {
        let mut out = Defaults::new();
        for a in walk.children(b, mvex)?.iter().filter(|a| &a.id == b"trex") {
            need(a, 24)?;
            version(b, a)?;
            let track = b.u32(Endian::Big)?;
            b.skip(4);
            out.insert(track, b.u32(Endian::Big)?);
        }
        Ok(out)
    }

    /// Adds one `moof`.
    ///
    /// # Errors
    /// As [`Fragments::defaults`].
    pub fn add(
        &mut self,
        b: &mut Bytes<'_>,
        moof: &Atom,
        defaults: &Defaults,
        walk: &mut Walk<'_>,
    ) -> Result<(), Error> {
        self.count = self.count.saturating_add(1);
        for traf in walk.children(b, moof)?.iter().filter(|a| &a.id == b"traf") {
            let parts = walk.children(b, traf)?;
            let Some(head) = find(&parts, b"tfhd") else {
                return Err(Error::malformed("a track fragment has no header").offset(traf.at));
            };
            need(&head, 8)?;
            let (_, flags) = version(b, &head)?;
            let track = b.u32(Endian::Big)?;
            b.skip(if flags & 1 != 0 { 8 } else { 0 });
            b.skip(if flags & 2 != 0 { 4 } else { 0 });
            let mut duration = defaults.get(&track).copied().unwrap_or(0);
            if flags & 8 != 0 && b.pos().saturating_add(4) <= head.end {
                duration = b.u32(Endian::Big)?;
            }
            let times = self.tracks.entry(track).or_default();
            for run in parts.iter().filter(|a| &a.id == b"trun") {
                add_run(b, run, duration, times)?;
            }
        }
        Ok(())
    }
}

fn add_run(b: &mut Bytes<'_>, a: &Atom, duration: u32, times: &mut Times) -> Result<(), Error> {
    need(a, 8)?;
    let (_, flags) = version(b, a)?;
    let count = b.u32(Endian::Big)?;
    b.skip(if flags & 1 != 0 { 4 } else { 0 });
    b.skip(if flags & 4 != 0 { 4 } else { 0 });
    let fields = u64::from((flags & 0xf00).count_ones());
    let bytes = u64::from(count).saturating_mul(fields).saturating_mul(4);
    if bytes > a.end.saturating_sub(b.pos()) {
        let what = format!("box `trun` announces {count} samples, more than it holds");
        return Err(Error::malformed(what).offset(a.at));
    }
    if flags & 0x100 == 0 {
        times.add(u64::from(count), duration);
        return Ok(());
    }
    for _ in 0..count {
        let d = b.u32(Endian::Big)?;
        b.skip(fields.saturating_sub(1).saturating_mul(4));
        times.add(1, d);
    }
    Ok(())
}
