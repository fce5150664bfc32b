//! One pass over the bytes, several hashes.
//!
//! XXH3-128 is always computed: it is the identity of a file. The other kinds are computed when a
//! rule or a person asks. Hashes that are slower than a disk (MD5, SHA-1, SHA-256, C4, BLAKE3) run on
//! threads of their own over the same buffers, so that the slowest one alone decides the speed.
//! Memory is bounded: [`RING`] buffers of [`RING_BUFFER`] bytes, or one small buffer for small files
//! and for the fast hashes alone.

mod digest;
mod read;

pub use digest::{bytes_of_text, c4_of_sha512, text_of};
pub use read::fingerprint;

/// Buffers that go round between the reader and the threads of slow hashes.
pub const RING: usize = 4;

/// Bytes in one buffer of the ring.
pub const RING_BUFFER: usize = 4 << 20;

/// Bytes read at once when no slow hash is asked for. Fits in a second-level cache.
pub const INLINE_BUFFER: usize = 1 << 20;

/// Files up to this size are read without threads and with a buffer of their own size.
pub const SMALL_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests;
