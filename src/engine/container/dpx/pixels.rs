//! How much room DPX pixels take, and packing of 10-bit RGB.

use crate::engine::container::bytes::Endian;

/// The fewest bytes that uncompressed pixels of one image element can take, without padding at the
/// ends of lines (some scanners leave it out). `None` when the layout is not understood: then
/// nothing can be said about the file's size.
#[must_use]
pub fn least_bytes(descriptor: u32, depth: u32, packing: u32, width: u32, height: u32) -> Option<u64> {
    let components: u64 = match descriptor {
        0..=4 | 6 | 8 => 1,
        50 | 101 | 102 => 3,
        51 | 52 | 103 => 4,
        100 | 150 => 2,
        151..=156 => u64::from(descriptor - 148),
        _ => return None,
    };
    let samples = u64::from(width).checked_mul(u64::from(height))?.checked_mul(components)?;
    match (depth, packing) {
        (1 | 8 | 16 | 32 | 64, 0..=2) | (10 | 12, 0) => {
            samples.checked_mul(u64::from(depth)).map(|bits| bits.div_ceil(8))
        }
        (10, 1 | 2) => samples.div_ceil(3).checked_mul(4),
        (12, 1 | 2) => samples.checked_mul(2),
        _ => None,
    }
}

/// Packs 10-bit RGB into 32-bit words, filled, method A (two padding bits at the low end), as nearly
/// all 10-bit DPX files are. Bits above the tenth are dropped.
#[must_use]
pub fn pack_rgb10(pixels: &[[u16; 3]], endian: Endian) -> Vec<u8> {
    let words = pixels.iter().map(|[r, g, b]| {
        let bits = |c: &u16| u32::from(*c & 0x3ff);
        bits(r) << 22 | bits(g) << 12 | bits(b) << 2
    });
    words.flat_map(|w| if endian == Endian::Big { w.to_be_bytes() } else { w.to_le_bytes() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(least_bytes(50, 10, 1, 512, 512), Some(512 * 512 * 4));
        assert_eq!(least_bytes(6, 10, 1, 31, 25), Some(1036));
        assert_eq!(least_bytes(50, 12, 0, 8, 4), Some(144));
        assert_eq!(least_bytes(51, 12, 1, 1920, 4), Some(61_440));
        assert_eq!(least_bytes(50, 8, 0, 600, 402), Some(723_600));
        assert_eq!(least_bytes(50, 11, 0, 1, 1), None);
        assert_eq!(least_bytes(99, 8, 0, 1, 1), None);
        assert_eq!(least_bytes(156, 64, 0, u32::MAX, u32::MAX), None);
    }

    #[test]
    fn packing() {
        assert_eq!(pack_rgb10(&[[1023, 0, 1023]], Endian::Big), [0xff, 0xc0, 0x0f, 0xfc]);
        assert_eq!(pack_rgb10(&[[1023, 0, 1023]], Endian::Little), [0xfc, 0x0f, 0xc0, 0xff]);
    }
}
