//! Versions of what is stored in the index, and the steps from one to the next.

use crate::index::store::Store;
use crate::model::{Error, ErrorKind};

/// The version that this program writes.
pub(super) const VERSION: u32 = 1;

/// A step from one version to the next: changes every record that is stored differently.
type Step = fn(&Store) -> Result<(), Error>;

/// `STEPS[n - 1]` leads from version n to n + 1. A change of what is stored adds one here, and one
/// to [`VERSION`].
const STEPS: &[Step] = &[];

/// Brings a store from version `from` to [`VERSION`].
///
/// # Errors
/// A store of a newer program is refused (and left as it is): an older program cannot know what it
/// would lose.
pub(super) fn bring_up(store: &Store, from: u32) -> Result<(), Error> {
    if from > VERSION {
        let what = format!("the index was written by a newer rushes (version {from} of its form, {VERSION} is known)");
        return Err(Error::new(ErrorKind::Unsupported, "STATE-FAILED", what)
            .at(store.path())
            .fix("start the newer rushes again, or move the folder away and let this one build a new index"));
    }
    for step in STEPS.iter().skip(from.saturating_sub(1) as usize) {
        step(store)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_step_for_each_version() {
        assert_eq!(STEPS.len() + 1, VERSION as usize);
    }
}
