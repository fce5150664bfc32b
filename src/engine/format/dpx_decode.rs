//! The pixels of a DPX frame: its first image element as RGB.
//!
//! Where each line begins is not certain from the header: the standard fills lines up to words of 32 bits, several writers
//! do not, and the padding that a header declares is not always there. The room that the file has decides.

use super::Input;
use super::dpx::components;
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::dpx::layout as at;
use crate::engine::container::dpx::{Cells, DpxHeader, Field, Layout};
use crate::engine::image::{Decoded, Frame};
use crate::model::{Error, ErrorKind, Limits};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Pixels that are unpacked at once: with any number of components they end at the end of a word.
const PART: usize = 768;

/// Bytes that are read at once, or one line where that is longer. Fits in a second-level cache.
const BAND: u64 = 1 << 19;

/// What the header says of the element that is decoded.
struct Element {
    descriptor: u32,
    layout: Layout,
    width: u32,
    height: u32,
    /// Where its pixels begin in the file.
    from: u64,
    /// Declared padding after each line and after the picture, bytes.
    line_padding: u64,
    image_padding: u64,
    /// Whether the program that wrote it is known to let lines of brightness share words.
    runs_on: bool,
}

impl Element {
    /// Bytes of `pixels` pixels that follow each other.
    fn bytes(&self, pixels: u64) -> Option<u64> {
        self.layout.bytes(pixels.checked_mul(self.layout.components as u64)?)
    }
}

/// Where lines lie behind each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lines {
    /// Pixels that follow each other without a gap: a line, or [`PART`] where lines share words.
    run: u64,
    /// Runs; the last one may be shorter.
    count: u64,
    /// Bytes from the start of one run to the next.
    stride: u64,
    /// From the first byte to the last one that is needed.
    needed: u64,
    /// The same with what follows the last line.
    whole: u64,
    /// For `how`.
    text: &'static str,
}

impl Lines {
    /// Lines of `plain` bytes that begin every `stride` bytes.
    fn separate(e: &Element, plain: u64, stride: u64, text: &'static str) -> Self {
        let count = u64::from(e.height);
        let needed = stride.saturating_mul(count.saturating_sub(1)).saturating_add(plain);
        Self { run: u64::from(e.width), count, stride, needed, whole: stride.saturating_mul(count), text }
    }

    /// All pixels one after the other.
    fn run_on(e: &Element) -> Option<Self> {
        let run = PART as u64;
        let count = u64::from(e.width).checked_mul(u64::from(e.height))?;
        let needed = e.bytes(count)?;
        let text = "lines follow each other and share words";
        Some(Self { run, count: count.div_ceil(run), stride: e.bytes(run)?, needed, whole: needed, text })
    }
}

/// Decodes the first image element, in bands of [`BAND`] bytes; the picture itself is bounded by `limits.memory`.
pub(super) fn decode(input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
    let head = DpxHeader::read(&mut Bytes::file(input.file, input.size, limits))?;
    let element = element(&head)?;
    let room = input.size.saturating_sub(element.from);
    let lines = lines(&element, room, head.number(&at::FILE_SIZE)).ok_or_else(|| cut_off(&element, input.size))?;
    let mut data = samples(&element, limits)?;
    let mut left = u64::from(element.width).saturating_mul(u64::from(element.height));
    let mut band = Vec::new();
    let per_band = (BAND / lines.stride.max(1)).max(1);
    let mut done = 0;
    while done < lines.count {
        let now = per_band.min(lines.count - done);
        let from = lines.stride.saturating_mul(done).saturating_add(element.from);
        let last = element.bytes(lines.run.min(left.saturating_sub(lines.run.saturating_mul(now - 1)))).unwrap_or(0);
        read(input.file, from, lines.stride.saturating_mul(now - 1).saturating_add(last), &mut band)?;
        for line in band.chunks(usize::try_from(lines.stride).unwrap_or(usize::MAX).max(1)) {
            let pixels = left.min(lines.run);
            unpack(&element, line, usize::try_from(pixels).unwrap_or(0), &mut data);
            left -= pixels;
        }
        done += now;
    }
    let frame = Frame::from_samples(element.width, element.height, data)?;
    Ok(Decoded { frame, how: how(&head, &element, &lines) })
}

/// Whether [`decode`] knows this form of picture.
///
/// # Errors
/// Why not.
pub(super) fn decodable(head: &DpxHeader) -> Result<(), Error> {
    element(head).map(drop)
}

/// Room for the picture's samples, if that is within the limit.
fn samples(e: &Element, limits: &Limits) -> Result<Vec<f32>, Error> {
    let (width, height) = (e.width, e.height);
    let too_big = || {
        let what = format!("a picture of {width}x{height} pixels needs more memory than allowed");
        let e = Error::new(ErrorKind::Limit, "LIMIT-MEMORY", what);
        e.fix("if it is right, raise the memory limit of the folder")
    };
    let count = u64::from(width).checked_mul(u64::from(height)).and_then(|n| n.checked_mul(3)).ok_or_else(too_big)?;
    if count.saturating_mul(4).saturating_add(BAND.saturating_mul(2)) > limits.memory {
        return Err(too_big());
    }
    let mut data = Vec::new();
    data.try_reserve_exact(usize::try_from(count).map_err(|_| too_big())?).map_err(|_| too_big())?;
    Ok(data)
}

fn cut_off(e: &Element, size: u64) -> Error {
    let what = format!("the picture is cut off: {}x{} pixels do not end before byte {size}", e.width, e.height);
    Error::truncated(what).offset(size).fix("copy the frame again from its source")
}

/// Replaces `bytes` by `n` bytes of the file.
fn read(file: &File, from: u64, n: u64, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let no_room = || Error::new(ErrorKind::Limit, "LIMIT-MEMORY", "no memory for a part of a picture");
    bytes.try_reserve_exact(n.saturating_sub(bytes.len())).map_err(|_| no_room())?;
    bytes.resize(n, 0);
    match file.read_exact_at(bytes, from) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            let what = "the file became shorter while its picture was read";
            Err(Error::new(ErrorKind::Io, "FILE-CHANGED", what).offset(from))
        }
        Err(e) => Err(Error::io("FILE-UNREADABLE", "read the picture", &e).offset(from)),
    }
}

/// What can be decoded of what the header says; everything else is refused by its name.
fn element(head: &DpxHeader) -> Result<Element, Error> {
    let bad = |f: &Field, what: &str| {
        Error::malformed(format!("the DPX header gives no {what}")).offset(u64::try_from(f.at).unwrap_or(0))
    };
    let need = |f: &Field, what: &str| head.number(f).filter(|n| *n > 0).ok_or_else(|| bad(f, what));
    let (width, height) = (need(&at::WIDTH, "width of the picture")?, need(&at::HEIGHT, "height of the picture")?);
    let descriptor = head.number(&at::DESCRIPTOR).ok_or_else(|| bad(&at::DESCRIPTOR, "components of the picture"))?;
    let depth = need(&at::BIT_DEPTH, "bit depth")?;
    let packing = head.number(&at::PACKING).unwrap_or(0);
    if head.number(&at::ENCRYPT_KEY).is_some_and(|k| k != 0) {
        return Err(Error::unsupported("an encrypted DPX picture is not decoded"));
    }
    match head.number(&at::ENCODING) {
        Some(0) | None => {}
        Some(1) => return Err(Error::unsupported("DPX with run-length encoding is not decoded")),
        Some(n) => return Err(Error::unsupported(format!("encoding code {n} of DPX is not decoded"))),
    }
    if head.number(&at::DATA_SIGN) == Some(1) {
        return Err(Error::unsupported("DPX with signed samples is not decoded"));
    }
    let number = match descriptor {
        6 => 1,
        50 => 3,
        51 | 52 => 4,
        n => {
            let name = Some(components(n)).filter(|t| !t.is_empty()).map(|t| format!(" ({t})")).unwrap_or_default();
            return Err(Error::unsupported(format!("DPX with components of code {n}{name} is not decoded")));
        }
    };
    let layout = Layout::new(number, depth, packing, head.endian()).ok_or_else(|| {
        Error::unsupported(format!("DPX with {depth} bits per component and packing code {packing} is not decoded"))
    })?;
    let start = head.picture_start();
    let known = |f: &Field| head.text(f).is_some_and(|t| t.starts_with("Lasergraphics") || t.starts_with("Scanity"));
    Ok(Element {
        descriptor,
        layout,
        width,
        height,
        from: head.number(&at::DATA_OFFSET).map(u64::from).filter(|o| *o >= start).unwrap_or(start),
        line_padding: head.number(&at::LINE_PADDING).map_or(0, u64::from),
        image_padding: head.number(&at::IMAGE_PADDING).map_or(0, u64::from),
        runs_on: number == 1 && matches!(layout.cells, Cells::Ten(_)) && known(&at::CREATOR),
    })
}

/// The arrangement of lines that fits into `room` bytes: the one that the writer is known for, then one that fits exactly,
/// then the header's, the standard's and others. `None` when none fits: the picture is cut off.
fn lines(e: &Element, room: u64, file_size: Option<u32>) -> Option<Lines> {
    let plain = e.bytes(u64::from(e.width))?;
    let words = plain.div_ceil(4).checked_mul(4)?;
    let mut ways = Vec::new();
    if e.line_padding > 0 {
        for (bytes, text) in [
            (words, "lines of whole words with the padding of the header"),
            (plain, "lines with the padding of the header"),
        ] {
            ways.push(Lines::separate(e, plain, bytes.checked_add(e.line_padding)?, text));
        }
    }
    ways.push(Lines::separate(e, plain, words, "each line begins at a word of 32 bits"));
    ways.push(Lines::separate(e, plain, plain, "lines follow each other without padding"));
    ways.push(Lines::run_on(e)?);
    let header = file_size.and_then(|n| u64::from(n).checked_sub(e.from)).filter(|n| *n <= room);
    let rooms: Vec<u64> = [Some(room), header].into_iter().flatten().collect();
    let exact = |l: &&Lines| rooms.iter().any(|r| [l.whole, l.whole.saturating_add(e.image_padding)].contains(r));
    let fits = |l: &&Lines| l.needed <= room;
    let exactly = ways.iter().find(|l| fits(l) && exact(l));
    let by_writer = ways.last().filter(|l| e.runs_on && fits(l));
    by_writer.or(exactly).or_else(|| ways.iter().find(|l| fits(l))).copied()
}

/// Appends the RGB samples of `pixels` pixels that lie at the start of `bytes`.
fn unpack(e: &Element, bytes: &[u8], pixels: usize, out: &mut Vec<f32>) {
    let scale = f32::from(e.layout.highest());
    let mut codes = [0u16; PART * 4];
    let n = e.layout.components;
    let part_bytes = usize::try_from(e.layout.bytes((PART * n) as u64).unwrap_or(0)).unwrap_or(0).max(1);
    let mut left = pixels;
    for part in bytes.chunks(part_bytes) {
        let now = left.min(PART);
        left -= now;
        let Some(codes) = codes.get_mut(..now * n) else { return };
        e.layout.codes(part, codes);
        let level = |c: &u16| f32::from(*c) / scale;
        match e.descriptor {
            6 => out.extend(codes.iter().flat_map(|c| [level(c); 3])),
            51 => out.extend(codes.as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [level(r), level(g), level(b)])),
            52 => out.extend(codes.as_chunks::<4>().0.iter().flat_map(|[_, b, g, r]| [level(r), level(g), level(b)])),
            _ => out.extend(codes.iter().map(level)),
        }
        if left == 0 {
            return;
        }
    }
}

fn how(head: &DpxHeader, e: &Element, lines: &Lines) -> BTreeMap<String, String> {
    let order = if e.layout.endian == Endian::Big { "big endian" } else { "little endian" };
    let (depth, packing) = match e.layout.cells {
        Cells::Byte => (8, ""),
        Cells::Ten(2) => (10, ", filled A"),
        Cells::Ten(_) => (10, ", filled B"),
        Cells::Twelve(4) => (12, ", filled A"),
        Cells::Twelve(_) => (12, ", filled B"),
        Cells::Word => (16, ""),
        Cells::Packed(n) => (n, ", packed"),
    };
    let mut how = BTreeMap::from([
        ("layout".to_owned(), format!("{depth}-bit {}{packing}, {order}", components(e.descriptor))),
        ("scale".to_owned(), format!("code / {}", e.layout.highest())),
        ("lines".to_owned(), lines.text.to_owned()),
        ("offset".to_owned(), format!("the pixels begin at byte {}", e.from)),
    ]);
    let mut say = |name: &str, text: String| how.insert(name.to_owned(), text);
    match e.descriptor {
        6 => say("channels", "brightness alone, the same in red, green and blue".to_owned()),
        51 | 52 => say("channels", "transparency is left out".to_owned()),
        _ => None,
    };
    if let Some(n) = head.number(&at::ORIENTATION).filter(|n| *n != 0) {
        say("orientation", format!("as stored; the header says orientation code {n}"));
    }
    if let Some(n) = head.number(&at::ELEMENTS).filter(|n| *n > 1) {
        say("elements", format!("the first of {n} image elements"));
    }
    how
}

#[cfg(test)]
#[path = "dpx_decode_tests.rs"]
mod tests;
