//! Receipts beside the outputs: what was made of what, for the day when state and index are lost.

use crate::config::Folder;
use crate::daemon::core::Core;
use crate::index::Receipts;
use crate::telemetry::events;
use std::collections::BTreeMap;

impl Core {
    /// Writes the receipts of what was committed. A failure is said and mended by the next start.
    pub fn write_receipts(&mut self) {
        if self.receipts_due.is_empty() {
            return;
        }
        let mut by_folder: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (folder, r) in std::mem::take(&mut self.receipts_due) {
            by_folder.entry(folder).or_default().push(r);
        }
        for (name, list) in by_folder {
            let Some(folder) = self.config.folder(&name) else { continue };
            let dir = folder.receipts_dir();
            if let Err(e) = Receipts::open(&dir).and_then(|mut r| list.iter().try_for_each(|one| r.append(one))) {
                events::root_note(&name, dir.display(), format!("receipts are not written: {e}"));
            }
        }
    }

    /// At the start of a folder: what receipts tell and the index does not know is adopted; jobs that are done and
    /// have no receipt (the daemon died in between) get one.
    pub fn reconcile_receipts(&mut self, folder: &Folder) {
        let dir = folder.receipts_dir();
        if let Err(e) = self.index.adopt_receipts(&dir) {
            events::root_note(&folder.name, dir.display(), &e);
        }
    }
}
