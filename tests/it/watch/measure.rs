//! Figures, not verdicts: `cargo test --test it watch::measure -- --nocapture` with `RUSHES_MEASURE=1`.

use super::real::{Room, settings};
use rushes::watch::list_once;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn cpu() -> Duration {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

#[test]
fn scan_of_200_000_files_beside_find() {
    if std::env::var_os("RUSHES_MEASURE").is_none() {
        println!("skipped: RUSHES_MEASURE is not set");
        return;
    }
    let t = tempfile::tempdir().unwrap();
    let hot = t.path().join("hot");
    for d in 0..2000 {
        let dir = hot.join(format!("A{:03}/CLIPS{:02}", d / 20, d % 20));
        fs::create_dir_all(&dir).unwrap();
        for f in 0..100 {
            fs::write(dir.join(format!("C{d:04}{f:03}.mov")), "x").unwrap();
        }
    }
    for _ in 0..2 {
        let (c, w) = (cpu(), Instant::now());
        let n = list_once(&settings(&hot)).unwrap().len();
        println!("list_once: {n} files, {:?} cpu, {:?} wall", cpu() - c, w.elapsed());
        let sh = "time -p find \"$0\" -type f -printf '%i %s %T@ %C@ %p\\n' > /dev/null";
        let out = std::process::Command::new("bash").args(["-c", sh]).arg(&hot).output().unwrap();
        println!("find -printf: {}", String::from_utf8_lossy(&out.stderr).replace('\n', " "));
    }
    let mut s = settings(&hot);
    s.quiet = Some(Duration::from_secs(600));
    let (c, w) = (cpu(), Instant::now());
    let room = Room::new(s, Arc::default());
    while room.handle.status().latency_ms.is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("first sweep with watches: {:?} cpu, {:?} wall, {:?}", cpu() - c, w.elapsed(), room.handle.status().mode);
    let c = cpu();
    room.handle.rescan();
    std::thread::sleep(Duration::from_secs(3));
    println!("second sweep (and 3 s of waiting): {:?} cpu, {:?} ms", cpu() - c, room.handle.status().latency_ms);
}

#[test]
fn from_closing_to_ready() {
    if std::env::var_os("RUSHES_MEASURE").is_none() {
        println!("skipped: RUSHES_MEASURE is not set");
        return;
    }
    let t = tempfile::tempdir().unwrap();
    let mut s = settings(t.path());
    s.quiet = Some(Duration::from_millis(200));
    let mut room = Room::new(s, Arc::default());
    room.idle();
    let mut times = Vec::new();
    for i in 0..30 {
        let name = format!("A{i}.mov");
        fs::write(t.path().join(&name), "x").unwrap();
        let begun = Instant::now();
        room.until(Duration::from_secs(5), "ready", |r| r.times(&name) == 1);
        times.push(begun.elapsed());
    }
    times.sort();
    println!("closed to offered at quiet 200 ms: p50 {:?}, max {:?}", times[15], times[29]);
    println!("ready to offered: at most {:?}", room.slowest);
    let c = cpu();
    room.pause(Duration::from_secs(5));
    println!("5 s idle: {:?} cpu", cpu() - c);
}
