//! Against the files and oracles in RUSHES_DATA; says what it ran or skipped.

mod formats_all;
mod formats_dpx;
mod formats_mov;
pub mod formats_oracle;
mod formats_timecode;
mod formats_wav;
mod formats_writers;
