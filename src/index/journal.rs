//! The append-only journal: facts that must not be lost, on disk before anything acts on them.
//!
//! `journal/journal-000001.jsonl` and so on; a new file begins at 64 MiB and after any fsync that
//! failed. Lines are only ever added; old files stay (compaction is not built yet). A line that was
//! being written when the power went is cut off at the next start: nobody was told that it is there.

use crate::engine::killpoint;
use crate::index::entry::{self, JOURNAL_SCHEMA, JournalEntry, LINE_MAX};
use crate::model::Error;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A journal file that is longer than this is followed by a new one, bytes.
const SEGMENT_MAX: u64 = 64 << 20;

/// A place in the journal: just after a whole line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Position {
    /// Number of the journal file, from 1; 0 is before all.
    pub segment: u64,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// What reading the journal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ReadReport {
    /// Entries that were handed over.
    pub entries: usize,
    /// Lines that are not whole, not ours, or of a newer version.
    pub bad_lines: usize,
}

/// How bytes reach the disk; tests put failing ones here.
#[derive(Clone, Copy)]
pub(super) struct Disk {
    pub write: fn(&mut File, &[u8]) -> io::Result<()>,
    pub sync: fn(&File) -> io::Result<()>,
}

impl Disk {
    pub(super) const REAL: Self = Self { write: |f, b| f.write_all(b), sync: File::sync_data };
}

/// The journal, open for adding.
pub(super) struct Journal {
    dir: PathBuf,
    segment: u64,
    file: File,
    len: u64,
    suspect: bool,
    disk: Disk,
}

impl Journal {
    /// Opens the journal in `dir`, making both when they are missing; cuts off a torn last line.
    pub(super) fn open(dir: &Path, disk: Disk) -> Result<Self, Error> {
        let io = |e: io::Error| failed("open the journal", &e, dir);
        std::fs::create_dir_all(dir).map_err(io)?;
        sync_dir(dir.parent().unwrap_or(dir)).map_err(io)?;
        let Some(last) = segments(dir).map_err(io)?.pop() else {
            return Self::begin(dir, 1, disk);
        };
        let mut file = open_file(&name(dir, last), OFlags::RDWR | OFlags::APPEND).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let whole = end_of_last_line(&mut file, size).map_err(io)?;
        if whole < size {
            file.set_len(whole).map_err(io)?;
            file.sync_all().map_err(io)?;
        }
        let mut j = Self { dir: dir.to_path_buf(), segment: last, file, len: whole, suspect: false, disk };
        if whole == 0 {
            j.append(&head())?;
        }
        Ok(j)
    }

    fn begin(dir: &Path, segment: u64, disk: Disk) -> Result<Self, Error> {
        let path = name(dir, segment);
        let io = |e: io::Error| failed("begin a journal file", &e, &path);
        std::fs::create_dir_all(dir).map_err(io)?;
        let mut file = open_file(&path, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL).map_err(io)?;
        let head = head();
        let written = (disk.write)(&mut file, &head).and_then(|()| (disk.sync)(&file)).and_then(|()| sync_dir(dir));
        if let Err(e) = written {
            // an empty or half file would only use up a number
            let _ = std::fs::remove_file(&path);
            return Err(io(e));
        }
        let len = head.len() as u64;
        Ok(Self { dir: dir.to_path_buf(), segment, file, len, suspect: false, disk })
    }

    /// The end: where the next entry goes.
    pub(super) fn end(&self) -> Position {
        Position { segment: self.segment, offset: self.len }
    }

    /// Adds whole lines; they are on the disk when this returns `Ok`. After an error nothing of them
    /// counts, and the same lines may be handed in again.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), Error> {
        let removed = self.file.metadata().map_or(true, |m| m.nlink() == 0);
        if self.suspect || removed || self.len >= SEGMENT_MAX {
            self.next_segment()?;
        }
        let path = name(&self.dir, self.segment);
        if let Err(e) = self.write(lines) {
            self.roll_back();
            return Err(failed("write to the journal", &e, &path));
        }
        if (self.disk.sync)(&self.file).is_err() {
            // After a failed fsync the kernel may have dropped the pages: a second fsync of this
            // file could say "good" about bytes that are gone. So these lines go to another file.
            self.roll_back();
            self.suspect = true;
            self.next_segment()?;
            let path = name(&self.dir, self.segment);
            if let Err(e) = self.write(lines).and_then(|()| (self.disk.sync)(&self.file)) {
                self.roll_back();
                self.suspect = true;
                return Err(failed("make the journal durable", &e, &path));
            }
        }
        self.len += lines.len() as u64;
        Ok(())
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if cfg!(debug_assertions) {
            let (a, b) = lines.split_at(lines.len() / 2);
            (self.disk.write)(&mut self.file, a)?;
            killpoint::here("in-journal-append");
            return (self.disk.write)(&mut self.file, b);
        }
        (self.disk.write)(&mut self.file, lines)
    }

    /// Cuts the file back to its last good length; when even that fails, the file is left behind.
    fn roll_back(&mut self) {
        self.suspect = self.file.set_len(self.len).is_err();
    }

    fn next_segment(&mut self) -> Result<(), Error> {
        let last = segments(&self.dir).ok().and_then(|s| s.last().copied()).unwrap_or(0);
        *self = Self::begin(&self.dir, self.segment.max(last).saturating_add(1), self.disk)?;
        Ok(())
    }
}

fn head() -> Vec<u8> {
    let mut line = Vec::new();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    entry::write_line(&mut line, &JournalEntry::Begun { schema: JOURNAL_SCHEMA.to_owned(), version });
    line
}

/// Hands over every entry after `from`, in order. Damaged lines are counted and passed over.
pub(super) fn read_from(dir: &Path, from: Position, each: &mut dyn FnMut(JournalEntry)) -> Result<ReadReport, Error> {
    let mut report = ReadReport::default();
    for n in segments(dir).map_err(|e| failed("list the journal", &e, dir))? {
        if n < from.segment {
            continue;
        }
        let path = name(dir, n);
        let start = if n == from.segment { from.offset } else { 0 };
        read_segment(&path, start, each, &mut report).map_err(|e| failed("read the journal", &e, &path))?;
    }
    Ok(report)
}

fn read_segment(
    path: &Path,
    start: u64,
    each: &mut dyn FnMut(JournalEntry),
    report: &mut ReadReport,
) -> io::Result<()> {
    let mut file = open_file(path, OFlags::RDONLY)?;
    file.seek(SeekFrom::Start(start))?;
    let mut lines = Lines { from: BufReader::with_capacity(256 << 10, file) };
    while let Some(line) = lines.next_line()? {
        match line.as_deref().and_then(entry::read_line) {
            Some(JournalEntry::Begun { .. }) => {}
            Some(e) => {
                report.entries += usize::from(!matches!(e, JournalEntry::Commit { .. }));
                each(e);
            }
            None => report.bad_lines += 1,
        }
    }
    Ok(())
}

/// Lines of bounded length.
pub(super) struct Lines<R> {
    pub from: R,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its line feed; `Some(None)` for one that is too long; `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        let mut line = Vec::new();
        let n = self.from.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if n == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            return Ok(Some(Some(line)));
        }
        if line.len() <= LINE_MAX {
            return Ok(Some(Some(line)));
        }
        loop {
            line.clear();
            let n = self.from.by_ref().take(LINE_MAX as u64).read_until(b'\n', &mut line)?;
            if n == 0 || line.last() == Some(&b'\n') {
                return Ok(Some(None));
            }
        }
    }
}

/// Byte after the last line feed of the first `size` bytes.
pub(super) fn end_of_last_line(file: &mut File, size: u64) -> io::Result<u64> {
    let mut end = size;
    let mut chunk = vec![0_u8; 64 << 10];
    while end > 0 {
        let n = (chunk.len() as u64).min(end);
        let start = end - n;
        file.seek(SeekFrom::Start(start))?;
        let part = chunk.get_mut(..n as usize).unwrap_or_default();
        file.read_exact(part)?;
        if let Some(i) = part.iter().rposition(|b| *b == b'\n') {
            return Ok(start + i as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn name(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("journal-{segment:06}.jsonl"))
}

/// Numbers of the journal files, ascending.
fn segments(dir: &Path) -> io::Result<Vec<u64>> {
    let mut all = Vec::new();
    for e in std::fs::read_dir(dir)? {
        let n = e?.file_name();
        let digits = n.to_str().and_then(|n| n.strip_prefix("journal-")).and_then(|n| n.strip_suffix(".jsonl"));
        if let Some(n) = digits.and_then(|d| d.parse().ok()) {
            all.push(n);
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// Opens a regular file without following a link in the last component.
pub(super) fn open_file(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(if dir.as_os_str().is_empty() { Path::new(".") } else { dir })?.sync_all()
}

pub(super) fn failed(doing: &str, e: &io::Error, path: &Path) -> Error {
    let full = matches!(e.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT));
    Error::io(if full { "OUTPUT-NO-SPACE" } else { "STATE-FAILED" }, doing, e).at(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static WRITES_LEFT: Cell<i64> = const { Cell::new(i64::MAX) };
        static SYNCS_LEFT: Cell<i64> = const { Cell::new(i64::MAX) };
        static FAILS: Cell<i64> = const { Cell::new(0) };
    }

    /// True when the countdown has ended and a failure is still owed.
    fn fails(left: &'static std::thread::LocalKey<Cell<i64>>) -> bool {
        left.set(left.get() - 1);
        let now = left.get() < 0 && FAILS.get() > 0;
        if now {
            FAILS.set(FAILS.get() - 1);
        }
        now
    }

    const FAILING: Disk = Disk {
        write: |f, b| {
            if fails(&WRITES_LEFT) {
                f.write_all(&b[..b.len() / 3])?;
                return Err(io::Error::from_raw_os_error(libc::ENOSPC));
            }
            f.write_all(b)
        },
        sync: |f| if fails(&SYNCS_LEFT) { Err(io::Error::from_raw_os_error(libc::EIO)) } else { f.sync_data() },
    };

    fn line(n: u32) -> Vec<u8> {
        let mut l = Vec::new();
        entry::write_line(&mut l, &JournalEntry::Try { key: "k".into(), n });
        l
    }

    fn all(dir: &Path) -> (Vec<u32>, usize) {
        let mut v = Vec::new();
        let r = read_from(dir, Position::default(), &mut |e| {
            if let JournalEntry::Try { n, .. } = e {
                v.push(n);
            }
        })
        .unwrap();
        (v, r.bad_lines)
    }

    #[test]
    fn lines_come_back_and_a_torn_one_is_cut_off() {
        let t = tempfile::tempdir().unwrap();
        let mut j = Journal::open(t.path(), Disk::REAL).unwrap();
        j.append(&line(1)).unwrap();
        let mid = j.end();
        j.append(&line(2)).unwrap();
        drop(j);
        let whole = std::fs::read(name(t.path(), 1)).unwrap();
        for cut in mid.offset..whole.len() as u64 {
            std::fs::write(name(t.path(), 1), &whole[..cut as usize]).unwrap();
            let mut j = Journal::open(t.path(), Disk::REAL).unwrap();
            assert_eq!(j.end(), mid);
            j.append(&line(3)).unwrap();
            assert_eq!(all(t.path()), (vec![1, 3], 0));
        }
        let mut later = Vec::new();
        read_from(t.path(), mid, &mut |e| later.push(e)).unwrap();
        assert_eq!(later.len(), 1);
    }

    #[test]
    fn a_full_disk_leaves_no_half_line() {
        let t = tempfile::tempdir().unwrap();
        let mut j = Journal::open(t.path(), FAILING).unwrap();
        j.append(&line(1)).unwrap();
        for after in 0..2 {
            let before = j.end();
            WRITES_LEFT.set(after);
            FAILS.set(1);
            let e = j.append(&line(2)).unwrap_err();
            assert!(e.is_environment() && e.code == "OUTPUT-NO-SPACE", "{e}");
            assert_eq!(j.end(), before);
            assert_eq!(std::fs::metadata(name(t.path(), 1)).unwrap().len(), before.offset);
        }
        WRITES_LEFT.set(i64::MAX);
        j.append(&line(3)).unwrap();
        assert_eq!(all(t.path()), (vec![1, 3], 0));
    }

    #[test]
    fn a_failed_fsync_moves_to_a_new_file_and_is_never_called_good() {
        let t = tempfile::tempdir().unwrap();
        let mut j = Journal::open(t.path(), FAILING).unwrap();
        j.append(&line(1)).unwrap();
        SYNCS_LEFT.set(0);
        FAILS.set(1);
        j.append(&line(2)).unwrap();
        assert_eq!(j.end().segment, 2, "the entries were written anew elsewhere");
        assert_eq!(all(t.path()), (vec![1, 2], 0));
        SYNCS_LEFT.set(0);
        FAILS.set(2);
        let e = j.append(&line(3)).unwrap_err();
        assert_eq!((e.code.as_ref(), e.errno), ("STATE-FAILED", Some(libc::EIO)));
        SYNCS_LEFT.set(i64::MAX);
        j.append(&line(4)).unwrap();
        assert_eq!(all(t.path()), (vec![1, 2, 4], 0));
    }

    #[test]
    fn a_removed_or_long_file_is_followed_by_another() {
        let t = tempfile::tempdir().unwrap();
        let mut j = Journal::open(t.path(), Disk::REAL).unwrap();
        j.append(&line(1)).unwrap();
        std::fs::remove_file(name(t.path(), 1)).unwrap();
        j.append(&line(2)).unwrap();
        assert_eq!((j.end().segment, all(t.path()).0), (2, vec![2]));
        j.len = SEGMENT_MAX;
        j.append(&line(3)).unwrap();
        assert_eq!((j.end().segment, all(t.path()).0), (3, vec![2, 3]));
    }

    #[test]
    fn long_and_foreign_lines_are_passed_over() {
        let t = tempfile::tempdir().unwrap();
        let mut j = Journal::open(t.path(), Disk::REAL).unwrap();
        j.append(&line(1)).unwrap();
        let mut f = std::fs::OpenOptions::new().append(true).open(name(t.path(), 1)).unwrap();
        f.write_all(&vec![b'x'; LINE_MAX * 2 + 5]).unwrap();
        f.write_all(b"\n\xff\n").unwrap();
        let mut j = Journal::open(t.path(), Disk::REAL).unwrap();
        j.append(&line(2)).unwrap();
        assert_eq!(all(t.path()), (vec![1, 2], 2));
        let link = t.path().join("journal-000009.jsonl");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(Journal::open(t.path(), Disk::REAL).is_err(), "a link is not followed");
    }
}
