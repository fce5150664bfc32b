//! A manifest against the reference tool's figures for the same tree.

use super::*;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The tree of the specification's first scenario: path and contents by their XXH64, and its root hash there.
const SCENARIO: [(&str, u64, &str); 3] = [
    ("Sidecar.txt", 58, "3ab5a4166b9bde44"),
    ("Clips/A002C007_141024_R2EC.mov", 4, "7680e5f98f4a80fd"),
    ("Clips/A002C006_141024_R2EC.mov", 5, "0ea03b369a463d9d"),
];

struct Owned {
    paths: Vec<MediaPath>,
    sizes: Vec<u64>,
    hashes: Vec<BTreeMap<HashKind, String>>,
}

impl Owned {
    fn scenario() -> Self {
        Self {
            paths: SCENARIO.iter().map(|s| Path::new(s.0).into()).collect(),
            sizes: SCENARIO.iter().map(|s| s.1).collect(),
            hashes: SCENARIO.iter().map(|s| BTreeMap::from([(HashKind::Xxh64, s.2.to_owned())])).collect(),
        }
    }

    fn files(&self) -> Vec<MhlFile<'_>> {
        let all = self.paths.iter().zip(&self.sizes).zip(&self.hashes);
        let date = Some("2020-01-15T14:00:00+01:00");
        all.map(|((path, size), hashes)| MhlFile { path, size: *size, modified: date, created: None, hashes }).collect()
    }

    fn write(&self) -> Result<Mhl, Error> {
        self.write_as(&input())
    }

    fn write_as(&self, input: &MhlInput<'_>) -> Result<Mhl, Error> {
        first_generation(&MhlInput { files: &self.files(), ..*input })
    }
}

fn input() -> MhlInput<'static> {
    MhlInput {
        folder: "A002R2EC",
        date: "2020-01-16T09:15:00Z",
        host: None,
        tool: "rushes",
        version: "1.0",
        comment: "",
        process: Process::InPlace,
        files: &[],
        empty_folders: &[],
    }
}

#[test]
fn the_scenario_of_the_specification() {
    let m = Owned::scenario().write().unwrap();
    assert_eq!(m.name, "0001_A002R2EC_2020-01-16_091500Z.mhl");
    let want = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<hashlist version=\"2.0\" xmlns=\"urn:ASC:MHL:v2.0\">
  <creatorinfo>
    <creationdate>2020-01-16T09:15:00Z</creationdate>
    <hostname></hostname>
    <tool version=\"1.0\">rushes</tool>
  </creatorinfo>
  <processinfo>
    <process>in-place</process>
    <roothash>
      <content>
        <xxh64 hashdate=\"2020-01-16T09:15:00Z\">8d02114c32e28cbe</xxh64>
      </content>
      <structure>
        <xxh64 hashdate=\"2020-01-16T09:15:00Z\">f557f8ca8e5a88ef</xxh64>
      </structure>
    </roothash>
    <ignore>
      <pattern>.DS_Store</pattern>
      <pattern>ascmhl</pattern>
      <pattern>ascmhl/</pattern>
    </ignore>
  </processinfo>
  <hashes>
    <hash>
      <path size=\"5\" lastmodificationdate=\"2020-01-15T13:00:00Z\">Clips/A002C006_141024_R2EC.mov</path>
      <xxh64 action=\"original\" hashdate=\"2020-01-16T09:15:00Z\">0ea03b369a463d9d</xxh64>
    </hash>
    <hash>
      <path size=\"4\" lastmodificationdate=\"2020-01-15T13:00:00Z\">Clips/A002C007_141024_R2EC.mov</path>
      <xxh64 action=\"original\" hashdate=\"2020-01-16T09:15:00Z\">7680e5f98f4a80fd</xxh64>
    </hash>
    <directoryhash>
      <path>Clips</path>
      <content>
        <xxh64 hashdate=\"2020-01-16T09:15:00Z\">4c226b42e27d7af3</xxh64>
      </content>
      <structure>
        <xxh64 hashdate=\"2020-01-16T09:15:00Z\">906faa843d591a9f</xxh64>
      </structure>
    </directoryhash>
    <hash>
      <path size=\"58\" lastmodificationdate=\"2020-01-15T13:00:00Z\">Sidecar.txt</path>
      <xxh64 action=\"original\" hashdate=\"2020-01-16T09:15:00Z\">3ab5a4166b9bde44</xxh64>
    </hash>
  </hashes>
</hashlist>
";
    assert_eq!(String::from_utf8(m.manifest.clone()).unwrap(), want);
    let chain = String::from_utf8(m.chain).unwrap();
    let id = text_of(HashKind::C4, &m.manifest);
    assert!(chain.contains("<hashlist sequencenr=\"1\">\n    <path>0001_A002R2EC_2020-01-16_091500Z.mhl</path>"));
    assert!(chain.contains(&format!("<c4>{id}</c4>")));
}

#[test]
fn an_empty_folder_has_the_hash_of_nothing() {
    let empty = [MediaPath::from(Path::new("Empty/Inner"))];
    let m = Owned::scenario().write_as(&MhlInput { empty_folders: &empty, ..input() }).unwrap();
    let text = String::from_utf8(m.manifest).unwrap();
    let (_, inner) = text.split_once("<path>Empty/Inner</path>").unwrap();
    assert_eq!(inner.matches(">ef46db3751d8e999</xxh64>").count(), 2, "XXH64 of no bytes, as content and structure");
    assert!(text.find("Empty/Inner").unwrap() < text.find("<path>Empty<").unwrap(), "a folder behind what lies in it");
}

#[test]
fn several_kinds_in_the_order_of_the_schema() {
    let mut o = Owned::scenario();
    for h in &mut o.hashes {
        for kind in [HashKind::Md5, HashKind::C4, HashKind::Blake3] {
            h.insert(kind, text_of(kind, b"x"));
        }
    }
    o.hashes[0].insert(HashKind::Sha1, text_of(HashKind::Sha1, b"x"));
    let text = String::from_utf8(o.write().unwrap().manifest).unwrap();
    assert!(!text.contains("blake3"));
    let tail = text.rsplit_once("Sidecar.txt").unwrap().1;
    let at = ["<c4 ", "<md5 ", "<sha1 ", "<xxh64 "].map(|t| tail.find(t).unwrap());
    assert!(at.is_sorted(), "{at:?}");
    let root = text.split_once("<ignore>").unwrap().0;
    assert_eq!(
        (root.matches("<c4 ").count(), root.matches("<sha1 ").count()),
        (2, 0),
        "only kinds that all files have"
    );
}

#[test]
fn text_is_escaped() {
    let mut o = Owned::scenario();
    o.paths[0] = Path::new("a<&>\"' \\é.txt").into();
    let m = o.write_as(&MhlInput { folder: "R&D <1>", comment: "a > b", ..input() }).unwrap();
    let text = String::from_utf8(m.manifest).unwrap();
    assert!(text.contains(">a&lt;&amp;&gt;&quot;&apos; \\é.txt</path>"), "{text}");
    assert!(text.contains("<comment>a &gt; b</comment>"));
    assert_eq!(m.name, "0001_R&D <1>_2020-01-16_091500Z.mhl");
}

#[test]
fn what_a_manifest_cannot_say_is_refused_by_name() {
    let deep = vec!["d"; 200].join("/");
    let latin1 = PathBuf::from(OsString::from_vec(b"caf\xe9.mov".to_vec()));
    for bad in [
        latin1.as_path(),
        Path::new("a\nb"),
        Path::new("/abs"),
        Path::new("a/../b"),
        Path::new("./a"),
        Path::new("a//b"),
        Path::new(""),
        Path::new("a/ascmhl/b"),
        Path::new(".DS_Store"),
        Path::new("Clips"),
        Path::new("Sidecar.txt"),
        Path::new("Sidecar.txt/x"),
        Path::new("a\u{ffff}"),
        Path::new(&deep),
    ] {
        let mut o = Owned::scenario();
        o.paths[2] = bad.into();
        let e = o.write().unwrap_err();
        assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Unsupported, "REQUEST-INVALID"), "{bad:?}");
        assert!(bad == Path::new("") || e.place.path.is_some(), "{bad:?}: {e}");
    }
    for (kind, text) in [
        (HashKind::Xxh64, "3AB5A4166B9BDE44"),
        (HashKind::Xxh64, "3ab5"),
        (HashKind::C4, "c4zz"),
        (HashKind::Sha256, "not looked at, but there is no other"),
    ] {
        let mut o = Owned::scenario();
        o.hashes[1] = BTreeMap::from([(kind, text.to_owned())]);
        assert_eq!(o.write().unwrap_err().place.path.unwrap(), o.paths[1], "{text}");
    }
    for (folder, date) in
        [("", "2020-01-16T09:15:00Z"), ("a/b", "2020-01-16T09:15:00Z"), ("a", "2020-01-16"), ("a", "x")]
    {
        assert_eq!(
            Owned::scenario().write_as(&MhlInput { folder, date, ..input() }).unwrap_err().code,
            "REQUEST-INVALID"
        );
    }
    assert!(first_generation(&input()).is_err(), "no file");
}
