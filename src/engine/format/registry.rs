//! The one list of formats.

use super::Format;

/// Every format that can be read. Adding one is one new file and one line here.
pub static FORMATS: &[&dyn Format] = &[
    &super::arriraw::Arriraw,                // SMPTE RDD 30
    &super::avi::Avi,                        // RIFF 1.0 (AVI), OpenDML AVI 1.02
    &super::camera_metadata::CameraMetadata, // exports of Sony, RED, ARRI, Canon, Blackmagic
    &super::camera_raw::CameraRaw,           // TIFF 6.0 with Exif 2.32, RAF, X3F, Canon CIFF 1.0
    &super::camera_raw::Crx,                 // ISO/IEC 14496-12 with Canon's boxes
    &super::camera_raw::Dng,                 // Adobe DNG specification 1.7
    &super::cineon::Cineon,                  // Kodak, Cineon image file format 4.5
    &super::dpx::Dpx,                        // SMPTE ST 268
    &super::exr::Exr,                        // OpenEXR File Layout (openexr.com)
    &super::imf::Imf,                        // SMPTE ST 2067-2, -3, ST 429-8, -9
    &super::jp2::Jp2,                        // ISO/IEC 15444-1 (JPEG 2000), 15444-2 (JPX), 15444-15 (HTJ2K)
    &super::mov::Mov,                        // QuickTime File Format, ISO/IEC 14496-12 and -14
    &super::mxf::Mxf,                        // SMPTE ST 377-1
    &super::red::Red,                        // Redcode, as exiftool documents it
    &super::tiff::Tiff,                      // TIFF 6.0, BigTIFF
    &super::ts::Ts,                          // ISO/IEC 13818-1
    &super::wav::Wav, // EBU Tech 3285 (Broadcast Wave), EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64)
];

/// Extensions of one-file-per-frame formats that are not read yet but whose files must already be
/// grouped into sequences.
pub const LATER_FRAME_EXTENSIONS: &[&str] = &["png", "jpg", "jpeg"];

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
