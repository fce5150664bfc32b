//! From samples to compressed blocks, each by itself.

use super::{ExrCompression, internal};
use crate::engine::image::{Counts, Frame};
use crate::model::Error;
use exr::compression::Compression as Codec;
use exr::math::Vec2;
use exr::meta::BlockDescription;
use exr::meta::attribute::{ChannelDescription, IntegerBounds, LineOrder, SampleType, Text};
use exr::meta::header::Header;
use half::f16;
use half::slice::HalfFloatSliceExt;
use libdeflater::{CompressionLvl, Compressor};
use rayon::prelude::*;

/// The largest finite half.
const MOST: f32 = 65_504.0;

/// What a thread keeps from block to block.
struct Tools {
    deflate: Option<Compressor>,
    line: Vec<f32>,
    halves: Vec<f16>,
    parted: Vec<u8>,
    differences: Vec<u8>,
}

/// The compressed blocks from the top.
pub(super) fn compress(frame: &Frame, how: ExrCompression) -> Result<(Vec<Vec<u8>>, Counts), Error> {
    let lines = usize::try_from(how.stored().lines()).unwrap_or(1);
    let stride = frame.stride().max(1);
    let level = level(how)?;
    let header = codec_header(frame, how);
    let tools = || Tools {
        deflate: level.map(Compressor::new),
        line: vec![0.0; stride / 3],
        halves: vec![f16::ZERO; stride / 3],
        parted: Vec::new(),
        differences: Vec::new(),
    };
    let done: Vec<(Vec<u8>, Counts)> = frame
        .data()
        .par_chunks(stride.saturating_mul(lines))
        .map_init(tools, |tools, samples| {
            let native = header.is_some();
            let (raw, counts) = halves(samples, stride, native, tools);
            let packed = match &header {
                Some((codec, header)) => codec_block(*codec, header, raw, frame, samples.len() / stride)?,
                None => deflate_block(raw, tools)?,
            };
            Ok((packed, counts))
        })
        .collect::<Result<_, Error>>()?;
    let counts = done.iter().fold(Counts::default(), |sum, (_, c)| sum + *c);
    Ok((done.into_iter().map(|(bytes, _)| bytes).collect(), counts))
}

fn level(how: ExrCompression) -> Result<Option<CompressionLvl>, Error> {
    let (ExrCompression::Zip { level } | ExrCompression::Zips { level }) = how else { return Ok(None) };
    let known = Some(level).filter(|n| (1..=12).contains(n)).and_then(|n| CompressionLvl::new(i32::from(n)).ok());
    known.map(Some).ok_or_else(|| internal(format!("{level} is no level of deflate, which go from 1 to 12")))
}

/// The rows of a block as halves, each as its blue, green and red samples.
fn halves(samples: &[f32], stride: usize, native: bool, tools: &mut Tools) -> (Vec<u8>, Counts) {
    let mut out = Vec::with_capacity(samples.len().saturating_mul(2));
    let mut counts = Counts::default();
    for row in samples.chunks_exact(stride) {
        for channel in [2usize, 1, 0] {
            let (mut nan, mut overflow) = (0u32, 0u32);
            for (to, pixel) in tools.line.iter_mut().zip(row.as_chunks::<3>().0) {
                let x = pixel.get(channel).copied().unwrap_or_default();
                nan = nan.wrapping_add(u32::from(x.is_nan()));
                overflow = overflow.wrapping_add(u32::from(x.abs() > MOST));
                *to = if x.is_nan() { 0.0 } else { x.clamp(-MOST, MOST) };
            }
            counts = counts + Counts { nan: nan.into(), overflow: overflow.into() };
            tools.halves.convert_from_f32_slice(&tools.line);
            if native {
                out.extend(tools.halves.iter().flat_map(|h| h.to_ne_bytes()));
            } else {
                out.extend(tools.halves.iter().flat_map(|h| h.to_le_bytes()));
            }
        }
    }
    (out, counts)
}

/// Deflate after the bytes were parted and replaced by differences; as it is when that is not shorter, or when there is
/// nothing to deflate with.
fn deflate_block(raw: Vec<u8>, tools: &mut Tools) -> Result<Vec<u8>, Error> {
    let Some(deflate) = &mut tools.deflate else { return Ok(raw) };
    part(&raw, &mut tools.parted);
    differences(&tools.parted, &mut tools.differences);
    let mut packed = vec![0; deflate.zlib_compress_bound(raw.len())];
    let n = deflate.zlib_compress(&tools.differences, &mut packed);
    let n = n.map_err(|e| internal(format!("a block of the picture cannot be deflated: {e}")))?;
    if n >= raw.len() {
        return Ok(raw);
    }
    packed.truncate(n);
    packed.shrink_to_fit();
    Ok(packed)
}

/// The bytes at even places, then those at odd ones.
fn part(raw: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let (pairs, rest) = raw.as_chunks::<2>();
    out.extend(pairs.iter().map(|[even, _]| *even));
    out.extend_from_slice(rest);
    out.extend(pairs.iter().map(|[_, odd]| *odd));
}

/// Each byte less the one before, plus 128.
fn differences(bytes: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(bytes.first());
    out.extend(bytes.iter().zip(bytes.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a).wrapping_add(128)));
}

/// What the codecs of the `exr` crate want to know, for compressions that they make.
fn codec_header(frame: &Frame, how: ExrCompression) -> Option<(Codec, Header)> {
    let codec = match how {
        ExrCompression::Piz => Codec::PIZ,
        ExrCompression::Dwaa { level } => Codec::DWAA(Some(level)),
        ExrCompression::None | ExrCompression::Zip { .. } | ExrCompression::Zips { .. } => return None,
    };
    let channel =
        |name: &str| ChannelDescription::new(Text::new_or_none(name).unwrap_or_default(), SampleType::F16, false);
    let channels = ["B", "G", "R"].iter().map(|n| channel(n)).collect();
    let side = |n: u32| usize::try_from(n).unwrap_or(0);
    let header = Header::new(Text::default(), Vec2(side(frame.width()), side(frame.height())), channels);
    Some((codec, header.with_encoding(codec, BlockDescription::ScanLines, LineOrder::Increasing)))
}

fn codec_block(codec: Codec, header: &Header, raw: Vec<u8>, frame: &Frame, rows: usize) -> Result<Vec<u8>, Error> {
    let size = (usize::try_from(frame.width()).unwrap_or(0), rows);
    let packed = codec.compress_image_section_to_le(header, raw, IntegerBounds::new((0, 0), size));
    packed.map_err(|e| internal(format!("a block of the picture cannot be compressed: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_parted_and_replaced_by_differences() {
        let (mut parted, mut out) = (Vec::new(), Vec::new());
        part(&[1, 2, 3, 4, 5], &mut parted);
        assert_eq!(parted, [1, 3, 5, 2, 4]);
        differences(&[10, 11, 9, 255, 0], &mut out);
        assert_eq!(out, [10, 129, 126, 118, 129]);
        differences(&[], &mut out);
        assert_eq!(out, [0u8; 0]);
    }
}
