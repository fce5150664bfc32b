//! From the paths of a command line to regular files: sorted, never through links in folders.

use crate::engine::sequence::beside::{MOST_LISTS, may_be_list, of_clip};
use crate::model::{Error, ErrorKind, MediaPath};
use rustix::fs::{Mode, OFlags};
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The deepest nesting of folders that is walked.
const DEEPEST: usize = 256;

/// Whether names that begin with a dot count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// They count.
    Included,
    /// They are passed over, except when named on the command line.
    Skipped,
}

/// A regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As reached from the command line.
    pub path: MediaPath,
    /// Bytes when it was found.
    pub size: u64,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walk {
    /// Regular files, by argument, then by name.
    pub files: Vec<Found>,
    /// What could not be looked at.
    pub troubles: Vec<Error>,
}

/// Finds the regular files named by `paths`. A link named there is followed; links, pipes, sockets
/// and devices inside folders are passed over.
#[must_use]
pub fn walk(paths: &[PathBuf], hidden: Hidden) -> Walk {
    let mut walk = Walk::default();
    for path in paths {
        match fs::metadata(path) {
            Ok(m) if m.is_dir() => folder(path, hidden, &mut walk),
            Ok(m) if m.is_file() => walk.files.push(Found { path: path.as_path().into(), size: m.len() }),
            Ok(_) => walk.troubles.push(not_regular(path)),
            Err(e) => walk.troubles.push(unreadable(path, "look at it", &e)),
        }
    }
    walk
}

fn folder(top: &Path, hidden: Hidden, walk: &mut Walk) {
    // What is still to do, the next one last; names are sorted by their bytes.
    let mut todo: Vec<(PathBuf, usize)> = vec![(top.to_owned(), 0)];
    while let Some((path, depth)) = todo.pop() {
        let meta = match if depth == 0 { fs::metadata(&path) } else { fs::symlink_metadata(&path) } {
            Ok(m) => m,
            Err(e) => {
                walk.troubles.push(unreadable(&path, "look at it", &e));
                continue;
            }
        };
        if meta.is_file() {
            walk.files.push(Found { path: path.into(), size: meta.len() });
            continue;
        }
        if !meta.is_dir() {
            continue;
        }
        if depth >= DEEPEST {
            walk.troubles.push(Error::limit(format!("folders are nested deeper than {DEEPEST}")).at(&path));
            continue;
        }
        match names(&path) {
            Ok(names) => {
                let wanted =
                    names.into_iter().filter(|n| hidden == Hidden::Included || !n.as_bytes().starts_with(b"."));
                todo.extend(wanted.map(|n| (path.join(n), depth.saturating_add(1))));
            }
            Err(e) => walk.troubles.push(unreadable(&path, "list the folder", &e)),
        }
    }
}

/// The names in a folder, the last one first.
fn names(path: &Path) -> std::io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(path)?.map(|e| e.map(|e| e.file_name())).collect::<Result<Vec<_>, _>>()?;
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// The names of one folder after the other, to find metadata files beside clips.
#[derive(Debug, Default)]
pub struct Listing {
    dir: Option<PathBuf>,
    /// Sorted.
    names: Vec<OsString>,
}

impl Listing {
    /// The names of the files in `dir` that hold metadata of `clip`, and the lists of the folder; none when the folder cannot be listed.
    pub fn beside(&mut self, dir: &Path, clip: &str) -> Vec<OsString> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        if self.dir.as_deref() != Some(dir) {
            self.names = names(dir).unwrap_or_default();
            self.names.reverse();
            self.dir = Some(dir.to_owned());
        }
        let lists = self.names.iter().filter(|n| may_be_list(n)).take(MOST_LISTS).map(OsString::as_os_str);
        of_clip(clip, &self.names).into_iter().chain(lists).map(OsString::from).collect()
    }
}

/// Opens a regular file for reading; never waits for a pipe.
///
/// # Errors
/// `FILE-UNREADABLE`, `FILE-VANISHED`, `FILE-NOT-REGULAR`.
pub fn open(path: &Path) -> Result<File, Error> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| unreadable(path, "open it", &e.into()))?;
    let file = File::from(fd);
    let meta = file.metadata().map_err(|e| unreadable(path, "look at it", &e))?;
    if meta.is_file() { Ok(file) } else { Err(not_regular(path)) }
}

fn not_regular(path: &Path) -> Error {
    Error::new(ErrorKind::Unsupported, "FILE-NOT-REGULAR", "this is neither a file nor a folder").at(path)
}

fn unreadable(path: &Path, doing: &str, e: &std::io::Error) -> Error {
    let code = if e.kind() == std::io::ErrorKind::NotFound { "FILE-VANISHED" } else { "FILE-UNREADABLE" };
    Error::io(code, doing, e).at(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_without_following_links() {
        let d = tempfile::tempdir().unwrap();
        let p = |s: &str| d.path().join(s);
        fs::create_dir_all(p("b/c")).unwrap();
        for f in ["a", "b/2", "b/1", "b/c/x", "b.mov", ".hid"] {
            fs::write(p(f), f).unwrap();
        }
        std::os::unix::fs::symlink("/etc", p("b/link")).unwrap();
        std::os::unix::fs::symlink(p("a"), p("linked")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, p("pipe"), rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0)
            .unwrap();
        let show = |w: &Walk| -> Vec<String> {
            w.files.iter().map(|f| f.path.as_path().strip_prefix(d.path()).unwrap().display().to_string()).collect()
        };
        let all = walk(&[d.path().to_owned()], Hidden::Included);
        assert_eq!(show(&all), [".hid", "a", "b/1", "b/2", "b/c/x", "b.mov"]);
        assert!(all.troubles.is_empty());
        assert_eq!(show(&walk(&[d.path().to_owned()], Hidden::Skipped)), ["a", "b/1", "b/2", "b/c/x", "b.mov"]);
        let named = walk(&[p("linked"), p("pipe"), p("none")], Hidden::Skipped);
        assert_eq!(show(&named), ["linked"]);
        let codes: Vec<_> = named.troubles.iter().map(|e| e.code.as_ref()).collect();
        assert_eq!(codes, ["FILE-NOT-REGULAR", "FILE-VANISHED"]);
        assert_eq!(open(&p("pipe")).unwrap_err().code, "FILE-NOT-REGULAR");
    }
}
