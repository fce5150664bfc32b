//! Canon's CRW: a heap of tagged values with its directory at the end (Canon CIFF specification 1.0, rev. 4).

use super::{ID, sized};
use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{ClipDoc, Error, Limits, Origin};

/// Deepest nesting of heaps.
const DEEPEST: u32 = 6;

/// Make, model and size.
pub(super) fn read(b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    doc.format.container = Some("CRW".into());
    b.seek(0);
    let e = if b.array::<2>()? == *b"MM" { Endian::Big } else { Endian::Little };
    let start = u64::from(b.u32(e)?);
    let mut left = limits.items.min(4096);
    let size = b.size();
    heap(b, e, (start, size), DEEPEST, &mut left, doc)
}

/// One heap: its last four bytes say where, inside it, the directory lies.
fn heap(
    b: &mut Bytes<'_>,
    e: Endian,
    (start, end): (u64, u64),
    depth: u32,
    left: &mut u32,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let short = || Error::truncated("a heap of the CRW file ends before its directory").offset(start);
    let last = end.checked_sub(4).filter(|at| *at >= start && end <= b.size()).ok_or_else(short)?;
    b.seek(last);
    let table = start.saturating_add(u64::from(b.u32(e)?));
    if table >= last {
        return Err(short());
    }
    b.seek(table);
    let count = b.u16(e)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        *left = left.checked_sub(1).ok_or_else(|| Error::limit("the CRW file has too many values").offset(table))?;
        entries.push((b.u16(e)?, u64::from(b.u32(e)?), u64::from(b.u32(e)?)));
    }
    for (tag, size, offset) in entries {
        // the upper two bits say where the value is: 0 = in the heap
        if tag >> 14 != 0 {
            continue;
        }
        let at = start.saturating_add(offset);
        let until = at.saturating_add(size);
        if until > end {
            let what = format!("a value of the CRW file ends {} bytes after its heap", until - end);
            return Err(Error::truncated(what).offset(at).fix("copy the file again from its source"));
        }
        match tag {
            // types of the two kinds of heap
            _ if matches!(tag >> 11, 5 | 6) && depth > 0 => heap(b, e, (at, until), depth - 1, left, doc)?,
            0x080a => names(b, at, size, doc)?,
            0x1810 if size >= 8 => {
                b.seek(at);
                let (w, h) = (b.u32(e)?, b.u32(e)?);
                if w > 0 && h > 0 && doc.image.width.is_none() {
                    sized(doc, (w, h), "ImageInfo");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Make and model, each with a NUL behind it.
fn names(b: &mut Bytes<'_>, at: u64, size: u64, doc: &mut ClipDoc) -> Result<(), Error> {
    b.seek(at);
    let text = b.take(size.min(256))?;
    let mut parts = text.split(|c| *c == 0).filter_map(field_text);
    let o = || Origin::new(ID, "RawMakeModel", format!("offset {at:#x}"));
    if let Some(t) = parts.next() {
        doc.set("camera.make", |d| &mut d.camera.make, t, o());
    }
    if let Some(t) = parts.next() {
        doc.set("camera.model", |d| &mut d.camera.model, t, o());
    }
    Ok(())
}
