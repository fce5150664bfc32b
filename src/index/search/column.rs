//! Columns: one field of all clips, as texts of each clip or as numbers of the few texts that there are.

use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// No text.
const NONE: u16 = u16::MAX;

/// A number of row.
pub(super) type Row = u32;

/// Texts by number, in one piece of memory.
#[derive(Default)]
pub(super) struct Texts {
    arena: String,
    starts: Vec<u32>,
    lengths: Vec<u16>,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    pub(super) fn get(&self, n: usize) -> Option<&str> {
        let length = *self.lengths.get(n)?;
        if length == NONE {
            return None;
        }
        let start = usize::try_from(*self.starts.get(n)?).ok()?;
        self.arena.get(start..start.checked_add(usize::from(length))?)
    }

    /// Sets text `n`; those before it that were never set are absent. `false`: there is no room (4 GiB, or 64 KiB in one).
    pub(super) fn set(&mut self, n: usize, text: Option<&str>) -> bool {
        if self.starts.len() <= n {
            if text.is_none() {
                return true;
            }
            self.starts.resize(n.saturating_add(1), 0);
            self.lengths.resize(n.saturating_add(1), NONE);
        }
        let placed = match text {
            None => Some((0, NONE)),
            Some(t) if self.get(n) == Some(t) => return true,
            Some(t) => {
                let start = u32::try_from(self.arena.len()).ok();
                start.zip(u16::try_from(t.len()).ok().filter(|l| *l != NONE))
            }
        };
        let Some((start, length)) = placed else { return false };
        self.arena.push_str(text.unwrap_or(""));
        if let (Some(s), Some(l)) = (self.starts.get_mut(n), self.lengths.get_mut(n)) {
            (*s, *l) = (start, length);
        }
        true
    }

    pub(super) fn shrink(&mut self) {
        self.arena.shrink_to_fit();
        self.starts.shrink_to_fit();
        self.lengths.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        self.arena.capacity() + self.starts.capacity() * 4 + self.lengths.capacity() * 2
    }
}

/// Small numbers in as few bytes as the largest of them needs.
pub(super) enum Codes {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Default for Codes {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

impl Codes {
    pub(super) fn get(&self, n: usize) -> u32 {
        match self {
            Self::One(v) => v.get(n).copied().unwrap_or(0).into(),
            Self::Two(v) => v.get(n).copied().unwrap_or(0).into(),
            Self::Four(v) => v.get(n).copied().unwrap_or(0),
        }
    }

    fn set(&mut self, n: usize, code: u32) {
        match self {
            Self::One(v) => match u8::try_from(code) {
                Ok(c) => put(v, n, c),
                Err(_) => {
                    *self = Self::Two(v.iter().map(|c| u16::from(*c)).collect());
                    self.set(n, code);
                }
            },
            Self::Two(v) => match u16::try_from(code) {
                Ok(c) => put(v, n, c),
                Err(_) => {
                    *self = Self::Four(v.iter().map(|c| u32::from(*c)).collect());
                    self.set(n, code);
                }
            },
            Self::Four(v) => put(v, n, code),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::One(v) => v.capacity(),
            Self::Two(v) => v.capacity() * 2,
            Self::Four(v) => v.capacity() * 4,
        }
    }
}

fn put<T: Default + Clone>(v: &mut Vec<T>, n: usize, code: T) {
    if v.len() <= n {
        v.resize(n.saturating_add(1), T::default());
    }
    if let Some(c) = v.get_mut(n) {
        *c = code;
    }
}

/// One field of all clips.
pub(super) enum Column {
    /// Few texts for many clips: each has a code, 0 is absent.
    Coded(Coded),
    /// Nearly each clip has its own.
    Own(Texts),
}

/// See [`Column::Coded`].
#[derive(Default)]
pub(super) struct Coded {
    texts: Texts,
    by_hash: HashMap<u64, u32>,
    pub(super) codes: Codes,
}

impl Coded {
    /// The different texts, by code; there is none of code 0.
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    fn set(&mut self, n: usize, text: Option<&str>) -> bool {
        let Some(text) = text else {
            if self.codes.get(n) != 0 {
                self.codes.set(n, 0);
            }
            return true;
        };
        let Some(code) = self.code(text) else { return false };
        self.codes.set(n, code);
        true
    }

    /// The code of a text, a new one if need be. Two texts with one hash take the next free number as theirs.
    fn code(&mut self, text: &str) -> Option<u32> {
        let mut hash = xxh3_64(text.as_bytes());
        loop {
            match self.by_hash.get(&hash) {
                Some(code) if self.texts.get(usize::try_from(*code).ok()?) == Some(text) => return Some(*code),
                Some(_) => hash = hash.wrapping_add(1),
                None => break,
            }
        }
        let n = self.texts.len().max(1);
        let code = u32::try_from(n).ok()?;
        if !self.texts.set(n, Some(text)) {
            return None;
        }
        self.by_hash.insert(hash, code);
        Some(code)
    }
}

impl Column {
    pub(super) fn get(&self, row: Row) -> Option<&str> {
        let n = usize::try_from(row).ok()?;
        match self {
            Self::Own(t) => t.get(n),
            Self::Coded(c) => c.texts.get(usize::try_from(c.codes.get(n)).ok()?),
        }
    }

    pub(super) fn set(&mut self, row: Row, text: Option<&str>) -> bool {
        let Ok(n) = usize::try_from(row) else { return false };
        match self {
            Self::Own(t) => t.set(n, text),
            Self::Coded(c) => c.set(n, text),
        }
    }

    /// Gives back memory that was taken ahead.
    pub(super) fn shrink(&mut self) {
        match self {
            Self::Own(t) => t.shrink(),
            Self::Coded(c) => {
                c.texts.shrink();
                c.by_hash.shrink_to_fit();
                match &mut c.codes {
                    Codes::One(v) => v.shrink_to_fit(),
                    Codes::Two(v) => v.shrink_to_fit(),
                    Codes::Four(v) => v.shrink_to_fit(),
                }
            }
        }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Own(t) => t.bytes(),
            Self::Coded(c) => c.texts.bytes() + c.codes.bytes() + c.by_hash.capacity() * 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_whatever_their_number() {
        for mut c in [Column::Own(Texts::default()), Column::Coded(Coded::default())] {
            for n in 0..70_000_u32 {
                assert!(c.set(n, Some(&format!("v{n}"))));
            }
            assert!(c.set(3, None) && c.set(4, Some("")) && c.set(5, Some("v6")) && c.set(90_000, None));
            let all: Vec<_> = [0, 3, 4, 5, 69_999, 70_000, 90_000].map(|n| c.get(n).map(str::to_owned)).into();
            let want = [Some("v0"), None, Some(""), Some("v6"), Some("v69999"), None, None];
            assert_eq!(all, want.map(|w| w.map(str::to_owned)));
            assert!(!c.set(1, Some(&"x".repeat(70_000))), "too long for a column");
            assert_eq!(c.get(1), Some("v1"));
        }
    }
}
