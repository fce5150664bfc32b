//! Headers whose fields lie at fixed places: one table of fields for reader and writer.

use crate::engine::container::bytes::{Endian, field_text};

/// How a field is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unsigned 8 bits; 0xFF = undefined.
    U8,
    /// Unsigned 16 bits; 0xFFFF = undefined.
    U16,
    /// Unsigned 32 bits; 0xFFFFFFFF = undefined.
    U32,
    /// IEEE 754 single; NaN or infinity = undefined.
    F32,
    /// Characters, up to the first NUL; all 0xFF = undefined. The number is the field's length.
    Text(usize),
}

/// One field of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// `section.name`, the name of the tag in `raw`.
    pub name: &'static str,
    /// Offset from the start of the file, bytes.
    pub at: usize,
    /// How it is stored.
    pub kind: Kind,
}

impl Field {
    /// A field at `at`.
    #[must_use]
    pub const fn new(name: &'static str, at: usize, kind: Kind) -> Self {
        Self { name, at, kind }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.kind {
            Kind::U8 => 1,
            Kind::U16 => 2,
            Kind::U32 | Kind::F32 => 4,
            Kind::Text(n) => n,
        }
    }

    /// Never true: every field has bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A value of a header field; undefined fields have none.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Number(u32),
    /// A finite real number.
    Real(f32),
    /// Text, not empty.
    Text(String),
}

/// The bytes of a header and their byte order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// From the start of the header.
    pub bytes: Vec<u8>,
    /// Byte order.
    pub endian: Endian,
}

impl Fixed {
    /// A field's value; `None` when undefined, when the header ends before it, or when it is a text
    /// without characters.
    #[must_use]
    pub fn value(&self, f: &Field) -> Option<Value> {
        match f.kind {
            Kind::F32 => self.real(f).map(Value::Real),
            Kind::Text(_) => self.text(f).map(Value::Text),
            Kind::U8 | Kind::U16 | Kind::U32 => self.number(f).map(Value::Number),
        }
    }

    /// A whole number, if defined.
    #[must_use]
    pub fn number(&self, f: &Field) -> Option<u32> {
        let b = self.part(f)?;
        let big = self.endian == Endian::Big;
        let (n, undefined) = match f.kind {
            Kind::U8 => (u32::from(*b.first()?), u32::from(u8::MAX)),
            Kind::U16 => {
                let b = b.try_into().ok()?;
                let n = if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) };
                (u32::from(n), u32::from(u16::MAX))
            }
            Kind::U32 => (self.word(b)?, u32::MAX),
            Kind::F32 | Kind::Text(_) => return None,
        };
        (n != undefined).then_some(n)
    }

    /// A finite real number, if defined.
    #[must_use]
    pub fn real(&self, f: &Field) -> Option<f32> {
        let x = f32::from_bits(self.word(self.part(f)?)?);
        (f.kind == Kind::F32 && x.is_finite()).then_some(x)
    }

    /// Text, if there is any.
    #[must_use]
    pub fn text(&self, f: &Field) -> Option<String> {
        if matches!(f.kind, Kind::Text(_)) { field_text(self.part(f)?) } else { None }
    }

    /// Writes a number into a number field; does nothing to fields of another kind.
    pub fn set_number(&mut self, f: &Field, n: u32) {
        let big = self.endian == Endian::Big;
        let word = if big { n.to_be_bytes() } else { n.to_le_bytes() };
        match f.kind {
            Kind::U8 => self.put(f.at, &[u8::try_from(n).unwrap_or(u8::MAX)]),
            Kind::U16 => {
                let n = u16::try_from(n).unwrap_or(u16::MAX);
                self.put(f.at, &if big { n.to_be_bytes() } else { n.to_le_bytes() });
            }
            Kind::U32 => self.put(f.at, &word),
            Kind::F32 | Kind::Text(_) => {}
        }
    }

    /// Writes a real number into a real field; does nothing to fields of another kind.
    pub fn set_real(&mut self, f: &Field, x: f32) {
        if f.kind == Kind::F32 {
            let big = self.endian == Endian::Big;
            self.put(f.at, &if big { x.to_be_bytes() } else { x.to_le_bytes() });
        }
    }

    /// Writes text, cut to the field's length less one (readers expect a NUL), into a text field.
    pub fn set_text(&mut self, f: &Field, text: &str) {
        let Kind::Text(len) = f.kind else { return };
        let mut field = vec![0; len];
        for (to, from) in field.iter_mut().take(len.saturating_sub(1)).zip(text.bytes()) {
            *to = from;
        }
        self.put(f.at, &field);
    }

    fn part(&self, f: &Field) -> Option<&[u8]> {
        self.bytes.get(f.at..f.at.checked_add(f.len())?)
    }

    fn word(&self, b: &[u8]) -> Option<u32> {
        let b = b.try_into().ok()?;
        Some(if self.endian == Endian::Big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    /// Puts bytes at a place inside the header; does nothing beyond it.
    pub fn put(&mut self, at: usize, data: &[u8]) {
        if let Some(to) = self.bytes.get_mut(at..at.saturating_add(data.len())) {
            to.copy_from_slice(data);
        }
    }
}

/// Makes a constant of each field, and a list of them.
macro_rules! fields {
    ($(#[$ldoc:meta])* $list:ident; $($(#[$doc:meta])* $id:ident = $name:literal, $at:expr, $kind:expr;)*) => {
        $($(#[$doc])* pub const $id: $crate::engine::container::fixed::Field = $crate::engine::container::fixed::Field::new($name, $at, $kind);)*
        $(#[$ldoc])* pub const $list: &[$crate::engine::container::fixed::Field] = &[$($id),*];
    };
}
pub(crate) use fields;
