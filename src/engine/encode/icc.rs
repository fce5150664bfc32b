//! A small ICC profile (ISO 15076-1, version 4) for a display with the primaries of BT.709 and a power function.

/// The bytes of a display profile with BT.709 primaries, a white of D65 adapted to D50 by the Bradford matrix, and `gamma` as
/// the power from code to light. It bears no date.
pub(super) fn rec709(gamma: f64) -> Vec<u8> {
    let name = format!("Rec.709 gamma {gamma}");
    let curve = [&b"para\0\0\0\0\0\0\0\0"[..], &fixed(gamma)].concat();
    let adaptation = [1.047_88, 0.022_92, -0.050_2, 0.029_59, 0.990_48, -0.017_07, -0.009_23, 0.015_08, 0.751_68];
    let adaptation = [&b"sf32\0\0\0\0"[..], &adaptation.map(fixed).concat()].concat();
    // the curve is stored once and named three times
    let blocks: [(&[&[u8; 4]], Vec<u8>); 8] = [
        (&[b"desc"], text(&name)),
        (&[b"cprt"], text("No copyright")),
        (&[b"wtpt"], xyz(WHITE)),
        (&[b"chad"], adaptation),
        (&[b"rXYZ"], xyz([0.436_07, 0.222_49, 0.013_92])),
        (&[b"gXYZ"], xyz([0.385_15, 0.716_87, 0.097_08])),
        (&[b"bXYZ"], xyz([0.143_07, 0.060_61, 0.714_1])),
        (&[b"rTRC", b"gTRC", b"bTRC"], curve),
    ];
    let count: usize = blocks.iter().map(|(names, _)| names.len()).sum();
    let (mut table, mut data) = (number(count).to_vec(), Vec::new());
    let start = 128 + 4 + count * 12;
    for (names, block) in blocks {
        for name in names {
            table.extend([&name[..], &number(start + data.len()), &number(block.len())].concat());
        }
        data.extend(&block);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    [header(start + data.len()), table, data].concat()
}

/// The white of the profile connection space, D50.
const WHITE: [f64; 3] = [0.964_2, 1.0, 0.824_9];

fn header(size: usize) -> Vec<u8> {
    let mut h = number(size).to_vec();
    h.extend(b"\0\0\0\0\x04\x20\0\0mntrRGB XYZ ");
    h.resize(36, 0);
    h.extend(b"acsp");
    h.resize(68, 0);
    h.extend(WHITE.map(fixed).concat());
    h.resize(128, 0);
    h
}

fn number(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes()
}

/// A signed number with 16 bits behind the point.
fn fixed(x: f64) -> [u8; 4] {
    ((x * 65_536.0).round() as i32).to_be_bytes()
}

fn xyz(v: [f64; 3]) -> Vec<u8> {
    [&b"XYZ \0\0\0\0"[..], &v.map(fixed).concat()].concat()
}

/// One text in American English.
fn text(t: &str) -> Vec<u8> {
    let units: Vec<u8> = t.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [&b"mluc\0\0\0\0"[..], &number(1), &number(12), b"enUS", &number(units.len()), &number(28), &units].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lie_inside_and_at_words() {
        let p = rec709(2.4);
        let word = |at: usize| u32::from_be_bytes(p[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((word(0), &p[36..40], word(128)), (p.len(), &b"acsp"[..], 10));
        for n in 0..10 {
            let at = 132 + n * 12;
            let (from, len) = (word(at + 4), word(at + 8));
            assert!(from % 4 == 0 && from >= 132 + 120 && from + len <= p.len(), "tag {n}");
        }
        let curve = word(132 + 9 * 12 + 4);
        assert_eq!(p[curve..curve + 16], *b"para\0\0\0\0\0\0\0\0\0\x02\x66\x66", "2.4 is 157286 of 65536");
        assert_eq!(p[24..36], [0; 12], "no date");
    }
}
