//! When it was recorded.

use super::movie::Movie;
use super::tags::Found;
use super::{ID, origin};
use crate::model::ClipDoc;

/// Seconds from 1904-01-01 to 1970-01-01.
const EPOCH: i64 = 2_082_844_800;
/// 1991-01-01, before which there was no QuickTime: a clock that was never set, or counted from 1970.
const FIRST: u64 = 2_745_532_800;

/// The keys that hold a date, in order of trust.
const KEYS: [&str; 6] = [
    "com.apple.quicktime.creationdate",
    "com.apple.proapps.mio.creationdate",
    "creation_time",
    "udta.©day",
    "ilst.©day",
    "udta.date",
];

/// `recorded.date`: a date with its clock in the metadata, else the movie header's, which is UTC.
pub(super) fn recorded(movie: &Movie, found: &Found, doc: &mut ClipDoc) {
    let created = movie.header.created;
    let header = from_1904(created);
    if let Some(d) = &header {
        doc.keep(ID, "mvhd.created", d.clone());
    }
    if let Some(d) = from_1904(movie.header.modified) {
        doc.keep(ID, "mvhd.modified", d);
    }
    for (tag, text) in KEYS.iter().filter_map(|k| found.text(k)) {
        if let Some(date) = iso_date(&text) {
            return doc.set("recorded.date", |d| &mut d.recorded.date, date, tag.origin());
        }
        // A year alone, as music has it, is no date of a recording.
        if text.len() > 4 {
            doc.warn("META-DATE", format!("{} is `{text}`, which is no date and time", tag.key));
        }
    }
    if (1..FIRST).contains(&created) {
        let text = format!("the movie header says that it was made at {created} seconds after 1904, which cannot be");
        return doc.warn("META-DATE", text);
    }
    if let Some(date) = header {
        doc.set("recorded.date", |d| &mut d.recorded.date, date, origin("mvhd.creation_time", movie.header_at));
    }
}

/// Seconds since 1904 as ISO 8601 UTC; `None` for 0, which means unknown.
fn from_1904(seconds: u64) -> Option<String> {
    let n = i64::try_from(seconds).ok().filter(|n| *n > 0)?;
    jiff::Timestamp::from_second(n.checked_sub(EPOCH)?).ok().map(|t| t.to_string())
}

/// `YYYY-MM-DDTHH:MM:SS` with an optional fraction (which is dropped) and zone (`Z`, `+0800`, `+08:00`).
fn iso_date(text: &str) -> Option<String> {
    let text = text.trim();
    let shape = text.bytes().take(19).enumerate().all(|(i, b)| match i {
        4 | 7 => matches!(b, b'-' | b':' | b'/'),
        10 => matches!(b, b'T' | b' '),
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    let part = |from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<u32>().ok());
    let ranges = [(0, 4, 1, 9999), (5, 7, 1, 12), (8, 10, 1, 31), (11, 13, 0, 23), (14, 16, 0, 59), (17, 19, 0, 60)];
    let valid = ranges.into_iter().all(|(a, z, low, high)| part(a, z).is_some_and(|n| (low..=high).contains(&n)));
    if !shape || !valid {
        return None;
    }
    let rest = text.get(19..)?;
    let zone = match rest.strip_prefix('.') {
        Some(f) => f.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    }
    .trim();
    let digits: String = zone.get(1..).unwrap_or("").replace(':', "");
    let zone = match zone.get(..1) {
        _ if zone.is_empty() => String::new(),
        Some("Z") if digits.is_empty() => "Z".to_owned(),
        Some(sign @ ("+" | "-")) if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{sign}{}:{}", digits.get(..2)?, digits.get(2..)?)
        }
        Some(sign @ ("+" | "-")) if digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{sign}{digits}:00")
        }
        _ => return None,
    };
    let day = text.get(..10)?.replace([':', '/'], "-");
    Some(format!("{day}T{}{zone}", text.get(11..19)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(from_1904(0), None);
        assert_eq!(from_1904(0xcccc_1a3b).as_deref(), Some("2012-11-16T16:28:43Z"));
        assert_eq!(from_1904(u64::MAX), None);
        assert_eq!(from_1904(i64::MAX as u64), None);
        for (text, want) in [
            ("2019-02-12T15:27:12+0800", Some("2019-02-12T15:27:12+08:00")),
            ("2019-02-12T15:27:12Z", Some("2019-02-12T15:27:12Z")),
            ("2021:05:16 19:27:55", Some("2021-05-16T19:27:55")),
            ("2024-01-02T03:04:05.678901Z", Some("2024-01-02T03:04:05Z")),
            ("2024-01-02T03:04:05 -07", Some("2024-01-02T03:04:05-07:00")),
            ("2024-01-02", None),
            ("2024-13-02T03:04:05Z", None),
            ("2024", None),
            ("é024-01-02T03:04:05", None),
            ("2024-01-02T03:04:05é", None),
        ] {
            assert_eq!(iso_date(text).as_deref(), want, "{text}");
        }
    }
}
