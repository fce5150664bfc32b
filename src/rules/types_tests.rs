//! Mistakes of type: found with place and remedy, and nothing else is.

use crate::rules::Condition;

#[test]
fn literals_of_another_type_are_errors_where_they_stand() {
    for (text, place, fix) in [
        ("image.width > \"4000\"", "\"4000\"", "write 4000 without quotes"),
        ("'4000' < image.width", "'4000'", "write 4000 without quotes"),
        ("has(reel) && slate.take == 3", "3", "write \"3\" in quotes"),
        ("slate.take == -3", "-3", "write \"-3\" in quotes"),
        ("exposure.nd > 800", "800", "write \"800\" in quotes"),
        ("slate.circled == 'yes'", "'yes'", "write `slate.circled` or `!slate.circled`"),
        ("reel == null", "null", "ask `!has(reel)`"),
        ("reel != null", "null", "ask `has(reel)`"),
        ("camera == 'ARRI'", "'ARRI'", "compare a field of it, such as `camera.make`"),
        ("camera.make == ['ARRI', 'RED']", "['ARRI', 'RED']", "write `camera.make in ['ARRI', 'RED']`"),
        ("image.height in [1080, '2160']", "'2160'", "write 2160 without quotes"),
        ("slate.take in ['1', 2]", "2", "write \"2\" in quotes"),
        ("3 in [slate.take]", "3", "write \"3\" in quotes"),
        ("audio.tracks.exists(t, t.channel == '1')", "'1'", "write 1 without quotes"),
        ("audio.tracks.exists(t, t == 'Boom')", "'Boom'", "compare a field of it, such as `t.channel`"),
        ("'Boom' in audio.tracks", "'Boom'", "write `audio.tracks.exists(x, x.name == 'Boom')`"),
        ("'AR' in camera.make", "camera.make", "write `camera.make.contains('AR')`, or `camera.make == 'AR'`"),
        ("image['width'] == 'x'", "'x'", "see docs/fields.md"),
    ] {
        one(text, place, fix);
    }
}

#[test]
fn what_is_neither_true_nor_false_is_no_condition() {
    for (text, place, fix) in [
        ("reel", "reel", "compare it, `reel == \"...\"`, or ask `has(reel)`"),
        ("image.width", "image.width", "compare it, `image.width > 0`, or ask `has(image.width)`"),
        ("has(lens) && lens.make", "lens.make", "compare it, `lens.make == \"...\"`, or ask `has(lens.make)`"),
        ("!audio.tracks", "audio.tracks", "ask `size(audio.tracks) > 0`"),
        ("true || camera", "camera", "ask `has(camera)`, or compare a field of it"),
        ("slate.circled ? reel : true", "reel", "compare it, `reel == \"...\"`, or ask `has(reel)`"),
        ("reel ? true : false", "reel", "compare it, `reel == \"...\"`, or ask `has(reel)`"),
        ("audio.tracks.all(t, t.name)", "t.name", "compare it, `t.name == \"...\"`, or ask `has(t.name)`"),
        ("camera.make == 'ARRI' || 'RED'", "'RED'", "write each comparison in full, or `field in [\"a\", \"b\"]`"),
    ] {
        one(text, place, fix);
    }
}

#[test]
fn rates_are_exact() {
    for (text, place, fix) in [
        ("fps.project == 24", "24", "write \"24/1\""),
        ("fps.project == 23.976", "23.976", "write \"24000/1001\""),
        ("timecode.rate == '23.976'", "'23.976'", "write \"24000/1001\""),
        ("timecode.rate != '24'", "'24'", "write \"24/1\""),
        ("fps.sensor in ['24/1', '48/2']", "'48/2'", "write \"24/1\""),
        ("fps.sensor == 'PAL'", "'PAL'", "rates are written like \"24/1\" or \"24000/1001\""),
        ("fps.project > '24/1'", "fps.project", "list the rates that are meant: `fps.project in [\"24/1\", \"25/1\"]`"),
        ("fps.project > 24", "24", "write \"24/1\""),
        ("fps == 24", "24", "compare a field of it, such as `fps.project`"),
    ] {
        one(text, place, fix);
    }
}

#[test]
fn words_without_quotes_are_answered_with_quotes() {
    for (text, place, fix) in [
        ("format.id == mov", "mov", "text is written in quotes: \"mov\""),
        ("format.id == real", "real", "text is written in quotes: \"real\"; or did you mean `reel`?"),
        ("format.id in [mov, 'dpx']", "mov", "text is written in quotes: \"mov\""),
        ("has(reel) && ARRI != camera.make", "ARRI", "text is written in quotes: \"ARRI\""),
    ] {
        one(text, place, fix);
    }
}

#[test]
fn what_is_not_certain_is_allowed() {
    for text in [
        "timecode.start >= '10:00:00:00'",
        "image.width * 2 > 4000 && int(slate.take) == 3 && double(slate.take) < 3.5",
        "string(image.width) == '4608' && size(reel) == 4",
        "slate.circled == true || !slate.circled || slate.circled",
        "has(reel) == true && has(camera)",
        "camera.make == camera.model && reel == image.width",
        "image.pixel_aspect == 1 && image.width > 1u && exposure.tint > -2.5",
        "'make' in camera && 1.0 in color.cdl.slope && camera.make in [reel, 'x']",
        "audio.tracks.map(t, t.name).exists(n, n == 'Boom') && audio.tracks == []",
        "[1, 'a'].exists(x, x == 'a') && audio.tracks.filter(t, t.channel > 1).size() == 1",
        "fps.project in ['24/1', '24000/1001'] && fps.project.startsWith('24')",
        "camera.make == 'ARRI' ? slate.circled : false",
        "audio.tracks.exists_one(reel, reel.name == 'x') && audio.tracks.exists(t, slate.circled)",
    ] {
        if let Err(e) = Condition::compile(text) {
            panic!("{text}: {e:?}");
        }
    }
}

fn one(text: &str, place: &str, fix: &str) {
    let all = Condition::compile(text).expect_err(text);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    let f = &all[0];
    assert_eq!(text.get(f.offset..f.offset + f.length), Some(place), "{text}: {f:?}");
    assert_eq!(f.suggestion.as_deref(), Some(fix), "{text}: {f:?}");
}
