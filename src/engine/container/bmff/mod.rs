//! Boxes of ISO base media (ISO/IEC 14496-12) and QuickTime files, where they are called atoms.
//!
//! Only headers and the contents that are asked for are read, so the media itself stays untouched.
//! Everything is counted: one [`Walk`] sees at most `Limits::items` boxes, nested at most
//! `Limits::depth` deep.

mod codec;
mod entry;
mod fragment;
mod header;
mod meta;
mod sample;
mod samples;
mod sound;
mod table;
#[cfg(test)]
mod tests;
mod top;
mod write;

pub use codec::{av1_bits, avc_bits, hevc_bits};
pub use entry::{Entry, TimecodeEntry, VisualEntry, entries};
pub use fragment::{Defaults, Fragments};
pub use header::{
    Edit, MediaHeader, MovieHeader, TrackHeader, edits, handler, media_header, movie_header, track_header,
};
pub use meta::{Tag, Value, items, keys_and_values, text_list};
pub use sample::{MetaTrack, TimedMovie};
pub use samples::{Durations, Sample, Samples};
pub use sound::{Configuration, SoundEntry};
pub use table::{Chunks, SampleSizes, Times, chunks, last_chunk_bytes, sample_offsets, sample_sizes, times};
pub use top::{Boxes, Top, boxes, scan};
pub use write::{atom, full_atom};

use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::{Error, Limits, Warning};

/// A four-character code.
pub type FourCc = [u8; 4];

/// One box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Atom {
    /// Its type.
    pub id: FourCc,
    /// Offset of its header.
    pub at: u64,
    /// Offset of its contents.
    pub body: u64,
    /// Offset after its contents; inside the parent.
    pub end: u64,
    /// How deep it lies, 1 for the boxes of the file itself.
    pub depth: u32,
}

impl Atom {
    /// Bytes of its contents.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.body)
    }

    /// Whether it has no contents.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its type for people.
    #[must_use]
    pub fn name(&self) -> String {
        name(self.id)
    }

    /// The same box without the first `n` bytes of its contents.
    #[must_use]
    pub fn without(&self, n: u64) -> Self {
        Self { body: self.body.saturating_add(n).min(self.end), ..*self }
    }
}

/// A four-character code for people: `moov`, `©nam`; other bytes as `\x00`.
#[must_use]
pub fn name(id: FourCc) -> String {
    let show = |b: u8| match b {
        0xa9 => "©".to_owned(),
        0x20..=0x7e => char::from(b).to_string(),
        _ => format!("\\x{b:02x}"),
    };
    id.into_iter().map(show).collect()
}

/// Whether this may be the type of a box.
fn is_type(id: &FourCc) -> bool {
    id.iter().all(|b| matches!(b, 0x20..=0x7e | 0xa9)) && id != b"    "
}

/// What lies at an offset.
enum Next {
    /// A box that lies within its parent.
    Atom(Atom),
    /// A box that claims to end at the offset, beyond its parent.
    Over(Atom, u64),
    /// Nothing that could be a box.
    Junk,
    /// The end.
    End,
}

/// Reads one header. `top`: size 0 means "to the end of the file", and the type must be printable.
fn next(b: &mut Bytes<'_>, at: u64, end: u64, depth: u32, top: bool) -> Result<Next, Error> {
    let left = end.saturating_sub(at);
    if left < 8 {
        return Ok(if left == 0 { Next::End } else { Next::Junk });
    }
    b.seek(at);
    let short = u64::from(b.u32(Endian::Big)?);
    let id = b.array::<4>()?;
    if top && !is_type(&id) {
        return Ok(Next::Junk);
    }
    let (head, size) = match short {
        1 if left < 16 => return Ok(Next::Junk),
        1 => (16, b.u64(Endian::Big)?),
        0 if top => (8, left),
        n => (8, n),
    };
    if size < head {
        return Ok(Next::Junk);
    }
    let mut a = Atom { id, at, body: at.saturating_add(head), end, depth };
    match at.checked_add(size) {
        Some(e) if e <= end => {
            a.end = e;
            Ok(Next::Atom(a))
        }
        e => Ok(Next::Over(a, e.unwrap_or(u64::MAX))),
    }
}

/// Counts boxes and collects oddities.
pub struct Walk<'l> {
    limits: &'l Limits,
    left: u32,
    /// Oddities that did not stop the reading.
    pub warnings: Vec<Warning>,
}

impl<'l> Walk<'l> {
    /// With the whole allowance.
    #[must_use]
    pub fn new(limits: &'l Limits) -> Self {
        Self { limits, left: limits.items, warnings: Vec::new() }
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// Takes one item off the allowance.
    ///
    /// # Errors
    /// `LIMIT-SIZE` when `limits.items` are used up.
    pub fn count(&mut self, at: u64) -> Result<(), Error> {
        match self.left.checked_sub(1) {
            Some(n) => {
                self.left = n;
                Ok(())
            }
            None => {
                Err(Error::limit(format!("the file has more than {} boxes and items", self.limits.items)).offset(at))
            }
        }
    }

    /// The boxes inside a box whose structure matters.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when a box claims more than its parent holds; `LIMIT-SIZE` for too many or too deep;
    /// those of [`Bytes`].
    pub fn children(&mut self, b: &mut Bytes<'_>, parent: &Atom) -> Result<Vec<Atom>, Error> {
        self.list(b, parent, true)
    }

    /// The boxes inside a box that the file can do without: what does not fit is a warning.
    ///
    /// # Errors
    /// `LIMIT-SIZE` for too many or too deep; those of [`Bytes`].
    pub fn loose_children(&mut self, b: &mut Bytes<'_>, parent: &Atom) -> Result<Vec<Atom>, Error> {
        self.list(b, parent, false)
    }

    fn list(&mut self, b: &mut Bytes<'_>, parent: &Atom, strict: bool) -> Result<Vec<Atom>, Error> {
        let depth = parent.depth.saturating_add(1);
        if depth > self.limits.depth {
            let what = format!("boxes are nested more than {} deep", self.limits.depth);
            return Err(Error::limit(what).offset(parent.at));
        }
        let mut out = Vec::new();
        let mut at = parent.body;
        loop {
            match next(b, at, parent.end, depth, false)? {
                Next::Atom(a) => {
                    self.count(at)?;
                    out.push(a);
                    at = a.end;
                }
                Next::End => return Ok(out),
                Next::Over(a, claims) => {
                    let over = claims.saturating_sub(parent.end);
                    let text = format!("box `{}` reaches {over} bytes beyond its parent `{}`", a.name(), parent.name());
                    if strict {
                        return Err(Error::malformed(text).offset(at));
                    }
                    self.warnings.push(Warning::new("MOV-BOX", format!("{text} (at byte {at})")));
                    return Ok(out);
                }
                Next::Junk => {
                    // QuickTime ends user data, and some sample descriptions, with four zero bytes.
                    if parent.end.saturating_sub(at) >= 8 {
                        let text = format!("box `{}` holds bytes that are no boxes (at byte {at})", parent.name());
                        self.warnings.push(Warning::new("MOV-BOX", text));
                    }
                    return Ok(out);
                }
            }
        }
    }
}

/// The first of these boxes with this type.
#[must_use]
pub fn find(atoms: &[Atom], id: &FourCc) -> Option<Atom> {
    atoms.iter().find(|a| a.id == *id).copied()
}

/// The contents of `a`, at most `most` bytes of them.
///
/// # Errors
/// Those of [`Bytes`].
pub fn contents(b: &mut Bytes<'_>, a: &Atom, most: u64) -> Result<Vec<u8>, Error> {
    b.seek(a.body);
    b.take(a.len().min(most))
}
