//! The fields of a clip document as comparable values.

use super::names;
use super::value::{Fraction, Value};
use crate::model::ClipDoc;
use std::collections::BTreeMap;

/// The values of [`super::FIELDS`] that the document has.
#[must_use]
pub fn ours(doc: &ClipDoc) -> BTreeMap<&'static str, Value> {
    let mut out = BTreeMap::new();
    let mut put = |field: &'static str, value: Option<Value>| {
        if let Some(v) = value {
            out.insert(field, v);
        }
    };
    let count = |n: Option<u32>| n.map(|n| Value::Count(n.into()));
    let text = |t: &Option<String>| t.as_deref().and_then(Value::text);
    let double = |x: Option<f64>| x.and_then(Fraction::from_double).map(Value::Exact);
    put("format.codec", names::our_family(doc).map(Value::Text));
    put("format.bit_depth", count(doc.format.bit_depth));
    put("image.width", count(doc.image.width));
    put("image.height", count(doc.image.height));
    put("image.pixel_aspect", double(doc.image.pixel_aspect));
    put("fps.project", doc.fps.project.map(|r| Value::Exact(r.into())));
    put("clip.frames", doc.clip.frames.map(Value::Count));
    put("clip.duration_s", duration(doc).map(Value::Exact));
    put("timecode.start", doc.timecode.as_ref().and_then(|t| Value::timecode(&t.start, true)));
    put("reel", text(&doc.reel));
    put("slate.scene", text(&doc.slate.scene));
    put("slate.take", text(&doc.slate.take).map(|t| names::without_zeros(&t)));
    put("camera.make", text(&doc.camera.make));
    put("camera.model", text(&doc.camera.model));
    put("camera.serial", text(&doc.camera.serial));
    put("exposure.iso", count(doc.exposure.iso));
    put("color.primaries", text(&doc.color.primaries));
    put("color.transfer", text(&doc.color.transfer));
    put("color.matrix", text(&doc.color.matrix));
    put("color.range", text(&doc.color.range));
    put("audio.channels", count(doc.audio.channels));
    put("audio.rate", count(doc.audio.rate));
    put("audio.bit_depth", count(doc.audio.bit_depth));
    put("audio.samples", doc.audio.samples.map(Value::Count));
    put("audio.samples_since_midnight", doc.audio.samples_since_midnight.map(Value::Count));
    put("recorded.date", doc.recorded.date.as_deref().and_then(names::date));
    out
}

/// The running time as exactly as it is known: the document rounds it to microseconds.
fn duration(doc: &ClipDoc) -> Option<Fraction> {
    let of = |count: u64, num: u32, den: u32| Fraction::new(count.checked_mul(den.into())?, num.into());
    match (doc.clip.frames, doc.fps.project, doc.audio.samples, doc.audio.rate) {
        _ if doc.clip.duration_s.is_none() => None,
        (Some(n), Some(r), ..) => of(n, r.num(), r.den()),
        (None, None, Some(n), Some(rate)) if doc.image.width.is_none() => of(n, rate, 1),
        _ => doc.clip.duration_s.and_then(Fraction::from_double),
    }
}
