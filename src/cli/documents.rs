//! Documents about several clips: the clips at and below paths are read, and what is made goes to stdout or a new file.

use super::files;
use super::inspect::{group, named};
use super::out::{Ending, Out, Outcome, Stop, count, say, say_error};
use super::steps::{Bench, Wanted};
use crate::model::{ClipDoc, Error, ErrorKind, Limits, MediaPath};
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Clips that are inspected at a time.
const AT_ONCE: usize = 16;

/// What lies at and below some paths.
#[derive(Debug, Default)]
pub struct Clips {
    /// Each with its document, without the vendors' tags.
    pub clips: Vec<(Wanted, ClipDoc)>,
    /// Files that hold no clip: metadata files of cameras, checksums, texts; with their sizes.
    pub others: Vec<(MediaPath, u64)>,
    /// What could not be read; each was said.
    pub refused: Vec<Error>,
}

impl Clips {
    /// Reads them; errors are said as they come.
    ///
    /// # Errors
    /// [`Stop::Said`] after a signal, `FILE-VANISHED` when there is nothing at all.
    pub fn read(bench: &Bench, paths: &[PathBuf]) -> Result<Self, Stop> {
        let walk = files::walk(paths, files::Hidden::Skipped);
        walk.troubles.iter().for_each(say_error);
        let mut found = Self { refused: walk.troubles, ..Self::default() };
        for some in group(walk.files, false).chunks(AT_ONCE) {
            let docs: Vec<_> = some.par_iter().map(|w| bench.inspect(w, Limits::default())).collect();
            if let Some(n) = bench.signal() {
                return Err(Stop::Said(Ending::Signal(n)));
            }
            for (wanted, doc) in some.iter().zip(docs) {
                found.sort_in(wanted, doc);
            }
        }
        if found.clips.is_empty() && found.refused.is_empty() {
            let what = "there is no clip at or below these paths";
            return Err(Error::new(ErrorKind::Unsupported, "FILE-VANISHED", what).into());
        }
        Ok(found)
    }

    fn sort_in(&mut self, wanted: &Wanted, doc: Result<ClipDoc, Error>) {
        match doc {
            Ok(doc) if ["unknown", "camera-metadata"].contains(&doc.format.id.as_str()) => {
                self.others.extend(doc.clip.files.into_iter().map(|f| (f.path, f.size)));
            }
            Ok(mut doc) => {
                doc.raw.clear();
                if let Some(problem) = &doc.problem {
                    say_error(&named(problem.clone(), wanted));
                }
                self.clips.push((wanted.clone(), doc));
            }
            Err(e) => {
                let e = named(e, wanted);
                say_error(&e);
                self.refused.push(e);
            }
        }
    }

    /// Says what is left out because it is no clip.
    pub fn say_others(&self) {
        if let Some((first, _)) = self.others.first() {
            let n = u64::try_from(self.others.len()).unwrap_or(u64::MAX);
            let one = if n == 1 { "" } else { " the first is" };
            say(format!("{} no clip and left out:{one} {first}", count(n, "file is", "files are")));
        }
    }
}

/// The name of the file or folder at a path, for people.
#[must_use]
pub fn name_of(path: &Path) -> String {
    // `.` and `..` have names too
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    whole.file_name().map(|n| MediaPath::from(Path::new(n)).to_text()).unwrap_or_default()
}

/// Refuses a file that is there already, before any work is done for it.
///
/// # Errors
/// [`Stop::Said`].
pub fn is_free(path: &Path) -> Result<(), Stop> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    say_error(&taken(path));
    Err(Stop::Said(Ending::Trouble))
}

fn taken(path: &Path) -> Error {
    let e = Error::new(ErrorKind::Io, "OUTPUT-EXISTS", "it is there already, and nothing is overwritten");
    e.at(path).fix("remove it, or name another file")
}

/// Writes the document: to stdout as it is, or into a new file, whole or not at all, and tells of it.
///
/// # Errors
/// `OUTPUT-EXISTS`, `OUTPUT-FAILED`; or when stdout cannot be written.
pub fn hand_over(
    bytes: &[u8],
    output: Option<&Path>,
    about: impl FnOnce(&Path) -> serde_json::Value,
    json: bool,
) -> Outcome {
    let mut out = Out::default();
    match output {
        None => out.bytes(bytes)?,
        Some(path) => {
            write_new(path, bytes)?;
            if json {
                out.json(&about(path))?;
            } else {
                out.line(MediaPath::from(path))?;
            }
        }
    }
    out.flush()?;
    Ok(Ending::Good)
}

/// A new file appears under its name when all of it is on the disk.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |doing: &'static str| move |e: std::io::Error| Error::io("OUTPUT-FAILED", doing, &e).at(path);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", "the output must be the name of a file").at(path)
    })?;
    let mut hidden = std::ffi::OsString::from(format!(".rushes-{}-", std::process::id()));
    hidden.push(name);
    let part = folder.join(hidden);
    let write = || -> std::io::Result<()> {
        let mut file = File::create_new(&part)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let written = write().map_err(failed("write the file"));
    let placed = written.and_then(|()| match fs::hard_link(&part, path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Err(taken(path)),
        // a file system without links: nothing else makes sure that the name is free
        Err(_) if path.symlink_metadata().is_err() => fs::rename(&part, path).map_err(failed("name the file")),
        Err(_) => Err(taken(path)),
    });
    let _ = fs::remove_file(&part);
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_replaces_nothing() {
        let d = tempfile::tempdir().unwrap();
        let path = d.path().join("a.csv");
        write_new(&path, b"one").unwrap();
        assert_eq!(write_new(&path, b"two").unwrap_err().code, "OUTPUT-EXISTS");
        assert!(is_free(&path).is_err() && is_free(&d.path().join("b")).is_ok());
        std::os::unix::fs::symlink("nowhere", d.path().join("link")).unwrap();
        assert_eq!(write_new(&d.path().join("link"), b"two").unwrap_err().code, "OUTPUT-EXISTS");
        assert_eq!(write_new(&d.path().join("none/a"), b"two").unwrap_err().code, "OUTPUT-FAILED");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(d.path()).unwrap().count(), 2, "no parts are left");
    }
}
