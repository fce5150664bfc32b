//! The iXML chunk of sound recorders: read as a flat list of paths, written for tests and demos.

use crate::model::{Limits, Rational};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

/// Path below the root element → text: `SPEED/TIMECODE_RATE`, `TRACK_LIST/TRACK[2]/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct IXml {
    values: BTreeMap<String, String>,
    /// Why the document was not read to its end.
    pub(super) fault: Option<String>,
}

/// Most bytes of a document that is read; those of recorders have a few kilobytes.
pub(super) const MOST_BYTES: u64 = 4 << 20;
/// Longest element name.
const LONGEST_NAME: usize = 128;
/// Most bytes of paths and values that are kept of one document.
const MOST_KEPT: usize = 4 << 20;

struct Level {
    path: String,
    text: String,
    seen: BTreeMap<String, u32>,
}

impl IXml {
    /// Reads a document. It never fails: what was read before a fault is kept, and `fault` is set.
    /// Document type declarations are skipped, and only the five entities of XML and character
    /// references are resolved.
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        let bytes = bytes.get(..end).unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(t) => t.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        };
        let mut out = Self::default();
        out.fault = out.parse(text.trim(), limits).err();
        out
    }

    fn parse(&mut self, text: &str, limits: &Limits) -> Result<(), String> {
        let mut reader = Reader::from_str(text);
        let mut levels: Vec<Level> = Vec::new();
        let (mut events, mut kept) = (0u32, 0usize);
        loop {
            events = events.saturating_add(1);
            if events > limits.items {
                return Err(format!("more than {} items", limits.items));
            }
            let event = reader.read_event().map_err(|e| format!("{e} at character {}", reader.buffer_position()))?;
            match event {
                Event::Start(e) => {
                    let depth = u32::try_from(levels.len()).unwrap_or(u32::MAX);
                    if depth >= limits.depth {
                        return Err(format!("elements nest deeper than {}", limits.depth));
                    }
                    let name = String::from_utf8_lossy(e.name().as_ref().as_ref()).into_owned();
                    if name.len() > LONGEST_NAME {
                        return Err(format!("an element's name is longer than {LONGEST_NAME} bytes"));
                    }
                    let path = step(levels.last_mut(), &name);
                    levels.push(Level { path, text: String::new(), seen: BTreeMap::new() });
                }
                Event::End(_) => {
                    if let Some(level) = levels.pop()
                        && level.seen.is_empty()
                        && !level.path.is_empty()
                    {
                        kept = kept.saturating_add(level.path.len()).saturating_add(level.text.len());
                        if kept > MOST_KEPT {
                            return Err(format!("more than {MOST_KEPT} bytes of text"));
                        }
                        self.values.insert(level.path, level.text.trim().to_owned());
                    }
                    if levels.is_empty() {
                        return Ok(());
                    }
                }
                Event::Text(t) => add(levels.last_mut(), &t, limits),
                Event::CData(t) => add(levels.last_mut(), &t, limits),
                Event::GeneralRef(r) => {
                    let c = crate::engine::document::xml::resolved(&r).map_err(|e| e.what)?;
                    add(levels.last_mut(), c.encode_utf8(&mut [0; 4]), limits);
                }
                Event::Eof => return Err("the document ends early".into()),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    /// All values by path, in alphabetical order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// A value that is there and not empty.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.values.get(path).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Track list: channel in the file (counted from 1) and name.
    pub(super) fn tracks(&self, limits: &Limits) -> Vec<(u32, String)> {
        let mut out = Vec::new();
        for n in 1..=limits.items {
            let base = if n == 1 { "TRACK_LIST/TRACK".to_owned() } else { format!("TRACK_LIST/TRACK[{n}]") };
            let prefix = format!("{base}/");
            if self.values.range(prefix.clone()..).next().is_none_or(|(k, _)| !k.starts_with(&prefix)) {
                break;
            }
            let number = |key: &str| self.get(&format!("{base}/{key}")).and_then(|t| t.trim().parse::<u32>().ok());
            let channel = number("INTERLEAVE_INDEX").or_else(|| number("CHANNEL_INDEX")).filter(|c| *c > 0);
            let name = self.get(&format!("{base}/NAME"));
            if let (Some(channel), Some(name)) = (channel, name) {
                out.push((channel, name.to_owned()));
            }
        }
        out
    }

    /// Rate and drop-frame flag of the timecode. Rates such as `2997/100` are resolved to the exact one.
    pub(super) fn timecode_rate(&self) -> Option<(Rational, bool)> {
        let text = self.get("SPEED/TIMECODE_RATE")?;
        let rate: Rational = text.trim().parse().ok()?;
        let rate = if matches!(rate.den(), 1 | 1001) { rate } else { Rational::from_decimal_rate(rate.as_f64())? };
        let flag = self.get("SPEED/TIMECODE_FLAG").unwrap_or("NDF");
        Some((rate, flag.eq_ignore_ascii_case("DF")))
    }

    /// Samples since midnight. The halves are 32-bit and may be written as signed numbers.
    pub(super) fn samples_since_midnight(&self) -> Option<u64> {
        let half = |key: &str| {
            let n: i64 = self.get(key)?.trim().parse().ok()?;
            u32::try_from(n).ok().or_else(|| i32::try_from(n).ok().map(i32::cast_unsigned))
        };
        let low = half("SPEED/TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO")?;
        let high = half("SPEED/TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI").unwrap_or(0);
        Some(u64::from(high) << 32 | u64::from(low))
    }
}

/// The path of a child; the second and later ones of a name get `[n]`. The root has none.
fn step(parent: Option<&mut Level>, name: &str) -> String {
    let Some(parent) = parent else { return String::new() };
    let n = parent.seen.entry(name.to_owned()).or_insert(0);
    *n = n.saturating_add(1);
    let base = if parent.path.is_empty() { name.to_owned() } else { format!("{}/{name}", parent.path) };
    if *n == 1 { base } else { format!("{base}[{n}]") }
}

fn add(level: Option<&mut Level>, text: &str, limits: &Limits) {
    let most = usize::try_from(limits.text).unwrap_or(usize::MAX);
    if let Some(level) = level {
        let room = most.saturating_sub(level.text.len());
        level.text.extend(text.chars().scan(0usize, |used, c| {
            *used = used.saturating_add(c.len_utf8());
            (*used <= room).then_some(c)
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> IXml {
        IXml::read(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn paths_entities_and_halves() {
        let x = read(
            "<?xml version=\"1.0\"?><BWFXML><SCENE>1 &amp; 2&#x41;</SCENE><TAKE/><SPEED><TIMECODE_RATE>2997/100\
             </TIMECODE_RATE><TIMECODE_FLAG>DF</TIMECODE_FLAG><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>1</TIMESTAMP_\
             SAMPLES_SINCE_MIDNIGHT_HI><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>-2</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>\
             </SPEED><TRACK_LIST><TRACK><CHANNEL_INDEX>3</CHANNEL_INDEX><INTERLEAVE_INDEX>1</INTERLEAVE_INDEX><NAME>\
             Boom</NAME></TRACK><TRACK><CHANNEL_INDEX>4</CHANNEL_INDEX><NAME><![CDATA[Lav <1>]]></NAME></TRACK>\
             </TRACK_LIST></BWFXML>   ",
        );
        assert_eq!(x.fault, None);
        assert_eq!(x.get("SCENE"), Some("1 & 2A"));
        assert_eq!(x.timecode_rate(), Some((Rational::new(30_000, 1001).unwrap(), true)));
        assert_eq!(x.samples_since_midnight(), Some((1 << 32) + 0xffff_fffe));
        assert_eq!(x.tracks(&Limits::default()), [(1, "Boom".into()), (4, "Lav <1>".into())]);
    }

    #[test]
    fn hostile_documents_stop_early_with_a_reason() {
        let deep = "<a>".repeat(1000);
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]><x><y>&b;</y></x>";
        for bad in [deep.as_str(), bomb, "<a><b></a>", "<a>", "", "junk", "<a>&#xFFFFFFFF;</a>", "<\0>"] {
            assert!(read(bad).fault.is_some(), "{bad}");
        }
        let many = format!("<a>{}</a>", "<b>1</b>".repeat(50));
        let l = Limits { items: 20, ..Limits::default() };
        assert!(IXml::read(many.as_bytes(), &l).fault.is_some());
        let name = "n".repeat(129);
        assert!(read(&format!("<a><{name}>1</{name}></a>")).fault.is_some());
        let path = "n".repeat(100);
        let big =
            format!("{}{}{}", format!("<{path}>").repeat(30), "<b>1</b>".repeat(5000), format!("</{path}>").repeat(30));
        assert!(read(&big).fault.unwrap().contains("bytes of text"));
        let l = Limits { text: 10, ..Limits::default() };
        let long = IXml::read(format!("<a><b>{}</b></a>", "é".repeat(50)).as_bytes(), &l);
        assert_eq!(long.get("b"), Some("ééééé"));
    }

    #[test]
    fn latin_1_is_read() {
        let x = IXml::read(b"<a><NOTE>caf\xe9</NOTE></a>\0\0\0", &Limits::default());
        assert_eq!((x.get("NOTE"), x.fault.as_deref()), (Some("café"), None));
    }
}
