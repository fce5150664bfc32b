//! From a source picture to a canvas: pure geometry, and the resampling that follows it.

mod fit;
mod kernel;
mod resample;

pub use fit::{Crop, Fit, Placement, Target};
pub use kernel::Filter;
pub use resample::resample;
