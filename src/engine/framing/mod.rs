//! From a source picture to a canvas: pure geometry, and the resampling that follows it.
