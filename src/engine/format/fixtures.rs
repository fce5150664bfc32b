//! For the tests of formats: bytes as a file, every cut and every flipped byte.

use super::{Format, Input};
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, Limits, MediaPath};
use std::io::Write;
use std::path::Path;

/// Gives `bytes` as an open file to `act`.
pub fn with_bytes<T>(bytes: &[u8], act: impl FnOnce(&Input<'_>, &Limits) -> T) -> T {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let path = MediaPath::from(Path::new("A.0001.x"));
    act(&Input { path: &path, file: &file, size: bytes.len() as u64 }, &Limits::default())
}

/// The document of a file of these bytes.
pub fn read_bytes(format: &dyn Format, bytes: &[u8]) -> Result<ClipDoc, Error> {
    with_bytes(bytes, |input, limits| {
        let mut doc = ClipDoc::new("A", ClipUnit::File);
        format.read(input, limits, &mut doc).map(|()| doc)
    })
}

/// Every cut of a good file is read or refused, never with a fault of the system; of a file that has nothing to spare
/// (`exact`) each cut is refused. So is every flipped byte, of files longer than 4 KiB some of them.
pub fn flips_and_cuts(format: &dyn Format, good: &[u8], exact: bool) {
    assert!(read_bytes(format, good).is_ok());
    let step = good.len() / 4096 + 1;
    for n in (0..good.len()).step_by(step) {
        match read_bytes(format, &good[..n]) {
            Ok(_) => assert!(!exact, "cut at {n} of {} is taken for whole", good.len()),
            Err(e) => assert_ne!(e.kind, ErrorKind::Io, "cut at {n}: {e}"),
        }
        for flip in [0xff, 0x01, 0x80] {
            let mut bytes = good.to_vec();
            bytes[n] ^= flip;
            if let Err(e) = read_bytes(format, &bytes) {
                assert_ne!(e.kind, ErrorKind::Io, "byte {n} flipped: {e}");
            }
            if format.is_frame()
                && let Err(e) = with_bytes(&bytes, |i, l| format.decode(i, &Limits { memory: 1 << 20, ..*l }))
            {
                assert_ne!(e.kind, ErrorKind::Io, "byte {n} flipped: {e}");
            }
        }
    }
}
