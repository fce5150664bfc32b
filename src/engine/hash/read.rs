//! Reading a file once for all its hashes.

use super::digest::{Digest, is_slow};
use super::{INLINE_BUFFER, RING, RING_BUFFER, SMALL_FILE};
use crate::model::{Error, ErrorKind, Fingerprint, HashKind};
use rustix::fs::{Advice, fadvise};
use std::collections::BTreeMap;
use std::fs::File;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// After how many bytes the page cache behind the cursor is given back.
const DROP_EVERY: u64 = 32 << 20;

/// Reads `file` from its first byte to its end, whatever `fstat` says of its size, and computes its
/// XXH3-128 and the `kinds` asked for (repeats and [`HashKind::Xxh128`] itself are allowed).
///
/// The file's own cursor is not moved. The page cache of a large file is given back behind the
/// reading, except its first [`RING_BUFFER`] bytes, where most headers lie. `go_on` is called with
/// the bytes done before each read; when it answers false the work stops.
///
/// # Errors
/// Io `FILE-UNREADABLE` with the offset when the system cannot read; Io `JOB-CANCELLED` when `go_on`
/// said no.
pub fn fingerprint(
    file: &File,
    kinds: &[HashKind],
    go_on: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Fingerprint, Error> {
    let expected = file.metadata().map_err(|e| Error::io("FILE-UNREADABLE", "stat the file", &e))?.len();
    let mut kinds: Vec<HashKind> = kinds.iter().copied().filter(|k| *k != HashKind::Xxh128).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut reader = Reader { file, at: 0, dropped: RING_BUFFER as u64, large: expected > SMALL_FILE, go_on };
    let (slow, fast): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|k| is_slow(*k) && expected > SMALL_FILE);
    let mut inline: Vec<(HashKind, Digest)> =
        std::iter::once(HashKind::Xxh128).chain(fast).map(|k| (k, Digest::new(k))).collect();
    let mut texts = BTreeMap::new();
    if slow.is_empty() {
        let size = usize::try_from(expected.saturating_add(1)).unwrap_or(INLINE_BUFFER).clamp(4096, INLINE_BUFFER);
        let mut buffer = vec![0; size];
        loop {
            let bytes = reader.next(&mut buffer)?;
            if bytes.is_empty() {
                break;
            }
            update_all(&mut inline, bytes);
        }
    } else {
        // the file system may help with large files; nothing depends on it
        let _ = fadvise(file, 0, None, Advice::Sequential);
        texts = beside_threads(&mut reader, &slow, &mut inline)?;
    }
    texts.extend(inline.into_iter().map(|(k, d)| (k, d.text())));
    let xxh128 = texts.remove(&HashKind::Xxh128).ok_or_else(|| internal("no XXH3-128 was computed"))?;
    Ok(Fingerprint { size: reader.at, xxh128, other: texts })
}

fn update_all(hashes: &mut [(HashKind, Digest)], bytes: &[u8]) {
    for (_, hash) in hashes {
        hash.update(bytes);
    }
}

/// Reads ahead while each slow hash works on a thread of its own.
fn beside_threads(
    reader: &mut Reader<'_>,
    slow: &[HashKind],
    inline: &mut [(HashKind, Digest)],
) -> Result<BTreeMap<HashKind, String>, Error> {
    let (home, free) = sync_channel(RING);
    for _ in 0..RING {
        home.send(Vec::new()).map_err(|_| internal("the ring of buffers is closed"))?;
    }
    std::thread::scope(|scope| {
        let mut lines = Vec::new();
        let mut threads = Vec::new();
        for kind in slow.iter().copied() {
            let (line, work) = sync_channel::<Arc<Lent>>(RING);
            let run = move || {
                let mut hash = Digest::new(kind);
                work.iter().for_each(|lent| hash.update(lent.bytes()));
                (kind, hash.text())
            };
            let thread = std::thread::Builder::new().name(format!("hash-{kind}")).spawn_scoped(scope, run);
            threads.push(thread.map_err(|e| Error::io("FILE-UNREADABLE", "start a thread for a hash", &e))?);
            lines.push(line);
        }
        feed(reader, inline, &home, &free, &lines)?;
        drop(lines);
        threads.into_iter().map(|t| t.join().map_err(|_| internal("a hash thread ended abnormally"))).collect()
    })
}

/// Fills buffers and hands each to every line until the end of the file.
fn feed(
    reader: &mut Reader<'_>,
    inline: &mut [(HashKind, Digest)],
    home: &SyncSender<Vec<u8>>,
    free: &Receiver<Vec<u8>>,
    lines: &[SyncSender<Arc<Lent>>],
) -> Result<(), Error> {
    loop {
        // every buffer comes back when its last user lets go of it, so this cannot wait for ever
        let mut buffer = free.recv().map_err(|_| internal("the ring of buffers is closed"))?;
        buffer.resize(RING_BUFFER, 0);
        let used = reader.next(&mut buffer)?.len();
        if used == 0 {
            return Ok(());
        }
        let lent = Arc::new(Lent { buffer, used, home: home.clone() });
        for line in lines {
            line.send(Arc::clone(&lent)).map_err(|_| internal("a hash thread ended abnormally"))?;
        }
        update_all(inline, lent.bytes());
    }
}

/// A filled buffer that returns to the ring when its last user lets go of it.
struct Lent {
    buffer: Vec<u8>,
    used: usize,
    home: SyncSender<Vec<u8>>,
}

impl Lent {
    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.used).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // the ring has room for every buffer; when it is closed the buffer is no longer needed
        let _ = self.home.try_send(std::mem::take(&mut self.buffer));
    }
}

/// Positional reading with progress and cache hygiene.
struct Reader<'a> {
    file: &'a File,
    at: u64,
    dropped: u64,
    large: bool,
    go_on: &'a (dyn Fn(u64) -> bool + Sync),
}

impl Reader<'_> {
    /// Fills `buffer` as far as the file goes; an empty slice is the end.
    fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
        if !(self.go_on)(self.at) {
            let what = format!("reading was stopped after {} bytes", self.at);
            return Err(Error::new(ErrorKind::Io, "JOB-CANCELLED", what));
        }
        let mut used = 0;
        while let Some(rest) = buffer.get_mut(used..).filter(|r| !r.is_empty()) {
            match self.file.read_at(rest, self.at) {
                Ok(0) => break,
                Ok(n) => {
                    used += n;
                    self.at = self.at.saturating_add(n as u64);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io("FILE-UNREADABLE", "read the file", &e).offset(self.at)),
            }
        }
        self.give_back(used == 0);
        Ok(buffer.get(..used).unwrap_or_default())
    }

    /// Gives the page cache behind the cursor back to the system.
    fn give_back(&mut self, end: bool) {
        let behind = self.at.saturating_sub(self.dropped);
        if self.large && (behind >= DROP_EVERY || (end && behind > 0)) {
            let _ = fadvise(self.file, self.dropped, NonZeroU64::new(behind), Advice::DontNeed);
            self.dropped = self.at;
        }
    }
}

fn internal(what: &str) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", what)
}
