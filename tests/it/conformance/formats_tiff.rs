//! Every TIFF file against oiiotool (OpenImageIO), and files that oiiotool writes in every form that is decoded.

use super::formats_oracle::{data, files, inspect_file};
use super::formats_pixels::{Wanted, compare_pixels, decode_file, picture_of};
use rushes::model::ErrorKind;
use std::process::Command;

/// oiiotool multiplies codes by a rounded 1/255 or 1/65535, we divide: the last bit of a single may differ.
const LAST_BIT: Wanted = Wanted::Relative(6e-8);

#[test]
fn every_picture_as_oiiotool_decodes_it() {
    let Some(data) = data("conformance tiff pixels") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (mut same, mut refused) = (0, 0);
    for path in files(&data.join("media/tiff")) {
        let name = path.strip_prefix(&data).unwrap().display().to_string();
        let doc = inspect_file(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(doc.format.id, "tiff", "{name}");
        let decoded = match decode_file("tiff", &path) {
            Ok(d) => d,
            Err(e) => {
                assert_eq!(e.kind, ErrorKind::Unsupported, "{name}: {e}");
                println!("{name}: {}", e.what);
                refused += 1;
                continue;
            }
        };
        let channels = if decoded.how.contains_key("brightness") { "0,0,0" } else { "0,1,2" };
        let Some(theirs) = picture_of(&path, &["--ch", channels], dir.path()) else { return };
        compare_pixels(&name, &decoded.frame, &theirs, LAST_BIT);
        same += 1;
    }
    println!("conformance tiff pixels: {same} pictures equal but for the last bit, {refused} refused by name");
    assert!(same >= 20);
}

/// Depths, compressions, tiles, planes and a fourth channel, as oiiotool writes them.
#[test]
fn every_form_that_oiiotool_writes() {
    if data("conformance tiff forms").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    let mut ran = 0;
    for depth in ["uint8", "uint16", "float"] {
        for compression in ["none", "lzw", "zip", "packbits"] {
            for form in [&[][..], &["--tile", "32", "16"], &["--planarconfig", "separate"]] {
                for channels in ["1", "3", "4"] {
                    let made = Command::new("oiiotool")
                        .args([
                            "--pattern",
                            "noise:type=uniform",
                            "75x50",
                            channels,
                            "-d",
                            depth,
                            "--compression",
                            compression,
                        ])
                        .args(form)
                        .arg("-o")
                        .arg(&file)
                        .output();
                    let Ok(made) = made else {
                        println!("conformance tiff forms: oiiotool is not installed, skipped");
                        return;
                    };
                    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
                    let name = format!("{depth} {compression} {form:?} {channels}");
                    let decoded = decode_file("tiff", &file).unwrap_or_else(|e| panic!("{name}: {e}"));
                    let order = if channels == "1" { "0,0,0" } else { "0,1,2" };
                    let theirs = picture_of(&file, &["--ch", order], dir.path()).unwrap();
                    compare_pixels(&name, &decoded.frame, &theirs, LAST_BIT);
                    ran += 1;
                }
            }
        }
    }
    println!("conformance tiff forms: {ran} files equal but for the last bit");
}
