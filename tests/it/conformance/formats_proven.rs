//! Which kinds of files each format is proven on, what is decoded and which fields are filled: `tests/golden/formats.tsv`,
//! from which docs/formats.md is made. `RUSHES_BLESS=1` writes it.

use super::formats_oracle::{data, inspect_file};
use rushes::engine::format::{FORMATS, HEAD_BYTES, probe};
use rushes::model::{ClipDoc, ClipUnit};
use rushes::rules::fields::FIELDS;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// Where a file comes from.
#[derive(Clone, Copy)]
enum Class {
    Real,
    Export,
    Test,
    Synthetic,
    Damaged,
}

/// Words of the manifest's origin, the first that fits; a file that none fits was made for tests.
const CLASSES: &[(&[&str], Class)] = &[
    (&["synthetic"], Class::Synthetic),
    (&["broken", "bomb", "crash", "poc", "fuzz", "invalid", "damaged", "truncated", "edge cases"], Class::Damaged),
    (&["export"], Class::Export),
    (
        &[
            "camera",
            "phone",
            "recorder",
            "gopro",
            "sony",
            "canon",
            "red ",
            "arri",
            "header sample",
            "still raw",
            "nuke",
            "dng",
        ],
        Class::Real,
    ),
];

fn class(origin: &str) -> Class {
    let origin = origin.to_lowercase();
    let found = CLASSES.iter().find(|(words, _)| words.iter().any(|w| origin.contains(w)));
    found.map_or(Class::Test, |(_, c)| *c)
}

#[derive(Default)]
struct Proof {
    /// Files read, by class.
    read: [usize; 5],
    refused: usize,
    decodable: usize,
    fields: BTreeSet<&'static str>,
}

#[test]
fn the_table_of_proofs_is_what_the_files_prove() {
    let Some(data) = data("conformance proven") else { return };
    let media = data.join("media");
    let manifest = std::fs::read_to_string(media.join("MANIFEST.tsv")).unwrap();
    let head: Vec<&str> = manifest.lines().next().unwrap().split('\t').collect();
    let column = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let (path, origin) = (column("path"), column("origin"));
    let mut proofs: BTreeMap<&str, Proof> = BTreeMap::new();
    for row in manifest.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let file = media.join(cells[path]);
        let Some(format) = format_of(&file) else { continue };
        let p = proofs.entry(format).or_default();
        match inspect_file(&file) {
            Ok(doc) => {
                p.read[class(cells[origin]) as usize] += 1;
                p.decodable += usize::from(doc.format.decodable);
                p.fields.extend(filled(&doc));
            }
            Err(_) => p.refused += 1,
        }
    }
    let mut text = String::from("format\treal\texport\ttest\tsynthetic\tdamaged\trefused\tdecodable\tfields\n");
    for f in FORMATS {
        let Some(p) = proofs.get(f.id()) else { continue };
        let order = FIELDS.iter().map(|(n, _)| *n).filter(|n| p.fields.contains(n));
        let numbers: Vec<String> = p.read.iter().chain([&p.refused, &p.decodable]).map(ToString::to_string).collect();
        text.push_str(&format!("{}\t{}\t{}\n", f.id(), numbers.join("\t"), order.collect::<Vec<_>>().join(" ")));
    }
    println!("conformance proven:\n{text}");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats.tsv");
    if std::env::var_os("RUSHES_BLESS").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let want = std::fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(text, want, "RUSHES_BLESS=1 writes it again; then docs/formats.md needs it too");
}

/// The reader that claims a file.
fn format_of(file: &Path) -> Option<&'static str> {
    let mut head = Vec::new();
    let most = u64::try_from(HEAD_BYTES).unwrap();
    std::fs::File::open(file).ok()?.take(most).read_to_end(&mut head).unwrap();
    probe(&head, file).map(|f| f.id())
}

/// Fields with a value that comes from the file itself.
fn filled(doc: &ClipDoc) -> impl Iterator<Item = &'static str> {
    let value = serde_json::to_value(doc).unwrap();
    let empty = serde_json::to_value(ClipDoc::new("clip", ClipUnit::File)).unwrap();
    let same_for_all = ["schema", "clip.name", "clip.unit", "warnings", "problem"];
    FIELDS.iter().map(|(n, _)| *n).filter(move |n| {
        let pointer = format!("/{}", n.replace('.', "/"));
        let found = value.pointer(&pointer).filter(|v| !v.is_object());
        found.is_some() && found != empty.pointer(&pointer) && !same_for_all.iter().any(|s| n.starts_with(s))
    })
}

#[test]
fn origins_fall_into_classes() {
    for (origin, want) in [
        ("SYNTHETIC: ffmpeg 5.1 testsrc2", 3),
        ("DPX: OIIO tests, incl. crash/bomb inputs", 4),
        ("QuickTime Player export of testsrc (CC0)", 1),
        ("field/post recorder BWF (bext+iXML)", 0),
        ("EXR compression variants", 2),
    ] {
        assert_eq!(class(origin) as usize, want, "{origin}");
    }
}
