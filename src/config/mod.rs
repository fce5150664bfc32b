//! The configuration file: shape, meaning, reload.
