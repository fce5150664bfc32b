//! Samples of timed metadata, and the frames of whole files.

use rushes::engine::container::{camm, gpmf, rtmd};
use rushes::engine::format::{Input, rows};
use rushes::model::{CODES, Error, ErrorKind, FrameRow, Limits, MediaPath};
use std::path::Path;

/// Payloads of GoPro's cameras: no stream has more numbers than bytes, nothing lies outside of the input.
pub fn gpmf(data: &[u8]) {
    let (streams, _) = gpmf::streams(data);
    for s in &streams {
        assert!(s.data.value.len() <= data.len());
        if let Some(t) = &s.table {
            assert!(t.width > 0 && t.values.len() <= s.data.value.len().max(1));
            assert!(t.get(t.len()).is_none() && (t.is_empty() || t.get(t.len() - 1).is_some()));
        }
        let _ = (s.data.text(), s.about.iter().map(gpmf::Item::text).count());
    }
    for i in gpmf::leaves(data) {
        let _ = (i.text(), i.table(None), i.table(Some(b"Lf[3]c")));
    }
}

/// Google's packets: what is read is written back as it was.
pub fn camm(data: &[u8]) {
    let (packets, _) = camm::packets(data);
    let written: Vec<u8> = packets.iter().flat_map(camm::write).collect();
    assert!(written.len() <= data.len());
    let (again, whole) = camm::packets(&written);
    // not compared as numbers: none is equal to NaN
    let back: Vec<u8> = again.iter().flat_map(camm::write).collect();
    assert!(whole || packets.is_empty());
    // a packet of zeros at the end cannot be told from padding
    let rest = written.strip_prefix(&back[..]).expect("what is read again is what was written");
    assert!(rest.iter().all(|b| *b == 0));
}

/// Sony's samples: every value is a part of the sample.
pub fn rtmd(data: &[u8]) {
    let (items, whole) = rtmd::items(data);
    let bytes: usize = items.iter().map(|i| i.value.len() + 4).sum();
    assert!(bytes <= data.len(), "{bytes} of {}", data.len());
    assert!(!whole || data.len() >= 2);
}

/// The frames of a file, whatever it is: the same twice, numbered without a gap in a movie, and they survive JSON.
pub fn frames(data: &[u8]) {
    for name in ["A001C001.mov", "A001C001.mxf", "A001C001.csv"] {
        let first = listed(name, data);
        assert_eq!(first, listed(name, data), "not the same twice");
        let (list, end) = first;
        for row in list.iter().take(64) {
            let text = serde_json::to_vec(row).expect("a row can be written");
            assert_eq!(super::twice::<FrameRow>(&text).as_ref(), Some(row), "a row reaches its reader as it was");
            assert_eq!(row.cells().len(), FrameRow::COLUMNS.len());
        }
        if let Err(e) = end {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            assert!(CODES.iter().any(|(code, _)| *code == e.code), "{e}");
        }
    }
}

/// At most 200 rows: that a reader stops when it is told to is promised too.
fn listed(name: &str, data: &[u8]) -> (Vec<FrameRow>, Result<(), Error>) {
    let file = super::memory(data);
    let path = MediaPath::from(Path::new(name));
    let input = Input { path: &path, file: &file, size: data.len() as u64 };
    let mut out = Vec::new();
    let end = rows("A001C001", &input, &Limits::default(), &mut |row| {
        assert!(out.len() < 200, "told to stop and did not");
        out.push(row);
        if out.len() < 200 { Ok(()) } else { Err(Error::limit("enough")) }
    });
    (out, end)
}
