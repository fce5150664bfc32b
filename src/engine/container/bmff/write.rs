//! Writes boxes, for fixtures.

use super::FourCc;

/// A box of type `id` around `parts`, with a 32-bit size.
#[must_use]
pub fn atom(id: &FourCc, parts: &[&[u8]]) -> Vec<u8> {
    let n: usize = parts.iter().map(|p| p.len()).sum();
    let size = u32::try_from(n.saturating_add(8)).unwrap_or(u32::MAX);
    let mut out = size.to_be_bytes().to_vec();
    out.extend_from_slice(id);
    parts.iter().for_each(|p| out.extend_from_slice(p));
    out
}

/// A box with version and flags before its contents.
#[must_use]
pub fn full_atom(id: &FourCc, version: u8, flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    let [_, a, b, c] = flags.to_be_bytes();
    let head = [version, a, b, c];
    let mut all: Vec<&[u8]> = vec![&head];
    all.extend_from_slice(parts);
    atom(id, &all)
}
