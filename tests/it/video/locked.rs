//! A decoder that was started before its worker locked itself in goes on working, by its pipe alone.

use super::numbers::{CLIPS, clip, number};
use super::{programs, tools};
use rushes::engine::process::{LockReport, lock_in};
use rushes::engine::video::{ClipColor, Span, VideoReader, probe};
use std::fs::File;
use std::process::Command;

const CLIP: &str = "RUSHES_TEST_LOCKED_CLIP";

/// The worker, when the variable is set; else nothing.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CLIP) else { return };
    let programs = programs("video locked").unwrap();
    let tools = tools(&programs);
    let file = File::open(path).unwrap();
    let facts = probe(&file, "mov", &tools).unwrap();
    let open = |first, count| {
        let span = Span { first, count, rate: facts.r_frame_rate };
        VideoReader::open(&file, "mov", &facts, ClipColor::default(), span, &tools).unwrap()
    };
    let (mut whole, left) = (open(11, 5), open(0, 60));
    let report: LockReport = lock_in(None, &tools.limits, None).unwrap();
    println!("\nLOCK {report}");
    assert!(probe(&file, "mov", &tools).is_err(), "a program is started behind the lock");
    while let Some(d) = whole.next_frame().unwrap() {
        println!("FRAME {}", number(&d.frame));
    }
    // One that is given up half way must not hold anybody.
    drop(left);
    println!("DONE");
}

#[test]
fn a_locked_in_worker_reads_on() {
    let Some(programs) = programs("video locked") else { return };
    let dir = tempfile::tempdir().unwrap();
    for at in [&CLIPS[0], &CLIPS[4]] {
        let path = clip(&programs, dir.path(), at, false).unwrap();
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["video::locked::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CLIP, path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        let frames: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("FRAME ")).collect();
        assert_eq!(frames, ["11", "12", "13", "14", "15"], "{text} {}", String::from_utf8_lossy(&out.stderr));
        assert!(text.contains("DONE"), "{text}");
    }
}
