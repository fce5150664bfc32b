//! exiftool's answer in our fields.
//!
//! Keys are `Group:Tag` with groups of family 1, values as exiftool prints them (`-j -G1 -struct`). `BitDepth` of a QuickTime
//! track is the depth of a pixel of the sample description (24 for any colour), not that of a component, and is not taken.
//! Rates are rounded to three digits, times to hundredths below half a minute and to seconds above.

use super::Facts;
use super::names::{self, translated};
use super::value::{Fraction, Value};
use serde_json::{Map, Value as Json};

/// The groups in which cameras, writers and containers name the same thing, the most trusted first.
const TEXTS: &[(&str, &[&str])] = &[
    ("camera.make", &["Keys:Make", "IFD0:Make", "OpenEXR:CameraMake", "RIFF:Make", "CanonRaw:Make", "Pentax:Make"]),
    ("camera.model", &["Keys:Model", "IFD0:Model", "OpenEXR:CameraModel", "RIFF:Model", "CanonRaw:Model", "Red:Model"]),
    (
        "camera.serial",
        &[
            "ExifIFD:SerialNumber",
            "IFD0:CameraSerialNumber",
            "OpenEXR:CameraSerialNumber",
            "Red:SerialNumber",
            "Canon:SerialNumber",
            "CanonRaw:SerialNumber",
        ],
    ),
    // the input device of DPX is a reel for some writers and a device for others: it says neither
    ("reel", &["Keys:AppleProappsReel", "OpenEXR:ReelName"]),
];

const ISO: &[&str] = &["ExifIFD:ISO", "OpenEXR:ISO", "Red:ISO", "IFD0:ISO", "Pentax:ISO"];
/// Where the size of one picture is told, the raw picture's before that of previews.
const SIZES: &[&str] = &["RAF:RawImageFullSize", "Composite:ImageSize"];
const WIDTH: &[&str] =
    &["Red:ImageWidth", "RIFF:ImageWidth", "Jpeg2000:ImageWidth", "File:ImageWidth", "IFD0:ImageWidth"];
const HEIGHT: &[&str] =
    &["Red:ImageHeight", "RIFF:ImageHeight", "Jpeg2000:ImageHeight", "File:ImageHeight", "IFD0:ImageHeight"];
const RATES: &[&str] = &["RIFF:VideoFrameRate", "Red:FrameRate", "File:FrameRate", "File:OriginalFrameRate"];
const FRAMES: &[&str] = &["RIFF:VideoFrameCount"];

const FILE_TYPES: &[(&str, &str)] = &[("DPX", "DPX"), ("EXR", "OpenEXR"), ("TIFF", "TIFF"), ("BTF", "TIFF")];

const ENCODINGS: &[(&str, &str)] = &[("Microsoft PCM", "PCM"), ("Microsoft IEEE float", "PCM"), ("Extensible", "")];

const PRIMARIES: &[(&str, &str)] = &[
    ("BT.470 System M (historical)", "BT.470 M"),
    ("BT.470 System B, G (historical)", "BT.601 625"),
    ("BT.601", "BT.601 525"),
    ("SMPTE 240", "SMPTE 240M"),
    ("Generic film (color filters using illuminant C)", "Generic film"),
    ("BT.2020, BT.2100", "BT.2020"),
    ("SMPTE 428 (CIE 1921 XYZ)", "CIE XYZ"),
    ("SMPTE RP 431-2", "DCI-P3"),
    ("SMPTE EG 432-1", "P3-D65"),
    ("EBU Tech. 3213-E", "EBU 3213"),
    ("Unspecified", ""),
];

const TRANSFERS: &[(&str, &str)] = &[
    ("BT.470 System M (historical)", "Gamma 2.2"),
    ("BT.470 System B, G (historical)", "Gamma 2.8"),
    ("SMPTE 240 M", "SMPTE 240M"),
    ("Logarithmic (100 : 1 range)", "Logarithmic 100:1"),
    ("Logarithmic (100 * Sqrt(10) : 1 range)", "Logarithmic 316:1"),
    ("IEC 61966-2-4", "xvYCC"),
    ("sRGB or sYCC", "sRGB"),
    ("BT.2020 10-bit systems", "BT.2020"),
    ("BT.2020 12-bit systems", "BT.2020"),
    ("SMPTE ST 2084, ITU BT.2100 PQ", "PQ"),
    ("SMPTE ST 428", "SMPTE 428"),
    ("BT.2100 HLG, ARIB STD-B67", "HLG"),
    ("Unspecified", ""),
];

const MATRICES: &[(&str, &str)] = &[
    ("Identity matrix", "RGB"),
    ("US FCC 73.628", "FCC"),
    ("BT.470 System B, G (historical)", "BT.601"),
    ("SMPTE 240", "SMPTE 240M"),
    ("BT.2020 non-constant luminance, BT.2100 YCbCr", "BT.2020"),
    ("BT.2020 constant luminance", "BT.2020 constant luminance"),
    ("Unspecified", ""),
];

/// Transfer characteristic codes of ST 268. exiftool prints number 6 as `ITU-R 704-4`, the standard has ITU-R BT.709 there.
const DPX_TRANSFERS: &[(&str, &str)] = &[
    ("ITU-R 704-4", "BT.709"),
    ("ITU-R 709-4", "BT.709"),
    ("ITU-R 601-5 system B or G (625)", "BT.601 625"),
    ("ITU-R 601-5 system M (525)", "BT.601 525"),
    ("NTSC composite video", "NTSC"),
    ("PAL composite video", "PAL"),
    ("Z linear", "Z (depth) linear"),
    ("Z homogeneous", "Z (depth) homogeneous"),
    ("User-defined", ""),
    ("Unspecified video", ""),
];

/// What the answer says: of the first file in it.
pub(super) fn facts(answer: &Json) -> Facts {
    let mut out = Facts::default();
    let Some(tags) = answer.get(0).and_then(Json::as_object) else { return out };
    let picture = picture_track(tags);
    if let Some(t) = &picture {
        track(&mut out, tags, t);
    }
    // of MXF it is the stored size, with the lines that fill up blocks
    if picture.is_none()
        && !tags.keys().any(|k| k.starts_with("MXF:"))
        && let Some((name, (w, h))) = SIZES.iter().find_map(|n| Some((n, size(tags.get(*n)?)?)))
    {
        out.put("image.width", name, Some(Value::Count(w)));
        out.put("image.height", name, Some(Value::Count(h)));
    }
    for (field, names) in
        [("image.width", WIDTH), ("image.height", HEIGHT), ("clip.frames", FRAMES), ("exposure.iso", ISO)]
    {
        // a movie's own tracks say its size; what a picture inside it says is a preview's
        let apart = picture.is_some() && field.starts_with("image.");
        if let Some((name, n)) = names.iter().find_map(|n| Some((n, whole(tags.get(*n)?)?))).filter(|_| !apart) {
            out.put(field, name, Some(Value::Count(n)));
        }
    }
    for (field, names) in TEXTS {
        if let Some((name, t)) = names.iter().find_map(|n| Some((n, words(tags.get(*n)?)?))) {
            out.put(field, name, Value::text(&t));
        }
    }
    still(&mut out, tags);
    wave(&mut out, tags, picture.is_none());
    if let Some((name, x)) = RATES.iter().find_map(|n| Some((n, decimal(tags.get(*n)?)?))) {
        out.put_near("fps.project", name, Some(x));
    }
    for name in ["Keys:CreationDate", "QuickTime:CreateDate", "MXF:CreateDate"] {
        out.put("recorded.date", name, tags.get(name).and_then(Json::as_str).and_then(names::date));
    }
    let label = tags.get("Red:StartTimecode").and_then(Json::as_str).and_then(|t| Value::timecode(t, true));
    out.put("timecode.start", "Red:StartTimecode", label);
    out
}

/// A whole number above 0, however it is written.
fn whole(v: &Json) -> Option<u64> {
    let n = v.as_u64().or_else(|| v.as_str()?.split_whitespace().next()?.parse().ok());
    n.filter(|n| *n > 0)
}

/// `3516x2328`
fn size(v: &Json) -> Option<(u64, u64)> {
    let (w, h) = v.as_str()?.split_once(['x', ' '])?;
    let both = (w.parse().ok()?, h.parse().ok()?);
    (both.0 > 0 && both.1 > 0).then_some(both)
}

fn words(v: &Json) -> Option<String> {
    match v {
        Json::String(t) => Some(t.clone()),
        Json::Number(n) => Some(n.to_string()),
        _ => None,
    }
    .filter(|t| !t.trim().is_empty())
}

/// A rate above 1 (0 and 1 stand for unknown), rounded to three digits.
fn decimal(v: &Json) -> Option<(Fraction, Fraction)> {
    let (x, _) = Fraction::parse(&words(v)?)?;
    Some((x, Fraction::new(1, 2000)?)).filter(|_| x.as_f64() > 1.0)
}

/// `12.08 s`, or `0:01:23` from half a minute on.
fn time(v: &Json) -> Option<(Fraction, Fraction)> {
    let text = v.as_str()?;
    if let Some(t) = text.strip_suffix(" s") {
        return Fraction::parse(t);
    }
    let parts: Vec<u64> = text.split(':').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let [h, m, s] = parts.get(..)? else { return None };
    let seconds = h.checked_mul(3600)?.checked_add(m.checked_mul(60)?)?.checked_add(*s)?;
    Some((Fraction::new(seconds, 1)?, Fraction::new(1, 2)?))
}

/// The group of the first track with a picture's sample description.
fn picture_track(tags: &Map<String, Json>) -> Option<String> {
    let groups = tags.keys().filter_map(|k| k.strip_suffix(":SourceImageWidth"));
    groups.filter(|g| g.starts_with("Track")).min_by_key(|g| (g.len(), (*g).to_owned())).map(str::to_owned)
}

fn track(out: &mut Facts, tags: &Map<String, Json>, group: &str) {
    let get = |name: &str| tags.get(&format!("{group}:{name}"));
    let text = |name: &str| get(name).and_then(Json::as_str);
    out.put("image.width", "SourceImageWidth", get("SourceImageWidth").and_then(whole).map(Value::Count));
    out.put("image.height", "SourceImageHeight", get("SourceImageHeight").and_then(whole).map(Value::Count));
    out.put("format.codec", "CompressorID", text("CompressorID").and_then(names::code_family));
    out.put_near("fps.project", "VideoFrameRate", get("VideoFrameRate").and_then(decimal));
    out.put_near("clip.duration_s", "MediaDuration", get("MediaDuration").and_then(time));
    let aspect = text("PixelAspectRatio").and_then(|t| {
        let (a, b) = t.split_once(':')?;
        Fraction::new(a.parse().ok()?, b.parse().ok()?)
    });
    out.put("image.pixel_aspect", "PixelAspectRatio", aspect.map(Value::Exact));
    let name = |table: &[(&str, &str)], tag: &str| translated(table, text(tag)?);
    out.put("color.primaries", "ColorPrimaries", name(PRIMARIES, "ColorPrimaries"));
    out.put("color.transfer", "TransferCharacteristics", name(TRANSFERS, "TransferCharacteristics"));
    out.put("color.matrix", "MatrixCoefficients", name(MATRICES, "MatrixCoefficients"));
    let range = get("VideoFullRangeFlag").and_then(Json::as_u64).map(|n| if n == 1 { "full" } else { "video" });
    out.put("color.range", "VideoFullRangeFlag", range.and_then(Value::text));
}

/// DPX, OpenEXR and TIFF.
fn still(out: &mut Facts, tags: &Map<String, Json>) {
    let text = |name: &str| tags.get(name).and_then(Json::as_str);
    let kind = text("File:FileType").unwrap_or_default();
    if let Some((_, ours)) = FILE_TYPES.iter().find(|(k, _)| *k == kind) {
        out.put("format.codec", "File:FileType", Value::text(ours));
    }
    match kind {
        "DPX" => {
            out.put("format.bit_depth", "File:BitDepth", tags.get("File:BitDepth").and_then(whole).map(Value::Count));
            // eight BCD digits in a number; all bits set stand for none, 0 is what programs write that have none
            let code = tags.get("File:TimeCode").and_then(Json::as_u64).filter(|n| *n != u64::from(u32::MAX));
            let bcd = code.and_then(|n| u32::try_from(n).ok()).map(u32::to_be_bytes);
            let label = bcd.map(|[h, m, s, f]| format!("{h:02x}:{m:02x}:{s:02x}:{:02x}", f & 0x3f));
            out.put("timecode.start", "File:TimeCode", label.and_then(|t| Value::timecode(&t, false)));
            let transfer = text("File:TransferCharacteristic").filter(|t| !t.starts_with("Unknown"));
            out.put(
                "color.transfer",
                "File:TransferCharacteristic",
                transfer.and_then(|t| translated(DPX_TRANSFERS, t)),
            );
        }
        "TIFF" | "BTF" => {
            let bits = tags.get("IFD0:BitsPerSample").and_then(whole).map(Value::Count);
            out.put("format.bit_depth", "IFD0:BitsPerSample", bits);
        }
        "EXR" => {
            // bits as in ST 12-1: the fields beside the digits are flags
            let code = text("OpenEXR:TimeCode").and_then(|t| t.split(' ').next()?.parse::<u32>().ok());
            let bcd = code.map(u32::to_be_bytes);
            let label =
                bcd.map(|[h, m, s, f]| format!("{:02x}:{:02x}:{:02x}:{:02x}", h & 0x3f, m & 0x7f, s & 0x7f, f & 0x3f));
            out.put("timecode.start", "OpenEXR:TimeCode", label.and_then(|t| Value::timecode(&t, false)));
            let name = "OpenEXR:PixelAspectRatio";
            let aspect = tags.get(name).and_then(words).and_then(|t| Fraction::parse(&t));
            out.put_near("image.pixel_aspect", name, aspect);
        }
        _ => {}
    }
}

/// RIFF sound, its iXML chunk, and the sound tracks of QuickTime.
fn wave(out: &mut Facts, tags: &Map<String, Json>, alone: bool) {
    let count = |name: &str| tags.get(name).and_then(whole).map(Value::Count);
    out.put("audio.channels", "RIFF:NumChannels", count("RIFF:NumChannels"));
    out.put("audio.rate", "RIFF:SampleRate", count("RIFF:SampleRate"));
    out.put("audio.bit_depth", "RIFF:BitsPerSample", count("RIFF:BitsPerSample"));
    if tags.contains_key("RIFF:NumChannels") && !tags.contains_key("RIFF:ImageWidth") {
        out.put("format.bit_depth", "RIFF:BitsPerSample", count("RIFF:BitsPerSample"));
        let codec = tags.get("RIFF:Encoding").and_then(Json::as_str).and_then(|t| translated(ENCODINGS, t));
        out.put("format.codec", "RIFF:Encoding", codec);
        let reference = tags.get("RIFF:TimeReference").and_then(Json::as_u64).map(Value::Count);
        out.put("audio.samples_since_midnight", "RIFF:TimeReference", reference);
    }
    let ixml = |name: &str| words(tags.get("XML:Bwfxml")?.get(name)?).and_then(|t| Value::text(&t));
    out.put("slate.scene", "XML:Bwfxml.Scene", ixml("Scene"));
    out.put("slate.take", "XML:Bwfxml.Take", ixml("Take").map(|t| names::without_zeros(&t)));
    out.put("reel", "XML:Bwfxml.Tape", ixml("Tape"));
    let mut channels = 0u64;
    for (key, v) in tags.iter().filter(|(k, _)| k.starts_with("Track") && k.ends_with(":AudioChannels")) {
        let Some(group) = key.strip_suffix(":AudioChannels") else { continue };
        channels = channels.saturating_add(whole(v).unwrap_or(0));
        out.put("audio.rate", "AudioSampleRate", count(&format!("{group}:AudioSampleRate")));
        if alone {
            let format = tags.get(&format!("{group}:AudioFormat")).and_then(Json::as_str);
            out.put("format.codec", "AudioFormat", format.and_then(|f| translated(names::SOUND_CODES, f)));
        }
    }
    out.put("audio.channels", "AudioChannels", (channels > 0).then_some(Value::Count(channels)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(f: &Facts, field: &str) -> Option<String> {
        f.get(field).map(|t| t.value.to_string())
    }

    fn check(f: &Facts, want: &[(&str, &str)]) {
        for (field, value) in want {
            assert_eq!(said(f, field).as_deref(), Some(*value), "{field}");
        }
    }

    #[test]
    fn a_movie() {
        let f =
            facts(&json!([{"Track2:SourceImageWidth": 1920, "Track2:SourceImageHeight": 1080, "Track2:BitDepth": 24,
            "Track2:CompressorID": "apch", "Track2:VideoFrameRate": 29.97, "Track2:MediaDuration": "0:01:23",
            "Track2:PixelAspectRatio": "9:10", "Track2:ColorPrimaries": "BT.2020, BT.2100", "IFD0:ImageWidth": 160,
            "Track1:AudioChannels": 2, "Track3:AudioChannels": 1, "Track1:AudioSampleRate": 48000,
            "QuickTime:CreateDate": "0000:00:00 00:00:00", "Keys:Make": "ARRI", "Keys:AppleProappsReel": "001"}]));
        check(
            &f,
            &[
                ("image.width", "1920"),
                ("format.codec", "ProRes"),
                ("clip.duration_s", "83"),
                ("image.pixel_aspect", "0.9"),
                ("color.primaries", "BT.2020"),
                ("audio.channels", "3"),
                ("audio.rate", "48000"),
                ("camera.make", "ARRI"),
                ("reel", "001"),
            ],
        );
        let ntsc = Value::Exact(Fraction::new(30_000, 1001).unwrap());
        assert!(f.get("fps.project").unwrap().agrees(&ntsc));
        assert!(f.get("format.bit_depth").is_none() && f.get("recorded.date").is_none());
    }

    #[test]
    fn stills() {
        let f = facts(
            &json!([{"File:FileType": "DPX", "File:ImageWidth": 64, "File:BitDepth": 10, "File:FrameRate": 24,
            "File:TimeCode": 0x1002_1122, "File:TransferCharacteristic": "ITU-R 704-4", "File:InputDeviceName": "scanner"}]),
        );
        check(
            &f,
            &[
                ("format.codec", "DPX"),
                ("format.bit_depth", "10"),
                ("timecode.start", "10:02:11:22"),
                ("fps.project", "24"),
            ],
        );
        check(&f, &[("color.transfer", "BT.709")]);
        assert!(f.get("reel").is_none());
        let f = facts(&json!([{"File:FileType": "DPX", "File:TimeCode": 4294967295u64, "File:FrameRate": 0,
            "File:TransferCharacteristic": "Unknown (255)"}]));
        assert_eq!(f.len(), 1, "{f:?}");
        let f =
            facts(&json!([{"File:FileType": "EXR", "File:ImageWidth": 32, "OpenEXR:TimeCode": "18356486 4294967295",
            "OpenEXR:ISO": 800, "OpenEXR:PixelAspectRatio": 1}]));
        check(&f, &[("timecode.start", "01:18:19:06"), ("exposure.iso", "800"), ("image.pixel_aspect", "1")]);
        let f = facts(&json!([{"File:FileType": "DNG", "IFD0:ImageWidth": 8, "Composite:ImageSize": "3516x2328"}]));
        check(&f, &[("image.width", "3516"), ("image.height", "2328")]);
        let f = facts(&json!([{"File:FileType": "TIFF", "IFD0:ImageWidth": 9, "IFD0:BitsPerSample": "8 8 8"}]));
        check(&f, &[("format.codec", "TIFF"), ("image.width", "9"), ("format.bit_depth", "8")]);
    }

    #[test]
    fn sound() {
        let f = facts(&json!([{"RIFF:Encoding": "Microsoft PCM", "RIFF:NumChannels": 2, "RIFF:SampleRate": 48000,
            "RIFF:BitsPerSample": 24, "RIFF:TimeReference": 0, "XML:Bwfxml": {"Scene": "A101", "Take": "001", "Tape": 18}}]));
        check(&f, &[("format.codec", "PCM"), ("audio.bit_depth", "24"), ("audio.samples_since_midnight", "0")]);
        check(&f, &[("slate.scene", "A101"), ("slate.take", "1"), ("reel", "18")]);
    }

    #[test]
    fn odd_answers_say_nothing() {
        for odd in [json!(null), json!({}), json!([3]), json!([{"File:FileType": 4, "Track1:SourceImageWidth": "x"}])] {
            assert!(facts(&odd).is_empty(), "{odd}");
        }
        assert!(time(&json!("1:2")).is_none() && time(&json!("99999999999999999999:0:0")).is_none());
    }
}
