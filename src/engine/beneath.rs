//! Opening things below a folder without ever following a link or leaving it.

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a look-up that a rename elsewhere disturbed is repeated.
const MOST_TRIES: usize = 100;

/// Opens `rel` below `at` by `openat2`: through no link of any kind, not upwards, and with `same_mount` into no other
/// mount. Where the kernel or a sandbox has no `openat2`, one component after the other with `O_NOFOLLOW`; mounts
/// are then not noticed. An empty `rel` is `at` itself. `mode` counts with `O_CREAT` only.
///
/// # Errors
/// `LOOP` for a link, `XDEV` for a way out or another mount, and what `open` gives.
pub fn open(at: BorrowedFd<'_>, rel: &Path, flags: OFlags, mode: Mode, same_mount: bool) -> Result<OwnedFd, Errno> {
    static MISSING: AtomicBool = AtomicBool::new(false);
    let rel = if rel.as_os_str().is_empty() { Path::new(".") } else { rel };
    let mut how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    if same_mount {
        how |= ResolveFlags::NO_XDEV;
    }
    let mut tries = 0;
    while !MISSING.load(Ordering::Relaxed) {
        match rustix::fs::openat2(at, rel, flags, mode, how) {
            // a rename elsewhere in the tree disturbed the walk, or a lease is being broken
            Err(Errno::AGAIN | Errno::INTR) if tries < MOST_TRIES => tries += 1,
            Err(Errno::NOSYS) => MISSING.store(true, Ordering::Relaxed),
            r => return r,
        }
    }
    step_by_step(at, rel, flags, mode)
}

fn step_by_step(at: BorrowedFd<'_>, rel: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let walk = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut here: Option<OwnedFd> = None;
    let mut parts = rel.components().peekable();
    while let Some(part) = parts.next() {
        let name = match part {
            Component::Normal(n) => n,
            Component::CurDir => OsStr::new("."),
            _ => return Err(Errno::XDEV),
        };
        let from = here.as_ref().map_or(at, OwnedFd::as_fd);
        if parts.peek().is_none() {
            return rustix::fs::openat(from, name, flags | OFlags::NOFOLLOW, mode);
        }
        here = Some(rustix::fs::openat(from, name, walk, Mode::empty())?);
    }
    Err(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn both_ways_open_the_same_and_refuse_the_same() {
        let t = tempfile::tempdir().unwrap();
        let root = t.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(t.path().join("secret"), "s").unwrap();
        std::fs::write(root.join("a/b/f"), "f").unwrap();
        symlink("../secret", root.join("link")).unwrap();
        symlink("a", root.join("la")).unwrap();
        symlink("..", root.join("up")).unwrap();
        let at = std::fs::File::open(&root).unwrap();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        for (rel, good) in [
            ("a/b/f", true),
            ("", true),
            ("link", false),
            ("la/b", false),
            ("up", false),
            ("up/secret", false),
            ("..", false),
            ("../secret", false),
        ] {
            let fast = open(at.as_fd(), Path::new(rel), flags | OFlags::NOFOLLOW, Mode::empty(), false);
            let rel_or_dot = if rel.is_empty() { "." } else { rel };
            let slow = step_by_step(at.as_fd(), Path::new(rel_or_dot), flags, Mode::empty());
            assert_eq!((fast.is_ok(), slow.is_ok()), (good, good), "{rel}");
        }
        let make = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        assert!(step_by_step(at.as_fd(), Path::new("a/new"), make, Mode::from_raw_mode(0o600)).is_ok());
        assert!(root.join("a/new").exists());
    }
}
