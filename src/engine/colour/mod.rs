//! From one colour encoding to another: a list of ops with their numbers, applied in order.
//!
//! A [`Space`] is one entry of the table [`SPACES`]. A [`Chain`] leads from one space to another through ACES2065-1, with
//! CDLs and tables where a [`Builder`] put them; it is data, and its JSON is enough to compute it again. [`Kernel`] runs it
//! over pictures in `f32`, [`Chain::apply_pixel`] over one pixel in `f64`.
//!
//! Powers and logarithms of the `f32` loops are our own (plain IEEE operations in a fixed order): the same samples give
//! the same bits whatever the machine and its mathematical library.

mod chain;
mod fast;
mod law;
mod lut;
mod matrix;
mod op;
mod spaces;

pub use chain::{Builder, Chain, Step};
pub use law::{Direction, Law, Log, PowerToe};
pub use lut::{Interpolation, Rows, Table, ops_of_cube, sha256};
pub use matrix::{Matrix, Xy};
pub use op::{Cdl, CdlStyle, Kernel, LUMA, Op};
pub use spaces::{Adaptation, Encoding, Evidence, Gamut, Kind, Primaries, SPACES, Space, find, logc3, names};

#[cfg(test)]
mod tests;
