//! Plates of every frame file of the data set, made by the program itself and looked at by oiiotool.

use super::formats_oracle::data;
use super::formats_pixels::picture_of;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn frames_below(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut names: Vec<PathBuf> = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    names.sort();
    for p in names {
        let ext = p.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if p.is_dir() {
            frames_below(&p, out);
        } else if ["dpx", "exr", "tif", "tiff"].contains(&ext.as_str()) {
            out.push(p);
        }
    }
}

/// Half has 11 bits: rounding moves a value by half of its last one; what is beyond its range is clamped.
pub fn as_half(x: f32) -> f32 {
    if x.is_nan() { 0.0 } else { half::f16::from_f32(x.clamp(-65504.0, 65504.0)).to_f32() }
}

#[test]
fn plates_of_real_frames() {
    let Some(data) = data("conformance plates") else { return };
    let mut files = Vec::new();
    for d in ["dpx", "exr", "tiff", "broken/exr", "broken/tiff"] {
        frames_below(&data.join("media").join(d), &mut files);
    }
    assert!(files.len() > 150, "{}", files.len());
    let t = tempfile::tempdir().unwrap();
    let (mut made, mut compared, mut refused) = (0, 0, BTreeMap::<String, usize>::new());
    let mut differs = Vec::new();
    for (n, file) in files.iter().enumerate() {
        let out = t.path().join(n.to_string());
        let o = Command::new(env!("CARGO_BIN_EXE_rushes"))
            .args(["render", "--recipe", "plate", "--color", "source", "-o"])
            .arg(&out)
            .arg(file)
            .env_remove("RUSHES_CONFIG")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&o.stderr).into_owned();
        if !o.status.success() {
            let code = said.rsplit('[').next().unwrap_or_default().trim_end().trim_end_matches(']').to_owned();
            assert_eq!(o.status.code(), Some(3), "{}: {said}", file.display());
            assert!(!["WORKER-CRASHED", "INTERNAL"].contains(&code.as_str()), "{}: {said}", file.display());
            let left = std::fs::read_dir(&out).into_iter().flatten().flatten().filter(|e| e.file_name() != ".rushes");
            assert_eq!(left.count(), 0, "{}: something was published", file.display());
            *refused.entry(code).or_default() += 1;
            continue;
        }
        made += 1;
        let folder = std::fs::read_dir(&out).unwrap().flatten().find(|e| e.file_name() != ".rushes").unwrap().path();
        let plate = std::fs::read_dir(&folder).unwrap().flatten().next().unwrap().path();
        // what oiiotool makes of DPX and TIFF is compared elsewhere, file by file; OpenEXR it reads like us
        if file.extension().is_some_and(|e| e == "exr") {
            let Some(ours) = picture_of(&plate, &["--ch", "R,G,B"], t.path()) else { continue };
            let source = super::formats_pixels::decode_file("exr", file).unwrap().frame;
            assert_eq!((ours.width(), ours.height()), (source.width(), source.height()), "{}", file.display());
            let same = ours.data().iter().zip(source.data()).all(|(a, b)| *a == as_half(*b));
            if !same {
                differs.push(file.display().to_string());
            }
            compared += 1;
        }
        std::fs::remove_dir_all(&out).unwrap();
    }
    println!("conformance plates: {made} made, {compared} compared by oiiotool, refused: {refused:?}");
    assert!(made > 100, "{made}");
    assert!(differs.is_empty(), "{differs:?}");
}
