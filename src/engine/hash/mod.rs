//! One pass over the bytes, several hashes.
