//! ffprobe's answer in our fields.
//!
//! Texts are FFmpeg's own names (libavutil/pixdesc.c, libavcodec/codec_desc.c). A stream with `attached_pic` is a cover, not
//! the picture. `bits_per_raw_sample` is left out by most decoders. What the picture demuxers say of rate and length is
//! their default, not the file's.

use super::Facts;
use super::names::{self, translated};
use super::value::{Fraction, Value};
use serde_json::Value as Json;

const CODECS: &[(&str, &str)] = &[
    ("h264", "H.264"),
    ("hevc", "H.265"),
    ("prores", "ProRes"),
    ("prores_raw", "ProRes"),
    ("av1", "AV1"),
    ("vp8", "VP8"),
    ("vp9", "VP9"),
    ("cfhd", "CineForm"),
    ("jpeg2000", "JPEG 2000"),
    ("h263", "H.263"),
    ("cinepak", "Cinepak"),
    ("rpza", "QuickTime Video"),
    ("smc", "QuickTime Graphics"),
    ("mpeg1video", "MPEG-1"),
    ("mpeg2video", "MPEG-2"),
    ("mpeg4", "MPEG-4 Visual"),
    ("mjpeg", "JPEG"),
    ("mjpegb", "JPEG"),
    ("png", "PNG"),
    ("qtrle", "QuickTime Animation"),
    ("dvvideo", "DV"),
    ("rawvideo", "Uncompressed"),
    ("v210", "Uncompressed"),
    ("r210", "Uncompressed"),
    ("r10k", "Uncompressed"),
    ("v308", "Uncompressed"),
    ("v408", "Uncompressed"),
    ("v410", "Uncompressed"),
    ("dnxhd", "DNxHD"),
    ("svq1", "Sorenson Video"),
    ("svq3", "Sorenson Video 3"),
    ("dpx", "DPX"),
    ("exr", "OpenEXR"),
    ("tiff", "TIFF"),
    ("aac", "AAC"),
    ("ac3", "AC-3"),
    ("amr_nb", "AMR"),
    ("unknown", ""),
];

const PRIMARIES: &[(&str, &str)] = &[
    ("bt709", "BT.709"),
    ("bt470m", "BT.470 M"),
    ("bt470bg", "BT.601 625"),
    ("smpte170m", "BT.601 525"),
    ("smpte240m", "SMPTE 240M"),
    ("film", "Generic film"),
    ("bt2020", "BT.2020"),
    ("smpte428", "CIE XYZ"),
    ("smpte431", "DCI-P3"),
    ("smpte432", "P3-D65"),
    ("ebu3213", "EBU 3213"),
    ("jedec-p22", "EBU 3213"),
    ("unknown", ""),
    ("reserved", ""),
];

const TRANSFERS: &[(&str, &str)] = &[
    ("bt709", "BT.709"),
    ("bt470m", "Gamma 2.2"),
    ("bt470bg", "Gamma 2.8"),
    ("smpte170m", "BT.601"),
    ("smpte240m", "SMPTE 240M"),
    ("linear", "Linear"),
    ("log100", "Logarithmic 100:1"),
    ("log316", "Logarithmic 316:1"),
    ("iec61966-2-4", "xvYCC"),
    ("bt1361e", "BT.1361"),
    ("iec61966-2-1", "sRGB"),
    ("bt2020-10", "BT.2020"),
    ("bt2020-12", "BT.2020"),
    ("smpte2084", "PQ"),
    ("smpte428", "SMPTE 428"),
    ("arib-std-b67", "HLG"),
    ("unknown", ""),
    ("reserved", ""),
];

const MATRICES: &[(&str, &str)] = &[
    ("gbr", "RGB"),
    ("bt709", "BT.709"),
    ("fcc", "FCC"),
    ("bt470bg", "BT.601"),
    ("smpte170m", "BT.601"),
    ("smpte240m", "SMPTE 240M"),
    ("ycgco", "YCgCo"),
    ("bt2020nc", "BT.2020"),
    ("bt2020c", "BT.2020 constant luminance"),
    ("chroma-derived-nc", "Derived from primaries"),
    ("chroma-derived-c", "Derived from primaries"),
    ("ictcp", "ICtCp"),
    ("unknown", ""),
    ("reserved", ""),
];

const RANGES: &[(&str, &str)] = &[("tv", "video"), ("pc", "full"), ("unknown", "")];

/// What the answer says.
pub(super) fn facts(answer: &Json) -> Facts {
    let mut out = Facts::default();
    let demuxer = answer.pointer("/format/format_name").and_then(Json::as_str).unwrap_or_default();
    let still = demuxer.ends_with("_pipe") || demuxer == "image2";
    let pictures = streams(answer, "video");
    if let Some(v) = pictures.first() {
        picture(&mut out, v, still);
    }
    sound(&mut out, &streams(answer, "audio"), pictures.is_empty());
    let all = answer.get("streams").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let tag = |name: &str| all.iter().find_map(|s| s.get("tags")?.get(name)?.as_str());
    let overall = |name: &str| answer.pointer("/format/tags").and_then(|t| t.get(name)).and_then(Json::as_str);
    let label = tag("timecode").or_else(|| overall("timecode"));
    out.put("timecode.start", "tags.timecode", label.and_then(|t| Value::timecode(t, true)));
    out.put("reel", "tags.reel_name", tag("reel_name").and_then(Value::text));
    for (field, name) in [
        ("camera.make", "com.apple.quicktime.make"),
        ("camera.model", "com.apple.quicktime.model"),
        ("camera.make", "make"),
        ("camera.model", "model"),
    ] {
        out.put(field, name, overall(name).and_then(Value::text));
    }
    for name in ["com.apple.quicktime.creationdate", "creation_time"] {
        out.put("recorded.date", name, overall(name).and_then(names::date));
    }
    let reference = overall("time_reference").and_then(|t| t.parse().ok()).map(Value::Count);
    out.put("audio.samples_since_midnight", "time_reference", reference);
    out
}

/// Streams of a type, without cover pictures.
fn streams<'v>(answer: &'v Json, kind: &str) -> Vec<&'v Json> {
    let all = answer.get("streams").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let cover = |s: &Json| s.pointer("/disposition/attached_pic").and_then(Json::as_u64) == Some(1);
    all.iter().filter(|s| s.get("codec_type").and_then(Json::as_str) == Some(kind) && !cover(s)).collect()
}

fn number(v: &Json, name: &str) -> Option<u64> {
    let v = v.get(name)?;
    v.as_u64().or_else(|| v.as_str()?.parse().ok())
}

/// `a/b` or `a:b`, not 0.
fn ratio(v: &Json, name: &str) -> Option<Value> {
    let (a, b) = v.get(name)?.as_str()?.split_once(['/', ':'])?;
    let a: u64 = a.parse().ok()?;
    Fraction::new(a, b.parse().ok()?).filter(|_| a > 0).map(Value::Exact)
}

/// `duration_ts` in the unit of `time_base`: exact, where `duration` is rounded. Half a microsecond is allowed for, to which
/// a clip document rounds times.
fn length(v: &Json) -> Option<(Fraction, Fraction)> {
    let (a, b) = v.get("time_base")?.as_str()?.split_once('/')?;
    let ticks = number(v, "duration_ts")?.checked_mul(a.parse().ok()?)?;
    Fraction::new(ticks, b.parse().ok()?).zip(Fraction::new(1, 2_000_000))
}

fn picture(out: &mut Facts, v: &Json, still: bool) {
    let count = |name: &str| number(v, name).filter(|n| *n > 0).map(Value::Count);
    let name = |table: &[(&str, &str)], field: &str| translated(table, v.get(field)?.as_str()?);
    out.put("format.codec", "codec_name", name(CODECS, "codec_name"));
    out.put("image.width", "width", count("width"));
    out.put("image.height", "height", count("height"));
    out.put("format.bit_depth", "bits_per_raw_sample", count("bits_per_raw_sample"));
    out.put("image.pixel_aspect", "sample_aspect_ratio", ratio(v, "sample_aspect_ratio"));
    if !still {
        out.put("fps.project", "avg_frame_rate", ratio(v, "avg_frame_rate"));
        out.put("clip.frames", "nb_frames", count("nb_frames"));
        out.put_near("clip.duration_s", "duration_ts", length(v));
    }
    out.put("color.primaries", "color_primaries", name(PRIMARIES, "color_primaries"));
    out.put("color.transfer", "color_transfer", name(TRANSFERS, "color_transfer"));
    out.put("color.matrix", "color_space", name(MATRICES, "color_space"));
    out.put("color.range", "color_range", name(RANGES, "color_range"));
}

fn sound(out: &mut Facts, all: &[&Json], alone: bool) {
    let Some(first) = all.first() else { return };
    let count = |name: &str| number(first, name).filter(|n| *n > 0).map(Value::Count);
    let channels = all.iter().filter_map(|s| number(s, "channels")).fold(0u64, u64::saturating_add);
    out.put("audio.channels", "channels", (channels > 0).then_some(Value::Count(channels)));
    out.put("audio.rate", "sample_rate", count("sample_rate"));
    out.put("audio.bit_depth", "bits_per_sample", count("bits_per_sample"));
    if alone {
        let codec = first.get("codec_name").and_then(Json::as_str);
        let pcm = codec.filter(|c| c.starts_with("pcm_")).map(|_| Value::Text("PCM".into()));
        out.put("format.codec", "codec_name", pcm.or_else(|| translated(CODECS, codec?)));
        out.put("format.bit_depth", "bits_per_sample", count("bits_per_sample"));
        out.put_near("clip.duration_s", "duration_ts", length(first));
        let rate = number(first, "sample_rate").map(|r| format!("1/{r}"));
        let in_samples = rate.is_some() && rate.as_deref() == first.get("time_base").and_then(Json::as_str);
        out.put("audio.samples", "duration_ts", count("duration_ts").filter(|_| in_samples));
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
    fn a_movie_with_cover_sound_and_timecode() {
        let f = facts(&json!({"streams": [
            {"codec_type": "video", "codec_name": "png", "width": 9, "disposition": {"attached_pic": 1}},
            {"codec_type": "video", "codec_name": "prores", "width": 1920, "height": 1080, "bits_per_raw_sample": "10",
             "sample_aspect_ratio": "1:1", "avg_frame_rate": "30000/1001", "nb_frames": "90", "time_base": "1/30000",
             "duration_ts": 90090, "color_primaries": "bt709", "color_transfer": "unknown", "color_range": "tv",
             "color_space": "smpte170m", "tags": {"timecode": "01:00:00;02"}},
            {"codec_type": "audio", "codec_name": "pcm_s24le", "channels": 2, "sample_rate": "48000", "bits_per_sample": 24},
            {"codec_type": "audio", "channels": 1, "sample_rate": "48000"},
            {"codec_type": "data", "tags": {"reel_name": "A001"}}],
            "format": {"format_name": "mov,mp4", "tags": {"creation_time": "2020-01-05T11:19:45.000000Z", "make": "ARRI"}}}));
        for (field, want) in [
            ("format.codec", "ProRes"),
            ("image.width", "1920"),
            ("format.bit_depth", "10"),
            ("fps.project", "30000/1001"),
            ("clip.frames", "90"),
            ("timecode.start", "01:00:00;02"),
            ("reel", "A001"),
            ("color.primaries", "BT.709"),
            ("color.matrix", "BT.601"),
            ("color.range", "video"),
            ("audio.channels", "3"),
            ("audio.bit_depth", "24"),
            ("camera.make", "ARRI"),
            ("recorded.date", "20200105111945"),
        ] {
            assert_eq!(said(&f, field).as_deref(), Some(want), "{field}");
        }
        assert_eq!(f.get("clip.duration_s").unwrap().value, Value::Exact(Fraction::new(3003, 1000).unwrap()));
        assert!(f.get("color.transfer").is_none() && f.get("audio.samples").is_none());
    }

    #[test]
    fn stills_have_no_rate_and_sound_alone_has_a_codec() {
        let f = facts(
            &json!({"streams": [{"codec_type": "video", "codec_name": "dpx", "width": 64, "avg_frame_rate": "25/1",
            "nb_frames": "1", "duration_ts": 1, "time_base": "1/25"}], "format": {"format_name": "dpx_pipe"}}),
        );
        assert_eq!((said(&f, "format.codec").as_deref(), f.len()), (Some("DPX"), 2));
        let f = facts(&json!({"streams": [{"codec_type": "audio", "codec_name": "pcm_f32le", "sample_rate": "48000",
            "channels": 1, "bits_per_sample": 32, "duration_ts": 480, "time_base": "1/48000"}],
            "format": {"format_name": "wav", "tags": {"time_reference": "2190940753"}}}));
        assert_eq!(said(&f, "format.codec").as_deref(), Some("PCM"));
        assert_eq!(said(&f, "audio.samples").as_deref(), Some("480"));
        assert_eq!(said(&f, "audio.samples_since_midnight").as_deref(), Some("2190940753"));
    }

    #[test]
    fn odd_answers_say_nothing() {
        for odd in [json!(null), json!([]), json!({"streams": 3}), json!({"streams": [null, 1, {"codec_type": 4}]})] {
            assert!(facts(&odd).is_empty(), "{odd}");
        }
        let f =
            facts(&json!({"streams": [{"codec_type": "video", "avg_frame_rate": "1/0", "sample_aspect_ratio": "0:1",
            "width": -4, "duration_ts": 18446744073709551615u64, "time_base": "9/1"}]}));
        assert!(f.is_empty(), "{f:?}");
    }
}
