//! The real daemon on real folders.

mod control;
pub mod facility;
mod killed;
mod namesakes;
mod once;
mod pictures;
mod running;
mod surroundings;
