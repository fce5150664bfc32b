//! The real daemon on real folders.

mod bad_looks;
mod beside;
mod control;
mod explained;
pub mod facility;
mod full_disk;
mod killed;
mod movies;
mod namesakes;
mod once;
mod packages;
mod pictures;
mod plates;
mod recompute;
mod running;
mod search;
mod surroundings;
