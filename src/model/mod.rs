//! The nouns that everything else is written in. No I/O here.

mod clip;
mod clip_audio;
mod clip_image;
mod error;
mod fingerprint;
mod frame;
mod ids;
mod limits;
mod metadata;
mod paths;
mod rational;
mod stat;
mod timecode;

pub use clip::{
    AppliedDefault, CLIP_SCHEMA, CheckResult, ClipDoc, ClipFile, ClipHead, ClipUnit, FormatInfo, FrameGap, Reuse,
    Severity, TimecodeInfo, WaiverNote,
};
pub use clip_audio::{Audio, AudioTrack, Media, Recorded, Slate};
pub use clip_image::{Camera, Cdl, Color, Exposure, Fps, FrameGuide, Image, Lens, Rect};
pub use error::{CODES, Error, ErrorKind, Place};
pub use fingerprint::{Fingerprint, HashKind};
pub use frame::{FRAME_SCHEMA, FrameFacts, FrameRow};
pub use ids::{ClipId, JobId, stable_id};
pub use limits::Limits;
pub use metadata::{Origin, Warning};
pub use paths::{MediaPath, escape_for_people};
pub use rational::Rational;
pub use stat::FileStat;
pub use timecode::{Timecode, TimecodeError};
