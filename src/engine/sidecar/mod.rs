//! What we write about a clip, or about several.

mod ale;
mod brief;
mod csv;
mod extent;
mod json;
mod opentrackio;
mod otio;
mod report;

pub use ale::{ale, ale_table};
pub use csv::csv;
pub use json::{SidecarContext, json};
pub use opentrackio::opentrackio;
pub use otio::{otio, otio_collection};
pub use report::{Roll, Row, report};
