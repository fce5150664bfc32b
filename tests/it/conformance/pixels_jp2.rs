//! The pixels of JPEG 2000 pictures: real ones against oiiotool (OpenJPEG), lossless ones against what was coded.

use super::formats_oracle::{data, files};
use super::formats_pixels::{decode_file, picture_of};
use std::process::Command;

/// The largest difference of two pictures, in codes of `bits`.
fn codes_off(ours: &[f32], theirs: &[f32], bits: u32) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let top = ((1u32 << bits) - 1) as f32;
    ours.iter().zip(theirs).map(|(a, b)| ((a - b) * top).abs()).fold(0.0, f32::max)
}

#[test]
fn every_jpeg_2000_picture_as_openjpeg_decodes_it() {
    let Some(data) = data("conformance jp2 pixels") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (mut same, mut near, mut refused) = (0, 0, 0);
    for path in files(&data.join("media")) {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        if !["jp2", "j2c", "j2k", "jpf", "jpx"].contains(&extension.as_str()) {
            continue;
        }
        let decoded = match decode_file("jp2", &path) {
            Ok(d) => d,
            Err(e) => {
                println!("  {}: {e}", path.display());
                refused += 1;
                continue;
            }
        };
        // oiiotool knows the pictures by these names only
        let named = dir.path().join(if extension.starts_with("jp") { "picture.jp2" } else { "picture.j2c" });
        std::fs::copy(&path, &named).unwrap();
        let Some(theirs) = picture_of(&named, &["--ch", "0,1,2"], dir.path()) else { return };
        let bits = decoded.how["layout"].split('-').next().unwrap().parse().unwrap();
        let off = codes_off(decoded.frame.data(), theirs.data(), bits);
        let reversible = decoded.how["layout"].contains("reversible 5-3");
        // a 9-7 transform in singles and one in doubles end on either side of half a code
        assert!(off <= if reversible { 1e-3 } else { 1.001 }, "{}: {off} codes", path.display());
        if off < 1e-3 {
            same += 1
        } else {
            near += 1
        }
        std::fs::remove_file(named).unwrap();
    }
    println!("conformance jp2 pixels: {same} exact, {near} within one code, {refused} refused");
    assert!(same + near >= 7, "{same} {near}");
}

/// Name, ffmpeg's pixel format, bits, channels.
const LOSSLESS: &[(&str, &str, u32, usize)] = &[
    ("grey8.j2k", "gray", 8, 1),
    ("grey12.j2k", "gray12le", 12, 1),
    ("rgb8.jp2", "rgb24", 8, 3),
    ("rgb10.j2k", "gbrp10le", 10, 3),
    ("rgb12.jp2", "gbrp12le", 12, 3),
    ("rgb16.j2k", "rgb48le", 16, 3),
];

#[test]
fn lossless_pictures_have_the_codes_that_were_coded() {
    let dir = tempfile::tempdir().unwrap();
    let mut ran = 0;
    for (name, format, bits, channels) in LOSSLESS {
        let (file, raw) = (dir.path().join(name), dir.path().join("raw"));
        let source = ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=122x76:r=1:d=1", "-frames:v", "1"];
        let make = |args: &[&str], out: &std::path::Path| {
            let run = Command::new("ffmpeg").args(source).args(["-pix_fmt", format]).args(args).arg(out).output();
            run.is_ok_and(|o| o.status.success())
        };
        let plain = if *channels == 1 {
            *format
        } else if *bits == 8 {
            "rgb24"
        } else {
            format
        };
        let kind = if name.ends_with(".jp2") { "jp2" } else { "j2k" };
        let coder = ["-c:v", "libopenjpeg", "-format", kind, "-f", "image2"];
        if !make(&coder, &file) || !make(&["-pix_fmt", plain, "-c:v", "rawvideo", "-f", "rawvideo"], &raw) {
            println!("  {name}: this ffmpeg does not write it");
            continue;
        }
        let ours = decode_file("jp2", &file).unwrap();
        let raw = std::fs::read(&raw).unwrap();
        let code = |n: usize| match bits {
            8 => u32::from(raw[n]),
            _ => u32::from(u16::from_le_bytes([raw[2 * n], raw[2 * n + 1]])),
        };
        let (pixels, planar) = (122 * 76, format.starts_with("gbr"));
        for (n, pixel) in ours.frame.data().as_chunks::<3>().0.iter().enumerate() {
            let want = match (channels, planar) {
                (1, _) => [code(n); 3],
                (_, true) => [code(2 * pixels + n), code(n), code(pixels + n)],
                _ => [0, 1, 2].map(|c| code(3 * n + c)),
            };
            let top = ((1u32 << bits) - 1) as f32;
            assert_eq!(pixel.map(|x| (x * top).round() as u32), want, "{name}: pixel {n}");
        }
        ran += 1;
    }
    println!("conformance jp2 lossless: {ran} of {} pictures, code for code", LOSSLESS.len());
}
