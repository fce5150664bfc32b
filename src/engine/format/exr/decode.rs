//! From blocks to the picture of the display window.

use super::blocks::{Area, BlockReader, areas, offsets, pixel_bytes};
use super::first;
use super::seen::{self, Seen};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::exr::{Blocks, ExrHeader, SampleKind};
use crate::engine::format::Input;
use crate::engine::image::{Decoded, Frame};
use crate::model::{Error, ErrorKind, Limits};
use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Decodes the first part.
pub(super) fn decode(input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
    let mut b = Bytes::file(input.file, input.size, limits);
    let head = ExrHeader::read(&mut b, limits)?;
    let blocks = first(&head)?.blocks(head.flags)?;
    let seen = seen::choose(&blocks)?;
    let mut frame = Frame::new(blocks.display.width(), blocks.display.height(), limits.memory)?;
    let offsets = offsets(&mut b, head.tables_at, &blocks)?;
    let reader = BlockReader::new(input.file, input.size, &blocks, head.flags.multipart)?;
    let at_once = at_once(&reader, &blocks, &frame, limits)?;
    let planes = planes(&blocks, &seen);
    let wanted: Vec<(u64, Area)> =
        offsets.into_iter().zip(areas(&blocks)).filter(|(_, a)| place(&blocks, *a).is_some()).collect();
    for some in wanted.chunks(at_once) {
        let done: Vec<Vec<f32>> = some
            .par_iter()
            .map(|(at, area)| reader.samples(*at, *area).map(|s| rgb(&s, *area, &planes, pixel_bytes(&blocks))))
            .collect::<Result<_, Error>>()?;
        for ((_, area), pixels) in some.iter().zip(&done) {
            put(&mut frame, &blocks, *area, pixels);
        }
    }
    Ok(Decoded { frame, how: how(&blocks, &seen) })
}

/// How many blocks are decoded at the same time, so that all of it stays below the memory limit.
fn at_once(reader: &BlockReader<'_>, blocks: &Blocks, frame: &Frame, limits: &Limits) -> Result<usize, Error> {
    let Some(largest) = areas(blocks).next() else { return Ok(1) };
    let pixels = u64::from(largest.width).saturating_mul(u64::from(largest.height));
    // stored bytes, two copies inside a codec, samples, and three floats a pixel
    let need = reader.raw_bytes(largest).saturating_mul(6).saturating_add(pixels.saturating_mul(12));
    let left = limits.memory.saturating_sub(u64::try_from(frame.bytes()).unwrap_or(u64::MAX));
    if need > left {
        let what = format!("decoding a block of {}x{} pixels needs {need} bytes", largest.width, largest.height);
        return Err(Error::new(ErrorKind::Limit, "LIMIT-MEMORY", what)
            .fix("if the file is right, raise the memory limit of the folder"));
    }
    let fit = usize::try_from(left / need.max(1)).unwrap_or(usize::MAX);
    Ok(fit.clamp(1, rayon::current_num_threads().saturating_mul(2)))
}

/// Of red, green and blue: the bytes of a pixel in the channels before it, and the type.
fn planes(blocks: &Blocks, seen: &Seen) -> [(usize, SampleKind); 3] {
    seen.rgb.map(|n| {
        let before = blocks.channels.iter().take(n).map(|c| c.kind.bytes()).sum();
        (before, blocks.channels.get(n).map_or(SampleKind::Half, |c| c.kind))
    })
}

/// Three samples a pixel from a block's rows of channels.
fn rgb(samples: &[u8], area: Area, planes: &[(usize, SampleKind); 3], pixel: u64) -> Vec<f32> {
    let width = usize::try_from(area.width).unwrap_or(0);
    let row_bytes = width.saturating_mul(usize::try_from(pixel).unwrap_or(usize::MAX));
    let row_floats = width.saturating_mul(3);
    let mut out = vec![0.0; row_floats.saturating_mul(usize::try_from(area.height).unwrap_or(0))];
    let mut line = vec![0.0; width];
    let mut halves = vec![f16::ZERO; width];
    if row_bytes == 0 {
        return out;
    }
    for (to, from) in out.chunks_exact_mut(row_floats).zip(samples.chunks_exact(row_bytes)) {
        for (n, (before, kind)) in planes.iter().enumerate() {
            let begin = before.saturating_mul(width);
            let end = begin.saturating_add(kind.bytes().saturating_mul(width));
            floats(from.get(begin..end).unwrap_or_default(), *kind, &mut halves, &mut line);
            for (pixel, x) in to.as_chunks_mut::<3>().0.iter_mut().zip(&line) {
                if let Some(p) = pixel.get_mut(n) {
                    *p = *x;
                }
            }
        }
    }
    out
}

/// One row of a channel.
fn floats(bytes: &[u8], kind: SampleKind, halves: &mut [f16], out: &mut [f32]) {
    match kind {
        SampleKind::Half => {
            for (h, b) in halves.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *h = f16::from_ne_bytes(*b);
            }
            halves.convert_to_f32_slice(out);
        }
        SampleKind::Float => {
            for (x, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *x = f32::from_ne_bytes(*b);
            }
        }
        SampleKind::Uint => {
            for (x, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *x = u32::from_ne_bytes(*b) as f32;
            }
        }
    }
}

/// The part of a block that lies in the picture: column and row in the picture, columns and rows of the block that are
/// left out before it, and its size.
struct Place {
    to: (usize, usize),
    skip: (usize, usize),
    size: (usize, usize),
}

fn place(blocks: &Blocks, area: Area) -> Option<Place> {
    let (data, seen) = (blocks.data, blocks.display);
    let along = |origin: i32, begin: u32, length: u32, first: i32, side: u32| -> Option<(usize, usize, usize)> {
        let from = i64::from(origin) + i64::from(begin) - i64::from(first);
        let (low, high) = (from.max(0), (from + i64::from(length)).min(i64::from(side)));
        let n = usize::try_from(high - low).ok().filter(|n| *n > 0)?;
        Some((usize::try_from(low).ok()?, usize::try_from(low - from).ok()?, n))
    };
    let (x, skip_x, w) = along(data.left, area.left, area.width, seen.left, seen.width())?;
    let (y, skip_y, h) = along(data.top, area.top, area.height, seen.top, seen.height())?;
    Some(Place { to: (x, y), skip: (skip_x, skip_y), size: (w, h) })
}

fn put(frame: &mut Frame, blocks: &Blocks, area: Area, pixels: &[f32]) {
    let Some(p) = place(blocks, area) else { return };
    let stride = usize::try_from(area.width).unwrap_or(0).saturating_mul(3);
    if stride == 0 {
        return;
    }
    let rows = frame.stride();
    let start = p.to.1.saturating_mul(rows);
    let Some(into) = frame.data_mut().get_mut(start..) else { return };
    let lines = pixels.chunks_exact(stride).skip(p.skip.1).take(p.size.1);
    for (to, from) in into.chunks_exact_mut(rows).zip(lines) {
        let n = p.size.0.saturating_mul(3);
        let (a, b) = (p.to.0.saturating_mul(3), p.skip.0.saturating_mul(3));
        if let (Some(to), Some(from)) = (to.get_mut(a..a.saturating_add(n)), from.get(b..b.saturating_add(n))) {
            to.copy_from_slice(from);
        }
    }
}

fn how(blocks: &Blocks, seen: &Seen) -> BTreeMap<String, String> {
    let kinds: Vec<&str> = seen.rgb.iter().filter_map(|n| blocks.channels.get(*n)).map(|c| c.kind.name()).collect();
    let same = kinds.iter().all(|k| Some(k) == kinds.first());
    let kinds = if same { kinds.first().copied().unwrap_or_default().to_owned() } else { kinds.join(", ") };
    let cut = if blocks.tiles.is_some() { "tiles" } else { "scan lines" };
    let mut out = BTreeMap::from([
        ("layout".to_owned(), format!("{kinds} {}, {}, {cut}", seen.names, blocks.compression.name())),
        ("scale".to_owned(), "values as they are stored".to_owned()),
    ]);
    if blocks.data != blocks.display {
        let show =
            |w: crate::engine::container::exr::Window| format!("({} {}) - ({} {})", w.left, w.top, w.right, w.bottom);
        let text = format!("data {} in display {}, black outside", show(blocks.data), show(blocks.display));
        out.insert("window".to_owned(), text);
        let (data, seen) = (blocks.data, blocks.display);
        if data.left < seen.left || data.top < seen.top || data.right > seen.right || data.bottom > seen.bottom {
            let text = format!("pixels of {} beyond {} are left out", show(data), show(seen));
            out.insert("overscan".to_owned(), text);
        }
    }
    if seen.rgb.first() == seen.rgb.last() {
        out.insert("brightness".to_owned(), "one channel became three equal ones".to_owned());
    }
    let used = if seen.rgb.first() == seen.rgb.last() { 1 } else { 3 };
    if blocks.channels.len() > used {
        let names = blocks.channels.iter().enumerate().filter(|(n, _)| !seen.rgb.contains(n));
        let names: Vec<&str> = names.take(16).map(|(_, c)| c.name.as_str()).collect();
        let more = if blocks.channels.len() > used.saturating_add(16) { ", …" } else { "" };
        out.insert("left_out".to_owned(), format!("channels {}{more}", names.join(", ")));
    }
    out
}
