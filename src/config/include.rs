//! `include`: from globs to files. Included files may not include, so there are no loops.

use super::reader::Out;
use super::source::Spot;
use globset::GlobBuilder;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Most entries looked at in all folders together.
const MOST_ENTRIES: usize = 100_000;

/// The files that `globs` (relative to `base`) name, each once, sorted within a glob; `main` is left out.
pub(super) fn files(base: &Path, globs: &[Spot<String>], main: &Path, most: usize, out: &Out) -> Vec<Spot<PathBuf>> {
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    seen.extend(std::fs::canonicalize(main));
    let mut found = Vec::new();
    let mut budget = MOST_ENTRIES;
    for glob in globs {
        let literal = !glob.value.contains(['*', '?', '[', '{']);
        let matches = match expand(base, &glob.value, &mut budget) {
            Ok(m) => m,
            Err(e) => {
                out.push(glob.at.error(e));
                continue;
            }
        };
        if matches.is_empty() && literal {
            let text = format!("the included file `{}` does not exist", glob.value);
            out.push(glob.at.error(text).suggest("paths are relative to the folder of this file"));
        } else if matches.is_empty() {
            out.push(glob.at.warning(format!("no file matches `{}`", glob.value)));
        }
        for path in matches {
            let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if !seen.insert(real) {
                continue;
            }
            if found.len() >= most {
                out.push(glob.at.error(format!("more than {most} included files")));
                return found;
            }
            found.push(Spot { value: path, at: glob.at.clone() });
        }
    }
    found
}

/// The existing paths that a glob names, sorted. `*` never matches `/` or a leading dot.
fn expand(base: &Path, glob: &str, budget: &mut usize) -> Result<Vec<PathBuf>, String> {
    if glob.is_empty() || glob.contains('\0') || glob.len() > 4000 {
        return Err("an include must be a path or a glob".into());
    }
    if glob.contains("**") {
        return Err("`**` is not offered in include; name the folder, such as \"shows/*.toml\"".into());
    }
    let mut at: Vec<PathBuf> = vec![if glob.starts_with('/') { PathBuf::from("/") } else { base.to_path_buf() }];
    for part in glob.split('/').filter(|p| !p.is_empty()) {
        if !part.contains(['*', '?', '[', '{']) {
            at = at.into_iter().map(|p| p.join(part)).filter(|p| p.exists()).collect();
            continue;
        }
        let build = GlobBuilder::new(part).literal_separator(true).build();
        let matcher = build.map_err(|e| format!("the glob is not valid: {}", e.kind()))?.compile_matcher();
        let mut next = Vec::new();
        for dir in &at {
            let list = match std::fs::read_dir(dir) {
                Ok(list) => list,
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
                Err(e) => return Err(format!("{} cannot be listed: {e}", dir.display())),
            };
            for entry in list.flatten() {
                *budget = budget.checked_sub(1).ok_or("the include looks at too many files")?;
                let name = entry.file_name();
                let hidden = name.as_encoded_bytes().first() == Some(&b'.') && !part.starts_with('.');
                if !hidden && matcher.is_match(Path::new(&name)) {
                    next.push(entry.path());
                }
            }
        }
        next.sort();
        at = next;
    }
    Ok(at)
}
