//! The DPX header (SMPTE ST 268-1), read and written through one table of fields.

pub mod layout;
mod pixels;
mod unpack;

pub use layout::{ELEMENT, FILM, Field, GENERIC, Kind, TELEVISION};
pub use pixels::{least_bytes, pack_rgb10};
pub use unpack::{Cells, Layout};

use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::fixed::Fixed;
pub use crate::engine::container::fixed::Value;
use crate::model::Error;
use layout::{GENERIC_BYTES, HEADER_BYTES, IMAGE_OFFSET, INDUSTRY_SIZE};

/// The bytes of a DPX header and their byte order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpxHeader {
    fixed: Fixed,
}

impl DpxHeader {
    /// Reads the header. Only bytes before the first pixel count as header: many writers leave out
    /// the industry section and begin the picture at 1664.
    ///
    /// # Errors
    /// No DPX magic (`FILE-MALFORMED`), or the file ends inside the generic section (`FILE-TRUNCATED`).
    pub fn read(b: &mut Bytes<'_>) -> Result<Self, Error> {
        b.seek(0);
        let endian = match &b.array::<4>()? {
            b"SDPX" => Endian::Big,
            b"XPDS" => Endian::Little,
            _ => return Err(Error::malformed("this is no DPX file: it begins with neither SDPX nor XPDS").offset(0)),
        };
        let generic = u64::try_from(GENERIC_BYTES).unwrap_or(u64::MAX);
        if b.size() < generic {
            let what = format!("the DPX header is cut off after {} of {GENERIC_BYTES} bytes", b.size());
            return Err(Error::truncated(what).offset(b.size()).fix("copy the file again from its source"));
        }
        b.seek(0);
        let mut head = Self { fixed: Fixed { bytes: b.take(generic)?, endian } };
        let end = head.picture_start().min(b.size()).min(u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX));
        head.fixed.bytes.extend(b.take(end.saturating_sub(generic))?);
        Ok(head)
    }

    /// An empty header of 2048 bytes: every number undefined, every text empty.
    #[must_use]
    pub fn new(endian: Endian) -> Self {
        let mut head = Self { fixed: Fixed { bytes: vec![0; HEADER_BYTES], endian } };
        head.fixed.put(0, if endian == Endian::Big { b"SDPX" } else { b"XPDS" });
        let elements = (0..layout::MAX_ELEMENTS).flat_map(|n| ELEMENT.iter().map(move |f| f.of_element(n)));
        let others = [GENERIC, FILM, TELEVISION].into_iter().flatten().copied();
        for f in others.chain(elements).filter(|f| !matches!(f.kind, Kind::Text(_))) {
            head.fixed.put(f.at, [0xff; 4].get(..f.len()).unwrap_or(&[0xff; 4]));
        }
        head
    }

    /// Byte order.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.fixed.endian
    }

    /// The header's bytes, ready to be written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.fixed.bytes
    }

    /// Where the first pixel lies. A missing or impossible offset is replaced by the length of the
    /// sections that the header says it has.
    #[must_use]
    pub fn picture_start(&self) -> u64 {
        let generic = u64::try_from(GENERIC_BYTES).unwrap_or(u64::MAX);
        match self.number(&IMAGE_OFFSET) {
            Some(n) if u64::from(n) >= generic => u64::from(n),
            _ if self.number(&INDUSTRY_SIZE) == Some(0) => generic,
            _ => u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX),
        }
    }

    /// A field's value; `None` when undefined, when the header ends before it, or when it is a text
    /// without characters.
    #[must_use]
    pub fn value(&self, f: &Field) -> Option<Value> {
        self.fixed.value(f)
    }

    /// A whole number, if defined.
    #[must_use]
    pub fn number(&self, f: &Field) -> Option<u32> {
        self.fixed.number(f)
    }

    /// A finite real number, if defined.
    #[must_use]
    pub fn real(&self, f: &Field) -> Option<f32> {
        self.fixed.real(f)
    }

    /// Text, if there is any.
    #[must_use]
    pub fn text(&self, f: &Field) -> Option<String> {
        self.fixed.text(f)
    }

    /// Writes a number into a number field; does nothing to fields of another kind.
    pub fn set_number(&mut self, f: &Field, n: u32) {
        self.fixed.set_number(f, n);
    }

    /// Writes a real number into a real field; does nothing to fields of another kind.
    pub fn set_real(&mut self, f: &Field, x: f32) {
        self.fixed.set_real(f, x);
    }

    /// Writes text, cut to the field's length less one (readers expect a NUL), into a text field.
    pub fn set_text(&mut self, f: &Field, text: &str) {
        self.fixed.set_text(f, text);
    }
}

#[cfg(test)]
mod tests {
    use super::layout::*;
    use super::*;
    use crate::model::Limits;

    #[test]
    fn fields_do_not_overlap() {
        let mut taken = vec![None; HEADER_BYTES];
        let elements = (0..MAX_ELEMENTS).flat_map(|n| ELEMENT.iter().map(move |f| f.of_element(n)));
        for f in [GENERIC, FILM, TELEVISION].into_iter().flatten().copied().chain(elements) {
            for slot in &mut taken[f.at..f.at + f.len()] {
                assert_eq!(*slot, None, "{} overlaps", f.name);
                *slot = Some(f.name);
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for endian in [Endian::Big, Endian::Little] {
            let mut h = DpxHeader::new(endian);
            assert_eq!(h.number(&WIDTH), None);
            assert_eq!(h.real(&TV_RATE), None);
            assert_eq!(h.text(&CREATOR), None);
            h.set_number(&IMAGE_OFFSET, 2048);
            h.set_number(&WIDTH, 4096);
            h.set_number(&BIT_DEPTH, 10);
            h.set_number(&PACKING, 1);
            h.set_real(&TV_RATE, 23.976);
            h.set_text(&FILM_MAKER, "123");
            h.set_text(&CREATOR, "rushes");
            let bytes = h.bytes().to_vec();
            let back = DpxHeader::read(&mut Bytes::slice(&bytes, &Limits::default())).unwrap();
            assert_eq!(back, h);
            assert_eq!(back.number(&WIDTH), Some(4096));
            assert_eq!(back.number(&PACKING), Some(1));
            assert_eq!(back.number(&BIT_DEPTH.of_element(1)), None);
            assert_eq!(back.real(&TV_RATE), Some(23.976));
            assert_eq!(back.text(&FILM_MAKER).as_deref(), Some("1"));
            assert_eq!(back.value(&CREATOR), Some(Value::Text("rushes".into())));
        }
    }

    #[test]
    fn pixels_are_not_header() {
        let mut h = DpxHeader::new(Endian::Big);
        h.set_number(&IMAGE_OFFSET, 1664);
        h.set_number(&TIMECODE, 0x0102_0304);
        let back = DpxHeader::read(&mut Bytes::slice(h.bytes(), &Limits::default())).unwrap();
        assert_eq!(back.number(&TIMECODE), None);
        h.set_number(&IMAGE_OFFSET, 0);
        assert_eq!(h.picture_start(), 2048);
        h.set_number(&INDUSTRY_SIZE, 0);
        assert_eq!(h.picture_start(), 1664);
    }
}
