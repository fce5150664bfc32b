//! Bits per component from decoder configurations: `avcC`, `hvcC` (ISO/IEC 14496-15) and `av1C`.

/// From `hvcC`: luma bits, when luma and chroma agree.
#[must_use]
pub fn hevc_bits(c: &[u8]) -> Option<u32> {
    let (chroma, luma, grey) = (*c.get(18)? & 7, *c.get(17)? & 7, *c.get(16)? & 3 == 0);
    (c.first() == Some(&1) && (grey || chroma == luma)).then(|| u32::from(luma).saturating_add(8))
}

/// From `av1C`.
#[must_use]
pub fn av1_bits(c: &[u8]) -> Option<u32> {
    let flags = *c.get(2)?;
    Some(match (flags & 0x40 != 0, flags & 0x20 != 0) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    })
}

/// From `avcC`: by the profile where it allows one depth only, else from the first sequence parameter set.
#[must_use]
pub fn avc_bits(c: &[u8]) -> Option<u32> {
    if c.first() != Some(&1) {
        return None;
    }
    match *c.get(1)? {
        66 | 77 | 88 | 100 | 118 | 128 => return Some(8),
        110 | 122 | 244 | 44 => {}
        _ => return None,
    }
    if *c.get(5)? & 31 == 0 {
        return None;
    }
    let size = usize::from(u16::from_be_bytes([*c.get(6)?, *c.get(7)?]));
    let set = c.get(8..8usize.checked_add(size)?)?;
    sequence_bits(set.get(4..)?)
}

/// `bit_depth_luma` of a sequence parameter set after profile, constraints and level, when chroma agrees.
fn sequence_bits(payload: &[u8]) -> Option<u32> {
    // Emulation prevention: 00 00 03 stands for 00 00. Only the first bytes matter.
    let mut bytes = Vec::with_capacity(64);
    let mut zeros = 0;
    for &b in payload.iter().take(64) {
        if zeros >= 2 && b == 3 {
            zeros = 0;
            continue;
        }
        zeros = if b == 0 { zeros + 1 } else { 0 };
        bytes.push(b);
    }
    let mut bits = Bits { bytes: &bytes, at: 0 };
    bits.golomb()?;
    if bits.golomb()? == 3 {
        bits.one()?;
    }
    let (luma, chroma) = (bits.golomb()?, bits.golomb()?);
    (luma == chroma && luma <= 6).then(|| luma.saturating_add(8))
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn one(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at / 8)?;
        let bit = (byte >> (7 - self.at % 8)) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    /// An unsigned Exp-Golomb number below 2^16.
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0u32;
        while self.one()? == 0 {
            zeros += 1;
            if zeros > 16 {
                return None;
            }
        }
        let mut n = 1u32;
        for _ in 0..zeros {
            n = n << 1 | self.one()?;
        }
        n.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths() {
        assert_eq!(avc_bits(&[1, 100, 0, 40, 255, 225]), Some(8));
        // High 4:2:2: set id 0 (1), chroma 2 (011), luma +2 (011), chroma +2 (011) = 1011 0110 11…
        let mut c = vec![1, 122, 0, 40, 255, 0xe1, 0, 6, 0x67, 122, 0, 40, 0b1011_0110, 0b1100_0000];
        assert_eq!(avc_bits(&c), Some(10));
        c.truncate(12);
        assert_eq!(avc_bits(&c), None);
        assert_eq!(avc_bits(&[]), None);
        let mut h = vec![0; 23];
        (h[0], h[16], h[17], h[18]) = (1, 2, 2, 2);
        assert_eq!(hevc_bits(&h), Some(10));
        h[18] = 1;
        assert_eq!(hevc_bits(&h), None);
        assert_eq!((av1_bits(&[0x81, 4, 0x4c]), av1_bits(&[0x81, 4, 0x0c])), (Some(10), Some(8)));
    }
}
