//! Tracks of timed metadata that cameras write: Sony's `rtmd`, GoPro's `gpmd`, Google's `camm`.
//!
//! A frame is shown from the sum of the durations before it to that of its own, both tracks being counted from their first
//! samples; edit lists are left out. What holds for a frame is what holds at its middle:
//! - `rtmd`: sample n where there are as many samples as frames, else the sample that lasts over the middle;
//! - `gpmd`: of the payload that lasts over the middle, the samples of each stream being spread evenly over it;
//! - `camm`: the newest packet of each type that begins at or before the middle.

mod camm;
mod gpmd;
mod rtmd;
#[cfg(test)]
mod tests;

use super::super::facts::Facts;
use super::super::rows::{Each, Labels};
use super::movie::{Movie, Track};
use super::{ID, Input};
use crate::engine::container::bmff::{Durations, Sample, Samples, Walk, contents, find};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, Error, ErrorKind, Limits, Origin};
use serde_json::{Map, Value};

/// Most bytes of one sample.
const MOST: u64 = 4 << 20;

/// When a frame is shown, seconds since the first.
#[derive(Debug, Clone, Copy)]
struct When {
    /// Its number, from 0.
    index: u64,
    start: f64,
    end: f64,
}

impl When {
    fn middle(&self) -> f64 {
        f64::midpoint(self.start, self.end)
    }
}

/// What is said of one frame.
#[derive(Default)]
struct Said {
    facts: Facts,
    raw: Map<String, Value>,
    problem: Option<String>,
}

/// A kind of track, asked for one frame after the other.
trait Source {
    fn say(&mut self, when: &When, said: &mut Said) -> Result<(), Error>;
}

/// The samples of a track of metadata.
struct Timed<'a> {
    samples: Samples<'a>,
    data: Bytes<'a>,
    limits: &'a Limits,
    /// Ticks in a second.
    timescale: f64,
    count: u64,
    waiting: Option<Sample>,
    ended: bool,
}

impl<'a> Timed<'a> {
    fn new(t: &Track, input: &Input<'a>, limits: &'a Limits) -> Result<Option<Self>, Error> {
        let (Some(sizes), Some(chunks), Some(stsc), Some(stts)) = (t.sizes, t.chunks, t.stsc, t.stts) else {
            return Ok(None);
        };
        if t.elsewhere || t.media.timescale == 0 {
            return Ok(None);
        }
        let open = || Bytes::file(input.file, input.size, limits);
        let samples = Samples::new(open, (&sizes, &chunks, &stsc, &stts), limits)?;
        let timescale = f64::from(t.media.timescale);
        let count = u64::from(sizes.count);
        Ok(Some(Self { samples, data: open(), limits, timescale, count, waiting: None, ended: false }))
    }

    /// The next sample, if it `began`.
    fn next_if(&mut self, began: impl Fn(&Sample) -> bool) -> Result<Option<Sample>, Error> {
        if self.waiting.is_none() && !self.ended {
            self.waiting = self.samples.step()?;
            self.ended = self.waiting.is_none();
        }
        Ok(self.waiting.take_if(|s| began(s)))
    }

    fn seconds(&self, ticks: u64) -> f64 {
        ticks as f64 / self.timescale
    }

    /// When a sample begins and ends, seconds.
    fn span(&self, s: &Sample) -> (f64, f64) {
        (self.seconds(s.time), self.seconds(s.time.saturating_add(s.duration.into())))
    }

    /// The bytes of a sample, or why there are none.
    fn load(&mut self, s: &Sample) -> Result<Result<Vec<u8>, String>, Error> {
        let what = |why: &str| format!("the metadata sample of {} bytes at byte {:#x} {why}", s.size, s.at);
        if s.size > MOST {
            return Ok(Err(what("is too large")));
        }
        self.data.renew(self.limits);
        self.data.seek(s.at);
        match self.data.take(s.size) {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(e) if e.kind == ErrorKind::Io => Err(e),
            Err(_) => Ok(Err(what("lies beyond the end of the file"))),
        }
    }
}

/// Tracks that hold timed metadata of a known kind, with the code of their samples.
fn tracks(movie: &Movie) -> impl Iterator<Item = (&Track, &'static str)> {
    movie.tracks.iter().filter_map(|t| {
        let code = match &t.entries.first()?.id {
            b"rtmd" => "rtmd",
            b"gpmd" => "gpmd",
            b"camm" => "camm",
            _ => return None,
        };
        Some((t, code))
    })
}

fn source<'a>(code: &str, timed: Timed<'a>, frames: u64, movie_end: f64) -> Box<dyn Source + 'a> {
    match code {
        "rtmd" => Box::new(rtmd::Rtmd::new(timed, frames)),
        "gpmd" => Box::new(gpmd::Gpmd::new(timed, movie_end)),
        _ => Box::new(camm::Camm::new(timed)),
    }
}

/// Opens the tracks. A table that is damaged leaves its track out; it is a warning of the clip.
fn sources<'a>(
    movie: &Movie,
    picture: &Track,
    input: &Input<'a>,
    limits: &'a Limits,
) -> Result<Vec<Box<dyn Source + 'a>>, Error> {
    let mut out: Vec<Box<dyn Source + 'a>> = Vec::new();
    let scale = f64::from(picture.media.timescale.max(1));
    let end = picture.times.map_or(f64::INFINITY, |t| t.total as f64 / scale);
    let frames = picture.samples().unwrap_or(0);
    for (t, code) in tracks(movie) {
        let timed = match Timed::new(t, input, limits) {
            Ok(Some(timed)) => timed,
            Err(e) if e.kind == ErrorKind::Io => return Err(e),
            Ok(None) | Err(_) => continue,
        };
        out.push(source(code, timed, frames, end));
    }
    Ok(out)
}

/// Hands on a row for each frame of a movie whose sample tables list them.
pub(super) fn rows(
    movie: &Movie,
    doc: &ClipDoc,
    input: &Input<'_>,
    limits: &Limits,
    each: Each<'_>,
) -> Result<(), Error> {
    let labels = Labels::of(doc);
    let picture = movie.of_kind(b"vide").first().copied();
    // sizes alone may count what has no time and no place
    let timed = picture.and_then(|p| p.times.filter(|_| p.samples() == doc.clip.frames));
    let frames = doc.clip.frames.unwrap_or(0).min(timed.map_or(u64::MAX, |t| t.count));
    let mut open = match picture {
        Some(p) if timed.is_some() => sources(movie, p, input, limits)?,
        _ => Vec::new(),
    };
    let open_bytes = || Bytes::file(input.file, input.size, limits);
    let mut times = picture.and_then(|p| p.stts).map(|a| Durations::new(open_bytes(), &a, limits)).transpose()?;
    let scale = picture.map_or(1.0, |p| f64::from(p.media.timescale.max(1)));
    let (mut ticks, mut last) = (0u64, 0u32);
    for index in 0..frames {
        let mut row = labels.row(index)?;
        if !open.is_empty() {
            last = times.as_mut().map_or(Ok(None), Durations::step)?.unwrap_or(last);
            let after = ticks.saturating_add(last.into());
            let when = When { index, start: ticks as f64 / scale, end: after as f64 / scale };
            ticks = after;
            let mut said = Said::default();
            for source in &mut open {
                source.say(&when, &mut said)?;
            }
            (row.facts, row.raw, row.problem) = (said.facts.values, said.raw, said.problem);
        }
        each(row)?;
    }
    Ok(())
}

/// What the tracks say of the first frame and of the camera, into the clip document.
pub(super) fn first(movie: &Movie, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let picture = movie.of_kind(b"vide").first().copied();
    let frames = picture.and_then(Track::samples).unwrap_or(1);
    let first = |p: &Track| p.times.map_or(0.0, |x| f64::from(x.first) / f64::from(p.media.timescale.max(1)));
    let length = picture.map_or(0.0, first);
    for (t, code) in tracks(movie) {
        let mut timed = match Timed::new(t, input, limits) {
            Ok(Some(timed)) => timed,
            Err(e) if e.kind == ErrorKind::Io => return Err(e),
            Ok(None) => continue,
            Err(e) => {
                doc.warn(
                    "MOV-TABLE",
                    format!("the samples of track {} ({code}) cannot be found: {}", t.number, e.what),
                );
                continue;
            }
        };
        let Some(sample) = timed.next_if(|_| true)? else { continue };
        let bytes = match timed.load(&sample)? {
            Ok(b) => b,
            // what lies beyond the end is told by the check of the media
            Err(_) => continue,
        };
        let origin = |tag: &str| {
            let at = format!("moov/trak[{}], sample at {:#x}", t.number, sample.at);
            Origin::new(ID, format!("{code} {tag}"), at)
        };
        match code {
            "rtmd" => rtmd::about(&bytes, &origin, doc),
            "gpmd" => gpmd::about(&bytes, &origin, doc),
            _ => {}
        }
        // again from the first sample, as the first frame has it
        let Some(timed) = Timed::new(t, input, limits)? else { continue };
        let mut source = source(code, timed, frames, f64::INFINITY);
        let mut said = Said::default();
        source.say(&When { index: 0, start: 0.0, end: length }, &mut said)?;
        said.facts.fill(doc, &origin);
        if let Some(problem) = said.problem {
            doc.warn("META-TIMED", format!("track {} ({code}): {problem}", t.number));
        }
        doc.keep(ID, &t.tag(&format!("{code}.samples")), t.samples());
    }
    Ok(())
}

/// What GoPro's cameras write of a whole recording beside the track.
pub(super) fn settings(movie: &Movie, b: &mut Bytes<'_>, walk: &mut Walk<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    for udta in movie.parts.iter().filter(|a| &a.id == b"udta") {
        if let Some(a) = find(&walk.loose_children(b, udta)?, b"GPMF") {
            gpmd::settings(&contents(b, &a, MOST)?, a.at, doc);
        }
    }
    Ok(())
}

/// A number as it is shown: nine digits behind the point are more than any of these means. `None` when it is none.
fn shown(x: f64) -> Option<Value> {
    // whole numbers of more than 53 bits are rounded already
    if x.fract() == 0.0 && x.abs() < 9e15 {
        return Some((x as i64).into());
    }
    let r = (x * 1e9).round() / 1e9;
    x.is_finite().then(|| Value::from(if r.is_finite() { r } else { x }))
}
