//! Every OpenEXR file against exrheader (OpenEXR) and, pixel for pixel, against oiiotool (OpenImageIO).

use super::formats_oracle::{Tally, data, files, inspect_file};
use super::formats_pixels::{Wanted, compare_pixels, decode_file, picture_of};
use rushes::engine::image::{Decoded, Frame};
use rushes::model::ErrorKind;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that are meant to be good ones.
fn good(data: &Path) -> Vec<PathBuf> {
    let all = files(&data.join("media/exr")).into_iter().chain(files(&data.join("standards/exr")));
    all.filter(|p| p.extension().is_some_and(|e| e == "exr") && !p.iter().any(|c| c == "damaged")).collect()
}

/// Attributes of the first part as exrheader prints them: name, type, text.
fn exrheader(path: &Path) -> Option<Vec<(String, String, String)>> {
    let out = Command::new("exrheader").arg(path).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut found: Vec<(String, String, String)> = Vec::new();
    for line in text.lines().skip_while(|l| !l.starts_with("file format")).skip(1) {
        if line.starts_with(" part 1") {
            break;
        }
        let head = line.split_once(" (type ").filter(|_| !line.starts_with(' '));
        let parts = head.and_then(|(name, rest)| rest.split_once(')').map(|(kind, value)| (name, kind, value)));
        match (parts, found.last_mut()) {
            (Some((name, kind, value)), _) => {
                let value = value.strip_prefix(": ").or(value.strip_prefix(':')).unwrap_or(value);
                found.push((name.into(), kind.into(), value.into()));
            }
            (None, Some(last)) => {
                last.2.push('\n');
                last.2.push_str(line);
            }
            (None, None) => {}
        }
    }
    Some(found)
}

/// The numbers in a text, or in a value of ours, in their order.
fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).filter_map(|t| t.parse().ok()).collect()
}

fn ours_as_numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().flat_map(ours_as_numbers).collect(),
        Value::Object(map) => map.values().flat_map(ours_as_numbers).collect(),
        Value::String(t) => t.parse().into_iter().collect(),
        other => other.as_f64().into_iter().collect(),
    }
}

/// exrheader prints six digits.
fn rounded(list: Vec<f64>) -> Vec<String> {
    list.into_iter().map(|x| format!("{x:.4e}")).collect()
}

const COMPRESSIONS: &[(&str, &str)] = &[
    ("none", "none"),
    ("run-length encoding", "RLE"),
    ("zip, individual scanlines", "ZIPS"),
    ("zip, multi-scanline blocks", "ZIP"),
    ("piz", "PIZ"),
    ("pxr24", "PXR24"),
    ("b44", "B44"),
    ("b44a", "B44A"),
    ("dwa, small scanline blocks", "DWAA"),
    ("dwa, medium scanline blocks", "DWAB"),
];

/// What exrheader says, in the words of our `raw`; `None` for types that it does not print.
fn in_our_words(kind: &str, text: &str) -> Option<Vec<String>> {
    if text.trim().is_empty() {
        return None;
    }
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty());
    let quoted = |t: &str| t.trim().strip_prefix('"').and_then(|t| t.strip_suffix('"')).map(str::to_owned);
    Some(match kind {
        "string" => vec![quoted(text)?],
        "stringvector" => lines().filter_map(quoted).collect(),
        "compression" => vec![COMPRESSIONS.iter().find(|c| c.0 == text.trim())?.1.into()],
        "lineOrder" => vec![text.trim().into()],
        "rational" => vec![text.trim().split(' ').next()?.into()],
        "chlist" => lines()
            .map(|l| {
                let (name, rest) = l.split_once(", ").unwrap();
                let kind = match rest.split(',').next().unwrap() {
                    "16-bit floating-point" => "half",
                    "32-bit floating-point" => "float",
                    _ => "uint",
                };
                let (_, sampling) = rest.split_once("sampling ").unwrap();
                let sampling = sampling.split(',').next().unwrap().replace(' ', "x");
                if sampling == "1x1" { format!("{name} {kind}") } else { format!("{name} {kind} {sampling}") }
            })
            .collect(),
        "timecode" => vec![lines().next()?.strip_prefix("time ")?.to_owned()],
        "int" | "float" | "double" | "v2i" | "v2f" | "v2d" | "v3i" | "v3f" | "v3d" | "box2i" | "box2f" | "m33f"
        | "m44f" | "chromaticities" | "preview" | "keycode" | "floatvector" => rounded(numbers(text)),
        _ => return None,
    })
}

fn ours(kind: &str, v: &Value) -> Vec<String> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    match kind {
        "string" | "compression" | "lineOrder" | "rational" => text(v).into_iter().collect(),
        "stringvector" | "chlist" => v.as_array().into_iter().flatten().filter_map(text).collect(),
        "timecode" => text(&v["label"]).map(|t| t.replace(';', ":")).into_iter().collect(),
        _ => rounded(ours_as_numbers(v)),
    }
}

#[test]
fn every_attribute_as_exrheader_prints_it() {
    let Some(data) = data("conformance exr attributes") else { return };
    let mut tally = Tally::default();
    for path in good(&data) {
        let Some(theirs) = exrheader(&path) else {
            println!("conformance exr attributes: exrheader is not installed, skipped");
            return;
        };
        let doc = inspect_file(&path).unwrap_or_else(|e| panic!("{e}"));
        tally.ran += 1;
        for (name, kind, text) in theirs {
            let what = format!("{} {name}", path.strip_prefix(&data).unwrap().display());
            let mine = doc.raw["exr"].get(&name);
            let cause = (name == "type" && mine.is_none())
                .then_some("exrheader adds the type of a single part, which is not in the file");
            tally.compare(&what, mine.map(|v| ours(&kind, v)), in_our_words(&kind, &text), cause);
        }
    }
    assert!(tally.ran >= 45, "{} files", tally.ran);
    tally.finish("conformance exr attributes");
}

/// What cannot be decoded, by the words of the refusal.
const REFUSED: &[(&str, &str)] = &[
    ("Chromaticities/Rec709_YC.exr", "sub-sampled"),
    ("IlmfmlmflmTest/comp_b44.exr", "sub-sampled"),
    ("IlmfmlmflmTest/v1.7.test.tiled.exr", "no RGB or Y among the channels G, Z"),
    ("LuminanceChroma/Flowers.exr", "sub-sampled"),
    ("exr/az.exr", "no RGB or Y among the channels A, Z"),
    ("deep-nosamples.exr", "deep"),
    ("deep-onesample.exr", "deep"),
    ("tinydeep.exr", "deep"),
];

/// DWA ends in a cosine transform that both libraries choose by the processor; where they choose alike the samples are
/// equal, else they may be rounded to the neighbouring half.
fn wanted(decoded: &Decoded) -> Wanted {
    if decoded.how["layout"].contains("DWA") { Wanted::Relative(1e-3) } else { Wanted::Exact }
}

#[test]
fn every_picture_as_oiiotool_decodes_it() {
    let Some(data) = data("conformance exr pixels") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (mut exact, mut refused) = (0, 0);
    for path in good(&data) {
        let name = path.strip_prefix(&data).unwrap().display().to_string();
        let decoded = match decode_file("exr", &path) {
            Ok(d) => d,
            Err(e) => {
                let known = REFUSED.iter().find(|(file, _)| name.ends_with(file));
                let (_, why) = known.unwrap_or_else(|| panic!("{name}: {e}"));
                assert_eq!(e.kind, ErrorKind::Unsupported, "{name}: {e}");
                assert!(e.what.contains(why), "{name}: {e}");
                refused += 1;
                continue;
            }
        };
        let channels = if decoded.how.contains_key("brightness") { "Y,Y,Y" } else { "R,G,B" };
        let arguments = ["--croptofull", "--origin", "+0+0", "--fullpixels", "--ch", channels];
        let Some(theirs) = picture_of(&path, &arguments, dir.path()) else { return };
        compare_pixels(&name, &decoded.frame, &theirs, wanted(&decoded));
        exact += 1;
    }
    println!("conformance exr pixels: {exact} pictures equal, {refused} refused by name");
    assert!(exact >= 50 && refused == REFUSED.len());
}

/// Types, compressions, scan lines and tiles, windows and levels, as oiiotool writes them.
#[test]
fn every_form_that_oiiotool_writes() {
    if data("conformance exr forms").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.exr");
    let mut ran = 0;
    for kind in ["half", "float", "uint32"] {
        for compression in ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"] {
            if kind == "uint32" && compression.starts_with("dwa") {
                continue;
            }
            for form in [&[][..], &["--tile", "32", "16"], &["--tile", "64", "64", "--otex"]] {
                let mut make = Command::new("oiiotool");
                make.args(["--pattern", "noise:type=gaussian:mean=0.5:stddev=0.3", "75x300-5+7", "4"]);
                make.args(["--fullsize", "80x290-2+0", "-d", kind, "--compression", compression]);
                match form {
                    [tile, w, h, otex] => make.args([tile, w, h, otex]),
                    other => make.args(other).arg("-o"),
                };
                let Ok(made) = make.arg(&file).output() else {
                    println!("conformance exr forms: oiiotool is not installed, skipped");
                    return;
                };
                assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
                let name = format!("{kind} {compression} {form:?}");
                let decoded = decode_file("exr", &file).unwrap_or_else(|e| panic!("{name}: {e}"));
                let arguments = ["--croptofull", "--origin", "+0+0", "--fullpixels", "--ch", "R,G,B"];
                let theirs = picture_of(&file, &arguments, dir.path()).unwrap();
                // whole numbers are parts of the greatest one for oiiotool, and themselves for OpenEXR and us
                if kind == "uint32" {
                    let scaled = theirs.data().iter().map(|x| x * 4_294_967_295.0).collect();
                    let theirs = Frame::from_samples(theirs.width(), theirs.height(), scaled).unwrap();
                    compare_pixels(&name, &decoded.frame, &theirs, Wanted::Relative(2e-7));
                } else {
                    compare_pixels(&name, &decoded.frame, &theirs, wanted(&decoded));
                }
                ran += 1;
            }
        }
    }
    println!("conformance exr forms: {ran} files equal");
}

/// Damaged and hostile files end with an orderly answer, for the header and for the picture.
#[test]
fn damaged_files_are_refused_in_order() {
    let Some(data) = data("conformance damaged pictures") else { return };
    let (mut fine, mut refused) = (0, 0);
    let all = files(&data.join("media/exr/damaged")).into_iter().chain(files(&data.join("media/broken")));
    for path in all {
        let answers = ["exr", "tiff"].map(|id| decode_file(id, &path).err());
        for e in answers.into_iter().chain([inspect_file(&path).err()]) {
            match e {
                None => fine += 1,
                Some(e) => {
                    assert_ne!(e.kind, ErrorKind::Io, "{}: {e}", path.display());
                    refused += 1;
                }
            }
        }
    }
    println!("conformance damaged pictures: {refused} answers are errors, {fine} are not");
    assert!(refused > 50);
}
