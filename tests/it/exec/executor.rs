//! The local executor: many steps, cancelling, stopping.

use super::{House, program};
use rushes::engine::deliver::{JobFile, StepOutcome};
use rushes::exec::{ExecEvent, Executor, LocalExecutor, LocalSettings};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn executor(house: &House, program: &Path, workers: usize) -> (LocalExecutor, crossbeam_channel::Receiver<ExecEvent>) {
    let (tell, told) = crossbeam_channel::unbounded();
    let settings = LocalSettings { workers, work_dir: house.at("work"), program: program.to_path_buf() };
    (LocalExecutor::new(settings, tell), told)
}

fn numbered(house: &House, n: u64) -> JobFile {
    let mut job = house.deliver_job(&format!("R{n:03}"));
    job.id = format!("{n:032x}");
    for o in &mut job.outputs {
        let name = o.path.to_text().replace("B.mov", &format!("B{n:03}.mov"));
        o.path = Path::new(&name).into();
    }
    job
}

#[test]
fn two_hundred_jobs() {
    let house = House::new();
    let (mut exec, told) = executor(&house, program(), 4);
    assert_eq!((exec.name(), exec.capacity()), ("local", 4));
    let begin = Instant::now();
    let mut next = 0u64;
    let (mut started, mut finished) = (BTreeSet::new(), BTreeSet::new());
    let mut latencies = Vec::new();
    while finished.len() < 200 {
        while next < 200 {
            match exec.submit(next, numbered(&house, next)) {
                Ok(()) => next += 1,
                Err(back) => {
                    assert_eq!(back.id, format!("{next:032x}"), "a refused job comes back whole");
                    break;
                }
            }
        }
        assert!(exec.running() <= 4);
        match told.recv_timeout(PATIENCE).unwrap() {
            ExecEvent::Started { ticket, latency } => {
                assert!(started.insert(ticket));
                latencies.push(latency);
            }
            ExecEvent::Room => {}
            ExecEvent::Finished { ticket, result } => {
                assert!(started.contains(&ticket) && finished.insert(ticket));
                assert!(matches!(result.outcome, StepOutcome::Made(_)), "{result:?}");
            }
        }
    }
    latencies.sort();
    println!(
        "200 jobs in {:?}; submit to start: median {:?}, worst {:?}",
        begin.elapsed(),
        latencies[100],
        latencies[199]
    );
    assert_eq!(exec.running(), 0);
    assert_eq!(std::fs::read_dir(house.at("out/A")).unwrap().count(), 400);
    assert_eq!(std::fs::read_dir(house.at("out/.rushes/staging")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(house.at("work")).unwrap().count(), 0);
}

/// A worker that takes its time.
fn sleeper(house: &House) -> std::path::PathBuf {
    let path = house.at("sleeper.sh");
    std::fs::write(&path, "#!/bin/sh\nexec sleep 30\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The code with which `ticket` ended.
fn end_of(told: &crossbeam_channel::Receiver<ExecEvent>, ticket: u64) -> String {
    loop {
        if let ExecEvent::Finished { ticket: t, result } = told.recv_timeout(PATIENCE).unwrap()
            && t == ticket
        {
            return super::code(&result);
        }
    }
}

#[test]
fn cancel_and_stop() {
    let house = House::new();
    let slow = sleeper(&house);
    // Another test's fork may hold the script open for writing for a moment: start only when that is over.
    std::thread::sleep(Duration::from_millis(300));
    let (mut exec, told) = executor(&house, &slow, 2);
    exec.submit(1, house.inspect_job()).unwrap();
    exec.submit(2, house.inspect_job()).unwrap();
    assert!(exec.submit(3, house.inspect_job()).is_err(), "no room");
    exec.cancel(1);
    exec.cancel(77);
    assert_eq!(end_of(&told, 1), "JOB-CANCELLED");
    exec.submit(4, house.inspect_job()).unwrap();
    assert!(exec.submit(4, house.inspect_job()).is_err(), "a ticket in use");
    let begin = Instant::now();
    exec.stop(Duration::from_millis(100));
    assert!(begin.elapsed() < Duration::from_secs(4));
    assert_eq!(exec.running(), 0);
    let mut ends = [end_of(&told, 2)].to_vec();
    ends.extend(told.try_iter().filter_map(|e| match e {
        ExecEvent::Finished { result, .. } => Some(super::code(&result)),
        ExecEvent::Started { .. } | ExecEvent::Room => None,
    }));
    assert!(ends.iter().all(|c| c == "JOB-CANCELLED"), "{ends:?}");
    assert!(exec.submit(5, house.inspect_job()).is_err(), "stopped");
}
