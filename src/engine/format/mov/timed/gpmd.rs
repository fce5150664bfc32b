//! GoPro's telemetry: payloads of about a second, each with the samples of many streams.
//!
//! Which keys mean what is described with the format (<https://github.com/gopro/gpmf-parser>). The axes of accelerometers and
//! gyroscopes differ by camera, so tilt and roll are not worked out; the vectors stay in `raw`.

use super::{Said, Source, Timed, When, shown};
use crate::engine::container::bmff::Sample;
use crate::engine::container::gpmf::{self, Item, Stream, Table, streams};
use crate::model::{ClipDoc, Error, Origin};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::super::super::facts::Facts;

/// Most streams of one payload.
const MOST_STREAMS: usize = 256;
/// Most values of one sample, or of one description, that are shown.
const MOST_SHOWN: usize = 64;

/// One stream of the current payload.
struct Held {
    key: String,
    name: Option<String>,
    /// What is said before the samples, until it is listed.
    about: Map<String, Value>,
    /// 2 or 3 with a position; absent when the stream does not say.
    fix: Option<f64>,
    table: Table,
    /// Seconds from sample to sample.
    step: f64,
    /// The first sample that is not listed yet.
    next: usize,
}

impl Held {
    /// The sample that holds at a time since the payload's beginning.
    fn at(&self, time: f64) -> usize {
        let n = (time / self.step + 1e-6).floor().max(0.0);
        // saturates
        (n as usize).min(self.table.len().saturating_sub(1))
    }
}

/// A track of `gpmd`.
pub(super) struct Gpmd<'a> {
    timed: Timed<'a>,
    /// When the last frame ends, seconds.
    movie_end: f64,
    current: Option<(f64, f64)>,
    held: Vec<Held>,
    problem: Option<String>,
    /// Seconds from sample to sample in the payload before, by key.
    steps: BTreeMap<String, f64>,
}

impl<'a> Gpmd<'a> {
    pub fn new(timed: Timed<'a>, movie_end: f64) -> Self {
        Self { timed, movie_end, current: None, held: Vec::new(), problem: None, steps: BTreeMap::new() }
    }

    fn open(&mut self, s: &Sample) -> Result<(), Error> {
        let (start, end) = self.timed.span(s);
        self.current = Some((start, end));
        self.steps.extend(self.held.drain(..).map(|h| (h.key, h.step)));
        self.problem = None;
        let bytes = match self.timed.load(s)? {
            Ok(b) => b,
            Err(why) => {
                self.problem = Some(why);
                return Ok(());
            }
        };
        let (all, whole) = streams(&bytes);
        if !whole {
            self.problem = Some(format!("the payload at byte {:#x} is cut or damaged", s.at));
        }
        for one in all.into_iter().take(MOST_STREAMS) {
            self.held.extend(self.hold(one, start, end));
        }
        Ok(())
    }

    fn hold(&self, s: Stream<'_>, start: f64, end: f64) -> Option<Held> {
        let fix = s.about.iter().find(|i| &i.key == b"GPSF").and_then(|i| i.table(None)?.get(0)?.first().copied());
        let about = s.about.iter().filter(|i| &i.key != b"TSMP").map(|i| (name(i.key), description(i))).collect();
        let table = s.table.filter(|t| !t.is_empty())?;
        let plain = name(s.data.key);
        let same = self.held.iter().filter(|h| h.key == plain || h.key.starts_with(&format!("{plain}#"))).count();
        let key = if same == 0 { plain } else { format!("{plain}#{}", same.saturating_add(1)) };
        let even = (end - start) / table.len() as f64;
        // The last payload is as long as the others by its duration, but has only the samples until the recording ended.
        let before = self.steps.get(&key).copied().filter(|_| end > self.movie_end);
        let step = before.unwrap_or(even);
        Some(Held { key, name: s.name, about, fix, table, step, next: 0 })
    }
}

fn name(key: [u8; 4]) -> String {
    key.into_iter().map(char::from).collect()
}

fn description(i: &Item<'_>) -> Value {
    if let Some(t) = i.text() {
        return t.into();
    }
    let Some(t) = i.table(None) else { return Value::Null };
    match t.values.as_slice() {
        [one] => shown(*one).into(),
        many => many.iter().take(MOST_SHOWN).map(|x| shown(*x)).collect::<Vec<_>>().into(),
    }
}

impl Source for Gpmd<'_> {
    fn say(&mut self, when: &When, said: &mut Said) -> Result<(), Error> {
        let (scale, middle) = (self.timed.timescale, when.middle());
        let mut newest = None;
        while let Some(s) = self.timed.next_if(|s: &Sample| s.time as f64 / scale <= middle)? {
            newest = Some(s);
        }
        if let Some(s) = newest {
            self.open(&s)?;
        }
        let Some((start, end)) = self.current.filter(|(_, end)| *end > middle) else { return Ok(()) };
        said.problem = self.problem.clone().or(said.problem.take());
        let (mut raw, mut about) = (Map::new(), Map::new());
        for h in self.held.iter_mut() {
            let n = h.at(middle - start);
            if let Some(sample) = h.table.get(n) {
                facts(h, sample, &mut said.facts);
            }
            if !h.about.is_empty() {
                about.insert(h.key.clone(), std::mem::take(&mut h.about).into());
            }
            // a frame that reaches into the next payload takes what is left of this one
            let until = if when.end >= end { h.table.len() } else { h.at(when.end - start).max(n.saturating_add(1)) };
            let list: Vec<Value> = (h.next..until).filter_map(|k| h.table.get(k)).map(row).collect();
            h.next = until.max(h.next);
            if !list.is_empty() {
                raw.insert(h.key.clone(), list.into());
            }
        }
        if !about.is_empty() {
            raw.insert("about".into(), about.into());
        }
        if !raw.is_empty() {
            said.raw.insert("gpmf".into(), raw.into());
        }
        Ok(())
    }
}

fn row(sample: &[f64]) -> Value {
    match sample {
        [one] => shown(*one).into(),
        many => many.iter().take(MOST_SHOWN).map(|x| shown(*x)).collect::<Vec<_>>().into(),
    }
}

fn whole(x: f64) -> Option<u32> {
    (1.0..=1e7).contains(&x).then_some(x.round() as u32)
}

fn facts(h: &Held, sample: &[f64], f: &mut Facts) {
    let Some(first) = sample.first().copied() else { return };
    match h.key.as_str() {
        "ISOE" => f.put("iso", |v| &mut v.iso, whole(first), "ISOE"),
        // gain, with ISO 100 as 1 where the stream says so
        "ISOG" if h.name.as_ref().is_some_and(|n| n.contains("ISO x100")) => {
            f.put("iso", |v| &mut v.iso, whole(first * 100.0), "ISOG");
        }
        "SHUT" => {
            let s = Some(first).filter(|s| *s > 0.0 && s.is_finite());
            f.put("shutter_s", |v| &mut v.shutter_s, s, "SHUT");
        }
        "WBAL" => f.put("white_balance_k", |v| &mut v.white_balance_k, whole(first), "WBAL"),
        "GPS5" if h.fix.is_none_or(|x| x >= 2.0) => place(sample, h.fix.is_none_or(|x| x >= 3.0), "GPS5", f),
        "GPS9" => {
            let fix = sample.get(8).copied().unwrap_or(0.0);
            if fix >= 2.0 {
                place(sample, fix >= 3.0, "GPS9", f);
            }
        }
        _ => {}
    }
}

/// Latitude, longitude, altitude and speed over ground.
fn place(sample: &[f64], high: bool, tag: &str, f: &mut Facts) {
    let [north, east, up, speed, ..] = *sample else { return };
    if !(north.abs() <= 90.0 && east.abs() <= 180.0) {
        return;
    }
    let some = |x: f64| Some(x).filter(|x| x.is_finite());
    f.put("gps_latitude_deg", |v| &mut v.gps_latitude_deg, some(north), tag);
    f.put("gps_longitude_deg", |v| &mut v.gps_longitude_deg, some(east), tag);
    f.put("gps_altitude_m", |v| &mut v.gps_altitude_m, some(up).filter(|_| high), tag);
    f.put("gps_speed_m_s", |v| &mut v.gps_speed_m_s, some(speed), tag);
}

/// Beginnings of the names of GoPro's cameras.
const CAMERAS: [&str; 4] = ["HERO", "GOPRO", "FUSION", "MAX"];

/// Maker and model by a name that is a camera's; `Camera`, as older ones call themselves, is none.
fn camera(model: &str, o: Origin, doc: &mut ClipDoc) {
    let upper = model.to_ascii_uppercase();
    if CAMERAS.iter().any(|c| upper.starts_with(c)) {
        doc.set("camera.make", |d| &mut d.camera.make, "GoPro".into(), o.clone());
        if doc.camera.model.is_none() {
            doc.set("camera.model", |d| &mut d.camera.model, model.to_owned(), o);
        }
    }
}

/// What the first payload says of the camera and its streams.
pub(super) fn about(bytes: &[u8], origin: &dyn Fn(&str) -> Origin, doc: &mut ClipDoc) {
    let (all, _) = streams(bytes);
    if let Some(model) = all.first().and_then(|s| s.device.as_ref()) {
        camera(model, origin("DVNM"), doc);
    }
    let list: Vec<String> = all.iter().take(MOST_STREAMS).map(describe).collect();
    doc.keep("gpmf", "streams", list);
}

fn describe(s: &Stream<'_>) -> String {
    let unit = s.about.iter().find(|i| matches!(&i.key, b"SIUN" | b"UNIT")).and_then(Item::text);
    let parts = [Some(name(s.data.key)), s.device.clone(), s.name.clone(), unit];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The settings of a whole recording, in the box `GPMF` of the user data.
pub(in super::super) fn settings(bytes: &[u8], at: u64, doc: &mut ClipDoc) {
    let all = gpmf::leaves(bytes);
    for i in all.iter().take(1024).filter(|i| i.value.len() <= 1024) {
        doc.keep("gpmf", &name(i.key), description(i));
    }
    let text = |key: &[u8; 4]| all.iter().find(|i| &i.key == key).and_then(Item::text);
    let origin = |tag: &str| Origin::new(super::ID, format!("GPMF {tag}"), format!("moov/udta at {at:#x}"));
    if let Some(model) = text(b"MINF") {
        camera(&model, origin("MINF"), doc);
    }
    if let Some(serial) = text(b"CASN") {
        doc.set("camera.serial", |d| &mut d.camera.serial, serial, origin("CASN"));
    }
    if let Some(version) = text(b"FMWR") {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, version, origin("FMWR"));
    }
}
