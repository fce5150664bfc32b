//! What stands in for an input that is missing, each named in the document.

use crate::config::{Config, Folder};
use crate::model::{AppliedDefault, ClipDoc, Rational, Timecode, TimecodeInfo};
use crate::rules::FolderKind;

/// Fills in what the folder's configuration gives where the files say nothing.
pub fn apply(config: &Config, folder: &Folder, doc: &mut ClipDoc) {
    if folder.kind != FolderKind::Look {
        let used = "complete by quiet time or marker; the roll is unverified".into();
        doc.defaults.push(AppliedDefault { input: "mhl".into(), used });
    }
    count_sound(config.shows.get(&folder.show).and_then(|s| s.frame_rate), doc);
}

/// A sound file that knows when it begins and not at which rate to count: the show's rate counts, and the document says
/// so. At rates that may be counted in two ways (29.97, 59.94), and for a file that begins at zero, nothing is assumed.
fn count_sound(rate: Option<Rational>, doc: &mut ClipDoc) {
    let (Some(rate), None, None) = (rate, &doc.timecode, doc.image.width) else { return };
    let (Some(first), Some(per_second)) = (doc.audio.samples_since_midnight, doc.audio.rate) else { return };
    if first == 0 || Timecode::from_frames(0, rate, true).is_some() {
        return;
    }
    let label = |n: u64| Timecode::from_samples(n, per_second, rate, false).map(|t| t.to_string());
    let Some(start) = label(first) else { return };
    let end = doc.audio.samples.and_then(|n| label(first.checked_add(n)?));
    let from = doc.origin.get("audio.samples_since_midnight").cloned();
    doc.origin.extend(from.map(|o| ("timecode.start".to_owned(), o)));
    doc.timecode = Some(TimecodeInfo { start, end, rate, drop: false });
    let used = format!("the frame rate of the show, {rate}");
    doc.defaults.push(AppliedDefault { input: "timecode.rate".into(), used });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClipUnit;

    fn sound(samples: u64) -> ClipDoc {
        let mut doc = ClipDoc::new("T001", ClipUnit::File);
        doc.audio.samples_since_midnight = Some(samples);
        doc.audio.rate = Some(48_000);
        doc.audio.samples = Some(96_000);
        doc
    }

    #[test]
    fn sound_without_a_rate_is_counted_at_the_shows() {
        let mut doc = sound(36_000 * 48_000);
        count_sound(Rational::new(25, 1), &mut doc);
        let t = doc.timecode.unwrap();
        assert_eq!((t.start.as_str(), t.end.as_deref()), ("10:00:00:00", Some("10:00:02:00")));
        assert_eq!(doc.defaults[0].used, "the frame rate of the show, 25/1");
    }

    #[test]
    fn what_may_be_counted_in_two_ways_is_not_counted() {
        for (samples, rate) in [(48_000, Rational::new(30_000, 1001)), (0, Rational::new(24, 1)), (48_000, None)] {
            let mut doc = sound(samples);
            count_sound(rate, &mut doc);
            assert!(doc.timecode.is_none() && doc.defaults.is_empty(), "{samples} {rate:?}");
        }
    }
}
