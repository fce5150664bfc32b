//! ISO base media and QuickTime boxes.
