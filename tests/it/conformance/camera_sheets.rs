//! The metadata files that cameras and makers' tools wrote: every name is mapped, or listed as kept as it is.

use super::formats_oracle::{data, files};
use rushes::engine::document::camera::{CameraValue, Kind, read};
use rushes::model::Limits;
use rushes::rules::fields::FIELDS;

#[test]
fn every_column_of_real_exports_has_a_place() {
    let Some(data) = data("conformance camera sheets") else { return };
    let mut kinds = Vec::new();
    for dir in ["arri", "blackmagic", "canon", "red", "sony"] {
        for path in files(&data.join("media").join(dir)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let Some(s) = read(&bytes, &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}")) else { continue };
            assert!(s.unknown.is_empty(), "{name}: neither mapped nor kept: {:?}", s.unknown);
            for k in &s.known {
                assert!(FIELDS.iter().any(|(f, _)| *f == k.field), "{} is no field", k.field);
                assert!(s.raw(&k.name).is_some(), "{name}: {} comes from {}, which is not there", k.field, k.name);
            }
            println!(
                "conformance camera sheets: {name} is {:?}, {} names, {} fields",
                s.kind,
                s.raw.len(),
                s.known.len()
            );
            kinds.push(s.kind);
        }
    }
    for kind in [
        Kind::SonyXml,
        Kind::SonyFrames,
        Kind::RedClip,
        Kind::RedFrames,
        Kind::Arri,
        Kind::ArriJson,
        Kind::CanonClip,
        Kind::CanonFrames,
        Kind::Blackmagic,
    ] {
        assert!(kinds.contains(&kind), "no {kind:?} in the collection");
    }
}

/// The values that were computed by hand from the files.
#[test]
fn known_values_of_real_exports() {
    let Some(data) = data("conformance camera values") else { return };
    let text = |t: &str| CameraValue::Text(t.into());
    let number = CameraValue::Number;
    for (file, field, want) in [
        ("arri/B001C001_180327_R1ZA.mov.csv", "lens.t_stop", number(1.78)),
        ("arri/B001C001_180327_R1ZA.mov.csv", "clip.frames", CameraValue::Whole(500)),
        ("arri/B001C001_180327_R1ZA.mov.csv", "timecode.start", text("13:36:49:07")),
        ("arri/art-cmd-export/A_0005C002_221019_172236_a12SO.json", "camera.model", text("ALEXA 35")),
        ("arri/art-cmd-export/A_0005C002_221019_172236_a12SO.json", "reel", text("A_0005_12SO")),
        ("arri/art-cmd-export/A_0005C002_221019_172236_a12SO.json", "clip.frames", CameraValue::Whole(447)),
        ("arri/art-cmd-export/B003C003_180327_R1ZA.json", "lens.t_stop", number(1.78)),
        ("red/A001_C066_0303LZ_001.static.csv", "lens.model", text("40mm T1.5 FF | 018")),
        ("red/A001_C066_0303LZ_001.static.csv", "timecode.start", text("23:17:21:08")),
        ("sony/D001C005_210716AGM01.xml", "timecode.start", text("16:47:04:19")),
        ("sony/D001C005_210716AGM01.xml", "camera.serial", text("0010201")),
        ("sony/D001C005_210716AGM01.xml", "exposure.shutter_angle", number(173.0)),
        ("sony/D001C005_210716AG.csv", "timecode.start", text("16:47:04:19")),
        ("sony/D001C005_210716AG.csv", "clip.frames", CameraValue::Whole(588)),
        ("sony/ILME-FX3_C0001M01.XML", "timecode.start", text("00:02:41;04")),
        ("canon/20221007_TNumber_CanonCameraMetadata_Frames.csv", "exposure.iso", CameraValue::Whole(1600)),
        ("blackmagic/URSA_Mini_Pro_12K_metadata.txt", "lens.squeeze", number(2.0)),
    ] {
        let bytes = std::fs::read(data.join("media").join(file)).unwrap();
        let s = read(&bytes, &Limits::default()).unwrap().unwrap();
        assert_eq!(s.get(field), Some(&want), "{file} {field}");
    }
    println!("conformance camera values: 17 agree");
}

/// Clips of real lists, by the columns that name them.
#[test]
fn lines_of_real_lists() {
    use rushes::engine::document::camera::list::of_clip;
    let Some(data) = data("conformance lists") else { return };
    let text = |t: &str| CameraValue::Text(t.into());
    for (file, clip, field, want) in [
        ("sample2.ale", "A007C001_140720_R2E4", "slate.scene", text("19A")),
        ("sample2.ale", "A007C002_140720_R2E4", "timecode.start", text("04:00:46:16")),
        ("sample_blanks.ale", "A020C003_150905_E2XZ", "reel", text("A020E2XZ")),
        ("sample_blanks.ale", "A020C003_150905_E2XZ", "timecode.start", text("05:42:12:20")),
    ] {
        let bytes = std::fs::read(data.join("media/ale").join(file)).unwrap();
        let s = of_clip(&bytes, clip, &Limits::default()).unwrap().unwrap_or_else(|| panic!("{file}: no {clip}"));
        assert_eq!(s.get(field), Some(&want), "{file} {clip} {field}");
    }
    let mut read = 0;
    for path in files(&data.join("media/ale")) {
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(of_clip(&bytes, "no such clip", &Limits::default()).unwrap(), None, "{}", path.display());
        read += 1;
    }
    println!("conformance lists: 4 values agree, {read} lists read");
}
