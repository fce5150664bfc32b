//! Camera, image and sound formats: probe by score, read metadata.

mod dpx;
mod mov;
mod wav;
