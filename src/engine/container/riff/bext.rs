//! The `bext` chunk of Broadcast Wave (EBU Tech 3285, versions 0 to 2).

use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{Error, Limits};

/// Bytes before the coding history.
const FIXED: u64 = 602;
/// Bytes up to and including the version: the least that makes sense.
const LEAST: u64 = 348;

/// What a recorder says about its file. Texts are UTF-8, or ISO 8859-1 where that fails.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bext {
    /// Free text; many recorders put `sSCENE=…` lines here.
    pub description: Option<String>,
    /// Who or what recorded it.
    pub originator: Option<String>,
    /// Their reference (USID).
    pub originator_reference: Option<String>,
    /// `YYYY-MM-DD`, as written: any separator.
    pub date: Option<String>,
    /// `HH:MM:SS`, as written: any separator.
    pub time: Option<String>,
    /// Samples since midnight at the first sample.
    pub time_reference: u64,
    /// Version 0, 1 or 2.
    pub version: u16,
    /// SMPTE ST 330 UMID as it stands, when not all zero (version 1 and up).
    pub umid: Option<Vec<u8>>,
    /// Hundredths: programme loudness, range, true peak, momentary, short-term (version 2); 0x7FFF = unset.
    pub loudness: Option<[i16; 5]>,
    /// How the signal was coded before.
    pub coding_history: Option<String>,
}

impl Bext {
    /// Reads `size` bytes of contents at the cursor; fields that a short chunk lacks stay empty.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when the chunk ends before its version field.
    pub fn read(b: &mut Bytes<'_>, size: u64, limits: &Limits) -> Result<Self, Error> {
        let at = b.pos();
        if size < LEAST {
            let what = format!("the bext chunk has {size} bytes, at least {LEAST} are needed");
            return Err(Error::malformed(what).offset(at));
        }
        let mut out = Self {
            description: field_text(&b.take(256)?),
            originator: field_text(&b.take(32)?),
            originator_reference: field_text(&b.take(32)?),
            date: field_text(&b.take(10)?),
            time: field_text(&b.take(8)?),
            time_reference: b.u64(Endian::Little)?,
            version: b.u16(Endian::Little)?,
            ..Self::default()
        };
        if size < FIXED {
            return Ok(out);
        }
        let umid = b.take(64)?;
        if out.version >= 1 && umid.iter().any(|x| *x != 0) {
            let basic = umid.iter().skip(32).all(|x| *x == 0);
            out.umid = Some(umid.into_iter().take(if basic { 32 } else { 64 }).collect());
        }
        let mut loudness = [0i16; 5];
        for x in &mut loudness {
            *x = i16::from_le_bytes(b.array()?);
        }
        if out.version >= 2 {
            out.loudness = Some(loudness);
        }
        b.skip(180);
        let rest = size.saturating_sub(FIXED).min(u64::from(limits.text));
        out.coding_history = field_text(&b.take(rest)?);
        Ok(out)
    }

    /// The contents of a `bext` chunk. Texts that do not fit are cut.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut field = |text: &Option<String>, len: usize| {
            let from = text.as_deref().unwrap_or("").bytes().chain(std::iter::repeat(0));
            out.extend(from.take(len));
        };
        field(&self.description, 256);
        field(&self.originator, 32);
        field(&self.originator_reference, 32);
        field(&self.date, 10);
        field(&self.time, 8);
        out.extend_from_slice(&self.time_reference.to_le_bytes());
        out.extend_from_slice(&self.version.to_le_bytes());
        let umid = self.umid.as_deref().unwrap_or(&[]);
        out.extend(umid.iter().copied().chain(std::iter::repeat(0)).take(64));
        for x in self.loudness.unwrap_or_default() {
            out.extend_from_slice(&x.to_le_bytes());
        }
        out.extend(std::iter::repeat_n(0, 180));
        out.extend_from_slice(self.coding_history.as_deref().unwrap_or("").as_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        let x = Bext {
            description: Some("sSCENE=12A".into()),
            originator: Some("Rücorder".into()),
            date: Some("2018-12-31".into()),
            time: Some("12:40:00".into()),
            time_reference: 2_190_940_753,
            version: 2,
            umid: Some(vec![6; 32]),
            loudness: Some([-2300, 500, -100, 0x7fff, 0x7fff]),
            coding_history: Some("A=PCM,F=48000,W=24".into()),
            ..Bext::default()
        };
        let l = Limits::default();
        let bytes = x.to_bytes();
        let size = u64::try_from(bytes.len()).unwrap();
        assert_eq!(Bext::read(&mut Bytes::slice(&bytes, &l), size, &l).unwrap(), x);
        let short = Bext::read(&mut Bytes::slice(&bytes, &l), 400, &l).unwrap();
        assert_eq!((short.time_reference, short.umid), (2_190_940_753, None));
        assert!(Bext::read(&mut Bytes::slice(&bytes, &l), 347, &l).is_err());
    }
}
