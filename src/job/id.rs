//! The identity of a job: the same on every machine, another one as soon as anything that decides the bytes differs.

use crate::engine::deliver::{PlannedOutput, Recipe};
use crate::model::{ClipId, JobId, stable_id};
use serde_json::Value;
use std::collections::BTreeMap;

/// The id of making `outputs` of `clip` by `recipe`.
///
/// `frames` is the frame range, both ends included, absent for all; `context` is the job file's context. Limits,
/// priority, modes and the output folder do not decide bytes and are no part of it, nor is the program's version: when
/// the bytes of a recipe change, its revision is raised by hand ([`Recipe::revision`]).
#[must_use]
pub fn job_id(
    clip: &ClipId,
    recipe: &Recipe,
    outputs: &[PlannedOutput],
    frames: Option<(i64, i64)>,
    context: &BTreeMap<String, String>,
) -> JobId {
    let recipe_text = canonical(&to_value(recipe));
    let outputs_text = canonical(&to_value(outputs));
    let frames_text = canonical(&to_value(frames));
    let context_text = canonical(&to_value(context));
    let revision = recipe.revision().to_string();
    JobId(stable_id([
        "job/1".as_bytes(),
        clip.as_str().as_bytes(),
        recipe_text.as_bytes(),
        revision.as_bytes(),
        outputs_text.as_bytes(),
        frames_text.as_bytes(),
        context_text.as_bytes(),
    ]))
}

/// These types hold nothing that JSON cannot: names are escaped text, keys are strings.
fn to_value(x: impl serde::Serialize) -> Value {
    serde_json::to_value(x).unwrap_or(Value::Null)
}

/// JSON text without white space, with the keys of every object sorted by their bytes.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let inner: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", inner.join(","))
        }
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let inner: Vec<String> =
                sorted.into_iter().map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), canonical(v))).collect();
            format!("{{{}}}", inner.join(","))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::deliver::{SidecarFormat, SidecarRecipe};
    use crate::model::MediaPath;
    use proptest::prelude::*;
    use std::path::Path;

    type Parts = (ClipId, Recipe, Vec<PlannedOutput>, Option<(i64, i64)>, BTreeMap<String, String>);

    fn base() -> Parts {
        let out = PlannedOutput {
            path: Path::new("A/B.mov.ale").into(),
            part: "ale".into(),
            supersede: false,
            pattern: None,
        };
        let recipe = Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Ale] });
        (ClipId("c1".into()), recipe, vec![out], Some((1, 2)), BTreeMap::from([("show".into(), "senna".into())]))
    }

    fn id(p: &Parts) -> JobId {
        job_id(&p.0, &p.1, &p.2, p.3, &p.4)
    }

    #[test]
    fn known_value_never_changes() {
        // A change here makes every finished job of every user new again.
        assert_eq!(id(&base()).as_str(), "f2aabccb2a569324dcfc6f93ecc02bf5");
    }

    #[test]
    fn each_parameter_counts() {
        let changes: Vec<fn(&mut Parts)> = vec![
            |p| p.0 = ClipId("c2".into()),
            |p| p.1 = Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json] }),
            |p| p.1 = Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Ale, SidecarFormat::Json] }),
            |p| p.2[0].path = MediaPath::from(Path::new("A/C.mov.ale")),
            |p| p.2[0].part = "json".into(),
            |p| p.2[0].supersede = true,
            |p| p.2.clear(),
            |p| p.2 = [p.2.clone(), p.2.clone()].concat(),
            |p| p.3 = None,
            |p| p.3 = Some((1, 3)),
            |p| p.3 = Some((0, 2)),
            |p| p.4.clear(),
            |p| drop(p.4.insert("show".into(), "other".into())),
            |p| drop(p.4.insert("rule".into(), "dailies".into())),
        ];
        let mut seen = vec![id(&base())];
        for (i, change) in changes.iter().enumerate() {
            let mut p = base();
            change(&mut p);
            let new = id(&p);
            assert!(!seen.contains(&new), "change {i} does not count");
            seen.push(new);
        }
        assert_eq!(id(&base()), seen[0]);
    }

    proptest! {
        #[test]
        fn order_of_keys_does_not_count(keys in proptest::collection::btree_map("[a-z\"\\\\é]{0,6}", any::<i32>(), 0..8)) {
            let forward: serde_json::Map<_, _> = keys.iter().map(|(k, v)| (k.clone(), Value::from(*v))).collect();
            let backward: serde_json::Map<_, _> = keys.iter().rev().map(|(k, v)| (k.clone(), Value::from(*v))).collect();
            let text = canonical(&Value::Object(forward.clone()));
            prop_assert_eq!(&text, &canonical(&Value::Object(backward)));
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), Value::Object(forward));
        }

        #[test]
        fn context_is_not_ambiguous(a in ".{0,8}", b in ".{0,8}", c in ".{0,8}", d in ".{0,8}") {
            let mut one = base();
            one.4 = BTreeMap::from([(a.clone(), b.clone())]);
            let mut two = base();
            two.4 = BTreeMap::from([(c.clone(), d.clone())]);
            prop_assert_eq!(id(&one) == id(&two), a == c && b == d);
        }
    }
}
