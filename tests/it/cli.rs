//! The real program in a real shell.
