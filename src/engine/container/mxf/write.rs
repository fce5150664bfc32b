//! Writes the parts of an MXF file, for fixtures.

use super::index::IndexSegment;
use super::klv::Ul;
use super::partition::{Kind, Partition};

/// A triplet with a length in four bytes.
#[must_use]
pub fn klv(key: Ul, value: &[u8]) -> Vec<u8> {
    let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
    let mut out = head(key, u64::from(len));
    out.extend_from_slice(value);
    out
}

/// Key and length alone: the value is written by the caller, or is a hole.
#[must_use]
pub fn head(key: Ul, len: u64) -> Vec<u8> {
    let mut out = key.0.to_vec();
    if len <= 0xff_ffff {
        out.push(0x83);
        out.extend(len.to_be_bytes().iter().skip(5));
    } else {
        out.push(0x88);
        out.extend(len.to_be_bytes());
    }
    out
}

/// Space without meaning of `n` bytes in all, at least 20.
#[must_use]
pub fn fill(n: usize) -> Vec<u8> {
    let key = Ul::with([1, 1, 1, 2], [0x03, 0x01, 0x02, 0x10, 0x01, 0, 0, 0]);
    klv(key, &vec![0; n.saturating_sub(20)])
}

/// The identifier of an object of a fixture.
#[must_use]
pub fn id(n: u8) -> [u8; 16] {
    let mut out = [0x11; 16];
    if let Some(last) = out.last_mut() {
        *last = n;
    }
    out
}

/// Identifiers as an array or batch.
#[must_use]
pub fn batch(ids: &[[u8; 16]]) -> Vec<u8> {
    let count = u32::try_from(ids.len()).unwrap_or(0);
    [&count.to_be_bytes()[..], &16u32.to_be_bytes(), &ids.concat()].concat()
}

/// A text in UTF-16.
#[must_use]
pub fn text(t: &str) -> Vec<u8> {
    t.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A structural set: bytes 14 and 15 of its key, its own identifier, its properties.
#[must_use]
pub fn set(class: u16, own: u8, items: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let [high, low] = class.to_be_bytes();
    let key = Ul::with([2, 0x53, 1, 1], [0x0d, 1, 1, 1, 1, 1, high, low]);
    let mut all = vec![(0x3c0a, id(own).to_vec())];
    all.extend_from_slice(items);
    klv(key, &properties(&all))
}

/// Properties with tags and lengths of two bytes.
#[must_use]
pub fn properties(items: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (tag, value) in items {
        out.extend(tag.to_be_bytes());
        out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(value);
    }
    out
}

/// A primer pack.
#[must_use]
pub fn primer(entries: &[(u16, Ul)]) -> Vec<u8> {
    let count = u32::try_from(entries.len()).unwrap_or(0);
    let mut value = [count.to_be_bytes(), 18u32.to_be_bytes()].concat();
    for (tag, ul) in entries {
        value.extend(tag.to_be_bytes());
        value.extend(ul.0);
    }
    klv(Ul::with([2, 5, 1, 1], [0x0d, 1, 2, 1, 1, 5, 1, 0]), &value)
}

/// A partition pack.
#[must_use]
pub fn partition(p: &Partition) -> Vec<u8> {
    let kind = match p.kind {
        Kind::Header => 2,
        Kind::Body => 3,
        Kind::Footer => 4,
    };
    let status = match (p.closed, p.complete) {
        _ if p.is_stream => 0x11,
        (false, false) => 1,
        (true, false) => 2,
        (false, true) => 3,
        (true, true) => 4,
    };
    let count = u32::try_from(p.containers.len()).unwrap_or(0);
    let value = [
        &p.version.0.to_be_bytes()[..],
        &p.version.1.to_be_bytes(),
        &p.kag.to_be_bytes(),
        &p.this.to_be_bytes(),
        &p.previous.to_be_bytes(),
        &p.footer.to_be_bytes(),
        &p.header_bytes.to_be_bytes(),
        &p.index_bytes.to_be_bytes(),
        &p.index_sid.to_be_bytes(),
        &p.body_offset.to_be_bytes(),
        &p.body_sid.to_be_bytes(),
        &p.pattern.0,
        &count.to_be_bytes(),
        &16u32.to_be_bytes(),
        &p.containers.iter().flat_map(|u| u.0).collect::<Vec<_>>(),
    ];
    klv(Ul::with([2, 5, 1, 1], [0x0d, 1, 2, 1, 1, kind, status, 0]), &value.concat())
}

/// An index table segment without entries.
#[must_use]
pub fn index(s: &IndexSegment) -> Vec<u8> {
    let (n, d) = s.rate.unwrap_or((0, 1));
    let items = [
        (0x3c0a, id(0xf0).to_vec()),
        (0x3f0b, [n.to_be_bytes(), d.to_be_bytes()].concat()),
        (0x3f0c, s.start.to_be_bytes().to_vec()),
        (0x3f0d, s.duration.to_be_bytes().to_vec()),
        (0x3f05, s.unit_bytes.to_be_bytes().to_vec()),
        (0x3f06, s.index_sid.to_be_bytes().to_vec()),
        (0x3f07, s.body_sid.to_be_bytes().to_vec()),
    ];
    klv(Ul::with([2, 0x53, 1, 1], [0x0d, 1, 2, 1, 1, 0x10, 1, 0]), &properties(&items))
}

/// A random index pack of streams and offsets.
#[must_use]
pub fn random_index(partitions: &[(u32, u64)]) -> Vec<u8> {
    let mut value = Vec::new();
    for (sid, at) in partitions {
        value.extend(sid.to_be_bytes());
        value.extend(at.to_be_bytes());
    }
    let whole = u32::try_from(value.len()).unwrap_or(0).saturating_add(24);
    value.extend(whole.to_be_bytes());
    klv(Ul::with([2, 5, 1, 1], [0x0d, 1, 2, 1, 1, 0x11, 1, 0]), &value)
}
