//! What several sound tracks of one file say of the same thing.

use crate::model::ClipDoc;

/// Sets a value on which all tracks agree; otherwise warns with `code` that they have different `what`. Absent values and
/// zeros say nothing.
pub(super) fn agree(
    code: &str,
    what: &str,
    values: impl Iterator<Item = Option<u32>>,
    doc: &mut ClipDoc,
    set: impl FnOnce(&mut ClipDoc, u32),
) {
    let mut all: Vec<_> = values.flatten().filter(|n| *n > 0).collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => {}
        [one] => set(doc, *one),
        more => doc.warn(code, format!("the sound tracks have different {what}: {more:?}")),
    }
}
