//! The `fmt ` chunk (WAVEFORMATEX and WAVEFORMATEXTENSIBLE, Microsoft).

use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::Error;

/// How samples are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveFmt {
    /// Format code: 1 = PCM, 3 = IEEE float; for extensible files the code inside the GUID.
    pub tag: u16,
    /// Channels.
    pub channels: u16,
    /// Samples per second and channel.
    pub rate: u32,
    /// Bytes per second.
    pub byte_rate: u32,
    /// Bytes of one sample of all channels.
    pub block: u16,
    /// Bits of the container of one sample.
    pub bits: u16,
    /// Bits that carry sound, when the file says so (extensible only).
    pub valid_bits: Option<u16>,
    /// Which loudspeakers (extensible only).
    pub channel_mask: Option<u32>,
}

impl WaveFmt {
    /// Reads `size` bytes of contents at the cursor. Bytes beyond the known fields are ignored.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when shorter than 14 bytes, or without channels or rate.
    pub fn read(b: &mut Bytes<'_>, size: u64) -> Result<Self, Error> {
        let at = b.pos();
        if size < 14 {
            return Err(Error::malformed(format!("the fmt chunk has {size} bytes, at least 14 are needed")).offset(at));
        }
        let e = Endian::Little;
        let mut fmt = Self {
            tag: b.u16(e)?,
            channels: b.u16(e)?,
            rate: b.u32(e)?,
            byte_rate: b.u32(e)?,
            block: b.u16(e)?,
            bits: if size >= 16 { b.u16(e)? } else { 0 },
            valid_bits: None,
            channel_mask: None,
        };
        if fmt.tag == 0xfffe && size >= 40 {
            b.skip(2);
            fmt.valid_bits = Some(b.u16(e)?).filter(|n| *n > 0 && *n <= fmt.bits);
            fmt.channel_mask = Some(b.u32(e)?);
            fmt.tag = b.u16(e)?;
        }
        if fmt.channels == 0 || fmt.rate == 0 {
            let what = format!("the fmt chunk says {} channels at {} samples per second", fmt.channels, fmt.rate);
            return Err(Error::malformed(what).offset(at));
        }
        Ok(fmt)
    }

    /// Plain PCM.
    #[must_use]
    pub fn pcm(channels: u16, rate: u32, bits: u16) -> Self {
        let block = channels.saturating_mul(bits.div_ceil(8));
        let byte_rate = rate.saturating_mul(u32::from(block));
        Self { tag: 1, channels, rate, byte_rate, block, bits, valid_bits: None, channel_mask: None }
    }

    /// The contents of a `fmt ` chunk without extension, 16 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16);
        out.extend_from_slice(&self.tag.to_le_bytes());
        out.extend_from_slice(&self.channels.to_le_bytes());
        out.extend_from_slice(&self.rate.to_le_bytes());
        out.extend_from_slice(&self.byte_rate.to_le_bytes());
        out.extend_from_slice(&self.block.to_le_bytes());
        out.extend_from_slice(&self.bits.to_le_bytes());
        out
    }

    /// Name of the code (`PCM`), `None` when not a common one.
    #[must_use]
    pub fn codec(&self) -> Option<&'static str> {
        Some(match self.tag {
            1 => "PCM",
            2 => "Microsoft ADPCM",
            3 => "PCM float",
            6 => "A-law",
            7 => "mu-law",
            0x11 => "IMA ADPCM",
            0x50 => "MPEG audio",
            0x55 => "MP3",
            0xff => "AAC",
            0x2000 => "AC-3",
            _ => return None,
        })
    }

    /// Whether each block holds one sample of all channels.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        matches!(self.tag, 1 | 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;

    #[test]
    fn written_and_read() {
        let f = WaveFmt::pcm(2, 48_000, 24);
        let bytes = f.to_bytes();
        let back = WaveFmt::read(&mut Bytes::slice(&bytes, &Limits::default()), 16).unwrap();
        assert_eq!(back, f);
        assert_eq!((f.block, f.byte_rate, f.codec()), (6, 288_000, Some("PCM")));
        assert!(WaveFmt::read(&mut Bytes::slice(&bytes, &Limits::default()), 13).is_err());
        let none = WaveFmt::pcm(0, 48_000, 24).to_bytes();
        assert!(WaveFmt::read(&mut Bytes::slice(&none, &Limits::default()), 16).is_err());
    }
}
