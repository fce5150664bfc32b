//! Files that lie, end early or are damaged: one clean error, and never another file's frame.

use super::numbers::{CLIPS, FRAMES, clip, number, rate};
use super::{programs, tools, whole};
use rushes::engine::video::{Span, VideoFacts, VideoReader, demuxer_of, probe};
use rushes::model::ErrorKind;
use std::fs::File;
use std::os::unix::fs::FileExt;

const ALL: Span = Span { first: 0, count: FRAMES, rate: None };

#[test]
fn scripts_that_name_other_files_are_refused() {
    let Some(programs) = programs("video scripts") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let victim = clip(&programs, dir.path(), &CLIPS[5], false).unwrap();
    let v = victim.display();
    let m3u = format!("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{v}\n#EXT-X-ENDLIST\n");
    for (name, text) in [
        ("playlist.mov", m3u),
        ("script.mov", format!("ffconcat version 1.0\nfile 'file:{v}'\n")),
        ("sdp.mov", "v=0\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n".into()),
        ("empty.mov", String::new()),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        for demuxer in ["mov", "mxf"] {
            let e = probe(&File::open(&path).unwrap(), demuxer, &tools).unwrap_err();
            assert!(matches!(e.kind, ErrorKind::Malformed | ErrorKind::Unsupported), "{name} {demuxer}: {e}");
            // The reader itself must not rely on the probe.
            let facts = VideoFacts {
                codec: "mpeg2video".into(),
                pix_fmt: "yuv422p".into(),
                width: 256,
                height: 128,
                ..VideoFacts::default()
            };
            let file = File::open(&path).unwrap();
            let mut r = VideoReader::open(&file, demuxer, &facts, Default::default(), ALL, &tools).unwrap();
            let e = r.next_frame().unwrap_err();
            assert_eq!(e.kind, ErrorKind::Malformed, "{name} {demuxer}: {e}");
        }
    }
    for other in ["hls", "concat", "j2k_pipe", "mov,hls", "lavfi", ""] {
        let file = File::open(&victim).unwrap();
        assert_eq!(probe(&file, other, &tools).unwrap_err().code, "FORMAT-UNSUPPORTED");
        assert_eq!(demuxer_of(other), None);
    }
}

#[test]
fn names_never_reach_a_command_line() {
    let Some(programs) = programs("video names") else { return };
    let dir = tempfile::tempdir().unwrap();
    let made = clip(&programs, dir.path(), &CLIPS[0], false).unwrap();
    for name in ["concat:a|b", "subfile,,start,0,end,9,,:x", "-i", "%d.mov", "http:", "\u{1b}[31m\n"] {
        let path = dir.path().join(name);
        std::fs::rename(&made, &path).unwrap();
        let (frames, error) = whole(&File::open(&path).unwrap(), Span { count: 1, ..ALL }, &tools(&programs));
        assert!(error.is_none() && number(&frames[0]) == 0, "{name}: {error:?}");
        std::fs::rename(&path, &made).unwrap();
    }
}

#[test]
fn codecs_outside_the_list_are_refused_by_name() {
    let Some(programs) = programs("video codecs") else { return };
    let dir = tempfile::tempdir().unwrap();
    let made = clip(&programs, dir.path(), &("cinepak", "24", "-c:v cinepak"), false);
    let Some(path) = made else { return println!("video codecs: skipped, no such encoder") };
    let (_, error) = whole(&File::open(path).unwrap(), ALL, &tools(&programs));
    let error = error.unwrap();
    assert!(error.code == "FORMAT-UNSUPPORTED" && error.what.contains("cinepak"), "{error}");
}

#[test]
fn truncated_and_damaged_movies_end_with_one_error() {
    let Some(programs) = programs("video damage") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    for at in CLIPS {
        let Some(path) = clip(&programs, dir.path(), at, false) else { continue };
        let bytes = std::fs::read(&path).unwrap();
        for tenths in [0, 1, 3, 5, 7, 9] {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&bytes[..bytes.len() * tenths / 10], 0).unwrap();
            let (frames, error) = whole(&file, ALL, &tools);
            let error = error.unwrap_or_else(|| panic!("{} cut at {tenths}/10 is not noticed", at.0));
            assert_eq!(error.kind, ErrorKind::Malformed, "{} cut at {tenths}/10: {error}", at.0);
            let numbers: Vec<u64> = frames.iter().map(number).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{} cut at {tenths}/10: {numbers:?}", at.0);
        }
        // Packed samples have no structure that damage could break; that is what checksums are for.
        if matches!(at.0, "v210") {
            continue;
        }
        let file = tempfile::tempfile().unwrap();
        let hole = bytes.len() / 2;
        file.write_all_at(&bytes, 0).unwrap();
        file.write_all_at(&vec![0xff; bytes.len() / 20], hole as u64).unwrap();
        let (frames, error) = whole(&file, ALL, &tools);
        println!("video damage: {} gives {} frames, {error:?}", at.0, frames.len());
        let error = error.unwrap_or_else(|| panic!("a hole in {} is not noticed", at.0));
        assert_eq!(error.kind, ErrorKind::Malformed, "{}: {error}", at.0);
        // A span behind the hole is whole or an error, never other frames.
        let span = Span { first: FRAMES - 8, count: 4, rate: Some(rate(at.1)) };
        let (frames, error) = whole(&file, span, &tools);
        let numbers: Vec<u64> = frames.iter().map(number).collect();
        assert!(error.is_some() || numbers == [52, 53, 54, 55], "{}: {numbers:?}", at.0);
    }
}

#[test]
fn pictures_beyond_the_limits_are_refused_before_they_are_made() {
    let Some(programs) = programs("video limits") else { return };
    let mut tools = tools(&programs);
    tools.limits.memory = 1 << 20;
    let facts = VideoFacts {
        codec: "png".into(),
        pix_fmt: "rgb24".into(),
        width: 60_000,
        height: 60_000,
        ..Default::default()
    };
    let e = VideoReader::open(&tempfile::tempfile().unwrap(), "mov", &facts, Default::default(), ALL, &tools);
    assert_eq!(e.unwrap_err().code, "LIMIT-MEMORY");
}
