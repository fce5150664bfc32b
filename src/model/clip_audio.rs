//! The sound and slate half of the clip document.

use super::clip_image::group;
use serde::{Deserialize, Serialize};

/// One track of a sound file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// Channel in the file, counted from 1.
    pub channel: u32,
    /// Its name (`Boom`).
    pub name: String,
}

group!(
    /// Sound.
    Audio {
        /// Channels.
        channels: u32,
        /// Samples per second.
        rate: u32,
        /// Bits per sample.
        bit_depth: u32,
        /// Timecode label of the first sample.
        timecode: String,
        /// Length in samples.
        samples: u64,
        /// Samples since midnight at the first sample.
        samples_since_midnight: u64,
        /// Track names.
        tracks: Vec<AudioTrack>,
    }
);
group!(
    /// The slate.
    Slate {
        /// Scene.
        scene: String,
        /// Shot.
        shot: String,
        /// Take.
        take: String,
        /// Circled (good) take.
        circled: bool,
        /// Free note.
        note: String,
    }
);
group!(
    /// When it was recorded.
    Recorded {
        /// ISO 8601, with offset when known.
        date: String,
    }
);
group!(
    /// The medium.
    Media {
        /// Serial number of the card or drive.
        serial: String,
    }
);
