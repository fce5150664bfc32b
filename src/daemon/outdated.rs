//! What an older recipe or configuration made: counted in the background after a start and after a reload, made again
//! only when a person asks.

use crate::daemon::core::Core;
use crate::daemon::deliver::place_of;
use crate::daemon::orders::{identity, orders};
use crate::index::ClipRecord;
use crate::job::JobState;
use crate::model::ClipId;
use std::time::{Duration, Instant};

/// How long one turn of the loop may spend on it.
const SLICE: Duration = Duration::from_millis(10);

/// Names in an answer.
const MOST_NAMED: usize = 100;

/// Clips still to be looked at.
pub(super) type Survey = Box<dyn Iterator<Item = ClipRecord>>;

impl Core {
    /// Begins to count anew.
    pub fn begin_survey(&mut self) {
        self.outdated.clear();
        self.renew_rest = false;
        self.survey = Some(Box::new(self.index.clips()));
    }

    /// Looks at some more clips.
    pub fn go_on_with_survey(&mut self) {
        let Some(mut survey) = self.survey.take() else { return };
        let began = Instant::now();
        while began.elapsed() < SLICE {
            let Some(clip) = survey.next() else {
                self.renew_rest = false;
                self.survey_metadata = false;
                return;
            };
            if self.survey_metadata && self.lacks_metadata(&clip) {
                self.reconsider(&clip.id);
            }
            match self.outdated_of(&clip) {
                0 => {}
                _ if self.renew_rest => self.reconsider(&clip.id),
                n => drop(self.outdated.insert(clip.id, n)),
            }
        }
        self.survey = Some(survey);
    }

    /// How many deliverables of a clip were made, and would now be made otherwise.
    fn outdated_of(&self, clip: &ClipRecord) -> u64 {
        let done: Vec<_> = clip.jobs.iter().filter_map(|id| self.job(id)).collect();
        let mut n = 0;
        for at in &clip.locations {
            let Some(folder) = self.config.folder(&at.root) else { continue };
            for w in orders(folder, &clip.doc).wanted {
                let Ok((id, _)) = identity(folder, place_of(at), &clip.id, &clip.doc, &w) else { continue };
                let is_made = |j: &&crate::job::Job| {
                    j.recipe_name == w.name && j.folder == folder.name && matches!(j.state, JobState::Done { .. })
                };
                let is_ordered = done.iter().any(|j| j.id == id);
                n += u64::from(!is_ordered && done.iter().any(|j| is_made(&j)));
            }
        }
        n
    }

    /// Deliverables that an older recipe or configuration made, as far as counted.
    pub fn outdated_total(&self) -> u64 {
        self.outdated.values().sum()
    }

    /// Has the clips with outdated deliverables read again, which orders their jobs anew; gives the names of those that
    /// are known. While clips are still being looked at, the others follow.
    pub fn renew_outdated(&mut self) -> Vec<String> {
        self.renew_rest = self.survey.is_some();
        let clips: Vec<ClipId> = std::mem::take(&mut self.outdated).into_keys().collect();
        clips.iter().for_each(|id| self.reconsider(id));
        let named = clips.iter().take(MOST_NAMED).filter_map(|id| self.clip(id)).map(|c| c.doc.clip.name);
        let mut names: Vec<String> = named.collect();
        if clips.len() > MOST_NAMED {
            names.push(format!("and {} more", clips.len() - MOST_NAMED));
        }
        names
    }
}
