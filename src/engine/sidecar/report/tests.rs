//! Reports of made-up rolls.

use super::*;
use crate::model::{AudioTrack, CheckResult, ClipFile, ClipUnit, FrameGap, Rational, Severity, TimecodeInfo};
use proptest::prelude::*;
use quick_xml::events::Event;

fn clip() -> ClipDoc {
    let mut d = ClipDoc::new("A001C001_210101_R2EC", ClipUnit::File);
    d.clip.files.push(ClipFile {
        path: std::path::Path::new("A/A001C001_210101_R2EC.mov").into(),
        size: 1_400_123_456,
        xxh128: String::new(),
        hashes: Default::default(),
    });
    (d.clip.frames, d.clip.duration_s) = (Some(240), Some(10.01));
    d.fps.project = Rational::new(24_000, 1001);
    d.fps.sensor = Rational::new(48, 1);
    let rate = Rational::new(24_000, 1001).unwrap();
    d.timecode = Some(TimecodeInfo { start: "10:02:11:00".into(), end: None, rate, drop: false });
    d.reel = Some("A001R2EC".into());
    (d.image.width, d.image.height) = (Some(4608), Some(3164));
    d.format.codec = Some("ProRes 4444".into());
    d.format.bit_depth = Some(12);
    (d.camera.make, d.camera.model) = (Some("ARRI".into()), Some("ALEXA 35".into()));
    (d.camera.index, d.camera.serial) = (Some("A".into()), Some("50123".into()));
    (d.exposure.iso, d.exposure.shutter_angle) = (Some(800), Some(172.8));
    (d.exposure.white_balance_k, d.exposure.tint, d.exposure.nd) = (Some(5600), Some(-2.0), Some("0.6".into()));
    (d.lens.model, d.lens.focal_length_mm, d.lens.t_stop) = (Some("Signature Prime".into()), Some(47.0), Some(1.8));
    (d.slate.scene, d.slate.take, d.slate.circled) = (Some("12A".into()), Some("3".into()), Some(true));
    (d.audio.channels, d.audio.rate, d.audio.bit_depth) = (Some(2), Some(48_000), Some(24));
    d.recorded.date = Some("2021-01-01T10:02:11+01:00".into());
    d.warn("META-CONFLICT", "reel is A001 but B001");
    d
}

fn sound() -> ClipDoc {
    let mut d = ClipDoc::new("S001T003", ClipUnit::File);
    d.clip.duration_s = Some(12.345_67);
    d.audio.channels = Some(1);
    d.audio.tracks = Some(vec![AudioTrack { channel: 1, name: "Boom <1>".into() }]);
    d
}

fn of<'a>(name: &'a str, rows: Vec<Row<'a>>, others: &'a [(MediaPath, u64)], refused: &'a [Error]) -> Roll<'a> {
    Roll { name, date: None, rows, others, refused }
}

fn page(roll: &Roll<'_>) -> String {
    String::from_utf8(report(roll)).unwrap()
}

/// Every element's name and attributes; panics where the page is no well-formed XML.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = quick_xml::Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    let mut out = Vec::new();
    let mut open = 0i32;
    loop {
        let e = match reader.read_event().unwrap() {
            Event::Start(e) => {
                open += 1;
                e
            }
            Event::Empty(e) => e,
            Event::End(_) => {
                open -= 1;
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = e.name().as_ref().to_owned();
        let attributes =
            e.attributes().map(|a| a.unwrap()).map(|a| (a.key.as_ref().to_owned(), a.value.into_owned())).collect();
        out.push((name, attributes));
    }
    assert_eq!(open, 0);
    out
}

#[test]
fn golden() {
    let (a, b) = (clip(), sound());
    let rows =
        vec![Row { doc: &a, picture: Ok(vec![0xff, 0xd8, 0xff]) }, Row { doc: &b, picture: Err("sound alone".into()) }];
    let others = [(MediaPath::from(std::path::Path::new("A/A001.mhl")), 2_000)];
    let refused = [Error::malformed("the header is cut").at(std::path::Path::new("A/bad.mov"))];
    let mut roll = of("A001R2EC", rows, &others, &refused);
    roll.date = Some("2021-01-02");
    let text = page(&roll);
    assert_eq!(text, include_str!("../../../../tests/golden/report.html"));
    assert_eq!(report(&roll), report(&roll));
    let rows = elements(&text).iter().filter(|(n, _)| n == "img").count();
    assert_eq!(rows, 1);
    for told in [
        "10:02:11:00<br/>10:02:21:00",
        "00:00:10:00<br/><small>240 frames</small><br/><small>23.976 fps</small><br/><small>sensor 48 fps</small>",
        "ISO 800<br/>172.8°<br/>5600 K tint -2",
        "12A / 3<br/><b class=\"circled\">circled</b>",
        "12.346 s",
        "pictures 0:00:10, sound 0:00:12",
        "<td><b>2</b>: 1 with pictures, 1 of sound alone, 1 circled</td>",
        "META-CONFLICT in 1 clip",
        "1: Boom &lt;1&gt;",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
}

#[test]
fn nothing_known_is_a_row_of_dashes() {
    let d = ClipDoc::new("", ClipUnit::File);
    let text = page(&of("", vec![Row { doc: &d, picture: Err("none".into()) }], &[], &[]));
    elements(&text);
    assert_eq!(text.matches("<td>–</td>").count() + text.matches("<td class=\"tc\">–</td>").count(), 9);
    assert!(text.contains("none found in the metadata") && text.contains("1 of unknown length"));
    let empty = page(&of("x", Vec::new(), &[], &[]));
    assert!(!empty.contains("class=\"clips\""));
    elements(&empty);
}

#[test]
fn gaps_checks_and_long_lists_are_told_and_bounded() {
    let mut d = clip();
    d.clip.gaps = vec![FrameGap { first: 5, last: 8 }];
    d.checks.push(CheckResult {
        code: "CLIP-GAP".into(),
        severity: Severity::Hold,
        message: "m".repeat(10_000),
        overridable: true,
        waiver: None,
    });
    for n in 0..500 {
        d.warn("ODD", format!("number {n}"));
    }
    let others = vec![(MediaPath::from(std::path::Path::new("x")), 1); 5_000];
    let text = page(&of("r", vec![Row { doc: &d, picture: Ok(Vec::new()) }], &others, &[]));
    assert!(text.contains("frames 5 to 8") && text.contains("and 497 more") && text.contains("and 4900 more"));
    assert!(text.contains("00:00:10:04"), "missing frames count");
    assert!(text.len() < 20_000, "{}", text.len());
}

proptest! {
    /// Whatever names and texts hold, the page has the same elements, and nothing that is fetched or run.
    #[test]
    fn no_text_becomes_markup(
        s in prop_oneof![any::<String>(), "[<>&\"'/a-z =\u{0}-\u{1f}\u{202e}\u{fffe}]{0,40}"], n in 0usize..6
    ) {
        let plain = page(&of("x", vec![Row { doc: &clip(), picture: Err("x".into()) }], &[], &[]));
        let mut d = clip();
        let hostile = if n == 0 { "</td><script>alert(1)</script><img src=http://x onerror=y>]]>".into() } else { s };
        // a text may be empty, and then its line is left out
        let hostile = format!("{hostile}x");
        d.clip.name.clone_from(&hostile);
        d.timecode.as_mut().unwrap().start.clone_from(&hostile);
        for field in [&mut d.reel, &mut d.format.codec, &mut d.camera.make, &mut d.camera.model, &mut d.camera.serial,
            &mut d.exposure.nd, &mut d.lens.model, &mut d.slate.scene, &mut d.slate.take, &mut d.recorded.date] {
            *field = Some(hostile.clone());
        }
        d.warnings[0].message.clone_from(&hostile);
        d.warnings[0].code.clone_from(&hostile);
        let text = page(&of(&hostile, vec![Row { doc: &d, picture: Err(hostile.clone()) }], &[], &[]));
        let names = |p: &str| -> Vec<String> { elements(p).into_iter().map(|e| e.0).collect() };
        prop_assert_eq!(names(&text), names(&plain));
        for (name, attributes) in elements(&text) {
            prop_assert!(!["script", "link", "iframe", "object", "base", "form"].contains(&name.as_str()));
            for (key, value) in attributes {
                let harmless = ["lang", "xmlns", "charset", "http-equiv", "content", "name", "class", "scope", "colspan", "alt", "style"];
                let picture = key == "src" && value.starts_with("data:image/jpeg;base64,");
                prop_assert!(picture || harmless.contains(&key.as_str()), "{} {}", key, value);
            }
        }
    }
}
