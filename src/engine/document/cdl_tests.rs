//! Corrections: every spelling, every refusal.

use super::*;
use crate::model::ErrorKind;
use proptest::prelude::*;

const SOP: &str = "<SOPNode><Slope>1.1 1 0.9</Slope><Offset>-.03 -2e-2 0</Offset><Power>1.25 1 1e0</Power></SOPNode>";
const SAT: &str = "<SatNode><Saturation>1.7</Saturation></SatNode>";

fn one(body: &str) -> String {
    format!("<ColorCorrection id=\"a\">{body}</ColorCorrection>")
}

fn all(text: &str) -> Result<Vec<Correction>, Error> {
    read(text.as_bytes(), &Limits::default())
}

#[test]
fn every_kind_of_file_and_spelling() {
    let cc = one(&format!("{SOP}{SAT}"));
    let asc = cc.replace("SOPNode", "ASC_SOP").replace("SatNode", "ASC_SAT");
    let collection = format!(
        "<?xml version=\"1.0\"?>\n<ColorCorrectionCollection xmlns=\"urn:ASC:CDL:v1.01\">{cc}</ColorCorrectionCollection>"
    );
    let list = format!(
        "<!-- x --><cdl:ColorDecisionList xmlns:cdl=\"urn:ASC:CDL:v1.2\"><Unknown><Slope>9</Slope></Unknown><cdl:ColorDecision>\
         <MediaRef ref=\"a.dpx\"/>{}</cdl:ColorDecision></cdl:ColorDecisionList>",
        cc.replace("</", "</cdl:").replace('<', "<cdl:").replace("<cdl:/cdl:", "</cdl:")
    );
    for text in [cc.clone(), asc, collection, list, cc.replace("SatNode", "SATNode"), format!("\u{feff}{cc}\n")] {
        let found = all(&text).unwrap();
        let c = select(&found, None).unwrap();
        assert_eq!((c.id.as_deref(), c.slope, c.offset), (Some("a"), [1.1, 1.0, 0.9], [-0.03, -0.02, 0.0]), "{text}");
        assert_eq!((c.power, c.saturation), ([1.25, 1.0, 1.0], 1.7), "{text}");
    }
    assert_eq!(all(&one(SAT).replace("\"a\"", "\"\"")).unwrap()[0].id, None);
    let c = all(&one(SAT)).unwrap().remove(0);
    assert_eq!((c.slope, c.offset, c.power, c.saturation), ([1.0; 3], [0.0; 3], [1.0; 3], 1.7));
    let described =
        one(&format!("<Description>a &amp; b</Description>{}", SOP.replace("<Slope>", "<Description/><Slope>")));
    assert_eq!(all(&described).unwrap()[0].descriptions, ["a & b", ""]);
}

#[test]
fn one_of_several_is_chosen_by_id() {
    let text = format!(
        "<ColorCorrectionCollection>{}{}{}</ColorCorrectionCollection>",
        one(SOP),
        one(SAT).replace("\"a\"", "\"b\""),
        one(SAT).replace("\"a\"", "\"b\"")
    );
    let found = all(&text).unwrap();
    assert_eq!(select(&found, Some("a")).unwrap().slope, [1.1, 1.0, 0.9]);
    for (id, part) in [(None, "has 3 corrections"), (Some("c"), "no correction has the id c"), (Some("b"), "several")] {
        let e = select(&found, id).unwrap_err();
        assert!(e.what.contains(part) && e.fix.as_deref().unwrap().contains("a b b"), "{e}");
    }
}

#[test]
fn what_is_refused_and_why() {
    let swap = |a: &str, b: &str| one(&SOP.replace(a, b));
    for (text, part) in [
        (swap("1.1 1 0.9", "-1 1 1"), "a slope is below 0"),
        (swap("1.25 1 1e0", "1 0 1"), "a power is not above 0"),
        (one("<SatNode><Saturation>-1</Saturation></SatNode>"), "saturation is below 0"),
        (swap("1.1 1 0.9", "1 1"), "Slope `1 1`: 3 finite numbers expected"),
        (swap("1.1 1 0.9", "1 1 1 1"), "3 finite numbers"),
        (swap("1.1 1 0.9", "1 nan 1"), "3 finite numbers"),
        (swap("1.1 1 0.9", "1 1e99 1"), "3 finite numbers"),
        (swap("1.1 1 0.9", ""), "3 finite numbers"),
        (swap("<Slope>1.1 1 0.9</Slope>", ""), "needs Slope, Offset and Power"),
        (one("<SatNode></SatNode>"), "SatNode needs Saturation"),
        (one("<ASC_Sop/>"), "neither SOPNode nor SatNode"),
        (one(&format!("{SOP}{SOP}")), "twice"),
        (one("<SOPNode><Slope>1 1 1</Slope><Slope>1 1 1</Slope></SOPNode>"), "Slope twice"),
        ("<ColorDecisionList/>".to_owned(), "no ColorCorrection"),
        ("<html/>".to_owned(), "`html` is no element"),
        ("junk".to_owned(), "no ColorCorrection"),
        (String::new(), "no ColorCorrection"),
        (format!("<!DOCTYPE x [<!ENTITY a \"1 1 1\">]>{}", one(SOP)), "document type"),
        (swap("1.1 1 0.9", "&a;"), "entity `&a;`"),
        (one(SOP).replace("</SOPNode>", "</SatNode>"), "no XML"),
    ] {
        let e = all(&text).unwrap_err();
        assert_eq!(e.kind, ErrorKind::Malformed, "{text}: {e}");
        assert!(e.what.contains(part), "{text}: {e}");
    }
    let e = all(&format!("\n\n<ColorCorrection>\n{}", SOP.replace("1.1", "x"))).unwrap_err();
    assert_eq!(e.place.line, Some(4), "{e}");
    let e =
        all("<ColorDecisionList><ColorDecision><ColorCorrectionRef ref=\"x\"/></ColorDecision></ColorDecisionList>");
    assert_eq!(e.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(read(b"\xff\xfe<\0", &Limits::default()).unwrap_err().kind, ErrorKind::Unsupported);
}

#[test]
fn depth_number_and_size_are_bounded() {
    for text in ["<ColorDecisionList>".repeat(1000), format!("<ColorDecisionList>{}", "<a/>".repeat(200_000))] {
        assert_eq!(all(&text).unwrap_err().kind, ErrorKind::Limit);
    }
    assert_eq!(read(&vec![b' '; MOST_BYTES + 1], &Limits::default()).unwrap_err().kind, ErrorKind::Limit);
    let long = one(&format!("<Description>{}</Description>{SAT}", "é".repeat(100_000)));
    assert!(all(&long).unwrap()[0].descriptions[0].len() <= 64 << 10);
}

#[test]
fn a_cut_file_is_refused_at_every_byte() {
    let whole = format!("<ColorCorrectionCollection>{}</ColorCorrectionCollection>", one(&format!("{SOP}{SAT}")));
    for n in 0..whole.len() {
        assert!(all(&whole[..n]).is_err(), "cut at {n}");
    }
}

proptest! {
    #[test]
    fn anything_gives_corrections_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..300) {
        let _ = read(&bytes, &Limits::default());
        let mut text = one(&format!("{SOP}{SAT}")).into_bytes();
        let end = text.len();
        text.splice(at.min(end)..at.saturating_add(2).min(end), bytes.iter().take(4).copied());
        for c in read(&text, &Limits::default()).unwrap_or_default() {
            prop_assert!(c.slope.iter().all(|v| *v >= 0.0) && c.power.iter().all(|v| *v > 0.0) && c.saturation >= 0.0);
        }
    }
}
