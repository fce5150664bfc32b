//! Our MHL against the schema and the reference tool.

use super::formats_oracle::data;
use crate::support::oracle;
use rushes::engine::document::mhl::{CHAIN_NAME, HISTORY_FOLDER, KINDS, MhlFile, MhlInput, Process, first_generation};
use rushes::engine::hash::fingerprint;
use rushes::model::{HashKind, MediaPath};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FILES: [(&str, &[u8]); 5] = [
    ("Clips/A001C001.mov", b"picture"),
    ("Clips/B & <C>/é.wav", b"sound"),
    ("Clips/B & <C>/empty", b""),
    ("a'b.txt", b"text"),
    ("日本/ x .dpx", b"frame"),
];

/// Writes the tree and its first generation with hashes of these kinds.
fn write(root: &Path, kinds: &[HashKind]) -> PathBuf {
    let mut owned: Vec<(MediaPath, u64, BTreeMap<HashKind, String>)> = Vec::new();
    for (name, bytes) in FILES {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let print = fingerprint(&File::open(&path).unwrap(), kinds, &|_| true).unwrap();
        let mut hashes = print.other;
        if kinds.contains(&HashKind::Xxh128) {
            hashes.insert(HashKind::Xxh128, print.xxh128);
        }
        owned.push((Path::new(name).into(), print.size, hashes));
    }
    std::fs::create_dir(root.join("Empty")).unwrap();
    let files: Vec<MhlFile<'_>> = owned
        .iter()
        .map(|(path, size, hashes)| MhlFile {
            path,
            size: *size,
            modified: Some("2026-01-02T03:04:05+01:00"),
            created: Some("2026-01-02T03:04:05.25Z"),
            hashes,
        })
        .collect();
    let mhl = first_generation(&MhlInput {
        folder: "A001R2EC",
        date: "2026-01-02T03:04:06Z",
        host: None,
        tool: "rushes",
        version: "1",
        comment: "made by a test",
        process: Process::InPlace,
        files: &files,
        empty_folders: &[Path::new("Empty").into()],
    })
    .unwrap();
    let history = root.join(HISTORY_FOLDER);
    std::fs::create_dir(&history).unwrap();
    std::fs::write(history.join(CHAIN_NAME), &mhl.chain).unwrap();
    let path = history.join(&mhl.name);
    std::fs::write(&path, &mhl.manifest).unwrap();
    path
}

fn passes(what: &str, o: &Output) {
    let text = format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr));
    assert!(o.status.success() && !text.contains("ERROR"), "{what}: {text}");
}

/// The reference tool: in the folder that RUSHES_ASCMHL names, or of the environment of `tests/install-deps.sh`.
fn ascmhl(program: &str) -> Option<Command> {
    let path = match std::env::var_os("RUSHES_ASCMHL") {
        Some(dir) => PathBuf::from(dir).join(program),
        None => oracle("conformance mhl", program)?,
    };
    let found = Command::new(&path).arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        println!("conformance mhl: skipped, {} does not run", path.display());
    }
    found.then(|| Command::new(path))
}

#[test]
fn the_schema_accepts_what_is_written() {
    let Some(data) = data("conformance mhl schema") else { return };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("A001R2EC");
    let manifest = write(&root, &KINDS);
    let schemas = data.join("standards/mhl/xsd");
    let check = |schema: &str, file: &Path| {
        Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(schemas.join(schema)).arg(file).output()
    };
    match check("ASCMHL.xsd", &manifest) {
        Ok(o) => passes("manifest", &o),
        Err(e) => return println!("conformance mhl schema: skipped, xmllint cannot be run: {e}"),
    }
    println!("conformance mhl schema: the manifest is valid");
}

#[test]
fn the_reference_tool_accepts_what_is_written() {
    let (Some(_), Some(_)) = (ascmhl("ascmhl"), ascmhl("ascmhl-debug")) else { return };
    for kinds in KINDS.map(|k| vec![k]).into_iter().chain([KINDS.to_vec()]) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("A001R2EC");
        write(&root, &kinds);
        let run = |program: &str, args: &[&str]| {
            let mut c = ascmhl(program).unwrap();
            c.args(args).arg(&root).output().unwrap()
        };
        passes(&format!("diff {kinds:?}"), &run("ascmhl", &["diff"]));
        passes(&format!("verify {kinds:?}"), &run("ascmhl-debug", &["verify"]));
        // its exit status is 0 whatever it finds in directory hashes, so its words decide
        let named: &[&str] = if kinds.len() == 1 { &["-h", kinds[0].as_str()] } else { &[] };
        let o = run("ascmhl-debug", &[&["verify", "-dh"], named].concat());
        passes(&format!("verify -dh {kinds:?}"), &o);
        let text = String::from_utf8_lossy(&o.stdout).to_lowercase() + &String::from_utf8_lossy(&o.stderr);
        assert!(!text.contains("mismatch"), "{text}");
        // a second generation by the reference tool finds the same hashes
        passes(&format!("create {kinds:?}"), &run("ascmhl", &["create", "-h", kinds[0].as_str()]));
        std::fs::write(root.join("a'b.txt"), b"other").unwrap();
        assert!(!run("ascmhl-debug", &["verify"]).status.success(), "a changed file is found");
    }
    println!("conformance mhl: the reference tool accepts each kind and all together");
}
