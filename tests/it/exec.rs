//! Workers: sandbox, limits, publishing.
