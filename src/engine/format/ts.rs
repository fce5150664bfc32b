//! MPEG transport streams (ISO/IEC 13818-1): `.ts`, and `.mts`/`.m2ts` of AVCHD and Blu-ray, whose packets have a clock of
//! four bytes before them.
//!
//! A stream has no header for the whole: the length is the span of its presentation times, and frames are not counted.

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::mpeg::{Elementary, Picture, Transport, avc, hevc, mpeg2, packet_size};
use crate::model::{ClipDoc, Error, Limits, Origin};
use std::path::Path;

/// MPEG-2 transport stream.
pub struct Ts;

const ID: &str = "ts";
/// Ticks of presentation times in a second.
const TICKS: f64 = 90_000.0;

impl Format for Ts {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "MPEG transport stream"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ts", "mts", "m2ts", "m2t"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        // one byte is little proof: without the name there must be more packets in a row
        let named = has_extension(path, self.extensions());
        match packet_size(head, if named { 2 } else { 16 }) {
            None => 0,
            Some(_) if named => 90,
            Some(_) => 55,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let t = Transport::read(&mut Bytes::file(input.file, input.size, limits), limits)?;
        doc.format.id = ID.into();
        doc.format.container =
            Some(if t.packet == 192 { "BDAV transport stream" } else { "MPEG transport stream" }.into());
        doc.keep(ID, "packet_bytes", t.packet);
        doc.keep(ID, "programs", t.programs);
        if let Some(n) = t.clock {
            doc.keep(ID, "pcr.first", n);
        }
        if t.trailing > 0 {
            doc.warn("TS-TRAILING", format!("the file ends {} bytes after its last whole packet", t.trailing));
        }
        for (n, s) in t.streams.iter().enumerate() {
            keep(n, s, doc);
        }
        match t.streams.iter().find(|s| matches!(name(s), Some((true, _)))) {
            Some(s) => picture(s, doc),
            None => doc.warn("TS-PICTURE", "the program has no stream of pictures of a known kind"),
        }
        if doc.format.codec.is_none()
            && let Some((s, n)) = t.streams.iter().find_map(|s| Some((s, name(s)?.1)))
        {
            doc.set("format.codec", |d| &mut d.format.codec, n.into(), origin(s, "stream_type"));
            duration(s, None, doc);
        }
        let refused = Error::unsupported("transport streams are not decoded to pictures");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

fn origin(s: &Elementary, tag: &str) -> Origin {
    Origin::new(ID, tag, format!("stream {:#x}", s.pid))
}

/// Whether a stream is of pictures, and its codec (table 2-34, and the numbers of ATSC and of Blu-ray).
fn name(s: &Elementary) -> Option<(bool, &'static str)> {
    Some(match (s.kind, s.registration.as_ref().map(|r| &r[..])) {
        (0x01, _) => (true, "MPEG-1 Video"),
        (0x02, _) => (true, "MPEG-2 Video"),
        (0x10, _) => (true, "MPEG-4 Visual"),
        (0x1b | 0x1f | 0x20, _) => (true, "H.264"),
        (0x21, _) => (true, "JPEG 2000"),
        (0x24 | 0x25, _) | (6, Some(b"HEVC")) => (true, "H.265"),
        (0x33, _) => (true, "H.266"),
        (0xea, _) | (6, Some(b"VC-1")) => (true, "VC-1"),
        (0x03 | 0x04, _) => (false, "MPEG Audio"),
        (0x0f | 0x11, _) => (false, "AAC"),
        (0x80, Some(b"HDMV")) => (false, "PCM"),
        (0x81, _) | (6, Some(b"AC-3")) => (false, "AC-3"),
        (0x84 | 0x87, _) | (6, Some(b"EAC3")) => (false, "E-AC-3"),
        (0x82 | 0x85 | 0x86, Some(b"HDMV")) => (false, "DTS"),
        (0x83, Some(b"HDMV")) => (false, "TrueHD"),
        (6, Some(b"BSSD")) => (false, "SMPTE 302M"),
        _ => return None,
    })
}

fn keep(n: usize, s: &Elementary, doc: &mut ClipDoc) {
    let key = |field: &str| format!("stream[{n}].{field}");
    doc.keep(ID, &key("pid"), s.pid);
    doc.keep(ID, &key("type"), s.kind);
    if let Some((_, name)) = name(s) {
        doc.keep(ID, &key("codec"), name);
    }
    if let Some(r) = s.registration {
        doc.keep(ID, &key("registration"), String::from_utf8_lossy(&r).into_owned());
    }
    for (field, time) in [("pts.first", s.first), ("pts.last", s.last)] {
        if let Some(t) = time {
            doc.keep(ID, &key(field), t);
        }
    }
}

fn picture(s: &Elementary, doc: &mut ClipDoc) {
    let Some((_, mut codec)) = name(s) else { return };
    let found = match codec {
        "MPEG-1 Video" | "MPEG-2 Video" => mpeg2(&s.payload),
        "H.264" => avc(&s.payload),
        "H.265" => hevc(&s.payload),
        _ => None,
    };
    // MPEG-1 pictures go under the number of MPEG-2 too
    if s.kind == 2 && found.is_some_and(|p| p.progressive.is_none()) {
        codec = "MPEG-1 Video";
    }
    doc.set("format.codec", |d| &mut d.format.codec, codec.into(), origin(s, "stream_type"));
    let Some(p) = found else {
        let text =
            format!("no {codec} sequence header that can be read was found near the start: the size is not known");
        doc.warn("TS-PICTURE", text);
        return duration(s, None, doc);
    };
    let o = || origin(s, "sequence header");
    doc.set("image.width", |d| &mut d.image.width, p.width, o());
    doc.set("image.height", |d| &mut d.image.height, p.height, o());
    if let Some(n) = p.bits {
        doc.set("format.bit_depth", |d| &mut d.format.bit_depth, n, o());
    }
    if let Some(r) = p.rate {
        doc.set("fps.project", |d| &mut d.fps.project, r, o());
    } else {
        doc.warn("META-RATE-UNKNOWN", format!("the {codec} sequence header gives no frame rate near its start"));
    }
    if p.progressive == Some(true) {
        doc.set("image.scan", |d| &mut d.image.scan, "progressive".into(), o());
    }
    duration(s, Some(&p), doc);
}

/// The span of the presentation times, and the last frame's own time where its rate is known.
fn duration(s: &Elementary, p: Option<&Picture>, doc: &mut ClipDoc) {
    let (Some(first), Some(last)) = (s.first, s.last) else { return };
    let span = last.wrapping_sub(first) & 0x1_ffff_ffff;
    let own = p.and_then(|p| p.rate).map_or(0.0, |r| 1.0 / r.as_f64());
    let seconds = span as f64 / TICKS + own;
    // half of the clock's range is a jump of the clock, not a length
    if span < 1 << 32 && seconds > 0.0 {
        doc.set("clip.duration_s", |d| &mut d.clip.duration_s, seconds, origin(s, "PTS"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::container::mpeg::sample_ts;
    use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};
    use crate::model::Rational;

    #[test]
    fn what_the_stream_says() {
        let doc = read_bytes(&Ts, &sample_ts(192)).unwrap();
        assert_eq!(
            (doc.image.width, doc.image.height, doc.format.codec.as_deref()),
            (Some(1920), Some(1080), Some("MPEG-2 Video"))
        );
        assert_eq!((doc.fps.project, doc.clip.duration_s), (Rational::new(25, 1), Some(1.04)));
        assert_eq!(Ts.probe(&sample_ts(188), Path::new("a.ts")), 90);
        assert_eq!(Ts.probe(&sample_ts(188).repeat(4), Path::new("a")), 55);
        assert_eq!(Ts.probe(&sample_ts(188), Path::new("a")), 0, "a few bytes of one value in a row are no proof");
        assert_eq!(Ts.probe(b"GGGG", Path::new("a.ts")), 0);
        flips_and_cuts(&Ts, &sample_ts(188), false);
    }
}
