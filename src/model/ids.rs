//! Identities that are the same on every machine and in every year.

use crate::model::ClipDoc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl $name {
            /// The text form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// A clip: show, clip name, reel and the fingerprints of its files in order. 32 hexadecimal digits.
    ClipId
);
id!(
    /// A job: a clip and everything that decides the bytes of its outputs. 32 hexadecimal digits.
    JobId
);

/// The first 128 bits of SHA-256 over `parts`, each preceded by its length, as 32 hexadecimal digits.
#[must_use]
pub fn stable_id<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut h = Sha256::new();
    for p in parts {
        h.update((p.len() as u64).to_be_bytes());
        h.update(p);
    }
    h.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

impl ClipId {
    /// The identity of `clip` in `show`.
    #[must_use]
    pub fn of(show: &str, clip: &ClipDoc) -> Self {
        let reel = clip.reel.clone().unwrap_or_default();
        let head = ["clip/1".as_bytes(), show.as_bytes(), clip.clip.name.as_bytes(), reel.as_bytes()];
        let prints = clip.clip.files.iter().map(|f| f.xxh128.as_bytes());
        Self(stable_id(head.into_iter().chain(prints)))
    }
}
