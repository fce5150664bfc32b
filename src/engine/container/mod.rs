//! Byte grammars, one layout for reader and writer.

pub mod arriraw;
pub mod bmff;
pub mod bytes;
pub mod camm;
pub mod cineon;
pub mod dpx;
pub mod exr;
pub mod fixed;
pub mod gpmf;
pub mod ifd;
pub mod jp2;
pub mod mpeg;
pub mod mxf;
pub mod red;
pub mod riff;
pub mod rtmd;
