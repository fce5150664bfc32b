//! Material exchange format (SMPTE ST 377-1): partitions, header metadata, index tables. All numbers are big end first.

mod index;
pub mod klv;
pub mod partition;
pub mod sample;
mod scan;
pub mod set;
#[cfg(test)]
mod tests;
pub mod write;

pub use index::IndexSegment;
pub use klv::{Klv, Ul};
pub use partition::{Kind, Partition};
pub use scan::{Essence, MOST_RUN_IN, Metadata, Structure, find_header};
pub use set::{Primer, Property, Set};
