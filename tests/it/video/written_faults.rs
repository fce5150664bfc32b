//! What goes wrong while a movie is written: one clear error, in time; and writing from behind a worker's own walls.

use super::written::{H264, HQ, join, numbered, plain, segment, segments, spec};
use super::{programs, tools};
use rushes::engine::process::lock_in;
use rushes::engine::video::{Assembly, Span, Tools, VideoSpec, VideoTags, VideoWriter, raw_picture};
use rushes::model::{Error, ErrorKind, Limits, Rational, Timecode};
use std::fs::File;
use std::path::Path;
use std::process::Command;

const FOLDER: &str = "RUSHES_TEST_LOCKED_MOVIE";

/// A raw picture that takes many bytes.
fn noise(spec: &VideoSpec, seed: u64) -> Vec<u8> {
    let mut x = seed | 1;
    let mut raw = vec![0; spec.raw_bytes() as usize];
    for code in raw.as_chunks_mut::<2>().0 {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *code = (((x >> 40) % 800 + 100) as u16).to_le_bytes();
    }
    raw
}

/// Writes pictures until something is wrong.
fn until_wrong(folder: &File, spec: &VideoSpec, most: u64, tools: &Tools<'_>) -> Error {
    let mut w = VideoWriter::create(folder, "a.mov", spec, tools).unwrap();
    for n in 0..most {
        let raw = noise(spec, n);
        if let Err(e) = w.write(&raw) {
            let again = w.write(&raw).unwrap_err();
            assert_eq!(again.code, "INTERNAL");
            return e;
        }
    }
    w.finish().unwrap_err()
}

#[test]
fn an_encoder_that_ends_early_says_why() {
    let Some(programs) = programs("written faults") else { return };
    let good = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    let small = Tools { limits: Limits { file_size: 20_000, ..good.limits }, ..good };
    let little = Tools { limits: Limits { memory: 96 << 20, ..good.limits }, ..good };
    for codec in [H264, HQ] {
        let e = until_wrong(&folder, &spec(codec, "24"), 2000, &small);
        assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Limit, "LIMIT-SIZE"), "{e}");
        let e = until_wrong(&folder, &spec(codec, "24"), 50, &little);
        println!("written faults: little memory: {e}");
        assert!(e.code == "LIMIT-MEMORY", "{e}");
    }
    let hasty = Tools { limits: Limits { seconds: 0, ..good.limits }, ..good };
    let mut large = spec(HQ, "24");
    (large.width, large.height) = (2048, 1152);
    let mut w = VideoWriter::create(&folder, "a.mov", &large, &hasty).unwrap();
    let raw = vec![0x55; large.raw_bytes() as usize];
    let e = (0..2000).find_map(|_| w.write(&raw).err()).unwrap_or_else(|| w.finish().unwrap_err());
    assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Limit, "LIMIT-TIME"), "{e}");
    let missing = Tools { ffmpeg: Path::new("/no/such/ffmpeg"), ..good };
    let e = until_wrong(&folder, &spec(HQ, "24"), 9, &missing);
    assert!(e.code == "WORKER-CRASHED" && e.what.contains("/no/such/ffmpeg"), "{e}");
}

#[test]
fn a_full_disk_is_named() {
    let Some(programs) = programs("written full disk") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=300k", "tmpfs"]).arg(at).output();
    if !mount.is_ok_and(|m| m.status.success()) {
        return println!("written full disk: skipped, cannot mount a tmpfs here");
    }
    let run = || {
        let folder = File::open(at).unwrap();
        let e = until_wrong(&folder, &spec(HQ, "24"), 3000, &tools);
        // The join needs as much again; what is written last, after the last picture, counts as well.
        std::fs::remove_file(at.join("a.mov")).unwrap();
        // its room is free when the last program that had it open is gone
        let full = || rustix::fs::statvfs(at).unwrap().f_bfree * 2 < rustix::fs::statvfs(at).unwrap().f_blocks;
        for _ in 0..100 {
            if full() {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
        let spec = spec(HQ, "24");
        let mut w = VideoWriter::create(&folder, "b.mov", &spec, &tools).unwrap();
        w.write(&noise(&spec, 1)).unwrap();
        w.write(&noise(&spec, 2)).unwrap();
        w.finish().unwrap();
        let size = std::fs::metadata(at.join("b.mov")).unwrap().len() as usize;
        assert!((30_000..200_000).contains(&size), "{size}");
        std::fs::write(at.join("filler"), vec![1; (300 << 10) - size - (24 << 10)]).unwrap();
        let joined = join(&plain(&folder, &["b.mov".into()], 2, &spec), &tools);
        (e, joined.unwrap_err())
    };
    let got = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let _ = Command::new("umount").arg("-l").arg(at).status();
    let (written, joined) = got.unwrap_or_else(|e| std::panic::resume_unwind(e));
    for e in [written, joined] {
        assert_eq!(
            (e.code.as_ref(), e.errno, e.is_environment()),
            ("OUTPUT-NO-SPACE", Some(libc::ENOSPC), true),
            "{e}"
        );
    }
}

#[test]
fn wrong_requests_are_refused() {
    let Some(programs) = programs("written requests") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    let spec = spec(HQ, "24");
    let code = |r: Result<(), Error>| r.unwrap_err().code;
    for name in ["../a.mov", "/tmp/a.mov", "a b.mov", "a\0", ""] {
        assert_eq!(VideoWriter::create(&folder, name, &spec, &tools).unwrap_err().code, "INTERNAL", "{name:?}");
    }
    let mut w = VideoWriter::create(&folder, "-y", &spec, &tools).unwrap();
    assert_eq!(code(w.write(&[0; 7])), "INTERNAL");
    assert_eq!(code(w.finish()), "INTERNAL", "no picture");
    let names = segments(&folder, &spec, &[5, 5], &tools);
    let all = plain(&folder, &names, 10, &spec);
    join(&all, &tools).unwrap();
    for frames in [9, 11] {
        let e = join(&Assembly { frames, ..all }, &tools).unwrap_err();
        assert!(e.code == "OUTPUT-FAILED" && e.what.contains("10 frames instead of"), "{e}");
    }
    let lost = [names[0].clone(), "parts/9.9.mov".into()];
    let e = join(&plain(&folder, &lost, 10, &spec), &tools).unwrap_err();
    assert!(e.code == "OUTPUT-FAILED" && e.what.contains("parts/9.9.mov"), "{e}");
    let other =
        segments(&folder, &VideoSpec { tags: VideoTags { primaries: None, ..spec.tags }, ..spec }, &[4], &tools);
    let e = join(&plain(&folder, &[names[0].clone(), other[0].clone()], 9, &spec), &tools).unwrap_err();
    assert!(e.code == "OUTPUT-FAILED" && e.what.contains("parts/0.4.mov was coded otherwise"), "{e}");
    // A segment that was cut off, and one that is a script naming another file.
    let whole = std::fs::read(dir.path().join(&names[1])).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"ffconcat version 1.0\nfile 'file:/etc/passwd'\n", b"".as_slice()] {
        std::fs::write(dir.path().join(&names[1]), bytes).unwrap();
        let e = join(&all, &tools).unwrap_err();
        assert_eq!(e.code, "OUTPUT-FAILED", "{e}");
    }
    assert_eq!(code(join(&plain(&folder, &[], 0, &spec), &tools)), "INTERNAL");
    let fast = VideoSpec { rate: Rational::new(1000, 1).unwrap(), ..spec };
    let start = Timecode::from_frames(0, fast.rate, false);
    let e = join(&Assembly { start, ..plain(&folder, &names, 10, &fast) }, &tools).unwrap_err();
    assert!(e.code == "FORMAT-UNSUPPORTED" && e.what.contains("1000/1"), "{e}");
    let other = Timecode::from_frames(0, Rational::new(25, 1).unwrap(), false);
    assert_eq!(code(join(&Assembly { start: other, ..all }, &tools)), "INTERNAL");
}

#[test]
fn a_writer_that_is_given_up_holds_nobody() {
    let Some(programs) = programs("written given up") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    let spec = spec(H264, "24");
    let mut w = VideoWriter::create(&folder, "a.mov", &spec, &tools).unwrap();
    w.write(&raw_picture(&numbered(1), &spec).unwrap().0).unwrap();
    drop(w);
    drop(plain(&folder, &["a.mov".into()], 1, &spec).start(&tools));
    // The same name again is a new file.
    segment(&folder, "a.mov", &spec, 0, 2, &tools);
}

/// The worker, when the variable is set; else nothing.
#[test]
fn locked_child() {
    let Some(path) = std::env::var_os(FOLDER) else { return };
    let programs = programs("written locked").unwrap();
    let tools = tools(&programs);
    let folder = File::open(path).unwrap();
    let spec = spec(H264, "30000/1001");
    let names = ["old.mov".to_owned()];
    let joining = plain(&folder, &names, 3, &spec).start(&tools).unwrap();
    let mut writers: Vec<_> =
        (0..2).map(|n| VideoWriter::create(&folder, &format!("parts/{n}.mov"), &spec, &tools).unwrap()).collect();
    let left = VideoWriter::create(&folder, "left.mov", &spec, &tools).unwrap();
    let walls = lock_in(Some(std::os::fd::AsFd::as_fd(&folder)), &tools.limits, None).unwrap();
    println!("\nLOCK {walls}");
    assert!(VideoWriter::create(&folder, "late.mov", &spec, &tools).is_err(), "a program is started behind the lock");
    for n in 0..100 {
        for (k, w) in (0u64..).zip(&mut writers) {
            w.write(&raw_picture(&numbered(n + 100 * k), &spec).unwrap().0).unwrap();
        }
    }
    writers.into_iter().for_each(|w| w.finish().unwrap());
    joining.finish().unwrap();
    drop(left);
    println!("DONE");
}

#[test]
fn a_locked_in_worker_writes_on() {
    let Some(programs) = programs("written locked") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    let spec = spec(H264, "30000/1001");
    segment(&folder, "old.mov", &spec, 0, 3, &tools);
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["video::written_faults::locked_child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("DONE"), "{text} {}", String::from_utf8_lossy(&out.stderr));
    let names = ["parts/0.mov".to_owned(), "parts/1.mov".to_owned()];
    join(&plain(&folder, &names, 200, &spec), &tools).unwrap();
    for (name, count) in [("out.mov", 200), ("parts/1.mov", 100)] {
        let file = File::open(dir.path().join(name)).unwrap();
        let (frames, error) = super::whole(&file, Span { first: 0, count, rate: None }, &tools);
        assert_eq!((frames.len() as u64, error), (count, None), "{name}");
    }
}
