//! RIFF, RF64 and BW64 chunks.
