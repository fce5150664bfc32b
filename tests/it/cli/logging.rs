//! What reaches stderr when names are hostile: tried in a process of its own, since logging starts once.

use rushes::model::MediaPath;
use rushes::telemetry::{self, events};
use std::path::Path;
use std::process::Command;

const CHILD: &str = "RUSHES_TEST_LOGGING";

/// Logs when called as a child, else does nothing.
#[test]
fn child() {
    let Ok(how) = std::env::var(CHILD) else { return };
    let settings = telemetry::Settings { json: how == "json", level: "info".into(), ..telemetry::Settings::default() };
    let handle = telemetry::init(&settings).unwrap();
    assert!(!handle.journald);
    let path = MediaPath::from(Path::new("evil\n2026-01-01T00:00:00Z ERROR forged\u{1b}]0;title\u{7}\u{202e}.mov"));
    events::file_refused("ocf", &path, "FILE-EMPTY", "the file has no bytes\r");
    events::unit_ready("ocf", "hidden at this level", 1);
    telemetry::set_level("debug").unwrap();
    events::unit_ready("ocf", "shown at this level", 1);
    assert!(telemetry::init(&settings).is_err(), "logging starts once");
}

fn lines(how: &str) -> Vec<String> {
    let mut c = Command::new(std::env::current_exe().unwrap());
    c.args(["--exact", "cli::logging::child", "--nocapture"]).env(CHILD, how).env_remove("JOURNAL_STREAM");
    let o = c.output().unwrap();
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8(o.stderr).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_name_forges_no_line() {
    let lines = lines("people");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(!lines.iter().any(|l| l.chars().any(char::is_control)), "{lines:#?}");
    assert!(lines[0].contains(" WARN  file-refused: folder ocf: evil\\u{a}2026-01-01"), "{}", lines[0]);
    assert!(lines[0].contains("code=FILE-EMPTY") && lines[0].contains("\\u{202e}.mov"), "{}", lines[0]);
    assert!(lines[1].contains("shown at this level"), "{}", lines[1]);
}

#[test]
fn json_lines_carry_the_fields() {
    let lines: Vec<serde_json::Value> = lines("json").iter().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0]["event"].as_str(), lines[0]["level"].as_str()), (Some("file-refused"), Some("warn")));
    assert_eq!((lines[0]["folder"].as_str(), lines[0]["code"].as_str()), (Some("ocf"), Some("FILE-EMPTY")));
    assert!(lines[0]["path"].as_str().unwrap().contains("\\u{1b}"), "values are escaped before they are logged");
}
