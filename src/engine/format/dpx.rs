//! DPX frames.
