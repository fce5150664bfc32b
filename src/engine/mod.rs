//! HOW: what is done to media. Synchronous, free of daemon, clock and database.

pub mod beneath;
pub mod killpoint;

pub mod hash;
pub mod process;

pub mod container;
pub mod sequence;

pub mod format;

pub mod sidecar;

pub mod deliver;
