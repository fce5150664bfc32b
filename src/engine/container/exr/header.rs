//! Version word and attributes of every part.

use super::part::Part;
use super::value::{ExrValue, MOST_NAME};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::{Error, ErrorKind, Limits};

/// The first four bytes of every OpenEXR file.
pub const MAGIC: [u8; 4] = [0x76, 0x2f, 0x31, 0x01];

/// The only version of the layout; its flags are in the upper 24 bits of the word.
const VERSION: u32 = 2;
const TILED: u32 = 0x200;
const LONG_NAMES: u32 = 0x400;
const DEEP: u32 = 0x800;
const MULTIPART: u32 = 0x1000;

/// Longest name without the flag for long names, bytes.
const SHORT_NAME: usize = 31;

/// What the version word says beside the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// A single part of tiles.
    pub tiled: bool,
    /// Names may have up to 255 bytes, not 31.
    pub long_names: bool,
    /// Some part has a list of samples for each pixel.
    pub deep: bool,
    /// Several headers, and a part number before each block.
    pub multipart: bool,
}

/// An attribute of a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ExrValue,
    /// Offset of its name in the file, bytes.
    pub at: u64,
}

/// All headers of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ExrHeader {
    /// Flags of the version word.
    pub flags: Flags,
    /// The parts, at least one.
    pub parts: Vec<Part>,
    /// Where the tables of block offsets begin, bytes from the start of the file.
    pub tables_at: u64,
}

impl ExrHeader {
    /// Reads every header from the start of the file.
    ///
    /// # Errors
    /// `FILE-MALFORMED` without the magic bytes, for a name or size that cannot be; `FORMAT-UNSUPPORTED` for another
    /// version of the layout; `FILE-TRUNCATED`; `LIMIT-SIZE` for more attributes than `limits.items`.
    pub fn read(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        b.seek(0);
        if b.array::<4>()? != MAGIC {
            return Err(Error::malformed("this is no OpenEXR file: its first bytes are not 76 2F 31 01").offset(0));
        }
        let word = b.u32(Endian::Little)?;
        if word & 0xff != VERSION {
            let what = format!("version {} of the OpenEXR layout is not known, only {VERSION}", word & 0xff);
            return Err(Error::unsupported(what).offset(4));
        }
        let known = TILED | LONG_NAMES | DEEP | MULTIPART;
        if word & !0xff & !known != 0 {
            let what = format!("the version word {word:#x} has flags that are not defined");
            return Err(Error::unsupported(what).offset(4));
        }
        let has = |bit: u32| word & bit != 0;
        let flags =
            Flags { tiled: has(TILED), long_names: has(LONG_NAMES), deep: has(DEEP), multipart: has(MULTIPART) };
        let mut parts = Vec::new();
        let mut left = limits.items;
        loop {
            let at = b.pos();
            let attributes = attributes(b, limits, &mut left)?;
            if attributes.is_empty() {
                break;
            }
            parts.push(Part { attributes, at });
            if !flags.multipart {
                break;
            }
        }
        if parts.is_empty() {
            return Err(Error::malformed("the OpenEXR header has no attributes").offset(8));
        }
        Ok(Self { flags, parts, tables_at: b.pos() })
    }
}

/// The attributes up to the empty name that ends a header.
fn attributes(b: &mut Bytes<'_>, limits: &Limits, left: &mut u32) -> Result<Vec<Attribute>, Error> {
    let mut out = Vec::new();
    loop {
        let at = b.pos();
        let name = name(b)?;
        if name.is_empty() {
            return Ok(out);
        }
        *left = left
            .checked_sub(1)
            .ok_or_else(|| Error::limit("the file has more attributes than limits.items").offset(at))?;
        let name = super::value::text(&name);
        let kind = super::value::text(&self::name(b)?);
        let size_at = b.pos();
        let size = i32::from_le_bytes(b.array()?);
        let size = u64::try_from(size).map_err(|_| {
            Error::malformed(format!("the attribute {name} has a size of {size} bytes")).offset(size_at)
        })?;
        let value = ExrValue::read(b, &kind, size, limits)?;
        out.push(Attribute { name, value, at });
    }
}

/// Bytes up to a NUL.
fn name(b: &mut Bytes<'_>) -> Result<Vec<u8>, Error> {
    let at = b.pos();
    let mut out = Vec::new();
    loop {
        match b.u8()? {
            0 => return Ok(out),
            _ if out.len() >= MOST_NAME => {
                return Err(Error::malformed("the header has a name longer than 255 bytes").offset(at));
            }
            c => out.push(c),
        }
    }
}

/// The bytes of a file with one part of scan lines up to its table of offsets: magic, version word, and these attributes
/// sorted by the bytes of their names. Names longer than 31 bytes set the flag for long names.
///
/// # Errors
/// `INTERNAL` for a name that is empty, too long, has a NUL or comes twice, and for a value that is never written.
pub fn write_header(attributes: &[(String, ExrValue)]) -> Result<Vec<u8>, Error> {
    let mut sorted: Vec<&(String, ExrValue)> = attributes.iter().collect();
    sorted.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let refuse = |what: String| Error::new(ErrorKind::Io, "INTERNAL", what);
    let mut longest = 0;
    let mut body = Vec::new();
    let mut last: Option<&str> = None;
    for (name, value) in sorted {
        if name.is_empty() || name.len() > MOST_NAME || name.contains('\0') {
            return Err(refuse(format!("`{name}` cannot be the name of an OpenEXR attribute")));
        }
        if last == Some(name) {
            return Err(refuse(format!("the OpenEXR attribute {name} is given twice")));
        }
        last = Some(name);
        let bytes = value.to_bytes();
        let bytes = bytes.ok_or_else(|| refuse(format!("the OpenEXR attribute {name} cannot be written")))?;
        let size = i32::try_from(bytes.len());
        let size = size.map_err(|_| refuse(format!("the OpenEXR attribute {name} is longer than 2 GiB")))?;
        longest = longest.max(name.len());
        if let ExrValue::Channels(list) = value {
            longest = list.iter().map(|c| c.name.len()).fold(longest, usize::max);
        }
        for part in [name.as_bytes(), &[0], value.kind().as_bytes(), &[0], &size.to_le_bytes(), &bytes] {
            body.extend_from_slice(part);
        }
    }
    let word = VERSION | if longest > SHORT_NAME { LONG_NAMES } else { 0 };
    Ok([&MAGIC[..], &word.to_le_bytes(), &body, &[0]].concat())
}
