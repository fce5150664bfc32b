//! Configuration: errors, shipped files.
