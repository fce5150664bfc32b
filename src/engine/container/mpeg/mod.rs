//! MPEG transport streams (ISO/IEC 13818-1) and the headers of the pictures in them.

mod elementary;
mod stream;
#[cfg(test)]
mod tests;

pub use elementary::{Picture, avc, hevc, mpeg2};
pub use stream::{Elementary, Transport, packet_size, sample_ts};
