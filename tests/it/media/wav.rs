//! Broadcast Wave sound.

use super::{codes, inspect_bytes, survives};
use proptest::prelude::*;
use rushes::engine::container::riff::{Bext, WaveFmt, write_wave};
use rushes::engine::format::demo;
use rushes::model::{AudioTrack, Rational, Timecode};
use std::sync::LazyLock;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let start = Timecode::parse("12:39:59:00", Rational::new(24_000, 1001).unwrap(), false).unwrap();
    demo::bwf(1, start.rate(), start, "12A & <B>", "3", "18Y12M31")
});

fn sound() -> Vec<u8> {
    SOUND.clone()
}

#[test]
fn golden_fields() {
    let d = inspect_bytes("a.wav", &sound()).unwrap();
    assert_eq!((d.format.id.as_str(), d.format.container.as_deref()), ("wav", Some("RIFF")));
    assert_eq!((d.format.codec.as_deref(), d.format.bit_depth), (Some("PCM"), Some(24)));
    assert_eq!((d.audio.channels, d.audio.rate, d.audio.samples), (Some(1), Some(48_000), Some(48_000)));
    assert_eq!(d.audio.samples_since_midnight, Some(2_190_940_752));
    assert_eq!(d.audio.timecode.as_deref(), Some("12:39:59:00"), "wall clock would be 12:40:44");
    let t = d.timecode.clone().unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref(), t.drop), ("12:39:59:00", Some("12:40:00:00"), false));
    assert_eq!((d.slate.scene.as_deref(), d.slate.take.as_deref()), (Some("12A & <B>"), Some("3")));
    assert_eq!((d.slate.circled, d.reel.as_deref()), (Some(true), Some("18Y12M31")));
    assert_eq!(d.audio.tracks, Some(vec![AudioTrack { channel: 1, name: "Boom".into() }]));
    assert_eq!(d.recorded.date.as_deref(), Some("2026-01-01T12:40:44"));
    assert_eq!(d.origin["audio.samples_since_midnight"].tag, "bext.TimeReference");
    assert_eq!(d.raw["wav"]["iXML.SPEED/TIMECODE_RATE"], "24000/1001");
    assert_eq!((d.clip.frames, d.fps.project), (None, None), "sound has no frames");
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
}

#[test]
fn drop_frame_comes_back() {
    let start = Timecode::parse("01:02:03;04", Rational::new(30_000, 1001).unwrap(), false).unwrap();
    let d = inspect_bytes("a.wav", &demo::bwf(1, start.rate(), start, "1", "1", "T")).unwrap();
    assert_eq!(d.timecode.unwrap().start, "01:02:03;04");
}

#[test]
fn without_a_rate_there_is_no_timecode() {
    let bext = Bext { time_reference: 48_000 * 3600, version: 1, umid: Some(vec![6; 32]), ..Bext::default() };
    let fmt = WaveFmt::pcm(2, 48_000, 16).to_bytes();
    let file = write_wave(&[(*b"fmt ", &fmt), (*b"data", &[0; 8]), (*b"bext", &bext.to_bytes())]);
    let d = inspect_bytes("a.wav", &file).unwrap();
    assert_eq!((d.timecode, d.audio.timecode), (None, None));
    assert_eq!(d.audio.samples_since_midnight, Some(48_000 * 3600));
    assert_eq!(d.clip.umid.as_deref(), Some("06".repeat(32).as_str()));
}

#[test]
fn two_time_stamps_that_differ() {
    let ixml = "<BWFXML><SPEED><TIMECODE_RATE>25/1</TIMECODE_RATE><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>5</TIMESTAMP_\
                SAMPLES_SINCE_MIDNIGHT_LO><TIMESTAMP_SAMPLE_RATE>48048</TIMESTAMP_SAMPLE_RATE></SPEED></BWFXML>";
    let bext = Bext { time_reference: 48_048, ..Bext::default() };
    let fmt = WaveFmt::pcm(1, 48_000, 16).to_bytes();
    let chunks: [([u8; 4], &[u8]); 4] =
        [(*b"fmt ", &fmt), (*b"data", &[0; 8]), (*b"bext", &bext.to_bytes()), (*b"iXML", ixml.as_bytes())];
    let d = inspect_bytes("a.wav", &write_wave(&chunks)).unwrap();
    assert_eq!(d.timecode.as_ref().unwrap().start, "00:00:01:00");
    assert_eq!(codes(&d), ["META-CONFLICT", "SND-RATE"]);
}

#[test]
fn rates_at_which_nothing_can_be_counted() {
    for (rate, flag, code) in [
        ("1/1001", "NDF", "META-TIMECODE"),
        ("4000000000/1", "NDF", "META-TIMECODE"),
        ("25/1", "DF", "META-TIMECODE"),
        ("0/1", "NDF", "META-RATE"),
        ("twenty-five", "NDF", "META-RATE"),
    ] {
        let ixml = format!(
            "<BWFXML><SPEED><TIMECODE_RATE>{rate}</TIMECODE_RATE><TIMECODE_FLAG>{flag}</TIMECODE_FLAG>\
             <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>48000</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED></BWFXML>"
        );
        let fmt = WaveFmt::pcm(1, 48_000, 16).to_bytes();
        let file = write_wave(&[(*b"fmt ", &fmt), (*b"data", &[0; 8]), (*b"iXML", ixml.as_bytes())]);
        let d = inspect_bytes("a.wav", &file).unwrap();
        assert_eq!((codes(&d), d.timecode.as_ref()), (vec![code], None), "{rate} {flag}");
    }
}

#[test]
fn every_cut_is_survived_and_none_is_taken_for_whole() {
    let whole = sound();
    let data = whole.windows(4).position(|w| w == b"data").unwrap();
    for n in (0..data + 40).chain((data + 40..whole.len()).step_by(1009)) {
        match survives("a.wav", &whole[..n]) {
            Ok(d) => assert!(n < 12 && d.problem.is_some(), "{n}"),
            Err(e) => assert!(["FILE-TRUNCATED", "FILE-MALFORMED", "FILE-EMPTY"].contains(&e.code.as_ref()), "{n} {e}"),
        }
        if n > data + 8 {
            assert_eq!(survives("a.wav", &whole[..n]).unwrap_err().code, "FILE-TRUNCATED", "{n}");
        }
    }
}

#[test]
fn junk_after_the_end_is_a_warning() {
    let mut b = sound();
    b.extend_from_slice(b"0123456789abcdef");
    let d = inspect_bytes("a.wav", &b).unwrap();
    assert_eq!((codes(&d), d.audio.samples), (vec!["WAV-TRAILING"], Some(48_000)));
}

#[test]
fn bad_metadata_does_not_stop_the_sound() {
    let fmt = WaveFmt::pcm(1, 48_000, 24).to_bytes();
    let file = write_wave(&[
        (*b"fmt ", &fmt),
        (*b"bext", &[0; 100]),
        (*b"iXML", b"<BWFXML><SCENE>7</SCENE><TAKE>"),
        (*b"LIST", b"INFOINAM\xff\xff\xff\x7fx"),
        (*b"data", &[0; 31]),
    ]);
    let d = inspect_bytes("a.wav", &file).unwrap();
    assert_eq!(codes(&d), ["WAV-BLOCK", "WAV-BEXT", "WAV-IXML", "WAV-INFO"]);
    assert_eq!((d.slate.scene.as_deref(), d.audio.samples), (Some("7"), Some(10)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_changed_byte_is_survived(at in 0usize..2400, value: u8) {
        let mut b = sound();
        b.truncate(4000);
        b[at] = value;
        let _ = survives("a.wav", &b);
        let mut b = sound();
        b[at] = value;
        let _ = survives("a.wav", &b);
    }

    #[test]
    fn any_chunks_are_survived(mut body in proptest::collection::vec(any::<u8>(), 12..600), rf64: bool) {
        body[..4].copy_from_slice(if rf64 { b"RF64" } else { b"RIFF" });
        body[8..12].copy_from_slice(b"WAVE");
        let _ = survives("a.wav", &body);
    }
}
