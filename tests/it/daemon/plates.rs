//! Plates of sequences with timecode, as other programs read them.

use super::facility::Facility;
use crate::pictures::tool;
use crate::support::oracle;
use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};
use std::path::{Path, PathBuf};
use std::process::Command;

const FRAMES: u32 = 12;
const WIDTH: u32 = 40;
const HEIGHT: u32 = 22;

/// A rate, whether it drops labels, the label of the first frame, and those of frames that are looked at.
struct Take {
    name: &'static str,
    rate: (u32, u32),
    drop: bool,
    start: &'static str,
    labels: [(u32, &'static str); 3],
}

const TAKES: [Take; 3] = [
    Take {
        name: "A001_C001",
        rate: (24, 1),
        drop: false,
        start: "10:02:11:22",
        labels: [(0, "10:02:11:22"), (2, "10:02:12:00"), (11, "10:02:12:09")],
    },
    Take {
        name: "A001_C002",
        rate: (24_000, 1001),
        drop: false,
        start: "23:59:59:15",
        labels: [(0, "23:59:59:15"), (8, "23:59:59:23"), (9, "00:00:00:00")],
    },
    Take {
        name: "A001_C003",
        rate: (30_000, 1001),
        drop: true,
        start: "01:00:59;25",
        labels: [(0, "01:00:59;25"), (4, "01:00:59;29"), (5, "01:01:00;02")],
    },
];

/// Frames of every take, recorded on a day that the header names, with pixels that are twice as wide as high.
fn shoot(f: &Facility) {
    let dir = f.path("hot/A001");
    std::fs::create_dir_all(&dir).unwrap();
    for take in &TAKES {
        let rate = Rational::new(take.rate.0, take.rate.1).unwrap();
        let start = Timecode::parse(take.start, rate, take.drop).unwrap();
        for n in 0..FRAMES {
            let mut bytes = demo::dpx_frame(n, WIDTH, HEIGHT, rate, start, "A001R2EC");
            // fields of SMPTE ST 268-1: date of the source, aspect of its pixels, note of the slate
            bytes[1532..1551].copy_from_slice(b"2026:03:04:05:06:07");
            bytes[1628..1632].copy_from_slice(&2u32.to_be_bytes());
            bytes[1632..1636].copy_from_slice(&1u32.to_be_bytes());
            std::fs::write(dir.join(format!("{}.{:04}.dpx", take.name, 86_400 + n)), bytes).unwrap();
        }
    }
}

fn facility() -> Facility {
    let mut f = Facility::new();
    f.extra = "color = { source = \"logc3\" }\n".into();
    f.rules = "[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"plate\", \"cg\", \"film\", \"manifest\"]\n\
               [recipe.cg]\nkind = \"plate\"\ncolor = \"ACEScg\"\ncompression = \"piz\"\n\
               name = \"cg/{clip}_v{version:03}/{clip}_v{version:03}.{frame:04}.exr\"\nfirst_frame = \"source\"\n\
               [recipe.film]\nkind = \"plate\"\nformat = \"dpx\"\nbits = 10\n\
               name = \"film/{clip}_v{version:03}/{clip}_v{version:03}.{frame:04}.dpx\"\n"
        .into();
    shoot(&f);
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    f
}

fn frame(f: &Facility, folder: &str, take: &Take, tail: &str, n: u32, ext: &str) -> PathBuf {
    let stem = format!("{}{tail}_v001", take.name);
    f.path(&format!("out/{folder}/{stem}/{stem}.{n:04}.{ext}"))
}

/// Whether the text has this attribute with this value, white space aside.
fn says(text: &str, name: &str, value: &str) {
    let words = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
    let (text, wanted) = (words(text), words(&format!("{name}{value}")));
    assert!(text.contains(&wanted), "no `{wanted}` in {text}");
}

#[test]
fn open_exr_plates_carry_what_the_source_says() {
    let f = facility();
    let mut looked_at = 0;
    for take in &TAKES {
        for (n, label) in take.labels {
            let (num, den) = take.rate;
            let digits = label.replace(';', ":");
            let ap0 = "0.7347 0.2653) green (0 1) blue (0.0001 -0.077) white (0.32168 0.33767)";
            let ap1 = "0.713 0.293) green (0.165 0.83) blue (0.128 0.044) white (0.32168 0.33767)";
            for (path, number, compression, primaries, id) in [
                (frame(&f, "A001", take, "_PL01", 1001 + n, "exr"), 1001 + n, "zip", ap0, "lin_ap0_scene"),
                (frame(&f, "cg", take, "", 86_400 + n, "exr"), 86_400 + n, "piz", ap1, "lin_ap1_scene"),
            ] {
                let name = path.to_str().unwrap();
                let seconds = format!("{}", f64::from(num) / f64::from(den));
                let seconds = seconds.get(..6).unwrap_or(&seconds).trim_end_matches('0');
                if let Some(text) = tool("plates by exrheader", "exrheader", &[name]) {
                    says(
                        &text,
                        "timeCode (type timecode): time ",
                        &format!("{digits} drop frame {},", u8::from(take.drop)),
                    );
                    says(&text, "framesPerSecond (type rational): ", &format!("{num}/{den} ({seconds}"));
                    says(&text, "reelName (type string): ", "\"A001R2EC\"");
                    says(&text, "capDate (type string): ", "\"2026:03:04 05:06:07\"");
                    says(&text, "chromaticities (type chromaticities): red (", primaries);
                    says(&text, "colorInteropID (type string): ", &format!("\"{id}\""));
                    says(&text, "compression (type compression): ", compression);
                    says(&text, "dataWindow (type box2i): ", "(0 0) - (39 21)");
                    says(&text, "displayWindow (type box2i): ", "(0 0) - (39 21)");
                    says(&text, "pixelAspectRatio (type float): ", "2 ");
                    says(&text, "imageCounter (type int): ", &format!("{number} "));
                    says(&text, "shutterAngle (type float): ", "180 ");
                    for channel in ["B", "G", "R"] {
                        says(&text, channel, ", 16-bit floating-point, sampling 1 1");
                    }
                    // no one said where the clock stood, nor what the camera was
                    for absent in ["utcOffset", "camera", "lens", "comments", "owner"] {
                        assert!(!text.contains(absent), "{absent}: {text}");
                    }
                    looked_at += 1;
                }
                if let Some(text) = tool("plates by oiiotool", "oiiotool", &["--info", "-v", name]) {
                    says(&text, "", "40 x 22, 3 channel, half openexr channel list: R, G, B");
                    says(&text, "smpte:TimeCode: ", &digits);
                    says(&text, "framesPerSecond: ", &format!("{num}/{den} "));
                    says(&text, "DateTime: ", "\"2026:03:04 05:06:07\"");
                    says(&text, "compression: ", &format!("\"{compression}\""));
                    says(&text, "PixelAspectRatio: ", "2 ");
                    says(&text, "reelName: ", "\"A001R2EC\"");
                }
            }
        }
    }
    println!("plates by exrheader: {looked_at} frames looked at");
}

#[test]
fn dpx_plates_carry_what_the_source_says() {
    let f = facility();
    for take in &TAKES {
        for (n, label) in take.labels {
            let (num, den) = take.rate;
            let path = frame(&f, "film", take, "", 1001 + n, "dpx");
            let name = path.to_str().unwrap();
            let parts: Vec<u8> = label.split([':', ';']).map(|p| p.parse().unwrap()).collect();
            let mut digits: Vec<u8> = parts.iter().map(|d| d / 10 * 16 + d % 10).collect();
            digits[3] |= if take.drop { 0x40 } else { 0 };
            assert_eq!(timecode_word(&path)[..], digits, "{label}");
            let show = ["-v", "error", "-show_entries"];
            let what = ["stream=pix_fmt,width,height,sample_aspect_ratio:frame_tags", name];
            if let Some(text) = tool("DPX plates by ffprobe", "ffprobe", &[&show[..], &what].concat()) {
                says(&text, "TAG:timecode=", label);
                says(&text, "TAG:Input Device=", "A001R2EC");
                for part in ["pix_fmt=gbrp10le", "width=40", "height=22", "sample_aspect_ratio=2:1"] {
                    says(&text, "", part);
                }
            }
            if let Some(text) = tool("DPX plates by oiiotool", "oiiotool", &["--info", "-v", name]) {
                let rate = f64::from(num) / f64::from(den);
                let rate = format!("{rate:.3}").trim_end_matches('0').trim_end_matches('.').to_owned();
                says(&text, "", "40 x 22, 3 channel, uint10 dpx");
                says(&text, "dpx:TimeCode: ", &format!("\"{label}\""));
                says(&text, "dpx:TemporalFrameRate: ", &rate);
                says(&text, "dpx:FrameRate: ", &rate);
                says(&text, "dpx:FramePosition: ", &format!("{} ", 1001 + n));
                says(&text, "dpx:SourceImageFileName: ", &format!("\"{}.{}.dpx\"", take.name, 86_400 + n));
                says(&text, "dpx:InputDevice: ", "\"A001R2EC\"");
                says(&text, "dpx:Transfer: ", "\"Logarithmic\"");
                says(&text, "ImageDescription: ", "\"ARRI LogC3 (EI800)\"");
                says(&text, "PixelAspectRatio: ", "2 ");
            }
        }
    }
}

/// The eight digits of the label, by their place in the standard.
fn timecode_word(path: &Path) -> [u8; 4] {
    std::fs::read(path).unwrap()[1920..1924].try_into().unwrap()
}

/// The reference implementation of the ASC's media hash list finds each sealed folder whole, and finds what changed in it.
#[test]
fn sealed_plates_pass_the_reference_tool() {
    let test = "sealed plates by ascmhl";
    let (Some(ascmhl), Some(debug)) = (oracle(test, "ascmhl"), oracle(test, "ascmhl-debug")) else { return };
    let f = facility();
    let run = |program: &Path, args: &[&str], folder: &Path| {
        let o = Command::new(program).args(args).arg(folder).output().unwrap();
        (o.status.success(), format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr)))
    };
    let mut folders = Vec::new();
    for take in &TAKES {
        for (dir, tail, ext) in [("A001", "_PL01", "exr"), ("cg", "", "exr"), ("film", "", "dpx")] {
            let first = if dir == "cg" { 86_400 } else { 1001 };
            folders.push((frame(&f, dir, take, tail, first, ext), frame(&f, dir, take, tail, first + 7, ext)));
        }
    }
    for (first, other) in &folders {
        let folder = first.parent().unwrap();
        for (program, args) in
            [(&ascmhl, &["diff"][..]), (&debug, &["verify"]), (&debug, &["verify", "-dh"]), (&ascmhl, &["info"])]
        {
            let (good, text) = run(program, args, folder);
            assert!(good && !text.to_lowercase().contains("mismatch") && !text.contains("ERROR"), "{args:?}: {text}");
        }
        let (good, text) = run(&ascmhl, &["info", "-v"], folder);
        assert!(good && text.contains("Generation 1"), "{text}");
        // another generation, by the tool itself
        let (good, text) = run(&ascmhl, &["create", "-h", "xxh128"], folder);
        assert!(good && !text.contains("ERROR"), "{text}");
        // one bit of one frame, then a frame that is gone
        let mut bytes = std::fs::read(first).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(first, bytes).unwrap();
        let (good, text) = run(&debug, &["verify"], folder);
        assert!(!good && text.contains(first.file_name().unwrap().to_str().unwrap()), "{text}");
        std::fs::remove_file(other).unwrap();
        let (good, text) = run(&ascmhl, &["diff"], folder);
        assert!(!good && text.contains(other.file_name().unwrap().to_str().unwrap()), "{text}");
    }
    println!("{test}: {} sealed folders verified", folders.len());
}
