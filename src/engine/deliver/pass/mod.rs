//! One pass over the pictures of a clip: decode each frame once, make of it what every output needs.

mod budget;
mod finish;
mod frames;
mod part;
mod proxy;
mod source;
mod source_space;
mod store;
mod told;
mod turns;

pub use store::ACCOUNT_ATTRIBUTE;

pub(super) use finish::finish;
pub(super) use frames::run;
pub(super) use part::space_is_known;

use crate::engine::deliver::{JobFile, OpenInput, StepKind};
use crate::model::{ClipDoc, Error, ErrorKind};
use part::Looks;
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::os::fd::BorrowedFd;

/// The frames that at least one output of the job needs, of those that it has.
#[must_use]
pub fn needed_frames(job: &JobFile, wanted: &[i64]) -> Vec<i64> {
    let Some(doc) = &job.clip else { return Vec::new() };
    let mut needed = BTreeSet::new();
    for p in job.parts() {
        match part::only(p.recipe, wanted, doc) {
            None => return wanted.to_vec(),
            Some(some) => needed.extend(some),
        }
    }
    needed.into_iter().collect()
}

/// What a worker reads and starts before it locks itself in.
#[derive(Debug, Default)]
pub struct Prepared {
    looks: Looks,
    /// The clip, with the colour tags of a movie's pictures.
    doc: Option<ClipDoc>,
    movie: Option<source::Movie>,
    writers: proxy::Writers,
    joins: Vec<proxy::Join>,
}

/// Reads the looks of a step and starts the programs that it talks to.
///
/// # Errors
/// `LOOK-CHANGED`, `FILE-UNREADABLE`, `LIMIT-SIZE` of a look, `TOOL-MISSING`, and what a decoder or an encoder says of a
/// movie.
pub fn prepare(job: &JobFile, inputs: &[OpenInput<'_>], staging: Option<BorrowedFd<'_>>) -> Result<Prepared, Error> {
    match (job.step, staging) {
        (StepKind::Frames, Some(dir)) => {
            let looks = read_looks(job)?;
            let (doc, movie) = source::start(job, inputs)?;
            let writers = proxy::start(job, &doc, dir)?;
            Ok(Prepared { looks, doc: Some(doc), movie, writers, joins: Vec::new() })
        }
        (StepKind::Finish, Some(dir)) => Ok(Prepared { joins: proxy::join(job, inputs, dir)?, ..Prepared::default() }),
        _ => Ok(Prepared::default()),
    }
}

/// Reads the look files of a job.
fn read_looks(job: &JobFile) -> Result<Looks, Error> {
    let mut looks = Looks::new();
    for p in job.parts() {
        let Some(lut) = p.recipe.treatment().and_then(|t| t.lut.as_ref()) else { continue };
        if looks.contains_key(&lut.path) {
            continue;
        }
        // not FILE-VANISHED, which says that the clip is gone and ends the job in silence
        let failed = |e: std::io::Error| {
            if e.kind() == std::io::ErrorKind::NotFound {
                return Error::new(ErrorKind::Io, "LOOK-CHANGED", "the LUT is not there any more").at(&lut.path);
            }
            Error::io("FILE-UNREADABLE", "read the LUT", &e).at(&lut.path)
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&lut.path, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
        let most = crate::engine::document::cube::MOST_BYTES;
        let mut bytes = Vec::new();
        File::from(fd).take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
            return Err(Error::limit("the LUT is larger than 256 MiB").at(&lut.path));
        }
        looks.insert(lut.path.clone(), bytes);
    }
    Ok(looks)
}
