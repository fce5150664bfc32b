//! Pictures as files: OpenEXR, DPX, JPEG, PNG.

pub mod exr;
