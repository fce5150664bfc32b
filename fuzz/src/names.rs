//! Names: what comes from file names, and what becomes file names.

use rushes::engine::sequence::{group, output_stem};
use rushes::model::{ClipDoc, ClipUnit, MediaPath, escape_for_people};
use rushes::rules::template::{MAX_COMPONENT, Template, collision_key};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// The names of one folder, a line each: no file is lost, doubled or renamed, in whatever order they come.
pub fn sequence(data: &[u8]) {
    let mut seen = BTreeSet::new();
    let plain = |n: &&[u8]| !n.is_empty() && n.len() <= 255 && !n.contains(&0) && !n.contains(&b'/');
    let names: Vec<&OsStr> = data
        .split(|b| *b == b'\n')
        .filter(|n| plain(n) && *n != b"." && *n != b".." && seen.insert(*n))
        .map(OsStr::from_bytes)
        .collect();
    let is_frame = |ext: &str| rushes::engine::format::is_frame_extension(ext);
    let groups = group(&names, &is_frame);
    let mut all: Vec<usize> = groups.iter().flat_map(|g| g.members.iter().copied()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..names.len()).collect::<Vec<_>>(), "each file belongs to one clip");
    for g in &groups {
        assert!(!output_stem(g, &names).is_empty());
        let Some(run) = &g.run else {
            // segments of a recording or files of a package
            assert_eq!(g.members.len() > 1, g.unit == ClipUnit::Spanned);
            continue;
        };
        assert!(g.unit == ClipUnit::Sequence && g.members.len() > 1 && run.first <= run.last);
        let missing: i64 = run.gaps.iter().map(|gap| gap.last - gap.first + 1).sum();
        let have = i64::try_from(g.members.len()).expect("a number of files");
        assert_eq!(run.last - run.first + 1, have + missing, "frames and gaps fill the run: {run:?}");
        let frames = (run.first..=run.last).filter(|n| !run.gaps.iter().any(|g| (g.first..=g.last).contains(n)));
        if missing < 10_000 {
            let want: Vec<_> = frames.map(|n| run.name_of(n)).collect();
            let got: Vec<_> = g.members.iter().map(|i| names[*i].to_os_string()).collect();
            assert_eq!(got, want, "names follow from numbers");
        }
    }
    let back: Vec<&OsStr> = names.iter().rev().copied().collect();
    let members = |names: &[&OsStr]| {
        let named = |g: &rushes::engine::sequence::Group| {
            g.members.iter().map(|i| names[*i].to_os_string()).collect::<Vec<_>>()
        };
        group(names, &is_frame).iter().map(|g| (named(g), g.run.clone(), g.name.clone())).collect::<Vec<_>>()
    };
    assert_eq!(members(&names), members(&back), "the order of the names matters");
    let watched = rushes::watch::group(&names);
    assert_eq!(watched.iter().map(|g| g.members.len()).sum::<usize>(), names.len());
}

/// A name template in the first line and what a clip says in the further ones: the name stays below its folder.
pub fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let source = lines.next().unwrap_or_default();
    let mut value = || lines.next().map(str::to_owned);
    let mut doc = ClipDoc::new(value().unwrap_or_default(), ClipUnit::File);
    doc.reel = value();
    doc.slate.scene = value();
    doc.slate.take = value();
    doc.camera.index = value();
    doc.lens.focal_length_mm = value().and_then(|v| v.parse().ok()).filter(|x: &f64| x.is_finite());
    let (show, frame) = (value().unwrap_or_default(), value());
    match Template::parse(source, &["frame", "version"]) {
        Ok(t) => {
            assert_eq!(Template::parse(t.source(), &["frame", "version"]).as_ref(), Ok(&t));
            if let Ok(path) = t.expand(&doc, &show, "ocf", &|_| frame.clone()) {
                stays_inside(&path, source);
                let again = t.expand(&doc, &show, "ocf", &|_| frame.clone());
                assert_eq!(again.as_ref(), Ok(&path));
            }
            if let Ok((dir, stem)) = t.expand_stem(&doc, &show, "ocf") {
                assert!(!stem.is_empty());
                stays_inside(&MediaPath::from(dir.as_path().join(stem)), source);
            }
        }
        Err(flaws) => {
            assert!(!flaws.is_empty());
            for f in flaws {
                assert!(f.offset <= source.len() && f.offset.saturating_add(f.length) <= source.len().max(1), "{f:?}");
            }
        }
    }
    let _ = collision_key(&text);
}

/// Templates with every kind of field, on a document that came from a file.
pub(super) fn expand_all(doc: &ClipDoc) {
    for source in ["{show}/{reel}/{clip}", "{scene}_{take:03}", "{camera.index}{lens.model}", "{slate.note}.{folder}"] {
        let t = Template::parse(source, &[]).expect("a good template");
        if let Ok(path) = t.expand(doc, "senna", "ocf", &|_| None) {
            stays_inside(&path, source);
        }
    }
}

/// A relative path of plain names, each short enough for a file system with room for an ending, and none of them odd.
fn stays_inside(path: &MediaPath, source: &str) {
    let parts: Vec<&[u8]> = path.bytes().split(|b| *b == b'/').collect();
    assert_eq!(parts.len(), source.split('/').count(), "{path:?} of {source:?}");
    assert!(path.as_path().components().all(|c| matches!(c, Component::Normal(_))), "{path:?}");
    for p in parts {
        assert!(!p.is_empty() && p.len() <= MAX_COMPONENT, "{} bytes in {path:?}", p.len());
        assert!(!p.starts_with(b".") && !p.ends_with(b".") && !p.ends_with(b" "), "{path:?}");
        assert!(!p.iter().any(|b| *b < 0x20 || *b == 0x7f), "{path:?}");
    }
}

/// Paths: bytes to text and back, text to a path and back; what is shown is harmless.
pub fn paths(data: &[u8]) {
    let path = MediaPath::from(Path::new(OsStr::from_bytes(data)));
    assert_eq!(MediaPath::from_text(&path.to_text()).as_ref(), Some(&path));
    let shown = path.to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    let text = String::from_utf8_lossy(data);
    if let Some(read) = MediaPath::from_text(&text) {
        assert_eq!(MediaPath::from_text(&read.to_text()), Some(read));
    }
    let once = escape_for_people(&text);
    assert_eq!(escape_for_people(&once), once);
}
