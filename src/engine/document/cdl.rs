//! Colour corrections of the ASC: `.cc`, `.ccc`, `.cdl` (ASC CDL v1.2; XML of `urn:ASC:CDL:v1.01`, `v1.2` or without a
//! namespace).

use crate::engine::document::xml::resolved;
use crate::model::{Error, Limits};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::fmt::Write as _;

/// One ColorCorrection. What a file leaves out has the value that changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// Its `id`, when it has one that is not empty; the schema demands one, files in the wild have none.
    pub id: Option<String>,
    /// Its descriptions, those of its nodes after them.
    pub descriptions: Vec<String>,
    /// Red, green, blue; each at least 0.
    pub slope: [f64; 3],
    /// Red, green, blue.
    pub offset: [f64; 3],
    /// Red, green, blue; each above 0.
    pub power: [f64; 3],
    /// At least 0.
    pub saturation: f64,
}

/// Most bytes of a file.
pub const MOST_BYTES: usize = 16 << 20;
/// Most bytes of descriptions that are kept of one file.
const MOST_TEXT: usize = 1 << 20;

/// What an element means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Group,
    Correction,
    Sop,
    Sat,
    Slope,
    Offset,
    Power,
    Saturation,
    Description,
    Reference,
    Other,
}

impl Element {
    /// By its name without prefix, and the element around it.
    fn of(name: &str, around: Option<Self>) -> Self {
        use Element::{Correction, Description, Group, Offset, Power, Reference, Sat, Saturation, Slope, Sop};
        match (name, around) {
            ("ColorDecisionList" | "ColorCorrectionCollection", None) | ("ColorDecision", Some(Group)) => Group,
            ("ColorCorrection", None | Some(Group)) => Correction,
            ("ColorCorrectionRef", Some(Group)) => Reference,
            ("SOPNode" | "ASC_SOP", Some(Correction)) => Sop,
            ("SatNode" | "SATNode" | "ASC_SAT", Some(Correction)) => Sat,
            ("Slope", Some(Sop)) => Slope,
            ("Offset", Some(Sop)) => Offset,
            ("Power", Some(Sop)) => Power,
            ("Saturation", Some(Sat)) => Saturation,
            ("Description", Some(Correction | Sop | Sat)) => Description,
            _ => Self::Other,
        }
    }

    /// Whether its text is of interest.
    fn has_text(self) -> bool {
        matches!(self, Self::Slope | Self::Offset | Self::Power | Self::Saturation | Self::Description)
    }
}

#[derive(Default)]
struct Draft {
    id: Option<String>,
    descriptions: Vec<String>,
    slope: Option<[f64; 3]>,
    offset: Option<[f64; 3]>,
    power: Option<[f64; 3]>,
    saturation: Option<f64>,
    sop: bool,
    sat: bool,
}

/// Reads every correction of a file, in its order; there is at least one. Unknown elements are passed over. Entities other
/// than the five of XML, and document type declarations, are refused.
///
/// # Errors
/// Malformed with the line: broken XML, numbers that are missing or not finite, a slope or saturation below 0, a power of 0
/// or below, a correction with neither SOPNode nor SatNode. Limit: size, depth or number of elements. Unsupported: a file
/// that only refers to corrections elsewhere.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Correction>, Error> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::limit(format!("a CDL file of more than {MOST_BYTES} bytes")));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Error::unsupported("a CDL file in UTF-16 is not read").fix("save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(t) => t.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    let mut reader = Reader::from_str(&text);
    let mut walk = Walk {
        limits,
        levels: Vec::new(),
        text: String::new(),
        room: MOST_TEXT,
        draft: None,
        found: Vec::new(),
        referred: false,
    };
    let result = walk.run(&mut reader);
    result.map_err(|mut e| {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        let before = text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
        let line = u32::try_from(before.saturating_add(1)).unwrap_or(u32::MAX);
        e.place.line = Some(line);
        e.what = format!("line {line}: {}", e.what);
        e
    })?;
    if walk.found.is_empty() {
        return Err(if walk.referred {
            Error::unsupported("the file only refers to corrections of another file")
                .fix("name the file that holds them")
        } else {
            Error::malformed("there is no ColorCorrection in it")
        });
    }
    Ok(walk.found)
}

/// The correction with this id; without an id, the only one there is.
///
/// # Errors
/// `REQUEST-INVALID` when it is not there, not the only one with its id, or an id is needed; the message lists some ids.
pub fn select<'a>(all: &'a [Correction], id: Option<&str>) -> Result<&'a Correction, Error> {
    let mut matching = all.iter().filter(|c| id.is_none() || c.id.as_deref() == id);
    match (matching.next(), matching.next()) {
        (Some(c), None) => Ok(c),
        (first, _) => {
            let what = match (id, first) {
                (Some(id), None) => format!("no correction has the id {id}"),
                (Some(id), Some(_)) => format!("several corrections have the id {id}"),
                (None, _) => format!("the file has {} corrections: one must be named by its id", all.len()),
            };
            let mut ids = String::new();
            for c in all.iter().take(20) {
                let _ = write!(ids, " {}", c.id.as_deref().unwrap_or("(none)"));
            }
            let e = Error::new(crate::model::ErrorKind::Malformed, "REQUEST-INVALID", what);
            Err(e.fix(format!("the ids are:{ids}{}", if all.len() > 20 { " …" } else { "" })))
        }
    }
}

struct Walk<'a> {
    limits: &'a Limits,
    levels: Vec<Element>,
    text: String,
    room: usize,
    draft: Option<Draft>,
    found: Vec<Correction>,
    referred: bool,
}

impl Walk<'_> {
    fn run(&mut self, reader: &mut Reader<&[u8]>) -> Result<(), Error> {
        let mut items = 0u32;
        loop {
            items = items.saturating_add(1);
            if items > self.limits.items {
                return Err(Error::limit(format!("more than {} items", self.limits.items)));
            }
            match reader.read_event().map_err(|e| Error::malformed(format!("this is no XML: {e}")))? {
                Event::Start(e) => self.open(&e)?,
                Event::Empty(e) => {
                    self.open(&e)?;
                    self.close()?;
                }
                Event::End(_) => self.close()?,
                Event::Text(t) => self.add(&t),
                Event::CData(t) => self.add(&t),
                Event::GeneralRef(r) => self.add(resolved(&r)?.encode_utf8(&mut [0; 4])),
                Event::DocType(_) => return Err(Error::malformed("a document type declaration is not allowed")),
                Event::Eof if self.levels.is_empty() => return Ok(()),
                Event::Eof => return Err(Error::truncated("the document ends early").fix("copy the file again")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    fn open(&mut self, e: &BytesStart<'_>) -> Result<(), Error> {
        if u32::try_from(self.levels.len()).unwrap_or(u32::MAX) >= self.limits.depth {
            return Err(Error::limit(format!("elements nest deeper than {}", self.limits.depth)));
        }
        let name = String::from_utf8_lossy(e.local_name().as_ref().as_ref()).into_owned();
        let element = Element::of(&name, self.levels.last().copied());
        if self.levels.is_empty() && element == Element::Other {
            let name: String = name.chars().take(40).collect();
            return Err(Error::malformed(format!("`{name}` is no element that a CDL file begins with")));
        }
        self.text.clear();
        self.referred |= element == Element::Reference;
        let twice =
            |known: bool| if known { Err(Error::malformed(format!("{name} twice in one correction"))) } else { Ok(()) };
        match (element, self.draft.as_mut()) {
            (Element::Correction, _) => self.draft = Some(Draft { id: id_of(e)?, ..Draft::default() }),
            (Element::Sop, Some(d)) => twice(std::mem::replace(&mut d.sop, true))?,
            (Element::Sat, Some(d)) => twice(std::mem::replace(&mut d.sat, true))?,
            _ => {}
        }
        self.levels.push(element);
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if !self.levels.last().is_some_and(|e| e.has_text()) {
            return;
        }
        let room = usize::try_from(self.limits.text).unwrap_or(usize::MAX).saturating_sub(self.text.len());
        let mut used = 0usize;
        self.text.extend(text.chars().take_while(|c| {
            used = used.saturating_add(c.len_utf8());
            used <= room
        }));
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(element) = self.levels.pop() else { return Ok(()) };
        if element == Element::Correction {
            if let Some(draft) = self.draft.take() {
                self.found.push(draft.finish()?);
            }
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        let Some(d) = self.draft.as_mut() else { return Ok(()) };
        match element {
            Element::Slope => set(&mut d.slope, "Slope", numbers(&text, "Slope")?),
            Element::Offset => set(&mut d.offset, "Offset", numbers(&text, "Offset")?),
            Element::Power => set(&mut d.power, "Power", numbers(&text, "Power")?),
            Element::Saturation => {
                let [v] = numbers(&text, "Saturation")?;
                set(&mut d.saturation, "Saturation", v)
            }
            Element::Description => {
                let text = text.trim();
                if let Some(left) = self.room.checked_sub(text.len().saturating_add(64)) {
                    self.room = left;
                    d.descriptions.push(text.to_owned());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn id_of(e: &BytesStart<'_>) -> Result<Option<String>, Error> {
    for a in e.attributes() {
        let a = a.map_err(|e| Error::malformed(format!("an attribute is broken: {e}")))?;
        if a.key.local_name().as_ref() == "id" {
            let id =
                quick_xml::escape::unescape(&a.value).map_err(|e| Error::malformed(format!("an id is broken: {e}")))?;
            return Ok(Some(id.chars().take(1024).collect()).filter(|id: &String| !id.is_empty()));
        }
    }
    Ok(None)
}

fn set<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), Error> {
    if slot.replace(value).is_some() {
        Err(Error::malformed(format!("{name} twice in one correction")))
    } else {
        Ok(())
    }
}

fn numbers<const N: usize>(text: &str, name: &str) -> Result<[f64; N], Error> {
    let bad = || {
        let text: String = text.trim().chars().take(60).collect();
        Error::malformed(format!("{name} `{text}`: {N} finite number{} expected", if N == 1 { "" } else { "s" }))
    };
    let mut words = text.split_whitespace();
    let mut out = [0.0f64; N];
    for slot in &mut out {
        *slot = words.next().and_then(|w| w.parse().ok()).filter(|v: &f64| (*v as f32).is_finite()).ok_or_else(bad)?;
    }
    if words.next().is_some() { Err(bad()) } else { Ok(out) }
}

impl Draft {
    fn finish(self) -> Result<Correction, Error> {
        let who = self.id.as_ref().map_or_else(|| "the correction".to_owned(), |id| format!("correction {id}"));
        let fail = |what: &str| Error::malformed(format!("{who}: {what}"));
        if !self.sop && !self.sat {
            return Err(fail("it has neither SOPNode nor SatNode, so it would silently do nothing"));
        }
        if self.sop && (self.slope.is_none() || self.offset.is_none() || self.power.is_none()) {
            return Err(fail("SOPNode needs Slope, Offset and Power"));
        }
        if self.sat && self.saturation.is_none() {
            return Err(fail("SatNode needs Saturation"));
        }
        let (slope, power) = (self.slope.unwrap_or([1.0; 3]), self.power.unwrap_or([1.0; 3]));
        let saturation = self.saturation.unwrap_or(1.0);
        if slope.iter().any(|v| *v < 0.0) {
            return Err(fail("a slope is below 0, which would turn the picture into its negative; ASC CDL has none"));
        }
        if power.iter().any(|v| *v <= 0.0) {
            return Err(fail("a power is not above 0, which leaves no picture; ASC CDL has none"));
        }
        if saturation < 0.0 {
            return Err(fail("the saturation is below 0, which would turn hues into their opposite; ASC CDL has none"));
        }
        let offset = self.offset.unwrap_or_default();
        Ok(Correction { id: self.id, descriptions: self.descriptions, slope, offset, power, saturation })
    }
}

#[cfg(test)]
#[path = "cdl_tests.rs"]
mod tests;
