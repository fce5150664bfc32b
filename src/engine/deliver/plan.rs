//! What a recipe will make of a clip, and under which names. Pure: looks at no disk.

use crate::engine::deliver::{PlannedOutput, Recipe, SidecarFormat};
use crate::engine::sidecar;
use crate::model::{ClipDoc, Error, ErrorKind, MediaPath};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// Longest name of an output, bytes: `NAME_MAX` of Linux less the room for `.v0001`.
const LONGEST_NAME: usize = 255 - 6;
/// Longest path of an output below its output folder, bytes: `PATH_MAX` of Linux less room for the folder itself.
const LONGEST_PATH: usize = 4095 - 1024;
/// Longest text that outputs append to a clip's file name, bytes: `.rushes.json` and a version.
pub const NAME_ROOM: usize = ".rushes.json".len() + 6;
/// The hidden folder at the top of an output folder that holds staging and receipts.
const RESERVED: &str = ".rushes";

/// What the outputs of a recipe are called.
#[derive(Debug, Clone, Copy)]
pub enum Naming<'a> {
    /// Beside the record: `dir` is the folder of the clip relative to its watched folder, and so of its outputs
    /// relative to the output folder; `stem` is the clip's file name (`B.mov`, or `NAME.[1001-1240].dpx` for a
    /// sequence), to which each recipe appends its own ending; `recipe` is the recipe's name.
    Beside {
        /// Folder.
        dir: &'a Path,
        /// File name.
        stem: &'a OsStr,
        /// Name of the recipe.
        recipe: &'a str,
    },
    /// A path with stand-ins for version and frame ([`super::stand_in`]), for picture recipes.
    Pattern(&'a Path),
}

/// The outputs of `recipe` for `clip`.
///
/// # Errors
/// `FIELD-ABSENT` (kind Unsupported) when the clip lacks what a document needs; `OUTPUT-ESCAPES` when a name is anything
/// but plain or leads into `.rushes`; `FILE-NAME-TOO-LONG`; `FORMAT-UNSUPPORTED` when its pictures cannot be decoded.
pub fn plan(clip: &ClipDoc, recipe: &Recipe, naming: Naming<'_>) -> Result<Vec<PlannedOutput>, Error> {
    match (recipe, naming) {
        (Recipe::Sidecar(s), Naming::Beside { dir, stem, .. }) => sidecars(clip, &s.formats, dir, stem),
        (Recipe::Sidecar(_), Naming::Pattern(_)) => Err(escapes("a sidecar is named after its clip")),
        (picture, naming) => {
            super::plan_picture::plan(clip, picture, naming).map(|o| vec![o]).map_err(|e| match naming {
                Naming::Beside { dir, stem, .. } => e.at(&first_file(clip, dir, stem)),
                Naming::Pattern(_) => e.at(&first_file(clip, Path::new(""), OsStr::new(&clip.clip.name))),
            })
        }
    }
}

fn sidecars(clip: &ClipDoc, formats: &[SidecarFormat], dir: &Path, stem: &OsStr) -> Result<Vec<PlannedOutput>, Error> {
    let mut outputs = Vec::new();
    for format in formats {
        // whether it can be made at all is better known now than in a worker
        let can = match format {
            SidecarFormat::Json | SidecarFormat::Csv => Ok(()),
            SidecarFormat::Ale => sidecar::ale(clip).map(drop),
            SidecarFormat::Otio => sidecar::otio(clip).map(drop),
            SidecarFormat::OpenTrackIo => sidecar::opentrackio(clip).map(drop),
        };
        can.map_err(|e| e.at(&first_file(clip, dir, stem)))?;
        let (part, supersede) = (format.as_str(), *format == SidecarFormat::Json);
        let mut name = stem.to_os_string();
        name.push(format.ending());
        let path = MediaPath::from(dir.join(&name));
        check_output_path(path.as_path())
            .and_then(|()| single_name(stem))
            .map_err(|e| e.at(&first_file(clip, dir, stem)))?;
        let planned = PlannedOutput { path, part: part.to_owned(), supersede, pattern: None };
        if !outputs.contains(&planned) {
            outputs.push(planned);
        }
    }
    Ok(outputs)
}

fn first_file(clip: &ClipDoc, dir: &Path, stem: &OsStr) -> PathBuf {
    clip.clip.files.first().map_or_else(|| dir.join(stem), |f| f.path.as_path().to_path_buf())
}

pub(super) fn single_name(stem: &OsStr) -> Result<(), Error> {
    let bytes = stem.as_bytes();
    if bytes.is_empty() || bytes.contains(&b'/') || bytes.contains(&0) {
        return Err(escapes("the clip's file name is not a plain name"));
    }
    Ok(())
}

pub(super) fn escapes(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, "OUTPUT-ESCAPES", what)
}

/// Checks a path relative to an output folder: plain names only, none of them `.rushes` at the top, and short enough
/// that version numbers still fit.
///
/// # Errors
/// `OUTPUT-ESCAPES` or `FILE-NAME-TOO-LONG`.
pub(crate) fn check_output_path(path: &Path) -> Result<(), Error> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.contains(&0) {
        return Err(escapes("the output name holds a NUL byte"));
    }
    // Path::components tidies `//` and `/./` away; the names on disk must be the names written down.
    if bytes.is_empty() || bytes.split(|b| *b == b'/').any(|c| c.is_empty() || c == b"." || c == b"..") {
        return Err(escapes("the output name leads outside the output folder or is not tidy"));
    }
    let mut names = path.components();
    if let Some(Component::Normal(first)) = names.next()
        && first.as_bytes().eq_ignore_ascii_case(RESERVED.as_bytes())
    {
        return Err(escapes("the output would lie in `.rushes`, which is kept for staging and receipts")
            .fix("rename the folder `.rushes` in the watched folder, or ignore it"));
    }
    let longest = bytes.split(|b| *b == b'/').map(<[u8]>::len).max().unwrap_or(0);
    if longest > LONGEST_NAME {
        return Err(Error::new(
            ErrorKind::Limit,
            "FILE-NAME-TOO-LONG",
            format!("the name of an output would have {longest} bytes, at most {LONGEST_NAME} are possible"),
        )
        .fix("shorten the name of the original"));
    }
    if bytes.len() > LONGEST_PATH {
        return Err(Error::new(
            ErrorKind::Limit,
            "FILE-NAME-TOO-LONG",
            format!("the path of an output would have {} bytes, at most {LONGEST_PATH} are possible", bytes.len()),
        )
        .fix("use fewer or shorter folder names"));
    }
    Ok(())
}

/// `name` with a version number before its last ending: `B.mov.ale`, 2 → `B.mov.v002.ale`.
#[must_use]
pub fn version_name(name: &OsStr, version: u32) -> OsString {
    let bytes = name.as_bytes();
    let mark = format!(".v{version:03}");
    let (head, tail) = match bytes.iter().rposition(|b| *b == b'.') {
        Some(dot) if dot > 0 => bytes.split_at(dot),
        _ => (bytes, &[][..]),
    };
    OsString::from_vec([head, mark.as_bytes(), tail].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::deliver::SidecarRecipe;
    use crate::model::ClipUnit;
    use proptest::prelude::*;

    fn both() -> Recipe {
        Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json, SidecarFormat::Ale] })
    }

    fn beside<'a>(dir: &'a Path, stem: &'a OsStr) -> Naming<'a> {
        Naming::Beside { dir, stem, recipe: "x" }
    }

    /// A clip of which everything can be made.
    fn full() -> ClipDoc {
        let mut doc = ClipDoc::new("x", ClipUnit::File);
        let rate = crate::model::Rational::new(24, 1).unwrap();
        let start = "10:00:00:00".to_owned();
        doc.timecode = Some(crate::model::TimecodeInfo { start, end: None, rate, drop: false });
        doc.clip.frames = Some(24);
        doc.image.width = Some(1920);
        doc
    }

    fn paths(dir: &str, stem: &[u8]) -> Result<Vec<String>, String> {
        let doc = full();
        plan(&doc, &both(), beside(Path::new(dir), OsStr::from_bytes(stem)))
            .map(|v| v.iter().map(|o| o.path.to_text()).collect())
            .map_err(|e| e.code.into_owned())
    }

    #[test]
    fn names_follow_the_contract() {
        assert_eq!(paths("A", b"B.mov").unwrap(), ["A/B.mov.rushes.json", "A/B.mov.ale"]);
        assert_eq!(paths("", b"N.[1001-1240].dpx").unwrap()[0], "N.[1001-1240].dpx.rushes.json");
        assert_eq!(paths("", b"\xff\xfe.mov").unwrap()[0], "\\xff\\xfe.mov.rushes.json");
        let o = plan(&full(), &both(), beside(Path::new("A"), OsStr::new("B.mov"))).unwrap();
        assert!(o[0].supersede && !o[1].supersede);
    }

    #[test]
    fn every_format_has_a_name_of_its_own() {
        let all = Recipe::Sidecar(SidecarRecipe { formats: SidecarFormat::ALL.to_vec() });
        let o = plan(&full(), &all, beside(Path::new("A"), OsStr::new("B.mov"))).unwrap();
        let names: Vec<String> = o.iter().map(|o| o.path.to_text()).collect();
        assert_eq!(
            names,
            ["A/B.mov.rushes.json", "A/B.mov.ale", "A/B.mov.rushes.csv", "A/B.mov.otio", "A/B.mov.opentrackio.json"]
        );
        for f in SidecarFormat::ALL {
            assert_eq!(SidecarFormat::named(f.as_str()), Some(f));
            assert_eq!(serde_json::to_value(f).unwrap(), f.as_str(), "the job file says the same");
        }
    }

    #[test]
    fn what_cannot_be_made_is_not_planned() {
        let e =
            plan(&ClipDoc::new("x", ClipUnit::File), &both(), beside(Path::new("A"), OsStr::new("B.mov"))).unwrap_err();
        assert_eq!((e.code.as_ref(), e.kind), ("FIELD-ABSENT", ErrorKind::Unsupported));
    }

    #[test]
    fn nothing_escapes() {
        for (dir, stem) in [
            ("..", &b"B.mov"[..]),
            ("/etc", b"B.mov"),
            ("A/../..", b"B.mov"),
            ("A//B", b"x"),
            ("A/./B", b"x"),
            (".rushes/staging", b"x"),
            ("A", b"../../etc/passwd"),
            ("A", b"/etc/passwd"),
            ("A", b""),
            ("A", b"nul\0byte"),
        ] {
            assert_eq!(paths(dir, stem).unwrap_err(), "OUTPUT-ESCAPES", "{dir} {stem:?}");
        }
        assert!(paths("A/.rushes", b"x").is_ok(), "only the top one is ours");
    }

    #[test]
    fn too_long_is_refused_in_time() {
        assert!(paths("A", &[b'x'; 237]).is_ok());
        assert_eq!(paths("A", &[b'x'; 238]).unwrap_err(), "FILE-NAME-TOO-LONG");
        let deep = vec!["d".repeat(200); 16].join("/");
        assert_eq!(paths(&deep, b"x.mov").unwrap_err(), "FILE-NAME-TOO-LONG");
    }

    #[test]
    fn versions_go_before_the_ending() {
        assert_eq!(version_name(OsStr::new("B.mov.rushes.json"), 1), "B.mov.rushes.v001.json");
        assert_eq!(version_name(OsStr::new("B.mov.ale"), 12), "B.mov.v012.ale");
        assert_eq!(version_name(OsStr::new("plain"), 2), "plain.v002");
        assert_eq!(version_name(OsStr::new(".hidden"), 2), ".hidden.v002");
    }

    proptest! {
        #[test]
        fn any_bytes_stay_inside(dir in proptest::collection::vec(any::<u8>(), 0..20), stem in proptest::collection::vec(any::<u8>(), 0..20)) {
            let dir = PathBuf::from(OsString::from_vec(dir));
            if let Ok(outputs) = plan(&full(), &both(), beside(&dir, OsStr::from_bytes(&stem))) {
                for o in outputs {
                    prop_assert!(o.path.as_path().components().all(|c| matches!(c, Component::Normal(_))));
                }
            }
        }
    }
}
