//! What had to be changed in samples to write them.

use serde::{Deserialize, Serialize};

/// How many samples of a picture could not be written as they were.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Samples that were no number; 0 was written.
    pub nan: u64,
    /// Samples beyond the range of the file's samples, infinities among them; the nearest end of the range was written.
    pub overflow: u64,
}

impl std::ops::Add for Counts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { nan: self.nan.saturating_add(other.nan), overflow: self.overflow.saturating_add(other.overflow) }
    }
}
