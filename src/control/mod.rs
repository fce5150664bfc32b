//! Requests, snapshots and the control socket: how other commands speak to the running daemon.
//!
//! One request is one line of JSON, one answer is one line of JSON; a connection may carry several.
//! The types here are complete by themselves: nothing of the daemon or of watching is imported.

mod client;
mod peer;
mod request;
mod search;
mod server;
mod snapshot;

pub use client::ask;
pub use peer::{Peer, user_name};
pub use request::{Done, JobLine, JobsPage, Request, Response, STATES, state_word};
pub use search::{HIT_SCHEMA, Hit, HitPlace, HitsPage, SearchNext, SearchRequest};
pub use server::{Bounds, Handler, ServerHandle, serve, serve_within};
pub use snapshot::{
    ConfigStatus, DaemonState, DiskFree, FolderStatus, HeldClip, IndexCounts, JobCounts, QuarantineLine,
    QuarantineStatus, ReloadStatus, RunningJob, STATUS_SCHEMA, Snapshot, WaitingPath,
};

#[cfg(test)]
mod tests;
