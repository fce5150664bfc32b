//! Events of the kernel, reduced to hints: "this folder may have changed".
//!
//! One non-recursive watch per folder, set *before* the folder is read: then nothing falls between. The
//! callback only adds a folder to a set (bounded: a flood becomes "look at everything") and rings a bell.
//! Lost events, overflow and errors lead to a full sweep; the sweep by timer comes anyway.

use super::mounts::inotify_limit;
use crossbeam_channel::Sender;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RemoveKind};
use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More dirty folders than this become one full sweep.
const MAX_DIRTY: usize = 4096;

/// What the events said since it was last taken. Absolute paths.
#[derive(Debug, Default)]
pub struct Hints {
    /// Folders of which something was said.
    pub folders: BTreeSet<PathBuf>,
    /// Paths that came, went or were renamed and may themselves be watched folders.
    pub moved: BTreeSet<PathBuf>,
    /// Events were lost: look at everything.
    pub all: bool,
}

/// The watches of one area.
pub struct Events {
    watcher: RecommendedWatcher,
    hints: Arc<Mutex<Hints>>,
}

/// Why a folder has no watch.
#[derive(Debug)]
pub enum NoWatch {
    /// It is not there (any more).
    Gone,
    /// No more watches: the reason, with the setting to raise.
    Limit(String),
    /// Something else.
    Other(String),
}

impl Events {
    /// A watcher without watches. The bell is rung after each hint.
    ///
    /// # Errors
    /// The reason in words, with the setting to raise.
    pub fn new(bell: Sender<()>) -> Result<Self, String> {
        let hints: Arc<Mutex<Hints>> = Arc::default();
        let sink = Arc::clone(&hints);
        let handler = move |event: notify::Result<notify::Event>| {
            if take_in(&mut lock(&sink), event) {
                let _ = bell.try_send(());
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(handler, config).map_err(|e| explain(&e))?;
        Ok(Self { watcher, hints })
    }

    /// Watches one folder (again, if it is watched already).
    pub fn watch(&mut self, folder: &Path) -> Result<(), NoWatch> {
        self.watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|e| match &e.kind {
            ErrorKind::PathNotFound => NoWatch::Gone,
            ErrorKind::Io(io) if matches!(io.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => NoWatch::Gone,
            ErrorKind::MaxFilesWatch => NoWatch::Limit(explain(&e)),
            ErrorKind::Io(io) if matches!(io.raw_os_error(), Some(libc::ENOSPC | libc::EMFILE | libc::ENFILE)) => {
                NoWatch::Limit(explain(&e))
            }
            _ => NoWatch::Other(explain(&e)),
        })
    }

    /// What was said since the last call.
    pub fn take(&self) -> Hints {
        std::mem::take(&mut lock(&self.hints))
    }
}

fn lock(m: &Mutex<Hints>) -> MutexGuard<'_, Hints> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds one event; true if it says anything.
fn take_in(hints: &mut Hints, event: notify::Result<notify::Event>) -> bool {
    let Ok(event) = event else {
        hints.all = true;
        return true;
    };
    if event.need_rescan() {
        hints.all = true;
        return true;
    }
    let moved = match event.kind {
        // our own reading of files and folders
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => return false,
        EventKind::Modify(ModifyKind::Name(_)) => true,
        EventKind::Remove(RemoveKind::Folder | RemoveKind::Any | RemoveKind::Other) => true,
        _ => false,
    };
    for path in &event.paths {
        if let Some(parent) = path.parent().filter(|p| !hints.folders.contains(*p)) {
            hints.folders.insert(parent.to_path_buf());
        }
        if moved {
            hints.moved.insert(path.clone());
        }
    }
    if hints.folders.len() > MAX_DIRTY || hints.moved.len() > MAX_DIRTY {
        *hints = Hints { all: true, ..Hints::default() };
    }
    true
}

fn explain(e: &notify::Error) -> String {
    let watches = || {
        let now = inotify_limit("max_user_watches");
        format!("watch limit reached, polling instead: raise sysctl fs.inotify.max_user_watches (now {now})")
    };
    match &e.kind {
        ErrorKind::MaxFilesWatch => watches(),
        ErrorKind::Io(io) => match io.raw_os_error() {
            Some(libc::ENOSPC) => watches(),
            Some(libc::EMFILE | libc::ENFILE) => {
                let now = inotify_limit("max_user_instances");
                format!(
                    "no inotify instance left, polling instead: raise sysctl fs.inotify.max_user_instances (now {now}) or the service's LimitNOFILE"
                )
            }
            _ => format!("events do not work here, polling instead: {io}"),
        },
        _ => format!("events do not work here, polling instead: {e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, path: &str) -> notify::Result<notify::Event> {
        Ok(notify::Event::new(kind).add_path(PathBuf::from(path)))
    }

    #[test]
    fn only_folders_are_marked_and_floods_become_a_sweep() {
        let mut h = Hints::default();
        assert!(!take_in(&mut h, event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/a/f")));
        assert!(take_in(&mut h, event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/a/f")));
        for i in 0..1000 {
            take_in(&mut h, event(EventKind::Create(notify::event::CreateKind::File), &format!("/a/f{i}")));
        }
        assert_eq!(h.folders.iter().collect::<Vec<_>>(), [Path::new("/a")]);
        assert!(!h.all);
        for i in 0..=MAX_DIRTY {
            take_in(&mut h, event(EventKind::Create(notify::event::CreateKind::File), &format!("/b{i}/f")));
        }
        assert!(h.all && h.folders.len() < 2);
        let mut h = Hints::default();
        take_in(&mut h, Ok(notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan)));
        assert!(h.all);
    }

    #[test]
    fn limits_are_explained_by_their_setting() {
        let no = |kind| explain(&notify::Error::new(kind));
        assert!(no(ErrorKind::MaxFilesWatch).contains("fs.inotify.max_user_watches"));
        assert!(no(ErrorKind::Io(std::io::Error::from_raw_os_error(libc::EMFILE))).contains("max_user_instances"));
    }
}
