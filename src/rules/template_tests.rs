//! Name templates: what they accept, and that nothing in the metadata leads outside.

use super::*;
use crate::model::ClipUnit;
use proptest::prelude::*;
use std::path::Component;

fn doc() -> ClipDoc {
    let mut d = ClipDoc::new("A001C001", ClipUnit::File);
    d.reel = Some("A001R2EC".into());
    d.slate.scene = Some("12".into());
    d.lens.focal_length_mm = Some(40.0);
    d.fps.project = crate::model::Rational::new(24000, 1001);
    d
}

fn expand(text: &str, d: &ClipDoc) -> Result<String, Error> {
    Template::parse(text, &[]).unwrap().expand(d, "senna", "ocf", &|_| None).map(|p| p.to_text())
}

#[test]
fn fields_digits_and_braces() {
    for (text, want) in [
        ("{show}/{reel}/{clip}", "senna/A001R2EC/A001C001"),
        ("{show}_{scene:04}", "senna_0012"),
        ("{reel:09}", "A001R2EC"),
        ("{lens.focal_length_mm}mm", "40mm"),
        ("{fps.project}", "24000_1001"),
        ("a{{b}}c_{folder}", "a{b}c_ocf"),
    ] {
        assert_eq!(expand(text, &doc()).unwrap(), want, "{text}");
    }
    let t =
        Template::parse("{show}_PL{plate:02}_v{version:03}.{frame:04}.{ext}", &["plate", "version", "frame", "ext"])
            .unwrap();
    assert_eq!(t.fields().collect::<Vec<_>>(), ["show", "plate", "version", "frame", "ext"]);
    let given = |n: &str| match n {
        "plate" | "version" => Some("1".to_owned()),
        "frame" => Some("1001".to_owned()),
        _ => Some("exr".to_owned()),
    };
    let path = t.expand(&doc(), "senna", "ocf", &given).unwrap();
    assert_eq!(path.to_text(), "senna_PL01_v001.1001.exr");
}

#[test]
fn an_absent_or_empty_field_is_refused_by_code() {
    let mut d = doc();
    d.slate.take = Some("  ".into());
    for text in ["{shot}", "{take}", "{camera.index}"] {
        let e = expand(text, &d).unwrap_err();
        assert_eq!(e.code, "NAME-FIELD-ABSENT", "{text}");
        assert!(e.fix.is_some());
    }
}

#[test]
fn flaws_have_places() {
    for (text, at, part) in [
        ("", 0, "1 to 1024"),
        ("{rel}", 1, "cannot use `rel`"),
        ("x_{camera.maker}", 3, "cannot use `camera.maker`"),
        ("{audio.tracks}", 1, "cannot use"),
        ("{frame}", 1, "cannot use `frame`"),
        ("{scene:4}", 7, "number of digits"),
        ("{scene:099999}", 7, "number of digits"),
        ("a}b", 1, "without `{`"),
        ("a{b", 1, "never closed"),
        ("/abs/{clip}", 0, "cannot begin"),
        ("a//{clip}", 0, "empty part"),
        ("{clip}/", 0, "empty part"),
        ("../{clip}", 0, "begins with a dot"),
        ("a/./{clip}", 0, "begins with a dot"),
        ("a\n{clip}", 0, "control"),
    ] {
        let f = Template::parse(text, &[]).expect_err(text);
        assert_eq!(f[0].offset, at, "{text}: {f:?}");
        assert!(f[0].message.contains(part), "{text}: {f:?}");
    }
    assert_eq!(Template::parse("{rel}", &[]).unwrap_err()[0].suggestion.as_deref(), Some("did you mean `reel`?"));
    assert!(Template::parse(&"a/".repeat(400), &[]).is_err());
}

#[test]
fn hostile_values_stay_inside() {
    let long = "x".repeat(300);
    for (reel, want) in [
        ("../../etc", "_._.._etc"),
        ("/abs", "_abs"),
        ("..", "__"),
        (".", "_"),
        ("~root", "_root"),
        ("a\0b\nc", "a_b_c"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("name.", "name_"),
        ("a\u{202e}b", "a_b"),
        ("a:b*c", "a_b_c"),
        ("COMPANY", "COMPANY"),
    ] {
        let mut d = doc();
        d.reel = Some(reel.into());
        let got = expand("{reel}", &d).unwrap();
        assert_eq!(got, want, "{reel:?}");
    }
    let mut d = doc();
    d.reel = Some(long.clone());
    let one = expand("{reel}", &d).unwrap();
    d.reel = Some(long + "y");
    let other = expand("{reel}", &d).unwrap();
    assert!(one.len() <= MAX_COMPONENT && other.len() <= MAX_COMPONENT && one != other);
}

#[test]
fn names_that_a_file_system_may_take_for_one() {
    assert_eq!(collision_key("A001"), collision_key("a001"));
    assert_eq!(collision_key("caf\u{e9}"), collision_key("cafe\u{301}"));
    assert_eq!(collision_key("CAF\u{c9}"), collision_key("cafe\u{301}"));
    assert_ne!(collision_key("a"), collision_key("b"));
}

proptest! {
    #[test]
    fn whatever_the_metadata_says_the_path_stays_inside(
        reel in any::<String>(), scene in "[./~ \\\\a-zCON1\u{e4}]{1,400}", name in any::<String>(), show in any::<String>(),
    ) {
        let mut d = doc();
        d.reel = Some(reel);
        d.slate.scene = Some(scene);
        d.clip.name = name;
        for text in ["{reel}", "{show}/{reel}/{clip}", "{scene}{reel:03}/x{clip}", "{scene}/{scene}_{reel}"] {
            let Ok(path) = Template::parse(text, &[]).unwrap().expand(&d, &show, "f", &|_| None) else { continue };
            let parts: Vec<_> = path.as_path().components().collect();
            prop_assert_eq!(parts.len(), text.split('/').count());
            for p in parts {
                let Component::Normal(n) = p else { panic!("{path:?}") };
                let n = n.to_str().unwrap();
                prop_assert!(n.len() <= 255 && !n.is_empty() && !n.starts_with('.') && !n.ends_with(['.', ' ']));
                prop_assert!(!n.chars().any(|c| c.is_control() || c == '\\'));
            }
        }
    }

    #[test]
    fn any_template_is_judged(text in any::<String>()) {
        let _ = Template::parse(&text, &["frame"]);
    }
}

#[test]
fn a_long_name_that_begins_like_a_device_is_still_short_enough() {
    let mut d = doc();
    for n in [MAX_COMPONENT - 5, MAX_COMPONENT - 4, MAX_COMPONENT, 400] {
        d.reel = Some(format!("CON.{}", "a".repeat(n)));
        let name = expand("{reel}", &d).unwrap();
        assert!(name.starts_with("_CON.") && name.len() <= MAX_COMPONENT, "{} bytes", name.len());
    }
}
