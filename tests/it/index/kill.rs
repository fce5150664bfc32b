//! kill -9 at any time and at the named points; one process per state directory.

use super::child::{command, missing, run, start, wait_for};
use rushes::index::open;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let t = tempfile::tempdir().unwrap();
    let mut next = 0;
    let mut slowest = Duration::ZERO;
    let mut random = u64::from(std::process::id());
    for _ in 0..20 {
        let (mut child, mut out) = start(command("write", next, 1_000_000, t.path()));
        wait_for(&mut out, "open").unwrap();
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let end = Instant::now() + Duration::from_millis(20 + (random >> 40) % 100);
        let mut last = None;
        let killer = std::thread::spawn(move || {
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            child.kill().unwrap();
            child.wait().unwrap()
        });
        while let Some(n) = wait_for(&mut out, "ack ") {
            last = n.parse::<u64>().ok().or(last);
        }
        assert_eq!(killer.join().unwrap().signal(), Some(9));
        next = last.map_or(next, |n| n + 1);
        let begun = Instant::now();
        let opened = open(t.path(), 1).unwrap();
        slowest = slowest.max(begun.elapsed());
        assert_eq!(opened.moved_aside, None);
        assert_eq!(missing(&opened.index, next, next), None);
        // one more may have been written and not acknowledged
        assert!(opened.index.counts().files <= (next + 1) * super::child::FILES);
    }
    println!("20 kills, {next} acknowledged commits, 0 lost, slowest open {slowest:?}");
    assert!(next > 0 && slowest < Duration::from_secs(5), "{next} commits, slowest open {slowest:?}");
}

#[test]
fn killed_at_each_named_point_the_journal_and_the_index_agree_afterwards() {
    for (point, times) in [("in-journal-append", 6), ("after-journal-append", 3), ("in-index-flush", 3)] {
        let t = tempfile::tempdir().unwrap();
        let mut c = command("write", 0, 10, t.path());
        c.env(rushes::engine::killpoint::VARIABLE, format!("{point}:{times}"));
        let (status, out) = run(c, Duration::from_secs(20));
        assert_eq!(status.unwrap().signal(), Some(9), "{point}");
        let acked = out.lines().filter(|l| l.starts_with("ack ")).count() as u64;
        assert!(acked > 0, "{point} came too early to prove anything");
        let opened = open(t.path(), 1).unwrap();
        assert_eq!(opened.moved_aside, None, "{point}");
        assert_eq!(missing(&opened.index, acked, acked), None, "{point}");
        if point != "in-journal-append" {
            assert_eq!(missing(&opened.index, acked + 1, 0), None, "{point}: what the journal has, the index has");
        }
        drop(opened);
        let (status, out) = run(command("check", 0, acked, t.path()), Duration::from_secs(20));
        assert_eq!(status.unwrap().code(), Some(0), "{point}: {out}");
    }
}

#[test]
fn a_second_process_is_refused_soon_and_a_killed_one_leaves_no_lock() {
    let t = tempfile::tempdir().unwrap();
    let (mut child, mut out) = start(command("hold", 0, 0, t.path()));
    wait_for(&mut out, "open").unwrap();
    let begun = Instant::now();
    let e = open(t.path(), 1).err().unwrap();
    assert_eq!(e.code, "STATE-BUSY");
    assert!(e.what.contains(&child.id().to_string()), "it names the other process: {e}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    // One that is still being taken apart when the next starts is waited for.
    let dying = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    assert!(open(t.path(), 1).is_ok());
    dying.join().unwrap();
}
