//! What files beside a clip say of it, merged by rank: what the clip's own files say stands, a metadata file fills what they
//! leave out, then a list of many clips, and the name of the file comes last. A contradiction is a warning that names both.

use super::Input;
use crate::engine::container::bytes::Bytes;
use crate::engine::document::camera::{self, Known, Sheet};
use crate::model::{ClipDoc, ClipFile, Limits, Origin, Rational};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fields that only together mean something; each is filled as a whole.
const WHOLES: [&str; 3] = ["timecode", "image.active", "color.cdl"];
/// Fields in which makers' tools have names of their own for the same thing: filled, never compared.
const OWN_WORDS: [&str; 6] =
    ["format.codec", "format.compression", "color.primaries", "color.transfer", "color.matrix", "color.look"];
/// What names the clip and is compared before anything else is taken.
const NAME: &str = "clip.name";
/// The reader that origins name for what a file's name says.
const BY_NAME: &str = "name";

/// Merges metadata files into the clip beside them, in the order given. What cannot be read is a warning, and what is no
/// metadata file of a camera is passed over; neither harms the clip.
pub fn merge(doc: &mut ClipDoc, beside: &[Input<'_>], limits: &Limits) {
    if doc.image.width.or(doc.audio.rate).is_none() {
        return;
    }
    let mut sheets = Vec::new();
    for input in beside {
        match read(input, &doc.clip.name, limits) {
            Ok(Some(sheet)) => sheets.push((sheet, input)),
            Ok(None) => {}
            Err(e) => {
                let text = format!("{} beside the clip was not read: {}", file_name(input), e.what);
                doc.warn("SIDECAR-UNREADABLE", text);
            }
        }
    }
    let aside = Aside::of(doc);
    // what is said of the clip, of its first frame, in a list of many
    sheets.sort_by_key(|(sheet, _)| sheet.kind.rank());
    for (sheet, input) in sheets {
        let name = file_name(input);
        if let Some(other) = other_clip(doc, &sheet) {
            doc.warn("SIDECAR-OTHER", format!("{name} is named after this clip but is about {other}; it was left out"));
            continue;
        }
        if let Some(said) = contradicted(doc, &sheet) {
            let text = format!("{name} is named after this clip but describes another one ({said}); it was left out");
            doc.warn("SIDECAR-OTHER", text);
            continue;
        }
        fill(doc, &sheet, &name);
        doc.clip.sidecars.push(ClipFile {
            path: input.path.clone(),
            size: input.size,
            xxh128: String::new(),
            hashes: BTreeMap::new(),
        });
    }
    aside.back(doc);
}

/// What may be large and has nothing to do with fields, kept aside while these are looked up one by one.
struct Aside {
    files: Vec<ClipFile>,
    raw: BTreeMap<String, Value>,
}

impl Aside {
    fn of(doc: &mut ClipDoc) -> Self {
        Self { files: std::mem::take(&mut doc.clip.files), raw: std::mem::take(&mut doc.raw) }
    }

    fn back(self, doc: &mut ClipDoc) {
        doc.clip.files = self.files;
        for (reader, tags) in self.raw {
            doc.raw.entry(reader).or_insert(tags);
        }
    }
}

fn read(input: &Input<'_>, clip: &str, limits: &Limits) -> Result<Option<Sheet>, crate::model::Error> {
    let most = u64::try_from(camera::MOST_BYTES).unwrap_or(u64::MAX);
    if input.size > most {
        return Err(crate::model::Error::limit(format!("it has {} bytes", input.size)));
    }
    let allowance = Limits { header_bytes: input.size, ..*limits };
    let bytes = Bytes::file(input.file, input.size, &allowance).take(input.size)?;
    match camera::list::is_list(&bytes) {
        true => camera::list::of_clip(&bytes, clip, limits),
        false => camera::read(&bytes, limits),
    }
}

fn file_name(input: &Input<'_>) -> String {
    let name = input.path.as_path().file_name().unwrap_or_default();
    crate::model::MediaPath::from(std::path::Path::new(name)).to_text()
}

/// The clip that the sheet names, if it is another one.
fn other_clip(doc: &ClipDoc, sheet: &Sheet) -> Option<String> {
    let camera::CameraValue::Text(said) = sheet.get(NAME)? else { return None };
    let stem = said.rsplit_once('.').map_or(said.as_str(), |(stem, _)| stem);
    // RED's tables name the segment
    let segment = stem.rsplit_once('_').filter(|(_, n)| n.len() == 3 && n.bytes().all(|b| b.is_ascii_digit()));
    let names = [Some(said.as_str()), Some(stem), segment.map(|(recording, _)| recording)];
    let same = names.iter().flatten().any(|s| begins(s, &doc.clip.name) || begins(&doc.clip.name, s));
    (!same).then(|| said.clone())
}

/// Whether a name is the other, or its beginning up to a mark: Canon's and Blackmagic's tables give a part of the clip's name.
fn begins(short: &str, long: &str) -> bool {
    let head = long.get(..short.len());
    let ends = long.as_bytes().get(short.len()).is_none_or(|b| !b.is_ascii_alphanumeric());
    !short.is_empty() && ends && head.is_some_and(|h| h.eq_ignore_ascii_case(short))
}

/// What a sheet about another clip says otherwise: at least two of length, size, rate and start. One alone may be a clip
/// that was scaled or trimmed since.
fn contradicted(doc: &ClipDoc, sheet: &Sheet) -> Option<String> {
    let fields = ["clip.frames", "image.width", "fps.project", "timecode.start"];
    let differ = |field: &&str| {
        let (ours, theirs) = (value_of(doc, field)?, serde_json::to_value(sheet.get(field)?).ok()?);
        (!agree(&ours, &theirs)).then(|| format!("{field} is {theirs}, not {ours}"))
    };
    let all: Vec<String> = fields.iter().filter_map(differ).collect();
    (all.len() >= 2).then(|| all.join(", "))
}

/// Fills what is absent, and compares what is there.
fn fill(doc: &mut ClipDoc, sheet: &Sheet, file: &str) {
    let reader = serde_json::to_value(sheet.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let mut wholes: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
    // of a picture that was scaled or cropped since, the camera's geometry is not that of the clip
    let other_size =
        [("image.width", doc.image.width), ("image.height", doc.image.height)].iter().any(|(field, ours)| {
            let theirs = sheet.get(field).and_then(|v| serde_json::to_value(v).ok()).and_then(|v| v.as_u64());
            theirs.zip(*ours).is_some_and(|(theirs, ours)| theirs != u64::from(ours))
        });
    let geometry = |field: &str| field.starts_with("image.active.") || field == "image.pixel_aspect";
    let wanted = |k: &&Known| k.field != NAME && may_fill(doc, k.field) && !(other_size && geometry(k.field));
    let wanted: Vec<&Known> = sheet.known.iter().filter(wanted).collect();
    for k in wanted {
        let origin = || Origin::new(&reader, k.name.as_str(), file);
        match WHOLES.iter().find(|w| k.field.strip_prefix(**w).is_some_and(|rest| rest.starts_with('.'))) {
            Some(whole) => wholes.entry(whole).or_default().push(k),
            None => put(doc, k.field, json(k), origin()),
        }
    }
    for (whole, parts) in wholes {
        let Some(first) = parts.first() else { continue };
        let origin = Origin::new(&reader, first.name.as_str(), file);
        let last = |k: &Known| k.field.rsplit_once('.').map_or(k.field, |(_, l)| l).to_owned();
        let mut object: Map<String, Value> = parts.iter().map(|k| (last(k), json(k))).collect();
        match whole {
            "timecode" => timecode(doc, &mut object, origin, &parts),
            "color.cdl" => {
                object.entry("saturation").or_insert(Value::from(1.0));
                put(doc, whole, object.into(), origin);
            }
            _ => put(doc, whole, object.into(), origin),
        }
    }
    for (name, value) in &sheet.raw {
        doc.keep(&reader, name, value.as_str());
    }
}

/// Whether a metadata file may speak of a field: not of the coding of a clip whose own files say it (it may have been
/// converted), nor of sound where the container would hold it.
fn may_fill(doc: &ClipDoc, field: &str) -> bool {
    // the length of a whole recording is not that of one of which a segment is missing
    if field == "clip.frames" && doc.warnings.iter().any(|w| w.code.starts_with("SPANNED-")) {
        return false;
    }
    if doc.image.width.is_none() {
        // of sound beside a camera's clip it says what both have in common
        return field.starts_with("slate.");
    }
    if field.starts_with("audio.") {
        return doc.audio.rate.is_some() || ["r3d", "crx"].contains(&doc.format.id.as_str());
    }
    !field.starts_with("format.") || doc.format.codec.is_none()
}

/// The label of the first frame and its rate; where the clip has one, only the label is compared.
fn timecode(doc: &mut ClipDoc, object: &mut Map<String, Value>, origin: Origin, parts: &[&Known]) {
    object.entry("drop").or_insert(Value::from(false));
    if doc.timecode.is_none() {
        let tags =
            parts.iter().map(|k| (k.field.to_owned(), Origin::new(&origin.reader, k.name.as_str(), &*origin.place)));
        let tags: Vec<_> = tags.collect();
        if insert(doc, "timecode", Value::Object(object.clone())) {
            doc.origin.extend(tags);
        }
    } else if let Some(start) = object.remove("start") {
        put(doc, "timecode.start", start, origin);
    }
}

fn json(k: &Known) -> Value {
    serde_json::to_value(&k.value).unwrap_or(Value::Null)
}

/// Fills a field, or compares with what is there.
fn put(doc: &mut ClipDoc, field: &str, value: Value, origin: Origin) {
    let said = match value_of(doc, field) {
        None => {
            if insert(doc, field, value) {
                doc.origin.insert(field.to_owned(), origin);
            }
            return;
        }
        Some(said) => said,
    };
    if OWN_WORDS.contains(&field) || agree(&said, &value) {
        return;
    }
    let first = doc.origin.get(field).map_or_else(String::new, |o| format!(" from {} {}", o.reader, o.tag));
    let (reader, tag, place) = (&origin.reader, &origin.tag, &origin.place);
    let text = format!("{field} is {said}{first} but {value} from {reader} {tag} in {place}; the first is kept");
    doc.warn("META-CONFLICT", text);
}

fn value_of(doc: &ClipDoc, field: &str) -> Option<Value> {
    let whole = serde_json::to_value(doc).ok()?;
    whole.pointer(&format!("/{}", field.replace('.', "/"))).filter(|v| !v.is_null()).cloned()
}

/// Puts a value into a field that is absent; false when the field cannot hold it.
fn insert(doc: &mut ClipDoc, field: &str, value: Value) -> bool {
    let (raw, origin) = (std::mem::take(&mut doc.raw), std::mem::take(&mut doc.origin));
    let filled = serde_json::to_value(&*doc).ok().and_then(|mut whole| {
        let mut at = &mut whole;
        for part in field.split('.') {
            at = at.as_object_mut()?.entry(part).or_insert_with(|| Value::Object(Map::new()));
        }
        *at = value;
        serde_json::from_value::<ClipDoc>(whole).ok()
    });
    let done = filled.is_some();
    if let Some(filled) = filled {
        *doc = filled;
    }
    (doc.raw, doc.origin) = (raw, origin);
    done
}

/// Whether two values say the same: numbers to half a percent (both were rounded), rates exactly, texts without regard to
/// case and punctuation, where one may be the beginning or the end of the other.
fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => {
            let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) else { return false };
            (a - b).abs() <= 0.005 * a.abs().max(b.abs()) + 1e-6
        }
        (Value::String(a), Value::String(b)) => match (a.parse::<Rational>(), b.parse::<Rational>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => alike(a, b),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b)),
        (Value::Object(a), Value::Object(b)) => a.iter().all(|(k, a)| b.get(k).is_none_or(|b| agree(a, b))),
        _ => a == b,
    }
}

/// Letters and digits are the same, or those of one begin or end the other's.
fn alike(a: &str, b: &str) -> bool {
    let plain =
        |t: &str| -> String { t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (a, b) = (plain(a), plain(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    a == b || (short.len() >= 2 && (long.starts_with(short.as_str()) || long.ends_with(short.as_str())))
}

/// What cameras' own names of clips say: `A001C001_210101_R2EC` (ARRI, Sony, Canon), `A001_C066_0303LZ_001` (RED) and
/// `A001_04190112_C102` (Blackmagic) begin with the camera's letter and the number of the reel.
pub fn from_name(doc: &mut ClipDoc) {
    if doc.image.width.is_none() || doc.problem.is_some() {
        return;
    }
    let Some((letter, reel)) = reel_of(&doc.clip.name).map(|(l, r)| (Value::from(l), Value::from(r))) else { return };
    let origin = Origin::new(BY_NAME, "the file's name", doc.clip.name.as_str());
    let aside = Aside::of(doc);
    put(doc, "camera.index", letter, origin.clone());
    put(doc, "reel", reel, origin);
    aside.back(doc);
}

/// The camera's letter and the reel.
fn reel_of(name: &str) -> Option<(&str, &str)> {
    let (reel, rest) = name.split_at_checked(4)?;
    let (letter, number) = reel.split_at_checked(1)?;
    let digits = |t: &str, n: usize| t.get(..n).is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let clip = |t: &str| t.strip_prefix('C').is_some_and(|t| digits(t, 3) && !digits(t, 4));
    let camera = letter.bytes().all(|b| b.is_ascii_uppercase()) && digits(number, 3);
    let follows = match rest.strip_prefix('_') {
        None => clip(rest) && rest.get(4..).is_some_and(|t| t.starts_with('_')),
        Some(rest) if clip(rest) => rest.get(4..).is_some_and(|t| t.starts_with('_')),
        Some(rest) => digits(rest, 8) && rest.get(8..).and_then(|t| t.strip_prefix('_')).is_some_and(clip),
    };
    (camera && follows).then_some((letter, reel))
}

#[cfg(test)]
#[path = "beside_tests.rs"]
mod tests;
