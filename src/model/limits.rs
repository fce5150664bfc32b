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
    /// Threads that decode, colour and encode pictures in one worker, 1 to 1024.
    #[serde(default = "one")]
    pub threads: u32,
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
            threads: 1,
            text: 64 << 10,
        }
    }
}

fn one() -> u32 {
    1
}

impl Limits {
    /// Bounds for work on pictures: 4 GiB of memory, an hour for a range of frames, files of 256 GiB.
    #[must_use]
    pub fn for_pictures() -> Self {
        Self { memory: 4 << 30, seconds: 3600, file_size: 256 << 30, open_files: 1024, ..Self::default() }
    }

    /// Bytes of pictures that a worker may hold at once: half of its memory, so that the other half is left to codecs,
    /// buffers and stacks.
    #[must_use]
    pub fn picture_bytes(&self) -> u64 {
        self.memory / 2
    }
}
