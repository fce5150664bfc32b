//! Metadata files that cameras write beside a clip, and what other programs say about a file.

use rushes::engine::compare::{TOOLS, Value};
use rushes::engine::document::camera::{CameraValue, read};
use rushes::model::{ErrorKind, Limits};
use rushes::rules::fields::FIELDS;

/// Camera sheets: refused, of no known kind, or fields of the schema with numbers that are finite. The same bytes as another
/// program's answer are comparable values, or nothing.
pub fn camera(data: &[u8]) {
    match read(data, &Limits::default()) {
        Ok(None) => {}
        Ok(Some(sheet)) => {
            for k in &sheet.known {
                assert!(FIELDS.iter().any(|(name, _)| *name == k.field), "{} is no field", k.field);
                assert_eq!(sheet.known.iter().filter(|o| o.field == k.field).count(), 1, "{} twice", k.field);
                match &k.value {
                    CameraValue::Number(x) => assert!(x.is_finite(), "{}", k.field),
                    CameraValue::Triple(all) => assert!(all.iter().all(|x| x.is_finite()), "{}", k.field),
                    _ => {}
                }
            }
        }
        Err(e) => {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            super::harmless(&e.to_string());
        }
    }
    if let Ok(answer) = serde_json::from_slice(data) {
        for tool in TOOLS {
            if let Some(t) = tool.facts(&answer).get("fps.project") {
                assert!(matches!(t.value, Value::Exact(_)) && t.agrees(&t.value));
            }
        }
    }
}
