//! What a person should know of an output, told before a picture is decoded.

use super::source::is_movie;
use super::source_space::{Decision, tagged};
use crate::engine::colour::Kind;
use crate::engine::deliver::Recipe;
use crate::model::{ClipDoc, Warning};
use std::collections::BTreeMap;

/// Everything that a person should know of the output before a picture is decoded.
pub(super) fn told(
    recipe: &Recipe,
    doc: &ClipDoc,
    decision: Option<&(Decision, String)>,
    rows_change: bool,
    first: Option<i64>,
) -> Vec<Warning> {
    let mut warnings = assumed(decision);
    warnings.extend(decision.and_then(|(d, _)| otherwise_tagged(doc, d)));
    warnings.extend(doc.warnings.iter().filter(|w| w.code == "MOV-EDIT").cloned());
    warnings.extend(kept_as_stored(recipe, doc));
    warnings.extend(interlaced(recipe, doc, rows_change));
    warnings.extend(untimed(recipe, doc, first));
    warnings.extend(no_range(recipe, doc));
    warnings
}

/// What is to be told when nothing said which space the source is in.
fn assumed(decision: Option<&(Decision, String)>) -> Vec<Warning> {
    let Some((Decision { assumed: true, space, .. }, why)) = decision else { return Vec::new() };
    let message = format!("the source is taken for {}: {why}", space.name);
    vec![Warning { code: "COLOR-ASSUMED".into(), message }]
}

/// What is to be told when the tags of the file say something else than what is taken. Cameras tag their own logarithm as
/// BT.709 by habit: where their metadata name it, that is no contradiction.
fn otherwise_tagged(doc: &ClipDoc, d: &Decision) -> Option<Warning> {
    let coded = matches!(d.space.kind, Kind::SceneCoded | Kind::Display);
    let (primaries, transfer) = (doc.color.primaries.as_deref(), doc.color.transfer.as_deref());
    let says = tagged(primaries, transfer);
    if let (true, Some(name)) = (d.stated, says.filter(|name| *name != d.space.name)) {
        let message = format!(
            "the source is taken for {} as stated, and its own tags say {name} (primaries {}, transfer {})",
            d.space.name,
            primaries.unwrap_or("none"),
            transfer.unwrap_or("none")
        );
        return Some(Warning { code: "COLOR-TAGS".into(), message });
    }
    if let (Some(p), false, true) =
        (primaries.filter(|p| p.starts_with("BT.601")), d.stated, says == Some(d.space.name))
    {
        let message = format!("the primaries {p} are taken for those of BT.709, which differ little");
        return Some(Warning { code: "COLOR-TAGS".into(), message });
    }
    let tag = transfer.filter(|t| matches!(*t, "PQ" | "HLG" | "sRGB" | "SMPTE 428"));
    let tag =
        tag.or_else(|| (coded && doc.format.id == "exr").then_some("linear light, as every OpenEXR file holds"))?;
    if tag == "sRGB" && d.space.name.starts_with("sRGB") {
        return None;
    }
    let message = format!("the source is taken for {}, and its own tags say {tag}", d.space.name);
    Some(Warning { code: "COLOR-TAGS".into(), message })
}

/// What is to be told of a plate that does not stand upright.
fn kept_as_stored(recipe: &Recipe, doc: &ClipDoc) -> Option<Warning> {
    let degrees = doc.image.orientation.filter(|d| *d != 0 && matches!(recipe, Recipe::Plate(_)))?;
    let message = format!("the frames are as stored; to stand upright they need {degrees} degrees clockwise");
    Some(Warning { code: "ORIENTATION-KEPT".into(), message })
}

/// What is to be told of frames of two fields: nothing here takes them apart.
fn interlaced(recipe: &Recipe, doc: &ClipDoc, rows_change: bool) -> Option<Warning> {
    let scan = doc.image.scan.as_deref().filter(|s| *s != "progressive")?;
    let what = match (rows_change, recipe) {
        (true, _) => "both are scaled as one picture, so what moves shows combs",
        (false, Recipe::Proxy(_)) => "the movie holds both as one picture and says nothing of fields",
        (false, _) => return None,
    };
    Some(Warning { code: "SCAN-INTERLACED".into(), message: format!("the frames hold two fields ({scan}); {what}") })
}

/// What is to be told when a movie cannot count as its original does.
fn untimed(recipe: &Recipe, doc: &ClipDoc, first: Option<i64>) -> Option<Warning> {
    let (Recipe::Proxy(p), Some(t)) = (recipe, &doc.timecode) else { return None };
    let rate = super::proxy::rate_of(p, doc).ok()?;
    if super::proxy::start_of(doc, first?, rate).is_some() {
        return None;
    }
    let message = format!(
        "the movie of {rate} frames a second has no timecode, as that of the original is counted at {}",
        t.rate
    );
    Some(Warning { code: "TIMECODE-LEFT-OUT".into(), message })
}

/// What is to be told when a range of codes is stated for pictures that have none to choose.
fn no_range(recipe: &Recipe, doc: &ClipDoc) -> Option<Warning> {
    recipe.source_range().filter(|_| !is_movie(doc))?;
    let message = format!("`source_range` is for movies; the codes of {} are taken as the file says", doc.format.id);
    Some(Warning { code: "COLOR-CODING".into(), message })
}

/// What is to be told of a plate that lacks something of its source.
pub(super) fn left_out(recipe: &Recipe, decode: &BTreeMap<String, String>) -> Vec<Warning> {
    if !matches!(recipe, Recipe::Plate(_)) {
        return Vec::new();
    }
    let kinds = [("left_out", "CHANNELS-LEFT-OUT", "not in the plate"), ("overscan", "OVERSCAN-CUT", "overscan")];
    kinds
        .iter()
        .filter_map(|(key, code, what)| {
            let text = decode.get(*key)?;
            Some(Warning { code: (*code).into(), message: format!("{what}: {text}") })
        })
        .collect()
}
