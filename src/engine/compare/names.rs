//! Names of codecs and colours in our words.

use super::value::Value;
use crate::model::ClipDoc;

/// The families of codecs that all programs can tell apart: beginnings of our names, and the family.
const FAMILIES: &[(&str, &str)] = &[
    ("ProRes", "ProRes"),
    ("DNxH", "DNxHD"),
    ("AVC-Intra", "H.264"),
    ("MPEG-2", "MPEG-2"),
    ("MPEG-1", "MPEG-1"),
    ("MPEG-4 Visual", "MPEG-4 Visual"),
    ("DV", "DV"),
    ("Uncompressed", "Uncompressed"),
    ("Motion JPEG", "JPEG"),
    ("PCM", "PCM"),
];

/// Formats of which each file is a picture: its format is what other programs call the codec.
const STILLS: &[(&str, &str)] = &[
    ("dpx", "DPX"),
    ("exr", "OpenEXR"),
    ("tiff", "TIFF"),
    ("cineon", "Cineon"),
    ("jpeg2000", "JPEG 2000"),
    ("jp2", "JPEG 2000"),
    ("dng", "DNG"),
    ("cr3", "CR3"),
    ("ari", "ARRIRAW"),
    ("r3d", "REDCODE"),
];

/// The family of a document's codec.
pub(super) fn our_family(doc: &ClipDoc) -> Option<String> {
    let codec = doc.format.codec.as_deref()?;
    if let Some((_, name)) = STILLS.iter().find(|(id, _)| *id == doc.format.id) {
        return Some((*name).to_owned());
    }
    let family = FAMILIES.iter().find(|(begin, _)| codec.starts_with(begin));
    Some(family.map_or(codec, |(_, name)| name).to_owned())
}

/// Looks a name up; one that the table does not have stays, and so shows as a difference.
pub(super) fn translated(table: &[(&str, &str)], name: &str) -> Option<Value> {
    let name = name.trim();
    match table.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(name)) {
        Some((_, "")) => None,
        Some((_, ours)) => Some(Value::Text((*ours).to_owned())),
        None => Value::text(name),
    }
}

/// Codes of QuickTime sample descriptions and of `BITMAPINFOHEADER`: beginnings, and the family. The longer ones are first.
const CODES: &[(&str, &str)] = &[
    ("ap", "ProRes"),
    ("avc", "H.264"),
    ("ai1", "H.264"),
    ("ai5", "H.264"),
    ("hvc1", "H.265"),
    ("hev1", "H.265"),
    ("avdn", "DNxHD"),
    ("avdh", "DNxHD"),
    ("dvc", "DV"),
    ("dvp", "DV"),
    ("dv5", "DV"),
    ("dvh", "DV"),
    ("dvsd", "DV"),
    ("xd", "MPEG-2"),
    ("hdv", "MPEG-2"),
    ("mx", "MPEG-2"),
    ("m2v1", "MPEG-2"),
    ("mp4v", "MPEG-4 Visual"),
    ("xvid", "MPEG-4 Visual"),
    ("divx", "MPEG-4 Visual"),
    ("mjp2", "JPEG 2000"),
    ("mjpg", "JPEG"),
    ("mjpa", "JPEG"),
    ("jpeg", "JPEG"),
    ("png", "PNG"),
    ("rle", "QuickTime Animation"),
    ("raw", "Uncompressed"),
    ("v210", "Uncompressed"),
    ("2vuy", "Uncompressed"),
    ("r210", "Uncompressed"),
    ("yuv2", "Uncompressed"),
    ("s263", "H.263"),
    ("h263", "H.263"),
    ("svq3", "Sorenson Video 3"),
    ("svq1", "Sorenson Video"),
    ("craw", "Canon RAW"),
];

/// The family of a four-character code.
pub(super) fn code_family(code: &str) -> Option<Value> {
    let lower = code.trim().to_ascii_lowercase();
    let found = CODES.iter().find(|(begin, _)| lower.starts_with(begin));
    found.map_or_else(|| Value::text(code), |(_, family)| Some(Value::Text((*family).to_owned())))
}

/// Codes of sound in QuickTime sample descriptions.
pub(super) const SOUND_CODES: &[(&str, &str)] = &[
    ("lpcm", "PCM"),
    ("sowt", "PCM"),
    ("twos", "PCM"),
    ("raw", "PCM"),
    ("in24", "PCM"),
    ("in32", "PCM"),
    ("fl32", "PCM"),
    ("mp4a", "AAC"),
    ("samr", "AMR"),
];

/// A number without leading zeros, which some programs take for padding; other text as it is.
pub(super) fn without_zeros(v: &Value) -> Value {
    match v {
        Value::Text(t) => Value::Text(t.parse::<u64>().map_or_else(|_| t.clone(), |n| n.to_string())),
        other => other.clone(),
    }
}

/// Date and time by their digits, without fraction and zone: `20260112103107`. A date of zeros is none.
pub(super) fn date(text: &str) -> Option<Value> {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    (digits.len() >= 8 && !digits.starts_with("0000")).then_some(Value::Text(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClipUnit;

    #[test]
    fn families_of_both_sides_meet() {
        let mut d = ClipDoc::new("x", ClipUnit::File);
        assert_eq!(our_family(&d), None);
        for (id, codec, code, want) in [
            ("mov", "ProRes 422 HQ", "apch", "ProRes"),
            ("mov", "AVC-Intra 100", "ai1q", "H.264"),
            ("mov", "DVCPRO HD", "dvhp", "DV"),
            ("mov", "Uncompressed 4:2:2", "v210", "Uncompressed"),
            ("mov", "Motion JPEG", "mjpa", "JPEG"),
            ("mov", "MPEG-2 XDCAM", "xdv7", "MPEG-2"),
        ] {
            d.format.id = id.into();
            d.format.codec = Some(codec.into());
            assert_eq!(our_family(&d).as_deref(), Some(want));
            assert_eq!(code_family(code), Some(Value::Text(want.into())));
        }
        d.format.id = "dpx".into();
        assert_eq!(our_family(&d).as_deref(), Some("DPX"));
        assert_eq!(code_family("abcd"), Some(Value::Text("abcd".into())), "an unknown code shows");
    }

    #[test]
    fn dates_and_numbers() {
        assert_eq!(date("2017:04:17 19:27:57+08:00"), Some(Value::Text("20170417192757".into())));
        assert_eq!(date("2017-04-17T19:27:57.000000Z"), Some(Value::Text("20170417192757".into())));
        assert_eq!((date("0000:00:00 00:00:00"), date("x")), (None, None));
        assert_eq!(without_zeros(&Value::Text("003".into())), Value::Text("3".into()));
        assert_eq!(without_zeros(&Value::Text("3A".into())), Value::Text("3A".into()));
    }
}
