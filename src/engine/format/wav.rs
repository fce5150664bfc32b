//! Broadcast Wave sound files.
