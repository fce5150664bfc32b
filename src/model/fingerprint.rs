//! What a file's bytes are, independent of its name.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The kinds of hash that can be asked for. XXH3-128 is always computed: it is the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashKind {
    /// XXH3, 128 bits, 32 hexadecimal digits, canonical (big-endian) form.
    Xxh128,
    /// XXH64 with seed 0, 16 hexadecimal digits, canonical form.
    Xxh64,
    /// MD5 (RFC 1321), 32 hexadecimal digits.
    Md5,
    /// SHA-1 (FIPS 180-4), 40 hexadecimal digits.
    Sha1,
    /// SHA-256 (FIPS 180-4), 64 hexadecimal digits.
    Sha256,
    /// C4 ID (SMPTE ST 2114): `c4` and base-58 of SHA-512, 90 characters.
    C4,
    /// BLAKE3, 64 hexadecimal digits.
    Blake3,
}

impl HashKind {
    /// All kinds, in the order in which they are printed.
    pub const ALL: [Self; 7] = [Self::Xxh128, Self::Xxh64, Self::Md5, Self::Sha1, Self::Sha256, Self::C4, Self::Blake3];

    /// The name used in configuration, on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xxh128 => "xxh128",
            Self::Xxh64 => "xxh64",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::C4 => "c4",
            Self::Blake3 => "blake3",
        }
    }
}

impl fmt::Display for HashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HashKind {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| {
            format!("unknown hash kind `{s}`, expected one of {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// Size and hashes of a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// XXH3-128 as 32 lower-case hexadecimal digits: the identity.
    pub xxh128: String,
    /// Further hashes that were asked for, by kind, in each kind's usual text form.
    #[serde(flatten)]
    pub other: BTreeMap<HashKind, String>,
}
