//! The one list of formats.

use super::Format;

/// Every format that can be read. Adding one is one new file and one line here.
pub static FORMATS: &[&dyn Format] = &[
    &super::dpx::Dpx,   // SMPTE ST 268
    &super::exr::Exr,   // OpenEXR File Layout (openexr.com)
    &super::mov::Mov,   // QuickTime File Format, ISO/IEC 14496-12 and -14
    &super::mxf::Mxf,   // SMPTE ST 377-1
    &super::tiff::Tiff, // TIFF 6.0, BigTIFF
    &super::wav::Wav,   // EBU Tech 3285 (Broadcast Wave), EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64)
];

/// Extensions of one-file-per-frame formats that are not read yet but whose files must already be
/// grouped into sequences.
pub const LATER_FRAME_EXTENSIONS: &[&str] = &["ari", "arx", "dng", "cin", "jp2", "j2c", "j2k", "png", "jpg", "jpeg"];

/// Whether files with this extension (no dot, any ASCII case) are single frames of a clip.
#[must_use]
pub fn is_frame_extension(ext: &str) -> bool {
    let known = FORMATS.iter().filter(|f| f.is_frame()).flat_map(|f| f.extensions());
    known.chain(LATER_FRAME_EXTENSIONS).any(|x| x.eq_ignore_ascii_case(ext))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_extensions_are_unique() {
        let mut ids = HashSet::new();
        let mut ext = HashSet::new();
        for f in FORMATS {
            assert!(ids.insert(f.id()), "{} is listed twice", f.id());
            assert!(!f.title().is_empty());
            for x in f.extensions() {
                assert!(ext.insert(*x), "{x} belongs to two formats");
                assert_eq!(x.to_ascii_lowercase(), **x);
                assert!(!LATER_FRAME_EXTENSIONS.contains(x), "{x} is read now: remove it from the later list");
            }
        }
    }

    #[test]
    fn frame_extensions() {
        for yes in ["dpx", "DPX", "exr", "Ari", "tiff"] {
            assert!(is_frame_extension(yes), "{yes}");
        }
        for no in ["mov", "wav", "", "dp", "xml"] {
            assert!(!is_frame_extension(no), "{no}");
        }
    }
}
