//! What is known of a clip, in short: for documents that have a place for what their own model does not hold.

use crate::model::{ClipDoc, ClipUnit};
use serde_json::{Map, Value};

/// `rushes.clip/1` without `raw` and `origin`, by far the largest parts, without empty lists, and without the files of a
/// frame sequence, which may be very many.
pub(super) fn brief(clip: &ClipDoc) -> Map<String, Value> {
    let mut short = ClipDoc { raw: Default::default(), origin: Default::default(), ..clip.clone() };
    if short.clip.unit == ClipUnit::Sequence {
        short.clip.files.clear();
    }
    let Ok(Value::Object(mut map)) = serde_json::to_value(&short) else { return Map::new() };
    let empty = |v: &Value| v.as_array().is_some_and(Vec::is_empty) || v.as_object().is_some_and(Map::is_empty);
    map.retain(|_, v| !empty(v));
    if let Some(Value::Object(head)) = map.get_mut("clip") {
        head.retain(|_, v| !empty(v));
    }
    map
}
