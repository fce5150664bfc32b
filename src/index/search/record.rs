//! A clip's record as search reads it: without what nobody searches for, which may be most of it (the list of files of a
//! sequence, where each value came from).

use crate::index::records::Location;
use crate::model::{ClipId, MediaPath};
use crate::query::{Facts, Place};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A clip that was found.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct FoundClip {
    /// Identity.
    pub id: ClipId,
    /// The show.
    pub show: String,
    /// The document.
    pub doc: ShortDoc,
    /// Where it lies; empty when it is not there any more.
    pub locations: Vec<Location>,
}

/// `rushes.clip/1` as JSON without files, origins and raw tags.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShortDoc {
    /// The document.
    pub json: Value,
    /// The first file, relative to the folder it was in.
    pub first: Option<MediaPath>,
}

impl FoundClip {
    /// As search sees it.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let place = |l: &Location| Place { folder: l.root.clone(), path: l.path().to_text() };
        let places: Vec<Place> = self.locations.iter().map(place).collect();
        let last = self.doc.first.as_ref().map(MediaPath::to_text);
        Facts::new(&self.doc.json, &self.show, &places, last.as_deref())
    }
}

impl<'de> Deserialize<'de> for ShortDoc {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(Short { head: false })
    }
}

/// Reads the document, or its `clip`, which has the list of files.
struct Short {
    head: bool,
}

impl<'de> Visitor<'de> for Short {
    type Value = ShortDoc;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a clip document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ShortDoc, A::Error> {
        let (mut out, mut first) = (Map::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            match (self.head, key.as_str()) {
                (false, "origin" | "raw") => {
                    map.next_value::<IgnoredAny>()?;
                }
                (false, "clip") => {
                    let head = map.next_value::<Head>()?.0;
                    first = head.first;
                    out.insert(key, head.json);
                }
                (true, "files") => first = map.next_value::<FirstFile>()?.0,
                _ => {
                    out.insert(key, map.next_value()?);
                }
            }
        }
        Ok(ShortDoc { json: Value::Object(out), first })
    }
}

struct Head(ShortDoc);

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(Short { head: true }).map(Self)
    }
}

struct FirstFile(Option<MediaPath>);

#[derive(serde::Deserialize)]
struct File {
    path: MediaPath,
}

impl<'de> Deserialize<'de> for FirstFile {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Files;
        impl<'de> Visitor<'de> for Files {
            type Value = FirstFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of files")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<FirstFile, A::Error> {
                let first = files.next_element::<File>()?.map(|f| f.path);
                while files.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstFile(first))
            }
        }
        d.deserialize_seq(Files)
    }
}
