//! Pictures as files: OpenEXR, DPX, JPEG, PNG.
