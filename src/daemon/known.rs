//! What the watch threads ask the index: is this file already known as it is?

use crate::index::Index;
use crate::model::FileStat;
use crate::watch::{Known, KnownFile};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The index, as the watch sees it.
pub(super) struct KnownByIndex(pub(super) Index);

impl Known for KnownByIndex {
    fn folder(&self, root: &str, dir: &Path) -> Vec<(OsString, KnownFile)> {
        self.0
            .folder(root, dir)
            .into_iter()
            // a file that was gone and is back is looked at anew, so that it is no longer "gone"
            .filter(|(_, f)| !f.gone)
            .map(|(name, f)| (name, KnownFile { stat: f.stat, fingerprint: f.fingerprint, settled: true }))
            .collect()
    }

    fn folders(&self, root: &str) -> Box<dyn Iterator<Item = PathBuf> + '_> {
        Box::new(self.0.folders(root))
    }

    fn refused(&self, root: &str, path: &Path) -> Option<FileStat> {
        self.0.quarantined(root, path).and_then(|q| q.stat)
    }
}
