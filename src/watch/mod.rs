//! From a folder to ready clips: the scan is the truth, events only wake it.
