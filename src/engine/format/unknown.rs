//! Files that no reader knows: what they look like, by well-known magic bytes.

use super::FORMATS;
use crate::model::{Error, ErrorKind};
use std::path::Path;

/// Offset, magic bytes, name.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (4, b"RED1", "RED R3D"),
    (4, b"RED2", "RED R3D"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01", "MXF"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "AAF or another compound file"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000 (JP2)"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 codestream"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\x80\x2a\x5f\xd7", "Cineon"),
    (0, b"\xd7\x5f\x2a\x80", "Cineon"),
    (0, b"ARRI\x12\x34\x56\x78", "ARRIRAW"),
    (0, b"ARRI", "ARRIRAW"),
    (0, b"II*\0", "TIFF or DNG"),
    (0, b"MM\0*", "TIFF or DNG"),
    (0, b"II+\0", "BigTIFF"),
    (0, b"MM\0+", "BigTIFF"),
    (8, b"AVI ", "AVI"),
    (0, b"FORM", "an IFF or AIFF file"),
    (0, b"fLaC", "FLAC"),
    (0, b"OggS", "Ogg"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (0, b"FOVb", "Sigma X3F"),
    (6, b"HEAPCCDR", "Canon CRW"),
    (0, b"IIU\0", "Panasonic RW2"),
    (0, b"DEVC", "GoPro metadata (GPMF)"),
    (36, b"acsp", "an ICC profile"),
    (0, b"ID3", "MP3"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF-", "PDF"),
    (0, b"<?xml", "an XML document"),
    (0, b"ocio_profile_version", "an OpenColorIO configuration"),
    (0, b"{\\rtf", "RTF"),
    (0, b"{", "a JSON document"),
    (0, b"\xef\xbb\xbf<?xml", "an XML document"),
    (0, b"Heading", "an Avid Log Exchange list"),
    (0, b"TITLE:", "an edit decision list"),
];

/// Brands of ISO base media files that need their own reader.
const BRANDS: &[(&[u8], &str)] = &[
    (b"crx ", "Canon Cinema RAW"),
    (b"heic", "HEIF"),
    (b"mif1", "HEIF"),
    (b"avif", "AVIF"),
    (b"jp2 ", "JPEG 2000 (JP2)"),
    (b"jph ", "JPEG 2000 (JPH)"),
    (b"M4A ", "MPEG-4 sound (M4A)"),
];

/// What a file that begins with `head` looks like, in words for a sentence.
#[must_use]
pub(super) fn looks_like(head: &[u8], path: &Path) -> Option<&'static str> {
    if super::has_extension(path, &["braw"]) && (head.get(4..8) == Some(b"wide") || head.get(4..8) == Some(b"ftyp")) {
        return Some("Blackmagic RAW");
    }
    if head.get(4..8) == Some(b"ftyp") {
        let brand = head.get(8..12)?;
        let known = BRANDS.iter().find(|(b, _)| *b == brand).map(|(_, n)| *n);
        return known.or(Some("an ISO base media file with a brand of its own"));
    }
    let hit = MAGIC.iter().find(|(at, magic, _)| head.get(*at..).is_some_and(|h| h.starts_with(magic)));
    hit.map(|(_, _, name)| *name)
}

/// The error that stands in the document of such a file: Unsupported, `FORMAT-UNKNOWN`.
#[must_use]
pub(super) fn problem(head: &[u8], path: &Path) -> Error {
    let what = match looks_like(head, path) {
        Some(name) => format!("it looks like {name}, which this version cannot read yet"),
        None => match FORMATS.iter().find(|f| super::has_extension(path, f.extensions())) {
            Some(f) => {
                format!("its name says {} but its first bytes do not: it is damaged or something else", f.title())
            }
            None => "no reader knows this kind of file".to_owned(),
        },
    };
    let e = Error::new(ErrorKind::Unsupported, "FORMAT-UNKNOWN", what);
    e.at(path).fix("its metadata is not read; a daemon fingerprints and records it all the same")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_by_magic_bytes() {
        for (head, name, want) in [
            (&b"\x76\x2f\x31\x01\x02\0\0\0"[..], "a.exr", Some("OpenEXR")),
            (b"RIFF\0\0\0\0AVI LIST", "a.avi", Some("AVI")),
            (b"\0\0\0\x18ftypcrx \0\0", "a.crm", Some("Canon Cinema RAW")),
            (b"\0\0\0\x08wide\0\0\0\0mdat", "a.BRAW", Some("Blackmagic RAW")),
            (b"hello", "a.txt", None),
            (b"", "a", None),
        ] {
            assert_eq!(looks_like(head, Path::new(name)), want, "{name}");
        }
        let e = problem(b"\x89PNG\r\n\x1a\n", Path::new("p.png"));
        assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Unsupported, "FORMAT-UNKNOWN"));
        assert!(e.to_string().contains("looks like PNG"), "{e}");
        let e = problem(&[0; 64], Path::new("frame.dpx"));
        assert!(e.what.contains("its name says DPX"), "{e}");
        assert_eq!(problem(b"hello", Path::new("a.txt")).what, "no reader knows this kind of file");
    }
}
