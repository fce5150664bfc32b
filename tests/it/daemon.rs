//! The real daemon on real folders.
