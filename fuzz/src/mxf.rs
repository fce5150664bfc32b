//! The parts of MXF files: through the byte grammar alone, and through the format with damaged sets.

use rushes::engine::container::bytes::Bytes;
use rushes::engine::container::mxf::{Kind, Structure, write};
use rushes::model::{CODES, ErrorKind, Limits};

/// Any bytes as an MXF file: the same parts twice, all of them inside the file, and packs that are written as they were
/// read.
pub fn mxf(data: &[u8]) {
    let limits = Limits::default();
    let scan = || Structure::scan(&mut Bytes::slice(data, &limits), &limits);
    let (first, again) = (scan(), scan());
    let s = match (first, again) {
        (Ok(a), Ok(b)) => {
            assert_eq!(a.metadata.sets, b.metadata.sets, "not the same twice");
            assert_eq!(a.warnings, b.warnings);
            a
        }
        (Err(e), Err(_)) => {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            assert!(CODES.iter().any(|(code, _)| *code == e.code), "{e}");
            return super::harmless(&e.to_string());
        }
        _ => panic!("read once and not again"),
    };
    let size = data.len() as u64;
    assert!(s.metadata.end <= size && s.essence.first.iter().all(|k| k.end() <= size));
    assert!(s.metadata.sets.iter().all(|set| set.at < size));
    assert_eq!(s.partitions.first().map(|p| p.kind), Some(Kind::Header));
    for p in s.partitions.iter().filter(|p| p.containers.len() < 64) {
        let bytes = write::partition(p);
        let back =
            rushes::engine::container::mxf::Partition::read(&mut Bytes::slice(&bytes, &limits), 0).expect("ours");
        assert_eq!((back.footer, back.header_bytes, back.pattern), (p.footer, p.header_bytes, p.pattern));
        assert_eq!((back.kind, back.containers), (p.kind, p.containers.clone()));
    }
    let segments = s.index_segments(&mut Bytes::slice(data, &limits));
    assert!(segments.is_ok_and(|all| all.len() <= 2000));
    super::media::inspect(data);
}
