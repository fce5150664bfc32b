//! Which colour space a source is in, and why that one.

use crate::engine::colour::{self, Kind, Space};
use crate::engine::deliver::Treatment;
use crate::model::{ClipDoc, Error, ErrorKind};

/// The decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    /// The space.
    pub space: &'static Space,
    /// True when nothing said so and the stated default was taken.
    pub assumed: bool,
    /// True when a person, a rule or a show stated it.
    pub stated: bool,
}

/// The space of a clip's pictures: from the camera's metadata, then as the rule states, then by the container's colour
/// tags, then the default of the format; and the reason, for people.
///
/// The tags of a container stand behind the rule because cameras write BT.709 into movies that hold their own logarithmic
/// pictures. OpenEXR files without chromaticities have those of Rec.709 (OpenEXR, "Standard Optional Attributes").
///
/// # Errors
/// `COLOR-UNKNOWN` when the metadata name a space that is not known here and no rule says another, and for logarithmic
/// pictures of which nothing says whose logarithm it is.
pub(super) fn decide(doc: &ClipDoc, t: &Treatment) -> Result<(Decision, String), Error> {
    let stated = t.source.as_deref().map(|name| (name, colour::find(name)));
    if let (Some((name, Some(space))), true) = (stated, t.source_decides) {
        return Ok((as_stated(space), format!("stated on the command line: {name}")));
    }
    let recorded = doc.color.space.as_deref();
    if let Some(space) = recorded.and_then(colour::find) {
        let from = doc.origin.get("color.space").map_or_else(String::new, |o| format!(" ({}, {})", o.reader, o.tag));
        return Ok((sure(space), format!("the metadata say so: color.space{from}")));
    }
    if let Some((name, found)) = stated {
        let space = found.ok_or_else(|| unknown(format!("there is no colour space `{name}`")))?;
        if let Some(other) = excluded(doc, space) {
            let what = format!("the rule or its show states {}, and {other}", space.name);
            return Err(unknown(what).fix(
                "give such clips a rule of their own whose recipe has another `source`, or say --source for one clip",
            ));
        }
        let beside = recorded.map_or_else(String::new, |r| format!(", as `{r}` of the metadata is not known here"));
        return Ok((as_stated(space), format!("stated by the rule or its show{beside}")));
    }
    if let Some(name) = recorded {
        return Err(unknown(format!("the metadata name the colour space `{name}`, which is not known here")));
    }
    let (primaries, transfer) = (doc.color.primaries.as_deref(), doc.color.transfer.as_deref());
    if let Some(name) = tagged(primaries, transfer) {
        let space = named(name)?;
        let tags = format!("primaries {}, transfer {}", primaries.unwrap_or("none"), transfer.unwrap_or("none"));
        return Ok((sure(space), format!("the colour tags of the file: {tags}")));
    }
    if transfer.is_some_and(|t| t.starts_with("Log") || t == "Printing density") {
        let what = format!("the pictures are logarithmic (`{}`), and nothing says whose", transfer.unwrap_or_default());
        return Err(unknown(what));
    }
    if let Some(coded) = transfer.filter(|t| *t != "Linear") {
        let what = format!("the pictures are tagged {coded}, primaries {}", primaries.unwrap_or("not stated"));
        let e = unknown(format!("{what}, which is not converted in this version"));
        return Err(
            e.fix("state a `source`, or leave the pictures as they are: `color = \"source\"`, and a `fit` that holds their own size")
        );
    }
    if let Some(p) = primaries.filter(|p| !matches!(*p, "BT.709" | "BT.601 625" | "BT.601 525" | "EBU 3213")) {
        return Err(unknown(format!("the pictures have the primaries {p}, and nothing says their curve")));
    }
    if doc.warnings.iter().any(|w| w.code == "COLOR-PROFILE") {
        return Err(unknown("an ICC profile in the file says the colours, which is not applied".to_owned()));
    }
    let (name, why) = match doc.format.id.as_str() {
        "exr" => ("Linear Rec.709 (sRGB)", "OpenEXR files without chromaticities have those of Rec.709"),
        _ if transfer == Some("Linear") => ("Linear Rec.709 (sRGB)", "tagged linear, primaries not known"),
        _ => ("Camera Rec.709", "nothing says otherwise"),
    };
    Ok((
        Decision { space: named(name)?, assumed: true, stated: false },
        format!("default for {}: {why}", doc.format.id),
    ))
}

/// What a file says of itself that cannot be true together with a stated space: no camera writes these tags by habit, as they
/// do BT.709's, and OpenEXR holds linear light (OpenEXR, "Technical Introduction").
fn excluded(doc: &ClipDoc, stated: &Space) -> Option<String> {
    let coded = matches!(stated.kind, Kind::SceneCoded | Kind::Display);
    match doc.color.transfer.as_deref() {
        Some(tag @ ("PQ" | "HLG" | "SMPTE 428")) => Some(format!("the file is tagged {tag}")),
        // programs write it into every DPX by habit
        Some("Linear") if coded && doc.format.id != "dpx" => Some("the file is tagged linear".to_owned()),
        _ if coded && doc.format.id == "exr" => Some("an OpenEXR file holds linear light".to_owned()),
        _ => None,
    }
}

fn sure(space: &'static Space) -> Decision {
    Decision { space, assumed: false, stated: false }
}

fn as_stated(space: &'static Space) -> Decision {
    Decision { space, assumed: false, stated: true }
}

fn unknown(what: String) -> Error {
    Error::new(ErrorKind::Unsupported, "COLOR-UNKNOWN", what).fix(
        "state it: `source` of the recipe or of the show's color, or --source; `rushes color list` shows the names",
    )
}

/// A space that is always there.
pub(super) fn named(name: &str) -> Result<&'static Space, Error> {
    colour::find(name).ok_or_else(|| unknown(format!("there is no colour space `{name}`")))
}

/// The space that the colour tags of a container name.
pub(super) fn tagged(primaries: Option<&str>, transfer: Option<&str>) -> Option<&'static str> {
    let narrow = matches!(primaries, Some("BT.709") | None);
    let sd = matches!(primaries, Some("BT.601 625" | "BT.601 525"));
    match transfer? {
        "BT.709" | "BT.601" | "BT.1361" if narrow || sd => Some("Camera Rec.709"),
        "BT.601 625" | "BT.601 525" | "SMPTE 274M" => Some("Camera Rec.709"),
        "sRGB" if narrow => Some("sRGB Encoded Rec.709 (sRGB)"),
        "Linear" if primaries == Some("BT.709") => Some("Linear Rec.709 (sRGB)"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::framing::Filter;
    use crate::model::{ClipUnit, Origin};

    fn asked(source: Option<&str>, decides: bool) -> Treatment {
        Treatment {
            source_range: None,
            source: source.map(str::to_owned),
            source_decides: decides,
            color: "ACES2065-1".into(),
            cdl: None,
            lut: None,
            within: None,
            filter: Filter::Lanczos3,
            square: false,
            seal: false,
        }
    }

    fn clip(format: &str, space: Option<&str>, primaries: Option<&str>, transfer: Option<&str>) -> ClipDoc {
        let mut d = ClipDoc::new("x", ClipUnit::File);
        d.format.id = format.into();
        if let Some(s) = space {
            d.set("color.space", |d| &mut d.color.space, s.into(), Origin::new("arri", "Color Space", "offset 0x10"));
        }
        d.color.primaries = primaries.map(str::to_owned);
        d.color.transfer = transfer.map(str::to_owned);
        d
    }

    fn said(d: &ClipDoc, t: &Treatment) -> (String, String) {
        match decide(d, t) {
            Ok((d, why)) => (d.space.name.to_owned(), why),
            Err(e) => (e.code.into_owned(), e.what),
        }
    }

    #[test]
    fn metadata_then_rule_then_tags_then_default() {
        let camera = clip("mov", Some("ARRI LogC4"), Some("BT.709"), Some("BT.709"));
        let (space, why) = said(&camera, &asked(Some("S-Log3 S-Gamut3.Cine"), false));
        assert_eq!(
            (space.as_str(), why.as_str()),
            ("ARRI LogC4", "the metadata say so: color.space (arri, Color Space)")
        );
        assert_eq!(said(&camera, &asked(Some("S-Log3 S-Gamut3.Cine"), true)).0, "S-Log3 S-Gamut3.Cine");
        let plain = clip("mov", None, Some("BT.709"), Some("BT.709"));
        assert_eq!(said(&plain, &asked(Some("ARRI LogC3 (EI800)"), false)).0, "ARRI LogC3 (EI800)");
        assert_eq!(said(&plain, &asked(None, false)).0, "Camera Rec.709");
        let bare = clip("tiff", None, None, None);
        let (decision, why) = decide(&bare, &asked(None, false)).unwrap();
        assert!(decision.assumed && why.starts_with("default for tiff"), "{why}");
        assert_eq!(said(&clip("exr", None, None, None), &asked(None, false)).0, "Linear Rec.709 (sRGB)");
    }

    #[test]
    fn a_guess_that_would_be_wrong_is_not_made() {
        let log = clip("dpx", None, None, Some("Logarithmic"));
        assert_eq!(said(&log, &asked(None, false)).0, "COLOR-UNKNOWN");
        assert_eq!(said(&log, &asked(Some("logc3"), false)).0, "ARRI LogC3 (EI800)");
        let hlg = clip("mov", None, Some("BT.2020"), Some("HLG"));
        let (code, what) = said(&hlg, &asked(None, false));
        assert_eq!(
            (code.as_str(), what.contains("HLG") && what.contains("BT.2020")),
            ("COLOR-UNKNOWN", true),
            "{what}"
        );
        assert_eq!(said(&clip("mov", None, Some("P3-D65"), None), &asked(None, false)).0, "COLOR-UNKNOWN");
        assert_eq!(said(&clip("tiff", None, Some("BT.2020"), Some("Linear")), &asked(None, false)).0, "COLOR-UNKNOWN");
        // a show's log is not the log of what says that it is something else
        for (format, transfer) in [("mov", Some("HLG")), ("mov", Some("PQ")), ("exr", None), ("tiff", Some("Linear"))] {
            let other = clip(format, None, None, transfer);
            let (code, what) = said(&other, &asked(Some("logc3"), false));
            assert_eq!((code.as_str(), what.contains("states ARRI LogC3")), ("COLOR-UNKNOWN", true), "{format} {what}");
            assert_eq!(said(&other, &asked(Some("logc3"), true)).0, "ARRI LogC3 (EI800)", "a person decides");
        }
        assert_eq!(said(&clip("exr", None, None, None), &asked(Some("acescg"), false)).0, "ACEScg");
        assert_eq!(
            said(&clip("mov", None, Some("BT.709"), Some("BT.709")), &asked(Some("logc3"), false)).0,
            "ARRI LogC3 (EI800)"
        );
        let odd = clip("mov", Some("Somebody's Log"), None, None);
        let (code, what) = said(&odd, &asked(None, false));
        assert_eq!((code.as_str(), what.contains("Somebody's Log")), ("COLOR-UNKNOWN", true));
        assert_eq!(said(&odd, &asked(Some("acescg"), false)).0, "ACEScg");
    }
}
