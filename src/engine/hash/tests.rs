//! Known vectors, borders of buffers, and that any way of reading gives the same.

use super::digest::Digest;
use super::*;
use crate::model::{Fingerprint, HashKind};
use proptest::prelude::*;
use sha2::Digest as _;
use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

fn file(bytes: &[u8]) -> std::fs::File {
    let mut f = tempfile::tempfile().unwrap();
    f.write_all(bytes).unwrap();
    f
}

/// XXH3-128 of bytes in memory, by the one-shot function.
fn fingerprint_bytes(bytes: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
}

fn all(bytes: &[u8]) -> Fingerprint {
    fingerprint(&file(bytes), &HashKind::ALL, &|_| true).unwrap()
}

/// Every hash by the one-shot function of its crate.
fn one_shot(bytes: &[u8]) -> Vec<(HashKind, String)> {
    let hex = |b: &[u8]| b.iter().map(|b| format!("{b:02x}")).collect::<String>();
    vec![
        (HashKind::Xxh64, format!("{:016x}", xxhash_rust::xxh64::xxh64(bytes, 0))),
        (HashKind::Md5, hex(&md5::Md5::digest(bytes))),
        (HashKind::Sha1, hex(&sha1::Sha1::digest(bytes))),
        (HashKind::Sha256, hex(&sha2::Sha256::digest(bytes))),
        (HashKind::C4, c4_of_sha512(&sha2::Sha512::digest(bytes).into())),
        (HashKind::Blake3, blake3::hash(bytes).to_hex().to_string()),
    ]
}

#[test]
fn published_vectors() {
    // RFC 1321 A.5, FIPS 180-4 examples, the xxHash and BLAKE3 repositories, SMPTE ST 2114
    type Vectors<'a> = (&'a [u8], &'a [(HashKind, &'a str)]);
    let cases: [Vectors<'_>; 2] = [
        (
            b"",
            &[
                (HashKind::Xxh128, "99aa06d3014798d86001c324468d497f"),
                (HashKind::Xxh64, "ef46db3751d8e999"),
                (HashKind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
                (HashKind::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
                (HashKind::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                (
                    HashKind::C4,
                    "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT",
                ),
                (HashKind::Blake3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            ],
        ),
        (
            b"abc",
            &[
                (HashKind::Xxh128, "06b05ab6733a618578af5f94892f3950"),
                (HashKind::Xxh64, "44bc2cf5ad770999"),
                (HashKind::Md5, "900150983cd24fb0d6963f7d28e17f72"),
                (HashKind::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
                (HashKind::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                (HashKind::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            ],
        ),
    ];
    for (bytes, want) in cases {
        let got = all(bytes);
        for (kind, text) in want {
            let have = if *kind == HashKind::Xxh128 { &got.xxh128 } else { &got.other[kind] };
            assert_eq!(have, text, "{kind} of {bytes:?}");
        }
    }
}

#[test]
fn c4_is_sha512_in_base_58() {
    let hash: [u8; 64] = sha2::Sha512::digest(b"abc").into();
    let text = c4_of_sha512(&hash);
    assert_eq!((text.len(), text.get(..2)), (90, Some("c4")));
    // back to bytes by Horner's rule
    let alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = [0u8; 65];
    for c in text[2..].chars() {
        let mut carry = u32::try_from(alphabet.find(c).unwrap()).unwrap();
        for b in number.iter_mut().rev() {
            carry += u32::from(*b) * 58;
            *b = (carry % 256) as u8;
            carry /= 256;
        }
    }
    assert_eq!(number[1..], hash[..]);
    assert_eq!(c4_of_sha512(&[0; 64]), format!("c4{}", "1".repeat(88)));
    assert_eq!(
        c4_of_sha512(&[0xff; 64]),
        "c467rpwLCuS5DGA8KGZXKsVQ7dnPb9goRLoKfgGbLfQg9WoLUgNY77E2jT11fem3coV9nAkguBACzrU1iyZM4B8roQ"
    );
}

#[test]
fn borders_of_buffers() {
    let small = SMALL_FILE as usize;
    let sizes = [0, 1, 4095, 4096, small - 1, small, small + 1, RING_BUFFER, RING_BUFFER + 1, 5 * RING_BUFFER - 1];
    let pattern: Vec<u8> = (0..5 * RING_BUFFER as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for size in sizes {
        let bytes = &pattern[..size];
        let got = all(bytes);
        assert_eq!((got.size, &got.xxh128), (size as u64, &fingerprint_bytes(bytes)), "{size}");
        assert_eq!(got.other.into_iter().collect::<Vec<_>>(), one_shot(bytes), "{size}");
        let fast = fingerprint(&file(bytes), &[HashKind::Xxh64, HashKind::Xxh64], &|_| true).unwrap();
        assert_eq!((fast.xxh128, fast.other.len()), (got.xxh128, 1));
    }
}

#[test]
fn only_what_was_asked_for() {
    let got = fingerprint(&file(b"abc"), &[], &|_| true).unwrap();
    assert!(got.other.is_empty());
}

#[test]
fn reads_to_the_end_and_leaves_the_cursor_alone() {
    // a file that grows while it is read is read to its real end
    let f = file(&vec![7; 3 << 20]);
    (&f).seek(SeekFrom::Start(5)).unwrap();
    let more = std::cell::Cell::new(true);
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&f));
    let writer = std::sync::Mutex::new((std::fs::OpenOptions::new().append(true).open(path).unwrap(), more));
    let grow = |_| {
        let w = writer.lock().unwrap();
        if w.1.replace(false) {
            (&w.0).write_all(&[8; 100]).unwrap();
        }
        true
    };
    let got = fingerprint(&f, &[HashKind::Md5], &grow).unwrap();
    assert_eq!(got.size, (3 << 20) + 100);
    assert_eq!((&f).stream_position().unwrap(), 5);
}

#[test]
fn stops_when_told() {
    let f = file(&vec![1; 3 * RING_BUFFER]);
    for kinds in [&[][..], &[HashKind::Md5, HashKind::C4][..]] {
        let last = AtomicU64::new(0);
        let e = fingerprint(&f, kinds, &|done| {
            last.store(done, Ordering::Relaxed);
            done < RING_BUFFER as u64
        })
        .unwrap_err();
        assert_eq!(e.code, "JOB-CANCELLED");
        assert_eq!(last.load(Ordering::Relaxed), RING_BUFFER as u64);
    }
}

#[test]
fn what_cannot_be_read_is_an_io_error() {
    let dir = tempfile::tempdir().unwrap();
    let e = fingerprint(&std::fs::File::open(dir.path()).unwrap(), &[], &|_| true).unwrap_err();
    assert_eq!(
        (e.kind, e.code.as_ref(), e.errno),
        (crate::model::ErrorKind::Io, "FILE-UNREADABLE", Some(libc::EISDIR))
    );
}

proptest! {
    #[test]
    fn any_split_gives_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..5000),
                                cuts in proptest::collection::vec(0usize..5000, 0..8)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.push(bytes.len());
        cuts.sort_unstable();
        for kind in HashKind::ALL {
            let mut whole = Digest::new(kind);
            whole.update(&bytes);
            let mut parts = Digest::new(kind);
            let mut at = 0;
            for cut in &cuts {
                parts.update(&bytes[at..*cut]);
                at = *cut;
            }
            prop_assert_eq!(parts.text(), whole.text());
        }
    }
}

#[test]
fn text_forms_come_back_as_bytes() {
    for kind in HashKind::ALL {
        let text = text_of(kind, b"rushes");
        let bytes = bytes_of_text(kind, &text).unwrap();
        let again = if kind == HashKind::C4 {
            c4_of_sha512(&bytes.try_into().unwrap())
        } else {
            bytes.iter().map(|b| format!("{b:02x}")).collect()
        };
        assert_eq!(again, text);
        for bad in [&text[1..], &format!("{text}0"), &text.replace(char::is_numeric, "é"), ""] {
            assert_eq!(bytes_of_text(kind, bad), None, "{kind} {bad}");
        }
    }
    assert_eq!(bytes_of_text(HashKind::C4, &format!("c4{}", "z".repeat(88))), None, "more than 64 bytes");
    assert_eq!(bytes_of_text(HashKind::Md5, &"A".repeat(32)), None, "capitals");
    let nothing = "d41d8cd98f00b204e9800998ecf8427e";
    assert_eq!(
        (text_of(HashKind::Md5, b"").as_str(), bytes_of_text(HashKind::Md5, nothing).unwrap()[0]),
        (nothing, 0xd4)
    );
}
