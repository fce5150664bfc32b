//! Byte grammars, one layout for reader and writer.

pub mod bmff;
pub mod bytes;
pub mod dpx;
pub mod exr;
pub mod ifd;
pub mod mxf;
pub mod riff;
