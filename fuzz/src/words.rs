//! What people write: configuration, conditions, timecode.

use super::{harmless, memory};
use rushes::config;
use rushes::model::{ClipDoc, ClipUnit, Rational, Timecode};
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
