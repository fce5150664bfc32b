//! The documents of an IMF package: composition playlist (SMPTE ST 2067-3:2013, :2016, :2020), asset map (ST 429-9) and
//! packing list (ST 2067-2, ST 429-8). Elements are known by their local names, which are the same in every edition.

pub mod asset_map;
pub mod composition;
pub mod length;
pub mod sample;
#[cfg(test)]
mod tests;
pub mod tree;

pub use asset_map::{AssetMap, Chunk, PackingList};
pub use composition::{Composition, Descriptor, Resource, Track};

use crate::model::Rational;
use tree::Element;

/// The UUID of `urn:uuid:…`, in lower case with hyphens.
#[must_use]
pub fn uuid(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = match text.get(..9) {
        Some(p) if p.eq_ignore_ascii_case("urn:uuid:") => text.get(9..)?,
        _ => text,
    };
    (bare.len() == 36).then(|| uuid::Uuid::parse_str(bare).ok()).flatten().map(|u| u.to_string())
}

/// The UUID in the first element of this name.
fn id_in(e: &Element, name: &str) -> Option<String> {
    e.text_of(name).and_then(uuid)
}

/// A rate as two numbers with white space between (ST 2067-3, "RationalType").
#[must_use]
pub fn rate(text: &str) -> Option<Rational> {
    let mut words = text.split_ascii_whitespace();
    let (n, d) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.next().is_none().then(|| Rational::new(n, d)).flatten()
}

/// `true` or `1`, `false` or `0` (XML Schema, boolean).
fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
