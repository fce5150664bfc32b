//! Reads one folder: the truth that everything else is compared with.
//!
//! By descriptor: `getdents64` into one buffer, `statx` beside the folder's descriptor for regular files
//! only. Links, pipes, sockets and devices are counted and never touched; names are bytes.

use super::ignore::NameRules;
use super::place;
use super::settle::Sighting;
use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// Deepest folder below a root that is entered.
pub const MAX_DEPTH: usize = 256;

/// Bytes of the buffer that takes folder entries.
const BUFFER: usize = 64 << 10;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// Regular files that may be media.
    pub files: Vec<Sighting>,
    /// Folders to enter, sorted.
    pub folders: Vec<OsString>,
    /// A marker file lies here.
    pub marker: bool,
    /// Names left alone.
    pub ignored: u64,
}

/// A reader with its buffer.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<MaybeUninit<u8>>,
}

impl Reader {
    /// With an own buffer.
    pub fn new() -> Self {
        Self { buffer: vec![MaybeUninit::uninit(); BUFFER] }
    }

    /// Lists an open folder. `is_mount` says of a name whether something is mounted on it (such names are
    /// returned as folders without being touched).
    ///
    /// # Errors
    /// Whatever keeps the list from being complete: an incomplete list would look like deleted files.
    pub fn list(
        &mut self,
        dir: &OwnedFd,
        rules: &NameRules,
        is_mount: &dyn Fn(&OsStr) -> bool,
    ) -> Result<Listing, Errno> {
        let mut out = Listing::default();
        let mut entries = RawDir::new(dir.as_fd(), &mut self.buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let cname = entry.file_name();
            let name = OsStr::from_bytes(cname.to_bytes());
            if matches!(name.as_bytes(), b"." | b"..") {
                continue;
            }
            if rules.is_marker(name) {
                out.marker |= place::stat_in(dir.as_fd(), cname).is_ok_and(|s| s.is_some());
                continue;
            }
            if rules.ignores(name) {
                out.ignored += 1;
                continue;
            }
            let mut kind = entry.file_type();
            let folder = is_mount(name)
                || (kind == FileType::Unknown && gone_is_none(place::is_folder(dir.as_fd(), cname))? == Some(true));
            if folder {
                kind = FileType::Directory;
            }
            match kind {
                FileType::Directory => out.folders.push(name.to_os_string()),
                FileType::RegularFile | FileType::Unknown => match gone_is_none(place::stat_in(dir.as_fd(), cname))? {
                    Some(Some(stat)) => out.files.push(Sighting { name: name.to_os_string(), stat }),
                    Some(None) => out.ignored += 1,
                    None => {}
                },
                _ => out.ignored += 1,
            }
        }
        out.folders.sort_unstable();
        Ok(out)
    }
}

fn gone_is_none<T>(r: Result<T, Errno>) -> Result<Option<T>, Errno> {
    match r {
        Ok(v) => Ok(Some(v)),
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    #[test]
    fn only_regular_files_are_seen() {
        let t = tempfile::tempdir().unwrap();
        let p = t.path();
        std::fs::write(p.join("A.mov"), "x").unwrap();
        std::fs::write(p.join("._A.mov"), "x").unwrap();
        std::fs::write(p.join("done.txt"), "x").unwrap();
        std::fs::write(p.join(OsStr::from_bytes(b"\xff\n.mov")), "yy").unwrap();
        std::fs::create_dir(p.join("sub.mov")).unwrap();
        std::os::unix::fs::symlink("A.mov", p.join("L.mov")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, p.join("fifo.mov"), FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        let _sock = std::os::unix::net::UnixListener::bind(p.join("s.mov")).unwrap();
        let base = place::Place { root: p.to_path_buf(), prefix: PathBuf::new() }.open().unwrap();
        let rules = NameRules::new(&[], Some("done.txt")).unwrap();
        let dir = base.folder(Path::new("")).unwrap();
        let mut l = Reader::new().list(&dir, &rules, &|_| false).unwrap();
        l.files.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&[u8]> = l.files.iter().map(|f| f.name.as_bytes()).collect();
        assert_eq!(names, [&b"A.mov"[..], b"\xff\n.mov"]);
        assert_eq!(l.files[1].stat.size, 2);
        assert_eq!((l.folders, l.marker, l.ignored), (vec![OsString::from("sub.mov")], true, 4));
    }
}
