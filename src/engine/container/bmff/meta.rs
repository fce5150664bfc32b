//! Metadata items: `keys` with `ilst`, iTunes `ilst`, and the texts of QuickTime user data.

use super::header::{need, version};
use super::{Atom, FourCc, Walk, contents, find, handler, name};
use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::Error;

/// Bytes of a binary value that are kept.
const HEX: u64 = 64;
/// Most items of one list.
const MOST: usize = 5000;
/// Longest name of a key.
const KEY: u64 = 1024;

/// A value by its well-known data type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Types 1 and 2.
    Text(String),
    /// Types 21, 65, 66, 67, 74.
    Signed(i64),
    /// Types 22, 75, 76, 77, 78.
    Unsigned(u64),
    /// Types 23 and 24.
    Real(f64),
    /// Types 70, 71, 72, 79: a point, dimensions, a rectangle, an affine transform.
    Reals(Vec<f64>),
    /// Anything else: its length and its first 64 bytes.
    Binary(u64, Vec<u8>),
}

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The key (`com.apple.quicktime.make`), or the box type (`©nam`).
    pub key: String,
    /// What it says.
    pub value: Value,
    /// Offset of its value.
    pub at: u64,
}

/// The boxes of a `meta`, whether a plain atom (QuickTime) or with version and flags (ISO): whichever has
/// an `hdlr`. With the handler type.
///
/// # Errors
/// `LIMIT-SIZE`; those of [`Bytes`].
pub fn items(b: &mut Bytes<'_>, meta: &Atom, walk: &mut Walk<'_>) -> Result<(Option<FourCc>, Vec<Atom>), Error> {
    let head = contents(b, meta, 12)?;
    let skip = if head.get(4..8) == Some(b"hdlr") { 0 } else { 4 };
    let children = walk.loose_children(b, &meta.without(skip))?;
    let kind = match find(&children, b"hdlr") {
        Some(h) => handler(b, &h).ok().map(|(kind, _)| kind),
        None => None,
    };
    Ok((kind, children))
}

/// Every item of a `meta` (at most 5,000), with its key from `keys` (by number from 1) or its own type. At most `most`
/// bytes of a text are read.
///
/// # Errors
/// `FILE-MALFORMED` for a `keys` box that does not hold what it announces; `LIMIT-SIZE`; those of [`Bytes`].
pub fn keys_and_values(
    b: &mut Bytes<'_>,
    children: &[Atom],
    most: u64,
    walk: &mut Walk<'_>,
) -> Result<Vec<Tag>, Error> {
    let keys = match find(children, b"keys") {
        Some(k) => read_keys(b, &k, walk)?,
        None => Vec::new(),
    };
    let Some(list) = find(children, b"ilst") else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for item in walk.loose_children(b, &list)?.into_iter().take(MOST) {
        let parts = walk.loose_children(b, &item)?;
        let number = usize::try_from(u32::from_be_bytes(item.id)).ok().and_then(|n| n.checked_sub(1));
        let key = match number.and_then(|n| keys.get(n)) {
            Some(k) => k.clone(),
            None if &item.id == b"----" => free_form(b, &parts)?,
            None => name(item.id),
        };
        for data in parts.iter().filter(|p| &p.id == b"data" && p.len() >= 8).take(64) {
            b.seek(data.body);
            let kind = b.u32(Endian::Big)? & 0x00ff_ffff;
            let payload = data.without(8);
            let value = value(b, kind, &payload, most)?;
            out.push(Tag { key: key.clone(), value, at: payload.body });
        }
    }
    Ok(out)
}

/// The names of a `keys` box; those of the namespace `mdta` plain, others as `namespace:name`.
fn read_keys(b: &mut Bytes<'_>, a: &Atom, walk: &mut Walk<'_>) -> Result<Vec<String>, Error> {
    need(a, 8)?;
    version(b, a)?;
    let count = b.u32(Endian::Big)?;
    let mut out = Vec::new();
    for item in walk.loose_children(b, &a.without(8))?.iter().take(usize::try_from(count).unwrap_or(usize::MAX)) {
        let text = field_text(&contents(b, item, KEY)?).unwrap_or_default();
        out.push(if &item.id == b"mdta" { text } else { format!("{}:{text}", item.name()) });
    }
    Ok(out)
}

/// `mean:name` of a free-form iTunes item.
fn free_form(b: &mut Bytes<'_>, parts: &[Atom]) -> Result<String, Error> {
    let mut text = |id| -> Result<String, Error> {
        let Some(a) = find(parts, id) else { return Ok(String::new()) };
        Ok(field_text(&contents(b, &a.without(4), KEY)?).unwrap_or_default())
    };
    Ok(format!("{}:{}", text(b"mean")?, text(b"name")?))
}

/// A value by its type; what the type does not fit is binary.
fn value(b: &mut Bytes<'_>, kind: u32, a: &Atom, most: u64) -> Result<Value, Error> {
    let text = matches!(kind, 1 | 2);
    let bytes = contents(b, a, if text { most.saturating_add(1) } else { 72 })?;
    let short = |n: usize| bytes.len() == n && a.len() == u64::try_from(n).unwrap_or(0);
    let unsigned = || bytes.iter().fold(0u64, |n, x| n << 8 | u64::from(*x));
    let signed = || {
        let fill = if bytes.first().is_some_and(|x| x & 0x80 != 0) { u64::MAX } else { 0 };
        i64::from_be_bytes(bytes.iter().fold(fill, |n, x| n << 8 | u64::from(*x)).to_be_bytes())
    };
    let fits = (1..=8).contains(&a.len());
    let reals = |n: usize| -> Option<Vec<f64>> {
        let each = if kind == 79 { 8 } else { 4 };
        if !short(n * each) {
            return None;
        }
        Some(bytes.chunks_exact(each).map(|c| real(c).unwrap_or(f64::NAN)).collect())
    };
    let found = match kind {
        1 => Some(Value::Text(lossy(&bytes))),
        2 => Some(Value::Text(utf16(&bytes))),
        21 | 65 | 66 | 67 | 74 if fits => Some(Value::Signed(signed())),
        22 | 75 | 76 | 77 | 78 if fits => Some(Value::Unsigned(unsigned())),
        23 if short(4) => real(&bytes).map(Value::Real),
        24 if short(8) => real(&bytes).map(Value::Real),
        70 | 71 => reals(2).map(Value::Reals),
        72 => reals(4).map(Value::Reals),
        79 => reals(9).map(Value::Reals),
        _ => None,
    };
    Ok(match found {
        Some(v) => v,
        None => Value::Binary(a.len(), bytes.into_iter().take(usize::try_from(HEX).unwrap_or(64)).collect()),
    })
}

fn real(c: &[u8]) -> Option<f64> {
    match c.len() {
        4 => Some(f64::from(f32::from_be_bytes(c.try_into().ok()?))),
        _ => Some(f64::from_be_bytes(c.try_into().ok()?)),
    }
}

fn lossy(bytes: &[u8]) -> String {
    field_text(bytes).unwrap_or_default()
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|c| u16::from_be_bytes(*c)).collect();
    String::from_utf16_lossy(&units).trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_owned()
}

/// A box of user data. `©…`: the texts of its list (16-bit length and language before each); a plain text if
/// all bytes are one; else binary.
///
/// # Errors
/// Those of [`Bytes`].
pub fn text_list(b: &mut Bytes<'_>, a: &Atom, most: u64) -> Result<Vec<Value>, Error> {
    let bytes = contents(b, a, most.saturating_add(1))?;
    let mut out = Vec::new();
    if a.id.first() == Some(&0xa9) {
        let mut rest = bytes.as_slice();
        while let Some(([high, low, ..], more)) = rest.split_first_chunk::<4>().filter(|_| out.len() < 64) {
            let size = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
            let (text, next) = more.split_at(size);
            out.extend(field_text(text).map(Value::Text));
            rest = next;
            if size == 0 {
                break;
            }
        }
        if !out.is_empty() {
            return Ok(out);
        }
    }
    let end = bytes.iter().rposition(|x| *x != 0).map_or(0, |n| n + 1);
    let plain = bytes.get(..end).and_then(|t| std::str::from_utf8(t).ok());
    let plain = plain.filter(|t| !t.is_empty() && t.chars().all(|c| !c.is_control() || c.is_whitespace()));
    out.push(match plain {
        Some(t) if t.chars().any(char::is_alphanumeric) => Value::Text(t.trim().to_owned()),
        _ => Value::Binary(a.len(), bytes.into_iter().take(usize::try_from(HEX).unwrap_or(64)).collect()),
    });
    Ok(out)
}
