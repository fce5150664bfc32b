//! QuickTime and MP4 movies.

use super::mov_build::{Movie, Order, cat, data, key_list, user_text};
use super::{codes, inspect_bytes, survives};
use proptest::prelude::*;
use rushes::engine::container::bmff::{atom, full_atom};
use rushes::model::{ClipDoc, Rect};
use std::process::Command;

fn read(m: &Movie) -> ClipDoc {
    inspect_bytes("a.mov", &m.bytes()).unwrap()
}

#[test]
fn golden_fields() {
    let d = read(&Movie::default());
    assert_eq!((d.format.id.as_str(), d.format.container.as_deref()), ("mov", Some("QuickTime")));
    assert_eq!((d.format.codec.as_deref(), d.format.bit_depth), (Some("ProRes 422 HQ"), Some(10)));
    assert_eq!((d.image.width, d.image.height, d.image.orientation), (Some(1920), Some(1080), Some(0)));
    assert_eq!((d.image.pixel_aspect, d.clip.frames), (Some(1.0), Some(8)));
    assert_eq!(d.fps.project.unwrap().to_string(), "30000/1001");
    let t = d.timecode.clone().unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref(), t.drop), ("01:02:03;04", Some("01:02:03;12"), true));
    assert_eq!((t.rate.to_string().as_str(), d.reel.as_deref()), ("30000/1001", Some("A001R1AB")));
    assert_eq!(d.recorded.date.as_deref(), Some("2018-01-28T16:00:00Z"));
    assert_eq!(d.origin["timecode.start"].tag, "tmcd");
    assert!(d.origin["reel"].place.starts_with("moov/trak[2] at 0x"), "{:?}", d.origin["reel"]);
    assert_eq!(d.raw["mov"]["track[2].timecode.samples"][0], 111_582);
    assert!(d.audio.is_empty() && d.warnings.is_empty(), "{:?}", d.warnings);
}

#[test]
fn the_order_of_boxes_does_not_matter() {
    let strip = |mut d: ClipDoc| {
        d.origin.clear();
        d.clip.files.clear();
        d.raw.clear();
        d
    };
    let want = strip(read(&Movie::default()));
    for order in [Order::MoovFirst, Order::Wide] {
        assert_eq!(strip(read(&Movie { order, ..Movie::default() })), want);
    }
    let b = Movie { order: Order::MoovFirst, ..Movie::default() }.bytes();
    let mdat = b.windows(4).position(|w| w == b"mdat").unwrap() - 4;
    let mut open = b.clone();
    open[mdat..mdat + 4].fill(0);
    assert_eq!(strip(inspect_bytes("a.mov", &open).unwrap()), want, "size 0: to the end of the file");
    let junk = cat(&[&Movie::default().bytes(), &atom(b"junk", &[b"what"]), &atom(b"free", &[&[0; 9]])]);
    assert_eq!(strip(inspect_bytes("a.mov", &junk).unwrap()), want);
    let mut plain = b;
    plain[4..8].copy_from_slice(b"free");
    assert_eq!(strip(inspect_bytes("a.bin", &plain).unwrap()), want, "without a brand");
}

#[test]
fn every_cut_is_survived_and_none_is_taken_for_whole() {
    for order in [Order::MoovLast, Order::MoovFirst, Order::Wide] {
        let meta = key_list(false, &[("com.apple.quicktime.make", 1, b"ARRI")]);
        let whole = Movie { order, meta, sound: Some((*b"in24", 2, 24, 48_000, 10)), ..Movie::default() }.bytes();
        for n in 0..whole.len() {
            match survives("a.mov", &whole[..n]) {
                Ok(d) => assert!(n < 20 && d.problem.is_some(), "{n} of {}", whole.len()),
                Err(e) => assert!(["FILE-TRUNCATED", "FILE-EMPTY"].contains(&e.code.as_ref()), "{n} {e}"),
            }
        }
        survives("a.mov", &whole).unwrap();
    }
}

#[test]
fn a_cut_says_how_much_is_missing() {
    let b = Movie { order: Order::MoovFirst, ..Movie::default() }.bytes();
    let e = inspect_bytes("a.mov", &b[..b.len() - 5]).unwrap_err();
    assert!(e.what.contains("`mdat` ends 5 bytes after"), "{e}");
    assert_eq!(e.fix.as_deref(), Some("copy the file again from its source"));
    let b = Movie::default().bytes();
    let moov = b.windows(4).position(|w| w == b"moov").unwrap() - 4;
    let e = inspect_bytes("a.mov", &b[..moov]).unwrap_err();
    assert!(e.what.contains("the movie header (moov), is missing") && e.code == "FILE-TRUNCATED", "{e}");
    // The media box was made smaller by someone: its header fits, the samples do not.
    let mut b = Movie { order: Order::MoovFirst, ..Movie::default() }.bytes();
    let mdat = b.windows(4).position(|w| w == b"mdat").unwrap();
    b.truncate(mdat + 20);
    b[mdat - 4..mdat].copy_from_slice(&24u32.to_be_bytes());
    let e = inspect_bytes("a.mov", &b).unwrap_err();
    assert!(e.what.contains("media is missing") && e.code == "FILE-TRUNCATED", "{e}");
}

#[test]
fn small_junk_at_the_end_is_a_warning() {
    for junk in [&[0u8; 3][..], b"\0\0\0\0\0\0\0\0\0\0\0\0", b"\xff\xff\xff\xff????????"] {
        let d = inspect_bytes("a.mov", &cat(&[&Movie::default().bytes(), junk])).unwrap();
        assert_eq!((codes(&d), d.clip.frames), (vec!["MOV-TRAILING"], Some(8)));
    }
}

#[test]
fn every_changed_byte_is_survived() {
    let meta = cat(&[
        &key_list(false, &[("com.arri.camera.ReelName", 1, b"A001R1AB"), ("n", 22, &[1, 2])]),
        &atom(b"udta", &[&user_text(b"\xa9mak", "ARRI"), &key_list(true, &[("k", 23, &[0, 0, 0, 0])])]),
    ]);
    let whole = Movie { meta, sound: Some((*b"sowt", 2, 16, 48_000, 10)), ..Movie::default() }.bytes();
    for at in 0..whole.len() {
        for value in [0x00, 0xff, 0x7f, whole[at] ^ 1] {
            let mut b = whole.clone();
            b[at] = value;
            let _ = survives("a.mov", &b);
        }
    }
}

#[test]
fn timecode_that_is_none() {
    let with = |tmcd, timescale, stts: &[(u32, u32)]| {
        let d = read(&Movie { tmcd: Some(tmcd), timescale, stts: stts.to_vec(), ..Movie::default() });
        (d.timecode.map(|t| t.start), d.warnings.into_iter().map(|w| w.code).collect::<Vec<_>>())
    };
    let s = |t: &str| Some(t.to_owned());
    let no = || (None, vec!["META-TIMECODE".to_owned()]);
    let film: &[(u32, u32)] = &[(8, 1001)];
    assert_eq!(with((0, 24_000, 1001, 24, vec![864_000]), 24_000, film), (s("10:00:00:00"), vec![]));
    assert_eq!(with((8, 24_000, 1001, 24, vec![5]), 24_000, film), no(), "a counter");
    assert_eq!(with((1, 24_000, 1001, 24, vec![5]), 24_000, film), no(), "no drop-frame at 24");
    assert_eq!(with((0, 0, 1001, 24, vec![5]), 24_000, film), no());
    assert_eq!(with((0, 24_000, 0, 24, vec![5]), 24_000, film), no());
    assert_eq!(with((0, 24_000, 1001, 25, vec![5]), 24_000, film), no(), "two rates");
    assert_eq!(with((0, 24_000, 1001, 23, vec![5]), 24_000, film), (s("00:00:00:05"), vec![]));
    assert_eq!(with((0, 24_000, 1001, 24, vec![u32::MAX]), 24_000, film), no(), "no time of day");
    assert_eq!(with((4 | 2, 24_000, 1001, 24, vec![u32::MAX]), 24_000, film), (s("23:59:59:23"), vec![]));
    assert_eq!(with((2, 24_000, 1001, 24, vec![2_073_600]), 24_000, film), (s("00:00:00:00"), vec![]));
    assert_eq!(with((0, 24_000, 1001, 24, vec![10, 14]), 24_000, film), (s("00:00:00:10"), vec![]));
    let jump = vec!["META-TIMECODE-JUMPS".to_owned()];
    assert_eq!(with((0, 24_000, 1001, 24, vec![10, 99]), 24_000, film), (s("00:00:00:10"), jump));
}

#[test]
fn timecode_at_half_the_rate() {
    let tmcd = Some((1, 30_000, 1001, 30, vec![111_582]));
    let d = read(&Movie { tmcd, timescale: 60_000, stts: vec![(7, 1001)], ..Movie::default() });
    assert_eq!(codes(&d), ["META-RATE"]);
    let t = d.timecode.unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref()), ("01:02:03;04", Some("01:02:03;08")), "7 frames are 3½ labels");
}

#[test]
fn what_is_not_read_is_said() {
    let ftyp = atom(b"ftyp", &[b"qt  \0\0\0\0"]);
    let e = survives("a.mov", &cat(&[&ftyp, &atom(b"moov", &[&atom(b"cmov", &[])])])).unwrap_err();
    assert_eq!(e.code, "FORMAT-UNSUPPORTED");
    let heic = atom(b"ftyp", &[b"heic\0\0\0\0mif1isom"]);
    let d = survives("a.heic", &cat(&[&heic, &Movie::default().bytes()])).unwrap();
    assert!(d.problem.unwrap().what.contains("HEIF"));
    let braw = inspect_bytes("a.braw", &Movie { code: *b"brxq", ..Movie::default() }.bytes()).unwrap();
    assert_eq!((braw.format.codec.as_deref(), braw.format.bit_depth), (Some("Blackmagic RAW"), None));
    let other = read(&Movie { code: *b"zz\0z", ..Movie::default() });
    assert_eq!(other.format.codec.as_deref(), Some("`zz\\x00z`"));
}

#[test]
fn a_clock_that_was_never_set_is_no_date() {
    for (created, want) in [(0, vec![]), (1_700_000_000, vec!["META-DATE"])] {
        let d = read(&Movie { created, ..Movie::default() });
        assert_eq!((d.recorded.date.as_deref(), codes(&d)), (None, want));
    }
}

#[test]
fn variable_rates_give_none() {
    let d = read(&Movie { tmcd: None, timescale: 600, stts: vec![(4, 20), (1, 60), (4, 20)], ..Movie::default() });
    assert_eq!((d.fps.project, d.clip.frames, codes(&d)), (None, Some(9), vec!["MOV-VARIABLE-RATE"]));
    let d = read(&Movie { tmcd: None, timescale: 600, stts: vec![(4, 25), (1, 60)], ..Movie::default() });
    assert_eq!(d.fps.project.unwrap().to_string(), "24/1", "the last may be of any length");
}

#[test]
fn geometry_and_colour() {
    let extra = cat(&[
        &atom(b"colr", &[b"nclx", &[0, 9, 0, 16, 0, 9, 0x80]]),
        &atom(b"pasp", &[&[0, 0, 0, 4, 0, 0, 0, 3]]),
        &atom(b"clap", &[&[1900u32, 1, 1080, 1, 0, 1, 0, 1].map(u32::to_be_bytes).concat()]),
        &atom(b"fiel", &[&[2, 9]]),
    ]);
    let matrix = [0, 0x1_0000, -0x1_0000, 0];
    let d = read(&Movie { extra, matrix, ..Movie::default() });
    assert_eq!((d.image.orientation, d.image.pixel_aspect), (Some(90), Some(4.0 / 3.0)));
    assert_eq!(d.image.active, Some(Rect { x: 10, y: 0, width: 1900, height: 1080 }));
    let c = &d.color;
    let c = [&c.primaries, &c.transfer, &c.matrix, &c.range].map(Option::as_deref);
    assert_eq!(c, [Some("BT.2020"), Some("PQ"), Some("BT.2020"), Some("full")]);
    assert_eq!(d.raw["mov"]["track[1].fields"], "interlaced, top field first");
    let mirrored = read(&Movie { matrix: [-0x1_0000, 0, 0, 0x1_0000], ..Movie::default() });
    assert_eq!((mirrored.image.orientation, codes(&mirrored)), (None, vec!["MOV-MATRIX"]));
    let clap = atom(b"clap", &[&[0xff; 32]]);
    assert_eq!(codes(&read(&Movie { extra: clap, ..Movie::default() })), ["MOV-CLAP"]);
}

#[test]
fn both_kinds_of_key_lists() {
    let keys: [(&str, u32, &[u8]); 8] = [
        ("com.arri.camera.CameraModel", 1, b"ALEXA Mini LF"),
        ("COM.ARRI.CAMERA.CAMERASERIALNUMBER", 1, b"12345"),
        ("com.arri.camera.ExposureIndexAsa", 22, &[0x03, 0x20]),
        ("com.arri.camera.ShutterAngle", 23, &172.5f32.to_be_bytes()),
        ("com.arri.camera.WhiteBalanceKelvin", 1, b"5600"),
        ("com.arri.camera.WhiteBalanceTintCc", 21, &[0xff]),
        ("com.arri.camera.SensorFps", 22, &[0, 0, 0x5d, 0xc0]),
        ("com.apple.quicktime.creationdate", 1, b"2024-01-02T03:04:05+0100"),
    ];
    let (plain, full) = (key_list(false, &keys), key_list(true, &keys));
    for meta in [plain.clone(), full.clone(), atom(b"udta", &[&full]), atom(b"udta", &[&plain, &[0; 4]])] {
        let d = read(&Movie { meta, ..Movie::default() });
        let c = &d.camera;
        assert_eq!((c.make.as_deref(), c.model.as_deref()), (Some("ARRI"), Some("ALEXA Mini LF")));
        assert_eq!((c.serial.as_deref(), d.exposure.iso), (Some("12345"), Some(800)));
        assert_eq!((d.exposure.shutter_angle, d.exposure.white_balance_k), (Some(172.5), Some(5600)));
        assert_eq!((d.exposure.tint, d.fps.sensor.unwrap().to_string().as_str()), (Some(-1.0), "24/1"));
        assert_eq!(d.recorded.date.as_deref(), Some("2024-01-02T03:04:05+01:00"));
        assert_eq!(d.raw["mov"]["com.arri.camera.CameraModel"], "ALEXA Mini LF");
        assert_eq!(d.origin["exposure.iso"].tag, "com.arri.camera.ExposureIndexAsa");
        assert!(d.warnings.is_empty(), "{:?}", d.warnings);
    }
}

#[test]
fn blackmagic_keys() {
    let meta = key_list(
        false,
        &[
            ("manufacturer", 1, b"Blackmagic Design"),
            ("camera_type", 1, b"Blackmagic URSA Mini Pro 12K"),
            ("reel_name", 1, b"7"),
            ("sensor_rate", 1, b"48,1,"),
            ("anamorphic", 1, b"2x"),
            ("anamorphic_enable", 75, &[1]),
            ("good_take", 1, b"true"),
        ],
    );
    let d = read(&Movie { meta, reel: None, ..Movie::default() });
    assert_eq!((d.camera.make.as_deref(), d.reel.as_deref()), (Some("Blackmagic Design"), Some("7")));
    assert_eq!((d.fps.sensor.unwrap().to_string().as_str(), d.lens.squeeze), ("48/1", Some(2.0)));
    assert_eq!((d.slate.circled, d.origin["lens.squeeze"].tag.as_str()), (Some(true), "anamorphic"));
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
}

#[test]
fn values_that_do_not_fit_stay_raw() {
    let meta = key_list(
        false,
        &[
            ("com.arri.camera.ShutterAngle", 1, b"1/48"),
            ("com.arri.camera.ReelName", 1, b"B002"),
            ("binary", 0, &[1; 100]),
            ("twice", 1, b"a"),
            ("twice", 1, b"b"),
        ],
    );
    let d = read(&Movie { meta, ..Movie::default() });
    assert_eq!(codes(&d), ["META-CONFLICT", "META-VALUE"]);
    assert_eq!((d.reel.as_deref(), d.exposure.shutter_angle), (Some("A001R1AB"), None), "the timecode track first");
    let raw = &d.raw["mov"];
    assert_eq!((raw["twice"].as_str(), raw["twice#2"].as_str()), (Some("a"), Some("b")));
    assert!(raw["binary"].as_str().unwrap().starts_with("100 bytes: 0101"), "{raw}");
}

#[test]
fn user_data_of_both_kinds() {
    let itunes = {
        let hdlr = full_atom(b"hdlr", 0, 0, &[&[0; 4], b"mdirappl", &[0; 10]]);
        let name = atom(b"\xa9nam", &[&data(1, "Szene 1 – Probe".as_bytes())]);
        let free = atom(
            b"----",
            &[&full_atom(b"mean", 0, 0, &[b"org.example"]), &full_atom(b"name", 0, 0, &[b"roll"]), &data(1, b"7")],
        );
        full_atom(b"meta", 0, 0, &[&hdlr, &atom(b"ilst", &[&name, &free])])
    };
    let udta = atom(
        b"udta",
        &[
            &user_text(b"\xa9mak", "Panasonic"),
            &user_text(b"\xa9mod", "S1H"),
            &user_text(b"\xa9TIM", "01:00:00:00"),
            &atom(b"FIRM", &[b"HD5.02\0\0"]),
            &itunes,
            &[0; 4],
        ],
    );
    let d = read(&Movie { meta: udta, tmcd: None, timescale: 25, stts: vec![(50, 1)], ..Movie::default() });
    assert_eq!((d.camera.make.as_deref(), d.camera.model.as_deref()), (Some("Panasonic"), Some("S1H")));
    assert_eq!(d.camera.firmware.as_deref(), Some("HD5.02"));
    assert_eq!(d.raw["mov"]["ilst.©nam"], "Szene 1 – Probe");
    assert_eq!(d.raw["mov"]["ilst.org.example:roll"], "7");
    let t = d.timecode.unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref()), ("01:00:00:00", Some("01:00:02:00")));
    assert_eq!(d.origin["timecode.start"].tag, "udta.©TIM");
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
}

#[test]
fn text_timecode_never_beats_the_track() {
    let meta = key_list(false, &[("timecode", 1, b"02:00:00:00")]);
    let d = read(&Movie { meta, ..Movie::default() });
    assert_eq!((d.timecode.unwrap().start.as_str(), d.origin["timecode.start"].tag.as_str()), ("01:02:03;04", "tmcd"));
    assert!(d.warnings.iter().any(|w| w.code == "META-CONFLICT"));
}

#[test]
fn sound_beside_a_picture() {
    let d = read(&Movie { sound: Some((*b"in24", 2, 16, 48_000, 12_012)), ..Movie::default() });
    assert_eq!((d.audio.channels, d.audio.rate, d.audio.bit_depth), (Some(2), Some(48_000), Some(24)));
    assert_eq!((d.audio.samples, d.format.codec.as_deref()), (Some(12_012), Some("ProRes 422 HQ")));
    // what is written in the entry of AMR is a fixed 2 (3GPP TS 26.244, 6.5)
    let d = read(&Movie { sound: Some((*b"samr", 2, 16, 8000, 160)), ..Movie::default() });
    assert_eq!(d.audio.channels, Some(1));
}

#[test]
fn edit_lists_are_said() {
    let d = read(&Movie { edits: vec![(8008, 0)], ..Movie::default() });
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
    for edits in [vec![(4004, 4004)], vec![(4004, 0)], vec![(1001, 0), (1001, 4004)]] {
        let d = read(&Movie { edits, ..Movie::default() });
        assert_eq!((codes(&d), d.clip.frames), (vec!["MOV-EDIT"], Some(8)));
    }
}

/// Makes each 4-byte count of a table in turn as large as can be.
#[test]
fn hostile_tables_cost_nothing() {
    let whole = Movie::default().bytes();
    for table in ["stts", "stsc", "stsz", "stco", "stsd"] {
        for (at, _) in whole.windows(4).enumerate().filter(|(_, w)| *w == table.as_bytes()) {
            for field in [8, 12, 16] {
                let mut b = whole.clone();
                let Some(count) = b.get_mut(at + field..at + field + 4) else { continue };
                count.fill(0xff);
                let begun = std::time::Instant::now();
                let _ = survives("a.mov", &b);
                assert!(begun.elapsed().as_secs() < 2, "{table} {field}");
            }
        }
    }
}

#[test]
fn deep_nesting_and_many_boxes() {
    let mut deep = Vec::new();
    for _ in 0..5000 {
        deep = atom(b"udta", &[&deep]);
    }
    let d = survives("a.mov", &Movie { meta: deep, ..Movie::default() }.bytes()).unwrap();
    assert_eq!(d.clip.frames, Some(8));
    let many = atom(b"free", &[]).repeat(100_001);
    let e = survives("a.mov", &cat(&[&Movie::default().bytes(), &many])).unwrap_err();
    assert_eq!(e.code, "LIMIT-SIZE");
    let items: Vec<u8> = (0..5000).flat_map(|n| user_text(b"\xa9nam", &n.to_string())).collect();
    let d = survives("a.mov", &Movie { meta: atom(b"udta", &[&items]), ..Movie::default() }.bytes()).unwrap();
    assert_eq!(codes(&d), ["MOV-TAGS"]);
}

/// Frames that only fragments list: counted when all of them say so.
#[test]
fn fragments() {
    let mut m = Movie { tmcd: None, stts: Vec::new(), order: Order::MoovFirst, ..Movie::default() };
    let trex = full_atom(b"trex", 0, 0, &[&[1u32, 1, 1001, 16, 0].map(u32::to_be_bytes).concat()]);
    m.meta = atom(b"mvex", &[&trex]);
    let tfhd = full_atom(b"tfhd", 0, 0x02_0000, &[&1u32.to_be_bytes()]);
    let trun = full_atom(b"trun", 0, 0, &[&4u32.to_be_bytes()]);
    let moof = atom(b"moof", &[&atom(b"traf", &[&tfhd, &trun])]);
    let mdat = atom(b"mdat", &[&[0; 64]]);
    let d = inspect_bytes("a.mp4", &cat(&[&m.bytes(), &moof, &mdat, &moof, &mdat])).unwrap();
    assert_eq!((d.clip.frames, codes(&d)), (Some(8), vec!["MOV-FRAGMENTED"]));
    assert_eq!(d.fps.project.unwrap().to_string(), "30000/1001");
    let mut both = m.clone();
    both.stts = vec![(3, 1001)];
    let d = inspect_bytes("a.mp4", &cat(&[&both.bytes(), &moof, &mdat])).unwrap();
    assert_eq!(d.clip.frames, Some(7), "those of the header, then those of the fragment");
    let many = [moof.clone(), atom(b"mdat", &[])].concat().repeat(40_000);
    let d = inspect_bytes("a.mp4", &cat(&[&m.bytes(), &many])).unwrap();
    assert_eq!((d.clip.frames, codes(&d)), (None, vec!["MOV-FRAGMENTED", "MOV-FRAMES"]), "beyond limits.items");
    let bad = full_atom(b"trun", 0, 0x100, &[&u32::MAX.to_be_bytes()]);
    let bad = atom(b"moof", &[&atom(b"traf", &[&tfhd, &bad])]);
    let d = inspect_bytes("a.mp4", &cat(&[&m.bytes(), &moof, &mdat, &bad, &mdat])).unwrap();
    assert_eq!((d.clip.frames, codes(&d)), (None, vec!["MOV-FRAGMENTED", "MOV-FRAMES"]));
}

#[test]
fn what_ffmpeg_writes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.mov");
    let args = "-nostdin -v error -f lavfi -i testsrc2=size=64x36:rate=30000/1001 -f lavfi -i sine=r=48000 -t 1 \
                -c:v prores_ks -profile:v 3 -c:a pcm_s24le -timecode 01:02:03;04 -metadata:s:v reel_name=A001C002 \
                -movflags use_metadata_tags -metadata com.apple.quicktime.make=ARRI -y";
    match Command::new("ffmpeg").args(args.split_whitespace()).arg(&file).status() {
        Ok(s) if s.success() => {}
        _ => return println!("skipped: ffmpeg is not installed or cannot write ProRes"),
    }
    let d = inspect_bytes("a.mov", &std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((d.format.codec.as_deref(), d.clip.frames), (Some("ProRes 422 HQ"), Some(30)));
    assert_eq!(d.timecode.as_ref().unwrap().start, "01:02:03;04");
    assert_eq!((d.reel.as_deref(), d.camera.make.as_deref()), (Some("A001C002"), Some("ARRI")));
    assert_eq!((d.audio.channels, d.audio.rate, d.audio.bit_depth), (Some(1), Some(48_000), Some(24)));
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn anything_after_a_good_brand_is_survived(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        let ftyp = atom(b"ftyp", &[b"qt  \0\0\0\0"]);
        let _ = survives("a.mov", &cat(&[&ftyp, &body]));
        let _ = survives("a.mov", &cat(&[&ftyp, &atom(b"moov", &[&body]), &atom(b"mdat", &[&[0; 9]])]));
        let _ = survives("a.mov", &Movie { meta: atom(b"meta", &[&body]), ..Movie::default() }.bytes());
        let _ = survives("a.mov", &Movie { extra: body, ..Movie::default() }.bytes());
    }

    #[test]
    fn several_changed_bytes_are_survived(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..12)) {
        let mut b = Movie::default().bytes();
        for (at, value) in changes {
            let n = b.len();
            b[at % n] = value;
        }
        let _ = survives("a.mov", &b);
    }
}
