//! Fingerprints candidates on the area's own small pool.
//!
//! Each file is opened below the root without following links, must still be the file that was judged, is
//! read once, and must be the same afterwards, by descriptor and by name, with nobody writing. Files above
//! 1 GiB never occupy all threads, so a long (or endless sparse) file does not hold up the rest.

use super::lease::{self, Evidence};
use super::look::{open_same, unreadable};
use super::place::{self, Place};
use super::settle::{Candidate, Look, Outcome, same_file};
use crate::engine::hash::fingerprint;
use crate::model::{Error, ErrorKind, FileStat, HashKind};
use crossbeam_channel::Sender;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// From this size on a file is big, bytes.
const BIG: u64 = 1 << 30;

/// A candidate with what came out of it.
pub type Finished = (Candidate, Instant, Vec<(usize, Outcome)>);

/// How to open and hash in this area.
#[derive(Debug)]
pub struct Setup {
    /// The area.
    pub place: Place,
    /// Identity of its first folder, `(dev, ino)`.
    pub identity: (u64, u64),
    /// Hashes besides XXH3-128.
    pub hashes: Vec<HashKind>,
    /// Ask for a lease before and after.
    pub lease: bool,
}

struct Work {
    setup: Arc<Setup>,
    candidate: Candidate,
    ready_at: Instant,
    outcomes: Mutex<Vec<(usize, Outcome)>>,
    left: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    small: VecDeque<(Arc<Work>, usize)>,
    big: VecDeque<(Arc<Work>, usize)>,
    running: usize,
    running_big: usize,
}

struct Inner {
    queue: Mutex<Queue>,
    threads: usize,
    done: Sender<Finished>,
    wake: Sender<()>,
    stop: AtomicBool,
    started: Instant,
    /// Milliseconds after `started` of the last byte read.
    progress: AtomicU64,
}

/// The pool of one area.
pub struct Ingest {
    inner: Arc<Inner>,
    pool: rayon::ThreadPool,
}

impl Ingest {
    /// Starts the pool; finished candidates go to `done`, and `wake` is rung.
    pub fn new(threads: usize, done: Sender<Finished>, wake: Sender<()>) -> Result<Self, Error> {
        let threads = threads.clamp(2, 64);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|_| "rushes-hash".into())
            .build()
            .map_err(|e| Error::new(ErrorKind::Io, "INTERNAL", format!("cannot start threads: {e}")))?;
        let (queue, stop) = (Mutex::default(), AtomicBool::new(false));
        let (started, progress) = (Instant::now(), AtomicU64::new(0));
        Ok(Self { inner: Arc::new(Inner { queue, threads, done, wake, stop, started, progress }), pool })
    }

    /// Takes a candidate; every member without a fingerprint is hashed.
    pub fn submit(&self, setup: &Arc<Setup>, candidate: Candidate, ready_at: Instant) {
        let todo: Vec<(usize, u64)> = (candidate.members.iter().enumerate())
            .filter(|(_, m)| m.fp.is_none())
            .map(|(i, m)| (i, m.stat.size))
            .collect();
        let work = Arc::new(Work {
            setup: Arc::clone(setup),
            candidate,
            ready_at,
            outcomes: Mutex::default(),
            left: AtomicUsize::new(todo.len()),
        });
        if todo.is_empty() {
            return self.inner.finish(&work);
        }
        let mut q = lock(&self.inner.queue);
        if q.running == 0 {
            self.inner.progressed();
        }
        for (i, size) in todo {
            let line = if size >= BIG { &mut q.big } else { &mut q.small };
            line.push_back((Arc::clone(&work), i));
        }
        while q.running < self.inner.threads {
            let Some(job) = next(&mut q, self.inner.threads) else { break };
            let inner = Arc::clone(&self.inner);
            self.pool.spawn_fifo(move || run(&inner, job));
        }
    }

    /// For how long nothing was read although something is being read, milliseconds.
    pub fn stalled_ms(&self) -> u64 {
        if lock(&self.inner.queue).running == 0 {
            return 0;
        }
        let now = u64::try_from(self.inner.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        now.saturating_sub(self.inner.progress.load(Ordering::Relaxed))
    }

    /// Ends what runs at the next buffer and drops the rest, without waiting.
    pub fn stop(&self) {
        self.inner.stop.store(true, Ordering::SeqCst);
        let mut q = lock(&self.inner.queue);
        q.small.clear();
        q.big.clear();
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

type Job = (Arc<Work>, usize, bool);

/// The next file: small ones first, a big one when a thread stays free for small ones.
fn next(q: &mut Queue, threads: usize) -> Option<Job> {
    let big_may = q.running_big + 1 < threads;
    let (work, i, big) = match q.big.pop_front_if(|_| big_may) {
        Some((w, i)) => (w, i, true),
        None => q.small.pop_front().map(|(w, i)| (w, i, false))?,
    };
    q.running += 1;
    q.running_big += usize::from(big);
    Some((work, i, big))
}

fn run(inner: &Arc<Inner>, mut job: Job) {
    loop {
        let (work, i, big) = job;
        let outcome = inner.one(&work, i);
        lock(&work.outcomes).push((i, outcome));
        if work.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            inner.finish(&work);
        }
        let mut q = lock(&inner.queue);
        q.running = q.running.saturating_sub(1);
        q.running_big = q.running_big.saturating_sub(usize::from(big));
        match next(&mut q, inner.threads) {
            Some(j) => job = j,
            None => return,
        }
    }
}

impl Inner {
    fn progressed(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.store(now, Ordering::Relaxed);
    }

    fn finish(&self, work: &Arc<Work>) {
        let outcomes = std::mem::take(&mut *lock(&work.outcomes));
        let _ = self.done.send((work.candidate.clone(), work.ready_at, outcomes));
        let _ = self.wake.try_send(());
    }

    fn one(&self, work: &Work, i: usize) -> Outcome {
        let c = &work.candidate;
        let Some(m) = c.members.get(i) else { return Outcome::Disturbed };
        match self.read(&work.setup, &c.dir, &c.dir.join(&*m.name), &m.stat) {
            Ok(o) => o,
            Err(Look::Failed(e)) => Outcome::Failed(e),
            Err(_) => Outcome::Disturbed,
        }
    }

    fn read(&self, s: &Setup, dir: &Path, path: &Path, was: &FileStat) -> Result<Outcome, Look> {
        let fail = |doing: &str, e: Errno| Look::Failed(unreadable(path, doing, e));
        let base = s.place.open().map_err(|e| fail("open the watched folder", e))?;
        if base.identity != s.identity {
            return Err(Look::Gone);
        }
        let folder = match base.folder(dir) {
            Ok(f) => f,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => return Err(Look::Gone),
            Err(e) => return Err(fail("open the folder", e)),
        };
        let file = File::from(open_same(folder.as_fd(), path, was)?);
        if s.lease && lease::probe(file.as_fd()) == Evidence::Writer {
            return Err(Look::Writer);
        }
        let go_on = |_: u64| {
            self.progressed();
            !self.stop.load(Ordering::Relaxed)
        };
        let fp = fingerprint(&file, &s.hashes, &go_on).map_err(|e| Look::Failed(e.at(path)))?;
        let after = place::stat_fd(file.as_fd()).map_err(|e| fail("look at the file", e))?;
        let by_name = match place::stat_in(folder.as_fd(), path.file_name().unwrap_or_default()) {
            Err(Errno::NOENT) => None,
            r => r.map_err(|e| fail("look at the file", e))?,
        };
        let unchanged = [after, by_name]
            .iter()
            .all(|s| s.is_some_and(|s| same_file(&s, was) && s.dev == after.map_or(0, |a| a.dev)));
        if !unchanged || fp.size != was.size {
            return Ok(Outcome::Disturbed);
        }
        if s.lease && lease::probe(file.as_fd()) == Evidence::Writer {
            return Ok(Outcome::Disturbed);
        }
        self.progressed();
        Ok(Outcome::Done(Arc::new(fp)))
    }
}
