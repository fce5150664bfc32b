//! The real daemon on real folders.

mod control;
mod facility;
mod killed;
mod once;
mod running;
mod surroundings;
