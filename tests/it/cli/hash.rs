//! `rushes hash` on known bytes, odd names and impatient readers.

use super::{file, run, rushes, status, stderr, stdout};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

/// Of the three bytes `abc`: by `xxhsum -H2` and `-H1` (0.8.1), RFC 1321, FIPS 180-4.
const ABC: [(&str, &str); 5] = [
    ("xxh128", "06b05ab6733a618578af5f94892f3950"),
    ("xxh64", "44bc2cf5ad770999"),
    ("md5", "900150983cd24fb0d6963f7d28e17f72"),
    ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
];

#[test]
fn known_digests() {
    let d = tempfile::tempdir().unwrap();
    let abc = file(d.path(), "abc", b"abc");
    for (kind, digest) in ABC {
        let o = run([std::ffi::OsStr::new("hash"), "--kind".as_ref(), kind.as_ref(), abc.as_os_str()]);
        assert_eq!(stdout(&o), format!("{kind}:{digest}  {}\n", abc.display()), "{}", stderr(&o));
        assert_eq!(status(&o), 0);
    }
    let o = rushes().args(["hash", "abc", "--kind", "md5,xxh128,md5"]).current_dir(d.path()).output().unwrap();
    assert_eq!(stdout(&o), format!("xxh128:{}  abc\nmd5:{}  abc\n", ABC[0].1, ABC[2].1));
}

#[test]
fn json_lines_are_all_that_is_on_stdout() {
    let d = tempfile::tempdir().unwrap();
    file(d.path(), "b", b"");
    file(d.path(), "a", b"abc");
    let odd = std::ffi::OsStr::from_bytes(b"c\xff\n\x1b[31m");
    std::fs::write(d.path().join(odd), b"x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", d.path().join("link")).unwrap();
    let o = rushes().args(["hash", "--json", "--kind", "md5", ".", "gone"]).current_dir(d.path()).output().unwrap();
    assert_eq!(status(&o), 3, "one path is not there");
    assert!(stderr(&o).contains("gone") && stderr(&o).contains("[FILE-VANISHED]"), "{}", stderr(&o));
    let lines: Vec<serde_json::Value> = stdout(&o).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!((lines[0]["path"].as_str(), lines[0]["size"].as_u64()), (Some("./a"), Some(3)));
    assert_eq!((lines[0]["xxh128"].as_str(), lines[0]["md5"].as_str()), (Some(ABC[0].1), Some(ABC[2].1)));
    let path = lines[2]["path"].as_str().unwrap();
    assert_eq!(rushes::model::MediaPath::from_text(path).unwrap().bytes(), b"./c\xff\n\x1b[31m");
    let o = rushes().args(["hash", "."]).current_dir(d.path()).output().unwrap();
    assert_eq!(status(&o), 0);
    assert_eq!(stdout(&o).lines().count(), 3, "a line break in a name is no line break here");
    assert!(!stdout(&o).contains('\u{1b}'));
}

#[test]
fn a_reader_that_leaves_early_is_no_trouble() {
    let d = tempfile::tempdir().unwrap();
    for i in 0..3000 {
        file(d.path(), &format!("{i:04}-{}", "x".repeat(200)), b"");
    }
    let mut child = rushes().arg("hash").arg(d.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("xxh128:99aa06d3014798d86001c324468d497f  "), "{first}");
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}
