//! The OpenEXR header ("OpenEXR File Layout"): typed attributes, parts, and where the pixel blocks lie.

mod header;
mod part;
mod timecode;
mod value;

pub use header::{Attribute, ExrHeader, Flags, MAGIC, write_header};
pub use part::{Blocks, Channel, Compression, Part, SampleKind, Window};
pub use timecode::{pack_timecode, unpack_timecode};
pub use value::{ExrValue, decimal};

#[cfg(test)]
mod tests;
