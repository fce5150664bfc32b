//! `rushes`: an on-premise media processing daemon for post houses.
//!
//! Two halves. [`engine`] is *how*: readers, hashes, sidecars, deliverables; synchronous, without
//! daemon, database, network, log or clock. Everything else is *when*, *what* and *where*.
//! `docs/architecture.md` is the map; `tests/it/architecture.rs` holds the code to it.

// What comes from outside never ends the program: outside of tests nothing here can panic by these.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod model;

pub mod engine;

pub mod telemetry;

pub mod job;
pub mod rules;

pub mod query;

pub mod control;
pub mod exec;
pub mod index;

pub mod watch;

pub mod config;

pub mod daemon;

pub mod cli;
