//! Camera, image and sound formats: probe by score, read metadata.
//!
//! One file per format, one line per format in [`registry`]. A format decides by the bytes; the name
//! of a file only breaks ties.

mod acquisition;
mod agree;
mod arriraw;
mod avi;
mod beside;
mod camera_metadata;
mod camera_raw;
mod cineon;
pub mod demo;
mod dpx;
mod dpx_decode;
mod exif;
mod exr;
mod facts;
#[cfg(test)]
mod fixtures;
mod frames;
mod imf;
mod inspect;
mod jp2;
mod mov;
mod mxf;
mod red;
pub mod registry;
mod rows;
mod tiff;
mod ts;
mod unknown;
mod wav;
mod wav_sample;

pub use frames::MAX_INSPECTED_FRAMES;
pub use inspect::{inspect, inspect_beside, inspect_some, probe};
pub use registry::{FORMATS, is_frame_extension};
pub use rows::{Each, MOST_FRAMES, rows};

use crate::engine::image::Decoded;
use crate::model::{ClipDoc, Error, Limits, MediaPath};
use std::fs::File;
use std::path::Path;

/// How sure a format is that a file is its own: 0 = no, 100 = the magic bytes are exact.
pub type Score = u8;

/// How many bytes from the start of a file a probe sees, at most.
pub const HEAD_BYTES: usize = 4096;

/// One open file to read.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Its path as it shall appear in the document.
    pub path: &'a MediaPath,
    /// Open for reading; a regular file.
    pub file: &'a File,
    /// Bytes, as `fstat` said.
    pub size: u64,
}

/// A kind of file that can be read.
pub trait Format: Sync {
    /// The id in documents, rules and configuration (`dpx`).
    fn id(&self) -> &'static str;

    /// The name for people (`DPX`).
    fn title(&self) -> &'static str;

    /// Usual file name extensions, lower case, without the dot.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether each file is one frame of a clip.
    fn is_frame(&self) -> bool;

    /// How sure this format is that a file that begins with `head` (at most [`HEAD_BYTES`]) and is
    /// called `path` is its own. Magic bytes decide (above 50); the name breaks ties. 0 without magic.
    fn probe(&self, head: &[u8], path: &Path) -> Score;

    /// Reads one file's metadata into `doc`: `format.*`, normalised fields with their origin through
    /// [`ClipDoc::set`], every vendor tag through [`ClipDoc::keep`], oddities as warnings. Never sets
    /// `clip.files`. For a moving picture it sets `clip.frames` and `fps.project`; `timecode.end` is
    /// filled by [`inspect()`] when the start and the number of frames are known.
    ///
    /// # Errors
    /// Malformed, Limit, Unsupported or Io, with the offset; `doc` is then dropped.
    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error>;

    /// Hands on a row for each frame of one file in order, as it is read: labels, and what is known of each frame. `clip` and
    /// `file` are left to [`rows()`]. A reader that knows nothing of single frames has nothing to write here.
    ///
    /// # Errors
    /// As [`Format::read`], and what `each` answers.
    fn frames(&self, input: &Input<'_>, limits: &Limits, each: Each<'_>) -> Result<(), Error> {
        rows::plain(self, input, limits, each)
    }

    /// Of a clip in several files ([`crate::model::ClipUnit::Spanned`]), reads what the others say, after [`Format::read`]
    /// of the first; `clip.files` says which there are, also those that are not among `inputs` because only so many may be
    /// open. False, and nothing done, when they are further segments that `read` understands and that count up.
    ///
    /// # Errors
    /// As [`Format::read`], with the path.
    fn read_all(&self, _inputs: &[Input<'_>], _limits: &Limits, _doc: &mut ClipDoc) -> Result<bool, Error> {
        Ok(false)
    }

    /// Decodes the picture of one file, for formats of which each file is one frame. A channel of transparency is left
    /// out, one of brightness alone becomes three equal ones, and `how` says so. What is seen of a picture whose stored
    /// window is another one (OpenEXR) is its display window, black where nothing is stored.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for a form that cannot be decoded (yet), Malformed, Limit or Io with the offset.
    fn decode(&self, _input: &Input<'_>, _limits: &Limits) -> Result<Decoded, Error> {
        Err(Error::unsupported(format!("{} is not decoded to pictures", self.title())))
    }
}

/// Whether `path` ends with one of `extensions` (without regard to ASCII case).
#[must_use]
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let ext = path.extension().and_then(|e| e.to_str());
    ext.is_some_and(|e| extensions.iter().any(|x| x.eq_ignore_ascii_case(e)))
}
