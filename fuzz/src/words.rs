//! What people write: configuration, conditions, timecode.

use super::{harmless, memory};
use rushes::config;
use rushes::model::{ClipDoc, ClipUnit, Rational, Timecode};
use rushes::query::{Facts, Flaw, Order, Place, Query};
use rushes::rules::{Condition, Scope};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A configuration file: every error is found and can be shown; a good one is read the same twice.
pub fn config(data: &[u8]) {
    let file = memory(data);
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    match config::load(&path) {
        Ok(first) => {
            let second = config::load(&path).expect("good twice");
            assert_eq!(first.config.hash, second.config.hash);
            assert!(config::differences(&first.config, &second.config).is_empty());
        }
        Err(found) => {
            assert!(found.iter().any(|d| d.severity == config::Level::Error) && found.len() <= 201);
            for d in found.iter().take(20) {
                let shown = d.render(false);
                harmless(&shown);
                assert!(shown.len() < 8000, "{} bytes", shown.len());
                assert!(!d.to_string().contains('\n'), "{d}");
                harmless(&d.to_string());
            }
        }
    }
}

/// Clips that a condition is asked about: one that says nothing, and one that says much.
fn scopes() -> &'static [Scope; 2] {
    static SCOPES: OnceLock<[Scope; 2]> = OnceLock::new();
    SCOPES.get_or_init(|| {
        let bare = ClipDoc::new("A001C001", ClipUnit::File);
        let mut full = bare.clone();
        full.reel = Some("A001R2EC".into());
        full.format.id = "dpx".into();
        full.camera.make = Some("ARRI".into());
        full.image.width = Some(4096);
        full.image.height = Some(2160);
        full.clip.frames = Some(240);
        full.lens.focal_length_mm = Some(40.0);
        full.fps.project = Rational::new(24_000, 1001);
        full.slate.circled = Some(true);
        full.warn("FRAME-MISMATCH", "made up");
        [Scope::new(&bare, "senna", "ocf"), Scope::new(&full, "senna", "ocf")]
    })
}

/// A condition: refused with places in its text, or the same answer twice.
pub fn condition(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Condition::compile(&text) {
        Ok(c) => {
            for scope in scopes() {
                assert_eq!(c.evaluate(scope), c.evaluate(scope));
            }
            assert_eq!(Condition::compile(c.source()).as_ref(), Ok(&c));
        }
        Err(flaws) => {
            assert!(!flaws.is_empty());
            for f in flaws {
                assert!(f.offset <= text.len() && f.offset.saturating_add(f.length) <= text.len().max(1), "{f:?}");
            }
        }
    }
}

/// A query, and after a line end an order: refused with a place, or printed and read the same, with the same answers.
pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, order) = text.rsplit_once('\n').unwrap_or((&text, ""));
    match text.parse::<Query>() {
        Ok(q) => {
            let printed = q.to_string();
            let again: Query = printed.parse().expect("what was printed can be read");
            assert_eq!(again, q, "printed as {printed}");
            for f in facts() {
                assert_eq!(q.holds(f), again.holds(f));
                let not: Query = Query::Not(Box::new(q.clone()));
                assert_ne!(q.holds(f), not.holds(f));
            }
            let _ = q.of_present().asks_presence();
        }
        Err(f) => flawed(&f, text),
    }
    match order.parse::<Order>() {
        Ok(o) => {
            for k in &o.keys {
                for (a, b) in [("1", "-2.5"), ("24/1", "x"), ("10:00:00:00", "10:00:00;01"), ("", "\u{1f}")] {
                    assert_eq!(k.compare(a, b), k.compare(b, a).reverse(), "{a} {b}");
                }
            }
        }
        Err(f) => flawed(&f, order),
    }
}

fn flawed(f: &Flaw, text: &str) {
    assert!(f.offset.saturating_add(f.length) <= text.len(), "{f:?}");
    let shown = f.render(text);
    harmless(&shown);
    assert!(shown.len() < 20_000, "{} bytes", shown.len());
}

/// Clips that a query is asked about: one of which nothing is known, and one of which much is.
fn facts() -> &'static [Facts; 2] {
    static FACTS: OnceLock<[Facts; 2]> = OnceLock::new();
    FACTS.get_or_init(|| {
        let full = serde_json::json!({
            "clip": {"name": "A001C003_260112_R2EC", "frames": 240},
            "camera": {"make": "ARRI", "model": "ALEXA 35"}, "reel": "A001R2EC",
            "timecode": {"start": "23:59:59;20", "end": "00:00:10;00", "rate": "30000/1001", "drop": true},
            "exposure": {"iso": 800}, "lens": {"t_stop": 2.8}, "slate": {"circled": true, "note": "good for sound"},
            "recorded": {"date": "2026-11-25T10:31:07+01:00"}, "audio": {"tracks": [{"name": "Boom"}, {"name": "Mix"}]},
        });
        let place = Place { folder: "ocf".into(), path: "A001/x.mov".into() };
        [Facts::new(&serde_json::Value::Null, "senna", &[], None), Facts::new(&full, "senna", &[place], None)]
    })
}

/// A rate, a comma, and a timecode label: printed and read again they are the same.
pub fn timecode(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (rate, label) = text.split_once(',').unwrap_or(("24/1", &text));
    let Ok(rate) = rate.parse::<Rational>() else { return };
    assert_eq!(rate.to_string().parse(), Ok(rate));
    for drop in [false, true] {
        if let Ok(t) = Timecode::parse(label, rate, drop) {
            let shown = t.to_string();
            assert_eq!(Timecode::parse(&shown, rate, drop), Ok(t), "{shown}");
            assert_eq!(Timecode::from_frames(i64::from(t.frames()), rate, t.is_drop()), Some(t));
            let (h, m, s, f) = t.parts();
            assert_eq!(Timecode::from_parts(h, m, s, f, rate, t.is_drop()), Ok(t));
            for n in [1, -1, 1_000_003, i64::from(u32::MAX)] {
                assert_eq!(t.plus(n).plus(-n), t, "{shown} {n}");
            }
            let _ = (t.plus(i64::MIN), t.plus(i64::MAX));
        }
        if let Ok(n) = label.trim().parse::<i64>()
            && let Some(t) = Timecode::from_frames(n, rate, drop)
        {
            assert_eq!(Timecode::parse(&t.to_string(), rate, drop), Ok(t), "{n} frames");
        }
    }
}
