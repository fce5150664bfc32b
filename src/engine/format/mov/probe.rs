//! Is it a movie? By the brand of `ftyp`, or by the boxes at the start of files without one.

use super::super::{Score, has_extension};
use std::path::Path;

/// Brands of movies besides `qt  ` and phones' `3g…` (3GPP TS 26.244). Images (HEIF, AVIF, Canon raw, JPEG 2000) and sound
/// books have brands of their own and are not claimed.
const MP4: &[&str] = &[
    "mp41", "mp42", "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "avc1", "M4V ", "M4VH",
    "M4VP", "XAVC", "dash", "dsms", "msdh", "cmfc", "cmf2", "cmff", "MSNV", "mmp4", "f4v ", "F4V ", "hvc1", "av01",
    "dby1", "niko", "pana", "CAEP", "NDSC", "NDSM", "NDSH", "caqv", "piff", "XVML", "mp71", "MFSM", "iphE",
];

/// Brands whose files need their own reader, whatever else they claim to be compatible with.
const OTHERS: &[&str] = &[
    "crx ", "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1", "miaf", "avif",
    "avis", "avio", "jp2 ", "jpx ", "jpm ", "jph ", "jxl ", "M4A ", "M4B ", "M4P ", "F4A ", "F4B ", "aax ", "aaxc",
];

/// Types of boxes that a movie without `ftyp` may begin with.
const FIRST: &[&[u8; 4]] = &[b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];

/// Whether this is a brand of ISO base media, not of QuickTime.
pub(super) fn is_mp4_brand(brand: &str) -> bool {
    MP4.contains(&brand) || brand.starts_with("3g")
}

/// See `Format::probe`.
pub(super) fn score(head: &[u8], path: &Path, extensions: &[&str]) -> Score {
    let named = has_extension(path, extensions);
    match header(head, 0) {
        Some((size, b"ftyp")) => match (brands(head, size), named) {
            (false, _) => 0,
            (true, true) => 100,
            (true, false) => 90,
        },
        Some((size, kind)) if FIRST.contains(&kind) && plausible(head, size, kind) => {
            if named {
                80
            } else {
                60
            }
        }
        _ => 0,
    }
}

/// Size and type of the box at `at`.
fn header(head: &[u8], at: usize) -> Option<(u64, &[u8; 4])> {
    let h = head.get(at..at.checked_add(8)?)?;
    let (size, kind) = h.split_first_chunk::<4>()?;
    let size = match u32::from_be_bytes(*size) {
        1 => u64::from_be_bytes(head.get(at + 8..at + 16)?.try_into().ok()?),
        n => u64::from(n),
    };
    Some((size, kind.try_into().ok()?))
}

fn brands(head: &[u8], size: u64) -> bool {
    let end = usize::try_from(size).unwrap_or(usize::MAX).min(head.len());
    let all = head.get(8..end).unwrap_or_default();
    let mut codes = all.chunks_exact(4).map(|c| std::str::from_utf8(c).unwrap_or(""));
    let movie = |c: &str| c == "qt  " || is_mp4_brand(c);
    let Some(major) = codes.next() else { return false };
    if OTHERS.contains(&major) {
        return false;
    }
    movie(major) || codes.skip(1).any(movie)
}

/// Whether the first box, and the next if it is in sight, are what a movie begins with.
fn plausible(head: &[u8], size: u64, kind: &[u8; 4]) -> bool {
    // Media that was never closed has size 0, which also means "to the end of the file".
    if size < 8 {
        return size == 0 && kind == b"mdat";
    }
    match usize::try_from(size).ok().and_then(|at| header(head, at)) {
        None => kind != b"free" && kind != b"skip" || size > 8,
        Some((_, next)) => FIRST.contains(&next) || matches!(next, b"ftyp" | b"uuid" | b"meta" | b"PICT" | b"udta"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_claimed() {
        let ext: &[&str] = &["mov", "mp4"];
        for (head, name, want) in [
            (&b"\0\0\0\x14ftypqt  \0\0\x02\0qt  "[..], "a.mov", 100),
            (b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ", "a.bin", 90),
            (b"\0\0\0\x18ftypXAVC\x01\x0b\x1f\xffXAVCiso6", "a.MP4", 100),
            (b"\0\0\0\x14ftypqq  \0\0\0\0qt  ", "a.mov", 100),
            (b"\0\0\0\x14ftypqq  \0\0\0\0qq  ", "a.mov", 0),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1isom", "a.mov", 0),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "a.mp4", 0),
            (b"\0\0\0\x18ftypavif\0\0\0\0mif1isom", "a.avif", 0),
            (b"\0\0\0\x18ftyp3gp4\0\0\0\0isom3gp4", "a.mp4", 100),
            (b"\0\0\0\x08wide\0\0\0\x08mdat", "a.mov", 80),
            (b"\0\0\0\x08wide\0\0\0\x08mdat", "a.braw", 60),
            (b"\0\0\0\x08wide\0\0\0\x08what", "a.mov", 0),
            (b"\0\0\x10\0moov\0\0\0\x6cmvhd", "a", 60),
            (b"\0\0\0\x01mdat\0\0\0\0\0\x10\0\0", "a.mov", 80),
            (b"\0\0\0\x02moov", "a.mov", 0),
            (b"RIFF\0\0\0\0WAVE", "a.mov", 0),
            (b"free text", "a.mov", 0),
            (b"", "a.mov", 0),
        ] {
            assert_eq!(score(head, Path::new(name), ext), want, "{:?} {name}", String::from_utf8_lossy(head));
        }
    }
}
