//! The real daemon on real folders.

mod control;
pub mod facility;
mod killed;
mod namesakes;
mod once;
mod pictures;
mod plates;
mod running;
mod surroundings;
