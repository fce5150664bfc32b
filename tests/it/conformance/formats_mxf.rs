//! Every MXF file against MediaInfo, ffprobe and exiftool.

use super::formats_oracle::{Reports, Tally, data, files, inspect_file, number};
use rushes::model::{ClipDoc, Rational};
use serde_json::Value;
use std::path::Path;

#[test]
fn all_mxf_files() {
    let Some(data) = data("conformance mxf") else { return };
    let media = data.join("media");
    let mut tally = Tally::default();
    for path in files(&media) {
        let bytes = std::fs::read(&path).unwrap();
        let named = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mxf"));
        if !named && !bytes.starts_with(&[6, 14, 43, 52, 2, 5, 1, 1, 13, 1, 2, 1, 1]) {
            continue;
        }
        let relative = path.strip_prefix(&media).unwrap();
        let doc = inspect_file(&path).unwrap_or_else(|e| panic!("{}: {e}", relative.display()));
        assert_eq!(doc.format.id, "mxf", "{}", relative.display());
        tally.ran += 1;
        compare(&mut tally, &data, relative, &doc);
    }
    tally.finish("conformance mxf");
}

/// MediaInfo's tracks of a type, in order.
fn tracks(data: &Path, relative: &Path, kind: &str) -> Vec<Value> {
    let report = Reports::whole(data, relative, "mediainfo");
    let all = report["media"]["track"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|t| t["@type"] == kind).collect()
}

fn compare(tally: &mut Tally, data: &Path, relative: &Path, doc: &ClipDoc) {
    let name = relative.display().to_string();
    let probe = Reports::whole(data, relative, "ffprobe");
    let exiftool = Reports::of(data, relative).exiftool;
    container(tally, &name, doc, &tracks(data, relative, "General"), &probe);
    let streams = probe["streams"].as_array().cloned().unwrap_or_default();
    let of_type = |kind: &str| streams.iter().filter(|s| s["codec_type"] == kind).cloned().collect::<Vec<_>>();
    if let Some(v) = tracks(data, relative, "Video").first() {
        picture(tally, &name, doc, v, of_type("video").first().unwrap_or(&Value::Null), &exiftool);
    }
    sound(tally, &name, doc, &tracks(data, relative, "Audio"), &of_type("audio"));
    timecode(tally, &name, doc, &tracks(data, relative, "Other"), &probe);
}

fn text(v: &Value) -> Option<String> {
    v.as_str().map(str::to_owned)
}

fn container(tally: &mut Tally, name: &str, doc: &ClipDoc, general: &[Value], probe: &Value) {
    let theirs = general.first().and_then(|g| text(&g["Format_Profile"])).map(|p| match p.as_str() {
        "OP-1a" => "MXF OP1a".to_owned(),
        other => format!("MXF {other}"),
    });
    tally.compare(&format!("{name} container MediaInfo"), doc.format.container.clone(), theirs, None);
    let umid = text(&probe["format"]["tags"]["material_package_umid"]);
    let umid = umid.map(|u| u.trim_start_matches("0x").to_ascii_lowercase());
    tally.compare(&format!("{name} UMID ffprobe"), doc.clip.umid.clone(), umid, None);
    let status = general.first().and_then(|g| text(&g["Format_Settings"]));
    let ours = doc.raw["mxf"]["header.status"].as_str().map(|s| s.replace(" and ", " / ").to_ascii_lowercase());
    tally.compare(&format!("{name} status MediaInfo"), ours, status.map(|s| s.to_ascii_lowercase()), None);
}

fn picture(tally: &mut Tally, name: &str, doc: &ClipDoc, v: &Value, f: &Value, exiftool: &Value) {
    let ours = |n: Option<u32>| n.map(u64::from);
    // ISXD is data that belongs to a picture; MediaInfo lists it as one
    let data = doc.format.codec.as_deref() == Some("ISXD") || doc.image.width.is_none();
    let data = data.then_some("data for pictures (RDD 47) are no picture: the track's data definition says data");
    for (field, own) in [("Width", doc.image.width), ("Height", doc.image.height)] {
        tally.compare(&format!("{name} {field} MediaInfo"), ours(own), number(&v[field]), data);
        tally.compare(&format!("{name} {field} ffprobe"), ours(own), number(&f[field.to_ascii_lowercase()]), None);
        let track = (1..10).find_map(|n| number(&exiftool[format!("Track{n}:Sampled{field}")]));
        let exr = doc.format.codec.as_deref() == Some("OpenEXR");
        let exr = exr.then_some("of OpenEXR the display window is the picture, exiftool gives the data window");
        tally.compare(&format!("{name} {field} exiftool"), ours(own), track, exr);
    }
    let rate = |n: &Value, d: &Value| Rational::new(u32::try_from(number(n)?).ok()?, u32::try_from(number(d)?).ok()?);
    tally.compare(
        &format!("{name} rate MediaInfo"),
        doc.fps.project,
        rate(&v["FrameRate_Num"], &v["FrameRate_Den"]),
        data,
    );
    let theirs = f["r_frame_rate"].as_str().and_then(|t| t.parse().ok());
    tally.compare(&format!("{name} rate ffprobe"), doc.fps.project, theirs, None);
    tally.compare(&format!("{name} frames MediaInfo"), doc.clip.frames, number(&v["FrameCount"]), data);
    tally.compare(&format!("{name} frames ffprobe"), doc.clip.frames, number(&f["duration_ts"]), None);
    tally.compare(&format!("{name} depth MediaInfo"), ours(doc.format.bit_depth), number(&v["BitDepth"]), None);
    let aspect = doc.image.pixel_aspect.map(|a| format!("{a:.3}"));
    tally.compare(&format!("{name} pixel aspect MediaInfo"), aspect, text(&v["PixelAspectRatio"]), data);
    let scan = doc.image.scan.clone().map(|s| if s == "progressive" { "Progressive" } else { "Interlaced" }.to_owned());
    tally.compare(&format!("{name} scan MediaInfo"), scan, text(&v["ScanType"]), None);
    let range = doc.color.range.clone().map(|r| if r == "full" { "Full" } else { "Limited" }.to_owned());
    tally.compare(&format!("{name} range MediaInfo"), range, text(&v["colour_range"]), data);
    let primaries = text(&v["colour_primaries"]).map(|p| match p.as_str() {
        "Display P3" => "P3-D65".to_owned(),
        "ACES" => "ACES AP0".to_owned(),
        _ => p,
    });
    tally.compare(&format!("{name} primaries MediaInfo"), doc.color.primaries.clone(), primaries, data);
    let transfer = text(&v["transfer_characteristics"]);
    tally.compare(&format!("{name} transfer MediaInfo"), doc.color.transfer.clone(), transfer, data);
    let codec = doc.format.codec.as_deref().map(family);
    let theirs = v["Format"].as_str().map(|c| match c {
        "VC-3" => "DNxH",
        "MPEG Video" => "MPEG-2",
        "AVC" => "AVC",
        "0D01030102190100-0401020203040200" => "OpenEXR",
        other => other,
    });
    tally.compare(&format!("{name} codec MediaInfo"), codec, theirs, data);
}

fn family(codec: &str) -> &str {
    ["DNxH", "MPEG-2", "AVC", "JPEG 2000", "ProRes"].into_iter().find(|f| codec.starts_with(f)).unwrap_or(codec)
}

fn sound(tally: &mut Tally, name: &str, doc: &ClipDoc, info: &[Value], probe: &[Value]) {
    let ours = |n: Option<u32>| n.map(u64::from);
    if let Some(first) = info.first() {
        let sum: Option<u64> = info.iter().map(|t| number(&t["Channels"])).sum();
        tally.compare(&format!("{name} channels MediaInfo"), ours(doc.audio.channels), sum, None);
        tally.compare(
            &format!("{name} sample rate MediaInfo"),
            ours(doc.audio.rate),
            number(&first["SamplingRate"]),
            None,
        );
        tally.compare(
            &format!("{name} sound depth MediaInfo"),
            ours(doc.audio.bit_depth),
            number(&first["BitDepth"]),
            None,
        );
        let exact = doc.audio.samples.is_some();
        let rounded = exact.then_some("MediaInfo multiplies a time of whole milliseconds with the sample rate");
        let theirs = number(&first["SamplingCount"]);
        let near = theirs.zip(doc.audio.samples).is_some_and(|(a, b)| a.abs_diff(b) < 48);
        let cause = rounded.filter(|_| near);
        tally.compare(&format!("{name} samples MediaInfo"), doc.audio.samples, theirs, cause);
    }
    if let Some(first) = probe.first() {
        let known = first["codec_name"].is_string();
        let sum: Option<u64> = probe.iter().map(|t| number(&t["channels"])).sum();
        tally.compare(&format!("{name} channels ffprobe"), ours(doc.audio.channels), sum.filter(|_| known), None);
        let rate = number(&first["sample_rate"]).filter(|_| known);
        tally.compare(&format!("{name} sample rate ffprobe"), ours(doc.audio.rate), rate, None);
        let samples = number(&first["duration_ts"]).filter(|n| known && *n > 0);
        tally.compare(&format!("{name} samples ffprobe"), doc.audio.samples, samples, None);
    }
}

fn timecode(tally: &mut Tally, name: &str, doc: &ClipDoc, other: &[Value], probe: &Value) {
    let ours = doc.timecode.as_ref().map(|t| t.start.clone());
    let said = doc.warnings.iter().any(|w| w.code == "META-TIMECODE");
    let rate = (ours.is_none() && said).then_some(
        "the timecode track runs at the rate of samples: how fast labels count is not said (ST 377-1, Timecode Component)",
    );
    let of = |settings: &str| {
        other.iter().find(|t| t["TimeCode_Settings"] == settings).and_then(|t| text(&t["TimeCode_FirstFrame"]))
    };
    tally.compare(&format!("{name} timecode MediaInfo (source)"), ours.clone(), of("Source Package"), rate);
    tally.compare(&format!("{name} timecode MediaInfo (material)"), ours.clone(), of("Material Package"), rate);
    let theirs = text(&probe["format"]["tags"]["timecode"]);
    // one digit at one frame per second
    let theirs = theirs.map(|t| if t == "00:00:00:0" { "00:00:00:00".to_owned() } else { t });
    tally.compare(&format!("{name} timecode ffprobe"), ours, theirs, rate);
}

/// Real files cut at many places and with changed bytes: never taken for whole once a byte before the index at the end is
/// gone.
#[test]
fn real_mxf_files_cut_and_changed() {
    let Some(data) = data("conformance mxf damage") else { return };
    let (mut cuts, mut changes, mut seed) = (0u32, 0u32, 1u32);
    for path in files(&data.join("media")) {
        let bytes = std::fs::read(&path).unwrap();
        if !bytes.starts_with(&[6, 14, 43, 52, 2, 5, 1, 1, 13, 1, 2, 1, 1]) {
            continue;
        }
        let len = bytes.len();
        let index = u32::from_be_bytes(bytes[len - 4..].try_into().unwrap()) as usize;
        for n in (0..len.min(9000)).step_by(61).chain((9000..len).step_by(len / 40 + 1)).chain([len - 1, len - 5]) {
            cuts += 1;
            let whole = inspect_bytes(&path, &bytes[..n]).is_ok_and(|d| d.format.id == "mxf");
            assert!(!whole || n == len - index, "{} cut at {n}", path.display());
        }
        for _ in 0..60 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut b = bytes.clone();
            let at = usize::try_from(seed >> 8).unwrap() % len.min(9000);
            b[at] ^= u8::try_from(seed & 0x7f).unwrap() | 1;
            changes += 1;
            let _ = inspect_bytes(&path, &b);
        }
    }
    println!("conformance mxf damage: {cuts} cuts, none taken for whole; {changes} changed bytes of headers");
    assert!(cuts > 500 && changes > 500);
}

fn inspect_bytes(path: &Path, bytes: &[u8]) -> Result<ClipDoc, rushes::model::Error> {
    use std::io::Write;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let name = rushes::model::MediaPath::from(path);
    let input = rushes::engine::format::Input { path: &name, file: &file, size: bytes.len() as u64 };
    rushes::engine::format::inspect("x", rushes::model::ClipUnit::File, &[input], &rushes::model::Limits::default())
}
