//! The tables that say where each block lies: whether the file was written to its end.

use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::exr::{Blocks, ExrHeader, ExrValue, Part};
use crate::model::Error;

const LE: Endian = Endian::Little;

/// The offsets of the first `count` blocks of a table at `at`.
///
/// # Errors
/// `FILE-TRUNCATED` when the table goes beyond the end, `LIMIT-SIZE` when it goes beyond the budget.
pub(super) fn offsets(b: &mut Bytes<'_>, at: u64, count: u64) -> Result<Vec<u64>, Error> {
    b.seek(at);
    if count.saturating_mul(8) > b.left() {
        let what = format!("the table of {count} blocks goes beyond the end");
        return Err(Error::truncated(what).offset(at).fix("copy the frame again from its source"));
    }
    let bytes = b.take(count.saturating_mul(8))?;
    let (words, _) = bytes.as_chunks::<8>();
    Ok(words.iter().map(|w| u64::from_le_bytes(*w)).collect())
}

/// Checks for every part that each block has a place in the file, and that the last one is whole.
///
/// # Errors
/// `FILE-TRUNCATED`, `FILE-MALFORMED` or `LIMIT-SIZE`.
pub(super) fn check(b: &mut Bytes<'_>, head: &ExrHeader) -> Result<(), Error> {
    let mut at = head.tables_at;
    for part in &head.parts {
        let blocks = match part.blocks(head.flags) {
            Ok(blocks) => blocks,
            // what cannot be understood of a further part ends the check: the tables behind it cannot be found
            Err(_) if part.at != 8 => return Ok(()),
            Err(e) => return Err(e),
        };
        let count = chunk_count(part, &blocks, head.flags.multipart)?;
        let list = offsets(b, at, count)?;
        if let Some(n) = list.iter().position(|o| *o == 0) {
            let what = format!("block {n} of {count} was never written");
            return Err(Error::truncated(what).offset(at).fix("render or copy the frame again"));
        }
        at = at.saturating_add(count.saturating_mul(8));
        if let Some(bad) = list.iter().find(|o| **o < head.tables_at) {
            return Err(Error::malformed(format!("a block begins inside the header, at byte {bad}")).offset(at));
        }
        if let Some(last) = list.iter().max() {
            whole(b, *last, &blocks, head.flags.multipart)?;
        }
    }
    Ok(())
}

/// A file with several parts says how many blocks each has; it may not say otherwise than its windows.
fn chunk_count(part: &Part, blocks: &Blocks, multipart: bool) -> Result<u64, Error> {
    let Some(a) = part.get("chunkCount").filter(|_| multipart) else { return Ok(blocks.count) };
    match a.value {
        ExrValue::Int(n) if u64::try_from(n).ok() == Some(blocks.count) => Ok(blocks.count),
        _ => {
            let what = format!("chunkCount is not the {} blocks that the windows need", blocks.count);
            Err(Error::malformed(what).offset(a.at))
        }
    }
}

/// Whether the block at `at` ends inside the file.
fn whole(b: &mut Bytes<'_>, at: u64, blocks: &Blocks, multipart: bool) -> Result<(), Error> {
    b.seek(at);
    let cut = |size: u64| {
        let what = "the last block of the picture is cut off";
        Error::truncated(what).offset(size).fix("copy the frame again from its source")
    };
    let size = b.size();
    let place = if blocks.tiles.is_some() { 16 } else { 4 } + if multipart { 4 } else { 0 };
    b.skip(place);
    if b.left() < 4 {
        return Err(cut(size));
    }
    let length = if blocks.deep {
        if b.left() < 24 {
            return Err(cut(size));
        }
        let (table, data) = (b.u64(LE)?, b.u64(LE)?);
        b.skip(8);
        table.saturating_add(data)
    } else {
        u64::from(b.u32(LE)?)
    };
    if length > b.left() {
        return Err(cut(size));
    }
    Ok(())
}
