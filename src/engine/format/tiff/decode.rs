//! Strips and tiles through the `tiff` crate, one at a time.

use super::layout::Layout;
use super::picture;
use crate::engine::container::bytes::Bytes;
use crate::engine::format::Input;
use crate::engine::image::{Decoded, Frame};
use crate::model::{Error, ErrorKind, Limits};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult};

/// A file read from a place of its own, so that others can read it too.
struct Positional<'a> {
    file: &'a File,
    at: u64,
    size: u64,
}

impl Read for Positional<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read_at(out, self.at)?;
        self.at = self.at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(n)
    }
}

impl Seek for Positional<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::Current(n) => self.at.checked_add_signed(n),
            SeekFrom::End(n) => self.size.checked_add_signed(n),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Decodes the first directory's picture.
pub(super) fn decode(input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
    let mut b = Bytes::file(input.file, input.size, limits);
    let ifd = picture(&mut b, limits)?;
    let layout = Layout::read(&ifd, &mut b)?;
    let seen = layout.decodable()?;
    layout.check_size(&ifd, &mut b, limits)?;
    let mut frame = Frame::new(layout.width, layout.height, limits.memory)?;
    let most = chunk_bytes(&layout, &frame, limits)?;
    // the crate indexes and asserts: what it does not expect of hostile bytes must end here, not the program
    let done = catch_unwind(AssertUnwindSafe(|| fill(input, &layout, seen, most, limits, &mut frame)));
    done.unwrap_or_else(|_| Err(Error::malformed("the TIFF picture breaks the rules of its compression")))?;
    let how = how(&layout, seen);
    Ok(Decoded { frame, how })
}

/// Bytes of one strip or tile.
fn chunk_bytes(layout: &Layout, frame: &Frame, limits: &Limits) -> Result<usize, Error> {
    let (w, h) = layout.chunk;
    let samples = if layout.planar { 1 } else { layout.samples };
    let bytes = [h, samples, layout.bits / 8].into_iter().fold(u64::from(w), |n, x| n.saturating_mul(x.into()));
    let left = limits.memory.saturating_sub(u64::try_from(frame.bytes()).unwrap_or(u64::MAX));
    // the samples, and what they are made from
    if bytes.saturating_mul(3) > left {
        let what = format!("decoding a part of {w}x{h} pixels needs {bytes} bytes");
        return Err(Error::new(ErrorKind::Limit, "LIMIT-MEMORY", what)
            .fix("if the file is right, raise the memory limit of the folder"));
    }
    usize::try_from(bytes).map_err(|_| Error::limit("a part of the picture is too large"))
}

fn fill(
    input: &Input<'_>,
    layout: &Layout,
    seen: u32,
    most: usize,
    limits: &Limits,
    frame: &mut Frame,
) -> Result<(), Error> {
    let file = Positional { file: input.file, at: 0, size: input.size };
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = most;
    bounds.intermediate_buffer_size = most.saturating_mul(2).saturating_add(1 << 16);
    bounds.ifd_value_size = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new(std::io::BufReader::new(file)).map_err(refused)?.with_limits(bounds);
    let (across, down) = layout.grid();
    let planes = if layout.planar { seen } else { 1 };
    for plane in 0..planes {
        for row in 0..down {
            for column in 0..across {
                let index = u64::from(plane) * u64::from(across) * u64::from(down)
                    + u64::from(row) * u64::from(across)
                    + u64::from(column);
                let index = u32::try_from(index).map_err(|_| Error::limit("the picture has too many parts"))?;
                let samples = decoder.read_chunk(index).map_err(refused)?;
                let to = (column.saturating_mul(layout.chunk.0), row.saturating_mul(layout.chunk.1));
                let channel = layout.planar.then_some(plane);
                match samples {
                    DecodingResult::U8(v) => put(frame, layout, seen, to, channel, &v, |x| f32::from(x) / 255.0),
                    DecodingResult::U16(v) => put(frame, layout, seen, to, channel, &v, |x| f32::from(x) / 65_535.0),
                    DecodingResult::F32(v) => put(frame, layout, seen, to, channel, &v, |x| x),
                    _ => return Err(Error::unsupported("TIFF samples of this kind are not decoded")),
                }
            }
        }
    }
    Ok(())
}

/// Places one strip or tile, or one plane of it.
fn put<T: Copy>(
    frame: &mut Frame,
    layout: &Layout,
    seen: u32,
    (left, top): (u32, u32),
    plane: Option<u32>,
    samples: &[T],
    value: impl Fn(T) -> f32,
) {
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let width = size(layout.chunk.0.min(layout.width.saturating_sub(left)));
    let each = if plane.is_some() { 1 } else { size(layout.samples) };
    let rows = samples.chunks_exact(width.saturating_mul(each).max(1));
    for (to, from) in frame.rows_mut().skip(size(top)).take(size(layout.chunk.1)).zip(rows) {
        let pixels = to.as_chunks_mut::<3>().0.iter_mut().skip(size(left));
        for (pixel, values) in pixels.zip(from.chunks_exact(each)) {
            let of = |n: usize| values.get(n).copied().map(&value);
            match (plane, seen) {
                (_, 1) => *pixel = [of(0).unwrap_or_default(); 3],
                (Some(p), _) => {
                    if let (Some(x), Some(v)) = (pixel.get_mut(size(p)), of(0)) {
                        *x = v;
                    }
                }
                (None, _) => *pixel = [0, 1, 2].map(|n| of(n).unwrap_or_default()),
            }
        }
    }
}

fn refused(e: TiffError) -> Error {
    match e {
        TiffError::FormatError(e) => Error::malformed(format!("the TIFF picture cannot be decoded: {e}")),
        TiffError::UnsupportedError(e) => Error::unsupported(format!("the TIFF picture cannot be decoded: {e}")),
        TiffError::LimitsExceeded => Error::limit("a part of the TIFF picture is larger than its size allows"),
        TiffError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::truncated("the TIFF picture is cut off").fix("copy the frame again from its source")
        }
        // the codecs report bad data as an error without a number of the system
        TiffError::IoError(e) if e.raw_os_error().is_none() => {
            Error::malformed(format!("the TIFF picture cannot be decoded: {e}"))
        }
        TiffError::IoError(e) => Error::io("FILE-UNREADABLE", "read the file", &e),
        other => Error::malformed(format!("the TIFF picture cannot be decoded: {other}")),
    }
}

fn how(layout: &Layout, seen: u32) -> BTreeMap<String, String> {
    let parts = if layout.tiled { "tiles" } else { "strips" };
    let planes = if layout.planar { "planes" } else { "interleaved" };
    let kind = if layout.kind == 3 { "float" } else { "unsigned" };
    let text =
        format!("{}-bit {kind} {}, {planes}, {parts}, {}", layout.bits, layout.codec(), layout.compression_name());
    let scale = match (layout.bits, layout.kind) {
        (_, 3) => "values as they are stored".to_owned(),
        (8, _) => "code / 255".to_owned(),
        _ => "code / 65535".to_owned(),
    };
    let mut out = BTreeMap::from([("layout".to_owned(), text), ("scale".to_owned(), scale)]);
    if seen == 1 {
        out.insert("brightness".to_owned(), "one channel became three equal ones".to_owned());
    }
    if layout.photometric == 0 {
        out.insert("white".to_owned(), "0 is white: codes were turned around".to_owned());
    }
    let more = layout.samples.saturating_sub(seen);
    if more > 0 {
        out.insert("left_out".to_owned(), format!("{more} further samples of each pixel"));
    }
    out
}
