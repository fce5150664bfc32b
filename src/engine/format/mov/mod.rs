//! QuickTime and MP4 movies (QuickTime File Format, ISO/IEC 14496-12 and -14).
//!
//! Only headers are read: of the media itself, the few bytes of a timecode sample. The picture is the
//! first enabled video track; frames are its samples. Timecode and reel come from the timecode track,
//! camera metadata from the key lists, user data, and the first sample of tracks of timed metadata.

mod codecs;
mod color;
mod dates;
mod fields;
mod media;
mod movie;
mod picture;
mod probe;
mod rate;
mod sound;
mod tags;
mod timecode;
mod timed;

use super::rows::document;
use super::{Each, Format, Input, Score};
use crate::engine::container::bmff::{self, Atom, Fragments, Top, Walk, find};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, Error, Limits, Origin};
use movie::Movie;
use std::path::Path;

/// QuickTime and MP4 movies.
pub struct Mov;

const ID: &str = "mov";

impl Format for Mov {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "QuickTime or MP4"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mov", "mp4", "m4v", "qt", "3gp", "3g2"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        probe::score(head, path, self.extensions())
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let mut walk = Walk::new(limits);
        let top = bmff::scan(&mut b, &mut walk)?;
        doc.format.id = ID.into();
        container(&top, &mut b, doc)?;
        let movie = Movie::read(&mut b, &top.moov, &mut walk)?;
        // Fragments have an allowance of their own: a long recording has very many.
        let mut apart = Bytes::file(input.file, input.size, limits);
        let fragments = fragments(&top, &movie, &mut apart, &mut Walk::new(limits), doc)?;
        media::check(&movie, &top, &mut b, &mut walk, doc)?;
        let found = tags::collect(&movie, &top, &mut b, &mut walk, doc)?;
        let picture = picture::read(&movie, fragments.as_ref(), &found, &mut b, &mut walk, doc)?;
        sound::read(&movie, picture.is_some(), &mut b, &mut walk, doc)?;
        timecode::read(&movie, picture, &mut b, &mut walk, doc)?;
        fields::fill(&found, doc);
        timed::settings(&movie, &mut b, &mut walk, doc)?;
        timed::first(&movie, input, limits, doc)?;
        timecode::lesser(&found, doc);
        timecode::end(picture, doc);
        dates::recorded(&movie, &found, doc);
        doc.warnings.append(&mut walk.warnings);
        Ok(())
    }

    fn frames(&self, input: &Input<'_>, limits: &Limits, each: Each<'_>) -> Result<(), Error> {
        let doc = document(self, input, limits)?;
        let mut b = Bytes::file(input.file, input.size, limits);
        let mut walk = Walk::new(limits);
        let top = bmff::scan(&mut b, &mut walk)?;
        timed::rows(&Movie::read(&mut b, &top.moov, &mut walk)?, &doc, input, limits, each)
    }
}

/// Where a value of the file or the movie was read.
fn origin(tag: &str, at: u64) -> Origin {
    Origin::new(ID, tag, format!("moov at {at:#x}"))
}

/// Brand and list of boxes.
fn container(top: &Top, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let names: Vec<_> = top.atoms.iter().take(256).map(Atom::name).collect();
    doc.keep(ID, "boxes", names);
    let (mut quicktime, mut phone) = (true, false);
    if let Some(ftyp) = find(&top.atoms, b"ftyp") {
        let c = bmff::contents(b, &ftyp, 1024)?;
        let code = |c: &[u8]| c.try_into().ok().map(bmff::name);
        let major = c.get(..4).and_then(code);
        let others: Vec<String> = c.get(8..).unwrap_or_default().chunks_exact(4).filter_map(code).collect();
        quicktime = major.as_deref() == Some("qt  ")
            || (!major.as_deref().is_some_and(probe::is_mp4_brand) && others.iter().any(|x| x == "qt  "));
        if let Some(m) = major {
            phone = m.starts_with("3g");
            doc.keep(ID, "brand", m);
        }
        doc.keep(ID, "brands", others);
    }
    doc.format.container = Some(
        if phone {
            "3GP"
        } else if quicktime {
            "QuickTime"
        } else {
            "MP4"
        }
        .into(),
    );
    Ok(())
}

/// The samples in fragments; `None` when the movie has none. What cannot be counted is a warning.
fn fragments(
    top: &Top,
    movie: &Movie,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<Option<Fragments>, Error> {
    let moofs: Vec<_> = top.atoms.iter().filter(|a| &a.id == b"moof").collect();
    let mvex = find(&movie.parts, b"mvex");
    if mvex.is_none() && moofs.is_empty() {
        return Ok(None);
    }
    let mut all = Fragments::default();
    let counted = match mvex {
        Some(a) => Fragments::defaults(b, &a, walk),
        None => Ok(bmff::Defaults::new()),
    };
    let counted = counted.and_then(|d| moofs.iter().try_for_each(|m| all.add(b, m, &d, walk)));
    doc.keep(ID, "fragments", moofs.len());
    match counted {
        Ok(()) => {
            all.complete = true;
            let text = format!("the movie is fragmented ({} fragments); frames are counted from them", all.count);
            doc.warn("MOV-FRAGMENTED", text);
            Ok(Some(all))
        }
        Err(e) if matches!(e.code.as_ref(), "FILE-MALFORMED" | "LIMIT-SIZE") => {
            let text = format!("the movie is fragmented and its frames cannot be counted: {}", e.what);
            doc.warn("MOV-FRAGMENTED", text);
            Ok(Some(all))
        }
        Err(e) => Err(e),
    }
}
