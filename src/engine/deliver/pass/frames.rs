//! The frames of a range: decoded, treated, encoded and written by several threads within a byte budget.

use super::budget::{Budget, Share};
use super::part::{PartPlan, plans};
use super::proxy::Writers;
use super::source::Source;
use super::store::{Store, counts_of, plate, stamp, still};
use super::turns::AFTERMATH;
use crate::engine::colour::Chain;
use crate::engine::deliver::{
    Account, FrameCounts, JobFile, OpenInput, PassStats, Recipe, Rendered, StagedFile, frames_within,
};
use crate::engine::format::{Format, Input};
use crate::engine::framing::resample;
use crate::engine::image::{Decoded, Frame};
use crate::engine::video::raw_picture;
use crate::model::{ClipDoc, Error, ErrorKind, Limits};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What one frame left.
struct FrameDone {
    files: Vec<StagedFile>,
    counts: Vec<FrameCounts>,
}

/// The parts of a range that its threads share.
struct Pass<'a> {
    plans: Vec<PartPlan<'a>>,
    doc: &'a ClipDoc,
    limits: &'a Limits,
    store: Store<'a>,
    /// The movies that are written.
    writers: Writers,
    /// How single files are decoded.
    format: Option<&'static dyn Format>,
    size: (u32, u32),
    times: [AtomicU64; 3],
    /// How the first frame was decoded.
    how: Mutex<Option<(i64, BTreeMap<String, String>)>>,
}

/// Makes what the job's outputs need of the frames of its range.
///
/// # Errors
/// `FRAME-UNDECODABLE` and what the decoder says, `LIMIT-MEMORY` when one frame alone needs more than the budget,
/// `OUTPUT-FAILED`, `OUTPUT-NO-SPACE`.
pub(in super::super) fn run(
    job: &JobFile,
    inputs: &[OpenInput<'_>],
    staging: BorrowedFd<'_>,
    prepared: super::Prepared,
) -> Result<Rendered, Error> {
    let invalid = |what: &str| Error::new(ErrorKind::Malformed, "JOB-INVALID", what);
    let doc = prepared.doc.as_ref().ok_or_else(|| invalid("the step makes outputs but has no clip"))?;
    let bounds = job.frames.ok_or_else(|| invalid("a range has no frames"))?;
    let numbers = frames_within(doc, Some(bounds))?;
    let doubts = prepared.movie.as_ref().map(|m| m.doubts.clone()).unwrap_or_default();
    let given: Vec<Input<'_>> = inputs.iter().map(OpenInput::given).collect();
    let first = given.first().ok_or_else(|| invalid("a range has no files"))?;
    let source = Source::new(prepared.movie, first, &job.limits)?;
    let format = if let Source::Files(f) = &source { Some(*f) } else { None };
    if format.is_some() && numbers.len() != given.len() {
        return Err(invalid(&format!("{} frames are to be made of {} files", numbers.len(), inputs.len())));
    }
    let size = doc.image.width.zip(doc.image.height).ok_or_else(|| invalid("the size of the picture is not known"))?;
    let mut plans = plans(job, doc, size, &prepared.looks, &numbers)?;
    plans.iter_mut().for_each(|p| p.warn(&doubts));
    let pass = Pass {
        plans,
        doc,
        limits: &job.limits,
        store: Store { staging, mode: job.mode },
        writers: prepared.writers,
        format,
        size,
        times: Default::default(),
        how: Mutex::new(None),
    };
    let todo = numbers
        .iter()
        .enumerate()
        .filter(|(_, n)| pass.plans.iter().any(|p| p.needs(**n)))
        .filter_map(|(k, n)| Some((*n, *given.get(k).or(given.first())?)))
        .enumerate()
        .map(|(turn, (number, input))| Todo { turn, number, input })
        .collect();
    pass.run(Queue { todo, source }, job)
}

/// The frames that nobody has taken yet.
struct Queue<'a> {
    todo: VecDeque<Todo<'a>>,
    source: Source,
}

struct Todo<'a> {
    /// Its place among all of the range.
    turn: usize,
    number: i64,
    input: Input<'a>,
}

/// Closes what other threads may wait for, when this one fails or dies.
struct Closing<'a> {
    writers: &'a Writers,
    budget: &'a Budget,
    done: bool,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.budget.close();
            self.writers.values().for_each(|w| w.turns.close());
        }
    }
}

impl<'a> Pass<'a> {
    fn run(self, queue: Queue<'_>, job: &JobFile) -> Result<Rendered, Error> {
        let budget = Budget::new(job.limits.picture_bytes());
        let threads = usize::try_from(job.limits.threads).unwrap_or(1).clamp(1, queue.todo.len().max(1));
        let queue = Mutex::new(queue);
        let done: Mutex<BTreeMap<i64, FrameDone>> = Mutex::default();
        let failed: Mutex<Option<Error>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut closing = Closing { writers: &self.writers, budget: &budget, done: false };
                    while let Some(outcome) = self.next(&queue, &budget) {
                        match outcome {
                            Ok((number, d)) => {
                                done.lock().unwrap_or_else(PoisonError::into_inner).insert(number, d);
                            }
                            Err(e) => {
                                let mut slot = failed.lock().unwrap_or_else(PoisonError::into_inner);
                                // the cause, whoever comes first
                                if slot.as_ref().is_none_or(|old| old.code == AFTERMATH) {
                                    *slot = Some(e);
                                }
                                return;
                            }
                        }
                    }
                    closing.done = true;
                });
            }
        });
        if let Some(e) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(e);
        }
        queue.into_inner().unwrap_or_else(PoisonError::into_inner).source.end()?;
        let rendered = self.rendered(done.into_inner().unwrap_or_else(PoisonError::into_inner), &budget, job);
        self.writers.into_values().try_for_each(|w| w.turns.into_inner().finish())?;
        Ok(rendered)
    }

    /// Makes the next frame; `None` when there is no more.
    fn next(&self, queue: &Mutex<Queue<'_>>, budget: &Budget) -> Option<Result<(i64, FrameDone), Error>> {
        // taken in order of frames and before the budget, so that an early frame never waits for late ones
        let mut q = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Todo { turn, number, input } = q.todo.pop_front()?;
        let made = (|| {
            let _share = self.share(budget, &input)?;
            // a movie is read in order, so under the same lock
            let at = u64::try_from(number.saturating_sub(self.doc.clip.first_frame.unwrap_or(0))).unwrap_or(0);
            let decoded = self.timed(0, || q.source.advance(at)).transpose();
            if decoded.is_err() {
                // a decoder that failed has nothing to say to others
                q.todo.clear();
            }
            drop(q);
            let decoded = decoded?;
            let decoded = match (decoded, self.format) {
                (Some(d), _) => d,
                (None, Some(f)) => self.timed(0, || f.decode(&input, self.limits))?,
                (None, None) => return Err(Error::new(ErrorKind::Io, "INTERNAL", "a range without a source")),
            };
            Ok((number, self.frame((turn, number), decoded)?))
        })();
        Some(made.map_err(|e: Error| e.at(input.path.as_path())))
    }

    fn rendered(&self, done: BTreeMap<i64, FrameDone>, budget: &Budget, job: &JobFile) -> Rendered {
        let outputs = job.all_outputs().count();
        let mut r = Rendered {
            accounts: vec![None; outputs],
            counts: vec![FrameCounts::default(); outputs],
            ..Rendered::default()
        };
        for d in done.into_values() {
            r.files.extend(d.files);
            r.counts.iter_mut().zip(d.counts).for_each(|(into, from)| into.merge(from));
        }
        let how = self.how.lock().unwrap_or_else(PoisonError::into_inner).take();
        for p in &self.plans {
            let made = r.counts.get(p.index).is_some_and(|c| c.frames > 0);
            if let (Some(slot), Some((_, how)), true) = (r.accounts.get_mut(p.index), &how, made) {
                let alone = p.only.as_ref().filter(|o| o.len() == 1).and_then(|o| o.first().copied());
                let mut account = p.account(how, alone);
                if let Some(w) = self.writers.get(&p.index) {
                    account.encode.insert("encoder".into(), format!("ffmpeg {}", w.version));
                }
                *slot = Some(account);
            }
        }
        let ms = |n: usize| self.times.get(n).map_or(0, |t| t.load(Ordering::Relaxed) / 1000);
        let (in_flight, bytes) = budget.most();
        r.stats = Some(PassStats {
            in_flight,
            bytes,
            budget: job.limits.picture_bytes(),
            decode_ms: ms(0),
            treat_ms: ms(1),
            encode_ms: ms(2),
        });
        r
    }

    /// Takes what a frame needs of the budget: the source as it is stored and as decoded, the same in light for each kind
    /// of light that outputs are scaled in, and of one output after the other the picture (and that rotated) and its file.
    fn share<'b>(&self, budget: &'b Budget, input: &Input<'_>) -> Result<Share<'b>, Error> {
        let bytes = |w: u32, h: u32| u64::from(w).saturating_mul(u64::from(h)).saturating_mul(12);
        let source = bytes(self.size.0, self.size.1);
        // of a movie, the raw picture as it comes from the decoder
        let stored = if self.format.is_some() { input.size } else { source };
        let scaled = self.plans.iter().filter(|p| !p.unscaled);
        let mut lights: Vec<&Chain> = Vec::new();
        scaled.for_each(|p| {
            if !lights.contains(&&p.before) {
                lights.push(&p.before)
            }
        });
        let light = source.saturating_mul(u64::try_from(lights.len()).unwrap_or(u64::MAX));
        let of = |p: &PartPlan<'_>| {
            bytes(p.placement.width, p.placement.height).saturating_mul(if p.rotation == 0 { 2 } else { 3 })
        };
        let most = self.plans.iter().map(of).max().unwrap_or(0);
        let need = [source, stored, light, most].into_iter().fold(0, u64::saturating_add);
        budget.take(need).ok_or_else(|| {
            let what = format!(
                "one frame of {}x{} needs {} MiB, the budget for pictures is {} MiB",
                self.size.0,
                self.size.1,
                need >> 20,
                self.limits.picture_bytes() >> 20
            );
            Error::new(ErrorKind::Limit, "LIMIT-MEMORY", what).fix("raise `memory` in [engine.pictures]")
        })
    }

    fn timed<T>(&self, which: usize, f: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let out = f();
        if let Some(t) = self.times.get(which) {
            t.fetch_add(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        out
    }

    fn frame(&self, (turn, number): (usize, i64), Decoded { frame, how }: Decoded) -> Result<FrameDone, Error> {
        if (frame.width(), frame.height()) != self.size {
            let what = format!(
                "the frame has {}x{} pixels where the clip has {}x{}",
                frame.width(),
                frame.height(),
                self.size.0,
                self.size.1
            );
            return Err(Error::new(ErrorKind::Malformed, "FRAME-UNDECODABLE", what));
        }
        let mut d = FrameDone { files: Vec::new(), counts: Vec::new() };
        d.counts = vec![FrameCounts::default(); self.plans.len()];
        let mut light: Vec<(&PartPlan<'_>, Frame)> = Vec::new();
        for p in self.plans.iter().filter(|p| p.needs(number)) {
            let picture = self.timed(1, || self.treat(p, &frame, &mut light))?.rotated(p.rotation);
            self.timed(2, || self.store(p, (turn, number), &picture, &how, &mut d))?;
        }
        let mut first = self.how.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(n, _)| *n > number) {
            *first = Some((number, how));
        }
        Ok(d)
    }

    /// The picture of an output. What several outputs have in common before resampling is done once.
    fn treat<'b>(
        &'b self,
        p: &'b PartPlan<'a>,
        frame: &Frame,
        light: &mut Vec<(&'b PartPlan<'a>, Frame)>,
    ) -> Result<Frame, Error> {
        if p.unscaled {
            let mut out = frame.clone();
            p.kernels.0.apply(out.data_mut());
            return Ok(out);
        }
        let at = match light.iter().position(|(o, _)| o.before == p.before) {
            Some(at) => at,
            None => {
                let mut before = frame.clone();
                p.kernels.0.apply(before.data_mut());
                light.push((p, before));
                light.len() - 1
            }
        };
        let source = light.get(at).map_or(frame, |(_, f)| f);
        let mut out = resample(source, &p.placement, p.filter, self.limits.picture_bytes())?;
        p.kernels.1.apply(out.data_mut());
        Ok(out)
    }

    fn store(
        &self,
        p: &PartPlan<'_>,
        (turn, number): (usize, i64),
        picture: &Frame,
        how: &BTreeMap<String, String>,
        d: &mut FrameDone,
    ) -> Result<(), Error> {
        let out = number.saturating_add(p.renumber);
        let counts = match p.recipe {
            Recipe::Plate(r) => {
                let account = text(&p.account(how, Some(number)))?;
                let stamp = stamp(self.doc, number, out);
                let (bytes, counts) = plate(p, r.format, picture, &stamp, self.doc, &account)?;
                let name = p.planned.file_name(1, out);
                d.files.push(self.store.picture(p.index, name, &bytes)?);
                counts
            }
            Recipe::Still(r) => {
                let (bytes, counts) = still(r.format, picture, p.space)?;
                d.files.push(self.store.picture(p.index, p.planned.file_name(1, out), &bytes)?);
                counts
            }
            Recipe::ContactSheet(_) => {
                self.store.write(&super::finish::thumb_name(p.index, number), &super::finish::to_bytes(picture))?;
                crate::engine::image::Counts::default()
            }
            Recipe::Proxy(_) => {
                let writing = self
                    .writers
                    .get(&p.index)
                    .ok_or_else(|| Error::new(ErrorKind::Io, "INTERNAL", "a movie without a writer"))?;
                let (raw, counts) = raw_picture(picture, &writing.spec)?;
                writing.turns.take(turn, |w| w.write(&raw))?;
                counts
            }
            Recipe::Sidecar(_) => crate::engine::image::Counts::default(),
        };
        if let Some(c) = d.counts.get_mut(p.index) {
            c.frames = 1;
            c.add(counts_of(p.recipe, counts));
        }
        Ok(())
    }
}

fn text(account: &Account) -> Result<String, Error> {
    serde_json::to_string(account)
        .map_err(|e| Error::new(ErrorKind::Io, "INTERNAL", format!("the account cannot be written: {e}")))
}
