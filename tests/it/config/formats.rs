//! `docs/formats.md` is made of the registry and of `tests/golden/formats.tsv`; `RUSHES_BLESS=1` writes it.

use super::repo;
use rushes::engine::format::FORMATS;
use rushes::engine::format::registry::LATER_FRAME_EXTENSIONS;
use rushes::rules::fields::FIELDS;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the conformance test found out about a format.
struct Proof {
    /// Files read: real, exports, made for tests, synthetic, damaged.
    read: Vec<usize>,
    refused: usize,
    decodable: usize,
    fields: Vec<String>,
}

fn proofs(text: &str) -> BTreeMap<String, Proof> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, real, export, test, synthetic, damaged, refused, decodable, fields] = cells[..] else {
            panic!("not nine cells: {line}")
        };
        let number = |t: &str| t.parse::<usize>().unwrap();
        let read = [real, export, test, synthetic, damaged].map(number).to_vec();
        let fields = fields.split_whitespace().map(str::to_owned).collect();
        (id.to_owned(), Proof { read, refused: number(refused), decodable: number(decodable), fields })
    };
    text.lines().skip(1).map(row).collect()
}

const BEGIN: &str = "\
# Formats

What is recognised (by content, whatever the name), read and decoded, and on how many files of which kind that is proven. A
file of another kind is fingerprinted, indexed and reported as unknown. A test writes this page from the registry of formats
and from tests/golden/formats.tsv, and another one that table from a collection of files (`RUSHES_BLESS=1 make conformance`).

**Metadata** are read of every format of the list. **Decoded**: of how many of the files that were read the pictures can be
shown and rendered. **Real**: by cameras, recorders and post programs. **Exports**: by players and converters. **Test**: made
to try programs with. **Synthetic**: made without a camera, by a program or from the specification. **Damaged**: cut or
broken on purpose, and still read as far as they go. **Refused**: cut or broken beyond use, or of a form that is not read; the error says which.

| Id | Name | Extensions | Decoded | Real | Exports | Test | Synthetic | Damaged | Refused |
|---|---|---|---|---|---|---|---|---|---|
";

fn page(proofs: &BTreeMap<String, Proof>) -> String {
    let mut t = String::from(BEGIN);
    for f in FORMATS {
        let ext: Vec<String> = f.extensions().iter().map(|e| format!("`.{e}`")).collect();
        let unit = if f.is_frame() { ", a frame each" } else { "" };
        let _ = write!(t, "| `{}` | {} | {}{unit} | ", f.id(), f.title(), ext.join(" "));
        let _ = match proofs.get(f.id()) {
            None => writeln!(t, "not proven | | | | | | |"),
            Some(p) => {
                let files: usize = p.read.iter().sum();
                let picture = p.fields.iter().any(|n| n == "image.width");
                let decoded = if picture { format!("{} of {files}", p.decodable) } else { "no pictures".into() };
                let counts: Vec<String> = p.read.iter().map(ToString::to_string).collect();
                writeln!(t, "{decoded} | {} | {} |", counts.join(" | "), p.refused)
            }
        };
    }
    let later: Vec<String> = LATER_FRAME_EXTENSIONS.iter().map(|e| format!("`.{e}`")).collect();
    if !later.is_empty() {
        let _ = writeln!(
            t,
            "\nNumbered files with these extensions are grouped as frames of one clip but not read: {}.",
            later.join(" ")
        );
    }
    t.push_str("\nWhat is known of each frame, and on which files that is proven, is in [frames.md](frames.md).\n");
    t.push_str("\n## Fields\nThose that files of the collection fill; [fields.md](fields.md) says what they mean. What a vendor wrote besides is kept in `raw`.\n\n");
    t.push_str("| Field |");
    let ids: Vec<&str> = FORMATS.iter().map(|f| f.id()).filter(|id| proofs.contains_key(*id)).collect();
    ids.iter().for_each(|id| t.push_str(&format!(" `{id}` |")));
    t.push_str(&format!("\n|---|{}\n", ":-:|".repeat(ids.len())));
    for (field, _) in FIELDS {
        let has: Vec<bool> = ids.iter().map(|id| proofs[*id].fields.iter().any(|f| f == field)).collect();
        if has.contains(&true) {
            let marks: Vec<&str> = has.iter().map(|h| if *h { " ✓ |" } else { " |" }).collect();
            let _ = writeln!(t, "| `{field}` |{}", marks.concat());
        }
    }
    t
}

#[test]
fn the_page_of_formats_is_the_registry_and_its_proofs() {
    let table = std::fs::read_to_string(repo("tests/golden/formats.tsv")).unwrap();
    let proofs = proofs(&table);
    for id in proofs.keys() {
        assert!(FORMATS.iter().any(|f| f.id() == id), "tests/golden/formats.tsv knows {id}, the registry does not");
    }
    for field in proofs.values().flat_map(|p| &p.fields) {
        assert!(FIELDS.iter().any(|(n, _)| n == field), "{field} is no field");
    }
    let (want, path) = (page(&proofs), repo("docs/formats.md"));
    if std::env::var_os("RUSHES_BLESS").is_some() {
        std::fs::write(&path, &want).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(have, want, "docs/formats.md differs; RUSHES_BLESS=1 cargo test --test it config::formats writes it");
}

/// A format without proof has a line that says so, and a field that nothing fills has none.
#[test]
fn a_format_that_is_not_proven_says_so() {
    let none = page(&BTreeMap::new());
    assert_eq!(none.matches("| not proven |").count(), FORMATS.len());
    assert!(!none.contains("| `reel` |"));
    let some = page(&proofs("head\ndpx\t1\t2\t3\t4\t5\t6\t7\timage.width reel\nwav\t1\t0\t0\t0\t0\t0\t1\taudio.rate"));
    assert!(some.contains("a frame each | 7 of 15 | 1 | 2 | 3 | 4 | 5 | 6 |"), "{some}");
    assert!(some.contains("| no pictures | 1 |") && some.contains("| `reel` | ✓ | |\n"), "{some}");
}
