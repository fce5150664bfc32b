//! From the bytes of DPX pixels to code values (SMPTE ST 268-1, clause 5, and its annex on packing).

use crate::engine::container::bytes::Endian;

/// How the components of a picture lie in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Components of a pixel, 1–4.
    pub components: usize,
    /// How one component is stored.
    pub cells: Cells,
    /// Byte order of words of 16 and 32 bits.
    pub endian: Endian,
    /// Whether components of one word are counted from its low end, as those of one-component pictures of 10 bits are.
    pub low_first: bool,
}

/// How one component is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// One byte.
    Byte,
    /// Three of 10 bits in a word of 32 bits, this many padding bits at its low end: 2 by method A, 0 by method B.
    Ten(u32),
    /// 12 bits in a word of 16 bits, this many padding bits at its low end: 4 by method A, 0 by method B.
    Twelve(u32),
    /// A word of 16 bits.
    Word,
    /// This many bits (10 or 12), one after the other from the low end of words of 32 bits, without regard to their borders.
    Packed(u32),
}

impl Layout {
    /// Of a bit depth (8, 10, 12, 16) and a packing code (0, 1, 2); `None` for others.
    #[must_use]
    pub fn new(components: usize, depth: u32, packing: u32, endian: Endian) -> Option<Self> {
        let cells = match (depth, packing) {
            (8, 0..=2) => Cells::Byte,
            (16, 0..=2) => Cells::Word,
            (10 | 12, 0) => Cells::Packed(depth),
            (10, 1) => Cells::Ten(2),
            (10, 2) => Cells::Ten(0),
            (12, 1) => Cells::Twelve(4),
            (12, 2) => Cells::Twelve(0),
            _ => return None,
        };
        (1..=4).contains(&components).then_some(Self { components, cells, endian, low_first: components == 1 })
    }

    /// Bytes that `samples` components take when nothing else lies between them; whole words where components share words.
    #[must_use]
    pub fn bytes(&self, samples: u64) -> Option<u64> {
        match self.cells {
            Cells::Byte => Some(samples),
            Cells::Ten(_) => samples.div_ceil(3).checked_mul(4),
            Cells::Twelve(_) | Cells::Word => samples.checked_mul(2),
            Cells::Packed(bits) => samples.checked_mul(u64::from(bits)).and_then(|n| n.div_ceil(32).checked_mul(4)),
        }
    }

    /// Highest code value.
    #[must_use]
    pub fn highest(&self) -> u16 {
        match self.cells {
            Cells::Byte => 255,
            Cells::Ten(_) | Cells::Packed(10) => 1023,
            Cells::Twelve(_) | Cells::Packed(_) => 4095,
            Cells::Word => u16::MAX,
        }
    }

    /// Fills `codes` from the start of `bytes`. Codes for which there are no bytes stay as they are.
    pub fn codes(&self, bytes: &[u8], codes: &mut [u16]) {
        match self.cells {
            Cells::Byte => codes.iter_mut().zip(bytes).for_each(|(c, b)| *c = u16::from(*b)),
            Cells::Word => self.words16(bytes, codes, |w| w),
            Cells::Twelve(4) => self.words16(bytes, codes, |w| w >> 4),
            Cells::Twelve(_) => self.words16(bytes, codes, |w| w & 0xfff),
            Cells::Ten(padding) => self.tens(bytes, codes, padding),
            Cells::Packed(bits) => self.packed(bytes, codes, bits),
        }
    }

    fn words16(&self, bytes: &[u8], codes: &mut [u16], of: impl Fn(u16) -> u16) {
        let (pairs, _) = bytes.as_chunks::<2>();
        if self.endian == Endian::Big {
            codes.iter_mut().zip(pairs).for_each(|(c, b)| *c = of(u16::from_be_bytes(*b)));
        } else {
            codes.iter_mut().zip(pairs).for_each(|(c, b)| *c = of(u16::from_le_bytes(*b)));
        }
    }

    fn words32<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = u32> + use<'a> {
        let big = self.endian == Endian::Big;
        let (words, _) = bytes.as_chunks::<4>();
        words.iter().map(move |w| if big { u32::from_be_bytes(*w) } else { u32::from_le_bytes(*w) })
    }

    fn tens(&self, bytes: &[u8], codes: &mut [u16], padding: u32) {
        let shifts = if self.low_first { [0, 10, 20] } else { [20, 10, 0] };
        for (three, word) in codes.chunks_mut(3).zip(self.words32(bytes)) {
            for (code, shift) in three.iter_mut().zip(shifts) {
                *code = low(word >> padding >> shift, 10);
            }
        }
    }

    fn packed(&self, bytes: &[u8], codes: &mut [u16], bits: u32) {
        let (mut held, mut count) = (0u64, 0);
        let mut words = self.words32(bytes);
        for code in codes {
            if count < bits {
                let Some(word) = words.next() else { return };
                held |= u64::from(word) << count;
                count += 32;
            }
            *code = low((held & 0xffff) as u32, bits);
            held >>= bits;
            count -= bits;
        }
    }
}

fn low(word: u32, bits: u32) -> u16 {
    (word & ((1 << bits) - 1)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use Endian::{Big, Little};

    fn codes(components: usize, depth: u32, packing: u32, endian: Endian, bytes: &[u8], n: usize) -> Vec<u16> {
        let mut out = vec![9999; n];
        Layout::new(components, depth, packing, endian).unwrap().codes(bytes, &mut out);
        out
    }

    #[test]
    fn filled_words() {
        let a = 1u32 << 22 | 2 << 12 | 3 << 2 | 3;
        let b = 3u32 << 30 | 1 << 20 | 2 << 10 | 3;
        for (packing, word) in [(1, a), (2, b)] {
            assert_eq!(codes(3, 10, packing, Big, &word.to_be_bytes(), 3), [1, 2, 3]);
            assert_eq!(codes(4, 10, packing, Little, &word.to_le_bytes(), 4), [1, 2, 3, 9999]);
            assert_eq!(codes(1, 10, packing, Big, &word.to_be_bytes(), 3), [3, 2, 1], "brightness from the low end");
        }
        assert_eq!(codes(3, 12, 1, Big, &[0x12, 0x3f, 0x45, 0x60], 2), [0x123, 0x456]);
        assert_eq!(codes(3, 12, 2, Little, &[0x23, 0xf1, 0x56, 0x04], 2), [0x123, 0x456]);
        assert_eq!(codes(3, 16, 0, Little, &[1, 2, 3], 2), [0x0201, 9999]);
        assert_eq!(codes(3, 8, 0, Big, &[1, 2, 3], 3), [1, 2, 3]);
    }

    #[test]
    fn packed_from_the_low_end_of_words() {
        let words = [0x67ab_c123u32, 0xffff_fff5];
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        let got = codes(3, 12, 0, Big, &bytes, 3);
        assert_eq!(got, [0x123, 0xabc, 0x567]);
        let bytes: Vec<u8> = [1023u32 << 10 | 5, 0].iter().flat_map(|w| w.to_le_bytes()).collect();
        assert_eq!(codes(3, 10, 0, Little, &bytes, 4), [5, 1023, 0, 0]);
    }

    #[test]
    fn sizes() {
        let size = |c, d, p, n| Layout::new(c, d, p, Big).unwrap().bytes(n);
        assert_eq!(size(1, 10, 1, 31), Some(44));
        assert_eq!(size(3, 12, 0, 27), Some(44));
        assert_eq!(size(3, 10, 0, 3), Some(4));
        assert_eq!(size(3, 16, 0, 9), Some(18));
        assert_eq!(size(3, 16, 0, u64::MAX), None);
        for (c, d, p) in [(0, 8, 0), (5, 8, 0), (3, 32, 0), (3, 1, 0), (3, 10, 3)] {
            assert_eq!(Layout::new(c, d, p, Big), None);
        }
    }
}
