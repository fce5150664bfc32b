//! Tests of the language: what it means, how it is read and printed, and what is said when it is wrong.

use super::samples::{self, Random};
use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Query {
    text.parse().unwrap_or_else(|f: Flaw| panic!("{}", f.render(text)))
}

fn flaw(text: &str) -> Flaw {
    text.parse::<Query>().expect_err(text)
}

fn full() -> Facts {
    let doc = serde_json::json!({
        "schema": "rushes.clip/1",
        "clip": {"id": "5f1c", "name": "A001C003_260112_R2EC", "unit": "file", "frames": 240, "duration_s": 10.0},
        "format": {"id": "mov", "codec": "ProRes 4444", "decodable": true},
        "camera": {"make": "ARRI", "model": "ALEXA 35"},
        "reel": "A001R2EC",
        "slate": {"scene": "12A", "note": "Good for sound", "circled": true},
        "timecode": {"start": "10:02:10:12", "end": "10:02:20:12", "rate": "24/1", "drop": false},
        "fps": {"project": "24000/1001"},
        "exposure": {"iso": 800, "shutter_angle": 172.8},
        "lens": {"t_stop": 2.799_999_952_316_284},
        "recorded": {"date": "2026-11-25T10:31:07+01:00"},
        "audio": {"tracks": [{"channel": 1, "name": "Boom"}, {"channel": 2, "name": "Mix"}]},
        "warnings": [],
    });
    let places = [Place { folder: "ocf".into(), path: "A001/A001C003_260112_R2EC.mov".into() }];
    Facts::new(&doc, "senna", &places, None)
}

#[test]
fn what_conditions_mean() {
    let f = full();
    for (q, want) in [
        ("reel=A001R2EC camera.make=ARRI tc=10:02:11:00 iso>=800", true),
        ("reel=a001r2ec", true),
        ("reel=A001", false),
        ("reel = A001*", true),
        ("reel=\"A001*\"", false),
        ("make=arri and model=\"alexa 35\"", true),
        ("iso<800 or iso<=800", true),
        ("iso==800", true),
        ("t_stop=2.8 t_stop<=2.8 not t_stop<2.8", true),
        ("fps=23.976 fps=24000/1001 fps<24 fps!=24", true),
        ("fps.sensor!=24", false),
        ("not fps.sensor=24", true),
        ("has:lens not has:lens.model has:timecode has:tc", true),
        ("tc=10:02:10:12", true),
        ("tc=10:02:20:11", true),
        ("tc=10:02:20:12", false),
        ("tc=10:02:10:11", false),
        ("tc!=10:02:10:11", true),
        ("tc=10:02:11:24", false),
        ("timecode.start>10:02:10:12 or timecode.start=10:02:10;12", true),
        ("timecode.start=10:02:*", true),
        ("start<10:02:11:00 timecode.end>10:02:11:00", true),
        ("date=2026-11 date=2026-11-25T10 date>2026-10 date<=2026-11-25", true),
        ("date>2026-11-25", false),
        ("good sound", true),
        ("\"for sound\" a001 r2ec mov", true),
        ("\"for soun\"", false),
        ("12a ARRI prores ocf senna", true),
        ("5f1c", false),
        ("tracks.name=boom audio.tracks[].name=MIX", true),
        ("audio.tracks.name!=boom", false),
        ("circled=yes not circled=no decodable=true", true),
        ("path=A001/*.mov folder=ocf present=yes", true),
        ("path=ocf*", false),
        ("", true),
        ("*", true),
        ("(reel=x or (not make=red)) and (* )", true),
        ("a001*", true),
    ] {
        assert_eq!(parse(q).holds(&f), want, "{q}");
    }
}

#[test]
fn labels_wrap_at_midnight_and_know_drop_frame() {
    let clip = |start: &str, end: &str, rate: &str, drop: bool| {
        let doc = serde_json::json!({"timecode": {"start": start, "end": end, "rate": rate, "drop": drop}});
        Facts::new(&doc, "s", &[], None)
    };
    let night = clip("23:59:59:00", "00:00:01:00", "24/1", false);
    for (label, want) in [("23:59:59:23", true), ("00:00:00:23", true), ("00:00:01:00", false), ("23:59:58:23", false)]
    {
        assert_eq!(parse(&format!("tc={label}")).holds(&night), want, "{label}");
    }
    let drop = clip("00:00:59;20", "00:01:01;00", "30000/1001", true);
    for (label, want) in [
        ("00:01:00;02", true),
        ("00:01:00:02", true),
        ("00:01:00;00", false),
        ("00:00:59;29", true),
        ("00:01:01;00", false),
    ] {
        assert_eq!(parse(&format!("tc={label}")).holds(&drop), want, "{label}");
    }
    let unknown_end = serde_json::json!({"timecode": {"start": "01:00:00:00", "rate": "25/1", "drop": false}});
    let one = Facts::new(&unknown_end, "s", &[], None);
    assert!(parse("tc=01:00:00:00").holds(&one) && !parse("tc=01:00:00:01").holds(&one));
}

#[test]
fn clips_that_are_gone_are_left_out_unless_asked_for() {
    let gone = Facts::new(&serde_json::json!({}), "s", &[], Some("A/b.mov"));
    assert!(!parse("path=A/*").of_present().holds(&gone));
    assert!(parse("path=A/* present=no").of_present().holds(&gone));
    assert!(parse("").of_present().holds(&full()) && !parse("").of_present().holds(&gone));
}

#[test]
fn flaws_have_a_place_and_say_what_to_write() {
    for (q, column, length, what, fix) in [
        ("rel=A001", 1, 3, "no field `rel`", Some("did you mean `reel`?")),
        ("make=x camera.mak=ARRI", 8, 10, "no field", Some("`camera.make`")),
        ("iso>=fast", 6, 4, "is a number", Some("800")),
        ("reel>A", 6, 1, "has no order", Some("`=`")),
        ("tc>10:00:00:00", 1, 2, "contains a label", Some("timecode.start")),
        ("tc=10:00", 4, 5, "not a timecode", Some("10:02:11:00")),
        ("bit_depth=10", 1, 9, "several fields", Some("format.bit_depth or audio.bit_depth")),
        ("color=x", 1, 5, "group", Some("color.space")),
        ("gaps=1", 1, 4, "list", Some("clip.gaps.first")),
        ("(reel=A", 1, 1, "not closed", Some(")")),
        ("reel=A)", 7, 1, "no bracket", None),
        ("reel=", 6, 0, "needs a value", Some("has:")),
        ("reel=\"A", 6, 2, "quotes", Some("\"")),
        ("or x", 1, 2, "before `or`", Some("\"or\"")),
        ("x and", 6, 0, "missing at the end", None),
        ("x !y", 3, 1, "field before", Some("not")),
        ("A0*3", 1, 4, "patterns need a field", Some("name=A0*3")),
        ("has:", 1, 4, "needs a field", None),
        ("has:lns", 5, 3, "no field `lns`", Some("lens")),
        ("circled=maybe", 9, 5, "yes or no", Some("yes")),
        ("date=11/25", 6, 5, "not a date", Some("2026-11")),
        ("fps=fast", 5, 4, "not a rate", Some("24000/1001")),
        ("--", 1, 2, "no letter", None),
        ("ä rel=1", 3, 3, "no field", None),
    ] {
        let f = flaw(q);
        assert_eq!((f.column(q), f.length), (column, length), "{q}: {f}");
        assert!(f.message.contains(what), "{q}: {f}");
        if let Some(fix) = fix {
            assert!(f.fix.as_deref().unwrap_or("").contains(fix), "{q}: {:?}", f.fix);
        }
    }
    let q = "make=ARRI rel=A001";
    assert_eq!(flaw(q).render(q).lines().nth(2), Some("            ^^^"));
    let long = format!("{} rel=1", "a ".repeat(100));
    assert!(flaw(&long).render(&long).lines().all(|l| l.chars().count() <= 110));
}

#[test]
fn every_field_and_short_name_is_found() {
    for f in fields() {
        assert_eq!(find_field(f.name(), true), Ok(f), "{}", f.name());
        assert!(!f.name().contains('['));
    }
    for (short, name) in [
        ("iso", "exposure.iso"),
        ("make", "camera.make"),
        ("REEL", "reel"),
        ("fps", "fps.project"),
        ("name", "clip.name"),
        ("scene", "slate.scene"),
        ("codec", "format.codec"),
        ("space", "color.space"),
        ("width", "image.width"),
    ] {
        assert_eq!(find_field(short, false).unwrap().name(), name);
    }
}

#[test]
fn bounds_hold() {
    assert!(flaw(&"a".repeat(MAX_QUERY + 1)).message.contains("bytes"));
    assert!(flaw(&"(".repeat(MAX_DEPTH + 1)).message.contains("deep"));
    assert!(flaw(&"not ".repeat(MAX_QUERY / 4)).message.contains("deep"));
    assert!(flaw(&"a ".repeat(MAX_CONDITIONS + 1)).message.contains("conditions"));
    assert_eq!(parse(&"a ".repeat(MAX_CONDITIONS)).to_string().len(), 2 * MAX_CONDITIONS - 1);
    let huge = serde_json::json!({"slate": {"note": "ä".repeat(100_000)}, "reel": "a\u{1f}b\nc"});
    let f = Facts::new(&huge, "s", &[], None);
    assert!(f.values().iter().all(|(_, v)| v.len() <= MAX_VALUE));
    assert!(parse("reel=\"a b c\"").holds(&f), "what looks like a separator is none");
}

#[test]
fn orders_are_read() {
    let o: Order = "-iso, camera.make,tc".parse().unwrap();
    assert_eq!(
        o.keys.iter().map(|k| (k.field.name(), k.down)).collect::<Vec<_>>(),
        [("exposure.iso", true), ("camera.make", false), ("timecode.start", false)]
    );
    assert_eq!("".parse::<Order>(), Ok(Order::default()));
    assert_eq!("make,-is".parse::<Order>().unwrap_err().offset, 6);
    assert!("clip.gaps".parse::<Order>().is_err() && "make,".parse::<Order>().is_err());
}

#[test]
fn made_up_queries_are_printed_and_read_the_same() {
    let mut r = Random(7);
    for _ in 0..3000 {
        let text = samples::query(&mut r, 4);
        let q = parse(&text);
        let printed = q.to_string();
        assert_eq!(parse(&printed), q, "{text} became {printed}");
    }
}

proptest! {
    #[test]
    fn anything_is_read_or_refused_at_a_place(text in r#"([a-zA-Z0-9äİßǅ=<>!()"*?:.\\ -]|and|or|not |has:|reel|iso|tc){0,24}"#) {
        match text.parse::<Query>() {
            Ok(q) => {
                let printed = q.to_string();
                prop_assert_eq!(printed.parse::<Query>(), Ok(q), "{} became {}", text, printed);
            }
            Err(f) => {
                prop_assert!(f.offset + f.length <= text.len());
                prop_assert!(!f.render(&text).is_empty());
            }
        }
    }
}
