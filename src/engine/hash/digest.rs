//! The hash functions behind one face, and the text forms of their results.

use crate::model::HashKind;
use sha2::Digest as _;
use xxhash_rust::xxh3::Xxh3;
use xxhash_rust::xxh64::Xxh64;

/// One running hash.
pub(super) enum Digest {
    Xxh128(Box<Xxh3>),
    Xxh64(Box<Xxh64>),
    Md5(Box<md5::Md5>),
    Sha1(Box<sha1::Sha1>),
    Sha256(Box<sha2::Sha256>),
    C4(Box<sha2::Sha512>),
    Blake3(Box<blake3::Hasher>),
}

impl Digest {
    /// A new hash of `kind`.
    pub(super) fn new(kind: HashKind) -> Self {
        match kind {
            HashKind::Xxh128 => Self::Xxh128(Box::new(Xxh3::new())),
            HashKind::Xxh64 => Self::Xxh64(Box::new(Xxh64::new(0))),
            HashKind::Md5 => Self::Md5(Box::default()),
            HashKind::Sha1 => Self::Sha1(Box::default()),
            HashKind::Sha256 => Self::Sha256(Box::default()),
            HashKind::C4 => Self::C4(Box::default()),
            HashKind::Blake3 => Self::Blake3(Box::new(blake3::Hasher::new())),
        }
    }

    /// Takes more bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Xxh128(h) => h.update(bytes),
            Self::Xxh64(h) => h.update(bytes),
            Self::Md5(h) => h.update(bytes),
            Self::Sha1(h) => h.update(bytes),
            Self::Sha256(h) => h.update(bytes),
            Self::C4(h) => h.update(bytes),
            Self::Blake3(h) => {
                h.update(bytes);
            }
        }
    }

    /// The result in the usual text form of its kind (see [`HashKind`]).
    pub(super) fn text(self) -> String {
        match self {
            Self::Xxh128(h) => format!("{:032x}", h.digest128()),
            Self::Xxh64(h) => format!("{:016x}", h.digest()),
            Self::Md5(h) => hex(&h.finalize()),
            Self::Sha1(h) => hex(&h.finalize()),
            Self::Sha256(h) => hex(&h.finalize()),
            Self::C4(h) => c4_of_sha512(&h.finalize().into()),
            Self::Blake3(h) => h.finalize().to_hex().to_string(),
        }
    }
}

/// Whether a kind is slower than fast disks and therefore gets a thread of its own.
pub(super) fn is_slow(kind: HashKind) -> bool {
    !matches!(kind, HashKind::Xxh128 | HashKind::Xxh64)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Digits of base 58 as SMPTE ST 2114 orders them.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The C4 ID of SMPTE ST 2114 from a SHA-512: `c4` and the number in base 58, padded on the left with
/// `1` (the digit zero) to 88 digits; 90 characters in all.
#[must_use]
pub fn c4_of_sha512(hash: &[u8; 64]) -> String {
    let mut number = *hash;
    let mut digits = [b'1'; 88];
    for digit in digits.iter_mut().rev() {
        // one step of long division by 58
        let mut rest = 0u32;
        for byte in &mut number {
            let part = rest * 256 + u32::from(*byte);
            *byte = u8::try_from(part / 58).unwrap_or(u8::MAX);
            rest = part % 58;
        }
        *digit = BASE58.get(rest as usize).copied().unwrap_or(b'1');
    }
    let mut text = String::with_capacity(90);
    text.push_str("c4");
    text.extend(digits.iter().map(|d| char::from(*d)));
    text
}

/// The hash of bytes in memory, in the text form of [`HashKind`].
#[must_use]
pub fn text_of(kind: HashKind, bytes: &[u8]) -> String {
    let mut hash = Digest::new(kind);
    hash.update(bytes);
    hash.text()
}

/// The bytes of a hash from its text form; `None` when the text has another length, another digit (capitals among them), or
/// a number that is too large.
#[must_use]
pub fn bytes_of_text(kind: HashKind, text: &str) -> Option<Vec<u8>> {
    let length = match kind {
        HashKind::Xxh64 => 16,
        HashKind::Xxh128 | HashKind::Md5 => 32,
        HashKind::Sha1 => 40,
        HashKind::Sha256 | HashKind::Blake3 => 64,
        HashKind::C4 => return bytes_of_c4(text),
    };
    if text.len() != length || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    text.as_bytes().as_chunks::<2>().0.iter().map(|[h, l]| Some(digit(*h)? << 4 | digit(*l)?)).collect()
}

/// The 64 bytes of a C4 ID.
fn bytes_of_c4(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("c4").filter(|d| d.len() == 88)?;
    let mut number = [0u8; 64];
    for d in digits.bytes() {
        let mut carry = u32::try_from(BASE58.iter().position(|b| *b == d)?).ok()?;
        for byte in number.iter_mut().rev() {
            let n = u32::from(*byte) * 58 + carry;
            *byte = u8::try_from(n & 255).ok()?;
            carry = n >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number.to_vec())
}
