//! Written pictures as other programs read them, and resampling beside another program's.

use rushes::engine::encode::dpx::{DpxDepth, DpxOptions, DpxTransfer, dpx};
use rushes::engine::encode::jpeg::jpeg;
use rushes::engine::encode::png::{PngDepth, png};
use rushes::engine::encode::{DisplaySpace, FrameStamp};
use rushes::engine::format::{FORMATS, Input};
use rushes::engine::framing::{Crop, Filter, Placement, resample};
use rushes::engine::image::{Counts, Decoded, Frame};
use rushes::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath, Rational, Timecode};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{TiffEncoder, colortype::RGB32Float};

/// What a program prints, or `None` after saying that the test is skipped.
pub fn tool(test: &str, program: &str, args: &[&str]) -> Option<String> {
    match Command::new(program).args(args).output() {
        Ok(o) => {
            let text = String::from_utf8_lossy(&o.stdout).into_owned();
            assert!(o.status.success(), "{program} {args:?}: {text}{}", String::from_utf8_lossy(&o.stderr));
            Some(text)
        }
        Err(e) => {
            println!("{test}: skipped, {program} cannot be run: {e}");
            None
        }
    }
}

/// Decodes one file with the format of this id.
pub fn decode(id: &str, path: &Path) -> Result<Decoded, Error> {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let name = MediaPath::from(path);
    let format = FORMATS.iter().find(|f| f.id() == id).unwrap();
    format.decode(&Input { path: &name, file: &file, size }, &Limits { memory: 1 << 30, ..Limits::default() })
}

/// Width, samples of a pixel and samples of a TIFF file of 16-bit or floating-point samples, from 0 to 1.
pub fn read_tiff(path: &Path) -> (usize, usize, Vec<f64>) {
    let mut d = Decoder::new(File::open(path).unwrap()).unwrap();
    let (w, h) = d.dimensions().unwrap();
    let samples: Vec<f64> = match d.read_image().unwrap() {
        DecodingResult::U16(v) => v.iter().map(|s| f64::from(*s) / 65_535.0).collect(),
        DecodingResult::U8(v) => v.iter().map(|s| f64::from(*s) / 255.0).collect(),
        DecodingResult::F32(v) => v.iter().map(|s| f64::from(*s)).collect(),
        other => panic!("{other:?}"),
    };
    (w as usize, samples.len() / (w * h) as usize, samples)
}

fn noise(w: u32, h: u32) -> Frame {
    let mut x = 9u32;
    let mut next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 8) as f32 / ((1 << 24) - 1) as f32
    };
    Frame::from_samples(w, h, (0..w * h * 3).map(|_| next()).collect()).unwrap()
}

fn stamp() -> FrameStamp {
    let rate = Rational::new(24_000, 1001).unwrap();
    let timecode = Timecode::parse("10:02:11:22", rate, false).ok();
    FrameStamp { frame: 1001, source_frame: 0, timecode, rate: Some(rate) }
}

fn written_dpx(dir: &Path, depth: DpxDepth) -> (std::path::PathBuf, Frame) {
    let mut doc = ClipDoc::new("A001C001", ClipUnit::File);
    doc.reel = Some("A001R2EC".into());
    let options = DpxOptions {
        depth,
        transfer: DpxTransfer::Log,
        file_name: "p.1001.dpx",
        project: "SENNA",
        description: "ARRI LogC3 (EI800)",
        pixel_aspect: 1.0,
    };
    let frame = noise(61, 7);
    let (bytes, counts) = dpx(&frame, &doc, &stamp(), &options).unwrap();
    assert_eq!(counts, Counts::default());
    let path = dir.join("p.1001.dpx");
    std::fs::write(&path, bytes).unwrap();
    (path, frame)
}

#[test]
fn written_dpx_is_read_alike() {
    let dir = tempfile::tempdir().unwrap();
    for (depth, top, shift) in [(DpxDepth::Ten, 1023.0, 6), (DpxDepth::Sixteen, 65_535.0, 0)] {
        let (path, frame) = written_dpx(dir.path(), depth);
        let want: Vec<u16> = frame.data().iter().map(|s| (f64::from(*s) * top).round() as u16).collect();
        let ours: Vec<u16> =
            decode("dpx", &path).unwrap().frame.data().iter().map(|s| (s * top as f32).round() as u16).collect();
        assert_eq!(ours, want);
        let name = path.to_str().unwrap();
        let tiff = dir.path().join("o.tif");
        if tool("dpx by oiiotool", "oiiotool", &[name, "-d", "uint16", "-o", tiff.to_str().unwrap()]).is_some() {
            let (_, _, samples) = read_tiff(&tiff);
            let theirs: Vec<u16> = samples.iter().map(|s| (s * 65_535.0).round() as u16 >> shift).collect();
            assert_eq!(theirs, want, "oiiotool");
        }
        let bits = if shift == 6 { "10" } else { "16" };
        if let Some(text) = tool("dpx by exiftool", "exiftool", &["-s", "-G0", name]) {
            let says = |tag: &str, value: &str| {
                let line = text.lines().find(|l| l.contains(&format!(" {tag} "))).unwrap_or("");
                assert!(line.ends_with(&format!(": {value}")), "{tag}: {line}");
            };
            says("ImageWidth", "61");
            says("ImageHeight", "7");
            says("BitDepth", bits);
            says("Project", "SENNA");
            says("InputDeviceName", "A001R2EC");
            says("ImageFileName", "p.1001.dpx");
            says("Creator", "rushes");
            says("TransferCharacteristic", "Logarithmic");
            says("ImageDescription", "ARRI LogC3 (EI800)");
            says("Orientation", "Horizontal (normal)");
            says("OriginalFrameRate", "23.9760246276855");
        }
        let show = ["-v", "error", "-show_entries", "stream=pix_fmt,width,height:frame_tags", name];
        if let Some(text) = tool("dpx by ffprobe", "ffprobe", &show) {
            let format = if shift == 6 { "pix_fmt=gbrp10" } else { "pix_fmt=rgb48" };
            for part in [format, "width=61", "height=7", "TAG:timecode=10:02:11:22"] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
}

#[test]
fn written_png_and_jpeg_are_read_alike() {
    let dir = tempfile::tempdir().unwrap();
    let frame = noise(33, 9);
    let tiff = dir.path().join("o.tif");
    for (depth, most) in [(PngDepth::Eight, 0.5 / 255.0), (PngDepth::Sixteen, 0.5 / 65_535.0)] {
        let path = dir.path().join("p.png");
        std::fs::write(&path, png(&frame, DisplaySpace::Srgb, depth, &[("Source", "A001")]).unwrap().0).unwrap();
        let name = path.to_str().unwrap();
        if tool("png by oiiotool", "oiiotool", &[name, "-d", "float", "-o", tiff.to_str().unwrap()]).is_some() {
            for (a, b) in read_tiff(&tiff).2.iter().zip(frame.data()) {
                assert!((a - f64::from(*b)).abs() <= most + 1e-6);
            }
        }
        if let Some(text) = tool("png by exiftool", "exiftool", &["-s", name]) {
            assert!(text.contains(": Perceptual") && text.contains(": A001"), "{text}");
        }
    }
    // JPEG of something smooth: it comes back within a few codes, in the right order of channels
    let ramp: Vec<f32> = (0..64 * 16).flat_map(|n| [(n % 64) as f32 / 63.0, 0.25, 0.75]).collect();
    let ramp = Frame::from_samples(64, 16, ramp).unwrap();
    let path = dir.path().join("p.jpg");
    std::fs::write(&path, jpeg(&ramp, DisplaySpace::Rec709Gamma24, 95, "A001").unwrap().0).unwrap();
    let name = path.to_str().unwrap();
    if tool("jpeg by oiiotool", "oiiotool", &[name, "-d", "float", "-o", tiff.to_str().unwrap()]).is_some() {
        for (a, b) in read_tiff(&tiff).2.iter().zip(ramp.data()) {
            assert!((a - f64::from(*b)).abs() <= 6.0 / 255.0, "{a} {b}");
        }
    }
    if let Some(text) = tool("jpeg by exiftool", "exiftool", &["-s", "-validate", "-warning", name]) {
        assert!(text.contains(": OK"), "{text}");
    }
    if let Some(text) = tool("profile by exiftool", "exiftool", &["-s", name]) {
        for part in ["YCbCr4:4:4 (1 1)", ": Rec.709 gamma 2.4", ": Display Device Profile", ": A001"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn lanczos_beside_oiiotool() {
    let dir = tempfile::tempdir().unwrap();
    let (w, h) = (320u32, 200u32);
    let source = noise(w, h);
    let (from, to) = (dir.path().join("a.tif"), dir.path().join("b.tif"));
    let mut file = TiffEncoder::new(File::create(&from).unwrap()).unwrap();
    file.write_image::<RGB32Float>(w, h, source.data()).unwrap();
    for (ow, oh) in [(160u32, 100u32), (117, 83), (333, 207)] {
        let (size, out) = (format!("{ow}x{oh}"), to.to_str().unwrap());
        let args = [from.to_str().unwrap(), "--resize:filter=lanczos3", &size, "-d", "float", "-o", out];
        if tool("lanczos by oiiotool", "oiiotool", &args).is_none() {
            return;
        }
        let crop = Crop { x: 0.0, y: 0.0, width: f64::from(w), height: f64::from(h) };
        let place = Placement { crop, width: ow, height: oh, pixel_aspect: 1.0 };
        let ours = resample(&source, &place, Filter::Lanczos3, u64::MAX).unwrap();
        let theirs = read_tiff(&to).2;
        let (mut worst, mut squares, mut n) = (0f64, 0f64, 0f64);
        let border = 4;
        for y in border..oh - border {
            for x in border..ow - border {
                for (c, sample) in ours.pixel(x, y).unwrap().iter().enumerate() {
                    let d = f64::from(*sample) - theirs[((y * ow + x) * 3) as usize + c];
                    worst = worst.max(d.abs());
                    squares += d * d;
                    n += 1.0;
                }
            }
        }
        println!("lanczos {w}x{h} to {size} beside oiiotool: most {worst:.2e}, rms {:.2e}", (squares / n).sqrt());
        assert!(worst < 1e-4 && (squares / n).sqrt() < 1e-5, "{size}: {worst} {}", (squares / n).sqrt());
    }
}
