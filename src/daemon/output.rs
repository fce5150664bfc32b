//! What the daemon itself does in an output folder, on a thread of its own: a file system that hangs holds up this
//! thread, and the loop asks no further than a moment.

use crate::config::Folder;
use crate::daemon::core::Core;
use crate::engine::deliver::{MadeOutput, Workspace};
use crate::telemetry::events;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the loop waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long one task may take before the file system counts as hung.
const HUNG: Duration = Duration::from_secs(5);
/// How often the free space is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Tasks that may wait.
const MOST_TASKS: usize = 64;

type Task = Box<dyn FnOnce() + Send>;

/// The thread of one folder for outputs or receipts. It ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct OutputSide {
    tasks: Sender<Task>,
    state: Arc<State>,
}

struct State {
    began: Instant,
    /// When the current task began, ms after `began` plus 1; 0 while nothing runs.
    busy: AtomicU64,
    left: AtomicUsize,
    /// Bytes free and in all, as last seen.
    space: Mutex<Option<(u64, u64)>>,
}

impl State {
    fn run(&self, task: impl FnOnce()) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.busy.store(now.saturating_add(1), Ordering::SeqCst);
        task();
        self.busy.store(0, Ordering::SeqCst);
    }

    fn look(&self, path: &Path) {
        let seen = rustix::fs::statvfs(path).ok();
        let seen = seen.map(|s| (s.f_bavail.saturating_mul(s.f_frsize), s.f_blocks.saturating_mul(s.f_frsize)));
        *self.space.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

impl OutputSide {
    /// Starts the thread of `path`. Without a thread (the system has none left) every question stays unanswered.
    pub fn start(path: &Path) -> Self {
        let (tasks, todo) = bounded::<Task>(MOST_TASKS);
        let state = Arc::new(State {
            began: Instant::now(),
            busy: AtomicU64::new(0),
            left: AtomicUsize::new(0),
            space: Mutex::new(None),
        });
        let (own, path) = (Arc::clone(&state), path.to_path_buf());
        let work = move || {
            let mut looked: Option<Instant> = None;
            loop {
                if looked.is_none_or(|t| t.elapsed() >= LOOK_EVERY) {
                    own.run(|| own.look(&path));
                    looked = Some(Instant::now());
                }
                match todo.recv_timeout(LOOK_EVERY) {
                    Ok(task) => {
                        own.run(task);
                        own.left.fetch_sub(1, Ordering::SeqCst);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        if let Err(e) = std::thread::Builder::new().name("rushes-output".into()).spawn(work) {
            tracing::error!("cannot start a thread for an output folder: {e}");
        }
        Self { tasks, state }
    }

    /// Has something done, in order. Gives false, and does nothing, when too much waits already.
    pub fn post(&self, task: impl FnOnce() + Send + 'static) -> bool {
        self.state.left.fetch_add(1, Ordering::SeqCst);
        let taken = self.tasks.try_send(Box::new(task)).is_ok();
        if !taken {
            self.state.left.fetch_sub(1, Ordering::SeqCst);
        }
        taken
    }

    /// Whether [`OutputSide::post`] would take another task.
    pub fn has_room(&self) -> bool {
        !self.tasks.is_full()
    }

    /// The answer to a question, unless the file system hangs.
    pub fn ask<T: Send + 'static>(&self, question: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        if self.hung().is_some() {
            return None;
        }
        let (tell, told) = bounded(1);
        // nobody waits any more when the answer comes too late
        let asked = self.post(move || drop(tell.send(question())));
        if asked { told.recv_timeout(PATIENCE).ok() } else { None }
    }

    /// Since when the file system has not answered.
    pub fn hung(&self) -> Option<Duration> {
        let busy = self.state.busy.load(Ordering::SeqCst).checked_sub(1)?;
        let since = self.state.began.elapsed().saturating_sub(Duration::from_millis(busy));
        (since > HUNG).then_some(since)
    }

    /// True when everything that was asked for is done.
    pub fn is_idle(&self) -> bool {
        self.state.left.load(Ordering::SeqCst) == 0
    }

    /// Bytes free and in all, as last seen.
    pub fn space(&self) -> Option<(u64, u64)> {
        *self.state.space.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a folder must have been done at its outputs before its clips are taken.
pub(super) struct Opening(Arc<AtomicUsize>);

impl Opening {
    pub fn is_done(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

impl Core {
    /// The thread of a folder for outputs or receipts.
    pub fn side(&mut self, path: &Path) -> OutputSide {
        self.sides.entry(path.to_path_buf()).or_insert_with(|| OutputSide::start(path)).clone()
    }

    /// Sweeps staging and reads the receipts, before any clip of the folder is taken.
    pub fn open_outputs(&mut self, folder: &Folder) {
        let left = Arc::new(AtomicUsize::new(2));
        let (swept, read) = (Arc::clone(&left), Arc::clone(&left));
        let (name, output) = (folder.name.clone(), folder.output.clone());
        let sweep = move || {
            match Workspace::open(&output).and_then(|w| w.sweep()) {
                Ok(0) => {}
                Ok(n) => events::staging_swept(output.display(), n),
                Err(e) => events::root_trouble(&name, output.display(), &e),
            }
            swept.fetch_sub(1, Ordering::SeqCst);
        };
        let (index, own) = (self.index.clone(), folder.clone());
        let receipts = move || {
            super::receipts::reconcile(&index, &own);
            read.fetch_sub(1, Ordering::SeqCst);
        };
        // a thread that is stuck with older work takes nothing: asked again at the next look
        if self.side(&folder.output).post(sweep) && self.side(&folder.receipts_dir()).post(receipts) {
            self.opening.insert(folder.name.clone(), Opening(left));
        } else {
            self.opening.remove(&folder.name);
        }
    }

    /// Whether a folder's outputs can be worked in: opened, and not hung.
    pub fn output_answers(&self, folder: &Folder) -> bool {
        let fine = |p: &PathBuf| self.sides.get(p).is_some_and(|s| s.hung().is_none());
        self.opening.get(&folder.name).is_some_and(Opening::is_done)
            && fine(&folder.output)
            && fine(&folder.receipts_dir())
    }

    /// Whether outputs that are said to be made lie there. False also when nobody can tell: the work is then begun
    /// again, finds what is there, and keeps it.
    pub fn are_there(&mut self, folder: &Folder, made: &[MadeOutput]) -> bool {
        let list: Vec<(PathBuf, u64, Option<u64>)> =
            made.iter().map(|m| (folder.output.join(m.path.as_path()), m.size, m.files)).collect();
        // a folder appeared with everything in it: that it is there, and not emptied, is looked at, not each of its files
        let there = |(p, size, files): &(PathBuf, u64, Option<u64>)| {
            std::fs::symlink_metadata(p).is_ok_and(|s| match files {
                None => s.is_file() && s.len() == *size,
                Some(n) => s.is_dir() && std::fs::read_dir(p).is_ok_and(|d| d.count() as u64 >= *n),
            })
        };
        self.side(&folder.output).ask(move || list.iter().all(there)).unwrap_or(false)
    }

    /// Waits a moment for receipts that are still being written.
    pub fn finish_outputs(&self) {
        let end = Instant::now() + PATIENCE;
        while self.sides.values().any(|s| !s.is_idle() && s.hung().is_none()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_hangs_holds_up_nobody_who_asks() {
        let t = tempfile::tempdir().unwrap();
        let side = OutputSide::start(t.path());
        assert_eq!(side.ask(|| 7), Some(7));
        let (free, wait) = bounded::<()>(1);
        assert!(side.post(move || wait.recv().unwrap_or_default()));
        let began = Instant::now();
        assert_eq!(side.ask(|| 8), None);
        assert!(began.elapsed() < HUNG && !side.is_idle());
        while side.hung().is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(side.ask(|| 9), None, "at once");
        for _ in 0..2 * MOST_TASKS {
            side.post(|| ());
        }
        assert!(!side.post(|| ()), "bounded");
        drop(free);
        while !side.is_idle() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!((side.ask(|| 10), side.hung()), (Some(10), None));
        assert!(side.space().is_some_and(|(free, all)| free <= all && all > 0));
    }
}
