//! Raw pictures in the shape of TIFF: which of the directories of a file is the picture from the sensor.

use crate::engine::container::bytes::Bytes;
use crate::engine::container::ifd::Ifd;
use crate::engine::format::tiff::layout::Layout;
use crate::model::{ClipDoc, Error, ErrorKind, Limits, Origin};

/// Most directories that are looked at.
const MOST: usize = 64;

const SUBFILE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const PHOTOMETRIC: u16 = 262;
const SUB_IFDS: u16 = 330;

/// One directory and what it is called in `raw`: nothing for the first.
pub(super) struct Directory {
    /// `IFD1.`, `SubIFD.`, …
    pub prefix: String,
    pub ifd: Ifd,
}

/// The directories of a file: the first one, its chain, and those that these point to.
pub(super) fn all(first: Ifd, b: &mut Bytes<'_>, limits: &Limits) -> Result<Vec<Directory>, Error> {
    let mut next = first.next;
    let mut chain = vec![(String::new(), first.clone())];
    let mut seen = Vec::new();
    while next != 0 && !seen.contains(&next) && chain.len() < MOST {
        seen.push(next);
        match at(&first, b, next, limits)? {
            Some(ifd) => {
                next = ifd.next;
                chain.push((format!("IFD{}.", chain.len()), ifd));
            }
            None => break,
        }
    }
    let mut out = Vec::new();
    for (prefix, ifd) in chain {
        let places = soft(ifd.numbers(b, SUB_IFDS, 32))?.unwrap_or_default();
        out.push(Directory { prefix: prefix.clone(), ifd });
        for (n, place) in places.into_iter().enumerate() {
            if out.len() < MOST
                && let Some(ifd) = at(&first, b, place, limits)?
            {
                let number = if n == 0 { String::new() } else { n.to_string() };
                out.push(Directory { prefix: format!("{prefix}SubIFD{number}."), ifd });
            }
        }
    }
    Ok(out)
}

/// The directory at a place that another one names; one that lies beyond the end is lost, and the picture with it.
fn at(first: &Ifd, b: &mut Bytes<'_>, place: u64, limits: &Limits) -> Result<Option<Ifd>, Error> {
    match first.at(b, place, limits) {
        Err(e) if e.code == "FILE-TRUNCATED" => {
            let what = format!("the file is cut off: the directory at byte {place} is missing");
            Err(Error::truncated(what).offset(b.size()).fix("copy the file again from its source"))
        }
        other => soft(other),
    }
}

/// What lies beyond the end is passed over.
fn soft<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(x) => Ok(Some(x)),
        Err(e) if e.kind == ErrorKind::Malformed => Ok(None),
        Err(e) => Err(e),
    }
}

/// The directory of the sensor's picture: of those that are no preview, one of filtered or of linear raw samples before all
/// others, and the largest of them.
pub(super) fn sensor(all: &[Directory], b: &mut Bytes<'_>) -> Result<Option<usize>, Error> {
    let mut best: Option<(bool, u64, usize)> = None;
    for (n, d) in all.iter().enumerate() {
        let get = |b: &mut Bytes<'_>, tag| soft(d.ifd.number(b, tag)).map(Option::flatten);
        if get(b, SUBFILE)?.is_some_and(|n| n & 1 == 1) {
            continue;
        }
        let (Some(w), Some(h)) = (get(b, WIDTH)?, get(b, HEIGHT)?) else { continue };
        let raw = matches!(get(b, PHOTOMETRIC)?, Some(32_803 | 34_892));
        let area = w.saturating_mul(h);
        if best.is_none_or(|(r, a, _)| (raw, area) > (r, a)) {
            best = Some((raw, area, n));
        }
    }
    Ok(best.map(|(_, _, n)| n))
}

/// Size, depth and compression of the picture.
pub(super) fn fill(reader: &'static str, d: &Directory, layout: &Layout, doc: &mut ClipDoc) {
    let o = |tag: u16| {
        let at = d.ifd.get(tag).map_or(0, |f| f.at);
        Origin::new(
            reader,
            format!("{}{}", d.prefix, crate::engine::format::tiff::raw::name(tag)),
            format!("offset {at:#x}"),
        )
    };
    doc.set("image.width", |x| &mut x.image.width, layout.width, o(WIDTH));
    doc.set("image.height", |x| &mut x.image.height, layout.height, o(HEIGHT));
    doc.set("format.bit_depth", |x| &mut x.format.bit_depth, layout.bits, o(258));
    doc.set("format.codec", |x| &mut x.format.codec, layout.codec(), o(PHOTOMETRIC));
    // JPEG of more than 8 bits is the lossless process (DNG specification, Compression)
    let lossless = layout.compression == 7 && layout.bits > 8;
    let name = if lossless { "Lossless JPEG".into() } else { layout.compression_name() };
    doc.set("format.compression", |x| &mut x.format.compression, name, o(259));
}
