//! Is the media there? A header whose samples lie beyond the end of the file is all that is left of a
//! recording or a copy that was cut.

use super::codecs;
use super::movie::{Movie, Track, or_warn};
use crate::engine::container::bmff::{self, Top, Walk, find};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, Error};

const FIX: &str = "copy the file again from its source";

/// Refuses a movie whose picture, sound or timecode is not in the file.
pub(super) fn check(
    movie: &Movie,
    top: &Top,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let mut missing: Option<(u64, &Track)> = None;
    for t in &movie.tracks {
        if t.elsewhere {
            doc.warn("MOV-REFERENCE", format!("the media of track {} lies in another file", t.number));
            continue;
        }
        let Some(end) = end(t, b, walk)? else { continue };
        let over = end.saturating_sub(b.size());
        if over == 0 {
            continue;
        }
        if matches!(&t.kind, b"vide" | b"soun" | b"tmcd") {
            missing = Some(missing.map_or((over, t), |m| if m.0 >= over { m } else { (over, t) }));
        } else {
            doc.warn("MOV-MEDIA", format!("{over} bytes of track {} lie beyond the end of the file", t.number));
        }
    }
    if let Some((over, t)) = missing {
        let what = format!(
            "the header is there but media is missing: the samples of track {} end {over} bytes after the end of the file",
            t.number
        );
        return Err(Error::truncated(what).offset(b.size()).fix(FIX));
    }
    let media: Vec<_> = top.atoms.iter().filter(|a| &a.id == b"mdat" && !a.is_empty()).collect();
    let own = |t: &&Track| !t.elsewhere && t.samples().is_some_and(|n| n > 0);
    if media.is_empty() && find(&top.atoms, b"moof").is_none() && movie.tracks.iter().any(|t| own(&t)) {
        let what = "the header is there but the media (mdat) is missing altogether";
        return Err(Error::truncated(what).offset(b.size()).fix(FIX));
    }
    for t in movie.tracks.iter().filter(own) {
        let Some((at, _)) = t.chunks.and_then(|c| c.highest) else { continue };
        if !media.iter().any(|m| (m.body..m.end).contains(&at)) {
            doc.warn("MOV-MEDIA", format!("the samples of track {} lie in no media box (mdat)", t.number));
        }
    }
    Ok(())
}

/// Where the last chunk of a track ends, at least.
fn end(t: &Track, b: &mut Bytes<'_>, walk: &mut Walk<'_>) -> Result<Option<u64>, Error> {
    let (Some(chunks), Some(sizes)) = (t.chunks, t.sizes) else { return Ok(None) };
    let Some((at, number)) = chunks.highest.filter(|_| sizes.count > 0) else { return Ok(None) };
    let mut size = 1;
    // QuickTime counts compressed sound in samples of a fixed size that are none of its bytes.
    let uncounted = &t.kind == b"soun" && sizes.fixed > 0 && t.entries.first().is_some_and(|e| !codecs::sound(e.id).1);
    if let Some(stsc) = t.stsc.filter(|_| number == chunks.count && !uncounted)
        && let Some(n) = or_warn(bmff::last_chunk_bytes(b, &stsc, &sizes), walk)?.flatten()
    {
        size = n;
    }
    Ok(Some(at.saturating_add(size)))
}
