//! Recordings that a camera divides into several files: RED's `A001_C001_0101XX_001.R3D`, `…_002.R3D`, one clip.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Extensions of such files.
const EXTENSIONS: [&[u8]; 1] = [b"r3d"];

/// The name of the recording and the number of its segment, of a file that may be one.
#[must_use]
pub fn segment(name: &OsStr) -> Option<(&[u8], u32)> {
    let bytes = name.as_bytes();
    let dot = bytes.iter().rposition(|b| *b == b'.')?;
    let (stem, ext) = (bytes.get(..dot)?, bytes.get(dot.saturating_add(1)..)?);
    if !EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(ext)) {
        return None;
    }
    let [recording @ .., b'_', a, b, c] = stem else { return None };
    let digits = [*a, *b, *c];
    if recording.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number =
        digits.iter().fold(0u32, |n, d| n.saturating_mul(10).saturating_add(u32::from(d.saturating_sub(b'0'))));
    Some((recording, number))
}

/// Whether more files may join a clip to which this one belongs.
#[must_use]
pub fn may_grow(name: &OsStr) -> bool {
    segment(name).is_some()
}

/// The numbers of segments that are missing among those of a recording, which begins with 1.
#[must_use]
pub fn missing(names: &[&OsStr]) -> Vec<u32> {
    let have: Vec<u32> = names.iter().filter_map(|n| segment(n)).map(|(_, n)| n).collect();
    let last = have.iter().copied().max().unwrap_or(0);
    (1..last).filter(|n| !have.contains(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_segments() {
        let of = |name: &str| segment(OsStr::new(name)).map(|(r, n)| (String::from_utf8(r.to_vec()).unwrap(), n));
        assert_eq!(of("A001_C001_0101XX_001.R3D"), Some(("A001_C001_0101XX".into(), 1)));
        assert_eq!(of("A_012.r3d"), Some(("A".into(), 12)));
        for no in ["A_0001.R3D", "A_01.R3D", "_001.R3D", "A001.R3D", "A_001.mov", "A_00x.R3D", "R3D", ".R3D"] {
            assert_eq!(of(no), None, "{no}");
        }
        let names = ["A_001.R3D", "A_004.R3D"].map(OsStr::new);
        assert_eq!(missing(&names), [2, 3]);
        assert_eq!(missing(&[OsStr::new("A_001.R3D")]), [] as [u32; 0]);
    }
}
