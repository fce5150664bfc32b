//! Sony's real-time metadata: one sample for a frame, with the items of RDD 18 and some of Sony's own.

use super::super::super::acquisition;
use super::super::tags::hex;
use super::{Said, Source, Timed, When};
use crate::engine::container::bmff::Sample;
use crate::engine::container::rtmd::{Item, Kind, items};
use crate::model::{ClipDoc, Error, Origin};
use serde_json::{Map, Value};

/// Bytes of a raw value that are shown.
const MOST_SHOWN: usize = 256;

/// A track of `rtmd`.
pub(super) struct Rtmd<'a> {
    timed: Timed<'a>,
    /// There is a sample for each frame.
    one_each: bool,
    current: Option<Sample>,
}

impl<'a> Rtmd<'a> {
    pub fn new(timed: Timed<'a>, frames: u64) -> Self {
        let one_each = timed.count == frames;
        Self { timed, one_each, current: None }
    }
}

impl Source for Rtmd<'_> {
    fn say(&mut self, when: &When, said: &mut Said) -> Result<(), Error> {
        let (scale, middle, index, each) = (self.timed.timescale, when.middle(), when.index, self.one_each);
        let began = |s: &Sample| if each { s.index <= index } else { s.time as f64 / scale <= middle };
        while let Some(s) = self.timed.next_if(began)? {
            self.current = Some(s);
        }
        let holds = |s: &Sample| if each { s.index == index } else { self.timed.span(s).1 > middle };
        let Some(s) = self.current.filter(holds) else { return Ok(()) };
        match self.timed.load(&s)? {
            Ok(bytes) => frame(&bytes, said),
            Err(why) => said.problem = Some(why),
        }
        Ok(())
    }
}

fn frame(bytes: &[u8], said: &mut Said) {
    let (all, whole) = items(bytes);
    let get = |tag: u16| all.iter().find(|i| i.tag == tag).map(|i| i.value);
    acquisition::lens(&get, &mut said.facts);
    acquisition::camera(&get, acquisition::RTMD, &mut said.facts);
    acquisition::gps(&get, &mut said.facts);
    let raw: Map<String, Value> = all.iter().map(|i| (name(i), value(i.value))).collect();
    if !raw.is_empty() {
        said.raw.insert("rtmd".into(), raw.into());
    }
    if !whole {
        said.problem = Some("the real-time metadata of the frame are cut or damaged".into());
    }
}

fn name(i: &Item<'_>) -> String {
    // Sony's own items lie in any set
    let kind = if i.tag >= 0xe000 { Kind::User } else { i.kind };
    format!("{}.{:04x}", kind.name(), i.tag)
}

/// Text where it can be nothing else, else figures.
fn value(v: &[u8]) -> Value {
    let text = v.len() > 4 && v.iter().all(|b| matches!(b, 0x20..=0x7e));
    if text {
        return v.iter().take(MOST_SHOWN).map(|b| char::from(*b)).collect::<String>().into();
    }
    let figures = hex(v.get(..v.len().min(MOST_SHOWN)).unwrap_or_default());
    if v.len() > MOST_SHOWN { format!("{figures}… ({} bytes)", v.len()).into() } else { figures.into() }
}

/// What the first sample says of the camera.
pub(super) fn about(bytes: &[u8], origin: &dyn Fn(&str) -> Origin, doc: &mut ClipDoc) {
    let (all, _) = items(bytes);
    acquisition::body(&|tag| all.iter().find(|i| i.tag == tag).map(|i| i.value), origin, doc);
    for i in &all {
        doc.keep("rtmd", &name(i), value(i.value));
    }
}
