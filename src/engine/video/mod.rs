//! Moving pictures through ffmpeg, as a child process behind walls.
