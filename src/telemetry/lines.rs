//! Log lines for stderr: one line a record, for people or as JSON.

use crate::model::escape_for_people;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// `2026-11-24T10:02:11.123Z WARN  file-refused: sentence  folder=ocf path="…"`; fields whose value stands in the
    /// sentence are left out.
    People {
        /// With colours.
        color: bool,
    },
    /// One JSON object with `time`, `level`, `event`, `message` and the fields.
    Json,
}

/// A layer that writes each record to stderr with one call, so that lines never mix.
pub(super) struct Lines(pub LineFormat);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        let time = jiff::Timestamp::now();
        let line = render_line(self.0, time, *event.metadata().level(), &seen.event, &seen.message, &seen.fields);
        // A closed stderr must not end the daemon.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

#[derive(Default)]
struct Seen {
    event: String,
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "rushes_event" => value.clone_into(&mut self.event),
            name => self.fields.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// One record as one line with its line end. No control character survives.
#[must_use]
pub fn render_line(
    format: LineFormat,
    time: jiff::Timestamp,
    level: Level,
    event: &str,
    message: &str,
    fields: &[(&'static str, String)],
) -> String {
    let time = format!("{time:.3}");
    match format {
        LineFormat::Json => {
            let mut map = serde_json::Map::new();
            map.insert("time".into(), time.into());
            map.insert("level".into(), level.to_string().to_lowercase().into());
            if !event.is_empty() {
                map.insert("event".into(), event.into());
            }
            map.insert("message".into(), message.into());
            for (k, v) in fields {
                map.insert((*k).to_owned(), v.as_str().into());
            }
            format!("{}\n", serde_json::Value::Object(map))
        }
        LineFormat::People { color } => {
            let (on, off, dim) = if color { (tint(level), "\u{1b}[0m", "\u{1b}[2m") } else { ("", "", "") };
            let mut line = format!("{dim}{time}{off} {on}{level:<5}{off} ");
            if !event.is_empty() {
                let _ = write!(line, "{}: ", escape_for_people(event));
            }
            line.push_str(&escape_for_people(message));
            // what the sentence says already is not said twice
            let more = fields.iter().filter(|(_, v)| v.is_empty() || !message.contains(v.as_str()));
            for (i, (k, v)) in more.enumerate() {
                let v = escape_for_people(v);
                let plain = !v.is_empty() && !v.contains([' ', '"', '=']);
                let gap = if i == 0 { "  " } else { " " };
                let _ = if plain {
                    write!(line, "{gap}{dim}{k}={v}{off}")
                } else {
                    write!(line, "{gap}{dim}{k}=\"{}\"{off}", v.replace('"', "\\\""))
                };
            }
            line.push('\n');
            line
        }
    }
}

fn tint(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[34m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: LineFormat, message: &str, fields: &[(&'static str, String)]) -> String {
        let time = jiff::Timestamp::from_millisecond(1_700_000_000_007).unwrap();
        render_line(format, time, Level::WARN, "file-refused", message, fields)
    }

    #[test]
    fn people_get_one_line() {
        let f = [("folder", "ocf".to_owned()), ("path", "a b\n\u{1b}]0;x\u{7}\"".to_owned())];
        assert_eq!(
            line(LineFormat::People { color: false }, "no\nbytes", &f),
            "2023-11-14T22:13:20.007Z WARN  file-refused: no\\u{a}bytes  folder=ocf path=\"a b\\u{a}\\u{1b}]0;x\\u{7}\\\"\"\n"
        );
        let c = line(LineFormat::People { color: true }, "m", &[]);
        assert!(c.contains("\u{1b}[33mWARN \u{1b}[0m"), "{c:?}");
    }

    #[test]
    fn json_is_one_object() {
        let text = line(LineFormat::Json, "m\n", &[("path", "a\u{1b}".into())]);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(!text.trim_end().chars().any(char::is_control));
        let v: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((v["event"].as_str(), v["path"].as_str()), (Some("file-refused"), Some("a\u{1b}")));
    }
}
