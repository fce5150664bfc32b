//! Conditions: the table of unknowns, static errors, hostile texts.

use super::*;
use crate::model::{AudioTrack, Cdl, ClipDoc, ClipUnit, FrameGuide, Rational, Rect, TimecodeInfo};
use crate::rules::fields;
use std::time::{Duration, Instant};

fn doc() -> ClipDoc {
    let mut d = ClipDoc::new("A001C001", ClipUnit::File);
    d.format.id = "mov".into();
    d.camera.make = Some("ARRI".into());
    d.image.width = Some(4608);
    d.image.pixel_aspect = Some(1.0);
    d.fps.project = Rational::new(24, 1);
    d.audio.tracks =
        Some(vec![AudioTrack { channel: 1, name: "Boom".into() }, AudioTrack { channel: 2, name: "Lav".into() }]);
    d
}

fn ask(text: &str, d: &ClipDoc) -> Verdict {
    let c = Condition::compile(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    c.evaluate(&Scope::new(d, "senna", "ocf"))
}

fn unknown(field: &str) -> Verdict {
    Verdict::Unknown { field: field.into() }
}

#[test]
fn known_fields_answer() {
    let d = doc();
    for (text, want) in [
        ("camera.make == \"ARRI\" && image.width >= 3840", true),
        ("camera.make == 'RED'", false),
        ("show == 'senna' && folder == 'ocf' && clip.name.startsWith('A001')", true),
        ("image.width * 2 > 9000 && image.pixel_aspect == 1", true),
        ("fps.project == '24/1'", true),
        ("audio.tracks.exists(t, t.name == 'Boom')", true),
        ("audio.tracks.all(t, t.channel < 2)", false),
        ("size(audio.tracks) == 2 && audio.tracks[0].name == 'Boom'", true),
        ("audio.tracks.filter(t, t.name.contains('a')).size() == 1", true),
        ("'Lav' in audio.tracks.map(t, t.name)", true),
        ("camera['make'] == 'ARRI'", true),
        ("has(camera.make) && !has(camera.model)", true),
        ("has(reel)", false),
        ("has( audio ) && !has(lens)", true),
        ("has(image.active.width)", false),
        ("format.id in ['mov', 'mp4']", true),
    ] {
        assert_eq!(ask(text, &d), if want { Verdict::True } else { Verdict::False }, "{text}");
    }
}

#[test]
fn absent_fields_are_unknown_and_named() {
    let d = doc();
    for (text, want) in [
        ("lens.focal_length_mm > 40.0", unknown("lens.focal_length_mm")),
        ("camera.model == 'ALEXA 35'", unknown("camera.model")),
        ("camera.model != 'ALEXA 35'", unknown("camera.model")),
        ("reel == 'A001'", unknown("reel")),
        ("!slate.circled", unknown("slate.circled")),
        ("image.active.width > 10", unknown("image.active")),
        ("timecode.start.startsWith('10:')", unknown("timecode.start")),
        ("camera.make == 'ARRI' && lens.make == 'Zeiss'", unknown("lens.make")),
        ("lens.make == 'Zeiss' || camera.model == 'x'", unknown("lens.make")),
        ("size(slate.scene) > 2 ? true : false", unknown("slate.scene")),
        ("camera.make == 'ARRI' ? reel == 'x' : lens.make == 'y'", unknown("reel")),
        ("camera.make in [lens.make]", unknown("lens.make")),
        ("audio.tracks[7].name == 'x'", unknown("audio.tracks[]")),
        ("clip.gaps.exists(g, g.first > 3)", unknown("clip.gaps")),
        // a known part decides, as the language says
        ("camera.make == 'RED' && lens.make == 'Zeiss'", Verdict::False),
        ("lens.make == 'Zeiss' && camera.make == 'RED'", Verdict::False),
        ("lens.make == 'Zeiss' || camera.make == 'ARRI'", Verdict::True),
        ("has(lens.make) && lens.make == 'Zeiss'", Verdict::False),
    ] {
        assert_eq!(ask(text, &d), want, "{text}");
    }
}

#[test]
fn what_is_no_truth_value_fails_with_a_sentence() {
    let d = doc();
    for text in ["size(camera.make)", "camera.make > image.width", "camera.make + 'x'", "image.width / 0 == 1"] {
        match ask(text, &d) {
            Verdict::Failed { message } => assert!(!message.is_empty() && message.len() < 400, "{text}: {message}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn values_that_are_too_long_are_left_out() {
    let mut d = doc();
    d.slate.note = Some("x".repeat(MAX_TEXT + 1));
    d.audio.tracks = Some((1..200).map(|n| AudioTrack { channel: n, name: "x".into() }).collect());
    assert_eq!(ask("slate.note == 'x'", &d), unknown("slate.note"));
    assert_eq!(ask("audio.tracks.all(t, t.channel > 0)", &d), unknown("audio.tracks"));
    assert_eq!(Scope::new(&d, "s", "f").left_out(), ["slate.note", "audio.tracks"]);
}

use crate::rules::MAX_TEXT;

fn flaw(text: &str) -> Flaw {
    Condition::compile(text).expect_err(text).into_iter().next().expect(text)
}

#[test]
fn mistakes_have_places_and_suggestions() {
    for (text, at, part, fix) in [
        ("camera.maker == 'ARRI'", 0, "no field `camera.maker`", Some("did you mean `camera.make`?")),
        ("true && has(rel)", 12, "no field `rel`", Some("did you mean `reel`?")),
        ("has(reel) && imag.width > 1", 13, "no field `imag.width`", Some("did you mean `image.width`?")),
        ("true || startWith(reel, 'x')", 8, "no function `startWith`", Some("did you mean `startsWith`?")),
        ("'ä' == reel && camra.make == 'x'", 16, "no field `camra.make`", Some("did you mean `camera.make`?")),
        (
            "audio.tracks.exists(t, t.nmae == 'x')",
            23,
            "no field `audio.tracks[].nmae`",
            Some("did you mean `audio.tracks[].name`?"),
        ),
        ("raw.arri.x == 1", 0, "no field `raw.arri.x`", Some("conditions see the normalised fields only")),
        ("a", 0, "no field `a`", Some("see docs/fields.md")),
        ("not (has(reel))", 0, "no function `not`", Some("write `!`")),
        ("has()", 0, "`has` asks for one field", Some("write `has(camera.make)`")),
    ] {
        let f = flaw(text);
        assert_eq!(f.offset, at, "{text}: {f:?}");
        assert!(f.message.contains(part), "{text}: {}", f.message);
        assert_eq!(f.suggestion.as_deref(), fix, "{text}");
    }
    let many = Condition::compile("camera.maker == 'x' && lens.maker == 'y' && foo(1)").unwrap_err();
    assert_eq!(many.len(), 3, "{many:?}");
}

#[test]
fn syntax_errors_have_places() {
    let cut = flaw("camera.make == ");
    assert!((14..=15).contains(&cut.offset), "{cut:?}");
    let double = flaw("has(reel) && camera.make === 'x'");
    assert!((25..=28).contains(&double.offset), "{double:?}");
    let second_line = flaw("camera.make == 'x' &&\n  ) reel");
    assert_eq!(second_line.offset, 24, "{second_line:?}");
    for text in [
        "",
        "   ",
        "'abc",
        "a b",
        "has()",
        "has(1)",
        "@",
        "\u{0}",
        "camera.",
        "1 +",
        "{",
        "x.map(1, 2)",
        "Foo{a: 1}",
        "a.?b",
    ] {
        assert!(Condition::compile(text).is_err(), "{text:?}");
    }
}

/// Every text is refused or bounded: compiled and evaluated in well under a second, even unoptimised.
#[test]
fn hostile_conditions_end() {
    let list = "audio.tracks";
    let nested = |n: usize| (0..n).fold("true".to_owned(), |inner, i| format!("{list}.all(x{i}, {inner})"));
    let chain = |sep: &str, part: &str| vec![part; MAX_CONDITION / (sep.len() + part.len()) - 1].join(sep);
    let texts = [
        "(".repeat(MAX_CONDITION),
        format!("{}1{}", "(".repeat(2000), ")".repeat(2000)),
        format!("{}true", "!".repeat(4000)),
        format!("{}1 == 1", "-".repeat(4000)),
        chain("+", "1"),
        chain("&&", "true"),
        chain("||", "has(reel)"),
        chain(" == ", "1"),
        chain(".", "a"),
        chain("?true:", "true"),
        chain("?", "true"),
        format!("[{}]", chain(",", "1")),
        "[".repeat(31) + &"]".repeat(31),
        chain("[", "a"),
        format!("size({}) > 1", chain("+", "slate.note")),
        format!("({}).exists(x, x == 1)", chain("+", list)),
        nested(2),
        nested(3),
        nested(20),
        format!("{list}.map(x, {list}).map(y, {list}).map(z, {list}).size() > 1"),
        format!("{list}.map(x, {list}.map(y, {list})).size() > 1"),
        format!("{list}.exists(x, {list}.exists(y, x == y && {list} == {list}))"),
        format!("{list}.exists(x, slate.note + slate.note == slate.note)"),
        "has(".repeat(31) + "reel" + &")".repeat(31),
        "\"".repeat(4000),
        "a\u{0}".repeat(1000),
        "{'a':".repeat(30) + "1" + &"}".repeat(30),
        "ma[[[[[[[[[[[[[[[[[[[[[[[[[[[[\u{c}\0\0[[[putTo?[[".to_owned(),
        chain("%", "1u"),
        chain(" in ", "[1]"),
        format!("{}true{}", "(true ? ".repeat(30), " : false)".repeat(30)),
    ];
    let mut full = doc();
    full.slate.note = Some("n".repeat(MAX_TEXT));
    full.reel = Some("r".repeat(MAX_TEXT));
    full.audio.tracks = Some((0..128).map(|n| AudioTrack { channel: n, name: "t".repeat(MAX_TEXT) }).collect());
    let scope = Scope::new(&full, "s", "f");
    let mut slowest = (Duration::ZERO, Duration::ZERO);
    for text in texts {
        let start = Instant::now();
        let compiled = Condition::compile(&text);
        let compile = start.elapsed();
        let start = Instant::now();
        if let Ok(c) = compiled {
            let _ = c.evaluate(&scope);
        }
        let run = start.elapsed();
        slowest = (slowest.0.max(compile), slowest.1.max(run));
        let head: String = text.chars().take(60).collect();
        println!("compile {compile:?} run {run:?} {head}");
        assert!(compile < Duration::from_secs(20) && run < Duration::from_secs(5), "{compile:?} {run:?} {head}");
    }
    println!("slowest: compile {:?}, run {:?}", slowest.0, slowest.1);
}

#[test]
fn dearest_accepted_loop_is_bounded() {
    assert!(Condition::compile("audio.tracks.all(x, audio.tracks.all(y, x.channel < 500))").is_ok());
    let three = "audio.tracks.all(x, audio.tracks.all(y, audio.tracks.all(z, true)))";
    assert!(Condition::compile(three).is_err());
}

type Shape<'a> = &'a dyn Fn(&str) -> String;

/// Conditions of one shape are filled until one more term would be refused, and asked about the largest clip that a
/// condition can see. In a release build this prints the figure of the `cost` module.
#[test]
fn dearest_accepted_conditions_end_soon() {
    let t = "audio.tracks";
    let nested = |inner: &str| format!("{t}.all(x, {t}.all(y, {inner}))");
    let once = |inner: &str| format!("{t}.all(x, {inner})");
    let plain = |inner: &str| inner.to_owned();
    let shapes: [(&str, Shape<'_>); 10] = [
        ("x.channel < 500", &nested),
        ("x.name != 'a'", &once),
        ("x.name == slate.note", &once),
        ("slate.note + reel != 'a'", &once),
        ("!slate.note.contains(reel + 'b')", &once),
        ("string(slate.note) == slate.note", &once),
        ("audio.tracks == audio.tracks", &once),
        ("audio.tracks[127] in audio.tracks", &once),
        ("size(audio.tracks.map(y, y.name)) == 128", &plain),
        ("audio.tracks + audio.tracks != []", &once),
    ];
    let mut largest = doc();
    largest.slate.note = Some("t".repeat(MAX_TEXT));
    largest.reel = Some("t".repeat(MAX_TEXT / 2));
    largest.audio.tracks = Some((0..128).map(|n| AudioTrack { channel: n, name: "t".repeat(MAX_TEXT) }).collect());
    let scope = Scope::new(&largest, "s", "f");
    let mut slowest = Duration::ZERO;
    for (term, shape) in shapes {
        let filled = |n: usize| Condition::compile(&shape(&vec![term; n].join(" && "))).ok();
        let least_refused = (1..=120).collect::<Vec<_>>().partition_point(|n| filled(*n).is_some()) + 1;
        let most = (1..least_refused).next_back().and_then(|n| Some((n, filled(n)?)));
        let Some((n, condition)) = most else { panic!("{term} is not accepted once") };
        let start = Instant::now();
        let answer = condition.evaluate(&scope);
        let took = start.elapsed();
        println!("{took:?} for {n} x {term}: {answer:?}");
        assert!(matches!(answer, Verdict::True), "{term}: {answer:?}");
        slowest = slowest.max(took);
    }
    println!("slowest: {slowest:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_judged(text in "[a-z.()\\[\\]{}'\"&|!=<> 0-9?:,+*-]{0,60}") {
        if let Ok(c) = Condition::compile(&text) {
            let _ = c.evaluate(&Scope::new(&doc(), "s", "f"));
        }
    }
}

/// A document in which every optional field is set.
fn full() -> ClipDoc {
    let mut d = doc();
    let s = || Some("x".to_owned());
    d.clip.id = "x".into();
    (d.clip.frames, d.clip.first_frame, d.clip.uuid, d.clip.umid) = (Some(1), Some(1), s(), s());
    d.clip.duration_s = Some(1.5);
    d.clip.gaps = vec![crate::model::FrameGap { first: 1, last: 2 }];
    let f = &mut d.format;
    (f.container, f.codec, f.bit_depth, f.compression) = (s(), s(), Some(8), s());
    f.undecodable = s();
    let c = &mut d.camera;
    (c.make, c.model, c.serial, c.firmware, c.index) = (s(), s(), s(), s(), s());
    d.reel = s();
    let l = &mut d.slate;
    (l.scene, l.shot, l.take, l.circled, l.note) = (s(), s(), s(), Some(true), s());
    let rate = Rational::new(24, 1).unwrap();
    d.timecode = Some(TimecodeInfo { start: "x".into(), end: s(), rate, drop: false });
    (d.fps.project, d.fps.sensor) = (Some(rate), Some(rate));
    let e = &mut d.exposure;
    (e.iso, e.shutter_angle, e.shutter_s) = (Some(1), Some(1.5), Some(1.5));
    (e.nd, e.white_balance_k, e.tint) = (s(), Some(1), Some(1.5));
    let l = &mut d.lens;
    (l.make, l.model, l.serial) = (s(), s(), s());
    (l.focal_length_mm, l.t_stop, l.focus_m, l.squeeze) = (Some(1.5), Some(1.5), Some(1.5), Some(1.5));
    let i = &mut d.image;
    (i.height, i.active, i.orientation, i.scan) = (Some(1), Some(Rect::default()), Some(0), s());
    i.frame_guides = Some(vec![FrameGuide { name: "x".into(), x: 1.0, y: 1.0, width: 1.0, height: 1.0 }]);
    let c = &mut d.color;
    (c.space, c.primaries, c.transfer, c.matrix, c.range, c.look) = (s(), s(), s(), s(), s(), s());
    c.cdl = Some(Cdl { slope: [1.0; 3], offset: [0.0; 3], power: [1.0; 3], saturation: 1.0 });
    c.look_baked = Some(false);
    let a = &mut d.audio;
    (a.channels, a.rate, a.bit_depth, a.timecode) = (Some(1), Some(1), Some(1), s());
    (a.samples, a.samples_since_midnight) = (Some(1), Some(1));
    d.recorded.date = s();
    d.media.serial = s();
    d.warn("X", "y");
    d.problem = Some(crate::model::Error::malformed("x"));
    d
}

#[test]
fn the_list_of_fields_is_the_schema() {
    fn names(v: &serde_json::Value, at: &str, out: &mut Vec<String>) {
        match v {
            serde_json::Value::Object(o) => {
                for (k, x) in o {
                    let path = if at.is_empty() { k.clone() } else { format!("{at}.{k}") };
                    out.push(path.clone());
                    names(x, &path, out);
                }
            }
            serde_json::Value::Array(a) => a.iter().for_each(|x| names(x, &format!("{at}[]"), out)),
            _ => {}
        }
    }
    let mut found = vec!["show".to_owned(), "folder".to_owned()];
    names(&serde_json::to_value(full()).unwrap(), "", &mut found);
    // seen by people and scripts, not by conditions
    let hidden = ["origin", "raw", "defaults", "clip.files", "problem.place"];
    found.retain(|f| !hidden.iter().any(|h| f == h || f.starts_with(&format!("{h}."))));
    found.sort();
    found.dedup();
    let mut listed: Vec<String> = fields::FIELDS.iter().map(|(n, _)| (*n).to_owned()).collect();
    listed.sort();
    assert_eq!(found, listed);
}

#[test]
fn every_listed_field_can_be_asked_for() {
    let d = full();
    let scope = Scope::new(&d, "s", "f");
    for (name, kind) in fields::FIELDS.iter().filter(|(n, _)| !n.contains("[]")) {
        let text = format!("has({name})");
        let c = Condition::compile(&text).unwrap_or_else(|e| panic!("{text} {e:?}"));
        assert_eq!(c.evaluate(&scope), Verdict::True, "{text} {kind:?}");
        let none = Scope { values: Scope::new(&ClipDoc::new("x", ClipUnit::File), "s", "f").values, ..scope.clone() };
        assert!(matches!(c.evaluate(&none), Verdict::True | Verdict::False), "{text}");
    }
}

#[test]
fn messages_name_types_and_not_the_inside_of_groups() {
    for (text, want) in [
        ("image % image.width == 2", "`rem` does not work on map and int"),
        ("image + 1 == 2", "`add` does not work on map and int"),
        ("-image == 1", "map"),
        ("image < image.width", "map"),
    ] {
        let Verdict::Failed { message } = ask(text, &doc()) else { panic!("{text}") };
        assert!(message.contains(want) && !message.contains("4608"), "{text}: {message}");
    }
}
