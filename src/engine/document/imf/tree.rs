//! An XML document as a tree of local names, within limits: enough of it for the documents of a package.

use crate::engine::document::xml::{broken, resolved};
use crate::model::{Error, Limits};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Most bytes of a document: compositions of long programmes have some megabytes.
pub const MOST_BYTES: u64 = 16 << 20;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without prefix.
    pub name: String,
    /// Offset of its `<` in the file, bytes.
    pub at: u64,
    /// The text directly in it, without white space around.
    pub text: String,
    /// The elements in it, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first element of this name directly in it.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// Every element of this name directly in it.
    pub fn all<'e>(&'e self, name: &str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The text of the first element of this name directly in it; `None` when there is none.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.as_str()).filter(|t| !t.is_empty())
    }

    /// [`Element::text_of`], as a text of its own.
    #[must_use]
    pub fn owned(&self, name: &str) -> Option<String> {
        self.text_of(name).map(str::to_owned)
    }
}

/// The root of a document, and the name space it is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The root element.
    pub root: Element,
    /// Name space of the root as declared in it.
    pub namespace: Option<String>,
}

/// The local name of the root element of a document that begins with `head`; `None` when it is no XML, or when the root
/// lies behind `head`.
#[must_use]
pub fn root_name(head: &[u8]) -> Option<&str> {
    let mut rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    loop {
        let (begin, end): (&[u8], &[u8]) = match rest {
            [b'<', b'?', ..] => (b"<?", b"?>"),
            [b'<', b'!', b'-', b'-', ..] => (b"<!--", b"-->"),
            _ => break,
        };
        let inside = rest.get(begin.len()..)?;
        let at = inside.windows(end.len()).position(|w| w == end)?;
        rest = inside.get(at.saturating_add(end.len())..)?.trim_ascii_start();
    }
    let name = rest.strip_prefix(b"<")?;
    let end = name.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))?;
    let name = std::str::from_utf8(name.get(..end)?).ok()?;
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    local.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(local)
}

/// Reads a whole document whose root has this local name.
///
/// # Errors
/// Malformed with the offset: no UTF-8, no XML, a document type declaration, an entity of its own, another root;
/// `FILE-TRUNCATED` when it ends early; Limit beyond [`MOST_BYTES`], or items or depth of `limits`.
pub fn parse(bytes: &[u8], root: &str, limits: &Limits) -> Result<Document, Error> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(Error::limit(format!("a document of more than {MOST_BYTES} bytes")));
    }
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let base = u64::try_from(bytes.len().saturating_sub(plain.len())).unwrap_or(0);
    let text = std::str::from_utf8(plain).map_err(|e| {
        let at = u64::try_from(e.valid_up_to()).unwrap_or(0).saturating_add(base);
        // a character that is cut off at the end of the file
        let what = "the document is not in UTF-8";
        let e =
            if e.error_len().is_some() { Error::malformed(what) } else { Error::truncated("the document ends early") };
        e.offset(at)
    })?;
    let mut reader = Reader::from_str(text);
    let walk = Walk { limits, base, open: Vec::new(), elements: 0, done: None, namespace: None };
    walk.run(&mut reader, root).map_err(|e| match e.place.offset {
        Some(_) => e,
        None => e.offset(reader.buffer_position().saturating_add(base)),
    })
}

struct Walk<'l> {
    limits: &'l Limits,
    base: u64,
    open: Vec<Element>,
    elements: u32,
    done: Option<Element>,
    namespace: Option<String>,
}

impl Walk<'_> {
    fn run(mut self, reader: &mut Reader<&[u8]>, root: &str) -> Result<Document, Error> {
        loop {
            let at = reader.buffer_position().saturating_add(self.base);
            match reader.read_event().map_err(|e| broken(&e))? {
                Event::Start(e) => self.start(&e, at, root)?,
                Event::Empty(e) => {
                    self.start(&e, at, root)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(t) => self.add(&t),
                Event::CData(t) => self.add(&t),
                Event::GeneralRef(r) => self.add(resolved(&r)?.encode_utf8(&mut [0; 4])),
                Event::DocType(_) => return Err(Error::malformed("a document type declaration is not allowed")),
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        match self.done {
            Some(root) => Ok(Document { root, namespace: self.namespace }),
            None => Err(Error::truncated("the document ends early").fix("copy the file again")),
        }
    }

    fn start(&mut self, e: &BytesStart<'_>, at: u64, root: &str) -> Result<(), Error> {
        self.elements = self.elements.saturating_add(1);
        if self.elements > self.limits.items {
            return Err(Error::limit(format!("more than {} elements", self.limits.items)));
        }
        if u32::try_from(self.open.len()).unwrap_or(u32::MAX) >= self.limits.depth {
            return Err(Error::limit(format!("elements nest deeper than {}", self.limits.depth)));
        }
        let name = String::from_utf8_lossy(e.local_name().as_ref().as_ref()).into_owned();
        if self.open.is_empty() {
            if self.done.is_some() {
                return Err(Error::malformed("there is a second root element").offset(at));
            }
            if name != root {
                let name: String = name.chars().take(40).collect();
                return Err(Error::malformed(format!("the root element is `{name}`, not `{root}`")).offset(at));
            }
            self.namespace = namespace(e)?;
        }
        self.open.push(Element { name, at, ..Element::default() });
        Ok(())
    }

    fn end(&mut self) {
        let Some(mut e) = self.open.pop() else { return };
        e.text = e.text.trim().to_owned();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(e),
            None => self.done = Some(e),
        }
    }

    /// Longer texts than the limit are cut.
    fn add(&mut self, text: &str) {
        let most = usize::try_from(self.limits.text).unwrap_or(usize::MAX);
        if let Some(e) = self.open.last_mut() {
            let room = most.saturating_sub(e.text.len());
            e.text.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or(text));
        }
    }
}

/// The name space that the root declares for its own prefix.
fn namespace(e: &BytesStart<'_>) -> Result<Option<String>, Error> {
    let name = String::from_utf8_lossy(e.name().as_ref().as_ref()).into_owned();
    let wanted = name.split_once(':').map_or_else(|| "xmlns".to_owned(), |(prefix, _)| format!("xmlns:{prefix}"));
    for a in e.attributes().take(64) {
        let a = a.map_err(|e| Error::malformed(format!("this is no XML: {e}")))?;
        if String::from_utf8_lossy(a.key.as_ref().as_ref()) == wanted.as_str() {
            let value = a.normalized_value(quick_xml::XmlVersion::Implicit1_0);
            let value = value.map_err(|e| Error::malformed(format!("this is no XML: {e}")))?;
            return Ok(Some(value.chars().take(200).collect()));
        }
    }
    Ok(None)
}
