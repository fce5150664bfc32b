//! Knowing again what is done, after the index (and even the journal) is gone.

use crate::index::{Batch, Index, JournalEntry, Receipts, keys};
use crate::model::{Error, MediaPath};
use std::path::Path;

/// Receipts that are taken in at a time.
const GROUP: usize = 500;

impl Index {
    /// Takes in the receipts in `dir`: jobs that neither index nor journal know as done are done
    /// afterwards, so that they are not made again (the daemon still looks whether the outputs are
    /// there). Returns how many were new. A folder without receipts is no error.
    ///
    /// # Errors
    /// The receipts cannot be read, or [`Index::commit`] fails.
    pub fn adopt_receipts(&self, dir: &Path) -> Result<usize, Error> {
        let mut batch = Batch::default();
        let mut adopted = 0_usize;
        for receipt in Receipts::read(dir)? {
            let receipt = receipt?;
            if self.with(|s| s.get(&keys::done(&receipt.job))).is_some() {
                continue;
            }
            adopted += 1;
            batch.journal(JournalEntry::Adopted {
                job: receipt.job,
                clip: receipt.clip,
                recipe_name: receipt.recipe_name,
                receipts: MediaPath::from(dir),
                outputs: receipt.outputs,
                ms: receipt.ms,
            });
            if batch.len() >= GROUP {
                self.commit(&std::mem::take(&mut batch))?;
            }
        }
        self.commit(&batch)?;
        Ok(adopted)
    }
}
