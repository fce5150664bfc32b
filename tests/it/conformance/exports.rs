//! What `rushes export` writes, read by other programs.

use super::formats_oracle::data;
use crate::cli::{rushes, status, stderr};
use crate::support::oracle;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/otio_read.py");

fn export(kind: &str, media: &Path, output: &Path) {
    let o = rushes().args(["export", "--as", kind, "-o"]).arg(output).arg(media).output().unwrap();
    // files that are damaged on purpose are among them
    assert!([0, 3].contains(&status(&o)), "{}", stderr(&o));
}

/// Start, duration and files of each clip, as OpenTimelineIO understands them, beside what we know of it.
#[test]
fn conformance_exports_read_by_opentimelineio() {
    const TEST: &str = "conformance exports read by OpenTimelineIO";
    let (Some(data), Some(python)) = (data(TEST), oracle(TEST, "python")) else { return };
    let there = Command::new(&python).args(["-c", "import opentimelineio"]).output().unwrap();
    if !there.status.success() {
        println!("{TEST}: skipped, no opentimelineio (tests/install-deps.sh)");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("all.otio");
    export("otio", &data.join("media"), &path);
    let o = Command::new(&python).arg(SCRIPT).arg(&path).output().unwrap();
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    let clips: Vec<Value> = serde_json::from_slice(&o.stdout).unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for c in &clips {
        let known = &c["known"];
        let mut bad = |what: &str| wrong.push(format!("{what}: {c}"));
        if c["name"] != known["clip"]["name"] || c["files"] != c["there"] {
            bad("name or files");
        }
        let sound = known["image"]["width"].is_null();
        let frames = c["duration"][0].as_f64().unwrap();
        let missing: i64 = known["clip"]["gaps"].as_array().into_iter().flatten().map(length).sum();
        if let (false, Some(n)) = (sound, known["clip"]["frames"].as_f64())
            && frames != n + missing as f64
        {
            bad("length");
        }
        // 23.976 plays a day in a day and 86.4 s, and where an edit list or sound decides, no frame is a frame long
        if let (Some(s), 0) = (known["clip"]["duration_s"].as_f64(), missing)
            && (c["seconds"].as_f64().unwrap() - s).abs() > 0.5
        {
            bad("seconds");
        }
        match (known["timecode"]["start"].as_str(), c["timecode"].as_str()) {
            (Some(ours), Some(theirs)) if !sound => {
                if ours.replace(';', ":") != theirs.replace(';', ":") {
                    bad("timecode");
                }
                *seen.entry("with the same start timecode").or_default() += 1;
            }
            (Some(_), _) => {
                *seen.entry("counted in samples or at a rate that it has no timecode for").or_default() += 1
            }
            (None, _) => *seen.entry("without timecode").or_default() += 1,
        }
        *seen.entry(if c["kind"] == "ImageSequenceReference" { "frame sequences" } else { "files" }).or_default() += 1;
    }
    println!("{TEST}: {} clips, {seen:?}", clips.len());
    assert!(wrong.is_empty(), "{} clips differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(clips.len() > 50);
}

fn length(gap: &Value) -> i64 {
    gap["last"].as_i64().unwrap() - gap["first"].as_i64().unwrap() + 1
}

/// Every parameter of ours is one of the complete sample of the specification, and of the same type.
#[test]
fn conformance_exports_opentrackio_like_its_sample() {
    const TEST: &str = "conformance exports like OpenTrackIO's sample";
    let Some(data) = data(TEST) else { return };
    let Ok(sample) = std::fs::read(data.join("media/trackio/complete_static_example.json")) else {
        println!("{TEST}: skipped, no sample");
        return;
    };
    let sample: Value = serde_json::from_slice(&sample).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("all.jsonl");
    export("opentrackio", &data.join("media"), &path);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut parameters: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines() {
        let mut ours: Value = serde_json::from_str(line).unwrap();
        ours.as_object_mut().unwrap().remove("custom");
        compare("", &ours, &sample, &mut parameters);
    }
    println!("{TEST}: {} samples, {} parameters", text.lines().count(), parameters.len());
    assert!(text.lines().count() > 50 && parameters.len() > 20);
}

fn compare(at: &str, ours: &Value, sample: &Value, seen: &mut BTreeMap<String, usize>) {
    // the sample is not drop-frame and leaves it out
    if at == "/timing/timecode/dropFrame" {
        assert!(ours.is_boolean());
        return;
    }
    match (ours, sample) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                let other = b.get(key).unwrap_or(&Value::Null);
                compare(&format!("{at}/{key}"), value, other, seen);
            }
        }
        (Value::Array(a), Value::Array(b)) => assert_eq!(a.len(), b.len(), "{at}"),
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) => {}
        _ => panic!("{at}: {ours} is not like {sample}"),
    }
    *seen.entry(at.to_owned()).or_default() += 1;
}
