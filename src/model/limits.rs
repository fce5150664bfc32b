//! How much one unit of work may use.

use serde::{Deserialize, Serialize};

/// Bounds for one worker and for the readers in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Address space of a worker, bytes.
    pub memory: u64,
    /// Longest time one step may take, seconds of the wall clock.
    pub seconds: u64,
    /// Largest output file, bytes.
    pub file_size: u64,
    /// Open files.
    pub open_files: u64,
    /// Most bytes that a reader takes from one file for metadata.
    pub header_bytes: u64,
    /// Deepest nesting of boxes, chunks and XML elements.
    pub depth: u32,
    /// Most items (boxes, chunks, keys, tracks, elements) in one file.
    pub items: u32,
    /// Longest text value kept, bytes; longer ones are cut and a warning says so.
    pub text: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 512 << 20,
            seconds: 10,
            file_size: 64 << 20,
            open_files: 256,
            header_bytes: 64 << 20,
            depth: 32,
            items: 100_000,
            text: 64 << 10,
        }
    }
}
