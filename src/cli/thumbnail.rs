//! Small pictures of clips, made by the same pass in the same locked-in worker as stills.

use super::render::{job_of, run_here};
use super::steps::{Bench, Wanted, WorkDir};
use crate::config::recipes_picture as pictures;
use crate::engine::deliver::{Naming, PlannedOutput, Recipe, StepOutcome, StillFormat, StillFrame, StillRecipe, plan};
use crate::model::{ClipDoc, Error, ErrorKind};
use std::io::Read;
use std::path::Path;

/// Longest sides, pixels.
const FIT: [u32; 2] = [320, 240];
/// Of JPEG, 1 to 100.
const QUALITY: u8 = 80;
/// Most bytes of one: ten times what such a picture has.
const MOST_BYTES: u64 = 512 * 1024;

/// Where small pictures are made.
#[derive(Debug)]
pub struct Thumbnails<'a> {
    bench: &'a Bench,
    work: WorkDir,
    still: StillRecipe,
}

impl<'a> Thumbnails<'a> {
    /// With the source's colour space stated, or as the clips say.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn new(bench: &'a Bench, source: Option<&str>) -> Result<Self, Error> {
        let Some(Recipe::Still(mut still)) = pictures::built_in("still") else {
            return Err(Error::new(ErrorKind::Io, "INTERNAL", "there is no recipe for stills"));
        };
        still.format = StillFormat::Jpeg { quality: QUALITY };
        still.frame = StillFrame::Middle;
        still.treatment.within = Some(FIT);
        if let Some(s) = source {
            still.treatment.source = Some(s.to_owned());
            still.treatment.source_decides = true;
        }
        Ok(Self { bench, work: WorkDir::new()?, still })
    }

    /// The picture of a clip as JPEG.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(&self, clip: &Wanted, doc: &ClipDoc) -> Result<Vec<u8>, Error> {
        if let Some(problem) = &doc.problem {
            return Err(problem.clone());
        }
        match self.make(clip, doc, &self.still) {
            Err(e) if e.code == "COLOR-UNKNOWN" => {
                let mut stored = self.still.clone();
                pictures::AS_SOURCE.clone_into(&mut stored.treatment.color);
                self.make(clip, doc, &stored)
            }
            made => made,
        }
    }

    fn make(&self, clip: &Wanted, doc: &ClipDoc, still: &StillRecipe) -> Result<Vec<u8>, Error> {
        let recipe = Recipe::Still(still.clone());
        // whether it can be made at all is known before a worker is started
        plan(doc, &recipe, Naming::Pattern(Path::new("picture.jpg")))?;
        let planned = PlannedOutput {
            path: Path::new("picture.jpg").into(),
            part: "still".into(),
            supersede: false,
            pattern: None,
        };
        let job = job_of(clip, doc.clone(), recipe, vec![planned], self.work.path(), None)?;
        let made = match run_here(self.bench, &job).outcome {
            StepOutcome::Made(made) => made,
            StepOutcome::Failed(e) => return Err(e),
            _ => return Err(Error::new(ErrorKind::Io, "INTERNAL", "a still was not made")),
        };
        let first = made.first().ok_or_else(|| Error::new(ErrorKind::Io, "INTERNAL", "a still was not made"))?;
        let path = self.work.path().join(first.path.as_path());
        let failed = |e: std::io::Error| Error::io("OUTPUT-FAILED", "read the picture", &e).at(&path);
        let mut bytes = Vec::new();
        super::files::open(&path)?.take(MOST_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        std::fs::remove_file(&path).map_err(failed)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
            return Err(Error::limit(format!("the small picture would have more than {MOST_BYTES} bytes")));
        }
        Ok(bytes)
    }
}
