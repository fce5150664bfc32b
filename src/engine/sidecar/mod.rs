//! What we write about a clip.
