//! Where a value came from, and what was odd about it.

use serde::{Deserialize, Serialize};

/// Where a normalised field was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The reader, by format id (`dpx`, `mov`, `wav`), or `name`, `rule`, `show`.
    pub reader: String,
    /// The source's own name of the field (`industry.timecode`, `com.apple.quicktime.make`, `bext.TimeReference`).
    pub tag: String,
    /// Byte offset, box path or XML path, for a person: `offset 0x780`, `moov/trak[1]/mdia`.
    #[serde(rename = "where")]
    pub place: String,
}

impl Origin {
    /// A new origin.
    #[must_use]
    pub fn new(reader: &str, tag: impl Into<String>, place: impl Into<String>) -> Self {
        Self { reader: reader.to_owned(), tag: tag.into(), place: place.into() }
    }
}

/// Something odd that did not stop the reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable code in capitals (`META-CONFLICT`, `DPX-SIZE`, `FORMAT-UNKNOWN`).
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Warning {
    /// A new warning.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
