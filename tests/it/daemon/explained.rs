//! Pixels of pictures of many kinds follow from `rushes explain` alone.

use super::facility::Facility;
use super::recompute::{Picture, pixel, read, right};
use crate::support::RawDpx;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const W: usize = 50;
const H: usize = 28;

/// What lies in the watched folder.
#[derive(Clone, Copy)]
enum Source {
    /// Bits, packing code, big endian.
    Dpx(u8, u16, bool),
    Tiff,
    ExrHalf,
    ExrFloat,
}

struct Case {
    clip: &'static str,
    source: Source,
    recipe: &'static str,
    /// Space of the source and of the output, as the account names them.
    spaces: (&'static str, &'static str),
    /// The ops, before and after resampling.
    ops: (&'static [&'static str], &'static [&'static str]),
    /// Name of the output below the output folder.
    made: &'static str,
}

const CASES: [Case; 12] = [
    Case {
        clip: "C01x",
        source: Source::Dpx(10, 1, true),
        recipe: "kind = \"plate\"\nsource = \"logc3\"",
        spaces: ("ARRI LogC3 (EI800)", "ACES2065-1"),
        ops: (&["curve", "matrix"], &[]),
        made: "C01x_R_v001/C01x_R_v001.1001.exr",
    },
    Case {
        clip: "C02x",
        source: Source::Dpx(10, 2, false),
        recipe: "kind = \"plate\"\nsource = \"slog3\"\ncolor = \"ACEScg\"\ncompression = \"piz\"",
        spaces: ("S-Log3 S-Gamut3.Cine", "ACEScg"),
        ops: (&["curve", "matrix", "matrix"], &[]),
        made: "C02x_R_v001/C02x_R_v001.1001.exr",
    },
    Case {
        clip: "C03x",
        source: Source::Dpx(12, 1, true),
        recipe: "kind = \"plate\"\nsource = \"logc4\"\ncdl = \"g.cc\"",
        spaces: ("ARRI LogC4", "ACES2065-1"),
        ops: (&["curve", "matrix", "matrix", "curve", "cdl", "curve", "matrix"], &[]),
        made: "C03x_R_v001/C03x_R_v001.1001.exr",
    },
    Case {
        clip: "C04x",
        source: Source::Dpx(12, 2, false),
        recipe: "kind = \"plate\"\nsource = \"acescct\"\nlut = \"l.cube\"\nlut_input = \"logc3\"\nlut_output = \"bt1886\"",
        spaces: ("ACEScct", "ACES2065-1"),
        ops: (&["curve", "matrix", "matrix", "curve", "lut3d", "curve", "matrix"], &[]),
        made: "C04x_R_v001/C04x_R_v001.1001.exr",
    },
    Case {
        clip: "C05x",
        source: Source::Dpx(16, 0, true),
        recipe: "kind = \"plate\"\nsource = \"logc3\"\nfit = { width = 33, height = 33 }",
        spaces: ("ARRI LogC3 (EI800)", "ACES2065-1"),
        ops: (&["curve", "matrix"], &[]),
        made: "C05x_R_v001/C05x_R_v001.1001.exr",
    },
    Case {
        clip: "C06x",
        source: Source::Dpx(16, 0, false),
        recipe: "kind = \"plate\"\nsource = \"srgb\"\ncdl = \"g.cc\"\ncolor = \"ACEScg\"\nfit = { width = 20, height = 20 }",
        spaces: ("sRGB Encoded Rec.709 (sRGB)", "ACEScg"),
        ops: (&["curve", "matrix"], &["matrix", "curve", "cdl", "curve"]),
        made: "C06x_R_v001/C06x_R_v001.1001.exr",
    },
    Case {
        clip: "C07x",
        source: Source::ExrHalf,
        recipe: "kind = \"plate\"",
        spaces: ("Linear Rec.709 (sRGB)", "ACES2065-1"),
        ops: (&["matrix"], &[]),
        made: "C07x_R_v001/C07x_R_v001.1001.exr",
    },
    Case {
        clip: "C08x",
        source: Source::ExrFloat,
        recipe: "kind = \"plate\"\nsource = \"awg3\"\ncdl = \"g.cc\"\nlut = \"l.cube\"\nlut_input = \"logc3\"\nfit = { width = 41, height = 41 }",
        spaces: ("Linear ARRI Wide Gamut 3", "ACES2065-1"),
        ops: (
            &["matrix"],
            &["matrix", "curve", "cdl", "curve", "matrix", "matrix", "curve", "lut3d", "curve", "matrix"],
        ),
        made: "C08x_R_v001/C08x_R_v001.1001.exr",
    },
    Case {
        clip: "C09x",
        source: Source::Tiff,
        recipe: "kind = \"plate\"\nsource = \"bt1886\"\ncompression = \"zips\"",
        spaces: ("Gamma 2.4 Encoded Rec.709", "ACES2065-1"),
        ops: (&["curve", "matrix"], &[]),
        made: "C09x_R_v001/C09x_R_v001.1001.exr",
    },
    Case {
        clip: "C10x",
        source: Source::Tiff,
        recipe: "kind = \"still\"\nformat = \"png\"\nbits = 16\nsource = \"srgb\"\nfit = { width = 31, height = 31 }",
        spaces: ("sRGB Encoded Rec.709 (sRGB)", "Camera Rec.709"),
        ops: (&["curve", "matrix"], &["matrix", "curve"]),
        made: "C10x.tif.rC10x.png",
    },
    Case {
        clip: "C11x",
        source: Source::Dpx(10, 1, false),
        recipe: "kind = \"still\"\nformat = \"png\"\nbits = 16\nsource = \"logc3\"\ncdl = \"g.cc\"\nlut = \"l.cube\"\nlut_input = \"logc3\"\nlut_output = \"bt1886\"\ncolor = \"bt1886\"",
        spaces: ("ARRI LogC3 (EI800)", "Gamma 2.4 Encoded Rec.709"),
        ops: (&["curve", "matrix", "matrix", "curve", "cdl", "curve", "matrix", "matrix", "curve", "lut3d"], &[]),
        made: "C11x.dpx.rC11x.png",
    },
    Case {
        clip: "C12x",
        source: Source::Dpx(16, 0, true),
        recipe: "kind = \"plate\"\nformat = \"dpx\"\nbits = 16\nsource = \"logc4\"\nlut = \"one.cube\"\nlut_input = \"logc4\"\nlut_output = \"bt1886\"\ncolor = \"bt1886\"",
        spaces: ("ARRI LogC4", "Gamma 2.4 Encoded Rec.709"),
        ops: (&["lut1d"], &[]),
        made: "C12x_R_v001/C12x_R_v001.1001.dpx",
    },
];

/// Levels from 0 to 1: a ramp below, anything above, both ends of the range among them.
fn levels(seed: u32) -> Vec<f64> {
    let mut x = seed;
    let mut next = move || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(x >> 8) / f64::from((1u32 << 24) - 1)
    };
    let mut all: Vec<f64> =
        (0..W * H * 3).map(|n| if n < W * H { n as f64 / (W * H) as f64 } else { next() }).collect();
    all[..6].copy_from_slice(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    all
}

/// A DPX frame by the standard's offsets.
fn dpx(bits: u8, packing: u16, big: bool, codes: &[u16]) -> Vec<u8> {
    let mut out = vec![0u8; 2048];
    let two = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let four = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    out[..4].copy_from_slice(if big { b"SDPX" } else { b"XPDS" });
    out[8..12].copy_from_slice(b"V2.0");
    out[770..772].copy_from_slice(&two(1));
    for (at, n) in [(4, 2048), (772, W as u32), (776, H as u32), (780, 0), (808, 2048), (812, 0), (816, 0)] {
        out[at..at + 4].copy_from_slice(&four(n));
    }
    out[800..804].copy_from_slice(&[50, 3, 0, bits]);
    out[804..806].copy_from_slice(&two(packing));
    for pixel in codes.as_chunks::<3>().0 {
        match bits {
            10 => {
                let word = pixel.iter().fold(0u32, |w, c| w << 10 | u32::from(*c));
                out.extend(four(if packing == 1 { word << 2 } else { word }));
            }
            12 if packing == 1 => pixel.iter().for_each(|c| out.extend(two(c << 4))),
            _ => pixel.iter().for_each(|c| out.extend(two(*c))),
        }
    }
    let size = out.len() as u32;
    out[16..20].copy_from_slice(&four(size));
    out
}

/// Writes the source; gives its path below the watched folder and what it holds.
fn shoot(f: &Facility, n: u32, case: &Case) -> (PathBuf, Picture) {
    let mut levels = levels(n + 1);
    let name = |ext: &str| f.path("hot").join(format!("{}.{ext}", case.clip));
    let path = match case.source {
        Source::Dpx(bits, packing, big) => {
            let top = f64::from((1u32 << bits) - 1);
            let codes: Vec<u16> = levels.iter().map(|l| (l * top).round() as u16).collect();
            let path = name("dpx");
            std::fs::write(&path, dpx(bits, packing, big, &codes)).unwrap();
            levels = codes.iter().map(|c| f64::from(*c) / top).collect();
            path
        }
        Source::Tiff => {
            let codes: Vec<u16> = levels.iter().map(|l| (l * 65_535.0).round() as u16).collect();
            let path = name("tif");
            let mut file = tiff::encoder::TiffEncoder::new(File::create(&path).unwrap()).unwrap();
            file.write_image::<tiff::encoder::colortype::RGB16>(W as u32, H as u32, &codes).unwrap();
            levels = codes.iter().map(|c| f64::from(*c) / 65_535.0).collect();
            path
        }
        Source::ExrHalf | Source::ExrFloat => {
            // light from below zero to far above white
            let light = levels.iter().map(|l| (l * 12.0 - 6.0).exp2() * 0.18 - 0.004);
            let is_half = matches!(case.source, Source::ExrHalf);
            let light: Vec<f32> =
                light.map(|l| if is_half { half::f16::from_f64(l).to_f32() } else { l as f32 }).collect();
            let path = name("exr");
            let at = |x: usize, y: usize| [0, 1, 2].map(|c| light[3 * (y * W + x) + c]);
            if is_half {
                let of = |x: usize, y: usize| {
                    let [r, g, b] = at(x, y).map(half::f16::from_f32);
                    (r, g, b)
                };
                exr::prelude::write_rgb_file(&path, W, H, of).unwrap();
            } else {
                exr::prelude::write_rgb_file(&path, W, H, |x, y| at(x, y).into()).unwrap();
            }
            levels = light.iter().map(|l| f64::from(*l)).collect();
            path
        }
    };
    (path, Picture::new(W, H, &levels))
}

fn looks(f: &Facility) {
    let cdl = "<ColorCorrection id=\"g\"><SOPNode><Slope>1.1 0.9 1.03</Slope><Offset>-0.02 0.01 0.03</Offset><Power>1.2 0.95 1</Power>\
               </SOPNode><SatNode><Saturation>0.8</Saturation></SatNode></ColorCorrection>";
    std::fs::write(f.path("g.cc"), cdl).unwrap();
    let mut cube = "LUT_3D_SIZE 9\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n".to_owned();
    for n in 0..729u32 {
        let [r, g, b] = [n % 9, n / 9 % 9, n / 81].map(|v| f64::from(v) / 8.0);
        cube += &format!("{:.6} {:.6} {:.6}\n", r * r * 0.8 + b * 0.1, (g + r * b) * 0.5, 0.02 + b.sqrt() * 0.9);
    }
    std::fs::write(f.path("l.cube"), cube).unwrap();
    let mut one = "LUT_1D_SIZE 40\n".to_owned();
    for n in 0..40 {
        let x = f64::from(n) / 39.0;
        one += &format!("{:.6} {:.6} {:.6}\n", x * x, x.sqrt(), 1.0 - x);
    }
    std::fs::write(f.path("one.cube"), one).unwrap();
}

fn run(args: &[&str], path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rushes")).args(args).arg(path).env_remove("RUSHES_CONFIG").output().unwrap()
}

fn explain(path: &Path) -> Value {
    let o = run(&["explain", "--json"], path);
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    serde_json::from_slice(&o.stdout).unwrap()
}

#[test]
fn pixels_of_many_kinds_follow_from_the_explanation_alone() {
    let mut f = Facility::new();
    looks(&f);
    let mut rules = String::new();
    let mut recipes = String::new();
    for c in &CASES {
        let name = if c.recipe.contains("kind = \"plate\"") {
            format!(
                "\nname = \"{{clip}}_R_v{{version:03}}/{{clip}}_R_v{{version:03}}.{{frame:04}}.{}\"",
                &c.made[c.made.len() - 3..]
            )
        } else {
            String::new()
        };
        rules += &format!(
            "[[folder.rule]]\nname = \"{0}\"\nwhen = 'clip.name.startsWith(\"{0}\")'\nemit = [\"r{0}\"]\n",
            c.clip
        );
        recipes += &format!("[recipe.r{}]\n{}{name}\n", c.clip, c.recipe);
    }
    f.rules = rules + &recipes;
    let sources: Vec<(PathBuf, Picture)> = (0..).zip(&CASES).map(|(n, c)| shoot(&f, n, c)).collect();
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let mut compared = 0;
    for (case, (path, source)) in CASES.iter().zip(&sources) {
        let made = f.path("out").join(case.made);
        assert!(made.exists(), "{}: {:?}", case.made, f.outputs().keys());
        let told = explain(&made);
        let account = &told["account"];
        assert_eq!(told["from"], "receipt");
        assert!(
            told["source_file"].as_str().unwrap().starts_with(path.file_name().unwrap().to_str().unwrap()),
            "{told}"
        );
        let spaces = (account["color"]["source"].as_str().unwrap(), account["color"]["output"].as_str().unwrap());
        assert_eq!(spaces, case.spaces);
        let ops = |which: &str| {
            account[which].as_array().unwrap().iter().map(|s| s["op"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            (ops("before"), ops("after")),
            (
                case.ops.0.iter().map(|s| (*s).to_owned()).collect(),
                case.ops.1.iter().map(|s| (*s).to_owned()).collect()
            ),
            "{}",
            case.clip
        );
        if let Some(raw) = RawDpx::read(path) {
            assert_eq!(account["decode"]["layout"], raw.form);
            assert_eq!(account["decode"]["scale"], format!("code / {}", raw.top));
        }
        let (width, height, samples, top) = read(&made);
        assert_eq!(
            (account["placement"]["width"].as_u64(), account["placement"]["height"].as_u64()),
            (Some(width as u64), Some(height as u64))
        );
        for n in 0..60usize {
            // both ends, and places spread over the picture
            let at = if n < 2 { n * (width * height - 1) } else { n * 7919 % (width * height) };
            let (x, y) = (at % width, at / width);
            let want = pixel(account, source, x, y);
            let largest = want.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for c in 0..3 {
                let got = samples[3 * at + c];
                assert!(
                    right(got, want[c], largest, top),
                    "{} {x},{y} channel {c}: {got} where the account gives {}",
                    case.clip,
                    want[c]
                );
                compared += 1;
            }
        }
    }
    println!("explained: {compared} samples of {} clips", CASES.len());
    assert_eq!(compared, 60 * 3 * CASES.len());
    lost_receipts(&f, &sources);
}

/// Without receipts an OpenEXR plate tells of itself, pixels included; nothing else does, and that is said.
fn lost_receipts(f: &Facility, sources: &[(PathBuf, Picture)]) {
    let whole: Vec<Value> = CASES.iter().map(|c| explain(&f.path("out").join(c.made))["account"].clone()).collect();
    std::fs::remove_dir_all(f.path("out/.rushes")).unwrap();
    for ((case, (_, source)), whole) in CASES.iter().zip(sources).zip(&whole) {
        let made = f.path("out").join(case.made);
        let o = run(&["explain", "--json"], &made);
        if !case.made.ends_with(".exr") {
            assert_eq!((o.status.code(), o.stdout.len()), (Some(3), 0), "{}", case.made);
            let said = String::from_utf8_lossy(&o.stderr).into_owned();
            assert!(said.contains("no receipt names this output") && said.contains("--receipts"), "{said}");
            assert_eq!(said.trim_end().lines().count(), 1, "{said}");
            continue;
        }
        let told: Value = serde_json::from_slice(&o.stdout).unwrap();
        assert_eq!(told["from"], "header");
        for part in ["before", "after", "placement", "decode", "encode", "color"] {
            assert_eq!(told["account"][part], whole[part], "{part} of {}", case.made);
        }
        let (width, _, samples, top) = read(&made);
        let want = pixel(&told["account"], source, 5, 3);
        let largest = want.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        assert!((0..3).all(|c| right(samples[3 * (3 * width + 5) + c], want[c], largest, top)), "{}", case.made);
        // a folder of a plate tells by its first frame
        assert_eq!(explain(made.parent().unwrap())["account"], told["account"]);
    }
    // a header whose account is damaged, and a picture of somebody else
    let mut bytes = std::fs::read(f.path("out").join(CASES[0].made)).unwrap();
    let at = bytes.windows(9).position(|w| w == b"{\"schema\"").unwrap();
    bytes[at] = b'[';
    std::fs::write(f.path("damaged.exr"), &bytes).unwrap();
    std::fs::write(f.path("cut.exr"), &bytes[..300]).unwrap();
    for (path, why) in [
        (f.path("damaged.exr"), "the account in its header is damaged"),
        (f.path("cut.exr"), "it is no OpenEXR file"),
        (sources[6].0.clone(), "its header carries no account"),
        (sources[0].0.clone(), "it is no OpenEXR file"),
        (f.path("state"), "it is a folder without OpenEXR files"),
    ] {
        let o = run(&["explain", "--json"], &path);
        let said = String::from_utf8_lossy(&o.stderr).into_owned();
        assert_eq!((o.status.code(), o.stdout.len()), (Some(3), 0), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
