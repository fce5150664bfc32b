//! Every log line declared once; journald or stderr; what the service manager is told.

pub mod events;
mod lines;
pub mod notify;
mod output;

pub use lines::{LineFormat, render_line};
pub use output::{Journal, LogHandle, Settings, init, is_journal, set_level};
