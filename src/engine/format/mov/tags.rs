//! Every tag of the movie's metadata, kept raw, and looked up by key without regard to case.

use super::ID;
use super::movie::{Movie, or_warn};
use crate::engine::container::bmff::{self, Atom, Top, Value, Walk, find};
use crate::engine::container::bytes::{Bytes, cut_text};
use crate::model::{ClipDoc, Error, Origin};
use std::collections::BTreeMap;

/// Most tags that are kept.
const MOST: usize = 4096;
/// Texts of 3GPP user data: version, flags and language before the text.
const THREE_GPP: [&[u8; 4]; 8] = [b"auth", b"titl", b"dscp", b"perf", b"gnre", b"cprt", b"albm", b"kywd"];
/// Containers of user data that are looked into elsewhere or hold nothing.
const SKIPPED: [&[u8; 4]; 3] = [b"meta", b"free", b"skip"];

/// One tag.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// As it is named in `raw.mov`.
    pub key: String,
    pub value: Value,
    pub at: u64,
    /// The box it lies in: `moov/meta`.
    pub place: String,
}

impl Item {
    pub fn origin(&self) -> Origin {
        Origin::new(ID, self.key.clone(), format!("{} at {:#x}", self.place, self.at))
    }
}

/// All tags, in order of trust: key lists, iTunes items, user data, tracks.
#[derive(Debug, Default)]
pub(super) struct Found {
    all: Vec<Item>,
    /// Their keys in lower case.
    low: Vec<String>,
    full: bool,
}

impl Found {
    fn first(&self, fits: impl Fn(&str) -> bool) -> Option<&Item> {
        self.low.iter().position(|k| fits(k)).and_then(|n| self.all.get(n))
    }

    /// The first tag with this key (in lower case).
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.first(|k| k == key)
    }

    /// The first tag whose key ends so.
    pub fn ending(&self, end: &str) -> Option<&Item> {
        self.first(|k| k.ends_with(end))
    }

    /// The first tag whose key begins so.
    pub fn begins(&self, start: &str) -> Option<&Item> {
        self.first(|k| k.starts_with(start))
    }

    /// A tag as text, if it has any.
    pub fn text(&self, key: &str) -> Option<(&Item, String)> {
        let t = self.get(key)?;
        Some((t, text(&t.value)?))
    }

    fn push(&mut self, tag: Item) {
        if self.all.len() < MOST {
            self.low.push(tag.key.to_lowercase());
            self.all.push(tag);
        } else {
            self.full = true;
        }
    }
}

/// A value as text; `None` for binary and for nothing.
pub(super) fn text(v: &Value) -> Option<String> {
    let text = match v {
        Value::Text(t) => t.trim().to_owned(),
        Value::Signed(n) => n.to_string(),
        Value::Unsigned(n) => n.to_string(),
        Value::Real(x) => x.to_string(),
        Value::Reals(_) | Value::Binary(..) => String::new(),
    };
    (!text.is_empty()).then_some(text)
}

fn json(v: &Value) -> serde_json::Value {
    match v {
        Value::Text(t) => t.clone().into(),
        Value::Signed(n) => (*n).into(),
        Value::Unsigned(n) => (*n).into(),
        Value::Real(x) => (*x).into(),
        Value::Reals(all) => all.clone().into(),
        Value::Binary(n, bytes) => {
            let more = if *n > u64::try_from(bytes.len()).unwrap_or(u64::MAX) { "…" } else { "" };
            format!("{n} bytes: {}{more}", hex(bytes)).into()
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Collects and keeps every tag.
pub(super) fn collect(
    movie: &Movie,
    top: &Top,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<Found, Error> {
    let mut found = Found::default();
    for meta in movie.parts.iter().filter(|a| &a.id == b"meta") {
        read_meta(meta, "", "moov/meta", b, walk, &mut found)?;
    }
    for udta in movie.parts.iter().filter(|a| &a.id == b"udta") {
        user_data(udta, "", "moov", b, walk, &mut found)?;
    }
    for t in &movie.tracks {
        let (prefix, place) = (t.tag(""), format!("moov/trak[{}]", t.number));
        for a in &t.parts {
            match &a.id {
                b"meta" => read_meta(a, &prefix, &format!("{place}/meta"), b, walk, &mut found)?,
                b"udta" => user_data(a, &prefix, &place, b, walk, &mut found)?,
                _ => {}
            }
        }
    }
    for a in &top.atoms {
        match &a.id {
            b"meta" => read_meta(a, "file.", "meta", b, walk, &mut found)?,
            b"udta" => user_data(a, "file.", "", b, walk, &mut found)?,
            b"uuid" => uuid(a, "file.", b, walk, &mut found)?,
            _ => {}
        }
    }
    for a in movie.parts.iter().filter(|a| &a.id == b"uuid") {
        uuid(a, "", b, walk, &mut found)?;
    }
    keep(&mut found, walk, doc);
    Ok(found)
}

/// Puts all tags in `raw.mov`; a key that is there already gets a number.
fn keep(found: &mut Found, walk: &Walk<'_>, doc: &mut ClipDoc) {
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let mut cut = false;
    for t in &mut found.all {
        if let Value::Text(text) = &mut t.value {
            cut |= cut_text(text, walk.limits().text);
        }
        let n = times.entry(t.key.clone()).or_insert(0);
        *n = n.saturating_add(1);
        let key = if *n == 1 { t.key.clone() } else { format!("{}#{n}", t.key) };
        doc.keep(ID, &key, json(&t.value));
    }
    if cut {
        doc.warn("META-TEXT-CUT", "a metadata text is longer than limits.text and was cut");
    }
    if found.full {
        doc.warn("MOV-TAGS", format!("the movie has more than {MOST} metadata tags; the rest is left out"));
    }
}

fn read_meta(
    meta: &Atom,
    prefix: &str,
    place: &str,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    found: &mut Found,
) -> Result<(), Error> {
    let (kind, children) = bmff::items(b, meta, walk)?;
    let most = u64::from(walk.limits().text);
    if let Some(xml) = find(&children, b"xml ") {
        let bytes = bmff::contents(b, &xml.without(4), most.saturating_add(1))?;
        let value = Value::Text(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned());
        found.push(Item { key: format!("{prefix}meta.xml"), value, at: xml.body, place: place.to_owned() });
    }
    let tags = or_warn(bmff::keys_and_values(b, &children, most, walk), walk)?.unwrap_or_default();
    let itunes = kind == Some(*b"mdir");
    for t in tags {
        let key = if itunes { format!("{prefix}ilst.{}", t.key) } else { format!("{prefix}{}", t.key) };
        found.push(Item { key, value: t.value, at: t.at, place: place.to_owned() });
    }
    Ok(())
}

fn user_data(
    udta: &Atom,
    prefix: &str,
    place: &str,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    found: &mut Found,
) -> Result<(), Error> {
    let most = u64::from(walk.limits().text);
    let place = format!("{place}/udta");
    for a in walk.loose_children(b, udta)? {
        if &a.id == b"meta" {
            read_meta(&a, prefix, &format!("{place}/meta"), b, walk, found)?;
        }
        if SKIPPED.contains(&&a.id) || a.is_empty() {
            continue;
        }
        let inner = if THREE_GPP.contains(&&a.id) { a.without(6) } else { a };
        for value in bmff::text_list(b, &inner, most)? {
            let key = format!("{prefix}udta.{}", a.name());
            found.push(Item { key, value, at: a.body, place: place.clone() });
        }
    }
    Ok(())
}

/// A box with a 16-byte type: text as it is, else length and first bytes.
fn uuid(a: &Atom, prefix: &str, b: &mut Bytes<'_>, walk: &mut Walk<'_>, found: &mut Found) -> Result<(), Error> {
    let id = bmff::contents(b, a, 16)?;
    let most = u64::from(walk.limits().text);
    let key = format!("{prefix}uuid.{}", hex(&id));
    for value in bmff::text_list(b, &a.without(16), most)? {
        found.push(Item { key: key.clone(), value, at: a.body, place: "uuid".to_owned() });
    }
    Ok(())
}
