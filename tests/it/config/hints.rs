//! What is said besides the mistake itself, and what is not said twice.

use super::{BASE, all, try_text};

fn refused(text: &str) -> String {
    let (_dir, got) = try_text(text);
    all(&got.expect_err(text))
}

fn recipe(body: &str) -> String {
    format!("{BASE}[[folder.rule]]\nname = \"r\"\nemit = [\"mine\"]\n[recipe.mine]\n{body}")
}

#[test]
fn a_recipe_with_errors_is_not_called_missing() {
    let text = refused(&recipe("kind = \"sidecar\"\nformats = [\"alle\"]\n"));
    assert!(text.contains("did you mean \"ale\"?") && !text.contains("there is no recipe"), "{text}");
    let text = refused(&recipe("kind = \"sidecar\"\nformats = [\"alle\"]\n").replace("[\"mine\"]", "[\"mime\"]"));
    assert!(text.contains("there is no recipe `mime`; did you mean \"mine\"?"), "{text}");
}

#[test]
fn a_name_that_clips_share_is_a_warning() {
    for (name, warned) in [
        ("ale/{reel}", true),
        ("{show}/{scene}_{take:02}", true),
        ("ale/{reel}/{clip}", false),
        ("{clip.id}", false),
        ("{scene}-{clip.name}", false),
    ] {
        let text = recipe(&format!("kind = \"sidecar\"\nformats = [\"ale\"]\nname = \"{name}\"\n"));
        let (_dir, got) = try_text(&text);
        let warnings = all(&got.unwrap_or_else(|e| panic!("{}", all(&e))).warnings);
        let said = warnings.contains(":13:8: warning: clips with the same values meet under this name");
        assert_eq!(said, warned, "{name}: {warnings}");
        assert_eq!(warnings.contains("add {clip}"), warned, "{name}: {warnings}");
    }
}

#[test]
fn two_folders_of_one_name_are_named_once() {
    let other = BASE.replace("[show.s]\n", "").replace("/in", "/in2").replace("/out", "/out2");
    let text = refused(&format!("{BASE}{other}"));
    assert_eq!(text.matches(": error: ").count(), 1, "{text}");
    assert!(text.contains("the folder name `a` is already used in"), "{text}");
    let same = refused(&format!("{BASE}{}", other.replace("/in2", "/in")));
    assert!(
        same.contains("the watched path of folder \"a\" is already the watched path of the other folder \"a\""),
        "{same}"
    );
}

#[test]
fn modes_want_quotes() {
    for (mode, fix) in [("0664", "mode = \"0664\""), ("664", "mode = \"0664\""), ("0o640", "mode = \"0o640\"")] {
        let text = refused(&format!("{BASE}mode = {mode}\n"));
        assert!(text.contains(&format!("; write it in quotes: {fix}")), "{mode}: {text}");
    }
}

#[test]
fn one_mistake_in_a_condition_is_one_error_with_its_remedy() {
    for (when, fix) in [
        ("image.width > \"4000\"", "write 4000 without quotes"),
        ("timecode.rate == \"23.976\"", "write \"24000/1001\""),
        ("format.id == mov", "text is written in quotes: \"mov\""),
        ("camera.make = \"ARRI\"", "write `==`"),
        ("has(reel) or has(lens)", "write `||`"),
        ("exposure.white_balance > 3200", "did you mean `exposure.white_balance_k`?"),
        ("color.temperature > 3200", "see docs/fields.md"),
    ] {
        let text = refused(&format!("{BASE}[[folder.rule]]\nname = \"r\"\nemit = [\"ale\"]\nwhen = '{when}'\n"));
        assert_eq!(text.matches(": error: ").count(), 1, "{text}");
        assert!(text.contains(&format!("; {fix}\n")), "{when}: {text}");
    }
}
