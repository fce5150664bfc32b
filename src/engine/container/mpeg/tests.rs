//! Packets by hand, and parameter sets.

use super::*;
use crate::engine::container::bytes::Bytes;
use crate::model::{Limits, Rational};

#[test]
fn packets_of_every_size() {
    let l = Limits::default();
    for size in [188usize, 192] {
        let bytes = sample_ts(size);
        assert_eq!(packet_size(&bytes, 3).map(|(n, _)| n), Some(size as u64));
        let t = Transport::read(&mut Bytes::slice(&bytes, &l), &l).unwrap();
        assert_eq!((t.programs, t.streams.len(), t.trailing), (1, 1, 0));
        let s = &t.streams[0];
        assert_eq!((s.kind, s.registration, s.first, s.last), (2, Some(*b"MPEG"), Some(90_000), Some(180_000)));
        let p = mpeg2(&s.payload).unwrap();
        assert_eq!((p.width, p.height, p.rate, p.progressive), (1920, 1080, Rational::new(25, 1), Some(true)));
        for n in 0..bytes.len() {
            let _ = Transport::read(&mut Bytes::slice(&bytes[..n], &l), &l);
            let mut flipped = bytes.clone();
            flipped[n] ^= 0xff;
            let _ = Transport::read(&mut Bytes::slice(&flipped, &l), &l);
        }
    }
    assert_eq!(packet_size(b"G...G", 2), None);
}

/// A set as ffmpeg's libx264 writes it for 1920x1080 at 25 frames per second, High profile.
const SET: &[u8] = &[
    0, 0, 0, 1, 0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00,
    0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x60, 0xc6, 0x58,
];

#[test]
fn parameter_sets() {
    let p = avc(SET).unwrap();
    assert_eq!((p.width, p.height, p.bits, p.rate), (1920, 1080, Some(8), Rational::new(25, 1)));
    for n in 0..SET.len() {
        let _ = avc(&SET[..n]);
        for bit in 0..8 {
            let mut flipped = SET.to_vec();
            flipped[n] ^= 1 << bit;
            let _ = (avc(&flipped), hevc(&flipped), mpeg2(&flipped));
        }
    }
}
