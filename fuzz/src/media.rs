//! Files: through the registered formats, and through the byte grammars alone.

use super::{memory, twice};
use rushes::engine::colour::{Chain, Step, ops_of_cube};
use rushes::engine::container::bytes::Bytes;
use rushes::engine::container::dpx::layout::{ELEMENT, MAX_ELEMENTS};
use rushes::engine::container::dpx::{DpxHeader, FILM, Field, GENERIC, TELEVISION, Value};
use rushes::engine::container::riff::{Bext, Riff, WaveFmt, write_wave};
use rushes::engine::document::cdl as corrections;
use rushes::engine::format::{self, FORMATS, HEAD_BYTES, Input};
use rushes::engine::sidecar::{Roll, Row, SidecarContext, ale, csv, json, opentrackio, otio, report};
use rushes::model::{CODES, ClipDoc, ClipUnit, Error, ErrorKind, Limits, MediaPath};
use rushes::rules::Scope;
use std::collections::BTreeMap;
use std::path::Path;

/// Any bytes as a file of whatever format claims them: inspected twice they give the same, and everything that is
/// made of the document can be made of it.
pub fn inspect(data: &[u8]) {
    let head = data.get(..HEAD_BYTES.min(data.len())).unwrap_or_default();
    let mut names = vec!["A001/A001C001.mov".to_owned()];
    names.extend(format::probe(head, Path::new("x")).and_then(|f| f.extensions().first()).map(|e| format!("S.{e}")));
    for name in &names {
        let first = read(name, ClipUnit::File, &[data]);
        assert_eq!(first, read(name, ClipUnit::File, &[data]), "not the same twice");
        if let Ok(doc) = first {
            document(&doc);
        }
    }
    if FORMATS.iter().any(|f| f.is_frame() && f.probe(head, Path::new("x")) > 0) {
        let cut = data.get(..data.len() - data.len() / 3).unwrap_or_default();
        for frames in [[data, data, data], [data, cut, data]] {
            if let Ok(doc) = read("A.0001.dpx", ClipUnit::Sequence, &frames) {
                document(&doc);
            }
        }
    }
    let _ = read("A001C001.mov", ClipUnit::Spanned, &[data, data]);
}

/// The document of a clip of these files, or an error of a kind that bytes can cause.
fn read(name: &str, unit: ClipUnit, files: &[&[u8]]) -> Result<ClipDoc, Error> {
    let open: Vec<_> = files.iter().map(|bytes| (memory(bytes), bytes.len() as u64)).collect();
    let path = MediaPath::from(Path::new(name));
    let inputs: Vec<_> = open.iter().map(|(file, size)| Input { path: &path, file, size: *size }).collect();
    let read = format::inspect("A001C001", unit, &inputs, &Limits::default());
    if let Err(e) = &read {
        assert_ne!(e.kind, ErrorKind::Io, "{e}");
        assert!(CODES.iter().any(|(code, _)| *code == e.code), "{e}");
        assert!(e.place.path.is_some(), "{e}");
        super::harmless(&e.to_string());
    }
    read
}

/// What happens to every document afterwards.
fn document(doc: &ClipDoc) {
    let text = serde_json::to_vec(doc).expect("a document can be written");
    assert_eq!(twice::<ClipDoc>(&text).as_ref(), Some(doc), "a worker's document reaches the daemon as it was");
    let context = BTreeMap::from([("show".to_owned(), "senna".to_owned())]);
    let side = json(doc, &SidecarContext { job: "0", revision: 1, context: &context }).expect("a sidecar");
    serde_json::from_slice::<serde_json::Value>(&side).expect("a sidecar is JSON");
    if let Ok(bytes) = ale(doc) {
        let text = String::from_utf8(bytes).expect("an ALE is text");
        let cells = |line: &str| line.split('\t').count();
        let row: Vec<&str> = text.split_terminator('\n').rev().take(4).collect();
        assert!(matches!(row[..], [data, "Data", "", columns] if cells(data) == cells(columns)), "{text:?}");
    }
    exports(doc, &context);
    let _ = Scope::new(doc, "senna", "ocf");
    super::names::expand_all(doc);
}

/// Documents for other programs: what is JSON can be read, and no text of a clip changes the shape of a table or a page.
fn exports(doc: &ClipDoc, context: &BTreeMap<String, String>) {
    for made in [otio(doc), opentrackio(doc)] {
        match made {
            Ok(bytes) => drop(serde_json::from_slice::<serde_json::Value>(&bytes).expect("it is JSON")),
            Err(e) => assert!(["FIELD-ABSENT", "FILE-MALFORMED"].contains(&e.code.as_ref()), "{e}"),
        }
    }
    let table = String::from_utf8(csv(&[doc], context)).expect("a table is text");
    assert_eq!(table.matches('"').count() % 2, 0, "{table:?}");
    let row = Row { doc, picture: Err("none".into()) };
    let roll = Roll { name: &doc.clip.name, date: None, rows: vec![row], others: &[], refused: &[] };
    let page = String::from_utf8(report(&roll)).expect("a page is text");
    let cells = page.split("<tbody>").nth(1).map(|body| body.matches("<td").count());
    assert_eq!(cells, Some(10), "{page}");
}

/// Any bytes as a picture of whatever format claims them: the same picture twice, as large as the document says, or an
/// error of a kind that bytes can cause.
pub fn decode(data: &[u8]) {
    let head = data.get(..HEAD_BYTES.min(data.len())).unwrap_or_default();
    let Some(format) = format::probe(head, Path::new("x")).filter(|f| f.is_frame()) else { return };
    let path = MediaPath::from(Path::new("A.0001.x"));
    let file = memory(data);
    let input = Input { path: &path, file: &file, size: data.len() as u64 };
    // a quarter of a million pixels: libFuzzer has 2 GiB and ten seconds
    let limits = Limits { memory: 16 << 20, ..Limits::default() };
    let first = format.decode(&input, &limits);
    let again = format.decode(&input, &limits);
    match (&first, &again) {
        (Ok(a), Ok(b)) => {
            let bits =
                |d: &rushes::engine::image::Decoded| d.frame.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!((bits(a), &a.how), (bits(b), &b.how), "not the same twice");
            let mut doc = ClipDoc::new("A", ClipUnit::File);
            if format.read(&input, &limits, &mut doc).is_ok() {
                assert_eq!((doc.image.width, doc.image.height), (Some(a.frame.width()), Some(a.frame.height())));
                assert!(doc.format.decodable || format.id() == "dpx");
            }
        }
        (Err(e), Err(_)) => {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            assert!(CODES.iter().any(|(code, _)| *code == e.code), "{e}");
            super::harmless(&e.to_string());
        }
        _ => panic!("decoded once and not again: {first:?} {again:?}"),
    }
}

/// RIFF chunks: inside the file, the same twice, and written and read again.
pub fn riff(data: &[u8]) {
    let limits = Limits::default();
    let scan = |bytes: &[u8]| Riff::scan(&mut Bytes::slice(bytes, &limits), &limits);
    let Ok(riff) = scan(data) else { return };
    assert_eq!(scan(data).as_ref(), Ok(&riff));
    let mut chunks = Vec::new();
    let mut end = 0;
    for c in &riff.chunks {
        assert!(c.at >= end, "chunks overlap");
        end = c.at.checked_add(c.size).expect("the end of a chunk is a number");
        let contents = usize::try_from(c.at).ok().zip(usize::try_from(end).ok()).and_then(|(a, b)| data.get(a..b));
        chunks.push((c.id, contents.expect("a chunk lies in the file")));
    }
    let mut b = Bytes::slice(data, &limits);
    if let Some(c) = riff.chunk(b"fmt ") {
        b.seek(c.at);
        if let Ok(fmt) = WaveFmt::read(&mut b, c.size) {
            let _ = (fmt.codec(), fmt.is_linear());
        }
    }
    if let Some(c) = riff.chunk(b"bext") {
        b.seek(c.at);
        if let Ok(bext) = Bext::read(&mut b, c.size, &limits) {
            let bytes = bext.to_bytes();
            let back = Bext::read(&mut Bytes::slice(&bytes, &limits), bytes.len() as u64, &limits).expect("ours");
            assert_eq!(
                (back.time_reference, back.version, &back.umid),
                (bext.time_reference, bext.version, &bext.umid)
            );
            assert!(bext.loudness.is_none() || bext.loudness == back.loudness);
        }
    }
    // an empty `data` chunk looks like a recording that was never closed
    if chunks.iter().any(|(id, c)| id == b"data" && !c.is_empty()) {
        let again = write_wave(&chunks);
        let back = scan(&again).expect("what was written can be read");
        let ids = |r: &Riff| r.chunks.iter().map(|c| (c.id, c.size)).collect::<Vec<_>>();
        assert_eq!(ids(&back), ids(&riff));
    }
}

/// DPX headers: each field that is read can be written back and is then read the same.
pub fn dpx(data: &[u8]) {
    let limits = Limits::default();
    let Ok(head) = DpxHeader::read(&mut Bytes::slice(data, &limits)) else { return };
    assert!(head.bytes().len() <= data.len());
    let _ = head.picture_start();
    let mut copy = head.clone();
    let elements = (0..MAX_ELEMENTS).flat_map(|n| ELEMENT.iter().map(move |f| f.of_element(n)));
    let fields: Vec<Field> = [GENERIC, FILM, TELEVISION].into_iter().flatten().copied().chain(elements).collect();
    for f in &fields {
        match head.value(f) {
            Some(Value::Number(n)) => copy.set_number(f, n),
            Some(Value::Real(x)) => copy.set_real(f, x),
            Some(Value::Text(_)) | None => {}
        }
    }
    assert_eq!(copy, head, "writing what was read changes the header");
    let numbers = fields.iter().filter_map(|f| head.number(f)).take(5).collect::<Vec<_>>();
    if let [descriptor, depth, packing, width, height] = numbers[..] {
        let _ = rushes::engine::container::dpx::least_bytes(descriptor, depth, packing, width, height);
    }
    let (file, path) = (memory(data), MediaPath::from(Path::new("a.dpx")));
    let input = Input { path: &path, file: &file, size: data.len() as u64 };
    let format = FORMATS.iter().find(|f| f.id() == "dpx").expect("a format of the registry");
    match format.decode(&input, &limits) {
        Ok(d) => assert!(d.frame.data().iter().all(|s| (0.0..=1.0).contains(s)), "a code beyond its range"),
        Err(e) => assert_ne!(e.kind, ErrorKind::Io, "{e}"),
    }
}

/// An iXML chunk, in a file that is otherwise good.
pub fn ixml(data: &[u8]) {
    let fmt = WaveFmt::pcm(1, 48_000, 24).to_bytes();
    let file = write_wave(&[(*b"fmt ", &fmt), (*b"iXML", data), (*b"data", &[0; 6])]);
    let first = read("S001.wav", ClipUnit::File, &[&file]);
    assert_eq!(first, read("S001.wav", ClipUnit::File, &[&file]), "not the same twice");
    if let Ok(doc) = first {
        document(&doc);
    }
}

/// A `.cube` table: refused, or a table that can be applied and gives the same bits after JSON.
pub fn cube(data: &[u8]) {
    let ops = match ops_of_cube("a.cube", data) {
        Ok(ops) => ops,
        Err(e) => {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            return super::harmless(&e.to_string());
        }
    };
    assert!(!ops.is_empty() && ops.len() <= 2);
    let steps = ops.into_iter().map(|op| Step { label: String::new(), op }).collect();
    let mut chain = Chain { from: String::new(), to: String::new(), steps };
    let samples = [-1.0, 0.5, 2.0, f32::INFINITY, f32::NEG_INFINITY, 0.25, f32::MAX, f32::MIN, 1e-30];
    let apply = |chain: &Chain| {
        let mut v = samples;
        chain.apply(&mut v).expect("its tables are attached");
        v
    };
    let first = apply(&chain);
    let text = serde_json::to_vec(&chain).expect("a chain can be written");
    chain = serde_json::from_slice(&text).expect("and read");
    chain.attach(&mut |_| Ok(data.to_vec())).expect("the same bytes are the same table");
    assert_eq!(first.map(f32::to_bits), apply(&chain).map(f32::to_bits));
}

/// Colour corrections: refused, or numbers that ASC CDL allows.
pub fn cdl(data: &[u8]) {
    match corrections::read(data, &Limits::default()) {
        Ok(all) => {
            assert!(!all.is_empty());
            for c in &all {
                let finite = c.slope.iter().chain(&c.offset).chain(&c.power).all(|v| v.is_finite());
                assert!(finite && c.slope.iter().all(|v| *v >= 0.0) && c.power.iter().all(|v| *v > 0.0));
                assert!(c.saturation.is_finite() && c.saturation >= 0.0);
                if let Ok(found) = corrections::select(&all, c.id.as_deref()) {
                    assert!(found.id == c.id || c.id.is_none());
                }
            }
        }
        Err(e) => {
            assert_ne!(e.kind, ErrorKind::Io, "{e}");
            super::harmless(&e.to_string());
        }
    }
}
