//! Clips that are related: the same contents elsewhere, the same name with other contents, a clip at one of its places.

use crate::config::Folder;
use crate::daemon::core::Core;
use crate::index::{ClipRecord, Location};
use crate::job::Job;
use crate::model::{ClipDoc, ClipId, MediaPath, Reuse};
use crate::rules::guardrails::may_be_mistaken;
use crate::rules::template::collision_key;
use crate::watch::{ReadyFile, ReadyUnit};
use std::ffi::{OsStr, OsString};
use std::time::Instant;

/// Related clips named in a document.
const MOST_NAMED: usize = 20;

fn same_contents(a: &ClipDoc, b: &ClipDoc) -> bool {
    a.clip.files.iter().map(|f| &f.xxh128).eq(b.clip.files.iter().map(|f| &f.xxh128))
}

impl Core {
    /// Names clips of another name or show that have the same bytes.
    pub fn note_same_content(&self, folder: &Folder, id: &ClipId, doc: &mut ClipDoc) {
        let Some(first) = doc.clip.files.first().map(|f| f.xxh128.clone()) else { return };
        let mut ids = self.index.clips_with_content(&first);
        ids.extend(
            self.fresh_clips
                .values()
                .filter(|c| c.doc.clip.files.first().is_some_and(|f| f.xxh128 == first))
                .map(|c| c.id.clone()),
        );
        ids.sort();
        ids.dedup();
        let mut others: Vec<Reuse> = ids
            .into_iter()
            .filter(|c| c != id)
            .filter_map(|c| self.clip(&c))
            .filter(|c| same_contents(&c.doc, doc) && (c.show != folder.show || c.doc.clip.name != doc.clip.name))
            .map(|c| Reuse {
                show: c.show.clone(),
                name: c.doc.clip.name.clone(),
                path: c.doc.clip.files.first().map(|f| f.path.clone()).unwrap_or_default(),
            })
            .collect();
        others.sort_by(|a, b| (&a.show, &a.name, &a.path).cmp(&(&b.show, &b.name, &b.path)));
        others.truncate(MOST_NAMED);
        doc.same_content_as = others;
    }

    /// Another current clip of the show with the same name (without regard to case and composition) and other
    /// contents.
    pub fn same_name_other_content(&self, folder: &Folder, id: &ClipId, doc: &ClipDoc) -> Option<MediaPath> {
        let mut paths: Vec<MediaPath> = self
            .twins(folder, id, doc)
            .into_iter()
            .filter_map(|c| c.doc.clip.files.first().map(|f| f.path.clone()))
            .collect();
        paths.sort();
        paths.into_iter().next()
    }

    /// Current clips of the show that have the same name, other contents, and are the same kind of thing.
    pub fn twins(&self, folder: &Folder, id: &ClipId, doc: &ClipDoc) -> Vec<ClipRecord> {
        let wanted = collision_key(&doc.clip.name);
        let mut ids = self.index.clips_named(&folder.show, &doc.clip.name);
        ids.extend(
            self.fresh_clips
                .values()
                .filter(|c| c.show == folder.show && collision_key(&c.doc.clip.name) == wanted)
                .map(|c| c.id.clone()),
        );
        ids.sort();
        ids.dedup();
        ids.into_iter()
            .filter(|c| c != id)
            .filter_map(|c| self.clip(&c))
            .filter(|c| c.locations.iter().any(|l| self.config.folder(&l.root).is_some()))
            .filter(|c| !same_contents(&c.doc, doc) && may_be_mistaken(&c.doc, doc))
            .collect()
    }

    /// The clip of a job as a ready unit at the place the job was asked for, from the index alone.
    pub fn unit_for(&self, job: &Job) -> Option<ReadyUnit> {
        let clip = self.clip(&job.clip)?;
        let dir = job.path.as_path().parent().unwrap_or(std::path::Path::new(""));
        clip.locations
            .iter()
            .filter(|l| l.root == job.folder && l.dir.as_path() == dir)
            .find_map(|l| self.unit_at(&clip, l).filter(|u| u.files.iter().any(|f| f.path == job.path)))
    }

    /// A clip as a ready unit at one of its places, from the index alone.
    pub fn unit_at(&self, clip: &ClipRecord, at: &Location) -> Option<ReadyUnit> {
        let files: Vec<(OsString, crate::index::FileRecord)> = self
            .index
            .folder(&at.root, at.dir.as_path())
            .into_iter()
            .filter(|(_, r)| r.clip.as_ref() == Some(&clip.id) && !r.gone)
            .collect();
        let names: Vec<&OsStr> = files.iter().map(|(n, _)| n.as_os_str()).collect();
        let groups = crate::engine::sequence::group(&names, &crate::engine::format::is_frame_extension);
        let group =
            groups.iter().find(|g| crate::engine::sequence::output_stem(g, &names) == at.stem.as_path().as_os_str())?;
        let files = group
            .members
            .iter()
            .filter_map(|i| files.get(*i))
            .map(|(name, r)| ReadyFile {
                path: MediaPath::from(at.dir.as_path().join(name)),
                stat: r.stat,
                fingerprint: r.fingerprint.clone(),
            })
            .collect();
        Some(ReadyUnit {
            root: at.root.clone(),
            dir: at.dir.clone(),
            name: group.name.clone(),
            unit: group.unit,
            stem: at.stem.as_path().as_os_str().to_owned(),
            files,
            first_frame: group.run.as_ref().map(|r| r.first),
            gaps: group.run.as_ref().map(|r| r.gaps.clone()).unwrap_or_default(),
            ready_at: Instant::now(),
        })
    }
}
