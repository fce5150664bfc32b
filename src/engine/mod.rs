//! HOW: what is done to media. Synchronous, free of daemon, clock and database.

pub mod beneath;
pub mod killpoint;

pub mod hash;
pub mod image;
pub mod process;

pub mod compare;
pub mod container;
pub mod document;
pub mod sequence;

pub mod colour;
pub mod encode;
pub mod format;
pub mod framing;
pub mod video;

pub mod sidecar;

pub mod deliver;
