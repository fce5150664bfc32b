//! AVI: lists and chunks of RIFF (Microsoft RIFF 1.0, OpenDML AVI file format extensions 1.02).

use super::WaveFmt;
use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{Error, Limits, Rational};

const E: Endian = Endian::Little;
/// Most bytes of a chunk that is read as text.
const MOST_TEXT: u64 = 4096;

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamKind {
    /// Pictures: width, height (negative: top to bottom), bits of a pixel, code of the codec.
    Picture(i32, i32, u16, [u8; 4]),
    /// Sound.
    Sound(WaveFmt),
    /// Anything else, by its type.
    Other([u8; 4]),
}

/// One stream (`strh`, `strf`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// What it holds.
    pub kind: StreamKind,
    /// The codec that its maker names, four characters.
    pub handler: [u8; 4],
    /// Samples per second.
    pub rate: Option<Rational>,
    /// Samples in the stream.
    pub length: u32,
    /// Where its header lies.
    pub at: u64,
}

/// The headers of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Avi {
    /// Microseconds of a frame, frames, and width and height, as the main header has them.
    pub main: Option<(u32, u32, u32, u32)>,
    /// Frames of the whole file, which OpenDML counts because the main header counts those of the first part only.
    pub all_frames: Option<u32>,
    /// The streams in order.
    pub streams: Vec<Stream>,
    /// Texts by the name of their chunk.
    pub texts: Vec<(String, String)>,
    /// Parts of an OpenDML file, with the first.
    pub parts: u32,
    /// Whether there is an index of the old kind.
    pub index: bool,
    /// Bytes behind the last part.
    pub trailing: u64,
}

impl Avi {
    /// Reads the headers of every part; the pictures themselves are skipped.
    ///
    /// # Errors
    /// `FILE-MALFORMED`, `FILE-TRUNCATED` with the number of missing bytes, `LIMIT-SIZE` for too many or too deep chunks.
    pub fn read(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        let mut out = Self::default();
        let mut left = limits.items;
        let mut at = 0;
        while b.size().saturating_sub(at) >= 12 {
            b.seek(at);
            let (id, size, form) = (b.array::<4>()?, u64::from(b.u32(E)?), b.array::<4>()?);
            let want: &[u8] = if at == 0 { b"AVI " } else { b"AVIX" };
            if &id != b"RIFF" || form != want {
                if at == 0 {
                    return Err(Error::malformed("the file does not begin with RIFF and AVI").offset(0));
                }
                break;
            }
            if size == 0 || size == 0xffff_ffff {
                let what = "the recording was never closed: its RIFF header has no size";
                return Err(Error::truncated(what).offset(at).fix("copy the file again from its source"));
            }
            let end = whole(b, at, at.saturating_add(8).saturating_add(size))?;
            out.list(b, (at.saturating_add(12), end), limits.depth.min(8), &mut left)?;
            out.parts = out.parts.saturating_add(1);
            at = end.saturating_add(size & 1);
        }
        if out.parts == 0 {
            return Err(Error::truncated("the AVI header is cut off").offset(b.size()));
        }
        out.trailing = b.size().saturating_sub(at);
        Ok(out)
    }

    fn list(&mut self, b: &mut Bytes<'_>, (from, end): (u64, u64), depth: u32, left: &mut u32) -> Result<(), Error> {
        let mut at = from;
        while end.saturating_sub(at) >= 8 {
            *left = left.checked_sub(1).ok_or_else(|| Error::limit("the AVI file has too many chunks").offset(at))?;
            b.seek(at);
            let (id, size) = (b.array::<4>()?, u64::from(b.u32(E)?));
            let next = at.saturating_add(8).saturating_add(size);
            if next > end {
                let what = format!("chunk `{}` reaches {} bytes beyond its list", text_of(&id), next - end);
                return Err(Error::malformed(what).offset(at));
            }
            let body = at.saturating_add(8);
            if &id == b"LIST" && size >= 4 {
                let form = b.array::<4>()?;
                let inside = (body.saturating_add(4), next);
                match (&form, depth.checked_sub(1)) {
                    (b"hdrl" | b"odml" | b"INFO" | b"Tdat", Some(d)) => self.list(b, inside, d, left)?,
                    (b"strl", Some(_)) => self.stream(b, inside, left)?,
                    _ => {}
                }
            } else {
                self.chunk(b, &id, body, size)?;
            }
            at = next.saturating_add(size & 1);
        }
        Ok(())
    }

    fn chunk(&mut self, b: &mut Bytes<'_>, id: &[u8; 4], at: u64, size: u64) -> Result<(), Error> {
        b.seek(at);
        match id {
            b"avih" if size >= 40 && self.main.is_none() => {
                let micro = b.u32(E)?;
                b.seek(at.saturating_add(16));
                let frames = b.u32(E)?;
                b.seek(at.saturating_add(32));
                self.main = Some((micro, frames, b.u32(E)?, b.u32(E)?));
            }
            b"dmlh" if size >= 4 => self.all_frames = Some(b.u32(E)?).filter(|n| *n > 0),
            b"idx1" => self.index = true,
            b"IDIT" | b"ISMP" | b"tc_O" | b"tc_A" | b"rn_O" | b"rn_A" => self.text(b, id, size)?,
            _ if id.first() == Some(&b'I') && id.iter().all(u8::is_ascii_alphanumeric) => self.text(b, id, size)?,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, b: &mut Bytes<'_>, id: &[u8; 4], size: u64) -> Result<(), Error> {
        if let Some(t) = field_text(&b.take(size.min(MOST_TEXT))?) {
            self.texts.push((text_of(id), t));
        }
        Ok(())
    }

    fn stream(&mut self, b: &mut Bytes<'_>, (from, end): (u64, u64), left: &mut u32) -> Result<(), Error> {
        let mut header = None;
        let mut format = None;
        let mut at = from;
        while end.saturating_sub(at) >= 8 {
            *left = left.checked_sub(1).ok_or_else(|| Error::limit("the AVI file has too many chunks").offset(at))?;
            b.seek(at);
            let (id, size) = (b.array::<4>()?, u64::from(b.u32(E)?));
            let body = at.saturating_add(8);
            if body.saturating_add(size) > end {
                return Err(Error::malformed("a chunk of a stream reaches beyond its list").offset(at));
            }
            match &id {
                b"strh" if size >= 36 => header = Some(body),
                b"strf" => format = Some((body, size)),
                _ => {}
            }
            at = body.saturating_add(size).saturating_add(size & 1);
        }
        let Some(at) = header else { return Ok(()) };
        b.seek(at);
        let (kind, handler) = (b.array::<4>()?, b.array::<4>()?);
        b.skip(12);
        let (scale, rate, _start, length) = (b.u32(E)?, b.u32(E)?, b.u32(E)?, b.u32(E)?);
        let kind = match (&kind, format) {
            (b"vids", Some((body, size))) if size >= 20 => {
                b.seek(body.saturating_add(4));
                let (w, h) = (b.u32(E)?.cast_signed(), b.u32(E)?.cast_signed());
                b.skip(2);
                StreamKind::Picture(w, h, b.u16(E)?, b.array()?)
            }
            (b"auds", Some((body, size))) if size >= 16 => {
                b.seek(body);
                StreamKind::Sound(WaveFmt::read(b, size)?)
            }
            _ => StreamKind::Other(kind),
        };
        self.streams.push(Stream { kind, handler, rate: Rational::new(rate, scale), length, at });
        Ok(())
    }
}

/// The end of a part, if the file has all of it.
fn whole(b: &Bytes<'_>, at: u64, end: u64) -> Result<u64, Error> {
    if end > b.size() {
        let what = format!("the file is cut off: {} bytes of it are missing", end - b.size());
        return Err(Error::truncated(what).offset(at).fix("copy the file again from its source"));
    }
    Ok(end)
}

/// A name of four characters for people.
fn text_of(id: &[u8; 4]) -> String {
    id.iter().map(|b| if matches!(b, b' '..=b'~') { char::from(*b) } else { '?' }).collect()
}

/// A small file of pictures and sound with a date and a timecode, for tests and seeds.
#[must_use]
pub fn sample_avi() -> Vec<u8> {
    let chunk = |id: &[u8; 4], body: &[u8]| {
        let mut out = [&id[..], &u32::try_from(body.len()).unwrap_or(0).to_le_bytes(), body].concat();
        out.resize(out.len().next_multiple_of(2), 0);
        out
    };
    let list = |form: &[u8; 4], parts: &[Vec<u8>]| chunk(b"LIST", &[&form[..], &parts.concat()].concat());
    let words = |all: &[u32]| all.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
    let header = |kind: &[u8; 4], codec: &[u8; 4], scale, rate, length| {
        [&kind[..], codec, &words(&[0, 0, 0, scale, rate, 0, length, 0, 0, 0, 0, 0])].concat()
    };
    let picture = [&words(&[40, 640, 480])[..], &[1, 0, 24, 0], b"MJPG", &words(&[0, 0, 0, 0, 0])].concat();
    let main = words(&[33_366, 0, 0, 0x10, 2, 0, 2, 0, 640, 480, 0, 0, 0, 0]);
    let streams = [
        list(b"strl", &[chunk(b"strh", &header(b"vids", b"mjpg", 1001, 30_000, 2)), chunk(b"strf", &picture)]),
        list(
            b"strl",
            &[
                chunk(b"strh", &header(b"auds", &[0; 4], 1, 48_000, 4)),
                chunk(b"strf", &WaveFmt::pcm(2, 48_000, 16).to_bytes()),
            ],
        ),
    ];
    let mut parts = vec![chunk(b"avih", &main)];
    parts.extend(streams);
    parts.push(list(b"odml", &[chunk(b"dmlh", &words(&[3, 0]))]));
    parts.push(chunk(b"IDIT", b"Mon Mar 10 15:04:43 2003\n\0"));
    let body = [
        list(b"hdrl", &parts),
        list(b"INFO", &[chunk(b"ISFT", b"rushes\0"), chunk(b"ISMP", b"01:02:03;04\0")]),
        list(b"movi", &[chunk(b"00dc", &[0xff; 6])]),
        chunk(b"idx1", &[0; 16]),
    ];
    chunk(b"RIFF", &[&b"AVI "[..], &body.concat()].concat())
}
