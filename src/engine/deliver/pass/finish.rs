//! What is put together when all ranges are done: contact sheets.

use super::part::only;
use super::store::{Store, stamp, still};
use crate::engine::deliver::{ContactSheetRecipe, FrameCounts, JobFile, Recipe, Rendered, frames_within};
use crate::engine::encode::contact_sheet::{Cell, Sheet};
use crate::engine::image::Frame;
use crate::model::{ClipDoc, Error, ErrorKind};
use rustix::fs::{Mode, OFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::BorrowedFd;

/// Where a range leaves a small picture for a sheet.
pub(super) fn thumb_name(output: usize, frame: i64) -> String {
    format!("parts/{output}.{frame}.rgb")
}

/// Width, height and samples, little endian.
pub(super) fn to_bytes(picture: &Frame) -> Vec<u8> {
    let mut out = Vec::with_capacity(picture.bytes().saturating_add(8));
    out.extend_from_slice(&picture.width().to_le_bytes());
    out.extend_from_slice(&picture.height().to_le_bytes());
    picture.data().iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
    out
}

fn from_bytes(bytes: &[u8]) -> Option<Frame> {
    let (head, samples) = bytes.split_at_checked(8)?;
    let (w, h) = head.split_at_checked(4)?;
    let side = |b: &[u8]| b.try_into().ok().map(u32::from_le_bytes);
    let data = samples.chunks_exact(4).filter_map(|c| c.try_into().ok().map(f32::from_le_bytes)).collect();
    Frame::from_samples(side(w)?, side(h)?, data).ok()
}

/// Puts together what the ranges of the job left in staging.
///
/// # Errors
/// `OUTPUT-FAILED` when staging does not hold it.
pub(in super::super) fn finish(
    job: &JobFile,
    staging: BorrowedFd<'_>,
    prepared: super::Prepared,
) -> Result<Rendered, Error> {
    let internal = |what: &str| Error::new(ErrorKind::Io, "INTERNAL", what);
    let doc = job.clip.as_deref().ok_or_else(|| internal("the step has no clip"))?;
    let wanted = frames_within(doc, job.frames)?;
    let store = Store { staging, mode: job.mode };
    let outputs = job.all_outputs().count();
    let mut r = Rendered {
        accounts: vec![None; outputs],
        counts: vec![FrameCounts::default(); outputs],
        ..Rendered::default()
    };
    for p in job.parts() {
        let Recipe::ContactSheet(sheet) = p.recipe else { continue };
        for (n, planned) in p.outputs.iter().enumerate() {
            let index = p.first + n;
            let frames: Vec<i64> = only(p.recipe, &wanted, doc).into_iter().flatten().collect();
            let drawn = draw(sheet, doc, index, &frames, staging, job.limits.picture_bytes())?;
            let space = crate::engine::colour::find(&sheet.treatment.color);
            let (bytes, _) = still(sheet.format, &drawn, space)?;
            r.files.push(store.picture(index, planned.file_name(1, 0), &bytes)?);
        }
    }
    for join in prepared.joins {
        r.files.push(join.finish(job, &store)?);
    }
    Ok(r)
}

fn draw(
    recipe: &ContactSheetRecipe,
    doc: &ClipDoc,
    index: usize,
    frames: &[i64],
    staging: BorrowedFd<'_>,
    most: u64,
) -> Result<Frame, Error> {
    let mut cells = Vec::new();
    for n in frames {
        let picture = read(staging, &thumb_name(index, *n), most)?;
        let label = stamp(doc, *n, *n).timecode.map_or_else(String::new, |t| t.to_string());
        cells.push((picture, n.to_string(), label));
    }
    let side = |f: fn(&Frame) -> u32| cells.iter().map(|(p, _, _)| f(p)).max().unwrap_or(16);
    let layout = Sheet { columns: recipe.columns, cell: (side(Frame::width), side(Frame::height)), ..Sheet::default() };
    let rate = doc.fps.project.map_or_else(String::new, |r| format!("  {r} fps"));
    let reel = doc.reel.as_ref().map_or_else(String::new, |r| format!("  {r}"));
    let heading = format!("{}{reel}{rate}", doc.clip.name);
    let shown: Vec<Cell<'_>> = cells.iter().map(|(p, a, b)| Cell { picture: p, lines: [a, b] }).collect();
    layout.draw(&heading, &shown, most)
}

fn read(staging: BorrowedFd<'_>, name: &str, most: u64) -> Result<Frame, Error> {
    let lost = || Error::new(ErrorKind::Io, "OUTPUT-FAILED", "staging does not hold what a range left there");
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let fd = super::super::place::open(staging, OsStr::new(name), flags, Mode::empty())
        .map_err(|e| super::super::place::failed("read what a range left", e))?;
    let mut bytes = Vec::new();
    File::from(fd).take(most).read_to_end(&mut bytes).map_err(|e| Error::io("OUTPUT-FAILED", "read staging", &e))?;
    from_bytes(&bytes).ok_or_else(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pictures_come_back() {
        let f = Frame::from_samples(2, 1, vec![0.0, 0.5, 1.0, -1.0, 2.0, 1e-9]).unwrap();
        let bytes = to_bytes(&f);
        assert_eq!(from_bytes(&bytes).unwrap(), f);
        for cut in 0..bytes.len() {
            assert!(from_bytes(&bytes[..cut]).is_none(), "{cut}");
        }
    }
}
