//! The integration tests: one binary.

mod architecture;
mod battered;
mod cli;
mod config;
mod conformance;
mod daemon;
mod exec;
mod fuzz_corpus;
mod index;
mod media;
mod pictures;
mod proxies;
mod proxies_mxf;
mod support;
mod video;
mod watch;
