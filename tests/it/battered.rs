//! A file of every format, cut at every byte and with every byte changed: an answer each time, bounded, and no fault of the
//! system. To 4 KiB here; `RUSHES_BATTER` gives another number of bytes (`make faults`: 65536).

use rayon::prelude::*;
use rushes::engine::format::{FORMATS, Input, inspect};
use rushes::model::{ClipUnit, ErrorKind, Limits, MediaPath};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;

/// What each byte becomes.
const CHANGES: [u8; 3] = [0xff, 0x01, 0x80];

/// The file that a cut or a change made, and how it was answered.
struct Battered {
    file: File,
    path: MediaPath,
}

impl Battered {
    fn new(name: &str, bytes: &[u8]) -> Self {
        // some formats share their first bytes, and the name decides
        let name = format!("A.0001.{}", name.split('-').next().unwrap());
        let name = name.as_str();
        let fd = rustix::fs::memfd_create("battered", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let mut file = File::from(fd);
        file.write_all(bytes).unwrap();
        Self { file, path: MediaPath::from(Path::new(name)) }
    }

    fn read(&self, size: usize, what: &dyn Fn() -> String) -> bool {
        // a sixteenth of what a worker may use, and far more than these files need
        let limits = Limits { memory: 256 << 20, ..Limits::default() };
        let input = Input { path: &self.path, file: &self.file, size: size as u64 };
        match inspect("A", ClipUnit::File, &[input], &limits) {
            Ok(doc) => doc.problem.is_none(),
            Err(e) => {
                assert_ne!(e.kind, ErrorKind::Io, "{}: {e}", what());
                false
            }
        }
    }
}

fn batter(name: &str, bytes: &[u8], most: usize) -> [usize; 2] {
    let b = Battered::new(name, bytes);
    let mut whole = [0, 0];
    for n in 0..bytes.len().min(most) {
        whole[0] += usize::from(b.read(n, &|| format!("{name} cut at {n}")));
        for change in CHANGES {
            b.file.write_all_at(&[bytes[n] ^ change], n as u64).unwrap();
            whole[1] += usize::from(b.read(bytes.len(), &|| format!("{name} byte {n} changed by {change:#x}")));
        }
        b.file.write_all_at(&bytes[n..=n], n as u64).unwrap();
    }
    whole
}

#[test]
fn every_byte_of_a_file_of_every_format() {
    let most = std::env::var("RUSHES_BATTER").ok().and_then(|n| n.parse().ok()).unwrap_or(4096);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/inspect");
    let mut files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let met: Mutex<BTreeSet<String>> = Mutex::default();
    files.par_iter().for_each(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let b = Battered::new(&name, &bytes);
        let limits = Limits::default();
        let input = Input { path: &b.path, file: &b.file, size: bytes.len() as u64 };
        let good = inspect("A", ClipUnit::File, &[input], &limits);
        if let Ok(doc) = &good {
            met.lock().unwrap().insert(doc.format.id.clone());
        }
        let [cut, changed] = batter(&name, &bytes, most);
        println!("battered: {name}, {} bytes: {cut} cuts and {changed} changes taken for whole", bytes.len().min(most));
    });
    let met = met.into_inner().unwrap();
    let missing: Vec<&str> = FORMATS.iter().map(|f| f.id()).filter(|id| !met.contains(*id)).collect();
    assert!(missing.is_empty(), "no file of {missing:?} in fuzz/corpus/inspect");
}
