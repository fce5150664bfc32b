//! Byte grammars of cameras' files: each reads the same twice, says nothing beyond the bytes, and never fails by the system.

use rushes::engine::container::bytes::Bytes;
use rushes::engine::container::fixed::{Field, Fixed, Value};
use rushes::engine::container::ifd::{Ifd, magic};
use rushes::engine::container::jp2::{CODESTREAM, Codestream, profile_name};
use rushes::engine::container::riff::Avi;
use rushes::engine::container::{arriraw as ari, cineon as cin, mpeg as ts, red};
use rushes::model::{Error, ErrorKind, Limits};

/// Runs a reader twice; its error is of a kind that bytes can cause.
fn read<T: PartialEq + std::fmt::Debug>(
    data: &[u8],
    act: impl Fn(&mut Bytes<'_>, &Limits) -> Result<T, Error>,
) -> Option<T> {
    let limits = Limits::default();
    let first = act(&mut Bytes::slice(data, &limits), &limits);
    assert_eq!(first, act(&mut Bytes::slice(data, &limits), &limits), "not the same twice");
    if let Err(e) = &first {
        assert_ne!(e.kind, ErrorKind::Io, "{e}");
        super::harmless(&e.to_string());
    }
    first.ok()
}

/// Every field of a header that is read can be written back and is then read the same.
fn written_back(head: &Fixed, fields: impl Iterator<Item = Field>) {
    let mut copy = head.clone();
    for f in fields {
        match head.value(&f) {
            Some(Value::Number(n)) => copy.set_number(&f, n),
            Some(Value::Real(x)) => copy.set_real(&f, x),
            Some(Value::Text(_)) | None => {}
        }
    }
    assert_eq!(&copy, head, "writing what was read changes the header");
}

/// Cineon headers.
pub fn cineon(data: &[u8]) {
    let Some(head) = read(data, |b, _| cin::read(b)) else { return };
    assert!(head.bytes.len() <= data.len());
    let channels = (0..cin::MAX_CHANNELS).flat_map(|n| cin::CHANNEL.iter().map(move |f| cin::of_channel(*f, n)));
    written_back(&head, cin::GENERIC.iter().chain(cin::FILM).copied().chain(channels));
    super::media::decode(data);
}

/// ARRIRAW headers.
pub fn arriraw(data: &[u8]) {
    let Some(head) = read(data, |b, _| ari::read(b)) else { return };
    assert!(head.bytes.len() <= data.len());
    written_back(&head, ari::ALL.iter().copied());
    for (at, run) in ari::others(&head, 64) {
        assert_eq!(head.bytes.get(at..at + run.len()), Some(&run[..]));
    }
}

/// JPEG 2000 codestreams, and the same bytes after the marker that begins one.
pub fn jp2(data: &[u8]) {
    for bytes in [data.to_vec(), [CODESTREAM, data].concat()] {
        let found = read(&bytes, |b, l| {
            let c = Codestream::read(b, l)?;
            let end = c.tiles(b, bytes.len() as u64, l)?;
            Ok((c, end))
        });
        if let Some((c, _)) = found {
            assert!(c.width > 0 && c.height > 0 && !c.components.is_empty());
            assert!(c.tiles_at <= bytes.len() as u64);
            let _ = profile_name(c.profile);
        }
        super::media::decode(&bytes);
    }
}

/// R3D headers and blocks.
pub fn r3d(data: &[u8]) {
    let found = read(data, |b, l| {
        let h = red::read(b)?;
        let blocks = red::blocks(b, &h, l);
        Ok((h, blocks))
    });
    for e in found.iter().flat_map(|(h, _)| &h.entries) {
        let at = usize::try_from(e.at).expect("a place in the file");
        assert_eq!(data.get(at + 4..at + 4 + e.bytes.len()), Some(&e.bytes[..]));
        let _ = (e.text(), e.numbers(), e.reals());
    }
}

/// AVI headers.
pub fn avi(data: &[u8]) {
    if let Some(h) = read(data, Avi::read) {
        assert!(h.parts > 0 && h.trailing <= data.len() as u64);
    }
}

/// Transport streams, and the same bytes as a stream of pictures.
pub fn mpeg(data: &[u8]) {
    if let Some(t) = read(data, ts::Transport::read) {
        assert!(matches!(t.packet, 188 | 192 | 204) && !t.streams.is_empty() && t.trailing < t.packet);
        for s in &t.streams {
            let _ = (ts::avc(&s.payload), ts::hevc(&s.payload), ts::mpeg2(&s.payload));
        }
    }
    for p in [ts::avc(data), ts::hevc(data), ts::mpeg2(data)].into_iter().flatten() {
        assert!(p.width > 0 && p.height > 0);
    }
}

/// TIFF directories: every field read in every way.
pub fn ifd(data: &[u8]) {
    let limits = Limits::default();
    let peeked = Ifd::peek(data);
    assert!(magic(data).is_some() || peeked.is_empty());
    let Some(ifd) = read(data, Ifd::read) else { return };
    let mut b = Bytes::slice(data, &limits);
    for f in ifd.fields.iter().take(512) {
        let _ = (ifd.numbers(&mut b, f.tag, 64), ifd.text(&mut b, f.tag), ifd.rational(&mut b, f.tag));
        if let Ok(list) = ifd.reals(&mut b, f.tag, 64) {
            assert!(list.len() <= 64 && list.iter().all(|x| x.is_finite()));
        }
        if let Ok(bytes) = ifd.bytes(&mut b, f.tag, 64) {
            assert!(bytes.len() <= 64);
        }
        let _ = ifd.at(&mut b, f.at, &limits);
    }
}
