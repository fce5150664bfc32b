//! Text documents of the trade, one file each, reader and writer together.

pub mod camera;
pub mod cdl;
pub mod cube;
pub mod imf;
pub mod mhl;
mod mhl_tree;
mod mhl_xml;
pub mod xml;
