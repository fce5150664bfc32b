//! Compositions alone, and packages that lack something.

use super::*;
use crate::engine::document::imf::sample::{Play, Sample, id};
use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};
use crate::engine::format::{inspect, inspect_some};
use crate::model::{ClipFile, ClipUnit, MediaPath};
use std::collections::BTreeMap;
use std::io::Write;

fn read(sample: &Sample) -> ClipDoc {
    read_bytes(&Imf, sample.composition().as_bytes()).unwrap()
}

fn codes(doc: &ClipDoc) -> Vec<&str> {
    doc.warnings.iter().map(|w| w.code.as_str()).collect()
}

/// The document of a package of these files, and its warnings as text.
fn package(files: &[(&str, Vec<u8>)]) -> ClipDoc {
    let open: Vec<_> = files
        .iter()
        .map(|(name, bytes)| {
            let mut f = tempfile::tempfile().unwrap();
            f.write_all(bytes).unwrap();
            (MediaPath::from(Path::new("roll").join(name).as_path()), f, bytes.len() as u64)
        })
        .collect();
    let inputs: Vec<_> = open.iter().map(|(path, file, size)| Input { path, file, size: *size }).collect();
    inspect("CPL_1", ClipUnit::Spanned, &inputs, &Limits::default()).unwrap()
}

/// A worker may open only so many files: those that are not open are there all the same.
#[test]
fn a_package_of_more_files_than_may_be_open() {
    let all = Sample::default().package();
    let name = |n: &str| MediaPath::from(Path::new("roll").join(n).as_path());
    let file = |(n, b): &(&str, Vec<u8>)| ClipFile {
        path: name(n),
        size: b.len() as u64,
        xxh128: String::new(),
        hashes: BTreeMap::new(),
    };
    let open: Vec<_> = all[..2]
        .iter()
        .map(|(n, bytes)| {
            let mut f = tempfile::tempfile().unwrap();
            f.write_all(bytes).unwrap();
            (name(n), f, bytes.len() as u64)
        })
        .collect();
    let inputs: Vec<_> = open.iter().map(|(path, file, size)| Input { path, file, size: *size }).collect();
    let files = all.iter().map(file).collect();
    let doc = inspect_some("CPL_1", ClipUnit::Spanned, files, &inputs, &[], &Limits::default()).unwrap();
    assert!(doc.warnings.is_empty(), "{:?}", doc.warnings);
    assert_eq!((doc.clip.files.len(), doc.clip.frames), (6, Some(48)));
}

fn warned(doc: &ClipDoc, code: &str) -> Vec<String> {
    doc.warnings.iter().filter(|w| w.code == code).map(|w| w.message.clone()).collect()
}

#[test]
fn a_composition_alone() {
    let s = Sample::default();
    assert_eq!(Imf.probe(s.composition().as_bytes(), Path::new("x")), 100);
    assert_eq!(Imf.probe(s.asset_map().as_bytes(), Path::new("CPL_1.xml")), 0);
    let doc = read(&s);
    assert_eq!((doc.format.id.as_str(), doc.format.decodable), ("imf", false));
    assert_eq!(doc.clip.uuid.as_deref(), Some(id::COMPOSITION));
    assert_eq!((doc.clip.frames, doc.fps.project), (Some(48), Rational::new(24, 1)));
    assert_eq!(doc.timecode.as_ref().unwrap().start, "01:00:00:00");
    assert_eq!(
        (doc.image.width, doc.image.height, doc.image.scan.as_deref()),
        (Some(2048), Some(1080), Some("progressive"))
    );
    assert_eq!((doc.format.codec.as_deref(), doc.format.bit_depth), (Some("JPEG 2000"), Some(12)));
    assert_eq!(doc.format.compression.as_deref(), Some("IMF 2K"));
    let c = &doc.color;
    assert_eq!(
        [&c.primaries, &c.transfer, &c.matrix, &c.range].map(|x| x.as_deref().unwrap()),
        ["P3-D65", "Gamma 2.6", "RGB", "full"]
    );
    assert_eq!((doc.audio.channels, doc.audio.rate, doc.audio.bit_depth), (Some(2), Some(48_000), Some(24)));
    assert_eq!(doc.audio.samples, Some(96_000));
    assert_eq!(doc.raw[ID]["ContentTitle"], "Senna");
    assert!(doc.recorded.is_empty(), "issued is not recorded");
    assert_eq!(doc.origin["image.width"].reader, "imf");
    assert!(doc.warnings.is_empty(), "{:?}", doc.warnings);
}

#[test]
fn lengths_that_are_not_known() {
    let huge = Play { repeat: Some(u64::MAX.to_string()), duration: Some("40".into()), ..Play::picture(48) };
    let doc = read(&Sample { pictures: vec![vec![huge]], ..Sample::default() });
    assert_eq!((doc.clip.frames, codes(&doc)), (None, vec!["IMF-LENGTH"]));
    let doc = read(&Sample { rate: "24".into(), ..Sample::default() });
    assert_eq!((doc.clip.frames, doc.timecode.is_none()), (None, true));
    assert_eq!(codes(&doc), ["IMF-RATE", "IMF-TIMECODE", "IMF-LENGTH"]);
    // the sound has no sequence in the second segment
    let doc = read(&Sample { pictures: vec![vec![Play::picture(4)], vec![Play::picture(5)]], ..Sample::default() });
    assert_eq!((doc.clip.frames, doc.audio.samples), (Some(9), None));
    let picture = doc.raw[ID]["picture.resources"].as_array().unwrap();
    assert_eq!(picture.len(), 2);
    assert_eq!(codes(&doc), ["IMF-ID"], "both resources have one identifier");
}

#[test]
fn timecode_at_its_own_pace() {
    let of = |rate: &str, timecode: (&str, u32, bool)| {
        let timecode = Some((timecode.0.to_owned(), timecode.1, timecode.2));
        let doc = read(&Sample { rate: rate.into(), timecode, samples: None, ..Sample::default() });
        doc.timecode.map(|t| (t.start, t.rate.to_string(), t.drop))
    };
    assert_eq!(of("60000 1001", ("00:01:00:04", 60, true)), Some(("00:01:00;04".into(), "60000/1001".into(), true)));
    assert_eq!(of("60000 1001", ("10:00:00:00", 30, false)), Some(("10:00:00:00".into(), "30000/1001".into(), false)));
    assert_eq!(of("50 1", ("10:00:00:00", 25, false)), Some(("10:00:00:00".into(), "25/1".into(), false)));
    assert_eq!(of("24 1", ("10:00:00:24", 24, false)), None);
    assert_eq!(of("24 1", ("soon", 24, false)), None);
}

#[test]
fn descriptors_that_are_missing_or_odd() {
    let doc = read(&Sample { kind: "PhDescriptor".into(), ..Sample::default() });
    assert_eq!((doc.image.width, codes(&doc)), (None, vec!["IMF-DESCRIPTOR"]));
    let text = Sample::default().composition().replace("<SourceEncoding>urn:uuid:4", "<SourceEncoding>urn:uuid:5");
    let doc = read_bytes(&Imf, text.as_bytes()).unwrap();
    assert_eq!((doc.image.width, codes(&doc)), (None, vec!["IMF-DESCRIPTOR"]));
    let base = Sample::default();
    let doc = read(&Sample { picture: base.picture.replace("2048", "wide"), ..base.clone() });
    assert!(warned(&doc, "IMF-VALUE")[0].starts_with("StoredWidth of"), "{:?}", doc.warnings);
    // Y'CbCr with fields, video levels
    let levels = "<r:BlackRefLevel>64</r:BlackRefLevel><r:WhiteRefLevel>940</r:WhiteRefLevel><r:ComponentDepth>10</r:ComponentDepth>\
                  <r:CodingEquations>urn:smpte:ul:060e2b34.04010101.04010101.02020000</r:CodingEquations>\
                  <r:FieldDominance>1</r:FieldDominance>";
    let picture = base.picture.replace("FullFrame", "SeparateFields").replace("1080", "540") + levels;
    let picture = picture.split("<r:PixelLayout>").next().unwrap().to_owned() + levels;
    let doc = read(&Sample { kind: "CDCIDescriptor".into(), picture, ..base });
    assert_eq!((doc.image.height, doc.image.scan.as_deref()), (Some(1080), Some("top field first")));
    assert_eq!((doc.color.matrix.as_deref(), doc.color.range.as_deref()), (Some("BT.709"), Some("video")));
    assert_eq!(doc.format.bit_depth, Some(10));
}

#[test]
fn digital_cinema_is_said_to_be_something_else() {
    let text = "<CompositionPlaylist xmlns=\"http://www.smpte-ra.org/schemas/429-7/2006/CPL\"><ReelList/></CompositionPlaylist>";
    let doc = read_bytes(&Imf, text.as_bytes()).unwrap();
    assert!(doc.problem.unwrap().what.contains("ST 429-7"));
}

#[test]
fn a_whole_package() {
    let doc = package(&Sample::default().package());
    assert!(doc.warnings.is_empty(), "{:?}", doc.warnings);
    assert_eq!((doc.clip.files.len(), doc.clip.frames), (6, Some(48)));
    assert_eq!(doc.timecode.unwrap().end.as_deref(), Some("01:00:02:00"));
    assert_eq!(doc.clip.duration_s, Some(2.0));
    assert_eq!(doc.raw[ID]["package.played"], 2);
}

#[test]
fn packages_that_lack_something() {
    let without = |name: &str| {
        let files = Sample::default().package();
        package(&files.into_iter().filter(|(n, _)| *n != name).collect::<Vec<_>>())
    };
    assert_eq!(warned(&without("sound.mxf"), "IMF-ASSET"), ["files of the composition are missing: sound.mxf"]);
    assert_eq!(codes(&without("ASSETMAP.xml")), ["IMF-ASSETMAP"]);
    assert!(without("PKL_1.xml").warnings.is_empty());
    let change = |name: &str, act: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let files = Sample::default().package().into_iter();
        package(&files.map(|(n, b)| (n, if n == name { act(b) } else { b })).collect::<Vec<_>>())
    };
    let doc = change("picture.mxf", &|_| Vec::new());
    assert_eq!(warned(&doc, "IMF-ASSET"), ["files of the composition have no bytes: picture.mxf"]);
    let doc = change("picture.mxf", &|b| b[1..].to_vec());
    assert!(warned(&doc, "IMF-PACKING-LIST")[0].ends_with("picture.mxf has 9, not 10"), "{:?}", doc.warnings);
    let map = |from: &'static str, to: &'static str| {
        change("ASSETMAP.xml", &move |b| String::from_utf8(b).unwrap().replace(from, to).into_bytes())
    };
    for (path, what) in [
        ("../sound.mxf", "do not stay in the package: `../sound.mxf`"),
        ("/sound.mxf", "do not stay in the package: `/sound.mxf`"),
        ("file:///roll/sound.mxf", "do not stay in the package"),
        ("audio/sound.mxf", "lie in other folders"),
        ("other.mxf</Path><VolumeIndex>2</VolumeIndex><Path>", "lie on other volumes"),
    ] {
        let doc = map("sound.mxf", path);
        assert!(warned(&doc, "IMF-ASSET").iter().any(|w| w.contains(what)), "{path}: {:?}", doc.warnings);
    }
    assert!(map("picture.mxf", "pic%74ure.mxf").warnings.is_empty());
    let doc = map(id::SOUND, "00000000-0000-4000-8000-000000000000");
    assert!(warned(&doc, "IMF-ELSEWHERE")[0].ends_with(id::SOUND), "{:?}", doc.warnings);
    assert_eq!(codes(&map(id::COMPOSITION, "00000000-0000-4000-8000-000000000000")), ["IMF-ELSEWHERE"]);
    let doc = map("sound.mxf", "a&#27;[31m.mxf");
    assert!(
        warned(&doc, "IMF-ASSET").iter().all(|w| !w.contains('\u{1b}') && w.contains("[31m")),
        "{:?}",
        doc.warnings
    );
    // one asset twice: the first counts
    let doc = map("</AssetList>", "<Asset><Id>urn:uuid:22222222-2222-4222-8222-222222222222</Id></Asset></AssetList>");
    assert_eq!(codes(&doc), ["IMF-ID"]);
    let doc = change("ASSETMAP.xml", &|b| b[..b.len() / 2].to_vec());
    assert!(warned(&doc, "IMF-DOCUMENT")[0].contains("FILE-TRUNCATED"), "{:?}", doc.warnings);
    assert_eq!(doc.clip.frames, Some(48));
}

#[test]
fn further_compositions_are_named() {
    let mut files = Sample::default().package();
    files.insert(1, ("CPL_2.xml", b"<CompositionPlaylist/>".to_vec()));
    let doc = package(&files);
    assert_eq!(codes(&doc), ["IMF-COMPOSITIONS"]);
    assert_eq!(doc.raw[ID]["package.other_compositions"], json!(["CPL_2.xml"]));
}

#[test]
fn hostile_bytes() {
    flips_and_cuts(&Imf, Sample::default().composition().trim_end().as_bytes(), true);
    // what is wrong with the other documents never costs the composition
    for which in [1, 3] {
        let good = Sample::default().package();
        for n in (0..good[which].1.len()).step_by(7) {
            let (mut cut, mut flipped) = (good.clone(), good.clone());
            cut[which].1.truncate(n);
            flipped[which].1[n] ^= 0x81;
            assert_eq!((package(&cut).clip.frames, package(&flipped).clip.frames), (Some(48), Some(48)));
        }
    }
}
