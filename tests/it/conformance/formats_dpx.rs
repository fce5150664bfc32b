//! Every DPX file: what is refused, and the header's own fields as exiftool and MediaInfo read them. The fields of a clip are
//! compared in `agreement`.

use super::formats_oracle::{Reports, Tally, data, files, inspect_file, number};
use std::path::Path;

/// Files that are cut or broken on purpose, and the code that says so.
const REFUSED: &[(&str, &str)] = &[
    ("dpx/DPX.dpx", "FILE-TRUNCATED"),
    ("dpx/bomb-46341.dpx", "FILE-TRUNCATED"),
    ("dpx/sequences/BuggyPackages/SmallFile/8bit.00000001.dpx", "FILE-TRUNCATED"),
];

#[test]
fn all_dpx_files() {
    let Some(data) = data("conformance dpx") else { return };
    let media = data.join("media");
    let mut tally = Tally::default();
    let mut refused = Vec::new();
    for path in files(&media.join("dpx")) {
        if path.extension().is_none_or(|e| e != "dpx") {
            continue;
        }
        let relative = path.strip_prefix(&media).unwrap();
        let name = relative.to_str().unwrap();
        let doc = match inspect_file(&path) {
            Ok(d) => d,
            Err(e) => {
                refused.push((name.to_owned(), e.code.to_string()));
                continue;
            }
        };
        if doc.format.id != "dpx" {
            assert!(std::fs::read(&path).unwrap()[..4] != *b"SDPX", "{name} was not recognised");
            continue;
        }
        tally.ran += 1;
        compare(&mut tally, &data, relative, &doc);
    }
    let refused: Vec<_> = refused.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(refused, REFUSED);
    tally.finish("conformance dpx");
}

fn compare(tally: &mut Tally, data: &Path, relative: &Path, doc: &rushes::model::ClipDoc) {
    let r = Reports::of(data, relative);
    let name = relative.display().to_string();
    let exif = &r.exiftool;
    let raw = &doc.raw["dpx"];
    let order = raw["byte_order"].as_str();
    let theirs = exif["File:ByteOrder"].as_str().map(|s| if s.starts_with("Big") { "big" } else { "little" });
    tally.compare(&format!("{name} byte order exiftool"), order, theirs, None);
    let theirs = r.mediainfo.get("Image").and_then(|t| t["Format_Settings_Endianness"].as_str());
    let theirs = theirs.map(str::to_lowercase);
    tally.compare(&format!("{name} byte order MediaInfo"), order, theirs.as_deref(), None);
    // exiftool reads pixels as header where the picture begins before 2048, and prints undefined as a number.
    let early = raw["file.image_offset"].as_u64().is_some_and(|n| n < 2048);
    let cause = early.then_some("exiftool reads pixels as the industry header of a file that has none");
    let undefined = number(&exif["File:TimeCode"]).filter(|n| *n != u64::from(u32::MAX));
    tally.compare(&format!("{name} timecode exiftool"), raw["television.timecode"].as_u64(), undefined, cause);
    for (tag, field) in [("File:FrameRate", "television.frame_rate"), ("File:OriginalFrameRate", "film.frame_rate")] {
        let theirs = exif[tag].as_f64().map(|x| (x * 1000.0).round());
        let ours = raw[field].as_f64().map(|x| (x * 1000.0).round());
        tally.compare(&format!("{name} {field} exiftool"), ours, theirs, cause);
    }
    for (tag, field) in [
        ("File:Creator", "file.creator"),
        ("File:InputDeviceName", "orientation.input_device"),
        ("File:SlateInformation", "film.slate"),
        ("File:ImageFileName", "file.name"),
    ] {
        let theirs = exif[tag].as_str().map(str::trim).filter(|t| !t.is_empty());
        tally.compare(&format!("{name} {field} exiftool"), raw[field].as_str(), theirs, cause);
    }
}
