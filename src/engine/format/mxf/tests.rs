//! Fields of made-up files, each about one thing.

use super::*;
use crate::engine::container::mxf::sample::{Sample, fraction};
use crate::engine::container::mxf::write::{batch, head, id, properties, set, text};
use crate::engine::container::mxf::{Ul, klv, write};
use crate::model::{MediaPath, Rational};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

fn inspect(file: &File, size: u64, limits: &Limits) -> Result<ClipDoc, Error> {
    let path = MediaPath::from(Path::new("A001.mxf"));
    let input = Input { path: &path, file, size };
    super::super::inspect("A001", crate::model::ClipUnit::File, &[input], limits)
}

fn read(bytes: &[u8]) -> Result<ClipDoc, Error> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    inspect(&file, bytes.len() as u64, &Limits::default())
}

fn sample(s: &Sample) -> ClipDoc {
    read(&s.bytes()).unwrap()
}

fn u32s(n: u32) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

fn codes(d: &ClipDoc) -> Vec<&str> {
    d.warnings.iter().map(|w| w.code.as_str()).collect()
}

fn start(d: &ClipDoc) -> &str {
    d.timecode.as_ref().map_or("", |t| t.start.as_str())
}

#[test]
fn a_movie() {
    let d = sample(&Sample::default());
    assert_eq!(d.warnings, []);
    let f = &d.format;
    assert_eq!((f.container.as_deref(), f.codec.as_deref()), (Some("MXF OP1a"), Some("MPEG-2")));
    assert_eq!((f.bit_depth, f.compression.as_deref()), (Some(8), Some("4:2:2 Profile at High Level")));
    assert!(f.decodable);
    assert_eq!((d.image.width, d.image.height, d.image.active), (Some(1920), Some(1080), None));
    assert_eq!((d.image.pixel_aspect, d.image.scan.as_deref()), (Some(1.0), Some("progressive")));
    let c = &d.color;
    assert_eq!((c.primaries.as_deref(), c.transfer.as_deref()), (Some("BT.709"), Some("BT.709")));
    assert_eq!((c.matrix.as_deref(), c.range.as_deref()), (Some("BT.709"), Some("video")));
    assert_eq!((d.clip.frames, d.clip.duration_s), (Some(3), Some(0.125125)));
    let t = d.timecode.as_ref().unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref(), t.drop), ("10:00:00:00", Some("10:00:00:03"), false));
    assert_eq!((d.audio.channels, d.audio.rate, d.audio.bit_depth), (Some(2), Some(48_000), Some(24)));
    assert_eq!((d.audio.samples, d.reel.as_deref()), (Some(6006), None));
    assert_eq!(d.recorded.date.as_deref(), Some("2026-01-12T10:31:07"));
    assert!(d.clip.umid.unwrap().starts_with("060a2b3401010105"));
    assert_eq!((d.camera.make, d.camera.model), (None, None), "the writing program is no camera");
    assert_eq!(d.raw["mxf"]["Identification[1].ProductName"], "Writer");
}

#[test]
fn timecode_and_reel() {
    let tape = |starts, offsets| Sample { tape: Some("A001R2EC".into()), starts, offsets, ..Sample::default() };
    // the tape's, at the place where the file begins in it
    let d = sample(&tape([Some(0), Some(0), Some(86_400)], (0, 24)));
    assert_eq!((start(&d), d.reel.as_deref()), ("01:00:01:00", Some("A001R2EC")));
    assert_eq!(d.origin["reel"].tag, "TapeDescriptor Package.Name");
    assert_eq!(codes(&d), ["META-CONFLICT", "META-CONFLICT"]);
    // the file's own before the material's
    let d = sample(&Sample { starts: [Some(100), Some(200), None], ..Sample::default() });
    assert_eq!((start(&d), codes(&d)), ("00:00:08:08", vec!["META-CONFLICT"]));
    assert!(d.origin["timecode.start"].place.starts_with("file package"));
    // a zero that was never set
    let d = sample(&Sample { starts: [Some(86_400), Some(0), None], ..Sample::default() });
    assert_eq!((start(&d), codes(&d)), ("01:00:00:00", vec!["META-CONFLICT"]));
    let d = sample(&Sample { starts: [None, None, None], ..Sample::default() });
    assert_eq!((d.timecode, d.warnings), (None, vec![]));
    let drop = Sample {
        rate: (30_000, 1001),
        base: (30, true),
        starts: [Some(107_892), Some(107_892), None],
        ..Sample::default()
    };
    assert_eq!(start(&sample(&drop)), "01:00:00;00");
    // labels for pairs of frames
    let pairs = Sample { rate: (50, 1), base: (25, false), starts: [Some(25), None, None], ..Sample::default() };
    let d = sample(&pairs);
    assert_eq!((start(&d), d.timecode.as_ref().unwrap().rate), ("00:00:01:00", Rational::new(25, 1).unwrap()));
    let odd = sample(&Sample { base: (31, false), ..Sample::default() });
    assert_eq!((odd.timecode, odd.warnings.len()), (None, 2));
    let late = sample(&Sample { starts: [Some(i64::MAX), Some(-1), None], ..Sample::default() });
    assert_eq!((late.timecode, late.warnings.len()), (None, 2));
}

#[test]
fn geometry() {
    let picture = |items: &[(u16, u32)], more: &[(u16, Vec<u8>)]| {
        let all = items.iter().map(|(t, n)| (*t, u32s(*n))).chain(more.iter().cloned());
        sample(&Sample { picture: all.collect(), ..Sample::default() })
    };
    // fields: every height is that of one
    let fields = [(0x3203, 1920), (0x3202, 544), (0x3205, 1920), (0x3204, 540), (0x3209, 1920), (0x3208, 540)];
    let d = picture(&fields, &[(0x320c, vec![1]), (0x3212, vec![1])]);
    assert_eq!((d.image.height, d.image.scan.as_deref()), (Some(1080), Some("top field first")));
    // macroblocks that are called sampled
    let d = picture(&[(0x3203, 1920), (0x3202, 1088), (0x3209, 1920), (0x3208, 1080)], &[(0x320c, vec![3])]);
    assert_eq!((d.image.height, d.image.active, d.image.scan), (Some(1080), None, None));
    // IMX of 525 lines: 512 are coded, 480 shown
    let imx = [(0x3203, 720), (0x3202, 256), (0x3205, 720), (0x3204, 256), (0x3209, 720), (0x3208, 240), (0x320b, 16)];
    let d = picture(&imx, &[(0x320c, vec![1]), (0x3212, vec![1]), (0x320e, fraction((4, 3)))]);
    assert_eq!((d.image.width, d.image.height), (Some(720), Some(512)));
    let active = d.image.active.unwrap();
    assert_eq!((active.y, active.height, d.image.scan.as_deref()), (32, 480, Some("bottom field first")));
    assert!((d.image.pixel_aspect.unwrap() - 8.0 / 9.0).abs() < 1e-9);
    // anamorphic
    let wide = picture(&[(0x3203, 1440), (0x3202, 1080)], &[(0x320e, fraction((16, 9)))]);
    assert!((wide.image.pixel_aspect.unwrap() - 4.0 / 3.0).abs() < 1e-9);
    for (tag, n) in [(0x3203, 0), (0x3203, u32::MAX)] {
        let d = picture(&[(tag, n), (0x3202, 1080)], &[]);
        assert_eq!((d.image.width, codes(&d)), (None, vec!["MXF-SIZE"]));
    }
    let out = picture(&[(0x3203, 100), (0x3202, 100), (0x3209, 90), (0x3208, 90), (0x320a, u32::MAX)], &[]);
    assert_eq!((out.image.active, codes(&out)), (None, vec!["MXF-SIZE"]));
}

/// Fewer columns are coded than the raster has.
#[test]
fn dvcpro_hd() {
    for (rate, base, size, columns) in [
        ((25, 1), 25, (1920, 1080), 1440),
        ((30_000, 1001), 30, (1920, 1080), 1280),
        ((60_000, 1001), 60, (1280, 720), 960),
        ((25, 1), 25, (1440, 1080), 1440),
    ] {
        let picture = vec![(0x3203, u32s(size.0)), (0x3202, u32s(size.1)), (0x320e, fraction((16, 9)))];
        let coding = ([0x04, 1, 2, 2, 2, 2, 6, 0], [0x0d, 1, 3, 1, 2, 2, 0x61, 1]);
        let d = sample(&Sample { rate, base: (base, false), coding, picture, ..Sample::default() });
        assert_eq!(
            (d.image.width, d.image.height, d.warnings.len()),
            (Some(columns), Some(size.1), 0),
            "{:?}",
            d.warnings
        );
        let aspect = 16.0 / 9.0 * f64::from(size.1) / f64::from(columns);
        assert!((d.image.pixel_aspect.unwrap() - aspect).abs() < 1e-9 && d.image.active.is_none());
    }
}

#[test]
fn rgb_and_logarithmic() {
    let label = |last: [u8; 3]| Ul::label([0x04, 1, 1, 1, last[0], last[1], last[2], 0]).0.to_vec();
    let picture = vec![
        (0x3203, u32s(4096)),
        (0x3202, u32s(2160)),
        (0x3401, b"R\x0cG\x0cB\x0c\0\0".to_vec()),
        (0x3407, u32s(0)),
        (0x3406, u32s(4095)),
        (0x3210, label([1, 0x0e, 0])),
        (0x3219, label([3, 0x0c, 0])),
    ];
    let rgb = Sample {
        class: 0x2900,
        coding: ([0x04, 1, 2, 2, 3, 1, 1, 0x7f], [0x0d, 1, 3, 1, 2, 0x0c, 1, 0]),
        picture,
        ..Sample::default()
    };
    let d = sample(&rgb);
    assert_eq!((d.format.codec.as_deref(), d.format.bit_depth), (Some("JPEG 2000"), Some(12)));
    assert_eq!(d.color.space.as_deref(), Some("S-Log3 S-Gamut3.Cine"));
    assert_eq!((d.color.matrix.as_deref(), d.color.range.as_deref()), (Some("RGB"), Some("full")));
    assert!(d.format.decodable);
    let mut xyz = rgb;
    xyz.picture[2].1 = b"X\x0cY\x0cZ\x0c\0\0".to_vec();
    let d = sample(&xyz);
    assert!(!d.format.decodable && d.format.undecodable.unwrap().contains("XYZ"));
}

#[test]
fn lengths_that_the_tracks_do_not_say() {
    // by the index table, whose segment counts
    let d = sample(&Sample { duration: -1, ..Sample::default() });
    assert_eq!((d.clip.frames, d.origin["clip.frames"].tag.as_str()), (Some(3), "IndexTableSegment.IndexDuration"));
    // units of one size, and one triplet that holds them all
    let atom = Sample { duration: -1, indexed: 0, clip_wrapped: true, channels: 0, frames: 7, ..Sample::default() };
    assert_eq!(sample(&atom).clip.frames, Some(7));
    // by counting, in a recording that was never closed
    let cut = Sample { duration: -1, open: true, closed: false, frames: 5, ..Sample::default() };
    let d = sample(&cut);
    assert_eq!((d.clip.frames, d.origin["clip.frames"].tag.as_str()), (Some(5), "essence elements"));
    assert!(codes(&d).contains(&"MXF-OPEN"));
    // the descriptor alone, or another length
    let d = sample(&Sample { duration: -1, stored: Some(3), ..Sample::default() });
    assert_eq!(d.origin["clip.frames"].tag, "FileDescriptor.ContainerDuration");
    let d = sample(&Sample { stored: Some(5), ..Sample::default() });
    assert_eq!((d.clip.frames, codes(&d)), (Some(3), vec!["MXF-LENGTH"]));
    // nothing says it
    let none = Sample { duration: -1, indexed: 0, frames: 60, ..Sample::default() };
    let d = sample(&none);
    assert_eq!((d.clip.frames, codes(&d)), (None, vec!["MXF-FRAMES"]));
}

#[test]
fn metadata_of_the_footer_are_taken_before_open_ones() {
    let mut s = Sample { open: true, duration: 3, ..Sample::default() };
    s.run_in = vec![0; 1000];
    let d = sample(&s);
    assert_eq!(
        (d.clip.frames, d.raw["mxf"]["metadata.partition"].as_str()),
        (Some(3), Some("footer, closed and complete"))
    );
    assert_eq!(d.warnings, []);
}

/// A recording that was not closed, whose metadata were repeated while it went on: nothing points to them.
#[test]
fn later_metadata_of_an_unfinished_recording() {
    let s = Sample { open: true, closed: false, duration: -1, frames: 4, repeated: Some(4), ..Sample::default() };
    let d = sample(&s);
    assert_eq!(
        (d.clip.frames, d.raw["mxf"]["metadata.partition"].as_str()),
        (Some(4), Some("body, open and incomplete"))
    );
    assert!(codes(&d).iter().all(|c| *c == "MXF-OPEN") && d.warnings.len() == 2, "{:?}", d.warnings);
}

#[test]
fn the_document_of_a_camera() {
    let xml = "\u{feff}<?xml version=\"1.0\"?><NonRealTimeMeta xmlns=\"urn:x\"><Duration value=\"3\"/>\
               <Device manufacturer=\"Sony\" modelName=\"PXW-FX9V\" serialNo=\"0010123\"/></NonRealTimeMeta>";
    let d = sample(&Sample { document: Some(xml.into()), ..Sample::default() });
    let c = &d.camera;
    assert_eq!(
        (c.make.as_deref(), c.model.as_deref(), c.serial.as_deref()),
        (Some("Sony"), Some("PXW-FX9V"), Some("0010123"))
    );
    assert!(d.raw["mxf"]["document[9]"].as_str().unwrap().contains("NonRealTimeMeta"));
    assert_eq!(d.warnings, []);
    let broken =
        Sample { document: Some("<?xml version=\"1.0\"?><Device manufacturer=\"S".into()), ..Sample::default() };
    assert_eq!(sample(&broken).camera.make, None);
}

#[test]
fn a_camera_that_wrote_the_file_itself() {
    let by = |w: [&str; 3]| sample(&Sample { writer: w.map(str::to_owned), ..Sample::default() }).camera;
    let c = by(["ARRI", "ALEXA Mini LF", "7.1.1"]);
    assert_eq!((c.make.as_deref(), c.model.as_deref()), (Some("ARRI"), Some("ALEXA Mini LF")));
    assert_eq!(c.firmware.as_deref(), Some("7.1.1"));
    assert_eq!(by(["Sony Corporation", "PXW-FX9", "2.0"]).make.as_deref(), Some("Sony"));
    for program in [["Sony", "Catalyst Browse", "1"], ["SONY", "PDW-U4", "1"], ["ARRI", "ARRIRAW Converter", "3"]] {
        assert!(by(program).is_empty(), "{program:?}");
    }
}

#[test]
fn sound_that_begins_elsewhere_is_said() {
    let d = sample(&Sample { origin: 1, ..Sample::default() });
    assert_eq!(codes(&d), ["MXF-EDIT", "MXF-EDIT"]);
}

#[test]
fn what_is_only_a_part_of_what_is_stored_is_not_decoded() {
    for s in [
        Sample { offsets: (2, 0), starts: [Some(864_002), Some(864_000), None], ..Sample::default() },
        Sample { origin: 1, ..Sample::default() },
    ] {
        let d = sample(&s);
        assert_eq!((codes(&d), d.format.decodable), (vec!["MXF-EDIT", "MXF-EDIT"], false));
        assert!(d.format.undecodable.unwrap().contains("behind the first stored one"));
    }
    // the label is that of the part
    assert_eq!(
        start(&sample(&Sample { offsets: (2, 0), starts: [None, Some(48), None], ..Sample::default() })),
        "00:00:02:02"
    );
}

#[test]
fn acquisition_metadata() {
    let lens = vec![
        (0x8008, 0x8000u16.to_be_bytes().to_vec()),
        (0x8001, vec![0xe0, 0xfa]),
        (0x8005, vec![0xd0, 0x23]),
        (0x8007, b"Prime 35".to_vec()),
    ];
    let camera = vec![
        (0x8108, u32s(10_380)),
        (0x810b, 800u16.to_be_bytes().to_vec()),
        (0x810e, 5600u16.to_be_bytes().to_vec()),
        (0x8106, [48i32.to_be_bytes(), 1i32.to_be_bytes()].concat()),
        (0x8103, 16u16.to_be_bytes().to_vec()),
        (0x8114, b"PMW-F55 0012345".to_vec()),
    ];
    let user = vec![(0xe101, vec![1, 2, 3])];
    let acquisition = vec![([1, 1], lens), ([2, 1], camera), ([0x7f, 1], user)];
    let d = sample(&Sample { acquisition, ..Sample::default() });
    assert_eq!((d.lens.t_stop, d.lens.focus_m, d.lens.focal_length_mm), (Some(16.0), Some(2.5), Some(35.0)));
    assert_eq!((d.lens.model.as_deref(), d.exposure.shutter_angle), (Some("Prime 35"), Some(173.0)));
    assert_eq!((d.exposure.iso, d.exposure.white_balance_k), (Some(800), Some(5600)));
    assert_eq!((d.exposure.nd.as_deref(), d.fps.sensor), (Some("1/16"), Rational::new(48, 1)));
    assert_eq!((d.camera.model.as_deref(), d.camera.serial.as_deref()), (Some("PMW-F55"), Some("0012345")));
    assert_eq!(d.raw["mxf"]["acquisition.user.e101"], "010203");
}

#[test]
fn comments_and_what_nobody_knows() {
    let comment = |n: u8, name: &str, value: &str| {
        let value = [&b"B"[..], &[1, 0x10, 2, 0], &[0; 12], &text(value)].concat();
        set(0x3f00, n, &[(0x5001, text(name)), (0x5003, value)])
    };
    let dark = write::klv(Ul::with([2, 5, 1, 1], [0x0e, 9, 9, 9, 9, 9, 9, 9]), b"dark");
    let own = Ul::with([1, 1, 1, 1], [0x0e, 9, 1, 2, 3, 4, 5, 6]);
    let more = [comment(70, "Scene", "12A"), comment(71, "Note", "é"), dark, set(0x6e00, 72, &[(0x8001, vec![7; 3])])];
    let d = sample(&Sample { more: more.concat(), tags: vec![(0x8001, own)], ..Sample::default() });
    assert_eq!(d.slate.scene.as_deref(), Some("12A"));
    assert_eq!(d.raw["mxf"]["comment.Note"], "é");
    assert_eq!(d.raw["mxf"][format!("AVCSubDescriptor[1].{own}")], "070707");
    assert!(d.raw["mxf"]["dark"][0].as_str().unwrap().ends_with("4 bytes"));
}

/// Packages that play each other, and sets that name themselves.
#[test]
fn references_in_circles_end() {
    let mut bytes = Sample { tape: Some("x".into()), ..Sample::default() }.bytes();
    let umid = |n: u8| crate::engine::container::mxf::sample::umid(n);
    // every source clip plays the file package
    for n in [3, 1] {
        let clip = [&[0x11, 0x01, 0, 32][..], &umid(n)].concat();
        let places: Vec<usize> =
            bytes.windows(clip.len()).enumerate().filter(|(_, w)| *w == clip).map(|(n, _)| n).collect();
        for p in places {
            bytes[p + 4..p + 36].copy_from_slice(&umid(2));
        }
    }
    assert_eq!(read(&bytes).unwrap().clip.frames, Some(3));
    let wild = set(0x0f00, 21, &[(0x1001, batch(&[id(21); 300]))]);
    let d = sample(&Sample { more: wild, ..Sample::default() });
    assert_eq!(d.clip.frames, Some(3));
}

#[test]
fn probes() {
    let s = Sample::default().bytes();
    let score = |bytes: &[u8], name: &str| Mxf.probe(&bytes[..bytes.len().min(4096)], Path::new(name));
    assert_eq!((score(&s, "x"), score(&s[1..], "x.mxf"), score(b"RIFF", "x.mxf")), (100, 1, 0));
    let far = Sample { run_in: vec![b'x'; 5000], ..Sample::default() }.bytes();
    assert_eq!((score(&far, "a.mxf"), score(&far, "a.bin")), (1, 0));
    assert_eq!(read(&far).unwrap().raw["mxf"]["run_in"], 5000);
    // an archive that holds one
    let near = Sample { run_in: vec![b'x'; 512], ..Sample::default() }.bytes();
    assert_eq!((score(&near, "a.mxf"), score(&near, "a.tar")), (90, 0));
    let none = read(&[b'x'; 70_000]).unwrap();
    assert_eq!((none.format.id.as_str(), none.problem.unwrap().code.as_ref()), ("unknown", "FORMAT-UNKNOWN"));
    // the rest of a file whose beginning is lost
    let body = s.windows(14).rposition(|w| w.starts_with(&partition::KEY) && w[13] == 3).unwrap();
    assert_eq!(read(&s[body..]).unwrap_err().code, "FILE-MALFORMED");
}

/// 200 GB of which only headers are on the disk. No more is read of them than fits in 16 MiB.
#[test]
fn a_very_long_recording_is_not_read() {
    let len = 200_000_000_000u64;
    let mut s = Sample { channels: 0, duration: 240_000, clip_wrapped: true, frames: 0, ..Sample::default() };
    s.pattern = [0x10, 0];
    for closed in [true, false] {
        let bytes = Sample { open: !closed, closed, ..s.clone() }.bytes();
        let key = Ul::with([1, 2, 1, 1], [0x0d, 1, 3, 1, 0x15, 1, 5, 0]);
        let short = head(key, 0);
        let at = bytes.windows(short.len()).position(|w| w == short).unwrap();
        let file = tempfile::tempfile().unwrap();
        let mut first = bytes[..at].to_vec();
        first.extend(head(key, len));
        let grown = first.len() as u64 - at as u64 - short.len() as u64 + len;
        let mut tail = bytes[at + short.len()..].to_vec();
        if closed {
            // footer and index move; offsets of 8 bytes that name the old place name the new one
            let old = (at + short.len()) as u64;
            for buffer in [&mut first, &mut tail] {
                let places: Vec<usize> =
                    (0..buffer.len().saturating_sub(7)).filter(|n| buffer[*n..*n + 8] == old.to_be_bytes()).collect();
                places.iter().for_each(|n| buffer[*n..*n + 8].copy_from_slice(&(old + grown).to_be_bytes()));
            }
        }
        file.write_all_at(&first, 0).unwrap();
        let end = first.len() as u64 + len;
        file.write_all_at(&tail, end).unwrap();
        let size = end + tail.len() as u64;
        file.set_len(size).unwrap();
        let limits = Limits { header_bytes: 16 << 20, ..Limits::default() };
        let d = inspect(&file, size, &limits).unwrap();
        assert_eq!((d.clip.frames, d.format.container.as_deref()), (Some(240_000), Some("MXF OP-Atom")));
        let e = inspect(&file, size - tail.len() as u64 - 1000, &limits).unwrap_err();
        assert!(e.code == "FILE-TRUNCATED" && e.what.contains("missing"), "{e}");
    }
}

/// Frames that lie apart, hours of them: the end is found without stepping through all.
#[test]
fn very_many_frames_are_not_stepped_through() {
    let bytes = Sample { frames: 20_000, duration: 20_000, open: true, closed: false, ..Sample::default() }.bytes();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let limits = Limits { header_bytes: 2 << 20, ..Limits::default() };
    let d = inspect(&file, bytes.len() as u64, &limits).unwrap();
    assert_eq!(d.clip.frames, Some(20_000));
}

#[test]
fn damage_never_panics() {
    let s = Sample {
        tape: Some("T".into()),
        acquisition: vec![([2, 1], vec![(0x8114, b"A 1".to_vec())])],
        more: properties(&[(1, vec![2])]),
        ..Sample::default()
    };
    let bytes = s.bytes();
    for n in (0..bytes.len()).step_by(3) {
        if let Ok(d) = read(&bytes[..n]) {
            assert!(d.problem.is_some() || bytes.len() - n < 80, "{n}");
        }
    }
    for n in 0..bytes.len() {
        let mut b = bytes.clone();
        b[n] ^= if n % 2 == 0 { 0xff } else { 1 };
        let _ = read(&b);
    }
    let _ = klv::SMPTE;
}
