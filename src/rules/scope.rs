//! What a condition can see of a clip.

use super::fields;
use crate::model::ClipDoc;
use cel::Value;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

/// Lists longer than this are left out of what a condition sees; touching one is *unknown*.
pub const MAX_ITEMS: usize = 128;
/// Texts longer than this, in bytes, are left out of what a condition sees; touching one is *unknown*.
pub const MAX_TEXT: usize = 4096;

/// A clip as conditions see it: the normalised document without `raw`, `origin` and the list of files,
/// plus `show` and `folder`. Made once per clip, used for every rule.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(super) values: BTreeMap<String, Value>,
    pub(super) left_out: Vec<String>,
}

impl Scope {
    /// The scope of `doc`, a clip of `show` found in the watched folder called `folder`.
    #[must_use]
    pub fn new(doc: &ClipDoc, show: &str, folder: &str) -> Self {
        let mut left_out = Vec::new();
        let mut values: BTreeMap<String, Value> = BTreeMap::new();
        let mut whole: HashMap<String, Value> = HashMap::new();
        let mut slim = doc.clone();
        slim.raw.clear();
        slim.origin.clear();
        slim.clip.files.clear();
        let json = serde_json::to_value(&slim).unwrap_or(Json::Null);
        for (name, v) in json.as_object().into_iter().flatten() {
            if !fields::is_root(name) {
                continue;
            }
            if let Some(v) = convert(v, name, &mut left_out) {
                whole.insert(name.clone(), v.clone());
                values.insert(name.clone(), v);
            }
        }
        for (name, v) in [("show", show), ("folder", folder)] {
            whole.insert(name.to_owned(), Value::from(v));
            values.insert(name.to_owned(), Value::from(v));
        }
        values.insert(WHOLE.to_owned(), Value::from(whole));
        for group in fields::groups() {
            values.entry(group.to_owned()).or_insert_with(|| Value::from(HashMap::<String, Value>::new()));
        }
        Self { values, left_out }
    }

    /// Dotted names of values that are known but too long for conditions.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

/// The variable by which `has(reel)` looks at top-level fields. No identifier of the language can be
/// this name by accident, because the static check refuses what is not in the schema.
pub(super) const WHOLE: &str = "clip__";

/// A JSON value in the terms of the condition language: whole numbers are `int`, others `double`.
fn convert(v: &Json, path: &str, left_out: &mut Vec<String>) -> Option<Value> {
    match v {
        Json::Null => None,
        Json::Bool(b) => Some(Value::Bool(*b)),
        Json::Number(n) => Some(match n.as_i64() {
            Some(i) => Value::Int(i),
            None => Value::Float(n.as_f64()?),
        }),
        Json::String(s) if s.len() > MAX_TEXT => {
            left_out.push(path.to_owned());
            None
        }
        Json::String(s) => Some(Value::from(s.as_str())),
        Json::Array(a) if a.len() > MAX_ITEMS => {
            left_out.push(path.to_owned());
            None
        }
        Json::Array(a) => {
            let item = format!("{path}[]");
            Some(Value::from(a.iter().filter_map(|x| convert(x, &item, left_out)).collect::<Vec<_>>()))
        }
        Json::Object(o) => {
            let mut map: HashMap<String, Value> = HashMap::new();
            for (k, x) in o {
                if let Some(x) = convert(x, &format!("{path}.{k}"), left_out) {
                    map.insert(k.clone(), x);
                }
            }
            Some(Value::from(map))
        }
    }
}
