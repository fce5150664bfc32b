//! What a person means by a name, a path or the beginning of an id, and how it is said when that is not clear.

use crate::control::Response;
use crate::daemon::core::Core;
use crate::index::{ClipRecord, JournalEntry, QuarantineRecord};
use crate::job::Job;
use crate::model::{Error, ErrorKind, MediaPath};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub(super) fn describe(c: &ClipRecord) -> String {
    let path = c.doc.clip.files.first().map_or_else(String::new, |f| format!(" ({})", f.path));
    format!("{}{path}", c.id)
}

pub(super) fn ambiguous(what: &str, names: &[String]) -> Response {
    let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > 5 { ", …" } else { "" };
    let text = format!("{} things are called `{what}`: {}{more}", names.len(), shown.join(", "));
    let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", text);
    Response::Error(e.fix("name one of them by its path or its id"))
}

pub(super) fn nothing_to_do(what: &str, verb: &str) -> Response {
    let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", format!("there is nothing to {verb} of `{what}`"));
    let fix = match verb {
        "retry" => {
            "`rushes jobs` shows the state of each job; outputs that were deleted are made again by `rushes rebuild`"
        }
        _ => "`rushes jobs` shows the state of each job",
    };
    Response::Error(e.fix(fix))
}

pub(super) fn unknown(what: &str) -> Response {
    let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", format!("nothing here is called `{what}`"));
    Response::Error(e.fix("`rushes jobs` and `rushes status` show names, ids and paths"))
}

impl Core {
    /// The jobs of the clips that a person means, or the one job whose id begins so. `Err`: more than one thing is
    /// called so.
    pub fn jobs_meant(&self, what: &str) -> Result<Vec<Job>, Response> {
        let (root, what) = &self.below_a_root(what);
        let clips = self.index.find_clips(what, root.as_deref());
        let names: Vec<String> = clips.iter().map(describe).collect();
        match clips.as_slice() {
            [] => {}
            [clip] => return Ok(clip.jobs.iter().filter_map(|id| self.job(id)).collect()),
            _ => return Err(ambiguous(what, &names)),
        }
        let jobs = if root.is_some() { Vec::new() } else { self.index.jobs_beginning(what) };
        if jobs.len() > 1 {
            let names: Vec<String> = jobs.iter().map(|j| format!("{} ({})", j.id, j.path)).collect();
            return Err(ambiguous(what, &names));
        }
        Ok(jobs)
    }

    /// An absolute path in a watched folder as the folder's name and a path relative to it; anything else as it is.
    pub fn below_a_root(&self, what: &str) -> (Option<String>, String) {
        let path = MediaPath::from_text(what).unwrap_or_default();
        let folders = self.config.folders.iter().filter(|f| path.as_path().starts_with(&f.path));
        match folders.max_by_key(|f| f.path.as_os_str().len()) {
            Some(f) => {
                let rest = path.as_path().strip_prefix(&f.path).unwrap_or(Path::new(""));
                (Some(f.name.clone()), MediaPath::from(rest).to_text())
            }
            None => (None, what.to_owned()),
        }
    }

    /// Lets the watch offer the files of these quarantine entries again; each folder is read once.
    pub fn forget_quarantine(&mut self, entries: &[QuarantineRecord]) {
        let mut by_dir: BTreeMap<(String, PathBuf), Vec<&QuarantineRecord>> = BTreeMap::new();
        for q in entries {
            self.batch.clear_quarantine(&q.root, std::slice::from_ref(&q.path));
            if !q.content.is_empty() {
                self.batch.journal(JournalEntry::Try { key: q.content.clone(), n: 0 });
            }
            let dir = q.path.as_path().parent().unwrap_or(Path::new("")).to_path_buf();
            by_dir.entry((q.root.clone(), dir)).or_default().push(q);
            self.offer_due.push((q.root.clone(), q.path.as_path().to_path_buf()));
        }
        for ((root, dir), list) in by_dir {
            let files = self.index.folder(&root, &dir);
            let refused: Vec<&OsStr> =
                files.iter().filter(|(_, r)| r.clip.is_none()).map(|(n, _)| n.as_os_str()).collect();
            let meant: BTreeSet<&OsStr> = list.iter().filter_map(|q| q.path.as_path().file_name()).collect();
            let groups = crate::engine::sequence::group(&refused, &crate::engine::format::is_frame_extension);
            for g in groups {
                let names: Vec<&OsStr> = g.members.iter().filter_map(|i| refused.get(*i).copied()).collect();
                if !names.iter().any(|n| meant.contains(n)) {
                    continue;
                }
                for name in names {
                    let path = dir.join(name);
                    self.batch.remove_file(&root, &MediaPath::from(path.as_path()));
                    self.offer_due.push((root.clone(), path));
                }
            }
        }
    }
}
