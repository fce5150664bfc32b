//! The picture in memory.

mod counts;
mod frame;

pub use counts::Counts;
pub use frame::Frame;

use std::collections::BTreeMap;

/// A decoded picture, and how it was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The picture: code values from 0 (lowest code) to 1 (highest code) for integer essence, the values themselves for
    /// floating-point essence. Nothing of colour is undone yet.
    pub frame: Frame,
    /// Each choice that the decoder made, by a stable name and as text for people: `layout` = `10-bit RGB filled A, big
    /// endian`, `scale` = `code / 1023`. With the file's bytes this is enough to find any sample again.
    pub how: BTreeMap<String, String>,
}
