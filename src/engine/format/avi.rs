//! AVI clips (Microsoft RIFF 1.0, OpenDML AVI 1.02).

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::riff::{Avi as Headers, Stream, StreamKind, WaveFmt};
use crate::engine::format::dpx::iso_date;
use crate::model::{ClipDoc, Error, Limits, Origin, Rational, Timecode, TimecodeInfo};
use std::path::Path;

/// Audio Video Interleave.
pub struct Avi;

const ID: &str = "avi";

impl Format for Avi {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "AVI"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["avi", "divx"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        if !head.starts_with(b"RIFF") || head.get(8..12) != Some(b"AVI ") {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let headers = Headers::read(&mut Bytes::file(input.file, input.size, limits), limits)?;
        doc.format.id = ID.into();
        doc.format.container = Some("AVI".into());
        keep_raw(&headers, doc);
        let picture = headers.streams.iter().find(|s| matches!(s.kind, StreamKind::Picture(..)));
        match picture {
            Some(s) => pictures(&headers, s, doc),
            None => doc.warn("AVI-PICTURE", "the file has no stream of pictures"),
        }
        if let Some((s, fmt)) = headers.streams.iter().find_map(|s| match &s.kind {
            StreamKind::Sound(fmt) => Some((s, fmt)),
            _ => None,
        }) {
            sound(s, fmt, doc);
        }
        texts(&headers, doc);
        let refused = Error::unsupported("AVI clips are not decoded to pictures");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

fn name(id: &[u8; 4]) -> String {
    String::from_utf8_lossy(id).trim_matches(|c: char| c.is_control() || c.is_whitespace()).to_owned()
}

fn keep_raw(h: &Headers, doc: &mut ClipDoc) {
    if let Some((micro, frames, width, height)) = h.main {
        doc.keep(ID, "avih.microseconds_per_frame", micro);
        doc.keep(ID, "avih.frames", frames);
        doc.keep(ID, "avih.width", width);
        doc.keep(ID, "avih.height", height);
    }
    if let Some(n) = h.all_frames {
        doc.keep(ID, "dmlh.frames", n);
    }
    doc.keep(ID, "parts", h.parts);
    doc.keep(ID, "idx1", h.index);
    for (n, s) in h.streams.iter().take(64).enumerate() {
        let key = |field: &str| format!("stream[{n}].{field}");
        doc.keep(ID, &key("handler"), name(&s.handler));
        doc.keep(ID, &key("length"), s.length);
        if let Some(r) = s.rate {
            doc.keep(ID, &key("rate"), r.to_string());
        }
        match &s.kind {
            StreamKind::Picture(w, h, bits, code) => {
                doc.keep(ID, &key("size"), format!("{w}x{h}"));
                doc.keep(ID, &key("bits_per_pixel"), *bits);
                doc.keep(ID, &key("codec"), name(code));
            }
            StreamKind::Sound(fmt) => doc.keep(ID, &key("format"), fmt.tag),
            StreamKind::Other(kind) => doc.keep(ID, &key("type"), name(kind)),
        }
    }
    for (id, text) in h.texts.iter().take(256) {
        doc.keep(ID, id, text.clone());
    }
    if h.trailing > 1 {
        doc.warn("AVI-TRAILING", format!("{} bytes at the end belong to no part of the file", h.trailing));
    }
}

/// Size, codec, rate and length.
fn pictures(h: &Headers, s: &Stream, doc: &mut ClipDoc) {
    let StreamKind::Picture(width, height, _, code) = s.kind else { return };
    let o = |tag: &str| Origin::new(ID, tag, format!("stream header at {:#x}", s.at));
    if width > 0 && height != 0 {
        let (w, h) = (width.unsigned_abs(), height.unsigned_abs());
        doc.set("image.width", |d| &mut d.image.width, w, o("strf.biWidth"));
        doc.set("image.height", |d| &mut d.image.height, h, o("strf.biHeight"));
    } else {
        doc.warn("META-VALUE", format!("the stream of pictures says that they are {width}x{height}"));
    }
    let codec = match name(&code).as_str() {
        "" => "Uncompressed RGB".to_owned(),
        "MJPG" => "Motion JPEG".to_owned(),
        "dvsd" | "dvhd" | "dvsl" => "DV".to_owned(),
        "FMP4" | "DX50" | "MP4V" | "XVID" | "DIVX" => "MPEG-4 Visual".to_owned(),
        "H264" | "X264" | "AVC1" => "H.264".to_owned(),
        "HFYU" | "FFVH" => "HuffYUV".to_owned(),
        "FFV1" => "FFV1".to_owned(),
        "UYVY" | "YUY2" | "v210" => "Uncompressed 4:2:2".to_owned(),
        "AVdn" => "DNxHD".to_owned(),
        "CFHD" => "CineForm".to_owned(),
        other => other.to_owned(),
    };
    doc.set("format.codec", |d| &mut d.format.codec, codec, o("strf.biCompression"));
    if code == [0; 4] {
        doc.set("format.compression", |d| &mut d.format.compression, "none".into(), o("strf.biCompression"));
    }
    if let Some(r) = s.rate {
        // 1000000/33367 is what programs write that mean 29.97
        let rate = Rational::from_decimal_rate(r.as_f64()).unwrap_or(r);
        doc.set("fps.project", |d| &mut d.fps.project, rate, o("strh.dwRate"));
    }
    let frames = h.all_frames.map(|n| (n, "dmlh.dwTotalFrames")).or_else(|| {
        let first = (s.length > 0).then_some((s.length, "strh.dwLength"));
        first.or_else(|| h.main.map(|(_, n, ..)| (n, "avih.dwTotalFrames")).filter(|(n, _)| *n > 0))
    });
    if let Some((n, tag)) = frames {
        doc.set("clip.frames", |d| &mut d.clip.frames, u64::from(n), o(tag));
    }
}

fn sound(s: &Stream, fmt: &WaveFmt, doc: &mut ClipDoc) {
    let o = |tag: &str| Origin::new(ID, tag, format!("stream header at {:#x}", s.at));
    doc.set("audio.channels", |d| &mut d.audio.channels, u32::from(fmt.channels), o("strf.nChannels"));
    doc.set("audio.rate", |d| &mut d.audio.rate, fmt.rate, o("strf.nSamplesPerSec"));
    if fmt.is_linear() && fmt.bits > 0 {
        let bits = u32::from(fmt.valid_bits.unwrap_or(fmt.bits));
        doc.set("audio.bit_depth", |d| &mut d.audio.bit_depth, bits, o("strf.wBitsPerSample"));
    }
    if doc.format.codec.is_none()
        && let Some(c) = fmt.codec()
    {
        doc.set("format.codec", |d| &mut d.format.codec, c.into(), o("strf.wFormatTag"));
    }
}

/// Timecode, reel and date.
fn texts(h: &Headers, doc: &mut ClipDoc) {
    let text = |ids: &[&str]| h.texts.iter().find(|(id, _)| ids.contains(&id.as_str())).cloned();
    let o = |id: &str| Origin::new(ID, id, "information chunk");
    if let (Some((id, label)), Some(rate)) = (text(&["tc_O", "tc_A", "ISMP"]), doc.fps.project) {
        match Timecode::parse(&label, rate, false) {
            Ok(t) => {
                let info = TimecodeInfo { start: t.to_string(), end: None, rate, drop: t.is_drop() };
                doc.set("timecode.start", |d| &mut d.timecode, info, o(&id));
            }
            Err(e) => doc.warn("META-TIMECODE", e.to_string()),
        }
    }
    if let Some((id, t)) = text(&["rn_O", "rn_A"]) {
        doc.set("reel", |d| &mut d.reel, t, o(&id));
    }
    if let Some((id, t)) = text(&["IDIT", "ICRD"]) {
        match date(&t) {
            Some(d) => doc.set("recorded.date", |x| &mut x.recorded.date, d, o(&id)),
            // a year or a day alone is no date of a recording
            None if t.len() > 10 => doc.warn("META-DATE", format!("{id} is `{t}`, which is no date and time")),
            None => {}
        }
    }
}

/// `Mon Mar 10 15:04:43 2003`, as C's `asctime` writes it, or `2003-03-10 15:04:43` with any separators.
fn date(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [_, month, day, time, year] = words.as_slice() {
        let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let n = months.iter().position(|m| m.eq_ignore_ascii_case(month))?;
        let day: u32 = day.parse().ok()?;
        return iso_date(&format!("{year}:{:02}:{day:02}:{time}", n.saturating_add(1)));
    }
    let digits = |c: char| if c.is_ascii_digit() { c } else { ':' };
    iso_date(&text.trim().chars().map(digits).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::container::riff::sample_avi;
    use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};

    #[test]
    fn what_the_headers_say() {
        let doc = read_bytes(&Avi, &sample_avi()).unwrap();
        assert_eq!((doc.image.width, doc.image.height, doc.clip.frames), (Some(640), Some(480), Some(3)));
        assert_eq!((doc.fps.project, doc.format.codec.as_deref()), (Rational::new(30_000, 1001), Some("Motion JPEG")));
        assert_eq!((doc.audio.channels, doc.audio.rate, doc.audio.bit_depth), (Some(2), Some(48_000), Some(16)));
        assert_eq!(doc.timecode.map(|t| (t.start, t.drop)), Some(("01:02:03;04".into(), true)));
        assert_eq!(doc.recorded.date.as_deref(), Some("2003-03-10T15:04:43"));
    }

    #[test]
    fn dates() {
        assert_eq!(date("2003/03/10 15:04:43").as_deref(), Some("2003-03-10T15:04:43"));
        assert_eq!(date("Mon Smarch 10 15:04:43 2003"), None);
        assert_eq!(date("2003"), None);
    }

    #[test]
    fn hostile_bytes() {
        flips_and_cuts(&Avi, &sample_avi(), true);
    }
}
