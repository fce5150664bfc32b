//! Material exchange format (SMPTE ST 377-1, operational patterns ST 378, 390 and others).
//!
//! Only headers are read: partitions, header metadata, and of the essence the keys of the first content package. The picture
//! is what the first picture track of the material plays.

mod camera;
pub(super) mod codecs;
mod color;
mod frames;
#[cfg(test)]
mod frames_tests;
mod graph;
mod length;
pub(super) mod picture;
mod raw;
mod sound;
#[cfg(test)]
mod tests;
mod timecode;

use super::{Each, Format, Input, Score, has_extension, unknown};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::mxf::{MOST_RUN_IN, Set, Structure, Ul, find_header, partition};
use crate::model::{ClipDoc, Error, Limits, Origin};
use graph::{Chain, Essence, Graph};
use std::path::Path;

/// MXF files.
pub struct Mxf;

const ID: &str = "mxf";

/// Where values of a set come from.
pub(super) struct Place<'s> {
    /// The set; its offset is that in the file of `reader`.
    pub set: &'s Set,
    /// Its name for people.
    pub name: &'s str,
    /// Id of the format that reads it: MXF itself, or a document that describes essence by the same sets.
    pub reader: &'static str,
}

impl<'s> Place<'s> {
    fn new(set: &'s Set, name: &'s str) -> Self {
        Self { set, name, reader: ID }
    }
}

impl Place<'_> {
    /// The origin of a property.
    pub fn origin(&self, tag: &str) -> Origin {
        Origin::new(self.reader, tag, format!("{} at offset {:#x}", self.name, self.set.at))
    }

    /// Warns with `MXF-CODE`, or under the name of the other reader.
    fn warn(&self, code: &str, what: impl Into<String>, doc: &mut ClipDoc) {
        doc.warn(&format!("{}-{code}", self.reader.to_ascii_uppercase()), what);
    }
}

/// The key of the sets that describe a picture by components of R'G'B' (`true`) or Y'CbCr.
pub(super) fn picture_key(rgb: bool) -> Ul {
    let [high, low] = if rgb { graph::class::RGBA } else { graph::class::CDCI }.to_be_bytes();
    Ul::with([0x02, 0x53, 0x01, 0x01], [0x0d, 0x01, 0x01, 0x01, 0x01, 0x01, high, low])
}

/// The kind of a set; 0 for what is no structural one.
fn class_of(s: &Set) -> u16 {
    s.class().unwrap_or(0)
}

impl Format for Mxf {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "MXF"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mxf"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        let named = has_extension(path, self.extensions());
        match find_header(head) {
            Some(0) => 100,
            // after a run-in only by its name: archives and disk images begin so too
            Some(_) if named => 90,
            Some(_) => 0,
            // a body or footer partition: the rest of a file whose beginning is lost
            None if head.starts_with(&partition::KEY) => 60,
            // a run-in may be longer than what is seen here
            None if named && head.len() == super::HEAD_BYTES => 1,
            None => 0,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        if !has_header(&mut b)? {
            let head = b.size().min(u64::try_from(super::HEAD_BYTES).unwrap_or(u64::MAX));
            b.seek(0);
            doc.problem = Some(unknown::problem(&b.take(head)?, input.path.as_path()));
            return Ok(());
        }
        let s = Structure::scan(&mut b, limits)?;
        doc.format.id = ID.into();
        for w in &s.warnings {
            doc.warn(&w.code, w.message.clone());
        }
        container(&s, doc);
        raw::keep(&s, limits, doc);
        let graph = Graph::new(&s.metadata);
        fill(&graph, &s, &mut b, doc)?;
        raw::comments(&graph, limits, doc);
        camera::documents(&s, &mut b, limits, doc)?;
        camera::read(&s, &mut b, doc)?;
        camera::writer(&graph, doc);
        Ok(())
    }

    fn frames(&self, input: &Input<'_>, limits: &Limits, each: Each<'_>) -> Result<(), Error> {
        frames::rows(self, input, limits, each)
    }
}

/// Whether there is a header partition behind the longest run-in, or another partition at the very beginning.
fn has_header(b: &mut Bytes<'_>) -> Result<bool, Error> {
    b.seek(0);
    let first = b.take(b.size().min(4096))?;
    if find_header(&first).is_some() || first.starts_with(&partition::KEY) {
        return Ok(true);
    }
    b.seek(0);
    let head = b.take(b.size().min(MOST_RUN_IN.saturating_add(16)))?;
    Ok(find_header(&head).is_some())
}

/// Container with its operational pattern: of the preface, else of the partition.
fn container(s: &Structure, doc: &mut ClipDoc) {
    let preface = s.metadata.sets.iter().find(|x| x.class() == Some(graph::class::PREFACE));
    let pattern = preface.and_then(|p| p.ul(0x3b09)).or(s.header().map(|h| h.pattern));
    let name = pattern.as_ref().and_then(codecs::pattern);
    doc.format.container = Some(name.map_or_else(|| "MXF".to_owned(), |n| format!("MXF {n}")));
}

/// Fills the fields from the objects.
fn fill(graph: &Graph<'_>, s: &Structure, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let Some(first) = graph.packages.first() else {
        doc.warn("MXF-METADATA", "the header metadata describe no package");
        return Ok(());
    };
    let pictures = graph.chains(Essence::Picture);
    let inside = |c: &&Chain<'_, '_>| c.file.is_some_and(|(p, _)| graph.is_inside(p)) && c.descriptor.is_some();
    let own: Vec<&Chain<'_, '_>> = pictures.iter().filter(inside).collect();
    if own.len() > 1 {
        doc.warn("MXF-TRACKS", format!("there are {} picture tracks; the first is taken", own.len()));
    }
    if own.is_empty() && !pictures.is_empty() {
        doc.keep(ID, "picture.elsewhere", pictures.len());
        if graph.chains(Essence::Sound).iter().all(|c| c.file.is_none()) {
            doc.warn("MXF-REFERENCE", "the essence of the picture track lies in another file");
        }
    }
    let sounds = graph.chains(Essence::Sound);
    if let Some(c) = own.first() {
        picture::read(graph, c, doc);
        length::picture(c, s, b, doc)?;
    }
    sound::read(graph, s, !own.is_empty(), doc);
    let data = graph.chains(Essence::Other);
    let main = own.first().copied().or(sounds.iter().find(|c| c.file.is_some())).or(data.first());
    if let Some((c, d)) = data.first().and_then(|c| Some((c, c.file?.0.descriptor?)))
        && doc.format.codec.is_none()
    {
        let place = Place::new(d, "DataDescriptor");
        if let Some(name) = codecs::data(d.ul(0x3e01).as_ref(), d.ul(0x3004).as_ref()) {
            doc.set("format.codec", |x| &mut x.format.codec, name.to_owned(), place.origin("EssenceContainer"));
        }
        length::data(c, doc);
    }
    timecode::read(graph, main, doc);
    let material = graph.material().unwrap_or(first);
    if material.umid.len() == 32 && material.umid.iter().any(|x| *x != 0) {
        let text: String = material.umid.iter().map(|x| format!("{x:02x}")).collect();
        let origin = Origin::new(ID, "MaterialPackage.PackageUID", format!("offset {:#x}", material.set.at));
        doc.set("clip.umid", |d| &mut d.clip.umid, text, origin);
    }
    // the package of the file was made with the essence, that of the material may have been made later
    let file = main.and_then(|c| c.file).map(|(p, _)| p);
    for p in file.into_iter().chain([material]) {
        if let Some(date) = p.set.get(0x4405).and_then(raw::time) {
            let tag = if p.material { "MaterialPackage" } else { "SourcePackage" };
            let origin = Origin::new(ID, format!("{tag}.PackageCreationDate"), format!("offset {:#x}", p.set.at));
            doc.set("recorded.date", |d| &mut d.recorded.date, date, origin);
            break;
        }
    }
    Ok(())
}
