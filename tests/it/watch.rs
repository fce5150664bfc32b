//! Watching: stories with their own clock, and real folders.

mod measure;
mod mounted;
mod real;
mod stories;
