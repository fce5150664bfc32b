//! The record of a clip: its `rushes.clip/1` document and who asked for it.

use crate::model::{ClipDoc, Error, ErrorKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a sidecar says beside the clip itself. Written as the object `rushes` at the end of the document.
#[derive(Debug, Clone, Copy)]
pub struct SidecarContext<'a> {
    /// The job's id.
    pub job: &'a str,
    /// Revision of the recipe that made it.
    pub revision: u32,
    /// The job file's context: `show`, `folder`, `rule`, `config`, `verified`, …
    pub context: &'a BTreeMap<String, String>,
}

/// The document as indented JSON with a line end. The same input gives the same bytes on every machine and in every
/// version of the program: no clock, no host, no version is in it.
///
/// # Errors
/// `INTERNAL` when the document cannot be written as JSON, which a number that is not finite would cause.
pub fn json(clip: &ClipDoc, context: &SidecarContext<'_>) -> Result<Vec<u8>, Error> {
    let failed = |what: String| Error::new(ErrorKind::Malformed, "INTERNAL", what);
    let value = serde_json::to_value(clip).map_err(|e| failed(format!("the clip cannot be written as JSON: {e}")))?;
    let Value::Object(mut document) = value else {
        return Err(failed("the clip is not a JSON object".into()));
    };
    let mut about = Map::new();
    about.insert("job".into(), context.job.into());
    about.insert("recipe".into(), format!("sidecar/{}", context.revision).into());
    for (key, text) in context.context {
        about.entry(key.clone()).or_insert_with(|| text.as_str().into());
    }
    document.insert("rushes".into(), Value::Object(about));
    let mut bytes = serde_json::to_vec_pretty(&Value::Object(document))
        .map_err(|e| failed(format!("the clip cannot be written as JSON: {e}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClipFile, ClipUnit, Origin, Rational, TimecodeInfo};
    use std::path::Path;

    fn clip() -> ClipDoc {
        let mut d = ClipDoc::new("A001C001", ClipUnit::File);
        d.clip.files.push(ClipFile {
            path: Path::new("A/A001C001.mov").into(),
            size: 12,
            xxh128: "00112233445566778899aabbccddeeff".into(),
            hashes: BTreeMap::new(),
        });
        d.set("reel", |d| &mut d.reel, "A001".to_owned(), Origin::new("mov", "tmcd name", "moov/trak[2]"));
        d.timecode = Some(TimecodeInfo {
            start: "10:00:00:00".into(),
            end: None,
            rate: Rational::new(24_000, 1001).unwrap(),
            drop: false,
        });
        d.keep("mov", "z", 1);
        d.keep("mov", "a", 172.8);
        d
    }

    fn context() -> BTreeMap<String, String> {
        [("show", "senna"), ("rule", "dailies"), ("job", "never over ours"), ("verified", "unverified")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into()
    }

    #[test]
    fn golden() {
        let c = context();
        let about = SidecarContext { job: "0123", revision: 1, context: &c };
        let text = String::from_utf8(json(&clip(), &about).unwrap()).unwrap();
        assert_eq!(text, include_str!("../../../tests/golden/sidecar.json"));
        assert!(!text.contains(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn reads_back_as_the_clip() {
        let c = context();
        let about = SidecarContext { job: "0123", revision: 1, context: &c };
        let back: ClipDoc = serde_json::from_slice(&json(&clip(), &about).unwrap()).unwrap();
        assert_eq!(back, clip());
    }
}
