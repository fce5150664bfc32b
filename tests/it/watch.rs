//! Watching: stories with their own clock, and real folders.
