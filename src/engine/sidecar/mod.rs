//! What we write about a clip.

mod ale;
mod json;

pub use ale::ale;
pub use json::{SidecarContext, json};
