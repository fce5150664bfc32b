//! The only file that knows sled: one tree, checksummed values, and a real fsync after each flush.
//!
//! * One tree, one batch per commit: sled applies a batch to one tree as a whole, also across a
//!   crash, so records, their look-up keys, the counts and the journal position never disagree.
//! * Each value is preceded by the XXH3-64 of key and value: sled does not notice every damage.
//! * `flush()` of sled 0.34.7 only calls `sync_file_range`; [`Store::apply`] fsyncs each changed file
//!   and folder itself before it returns.
//! * sled panics on some damage, and may wait for ever: it is opened on a thread of its own, inside
//!   `catch_unwind`, with a time limit.

use crate::engine::killpoint;
use crate::index::journal::{failed, sync_dir};
use crate::model::{Error, ErrorKind};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::Xxh3;

/// sled's page cache, bytes; its real memory goes past this.
const CACHE: u64 = 32 << 20;
/// Time for sled's locks of an earlier store of this process to go away.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// What is to be written: key → value, or removed.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Why a store cannot be opened.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is damaged: move it aside.
    Damaged(String),
    /// The store may be good, but the system does not let us open it.
    Surroundings(Error),
}

/// An open store.
pub(super) struct Store {
    db: sled::Db,
    dir: PathBuf,
    data: File,
    synced: Mutex<HashMap<PathBuf, (u64, u64, i64, i64)>>,
    damaged: AtomicU64,
    why: Mutex<Option<String>>,
    broken: AtomicBool,
}

impl Store {
    /// Opens or makes the store in `dir` and reads all of it once: every checksum must be right.
    /// Gives up after `limit`.
    pub(super) fn open(dir: &Path, limit: Duration) -> Result<(Self, BTreeMap<u8, u64>), Trouble> {
        let (out, answer) = std::sync::mpsc::sync_channel(1);
        let path = dir.to_path_buf();
        let thread = std::thread::Builder::new().name("index-open".into()).spawn(move || {
            let result = caught(|| Self::open_here(&path)).unwrap_or_else(|why| Err(Trouble::Damaged(why)));
            let _ = out.send(result);
        });
        if let Err(e) = thread {
            return Err(Trouble::Surroundings(failed("start a thread for the index", &e, dir)));
        }
        match answer.recv_timeout(limit) {
            Ok(result) => result,
            Err(_) => Err(Trouble::Damaged(format!("it does not open within {} s", limit.as_secs()))),
        }
    }

    fn open_here(dir: &Path) -> Result<(Self, BTreeMap<u8, u64>), Trouble> {
        let io = |e: io::Error| Trouble::Surroundings(failed("open the index", &e, dir));
        std::fs::create_dir_all(dir).map_err(io)?;
        let config = sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(None);
        let begun = Instant::now();
        let db = loop {
            match config.open() {
                Ok(db) => break db,
                Err(e) if e.to_string().contains("could not acquire lock") => {
                    if begun.elapsed() > LOCK_WAIT {
                        let e = Error::new(ErrorKind::Io, "STATE-BUSY", "another program has the index open").at(dir);
                        return Err(Trouble::Surroundings(e));
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(e) => return Err(trouble(&e, dir)),
            }
        };
        let data = File::open(dir.join("db")).map_err(io)?;
        let store = Self {
            db,
            dir: dir.to_path_buf(),
            data,
            synced: Mutex::default(),
            damaged: AtomicU64::new(0),
            why: Mutex::default(),
            broken: AtomicBool::new(false),
        };
        let kinds = store.verify().map_err(Trouble::Damaged)?;
        store.barrier().map_err(io)?;
        if let Some(parent) = dir.parent() {
            sync_dir(parent).map_err(io)?;
        }
        Ok((store, kinds))
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.dir
    }

    /// Reads everything; the number of keys by first byte.
    fn verify(&self) -> Result<BTreeMap<u8, u64>, String> {
        let mut kinds = BTreeMap::new();
        for item in self.db.iter() {
            let (k, v) = item.map_err(|e| format!("it cannot be read: {e}"))?;
            if unseal(&k, &v).is_none() {
                return Err("a record has a wrong checksum".to_owned());
            }
            *kinds.entry(k.first().copied().unwrap_or(0)).or_default() += 1;
        }
        Ok(kinds)
    }

    /// The value of `key`. Damage is noted and reads as absent.
    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let found = self.guarded(|| self.db.get(key))??;
        let value = unseal(key, &found);
        if value.is_none() {
            self.note("a record has a wrong checksum");
        }
        value.map(<[u8]>::to_vec)
    }

    /// Up to `most` pairs whose key begins with `prefix` and is greater than `after`, in order.
    pub(super) fn page(&self, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.guarded(|| {
            let mut all = Vec::new();
            let start = after.map_or(std::ops::Bound::Included(prefix), std::ops::Bound::Excluded);
            for item in self.db.range::<&[u8], _>((start, std::ops::Bound::Unbounded)) {
                let (k, v) = item?;
                if !k.starts_with(prefix) || all.len() >= most {
                    break;
                }
                match unseal(&k, &v) {
                    Some(v) => all.push((k.to_vec(), v.to_vec())),
                    None => self.note("a record has a wrong checksum"),
                }
            }
            Ok(all)
        })
        .unwrap_or_default()
    }

    /// All pairs whose key begins with `prefix`, in order.
    pub(super) fn scan(&self, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.page(prefix, None, usize::MAX)
    }

    /// Writes all of `writes` or nothing; on disk when this returns `Ok`. After an error the store
    /// must be opened anew.
    pub(super) fn apply(&self, writes: &Writes) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        for (k, v) in writes {
            match v {
                Some(v) => batch.insert(k.as_slice(), seal(k, v)),
                None => batch.remove(k.as_slice()),
            }
        }
        let done = caught(|| self.db.apply_batch(batch).and_then(|()| self.db.flush().map(|_| ())));
        let done = match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(sled_error("write the index", &e, &self.dir)),
            Err(why) => {
                Err(Error::new(ErrorKind::Io, "STATE-FAILED", format!("the index failed: {why}")).at(&self.dir))
            }
        };
        let done = done.and_then(|()| {
            killpoint::here("in-index-flush");
            self.barrier().map_err(|e| failed("make the index durable", &e, &self.dir))
        });
        if done.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
        done
    }

    /// fsync of the data file, of each other file that changed, and of the folders when a name is new.
    fn barrier(&self) -> io::Result<()> {
        self.data.sync_data()?;
        let mut synced = self.synced.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for dir in [self.dir.clone(), self.dir.join("blobs")] {
            let mut new_name = false;
            for e in std::fs::read_dir(&dir)? {
                let path = e?.path();
                let m = match std::fs::symlink_metadata(&path) {
                    Ok(m) => m,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(e),
                };
                let now = (m.ino(), m.len(), m.mtime(), m.mtime_nsec());
                let before = synced.get(&path);
                if before == Some(&now) {
                    continue;
                }
                new_name |= before.is_none_or(|b| b.0 != now.0);
                if m.is_file() && !path.ends_with("db") {
                    match File::open(&path) {
                        Ok(f) => f.sync_all()?,
                        Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                        Err(e) => return Err(e),
                    }
                }
                synced.insert(path, now);
            }
            if new_name {
                sync_dir(&dir)?;
            }
        }
        if synced.len() > 4096 {
            synced.retain(|p, _| p.exists());
        }
        Ok(())
    }

    /// Why this store should be made again, when something in it was found damaged.
    pub(super) fn damage(&self) -> Option<(u64, String)> {
        let why = self.why.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()?;
        Some((self.damaged.load(Ordering::Relaxed), why))
    }

    /// True when a write failed: what sled holds in memory can no longer be trusted.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Notes damage from outside: a value that is whole but cannot be understood.
    pub(super) fn note(&self, why: &str) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.why.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert_with(|| why.to_owned());
    }

    fn guarded<T>(&self, f: impl FnOnce() -> sled::Result<T>) -> Option<T> {
        let why = match caught(f) {
            Ok(Ok(v)) => return Some(v),
            Ok(Err(e)) => e.to_string(),
            Err(why) => why,
        };
        self.broken.store(true, Ordering::Relaxed);
        self.note(&why);
        None
    }
}

/// Runs `f`; a panic becomes its message.
fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|p| {
        let text = p.downcast_ref::<&str>().copied().map(str::to_owned).or_else(|| p.downcast_ref::<String>().cloned());
        format!("panic in sled: {}", text.unwrap_or_else(|| "no message".to_owned()))
    })
}

fn sum(key: &[u8], value: &[u8]) -> [u8; 8] {
    let mut h = Xxh3::new();
    h.update(&(key.len() as u64).to_le_bytes());
    h.update(key);
    h.update(value);
    h.digest().to_le_bytes()
}

fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut v = Vec::with_capacity(value.len().saturating_add(8));
    v.extend_from_slice(&sum(key, value));
    v.extend_from_slice(value);
    v
}

fn unseal<'v>(key: &[u8], sealed: &'v [u8]) -> Option<&'v [u8]> {
    let (s, value) = sealed.split_first_chunk::<8>()?;
    (*s == sum(key, value)).then_some(value)
}

/// sled copies I/O errors without their number; the kind brings the important ones back.
fn errno(e: &io::Error) -> Option<i32> {
    e.raw_os_error().or_else(|| match e.kind() {
        io::ErrorKind::StorageFull => Some(libc::ENOSPC),
        io::ErrorKind::QuotaExceeded => Some(libc::EDQUOT),
        io::ErrorKind::ReadOnlyFilesystem => Some(libc::EROFS),
        io::ErrorKind::PermissionDenied => Some(libc::EACCES),
        io::ErrorKind::OutOfMemory => Some(libc::ENOMEM),
        _ => None,
    })
}

fn sled_error(doing: &str, e: &sled::Error, dir: &Path) -> Error {
    if let sled::Error::Io(e) = e
        && let Some(n) = errno(e)
    {
        return failed(doing, &io::Error::from_raw_os_error(n), dir);
    }
    Error::new(ErrorKind::Io, "STATE-FAILED", format!("cannot {doing}: {e}")).at(dir)
}

fn trouble(e: &sled::Error, dir: &Path) -> Trouble {
    let mapped = sled_error("open the index", e, dir);
    if mapped.is_environment() || matches!(mapped.errno, Some(libc::EACCES | libc::EPERM)) {
        return Trouble::Surroundings(mapped);
    }
    Trouble::Damaged(match e {
        sled::Error::Corruption { .. } => "sled found damaged data".to_owned(),
        other => other.to_string(),
    })
}
