//! Readers against fixtures that the project's own builders make.
