//! Metadata files beside clips: what is filled, what contradicts, what is none of the clip.

use super::*;
use crate::model::{ClipUnit, MediaPath};
use std::io::Write;
use std::path::Path;

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">
 <Duration value="48"/>
 <LtcChangeTable tcFps="24"><LtcChange frameCount="0" value="19044716" status="increment"/></LtcChangeTable>
 <VideoFormat><VideoFrame videoCodec="AVC" captureFps="23.98p" formatFps="23.98p"/>
  <VideoLayout pixel="3840" numOfVerticalLine="2160" aspectRatio="16:9"/></VideoFormat>
 <Device manufacturer="Sony" modelName="ILME-FX3" serialNo="1234567"/>
</NonRealTimeMeta>"#;

/// A document after files of these names and contents were merged into it.
fn merged(mut doc: ClipDoc, files: &[(&str, &[u8])]) -> ClipDoc {
    let open: Vec<_> = files
        .iter()
        .map(|(name, bytes)| {
            let mut f = tempfile::tempfile().unwrap();
            f.write_all(bytes).unwrap();
            (MediaPath::from(Path::new(name)), f, bytes.len() as u64)
        })
        .collect();
    let inputs: Vec<Input<'_>> = open.iter().map(|(path, file, size)| Input { path, file, size: *size }).collect();
    merge(&mut doc, &inputs, &Limits::default());
    doc
}

fn movie() -> ClipDoc {
    let mut doc = ClipDoc::new("C0001", ClipUnit::File);
    doc.image.width = Some(3840);
    doc.camera.make = Some("SONY".into());
    doc
}

#[test]
fn what_is_absent_is_filled_and_names_its_file() {
    let doc = merged(movie(), &[("C0001M01.XML", XML.as_bytes())]);
    assert_eq!((doc.camera.model.as_deref(), doc.camera.serial.as_deref()), (Some("ILME-FX3"), Some("1234567")));
    assert_eq!((doc.camera.make.as_deref(), doc.image.height), (Some("SONY"), Some(2160)));
    let t = doc.timecode.unwrap();
    assert_eq!((t.start.as_str(), t.rate, t.drop), ("16:47:04:19", Rational::new(24_000, 1001).unwrap(), false));
    let o = &doc.origin["camera.model"];
    assert_eq!((o.reader.as_str(), o.place.as_str()), ("sony-xml", "C0001M01.XML"));
    assert!(doc.origin.contains_key("timecode.start") && doc.raw.contains_key("sony-xml"));
    assert_eq!(doc.clip.sidecars[0].path.to_text(), "C0001M01.XML");
    assert_eq!(doc.warnings, []);
}

#[test]
fn a_contradiction_names_both_and_the_clip_stands() {
    let mut doc = movie();
    doc.image.width = Some(1920);
    doc.set("camera.serial", |d| &mut d.camera.serial, "999".into(), Origin::new("mov", "serial", "moov"));
    let doc = merged(doc, &[("C0001M01.XML", XML.as_bytes())]);
    assert_eq!((doc.image.width, doc.camera.serial.as_deref()), (Some(1920), Some("999")));
    let said: Vec<&str> = doc.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(doc.warnings.len(), 2, "{said:?}");
    assert!(doc.warnings.iter().all(|w| w.code == "META-CONFLICT"));
    let serial = said.iter().find(|t| t.starts_with("camera.serial")).unwrap();
    assert!(serial.contains("\"999\" from mov serial but \"1234567\" from sony-xml"), "{serial}");
    assert!(serial.contains("in C0001M01.XML; the first is kept"), "{serial}");
}

#[test]
fn files_that_are_none_of_the_clip() {
    let table = "Clip Name,ReelID,Abs TC,FPS\nB002_C001_0101XX,B002,01:00:00:00,24\n";
    let doc = merged(
        movie(),
        &[("C0001.csv", table.as_bytes()), ("C0001.txt", b"notes"), ("C0001M01.XML", b"<NonRealTimeMeta><x")],
    );
    assert!(doc.clip.sidecars.is_empty() && doc.reel.is_none());
    let codes: Vec<&str> = doc.warnings.iter().map(|w| w.code.as_ref()).collect();
    assert_eq!(codes, ["SIDECAR-UNREADABLE", "SIDECAR-OTHER"], "{:?}", doc.warnings);
    assert!(doc.warnings[1].message.contains("B002_C001_0101XX"));
}

#[test]
fn sound_and_scaled_pictures_take_what_is_theirs() {
    let table = "Index\tMaster TC\tCamera Serial Number\tScene\tExposure Index ASA\tImage Width\tImage Height\t\
                 Active Image Left\tActive Image Top\tActive Image Width\tActive Image Height\n\
                 0\t01:00:00:00\t7\t12A\t800\t4448\t3096\t0\t4\t4448\t3088\n";
    let mut sound = ClipDoc::new("C0001", ClipUnit::File);
    sound.audio.rate = Some(48_000);
    let doc = merged(sound, &[("C0001.csv", table.as_bytes())]);
    assert_eq!((doc.slate.scene.as_deref(), doc.exposure.iso, doc.camera.serial), (Some("12A"), None, None));
    let doc = merged(movie(), &[("C0001.csv", table.as_bytes())]);
    assert_eq!((doc.exposure.iso, doc.image.active), (Some(800), None), "the picture has another size");
    let mut whole = movie();
    whole.image.width = Some(4448);
    assert!(merged(whole, &[("C0001.csv", table.as_bytes())]).image.active.is_some());
}

#[test]
fn names_of_cameras() {
    for (name, reel) in [
        ("A001C001_210101_R2EC", Some(("A", "A001"))),
        ("D001C005_210716AG", Some(("D", "D001"))),
        ("A001_C066_0303LZ_001", Some(("A", "A001"))),
        ("B012_04190112_C102", Some(("B", "B012"))),
        ("A001C001", None),
        ("A001R2EC_C001", None),
        ("a001C001_210101", None),
        ("A001C0012_210101", None),
        ("A1", None),
        ("ä001C001_21", None),
    ] {
        assert_eq!(reel_of(name), reel, "{name}");
    }
    let mut doc = movie();
    doc.clip.name = "A001C001_210101_R2EC".into();
    doc.reel = Some("A001R2EC".into());
    from_name(&mut doc);
    assert_eq!((doc.camera.index.as_deref(), doc.warnings.len()), (Some("A"), 0));
    doc.reel = Some("B007".into());
    from_name(&mut doc);
    assert!(doc.warnings[0].message.contains("reel is \"B007\" but \"A001\" from name"), "{:?}", doc.warnings);
}

#[test]
fn what_agrees() {
    let v = |t: &str| serde_json::from_str::<Value>(t).unwrap();
    for (a, b, same) in [
        ("172.8", "172.79", true),
        ("800", "1600", false),
        ("\"24000/1001\"", "\"24/1\"", false),
        ("\"ALEXA 35\"", "\"Alexa35\"", true),
        ("\"A001\"", "\"A001R2EC\"", true),
        ("\"A\"", "\"A001\"", false),
        ("[1.0,1.0,1.0]", "[1,1,1.001]", true),
        ("{\"x\":1,\"y\":2}", "{\"x\":1}", true),
        ("true", "false", false),
    ] {
        assert_eq!(agree(&v(a), &v(b)), same, "{a} {b}");
    }
}
