//! Names of the codes in sample descriptions.

use crate::engine::container::bmff::{FourCc, name};

/// Code, name, and the bits per component that the codec's definition fixes (0: it does not).
const PICTURE: &[(&str, &str, u32)] = &[
    ("apco", "ProRes 422 Proxy", 10),
    ("apcs", "ProRes 422 LT", 10),
    ("apcn", "ProRes 422", 10),
    ("apch", "ProRes 422 HQ", 10),
    ("ap4h", "ProRes 4444", 12),
    ("ap4x", "ProRes 4444 XQ", 12),
    ("aprn", "ProRes RAW", 12),
    ("aprh", "ProRes RAW HQ", 12),
    ("avc1", "H.264", 0),
    ("avc2", "H.264", 0),
    ("avc3", "H.264", 0),
    ("avc4", "H.264", 0),
    ("dva1", "H.264", 0),
    ("dvav", "H.264", 0),
    ("hvc1", "H.265", 0),
    ("hev1", "H.265", 0),
    ("dvh1", "H.265", 0),
    ("dvhe", "H.265", 0),
    ("vvc1", "H.266", 0),
    ("av01", "AV1", 0),
    ("vp08", "VP8", 8),
    ("vp09", "VP9", 0),
    ("AVdn", "DNxHD", 0),
    ("AVdh", "DNxHR", 0),
    ("CFHD", "CineForm", 0),
    ("mjp2", "JPEG 2000", 0),
    ("mp4v", "MPEG-4 Visual", 8),
    ("XVID", "MPEG-4 Visual", 8),
    ("DIVX", "MPEG-4 Visual", 8),
    ("jpeg", "Motion JPEG", 8),
    ("mjpa", "Motion JPEG", 8),
    ("mjpb", "Motion JPEG", 8),
    ("AVDJ", "Motion JPEG", 8),
    ("dmb1", "Motion JPEG", 8),
    ("png ", "PNG", 0),
    ("rle ", "QuickTime Animation", 0),
    ("smc ", "QuickTime Graphics", 8),
    ("rpza", "QuickTime Video", 0),
    ("SVQ1", "Sorenson Video", 8),
    ("SVQ3", "Sorenson Video 3", 8),
    ("cvid", "Cinepak", 8),
    ("raw ", "Uncompressed RGB", 0),
    ("BGRA", "Uncompressed RGB", 8),
    ("b64a", "Uncompressed RGB", 16),
    ("b48r", "Uncompressed RGB", 16),
    ("r210", "Uncompressed RGB", 10),
    ("R10k", "Uncompressed RGB", 10),
    ("2vuy", "Uncompressed 4:2:2", 8),
    ("2Vuy", "Uncompressed 4:2:2", 8),
    ("yuv2", "Uncompressed 4:2:2", 8),
    ("yuvs", "Uncompressed 4:2:2", 8),
    ("v210", "Uncompressed 4:2:2", 10),
    ("v216", "Uncompressed 4:2:2", 0),
    ("v308", "Uncompressed 4:4:4", 8),
    ("v408", "Uncompressed 4:4:4:4", 8),
    ("v410", "Uncompressed 4:4:4", 10),
    ("s263", "H.263", 8),
    ("h263", "H.263", 8),
    ("mp2v", "MPEG-2", 8),
    ("m2v1", "MPEG-2", 8),
    ("mp1v", "MPEG-1", 8),
    ("ai5p", "AVC-Intra 50", 10),
    ("ai5q", "AVC-Intra 50", 10),
    ("ai52", "AVC-Intra 50", 10),
    ("ai53", "AVC-Intra 50", 10),
    ("ai55", "AVC-Intra 50", 10),
    ("ai56", "AVC-Intra 50", 10),
    ("ai1p", "AVC-Intra 100", 10),
    ("ai1q", "AVC-Intra 100", 10),
    ("ai12", "AVC-Intra 100", 10),
    ("ai13", "AVC-Intra 100", 10),
    ("ai15", "AVC-Intra 100", 10),
    ("ai16", "AVC-Intra 100", 10),
];

/// Codes of pictures that are decoded here; of families see [`decoded`].
const DECODED: &[&str] = &[
    "apco", "apcs", "apcn", "apch", "ap4h", "ap4x", "avc1", "avc3", "hvc1", "hev1", "AVdn", "AVdh", "mjp2", "mp4v",
    "XVID", "DIVX", "jpeg", "mjpa", "AVDJ", "dmb1", "png ", "rle ", "raw ", "2vuy", "2Vuy", "yuv2", "yuvs", "v210",
    "mp2v", "m2v1", "ai5p", "ai5q", "ai52", "ai53", "ai55", "ai56", "ai1p", "ai1q", "ai12", "ai13", "ai15", "ai16",
];

/// Whether pictures of the code are decoded, see [`crate::engine::video`].
pub(super) fn decoded(code: FourCc) -> bool {
    let code = name(code);
    let family = FAMILIES.iter().find(|(f, _, _)| code.starts_with(f));
    DECODED.contains(&code.as_str()) || family.is_some_and(|(_, n, _)| n.starts_with("DV") || n.starts_with("MPEG-2"))
}

/// First letters of families of codes: one code per size and rate.
const FAMILIES: &[(&str, &str, u32)] = &[
    ("dvc", "DV", 8),
    ("dvp", "DV", 8),
    ("dv5", "DVCPRO 50", 8),
    ("dvh", "DVCPRO HD", 8),
    ("xdv", "MPEG-2 XDCAM", 8),
    ("xd5", "MPEG-2 XDCAM HD422", 8),
    ("xdh", "MPEG-2 XDCAM", 8),
    ("hdv", "MPEG-2 HDV", 8),
    ("mx3", "MPEG-2 IMX 30", 8),
    ("mx4", "MPEG-2 IMX 40", 8),
    ("mx5", "MPEG-2 IMX 50", 8),
    ("br", "Blackmagic RAW", 0),
];

/// Code, name, and whether it is linear PCM (or float) whose bits per sample mean something.
const SOUND: &[(&str, &str, bool)] = &[
    ("lpcm", "PCM", true),
    ("sowt", "PCM", true),
    ("twos", "PCM", true),
    ("raw ", "PCM", true),
    ("in24", "PCM", true),
    ("in32", "PCM", true),
    ("ipcm", "PCM", true),
    ("fl32", "PCM float", true),
    ("fl64", "PCM float", true),
    ("fpcm", "PCM float", true),
    ("mp4a", "AAC", false),
    ("ac-3", "AC-3", false),
    ("ec-3", "E-AC-3", false),
    ("ac-4", "AC-4", false),
    ("alac", "Apple Lossless", false),
    ("fLaC", "FLAC", false),
    ("Opus", "Opus", false),
    (".mp3", "MP3", false),
    ("ima4", "IMA ADPCM", false),
    ("MAC3", "MACE 3:1", false),
    ("MAC6", "MACE 6:1", false),
    ("ulaw", "µ-law", false),
    ("alaw", "A-law", false),
    ("samr", "AMR", false),
    ("sawb", "AMR-WB", false),
    ("QDM2", "QDesign Music 2", false),
    ("QDMC", "QDesign Music", false),
    ("dtsc", "DTS", false),
    ("dtsh", "DTS-HD", false),
];

/// A code that no table names: the code itself, quoted.
pub(super) fn unknown(code: FourCc) -> String {
    format!("`{}`", name(code))
}

/// Name of a picture codec and its fixed bit depth.
pub(super) fn picture(code: FourCc) -> (String, Option<u32>) {
    let text = name(code);
    let exact = PICTURE.iter().find(|(c, ..)| *c == text);
    let family = || FAMILIES.iter().find(|(c, ..)| text.starts_with(c));
    match exact.or_else(family) {
        Some((_, n, bits)) => ((*n).to_owned(), Some(*bits).filter(|b| *b > 0)),
        None => (unknown(code), None),
    }
}

/// Name of a sound codec, and whether its bits per sample mean something.
pub(super) fn sound(code: FourCc) -> (String, bool) {
    let text = name(code);
    match SOUND.iter().find(|(c, ..)| *c == text) {
        Some((_, n, linear)) => ((*n).to_owned(), *linear),
        None => (unknown(code), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(picture(*b"apch"), ("ProRes 422 HQ".into(), Some(10)));
        assert_eq!(picture(*b"dvh1").0, "H.265", "Dolby Vision, not DVCPRO HD");
        assert_eq!(picture(*b"dvh6").0, "DVCPRO HD");
        assert_eq!(picture(*b"xd5c").0, "MPEG-2 XDCAM HD422");
        assert_eq!(picture(*b"zz\0z"), ("`zz\\x00z`".into(), None));
        assert_eq!(sound(*b"in24"), ("PCM".into(), true));
    }
}
