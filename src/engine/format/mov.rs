//! QuickTime and MP4 files.
