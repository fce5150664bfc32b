//! Pure: file names to clips (frame runs, gaps).
