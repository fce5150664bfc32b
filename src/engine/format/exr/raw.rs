//! Every attribute as it is in the file, under `raw.exr`; further parts under `raw.exr.parts`.

use super::ID;
use crate::engine::container::bytes::cut_text;
use crate::engine::container::exr::{Attribute, Channel, Compression, ExrHeader, ExrValue, Part, decimal};
use crate::model::{ClipDoc, Limits};
use serde_json::{Map, Value, json};

/// Most numbers of one attribute that are kept; of longer ones only how many there are.
const MOST_NUMBERS: usize = 64;
/// Most channels that are listed.
const MOST_CHANNELS: usize = 1024;
/// Most further parts that are listed.
const MOST_PARTS: usize = 256;

/// Keeps what the headers say.
pub(super) fn keep(head: &ExrHeader, limits: &Limits, doc: &mut ClipDoc) {
    let mut cut = false;
    let mut parts = head.parts.iter();
    if let Some(first) = parts.next() {
        for a in &first.attributes {
            doc.keep(ID, &a.name, json_of(a, limits, &mut cut));
        }
    }
    for (n, part) in parts.enumerate().take(MOST_PARTS) {
        let number = n.saturating_add(1).to_string();
        doc.keep("exr.parts", &number, listed(part, limits, &mut cut));
    }
    if head.parts.len() > MOST_PARTS {
        doc.keep("exr.parts", "count", head.parts.len());
    }
    if cut {
        doc.warn("META-TEXT-CUT", "an attribute is longer than limits.text and was cut");
    }
}

/// Of a further part what tells it from the others.
fn listed(part: &Part, limits: &Limits, cut: &mut bool) -> Value {
    let names = ["name", "type", "view", "channels", "dataWindow", "compression", "chunkCount"];
    let found = names.iter().filter_map(|n| part.get(n));
    Value::Object(found.map(|a| (a.name.clone(), json_of(a, limits, cut))).collect::<Map<_, _>>())
}

fn json_of(a: &Attribute, limits: &Limits, cut: &mut bool) -> Value {
    let mut text = |t: &str| {
        let mut t = t.to_owned();
        *cut |= cut_text(&mut t, limits.text);
        Value::String(t)
    };
    match &a.value {
        ExrValue::Text(t) => text(t),
        ExrValue::Texts(list) => list.iter().take(MOST_CHANNELS).map(|t| text(t)).collect(),
        ExrValue::Int(n) => json!(n),
        ExrValue::Float(x) => single(*x),
        ExrValue::Double(x) => double(*x),
        ExrValue::Floats(v) if v.len() > MOST_NUMBERS => json!({"type": "floatvector", "numbers": v.len()}),
        ExrValue::Floats(v) => singles(v),
        ExrValue::Rational(n, d) => json!(format!("{n}/{d}")),
        ExrValue::TimeCode { time, user } => {
            json!({"label": label(*time), "time": format!("{time:#010x}"), "user": format!("{user:#010x}")})
        }
        ExrValue::KeyCode(v) => json!(v),
        ExrValue::Chromaticities(v) => singles(v),
        ExrValue::V2i(v) => json!(v),
        ExrValue::V2f(v) => singles(v),
        ExrValue::V2d(v) => doubles(v),
        ExrValue::V3i(v) => json!(v),
        ExrValue::V3f(v) => singles(v),
        ExrValue::V3d(v) => doubles(v),
        ExrValue::Box2i(v) => json!(v),
        ExrValue::Box2f(v) => singles(v),
        ExrValue::M33f(v) => singles(v),
        ExrValue::M33d(v) => doubles(v),
        ExrValue::M44f(v) => singles(v),
        ExrValue::M44d(v) => doubles(v),
        ExrValue::Channels(list) => channels(list),
        ExrValue::Compression(n) => Compression::of(*n).map_or_else(|| json!(n), |c| json!(c.name())),
        ExrValue::LineOrder(n) => one_of(*n, &["increasing y", "decreasing y", "random y"]),
        ExrValue::Envmap(n) => one_of(*n, &["latitude-longitude", "cube"]),
        ExrValue::DeepState(n) => one_of(*n, &["messy", "sorted", "non-overlapping", "tidy"]),
        ExrValue::Tiles { width, height, mode } => json!({"width": width, "height": height, "mode": mode}),
        ExrValue::Preview { width, height } => json!({"type": "preview", "width": width, "height": height}),
        ExrValue::Opaque { kind, bytes } => json!({"type": kind, "bytes": bytes}),
    }
}

fn one_of(n: u8, names: &[&str]) -> Value {
    names.get(usize::from(n)).map_or_else(|| json!(n), |name| json!(name))
}

/// The digits of a packed time as they are stored.
pub(super) fn label(time: u32) -> String {
    let [h, m, s, f] = time.to_be_bytes();
    let (drop, second) = (if f & 0x40 != 0 { ';' } else { ':' }, if s & 0x80 != 0 { " second field" } else { "" });
    format!("{:02x}:{:02x}:{:02x}{drop}{:02x}{second}", h & 0x3f, m & 0x7f, s & 0x7f, f & 0x3f)
}

fn single(x: f32) -> Value {
    if x.is_finite() { json!(decimal(x)) } else { json!(x.to_string()) }
}

fn double(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { json!(x.to_string()) }
}

fn singles(v: &[f32]) -> Value {
    v.iter().map(|x| single(*x)).collect()
}

fn doubles(v: &[f64]) -> Value {
    v.iter().map(|x| double(*x)).collect()
}

fn channels(list: &[Channel]) -> Value {
    let one = |c: &Channel| {
        let [x, y] = c.sampling;
        let sampling = if c.sampling == [1, 1] { String::new() } else { format!(" {x}x{y}") };
        json!(format!("{} {}{sampling}", c.name, c.kind.name()))
    };
    let more = list.len().saturating_sub(MOST_CHANNELS);
    let end = (more > 0).then(|| json!(format!("and {more} more")));
    list.iter().take(MOST_CHANNELS).map(one).chain(end).collect()
}
