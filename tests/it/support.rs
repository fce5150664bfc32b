//! Shared by the tests.

use std::path::{Path, PathBuf};

/// A program of the Python environment that `tests/install-deps.sh` makes, or `None` after saying that the test is skipped.
pub fn oracle(test: &str, program: &str) -> Option<PathBuf> {
    let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = || var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")));
    let dir = var("RUSHES_ORACLES").or_else(|| Some(cache()?.join("rushes/oracles")))?;
    let path = dir.join("bin").join(program);
    if !path.exists() {
        println!("{test}: skipped, no {} (tests/install-deps.sh)", path.display());
        return None;
    }
    Some(path)
}

/// A DPX picture as the standard lays it out (SMPTE ST 268), read without the program's own code.
pub struct RawDpx {
    pub width: usize,
    pub height: usize,
    /// Red, green, blue after one another.
    pub codes: Vec<u16>,
    /// The highest code.
    pub top: u16,
    /// `10-bit RGB, filled A, big endian` and the like.
    pub form: String,
}

impl RawDpx {
    /// `None` for what this plain reader does not know: other components than RGB, packed or padded lines, several elements.
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let big = match bytes.get(..4)? {
            b"SDPX" => true,
            b"XPDS" => false,
            _ => return None,
        };
        let u32_at = |at: usize| {
            let b: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(if big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
        };
        let u16_at = |at: usize| {
            let b: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
            Some(if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
        };
        let (width, height) = (u32_at(772)? as usize, u32_at(776)? as usize);
        let start = u32_at(4)? as usize;
        let (descriptor, bits, packing) = (*bytes.get(800)?, *bytes.get(803)?, u16_at(804)?);
        let plain = u16_at(770)? == 1 && descriptor == 50 && u16_at(806)? == 0 && u32_at(780)? == 0;
        let padded = [812, 816].iter().any(|at| !matches!(u32_at(*at), Some(0 | u32::MAX)));
        let apart = !matches!(u32_at(808)?, 0 | u32::MAX) && u32_at(808)? as usize != start;
        if !plain || padded || apart || start < 1664 || width == 0 {
            return None;
        }
        let mut codes = Vec::new();
        for y in 0..height {
            let mut line = Vec::new();
            match (bits, packing) {
                (8, _) => {
                    let stride = (width * 3).div_ceil(4) * 4;
                    line.extend(bytes.get(start + y * stride..)?.get(..width * 3)?.iter().map(|b| u16::from(*b)));
                }
                (10, 1 | 2) => {
                    let low = if packing == 1 { 2 } else { 0 };
                    for x in 0..width {
                        let word = u32_at(start + 4 * (y * width + x))?;
                        line.extend([20, 10, 0].map(|s| (word >> (s + low) & 1023) as u16));
                    }
                }
                (12, 1 | 2) | (16, _) => {
                    let stride = (width * 6).div_ceil(4) * 4;
                    for n in 0..width * 3 {
                        let word = u16_at(start + y * stride + 2 * n)?;
                        line.push(match (bits, packing) {
                            (12, 1) => word >> 4,
                            (12, _) => word & 4095,
                            _ => word,
                        });
                    }
                }
                _ => return None,
            }
            codes.extend(line);
        }
        let fill = match (bits, packing) {
            (10 | 12, 1) => ", filled A",
            (10 | 12, _) => ", filled B",
            _ => "",
        };
        let form = format!("{bits}-bit RGB{fill}, {} endian", if big { "big" } else { "little" });
        Some(Self { width, height, codes, top: ((1u32 << bits) - 1) as u16, form })
    }

    /// The codes as parts of the highest one.
    pub fn levels(&self) -> impl Iterator<Item = f64> {
        self.codes.iter().map(|c| f64::from(*c) / f64::from(self.top))
    }
}
