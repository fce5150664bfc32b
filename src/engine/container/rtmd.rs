//! Samples of Sony's real-time metadata (`rtmd`): a header that tells its own length, then sets of the acquisition metadata
//! of SMPTE RDD 18 (EBU Tech 3349), each a key of 16 bytes and a container that holds tags of two bytes with lengths of two.
//!
//! Source: RDD 18 for the sets; tags and the container as ExifTool's documentation of Sony's tags lists them.

/// The tag of the container of a set.
const CONTAINER: u16 = 0x8300;
/// The first two bytes of a set's key.
const KEY: u16 = 0x060e;
/// Bytes of a key.
const KEY_BYTES: usize = 16;
/// Most items of one sample.
const MOST: usize = 4096;

/// Which set an item lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The lens unit.
    Lens,
    /// The camera unit.
    Camera,
    /// Whatever the maker defines.
    User,
}

impl Kind {
    /// By bytes 13 and 14 of the key of a set.
    #[must_use]
    pub fn of(last: [u8; 2]) -> Self {
        match last {
            [1, 1] => Self::Lens,
            [2, 1] => Self::Camera,
            _ => Self::User,
        }
    }

    /// In names of raw values.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lens => "lens",
            Self::Camera => "camera",
            Self::User => "user",
        }
    }
}

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// Its set.
    pub kind: Kind,
    /// Its tag.
    pub tag: u16,
    /// Its value.
    pub value: &'a [u8],
}

/// The items of a sample in order, and whether all of it could be read.
#[must_use]
pub fn items(sample: &[u8]) -> (Vec<Item<'_>>, bool) {
    let mut out = Vec::new();
    let Some(rest) = number(sample).and_then(|n| sample.get(usize::from(n).max(2)..)) else { return (out, false) };
    let (mut rest, mut kind, mut whole) = (rest, Kind::User, true);
    loop {
        let Some(tag) = number(rest).filter(|t| *t != 0) else {
            // zeros, or a byte of padding, end a sample
            return (out, whole && rest.iter().all(|b| *b == 0));
        };
        if tag == KEY {
            let Some((key, after)) = rest.split_at_checked(KEY_BYTES) else { return (out, false) };
            kind = Kind::of([key.get(12).copied().unwrap_or(0), key.get(13).copied().unwrap_or(0)]);
            rest = after;
            continue;
        }
        let Some((len, body)) = rest.get(2..).and_then(|r| Some((usize::from(number(r)?), r.get(2..)?))) else {
            return (out, false);
        };
        if tag == CONTAINER {
            whole &= len <= body.len();
            rest = body;
            continue;
        }
        let Some((value, after)) = body.split_at_checked(len) else { return (out, false) };
        if out.len() >= MOST {
            return (out, false);
        }
        out.push(Item { kind, tag, value });
        rest = after;
    }
}

fn number(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

/// A set of a fixture: bytes 13 and 14 of its key, and its items.
pub type Written<'a> = ([u8; 2], &'a [(u16, Vec<u8>)]);

/// A sample with these sets, for fixtures.
#[must_use]
pub fn write(sets: &[Written<'_>]) -> Vec<u8> {
    let mut out = vec![0; 0x1c];
    if let Some(last) = out.get_mut(1) {
        *last = 0x1c;
    }
    let length = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes();
    for (last, all) in sets {
        let mut body = Vec::new();
        for (tag, value) in *all {
            body.extend(tag.to_be_bytes());
            body.extend(length(value.len()));
            body.extend_from_slice(value);
        }
        out.extend([6, 0x0e, 0x2b, 0x34, 2, 0x53, 1, 1, 0x0c, 2, 1, 1, last[0], last[1], 0, 0]);
        out.extend(CONTAINER.to_be_bytes());
        out.extend(length(body.len()));
        out.extend(body);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> Vec<u8> {
        write(&[
            ([1, 1], &[(0x8000, vec![0x80, 0]), (0x8007, b"FE 24mm".to_vec())]),
            ([2, 1], &[(0x810b, vec![1, 144])]),
        ])
    }

    #[test]
    fn sets_and_items() {
        let bytes = fixture();
        let (all, whole) = items(&bytes);
        let short: Vec<_> = all.iter().map(|i| (i.kind, i.tag, i.value.len())).collect();
        assert!(whole);
        assert_eq!(short, [(Kind::Lens, 0x8000, 2), (Kind::Lens, 0x8007, 7), (Kind::Camera, 0x810b, 2)]);
        assert!(items(&[bytes.clone(), vec![0; 9]].concat()).1, "padding");
        assert!(!items(&[bytes, vec![0x80]].concat()).1);
        assert!(!items(&[]).1 && !items(&[0xff, 0xff, 1]).1);
    }

    #[test]
    fn cut_and_flipped() {
        let bytes = fixture();
        for at in 0..bytes.len() {
            let (cut, _) = items(&bytes[..at]);
            assert!(cut.len() <= 3);
            for bit in 0..8 {
                let mut odd = bytes.clone();
                odd[at] ^= 1 << bit;
                assert!(items(&odd).0.iter().all(|i| i.value.len() <= odd.len()));
            }
        }
    }
}
