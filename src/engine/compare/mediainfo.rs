//! MediaInfo's answer in our fields.
//!
//! Every value is text. Decimals are rounded to three digits. Where container and stream differ, the name without
//! `_Original` is the container's.

use super::Facts;
use super::names::{self, translated};
use super::value::{Fraction, Value};
use serde_json::Value as Json;

const PICTURES: &[(&str, &str)] = &[
    ("AVC", "H.264"),
    ("HEVC", "H.265"),
    ("VC-3", "DNxHD"),
    ("MPEG Video", "MPEG-2"),
    ("RGB", "Uncompressed"),
    ("YUV", "Uncompressed"),
    ("RLE", "QuickTime Animation"),
    ("EXR", "OpenEXR"),
    ("H.263", "H.263"),
    ("CRAW", "Canon RAW"),
    // labels of ST 2065-5, which have no name there
    ("0D01030102190100-0401020203040200", "OpenEXR"),
];

const SOUNDS: &[(&str, &str)] = &[("AAC", "AAC"), ("MPEG Audio", "MPEG Audio")];

const PRIMARIES: &[(&str, &str)] = &[
    ("BT.470 System M", "BT.470 M"),
    ("BT.601 PAL", "BT.601 625"),
    ("BT.601 NTSC", "BT.601 525"),
    ("XYZ", "CIE XYZ"),
    ("DCI P3", "DCI-P3"),
    ("Display P3", "P3-D65"),
    ("EBU Tech 3213", "EBU 3213"),
    ("ACES", "ACES AP0"),
];

const TRANSFERS: &[(&str, &str)] = &[
    ("BT.470 System M", "Gamma 2.2"),
    ("BT.470 System B/G", "Gamma 2.8"),
    ("Logarithmic (100:1)", "Logarithmic 100:1"),
    ("Logarithmic (316.22777:1)", "Logarithmic 316:1"),
    ("sRGB/sYCC", "sRGB"),
    ("BT.2020 (10-bit)", "BT.2020"),
    ("BT.2020 (12-bit)", "BT.2020"),
    ("SMPTE 428M", "SMPTE 428"),
];

const MATRICES: &[(&str, &str)] = &[
    ("Identity", "RGB"),
    ("FCC 73.682", "FCC"),
    ("BT.470 System B/G", "BT.601"),
    ("BT.2020 non-constant", "BT.2020"),
    ("BT.2020 constant", "BT.2020 constant luminance"),
];

const RANGES: &[(&str, &str)] = &[("Limited", "video"), ("Full", "full")];

/// What the answer says.
pub(super) fn facts(answer: &Json) -> Facts {
    let mut out = Facts::default();
    let tracks = answer.pointer("/media/track").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let of = |kind: &str| tracks.iter().filter(|t| text(t, "@type") == Some(kind)).collect::<Vec<_>>();
    let (video, image, sound) = (of("Video"), of("Image"), of("Audio"));
    if let Some(v) = video.first().or(image.first()) {
        picture(&mut out, v, still_format(tracks));
    }
    if let Some(v) = video.first() {
        lengths(&mut out, v);
    }
    audio(&mut out, &sound, video.is_empty() && image.is_empty());
    let clock = tracks.iter().filter(|t| text(t, "Type") == Some("Time code"));
    let first = clock.filter_map(|t| text(t, "TimeCode_FirstFrame")).find_map(|t| Value::timecode(t, true));
    out.put("timecode.start", "TimeCode_FirstFrame", first);
    if let Some(general) = of("General").first() {
        let extra = |name: &str| text(general.get("extra")?, name).and_then(Value::text);
        for (field, name) in [
            ("camera.make", "com_apple_quicktime_make"),
            ("camera.model", "com_apple_quicktime_model"),
            ("reel", "com_apple_proapps_reel"),
            ("slate.scene", "com_apple_proapps_scene"),
        ] {
            out.put(field, name, extra(name));
        }
        let made = extra("com_apple_quicktime_creationdate");
        out.put("recorded.date", "com_apple_quicktime_creationdate", made.and_then(|t| names::date(t.as_text()?)));
        if !video.is_empty() {
            out.put("recorded.date", "Encoded_Date", text(general, "Encoded_Date").and_then(names::date));
        }
    }
    out
}

fn text<'v>(v: &'v Json, name: &str) -> Option<&'v str> {
    v.get(name)?.as_str()
}

fn count(v: &Json, name: &str) -> Option<Value> {
    // `2 / 6`: two descriptions of the same track
    let n: u64 = text(v, name)?.split(" / ").next()?.trim().parse().ok()?;
    (n > 0).then_some(Value::Count(n))
}

/// The format of a file that is one picture: for those, `Format` of the picture is its compression.
fn still_format(tracks: &[Json]) -> Option<&'static str> {
    let general = tracks.iter().find(|t| text(t, "@type") == Some("General"))?;
    match text(general, "Format")? {
        "TIFF" => Some("TIFF"),
        "DPX" => Some("DPX"),
        "EXR" => Some("OpenEXR"),
        _ => None,
    }
}

fn picture(out: &mut Facts, v: &Json, still: Option<&str>) {
    let name = |table: &[(&str, &str)], field: &str| translated(table, text(v, field)?.split(" / ").next()?);
    let codec = still.and_then(Value::text).or_else(|| {
        let version = text(v, "Format_Version").filter(|_| text(v, "Format") == Some("MPEG Video"));
        version.filter(|n| *n == "1").and_then(|_| Value::text("MPEG-1")).or_else(|| name(PICTURES, "Format"))
    });
    out.put("format.codec", "Format", codec);
    out.put("format.bit_depth", "BitDepth", count(v, "BitDepth"));
    out.put("image.width", "Width", count(v, "Width"));
    out.put("image.height", "Height", count(v, "Height"));
    let aspect = text(v, "PixelAspectRatio").and_then(Fraction::parse);
    out.put_near("image.pixel_aspect", "PixelAspectRatio", aspect);
    out.put("color.primaries", "colour_primaries", name(PRIMARIES, "colour_primaries"));
    out.put("color.transfer", "transfer_characteristics", name(TRANSFERS, "transfer_characteristics"));
    out.put("color.matrix", "matrix_coefficients", name(MATRICES, "matrix_coefficients"));
    out.put("color.range", "colour_range", name(RANGES, "colour_range"));
}

fn lengths(out: &mut Facts, v: &Json) {
    let part = |name: &str| count(v, name)?.count();
    let exact = part("FrameRate_Num").zip(part("FrameRate_Den")).and_then(|(a, b)| Fraction::new(a, b));
    // 29970/1000 is the rounded rate once more
    let decimal = text(v, "FrameRate").and_then(Fraction::parse);
    match exact.filter(|_| part("FrameRate_Den") != Some(1000)) {
        Some(x) => out.put("fps.project", "FrameRate_Num/Den", Some(Value::Exact(x))),
        None => out.put_near("fps.project", "FrameRate", decimal),
    }
    out.put("clip.frames", "FrameCount", count(v, "FrameCount"));
    out.put_near("clip.duration_s", "Duration", text(v, "Duration").and_then(Fraction::parse));
}

fn audio(out: &mut Facts, all: &[&Json], alone: bool) {
    let Some(first) = all.first() else { return };
    let channels = all.iter().filter_map(|t| count(t, "Channels")?.count()).fold(0u64, u64::saturating_add);
    out.put("audio.channels", "Channels", (channels > 0).then_some(Value::Count(channels)));
    out.put("audio.rate", "SamplingRate", count(first, "SamplingRate"));
    out.put("audio.bit_depth", "BitDepth", count(first, "BitDepth"));
    if alone {
        out.put("format.codec", "Format", text(first, "Format").and_then(|f| translated(SOUNDS, f)));
        out.put("format.bit_depth", "BitDepth", count(first, "BitDepth"));
        out.put("audio.samples", "SamplingCount", count(first, "SamplingCount"));
        out.put_near("clip.duration_s", "Duration", text(first, "Duration").and_then(Fraction::parse));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(f: &Facts, field: &str) -> Option<String> {
        f.get(field).map(|t| t.value.to_string())
    }

    #[test]
    fn a_movie() {
        let f = facts(&json!({"media": {"track": [
            {"@type": "General", "Format": "MPEG-4", "Encoded_Date": "2017-04-17 19:27:57 UTC",
             "extra": {"com_apple_proapps_reel": "001", "com_apple_quicktime_make": "Apple"}},
            {"@type": "Video", "Format": "AVC", "Width": "854", "Height": "480", "PixelAspectRatio": "1.000",
             "FrameRate": "29.970", "FrameRate_Num": "30000", "FrameRate_Den": "1001", "FrameCount": "362",
             "Duration": "12.079", "BitDepth": "8", "colour_primaries": "BT.601 NTSC", "colour_range": "Limited"},
            {"@type": "Audio", "Format": "AAC", "Channels": "2", "SamplingRate": "48000"},
            {"@type": "Other", "Type": "Time code", "TimeCode_FirstFrame": "20:07:02:06"}]}}));
        for (field, want) in [
            ("format.codec", "H.264"),
            ("image.height", "480"),
            ("fps.project", "30000/1001"),
            ("clip.frames", "362"),
            ("timecode.start", "20:07:02:06"),
            ("reel", "001"),
            ("camera.make", "Apple"),
            ("color.primaries", "BT.601 525"),
            ("color.range", "video"),
            ("audio.channels", "2"),
            ("recorded.date", "20170417192757"),
        ] {
            assert_eq!(said(&f, field).as_deref(), Some(want), "{field}");
        }
        let exact = Value::Exact(Fraction::new(362 * 1001, 30_000).unwrap());
        assert!(f.get("clip.duration_s").unwrap().agrees(&exact), "12.078733 was rounded to 12.079");
        assert!(f.get("audio.samples").is_none());
    }

    #[test]
    fn stills_and_sound() {
        let f = facts(&json!({"media": {"track": [{"@type": "General", "Format": "TIFF"},
            {"@type": "Image", "Format": "Raw", "Width": "9", "BitDepth": "16 / 16", "transfer_characteristics": "Linear"}]}}));
        assert_eq!(
            (said(&f, "format.codec").as_deref(), said(&f, "format.bit_depth").as_deref()),
            (Some("TIFF"), Some("16"))
        );
        assert_eq!(said(&f, "color.transfer").as_deref(), Some("Linear"), "a name of ours needs no table");
        let f = facts(&json!({"media": {"track": [{"@type": "Audio", "Format": "PCM", "SamplingCount": "480"}]}}));
        assert_eq!(
            (said(&f, "format.codec").as_deref(), said(&f, "audio.samples").as_deref()),
            (Some("PCM"), Some("480"))
        );
    }

    #[test]
    fn odd_answers_say_nothing() {
        for odd in [json!(null), json!({"media": null}), json!({"media": {"track": [1, null, {"@type": 3}]}})] {
            assert!(facts(&odd).is_empty(), "{odd}");
        }
        let f = facts(&json!({"media": {"track": [{"@type": "Video", "Width": "x", "FrameRate": "-1", "Height": 7}]}}));
        assert!(f.is_empty(), "{f:?}");
    }
}
