//! Bounded reading of untrusted bytes.
