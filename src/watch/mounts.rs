//! What kind of file system a folder lies on, and what is mounted below it.
//!
//! From `/proc/self/mountinfo` (proc_pid_mountinfo(5)), which never blocks on a hung mount, and `statfs`.

use std::ffi::OsString;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// How far a file system's events and leases can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On this machine: events and leases see every writer.
    Local,
    /// Other machines write there unseen.
    Network,
    /// A program on this machine (or behind it) answers; it may hang.
    Fuse,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub point: PathBuf,
    /// `ext4`, `nfs4`, `fuse.bindfs`, …
    pub fs: String,
}

/// Every mount this process can see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mounts(Vec<Mount>);

/// `statfs` types of network file systems (linux/magic.h and the file systems' own sources).
const NETWORK_MAGIC: &[(u64, &str)] = &[
    (0x6969, "nfs"),
    (0x517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x00c3_6400, "ceph"),
    (0x0bd0_0bd0, "lustre"),
    (0x0102_1997, "9p"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x5346_414f, "afs"),
    (0x7375_7245, "coda"),
    (0x564c, "ncp"),
    (0x4750_4653, "gpfs"),
    (0x1983_0326, "beegfs"),
    (0xaad7_aaea, "panfs"),
    (0x2003_0528, "orangefs"),
];
const FUSE_MAGIC: u64 = 0x6573_5546;
/// Beginnings of file system names in mountinfo that mean the network.
const NETWORK_NAMES: &[&str] = &[
    "nfs", "cifs", "smb", "ceph", "lustre", "9p", "gfs2", "ocfs2", "afs", "coda", "ncp", "gpfs", "beegfs", "panfs",
    "pvfs", "cvfs", "snfs", "vboxsf", "prl_fs", "vmhgfs",
];

impl Mounts {
    /// As it is now; empty when `/proc` is not there.
    pub fn read() -> Self {
        Self::parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    fn parse(text: &[u8]) -> Self {
        let mut list = Vec::new();
        for line in text.split(|b| *b == b'\n') {
            let mut fields = line.split(|b| *b == b' ');
            let Some(point) = fields.nth(4) else { continue };
            let Some(fs) = fields.skip_while(|f| *f != b"-").nth(1) else { continue };
            list.push(Mount { point: unescape(point), fs: String::from_utf8_lossy(fs).into_owned() });
        }
        Self(list)
    }

    /// Mount points strictly below `dir` (absolute, without links), relative to it, each once.
    pub fn below(&self, dir: &Path) -> Vec<PathBuf> {
        let mut out: Vec<PathBuf> = (self.0.iter())
            .filter_map(|m| m.point.strip_prefix(dir).ok())
            .filter(|p| !p.as_os_str().is_empty())
            .map(Path::to_path_buf)
            .collect();
        out.sort();
        out.dedup();
        out
    }

    /// The mount on which `path` (absolute, without links) lies: the longest point, the last of equals.
    pub fn of(&self, path: &Path) -> Option<&Mount> {
        self.0.iter().filter(|m| path.starts_with(&m.point)).max_by_key(|m| m.point.as_os_str().len())
    }
}

/// Kind and name of the file system of an open folder at `path`.
pub fn kind(fd: BorrowedFd<'_>, path: &Path, mounts: &Mounts) -> (Kind, String) {
    let magic = rustix::fs::fstatfs(fd).map_or(0, |s| (s.f_type as u64) & 0xffff_ffff);
    let named = mounts.of(path).map(|m| m.fs.clone());
    if magic == FUSE_MAGIC {
        return (Kind::Fuse, named.unwrap_or_else(|| "fuse".into()));
    }
    if let Some((_, name)) = NETWORK_MAGIC.iter().find(|(m, _)| *m == magic) {
        return (Kind::Network, named.unwrap_or_else(|| (*name).into()));
    }
    match named {
        Some(fs) if fs.starts_with("fuse") => (Kind::Fuse, fs),
        Some(fs) if NETWORK_NAMES.iter().any(|n| fs.starts_with(n)) => (Kind::Network, fs),
        Some(fs) => (Kind::Local, fs),
        None => (Kind::Local, "unknown file system".into()),
    }
}

/// Spaces, tabs, line breaks and backslashes are written as `\` and three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((b, tail)) = rest.split_first() {
        let octal = (*b == b'\\').then(|| tail.get(..3)).flatten().and_then(|d| {
            let text = std::str::from_utf8(d).ok()?;
            u8::from_str_radix(text, 8).ok()
        });
        match octal {
            Some(value) => {
                out.push(value);
                rest = tail.get(3..).unwrap_or(&[]);
            }
            None => {
                out.push(*b);
                rest = tail;
            }
        }
    }
    PathBuf::from(OsString::from_vec(out))
}

/// A value of `/proc/sys/fs/inotify/`, for messages.
pub fn inotify_limit(name: &str) -> String {
    let text = std::fs::read(Path::new("/proc/sys/fs/inotify").join(name)).unwrap_or_default();
    let text = OsString::from_vec(text);
    let text = String::from_utf8_lossy(text.as_bytes());
    if text.trim().is_empty() { "unknown".into() } else { text.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    const INFO: &[u8] = b"22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n\
        40 22 0:41 / /mnt/hot\\040folder rw - nfs4 srv:/x rw\n41 40 0:42 / /mnt/hot\\040folder/a/b rw master:1 - fuse.bindfs b rw\n\
        bad line\n42 22 0:43 / /mnt/hot\\040folderX rw - tmpfs none rw\n43 41 0:44 / /mnt/hot\\040folder/a/b rw - tmpfs none rw\n";

    #[test]
    fn mountinfo_is_read() {
        let m = Mounts::parse(INFO);
        assert_eq!(m.below(Path::new("/mnt/hot folder")), [PathBuf::from("a/b")]);
        assert_eq!(m.of(Path::new("/mnt/hot folder/x")).unwrap().fs, "nfs4");
        assert_eq!(m.of(Path::new("/mnt/hot folder/a/b/c")).unwrap().fs, "tmpfs");
        assert_eq!(m.of(Path::new("/mnt/hot")).unwrap().fs, "ext4");
        assert_eq!(Mounts::parse(b"\\ \\777 a b \\08 c").0, []);
    }

    #[test]
    fn this_machine_has_a_local_root() {
        let root = std::fs::File::open("/").unwrap();
        let (kind, name) = kind(root.as_fd(), Path::new("/"), &Mounts::read());
        assert!(kind == Kind::Local || !name.is_empty());
        assert!(Mounts::read().of(Path::new("/proc/self")).is_some_and(|m| m.fs == "proc"));
    }
}
