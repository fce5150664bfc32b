//! Real IMF packages without their essence, against values computed by hand from their documents.

use super::formats_oracle::data;
use rushes::engine::document::imf::{AssetMap, PackingList};
use rushes::engine::format::{Input, inspect};
use rushes::model::{ClipDoc, ClipUnit, Limits, MediaPath, Rational};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;

/// The one clip of a folder, grouped by names and inspected as the daemon does.
fn package(dir: &Path) -> ClipDoc {
    let mut names: Vec<OsString> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    let names: Vec<&OsStr> = names.iter().map(OsString::as_os_str).collect();
    let groups = rushes::watch::group(&names);
    let [one] = groups.as_slice() else { panic!("{} holds {} clips, not one", dir.display(), groups.len()) };
    assert_eq!((one.unit, one.members.len(), one.frames), (ClipUnit::Spanned, names.len(), true));
    let open: Vec<_> = one
        .members
        .iter()
        .map(|i| {
            let file = File::open(dir.join(names[*i])).unwrap();
            let size = file.metadata().unwrap().len();
            (MediaPath::from(Path::new("roll").join(names[*i])), file, size)
        })
        .collect();
    let inputs: Vec<_> = open.iter().map(|(path, file, size)| Input { path, file, size: *size }).collect();
    inspect(&one.name, one.unit, &inputs, &Limits::default()).unwrap()
}

fn warnings<'d>(doc: &'d ClipDoc, code: &str) -> Vec<&'d str> {
    doc.warnings.iter().filter(|w| w.code == code).map(|w| w.message.as_str()).collect()
}

fn colour(doc: &ClipDoc) -> [Option<&str>; 4] {
    let c = &doc.color;
    [&c.primaries, &c.transfer, &c.matrix, &c.range].map(|x| x.as_deref())
}

/// Application 2E of 2013: 40 frames of 59.94, drop-frame timecode from zero, twelve bits of PQ in BT.2020.
#[test]
fn a_composition_of_2013() {
    let Some(data) = data("conformance imf 2013") else { return };
    let doc = package(&data.join("media/imf/MERIDIAN_Netflix_Photon_161006"));
    println!("conformance imf 2013: {} files, {:?}", doc.clip.files.len(), doc.warnings);
    assert_eq!((doc.format.id.as_str(), doc.format.decodable), ("imf", false));
    assert_eq!(doc.clip.name, "CPL_0eb3d1b9-b77b-4d3f-bbe5-7c69b15dca85");
    assert_eq!(doc.clip.uuid.as_deref(), Some("0eb3d1b9-b77b-4d3f-bbe5-7c69b15dca85"));
    assert_eq!((doc.clip.frames, doc.fps.project), (Some(40), Rational::new(60_000, 1001)));
    assert_eq!(doc.clip.duration_s, Some(0.667_333));
    let t = doc.timecode.as_ref().unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref(), t.drop), ("00:00:00;00", Some("00:00:00;40"), true));
    assert_eq!(t.rate.to_string(), "60000/1001");
    assert_eq!((doc.image.width, doc.image.height, doc.image.pixel_aspect), (Some(3840), Some(2160), Some(1.0)));
    assert_eq!((doc.image.scan.as_deref(), &doc.image.active), (Some("progressive"), &None));
    assert_eq!(doc.format.codec.as_deref(), Some("JPEG 2000"));
    assert_eq!((doc.format.compression.as_deref(), doc.format.bit_depth), (Some("IMF 4K"), Some(12)));
    assert_eq!(colour(&doc), [Some("BT.2020"), Some("PQ"), Some("RGB"), Some("full")]);
    assert_eq!((doc.audio.channels, doc.audio.rate, doc.audio.bit_depth), (Some(6), Some(48_000), Some(24)));
    // 40 frames of 1001/60000 s
    assert_eq!(doc.audio.samples, Some(32_032));
    assert_eq!(
        (doc.raw["imf"]["ContentTitle"].as_str(), doc.raw["imf"]["Issuer"].as_str()),
        (Some("MERIDIAN"), Some("R&S"))
    );
    assert_eq!(
        warnings(&doc, "IMF-ASSET"),
        [
            "files of the composition are missing: MERIDIAN_Netflix_Photon_161006_00.mxf, MERIDIAN_Netflix_Photon_161006_ENG-51_00.mxf"
        ]
    );
    assert_eq!(warnings(&doc, "IMF-ELSEWHERE"), [""; 0]);
    // the documents of the collection are not those that its packing list was made of
    assert_eq!(warnings(&doc, "IMF-PACKING-LIST").len(), 1);
    assert_eq!(doc.warnings.len(), 2, "{:?}", doc.warnings);
}

/// Application 5 of 2016: two resources of four frames at the composition's own 23.976, half floats of ACES in OpenEXR whose
/// data window lies in a larger display window, 16016 of 17524 samples.
#[test]
fn a_composition_of_2016() {
    let Some(data) = data("conformance imf 2016") else { return };
    let doc = package(&data.join("media/imf/Application5/PhotonApp5Test"));
    println!("conformance imf 2016: {} files, {:?}", doc.clip.files.len(), doc.warnings);
    assert_eq!(doc.clip.uuid.as_deref(), Some("cfad00b4-77b5-4d06-bd9d-48bc21c8fc0e"));
    assert_eq!((doc.clip.frames, doc.fps.project), (Some(8), Rational::new(24_000, 1001)));
    assert!(doc.timecode.is_none());
    assert_eq!((doc.image.width, doc.image.height), (Some(3840), Some(2160)));
    let active = doc.image.active.as_ref().unwrap();
    assert_eq!((active.x, active.y, active.width, active.height), (-128, -476, 240, 135));
    assert_eq!((doc.format.codec.as_deref(), doc.format.bit_depth), (Some("OpenEXR"), Some(16)));
    assert_eq!(colour(&doc), [Some("ACES AP0"), Some("Linear"), Some("RGB"), None]);
    assert_eq!(doc.color.space.as_deref(), Some("ACES2065-1"));
    assert_eq!((doc.audio.channels, doc.audio.samples), (Some(6), Some(16_016)));
    let tracks: Vec<&str> = doc.audio.tracks.iter().flatten().map(|t| t.name.as_str()).collect();
    assert_eq!(tracks, ["Left", "Right", "Center", "LFE", "Left Surround", "Right Surround"]);
    assert_eq!(
        warnings(&doc, "IMF-ASSET"),
        ["files of the composition are missing: WAV_060fe563-18d5-48d4-9148-1bfba4262ae2.mxf, reel1.mxf, reel2.mxf"]
    );
    assert_eq!(doc.raw["imf"]["ApplicationIdentification"][0], "http://www.smpte-ra.org/ns/2067-50/2017");
}

#[test]
fn asset_maps_and_packing_lists_of_both() {
    let Some(data) = data("conformance imf documents") else { return };
    for (dir, assets, listed) in [("MERIDIAN_Netflix_Photon_161006", 6, 4), ("Application5/PhotonApp5Test", 5, 4)] {
        let dir = data.join("media/imf").join(dir);
        let read = |begin: &str| {
            let found = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path());
            let mut found = found.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with(begin));
            std::fs::read(found.next().unwrap()).unwrap()
        };
        let map = AssetMap::parse(&read("ASSETMAP"), &Limits::default()).unwrap();
        assert_eq!((map.assets.len(), map.volumes), (assets, Some(1)));
        assert_eq!(map.assets.iter().filter(|a| a.packing_list).count(), 1);
        assert_eq!(PackingList::parse(&read("PKL"), &Limits::default()).unwrap().assets.len(), listed);
    }
}
