//! Receipts beside the outputs: what was made of what, for the day when state and index are lost.

use crate::config::Folder;
use crate::daemon::core::Core;
use crate::index::{Index, Receipt, Receipts};
use crate::job::{Job, JobState};
use crate::model::{Error, MediaPath};
use crate::telemetry::events;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

impl Core {
    /// Writes the receipts of what was committed, on the threads of their folders. A failure is said, and mended by the
    /// next start.
    pub fn write_receipts(&mut self) {
        if self.receipts_due.is_empty() {
            return;
        }
        let mut by_dir: BTreeMap<PathBuf, Vec<(String, Receipt)>> = BTreeMap::new();
        for (dir, folder, r) in std::mem::take(&mut self.receipts_due) {
            by_dir.entry(dir).or_default().push((folder, r));
        }
        for (dir, list) in by_dir {
            let side = self.side(&dir);
            if !side.has_room() {
                // a hung folder: later, or with the next start
                let due = list.into_iter().take(MOST_DUE).map(|(folder, r)| (dir.clone(), folder, r));
                self.receipts_due.extend(due);
                continue;
            }
            side.post(move || {
                let written = Receipts::open(&dir).and_then(|mut r| list.iter().try_for_each(|(_, one)| r.append(one)));
                if let (Err(e), Some((name, _))) = (written, list.first()) {
                    events::root_trouble(name, dir.display(), format!("receipts are not written: {e}"));
                }
            });
        }
    }
}

/// Receipts kept for a folder that does not answer; the next start writes the others.
const MOST_DUE: usize = 10_000;

/// At the start of a folder: what receipts tell and the index does not know is adopted; jobs that are done and have no
/// receipt (the daemon died in between, the disk was full) get one.
pub(super) fn reconcile(index: &Index, folder: &Folder) {
    let dir = folder.receipts_dir();
    if let Err(e) = index.adopt_receipts(&dir).and_then(|_| complete(index, folder)) {
        events::root_trouble(&folder.name, dir.display(), &e);
    }
}

fn complete(index: &Index, folder: &Folder) -> Result<(), Error> {
    let dir = folder.receipts_dir();
    let number = |id: &str| u128::from_str_radix(id, 16).ok();
    let mut has: HashSet<u128> = HashSet::new();
    for r in Receipts::read(&dir)? {
        has.extend(number(r?.job.as_str()));
    }
    let mut file: Option<Receipts> = None;
    for job in index.every_job() {
        let JobState::Done { outputs } = &job.state else { continue };
        let is_ours = job.folder == folder.name && job.output == folder.output;
        if !is_ours || number(job.id.as_str()).is_none_or(|n| has.contains(&n)) {
            continue;
        }
        let sources = index.clip(&job.clip).map_or_else(Vec::new, |c| {
            c.doc.clip.files.iter().map(|f| (f.path.clone(), f.xxh128.clone())).collect::<Vec<_>>()
        });
        let one = receipt(&job, outputs, sources, "");
        match &mut file {
            Some(f) => f.append(&one)?,
            None => file.insert(Receipts::open(&dir)?).append(&one)?,
        }
    }
    Ok(())
}

/// The receipt of a job that is done.
pub(super) fn receipt(
    job: &Job,
    outputs: &[crate::engine::deliver::MadeOutput],
    sources: Vec<(MediaPath, String)>,
    config: &str,
) -> Receipt {
    Receipt {
        job: job.id.clone(),
        clip: job.clip.clone(),
        show: job.show.clone(),
        clip_name: job.clip_name.clone(),
        recipe_name: job.recipe_name.clone(),
        rule: job.rule.clone(),
        outputs: outputs.to_vec(),
        sources,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: config.to_owned(),
        ms: crate::daemon::core::now_ms(),
    }
}
