//! What the file system says about a file.

use serde::{Deserialize, Serialize};

/// The evidence that a file is still the same one. Compared for equality only, never for "newer".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct FileStat {
    /// Device of the file system.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Status-change time, nanoseconds since 1970.
    pub ctime_ns: i128,
}
