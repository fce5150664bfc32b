//! What had to be changed in a picture so that a file can hold it.

/// Samples that a file cannot hold as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Not a number: written as 0.
    pub nan: u64,
    /// Beyond the range of the file's samples, infinities too: written as the nearest value that is in it.
    pub overflow: u64,
}

impl std::ops::Add for Counts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { nan: self.nan.saturating_add(other.nan), overflow: self.overflow.saturating_add(other.overflow) }
    }
}
