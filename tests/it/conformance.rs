//! Against the files and oracles in RUSHES_DATA; says what it ran or skipped.

mod agreement;
mod camera_sheets;
mod colour;
mod exports;
mod exr_writers;
mod formats_all;
mod formats_camera;
mod formats_dpx;
mod formats_exr;
mod formats_frames;
mod formats_imf;
mod formats_mov;
mod formats_mxf;
pub mod formats_oracle;
mod formats_pixels;
mod formats_proven;
mod formats_tiff;
mod formats_timecode;
mod formats_wav;
mod formats_writers;
mod pixels_dpx;
mod pixels_jp2;
mod plates;
mod plates_ocio;
mod proxies;
mod written_mhl;
