//! What a search asks for and what it answers, in parts that each fit one answer.

use crate::model::MediaPath;
use serde::{Deserialize, Serialize};

/// The schema name of a hit.
pub const HIT_SCHEMA: &str = "rushes.hit/1";

/// A search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// In the language of [`crate::query`].
    pub query: String,
    /// Fields to sort by, `FIELD,-FIELD`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// At most so many hits; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Clips that are not there any more, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Only these fields of each document; empty = the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// Where the next part of a list of hits begins. Kept by the daemon for a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchNext {
    /// Which list.
    pub token: u64,
    /// Which hit of it, counted from 0.
    pub from: u64,
}

/// A part of a list of hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct HitsPage {
    /// How many clips were found, whatever the limit.
    pub total: u64,
    /// How many clips are known.
    pub known: u64,
    /// This part of them.
    pub hits: Vec<Hit>,
    /// The next part; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SearchNext>,
}

/// A clip that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Hit {
    /// Identity.
    pub id: String,
    /// The show.
    pub show: String,
    /// Whether it lies anywhere now.
    pub present: bool,
    /// Where it lies, in order; where it was, when it is not there any more.
    pub places: Vec<HitPlace>,
    /// `rushes.clip/1` without files, origins and raw tags, or the part of it that was asked for.
    pub doc: serde_json::Map<String, serde_json::Value>,
}

/// A place where a clip lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub struct HitPlace {
    /// The watched folder's name; absent when it is not known any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Absolute, or relative to a folder that is not configured any more; of a sequence with the range of its frames.
    pub path: MediaPath,
}
