//! Acquisition metadata of a frame (SMPTE RDD 18, EBU Tech 3349): what lens and camera wrote beside it.
//!
//! The sets lie in the system item or in ancillary data of each content package. They are found by their keys; a set that is
//! spread over several ancillary packets is read as far as the first goes.

use super::super::acquisition;
use super::super::facts::Facts;
use super::graph::{Graph, class};
use super::{ID, raw};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::mxf::{Klv, Set, Structure, Ul, klv};
use crate::engine::container::rtmd::Kind;
use crate::model::{ClipDoc, Error, FrameRow, Limits, Origin};

/// Most bytes of one element that are looked at.
const MOST: u64 = 64 << 10;
/// Most sets of a frame.
const MOST_SETS: usize = 16;
/// Most elements of a frame that are looked into.
pub(super) const MOST_ELEMENTS: usize = 8;
/// Bytes 1 to 12 of the keys of acquisition sets.
const KEY: [u8; 12] = [0x06, 0x0e, 0x2b, 0x34, 0x02, 0x53, 0x01, 0x01, 0x0c, 0x02, 0x01, 0x01];

/// Reads the acquisition sets of the first content package.
///
/// # Errors
/// I/O and limits.
pub(super) fn read(s: &Structure, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let mut sets = Vec::new();
    for k in s.essence.first.iter().filter(|k| carries(k)).take(MOST_ELEMENTS) {
        element(k, b, &mut sets)?;
    }
    for one in sets.iter().take(MOST_SETS) {
        let kind = kind(one);
        for p in one.items.iter().take(128) {
            doc.keep(ID, &format!("acquisition.{}.{:04x}", kind.name(), p.tag), raw::hex(&p.value));
        }
        if kind != Kind::User {
            fields(one, kind == Kind::Lens, doc);
        }
    }
    Ok(())
}

/// Whether an element may hold acquisition sets: system items and data do, pictures and sound never.
pub(super) fn carries(k: &Klv) -> bool {
    k.is_system() || matches!(k.key.byte(12), 0x07 | 0x17 | 0x18) || k.key.0.starts_with(&KEY)
}

/// Adds the sets of one element.
///
/// # Errors
/// I/O and limits.
pub(super) fn element(k: &Klv, b: &mut Bytes<'_>, sets: &mut Vec<Set>) -> Result<(), Error> {
    b.seek(k.body);
    let value = b.take(k.len.min(MOST))?;
    find(&value, k.body, sets);
    // sets that are elements themselves
    if k.key.0.starts_with(&KEY) {
        sets.push(Set::parse(k.key, k.at, &value).0);
    }
    Ok(())
}

fn kind(s: &Set) -> Kind {
    Kind::of([s.key.byte(12), s.key.byte(13)])
}

/// The values of a frame's sets, and all items as they are.
pub(super) fn row(sets: &[Set], row: &mut FrameRow) {
    let (mut facts, mut kept) = (Facts::default(), serde_json::Map::new());
    for one in sets.iter().take(MOST_SETS) {
        let kind = kind(one);
        if kind != Kind::User {
            take(&|tag| one.get(tag), kind == Kind::Lens, &mut facts);
        }
        for p in one.items.iter().take(128) {
            kept.insert(format!("{}.{:04x}", kind.name(), p.tag), raw::hex(&p.value).into());
        }
    }
    row.facts = facts.values;
    if !kept.is_empty() {
        row.raw.insert(ID.into(), kept.into());
    }
}

/// The sets in a run of bytes.
fn find(value: &[u8], at: u64, out: &mut Vec<Set>) {
    let limits = Limits::default();
    let places = value.windows(KEY.len()).enumerate().filter(|(_, w)| *w == KEY).map(|(n, _)| n);
    for n in places.take(MOST_SETS) {
        let Some(rest) = value.get(n..) else { continue };
        let mut b = Bytes::slice(rest, &limits);
        let Ok(key) = b.array().map(Ul) else { continue };
        let Ok(len) = klv::length(&mut b) else { continue };
        let left = b.left();
        let Ok(contents) = b.take(len.min(left)) else { continue };
        out.push(Set::parse(key, at.saturating_add(u64::try_from(n).unwrap_or(0)), &contents).0);
    }
}

/// The items of sets into the document's fields, set by set.
fn fields(s: &Set, lens: bool, doc: &mut ClipDoc) {
    let origin = |name: &str| Origin::new(ID, format!("RDD 18 {name}"), format!("first frame, offset {:#x}", s.at));
    let get = |tag| s.get(tag);
    let mut facts = Facts::default();
    take(&get, lens, &mut facts);
    facts.fill(doc, &origin);
    if !lens {
        acquisition::body(&get, &origin, doc);
    }
}

fn take(get: acquisition::Get<'_>, lens: bool, facts: &mut Facts) {
    if lens {
        acquisition::lens(get, facts);
    } else {
        acquisition::camera(get, acquisition::CINEMA, facts);
    }
}

/// Makers and beginnings of product names that are cameras and nothing else. Other products of these makers are decks and
/// programs, so a company's name alone says nothing.
const CAMERAS: &[(&str, &str, &[&str])] = &[
    ("ARRI", "ARRI", &["ALEXA", "AMIRA"]),
    ("SONY", "Sony", &["PXW-", "ILME-", "MPC-"]),
    ("CANON", "Canon", &["EOS "]),
];

/// The camera, where the first program that wrote the file is one: the others changed it later.
pub(super) fn writer(graph: &Graph<'_>, doc: &mut ClipDoc) {
    let Some(first) = graph.of_class(class::IDENTIFICATION).next() else { return };
    let (Some(company), Some(product)) = (first.text(0x3c01), first.text(0x3c02)) else { return };
    let (upper, name) = (company.to_ascii_uppercase(), product.to_ascii_uppercase());
    let known = |c: &&(&str, &str, &[&str])| upper.contains(c.0) && c.2.iter().any(|begin| name.starts_with(begin));
    let Some((_, make, _)) = CAMERAS.iter().find(known) else { return };
    let origin = |tag: &str| Origin::new(ID, format!("Identification.{tag}"), format!("offset {:#x}", first.at));
    doc.set("camera.make", |d| &mut d.camera.make, (*make).to_owned(), origin("CompanyName"));
    // what the camera's own metadata say of the model is more exact
    if doc.camera.model.is_none() {
        doc.set("camera.model", |d| &mut d.camera.model, product, origin("ProductName"));
    }
    if let Some(v) = first.text(0x3c04) {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, v, origin("VersionString"));
    }
}

/// Reads the XML that Sony's cameras leave in a stream of its own (`NonRealTimeMeta`; generic streams, ST 410).
///
/// # Errors
/// I/O and limits.
pub(super) fn documents(s: &Structure, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let streams = s.partitions.iter().filter(|p| p.is_stream && p.body_sid > 0).take(16);
    for p in streams {
        let mut at = p.end;
        for _ in 0..8 {
            if at.saturating_add(17) > b.size() {
                break;
            }
            b.seek(at);
            let k = match Klv::read(b) {
                Ok(k) if k.missing(b.size()) == 0 => k,
                Err(e) if matches!(e.code.as_ref(), "LIMIT-SIZE" | "FILE-UNREADABLE" | "FILE-CHANGED") => {
                    return Err(e);
                }
                _ => break,
            };
            at = k.end();
            if k.is_fill() || k.len > u64::from(limits.text) {
                continue;
            }
            if crate::engine::container::mxf::partition::kind(&k.key).is_some() {
                break;
            }
            b.seek(k.body);
            let value = b.take(k.len)?;
            let value = value.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&value);
            if let Some(t) = std::str::from_utf8(value).ok().filter(|t| t.trim_start().starts_with("<?xml")) {
                doc.keep(ID, &format!("document[{}]", p.body_sid), t.to_owned());
                device(t, k.at, doc);
            }
        }
    }
    Ok(())
}

/// `<Device manufacturer="…" modelName="…" serialNo="…"/>`.
fn device(xml: &str, at: u64, doc: &mut ClipDoc) {
    let mut reader = quick_xml::Reader::from_str(xml);
    for _ in 0..2000 {
        let e = match reader.read_event() {
            Ok(quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e)) => e,
            Ok(quick_xml::events::Event::Eof) | Err(_) => return,
            Ok(_) => continue,
        };
        if e.local_name().as_ref() != "Device" {
            continue;
        }
        for a in e.attributes().flatten() {
            let name = a.key.local_name().as_ref().to_owned();
            let value = a.value.trim().to_owned();
            let fits = !value.is_empty() && value.len() <= 256 && !value.contains(['&', '<']);
            let o = Origin::new(ID, format!("NonRealTimeMeta Device@{name}"), format!("offset {at:#x}"));
            match name.as_str() {
                "manufacturer" if fits => doc.set("camera.make", |d| &mut d.camera.make, value, o),
                "modelName" if fits => doc.set("camera.model", |d| &mut d.camera.model, value, o),
                "serialNo" if fits => doc.set("camera.serial", |d| &mut d.camera.serial, value, o),
                _ => {}
            }
        }
        return;
    }
}
