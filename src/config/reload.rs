//! What differs between two configurations, and what of it needs a restart.

use super::Config;
use serde_json::Value;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Dotted name of the setting: `folder.ocf.quiet`, `service.log`.
    pub what: String,
    /// It takes effect only when the daemon is started anew.
    pub needs_restart: bool,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        if self.needs_restart { f.write_str(" (needs a restart)") } else { Ok(()) }
    }
}

/// Every setting that differs, sorted. Folders are compared by name.
#[must_use]
pub fn differences(old: &Config, new: &Config) -> Vec<Change> {
    let mut out = Vec::new();
    compare("", &tree(old), &tree(new), &mut out);
    out.sort();
    let restart = |w: &str| matches!(w, "service.state_dir" | "service.control");
    out.into_iter().map(|what| Change { needs_restart: restart(&what), what }).collect()
}

/// The settings as tables of tables: lists of things with a name become tables by name.
fn tree(config: &Config) -> Value {
    fn by_name(v: Value) -> Value {
        match v {
            Value::Array(items)
                if !items.is_empty() && items.iter().all(|i| i.get("name").is_some_and(Value::is_string)) =>
            {
                let named = |i: Value| {
                    let name = i.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                    (name, by_name(i))
                };
                Value::Object(items.into_iter().map(named).collect())
            }
            Value::Object(o) => Value::Object(o.into_iter().map(|(k, v)| (k, by_name(v))).collect()),
            other => other,
        }
    }
    let mut v = by_name(serde_json::to_value(config).unwrap_or(Value::Null));
    if let Value::Object(top) = &mut v {
        for (from, to) in [("folders", "folder"), ("shows", "show")] {
            if let Some(x) = top.remove(from) {
                top.insert(to.to_owned(), x);
            }
        }
    }
    v
}

fn compare(at: &str, a: &Value, b: &Value, out: &mut Vec<String>) {
    let below = |k: &str| if at.is_empty() { k.to_owned() } else { format!("{at}.{k}") };
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            for (k, v) in x {
                match y.get(k) {
                    Some(w) => compare(&below(k), v, w, out),
                    None => out.push(format!("{} removed", below(k))),
                }
            }
            out.extend(y.keys().filter(|k| !x.contains_key(*k)).map(|k| format!("{} added", below(k))));
        }
        // `[]` and a table by name: everything was added or removed
        (Value::Array(x), Value::Object(y)) if x.is_empty() => {
            out.extend(y.keys().map(|k| format!("{} added", below(k))))
        }
        (Value::Object(x), Value::Array(y)) if y.is_empty() => {
            out.extend(x.keys().map(|k| format!("{} removed", below(k))))
        }
        _ if a != b => out.push(at.to_owned()),
        _ => {}
    }
}
