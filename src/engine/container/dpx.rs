//! The DPX header (SMPTE ST 268-1).
