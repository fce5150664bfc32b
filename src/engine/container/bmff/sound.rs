//! Sound sample descriptions, versions 0 to 2, and what the boxes inside them say.

use super::header::need;
use super::{Atom, Entry, FourCc, Walk, contents, find};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// A sound sample description.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundEntry {
    /// 0, 1 or 2.
    pub version: u16,
    /// Channels.
    pub channels: u32,
    /// Bits per sample as written; means nothing for compressed sound.
    pub bits: u32,
    /// Samples per second; 0 when the field cannot hold it.
    pub rate: u32,
    /// Flags of `lpcm` in version 2: bit 0 floating point, bit 1 big-endian.
    pub flags: u32,
    /// The boxes that follow, those inside `wave` too.
    pub children: Vec<Atom>,
}

/// What a decoder configuration says, as far as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Configuration {
    /// Channels.
    pub channels: Option<u32>,
    /// Samples per second.
    pub rate: Option<u32>,
    /// Bits per sample.
    pub bits: Option<u32>,
    /// The MPEG-4 object type of `mp4a` (0x40 for AAC).
    pub object: Option<u8>,
}

impl SoundEntry {
    /// Reads a sound description.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when it is too short; `LIMIT-SIZE`; those of [`Bytes`].
    pub fn read(b: &mut Bytes<'_>, a: &Entry, walk: &mut Walk<'_>) -> Result<Self, Error> {
        need(a, 28)?;
        b.seek(a.body.saturating_add(8));
        let version = b.u16(Endian::Big)?;
        b.skip(6);
        let (channels, bits) = (u32::from(b.u16(Endian::Big)?), u32::from(b.u16(Endian::Big)?));
        b.skip(4);
        let rate = b.u32(Endian::Big)? >> 16;
        let mut s = Self { version, channels, bits, rate, flags: 0, children: Vec::new() };
        let head = match version {
            1 if a.len() >= 44 => 44,
            2 if a.len() >= 64 => {
                b.skip(4);
                let rate = f64::from_bits(b.u64(Endian::Big)?);
                s.rate = if (1.0..=1e7).contains(&rate) { rate.round() as u32 } else { 0 };
                s.channels = b.u32(Endian::Big)?;
                b.skip(4);
                s.bits = b.u32(Endian::Big)?;
                s.flags = b.u32(Endian::Big)?;
                64
            }
            _ => 28,
        };
        s.children = walk.loose_children(b, &a.without(head))?;
        if let Some(wave) = find(&s.children, b"wave") {
            s.children.extend(walk.loose_children(b, &wave)?);
        }
        Ok(s)
    }

    /// What the decoder configuration of AAC or Apple Lossless, or `pcmC`, says.
    ///
    /// # Errors
    /// Those of [`Bytes`].
    pub fn configuration(&self, b: &mut Bytes<'_>, format: FourCc) -> Result<Configuration, Error> {
        let of = |id| find(&self.children, id);
        match &format {
            b"mp4a" => {
                let Some(esds) = of(b"esds") else { return Ok(Configuration::default()) };
                let mut c = Configuration::default();
                let _ = aac(&contents(b, &esds, 512)?, &mut c);
                Ok(c)
            }
            b"alac" => {
                let Some(c) = of(b"alac") else { return Ok(Configuration::default()) };
                let c = contents(b, &c, 64)?;
                let rate = c.get(24..28).and_then(|r| r.try_into().ok()).map(u32::from_be_bytes);
                let one = |at: usize| c.get(at).map(|n| u32::from(*n));
                Ok(Configuration { channels: one(13), rate, bits: one(9), object: None })
            }
            b"ipcm" | b"fpcm" => {
                let Some(c) = of(b"pcmC") else { return Ok(Configuration::default()) };
                let bits = contents(b, &c, 8)?.get(5).map(|n| u32::from(*n));
                Ok(Configuration { bits, ..Configuration::default() })
            }
            b"ac-3" | b"ec-3" => {
                let id = if &format == b"ac-3" { b"dac3" } else { b"dec3" };
                let Some(c) = of(id) else { return Ok(Configuration::default()) };
                Ok(Configuration { channels: dolby(&format, &contents(b, &c, 8)?), ..Configuration::default() })
            }
            _ => Ok(Configuration::default()),
        }
    }
}

/// Channels of AC-3 and E-AC-3 (ETSI TS 102 366, annex F); `None` for several substreams.
fn dolby(format: &FourCc, c: &[u8]) -> Option<u32> {
    const MODES: [u32; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
    let (mode, low) = match format {
        b"ac-3" => (*c.get(1)? >> 3 & 7, *c.get(1)? >> 2 & 1),
        _ if *c.get(1)? & 7 != 0 || *c.get(4)? >> 1 & 15 != 0 => return None,
        _ => (*c.get(3)? >> 1 & 7, *c.get(3)? & 1),
    };
    Some(MODES.get(usize::from(mode))?.saturating_add(u32::from(low)))
}

/// Object type, and channels and rate of an AudioSpecificConfig (ISO/IEC 14496-3), inside an `esds`.
fn aac(esds: &[u8], out: &mut Configuration) -> Option<()> {
    const RATES: [u32; 13] =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    let mut rest = esds.get(4..)?;
    loop {
        let (tag, body) = descriptor(rest)?;
        rest = match tag {
            3 => {
                let flags = *body.get(2)?;
                let mut at = 3;
                at += if flags & 0x80 != 0 { 2 } else { 0 };
                at += if flags & 0x40 != 0 { usize::from(*body.get(at)?) + 1 } else { 0 };
                at += if flags & 0x20 != 0 { 2 } else { 0 };
                body.get(at..)?
            }
            4 => {
                out.object = body.first().copied();
                // Only MPEG-4 and MPEG-2 AAC have this configuration.
                if !matches!(out.object, Some(0x40 | 0x66..=0x68)) {
                    return None;
                }
                body.get(13..)?
            }
            5 => {
                let (a, b) = (u32::from(*body.first()?), u32::from(*body.get(1)?));
                // Object types above 30, explicit rates and program configurations are left alone.
                let (object, index, channels) = (a >> 3, (a & 7) << 1 | b >> 7, (b >> 3) & 15);
                // SBR and PS (types 5 and 29, or silently) double what the core says.
                let plain = matches!(object, 1..=4 | 17 | 23);
                out.rate = usize::try_from(index).ok().and_then(|i| RATES.get(i)).filter(|_| plain).copied();
                out.channels = match channels {
                    n @ 1..=6 if plain => Some(n),
                    7 if plain => Some(8),
                    _ => None,
                };
                return Some(());
            }
            _ => return None,
        };
    }
}

/// Tag and contents of one MPEG-4 descriptor.
fn descriptor(d: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, mut rest) = d.split_first()?;
    let mut size = 0usize;
    for _ in 0..4 {
        let (x, more) = rest.split_first()?;
        rest = more;
        size = size << 7 | usize::from(x & 0x7f);
        if x & 0x80 == 0 {
            break;
        }
    }
    Some((*tag, rest.get(..size.min(rest.len()))?))
}
