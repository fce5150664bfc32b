//! Frame by frame: the acquisition sets of each content package. Triplets are stepped over from the first package to the
//! footer; of pictures and sound only key and length are read.

use super::super::rows::{Each, Labels, document};
use super::graph::{Essence, Graph};
use super::{Input, Mxf, camera};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::mxf::{Kind, Klv, Set, Structure, Ul, partition};
use crate::model::{Error, ErrorKind, FrameRow, Limits};

/// Rows of every frame that the header counts, with what its package holds. Where pictures are one triplet there are labels
/// only.
///
/// # Errors
/// Those of the reader, and of `each`.
pub(super) fn rows(format: &Mxf, input: &Input<'_>, limits: &Limits, each: Each<'_>) -> Result<(), Error> {
    let doc = document(format, input, limits)?;
    let structure = Structure::scan(&mut Bytes::file(input.file, input.size, limits), limits)?;
    let labels = Labels::of(&doc);
    let mut packages = Packages::new(&structure, input, limits);
    let (mut before, elsewhere) = match before(&structure) {
        Some(n) => (n, None),
        None => (0, Some("the material plays its picture in parts, so it is not known which package is which frame")),
    };
    for n in 0..doc.clip.frames.unwrap_or(0) {
        let mut row: FrameRow = labels.row(n)?;
        if let Some(why) = elsewhere {
            row.problem = Some(why.into());
            each(row)?;
            continue;
        }
        while before > 0 && packages.at.is_some() {
            before = before.saturating_sub(1);
            if packages.next().is_err() {
                packages.at = None;
            }
        }
        match packages.next() {
            Ok(Some(sets)) => camera::row(&sets, &mut row),
            Ok(None) => {}
            Err(e) if e.kind == ErrorKind::Io => return Err(e),
            Err(e) => {
                row.problem = Some(format!("the acquisition metadata cannot be followed from here on: {}", e.what));
                packages.at = None;
            }
        }
        each(row)?;
    }
    Ok(())
}

/// How many packages lie before that of the first frame; `None` when the material plays more than one part of them.
fn before(s: &Structure) -> Option<u64> {
    let graph = Graph::new(&s.metadata);
    let chains = graph.chains(Essence::Picture);
    let own = chains.iter().find(|c| c.file.is_some_and(|(p, _)| graph.is_inside(p)) && c.descriptor.is_some());
    let Some(c) = own else { return Some(0) };
    if c.material.is_some_and(|(_, t)| t.parts.len() > 1) {
        return None;
    }
    let origin = c.file.map_or(0, |(_, t)| t.origin);
    u64::try_from(c.start.saturating_add(origin)).ok()
}

/// Content packages one after the other.
struct Packages<'a> {
    b: Bytes<'a>,
    limits: &'a Limits,
    /// The key that begins a package: that of the first triplet of the first one.
    begin: Option<Ul>,
    /// Where the next triplet lies; `None` at the end.
    at: Option<u64>,
}

impl<'a> Packages<'a> {
    fn new(s: &Structure, input: &Input<'a>, limits: &'a Limits) -> Self {
        let first = s.essence.first.first();
        let b = Bytes::file(input.file, input.size, limits);
        Self { b, limits, begin: first.map(|k| k.key), at: first.map(|k| k.at) }
    }

    /// The sets of the next package; `None` behind the last.
    fn next(&mut self) -> Result<Option<Vec<Set>>, Error> {
        self.b.renew(self.limits);
        let (mut sets, mut inside, mut elements) = (Vec::new(), false, 0usize);
        while let Some(at) = self.at.filter(|at| *at < self.b.size()) {
            self.b.seek(at);
            let k = Klv::read(&mut self.b)?;
            let footer =
                matches!(partition::kind(&k.key), Some((Kind::Footer, ..))) || partition::is_random_index(&k.key);
            if footer || k.missing(self.b.size()) > 0 {
                self.at = None;
                break;
            }
            if Some(k.key) == self.begin {
                if inside {
                    return Ok(Some(sets));
                }
                inside = true;
            }
            self.at = Some(k.end());
            if inside && elements < camera::MOST_ELEMENTS && !k.is_fill() && camera::carries(&k) {
                elements = elements.saturating_add(1);
                camera::element(&k, &mut self.b, &mut sets)?;
            }
        }
        Ok(inside.then_some(sets))
    }
}
