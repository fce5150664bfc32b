//! Why a program says something else, by what is in the values: never by the name of a file.

use super::{Facts, Fraction, Theirs, Tool, Value};
use crate::model::ClipDoc;

/// A difference, with all that is known on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Our document.
    pub doc: &'a ClipDoc,
    /// Our value.
    pub ours: &'a Value,
    /// The program's value.
    pub theirs: &'a Theirs,
    /// All of the program's values.
    pub facts: &'a Facts,
    /// The program's whole answer.
    pub answer: &'a serde_json::Value,
}

/// A known cause of a difference.
pub struct Cause {
    /// The fields.
    pub fields: &'static [&'static str],
    /// The programs.
    pub tools: &'static [Tool],
    /// One sentence: what the program does, who is right and by which clause.
    pub why: &'static str,
    /// Whether this is the cause of a difference.
    pub holds: fn(&Seen<'_>) -> bool,
}

impl std::fmt::Debug for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cause")
            .field("fields", &self.fields)
            .field("tools", &self.tools)
            .field("why", &self.why)
            .finish()
    }
}

/// Every known cause; the first that holds is the one.
pub const CAUSES: &[Cause] = &[
    Cause {
        fields: &["image.width", "image.height"],
        tools: &[Tool::Exiftool],
        why: "exiftool gives the size of the data window, ours is that of the display window, which the picture is meant to be \
              seen in (OpenEXR Technical Introduction, Display Window and Data Window)",
        holds: |s| {
            let size = s.doc.image.active.map(|a| [a.width, a.height].map(|n| Value::Count(n.into())));
            is(s, "exr") && size.is_some_and(|size| size.contains(&s.theirs.value))
        },
    },
    Cause {
        fields: &["image.height"],
        tools: &[Tool::Ffprobe],
        why: "ffprobe gives the lines that are coded, with those of the vertical interval; the sample description gives the \
              lines of the picture (SMPTE 356M codes 512 lines for 486, and 608 for 576)",
        holds: |s| {
            let lines = s.ours.count().zip(s.theirs.value.count());
            matches!(lines, Some((486, 512) | (576, 608)))
        },
    },
    Cause {
        fields: &["fps.project"],
        tools: &[Tool::Mediainfo],
        why: "MediaInfo puts a usual rate in the place of one near to it; ours is that of the durations in the time-to-sample \
              table (ISO/IEC 14496-12, 8.6.1.2), and ffprobe says the same",
        holds: |s| {
            let both = s.ours.exact().zip(s.theirs.value.exact()).map(|(a, b)| (a.as_f64(), b.as_f64()));
            both.is_some_and(|(a, b)| usual(b) && !usual(a) && (a / b - 1.0).abs() < 0.005)
        },
    },
    Cause {
        fields: &["clip.duration_s"],
        tools: &[Tool::Mediainfo],
        why: "MediaInfo gives a track header's time in the movie's unit of a millisecond, which the writer rounded; ours is \
              frames by their rate (ISO/IEC 14496-12, 8.3.2 and 8.6.1.2)",
        holds: |s| {
            let both = s.ours.exact().zip(s.theirs.value.exact());
            both.zip(Fraction::new(1, 1000)).is_some_and(|((a, b), ms)| a.near(b, ms)) && is(s, "mov")
        },
    },
    Cause {
        fields: &["timecode.start"],
        tools: &[Tool::Mediainfo],
        why: "MediaInfo counts by the number of frames in the description, which the writer cut to 29; 30 labels count a \
              second of 29.97 frames (SMPTE ST 12-1, 5.2), and ffprobe says the same",
        holds: |s| {
            let Some(nominal) = s.doc.timecode.as_ref().map(|t| t.rate.nominal()) else { return false };
            let ours = frames(s.ours, nominal);
            ours.is_some() && nominal > 1 && ours == frames(&s.theirs.value, nominal.saturating_sub(1))
        },
    },
    Cause {
        fields: &["color.range"],
        tools: &[Tool::Ffprobe],
        why: "ffprobe gives the range of the coded stream; the container's colour box takes precedence over it (ISO/IEC \
              14496-12, 12.1.5.1), and MediaInfo reads that too",
        holds: |s| s.doc.origin.get("color.range").is_some_and(|o| o.tag.contains("colr")),
    },
    Cause {
        fields: &["audio.channels"],
        tools: &[Tool::Exiftool],
        why: "exiftool gives the channels of the sample entry, which hold a fixed 2; ours are those of the decoder's own \
              configuration (ISO/IEC 14496-14, 5.6.1; 14496-3, 1.6.2.1), or the one channel of AMR (3GPP TS 26.244, 6.5), and \
              ffprobe says the same",
        holds: |s| {
            let coded = ["mp4a", "samr", "sawb"].iter().any(|code| has_raw(s, "codec", code));
            s.theirs.value == Value::Count(2) && s.ours.count() != Some(0) && is(s, "mov") && coded
        },
    },
    Cause {
        fields: &["format.codec", "format.bit_depth", "image.width", "image.height"],
        tools: &[Tool::Mediainfo, Tool::Ffprobe],
        why: "it reads the first directory, which is a preview; the picture is in another one (TIFF 6.0, NewSubfileType; Adobe \
              DNG, SubIFD trees), and exiftool reads that",
        holds: |s| {
            let width = s.facts.get("image.width").and_then(|t| t.value.count()).zip(s.doc.image.width);
            (is(s, "dng") || is(s, "raw")) && width.is_some_and(|(theirs, ours)| theirs < u64::from(ours))
        },
    },
    Cause {
        fields: &["format.codec"],
        tools: &[Tool::Mediainfo, Tool::Ffprobe],
        why: "it names the grammar of the file, which is TIFF; ours is what the picture is (Adobe DNG, SubIFD trees)",
        holds: |s| (is(s, "dng") || is(s, "raw")) && s.theirs.value.as_text() == Some("TIFF"),
    },
    Cause {
        fields: &["audio.samples"],
        tools: &[Tool::Mediainfo],
        why: "MediaInfo counts samples by a time that it has rounded to milliseconds; ours are those of the index or of the \
              edit units (SMPTE ST 377-1)",
        holds: |s| {
            let Some((ours, theirs)) = s.ours.count().zip(s.theirs.value.count()) else { return false };
            let a_millisecond = s.doc.audio.rate.map_or(0, |r| u64::from(r) / 1000);
            a_millisecond > 0 && theirs % a_millisecond == 0 && ours.abs_diff(theirs) < a_millisecond
        },
    },
    Cause {
        fields: &["format.bit_depth", "audio.bit_depth"],
        tools: &[Tool::Ffprobe],
        why: "ffprobe gives the width of the samples that its decoder makes; ours is QuantizationBits of the descriptor \
              (SMPTE ST 377-1, Generic Sound Essence Descriptor), which MediaInfo and exiftool read too",
        holds: |s| is(s, "mxf") && s.ours.count().is_some_and(|n| n < 16) && s.theirs.value == Value::Count(16),
    },
    Cause {
        fields: &["recorded.date"],
        tools: &[Tool::Mediainfo],
        why: "MediaInfo gives when the file was last changed (the preface); ours is when the package was made (SMPTE ST 377-1, \
              Preface and Package), which exiftool reads too",
        holds: |s| is(s, "mxf") && s.theirs.value.as_text() > s.ours.as_text(),
    },
];

fn is(s: &Seen<'_>, format: &str) -> bool {
    s.doc.format.id == format
}

/// Whether a tag of any track of a movie has this value.
fn has_raw(s: &Seen<'_>, tag: &str, value: &str) -> bool {
    let all = s.doc.raw.get("mov").and_then(serde_json::Value::as_object);
    all.is_some_and(|m| m.iter().any(|(k, v)| k.starts_with("track[") && k.ends_with(tag) && v.as_str() == Some(value)))
}

/// A whole rate, or one of those divided by 1.001.
fn usual(rate: f64) -> bool {
    let whole = |x: f64| (x - x.round()).abs() < 1e-6;
    whole(rate) || whole(rate * 1.001)
}

/// The number that a label counts to at so many labels a second, without drop-frame.
fn frames(label: &Value, nominal: u32) -> Option<u64> {
    let Value::Timecode(parts, None | Some(false)) = label else { return None };
    let [h, m, s, f] = parts.get(..)? else { return None };
    let seconds = u64::from(*h) * 3600 + u64::from(*m) * 60 + u64::from(*s);
    seconds.checked_mul(nominal.into())?.checked_add((*f).into())
}

/// The cause of a difference, if it is known.
#[must_use]
pub fn cause_of(field: &str, tool: Tool, seen: &Seen<'_>) -> Option<&'static Cause> {
    CAUSES.iter().find(|c| c.fields.contains(&field) && c.tools.contains(&tool) && (c.holds)(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::compare::{FIELDS, Verdict, compare};
    use crate::model::{ClipUnit, Origin, Rational, Rect, TimecodeInfo};
    use serde_json::json;

    fn origin() -> Origin {
        Origin::new("mov", "stsd", "offset 0")
    }

    fn cause(doc: &ClipDoc, tool: Tool, answer: &serde_json::Value, field: &str) -> Option<&'static str> {
        let rows = compare(doc, tool, answer);
        let row = rows.iter().find(|r| r.field == field).unwrap();
        assert_eq!(row.verdict, Verdict::Differ, "{row:?}");
        row.cause.map(|c| c.why)
    }

    #[test]
    fn each_cause_is_one_sentence_about_a_field() {
        for c in CAUSES {
            assert!(!c.tools.is_empty() && c.fields.iter().all(|f| FIELDS.contains(f)), "{c:?}");
            assert!(c.why.len() > 60 && !c.why.ends_with('.') && !c.why.contains("  "), "{c:?}");
        }
    }

    #[test]
    fn a_cause_holds_for_its_values_and_no_others() {
        let mut d = ClipDoc::new("x", ClipUnit::File);
        d.format.id = "exr".into();
        d.set("image.width", |d| &mut d.image.width, 481, origin());
        d.set("image.active", |d| &mut d.image.active, Rect { x: 0, y: 0, width: 400, height: 300 }, origin());
        let said = |n: u32| json!([{"File:FileType": "EXR", "File:ImageWidth": n}]);
        assert!(cause(&d, Tool::Exiftool, &said(400), "image.width").unwrap().contains("data window"));
        assert_eq!(cause(&d, Tool::Exiftool, &said(399), "image.width"), None);

        let mut d = ClipDoc::new("x", ClipUnit::File);
        d.format.id = "mov".into();
        let rate = Rational::new(30_000, 1001).unwrap();
        let start = TimecodeInfo { start: "19:26:48:04".into(), end: None, rate, drop: false };
        d.set("timecode.start", |d| &mut d.timecode, start, origin());
        let said =
            |t: &str| json!({"media": {"track": [{"@type": "Other", "Type": "Time code", "TimeCode_FirstFrame": t}]}});
        assert!(cause(&d, Tool::Mediainfo, &said("20:07:02:06"), "timecode.start").is_some());
        assert_eq!(cause(&d, Tool::Mediainfo, &said("20:07:02:07"), "timecode.start"), None);

        d.set("fps.project", |d| &mut d.fps.project, Rational::new(45_000, 1499).unwrap(), origin());
        let said = |n: u32| json!({"media": {"track": [{"@type": "Video", "FrameRate_Num": n.to_string(), "FrameRate_Den": "1"}]}});
        assert!(cause(&d, Tool::Mediainfo, &said(30), "fps.project").is_some());
        assert_eq!(cause(&d, Tool::Mediainfo, &said(31), "fps.project"), None);

        d.set("image.height", |d| &mut d.image.height, 486, origin());
        let said = |n: u32| json!({"streams": [{"codec_type": "video", "height": n}]});
        assert!(cause(&d, Tool::Ffprobe, &said(512), "image.height").is_some());
        assert_eq!(cause(&d, Tool::Ffprobe, &said(487), "image.height"), None);
    }

    #[test]
    fn previews_and_rounded_counts() {
        let mut d = ClipDoc::new("x", ClipUnit::File);
        d.format.id = "dng".into();
        d.format.codec = Some("Colour filter array".into());
        d.set("image.width", |d| &mut d.image.width, 3516, origin());
        let said = |n: u32| json!({"streams": [{"codec_type": "video", "codec_name": "tiff", "width": n}]});
        assert!(cause(&d, Tool::Ffprobe, &said(8), "image.width").is_some());
        assert!(cause(&d, Tool::Ffprobe, &said(8), "format.codec").is_some());
        assert_eq!(cause(&d, Tool::Ffprobe, &said(4000), "image.width"), None);
        assert!(cause(&d, Tool::Ffprobe, &said(4000), "format.codec").unwrap().contains("grammar"));

        let mut d = ClipDoc::new("x", ClipUnit::File);
        d.format.id = "mxf".into();
        d.set("audio.samples", |d| &mut d.audio.samples, 10_010, origin());
        d.set("audio.rate", |d| &mut d.audio.rate, 48_000, origin());
        d.set("audio.bit_depth", |d| &mut d.audio.bit_depth, 8, origin());
        d.set("recorded.date", |d| &mut d.recorded.date, "2024-09-10T21:52:11".into(), origin());
        let said = |n: u32| json!({"media": {"track": [{"@type": "Audio", "SamplingCount": n.to_string()}]}});
        assert!(cause(&d, Tool::Mediainfo, &said(10_032), "audio.samples").is_some());
        assert_eq!(cause(&d, Tool::Mediainfo, &said(10_033), "audio.samples"), None);
        assert_eq!(cause(&d, Tool::Mediainfo, &said(10_080), "audio.samples"), None);
        let said = |n: u32| json!({"streams": [{"codec_type": "audio", "bits_per_sample": n}]});
        assert!(cause(&d, Tool::Ffprobe, &said(16), "audio.bit_depth").is_some());
        assert_eq!(cause(&d, Tool::Ffprobe, &said(24), "audio.bit_depth"), None);
        let said = |t: &str| json!({"media": {"track": [{"@type": "General", "Encoded_Date": t}, {"@type": "Video"}]}});
        assert!(cause(&d, Tool::Mediainfo, &said("2024-09-10 21:52:12.420"), "recorded.date").is_some());
        assert_eq!(cause(&d, Tool::Mediainfo, &said("2024-09-10 21:52:10"), "recorded.date"), None);
    }

    #[test]
    fn the_container_precedes_the_stream_and_the_configuration_the_entry() {
        let mut d = ClipDoc::new("x", ClipUnit::File);
        d.format.id = "mov".into();
        let from_box = Origin::new("mov", "colr.range", "offset 0");
        d.set("color.range", |d| &mut d.color.range, "video".into(), from_box);
        d.set("audio.channels", |d| &mut d.audio.channels, 1, origin());
        let range = json!({"streams": [{"codec_type": "video", "color_range": "pc"}]});
        assert!(cause(&d, Tool::Ffprobe, &range, "color.range").is_some());
        let two = json!([{"Track2:AudioChannels": 2}]);
        assert_eq!(cause(&d, Tool::Exiftool, &two, "audio.channels"), None, "no AAC");
        d.keep("mov", "track[2].codec", "mp4a");
        assert!(cause(&d, Tool::Exiftool, &two, "audio.channels").is_some());
        assert_eq!(cause(&d, Tool::Exiftool, &json!([{"Track2:AudioChannels": 3}]), "audio.channels"), None);
        d.clip.frames = Some(2);
        d.fps.project = Rational::new(24_000, 1001);
        d.clip.duration_s = Some(0.083_417);
        let said = |t: &str| json!({"media": {"track": [{"@type": "Video", "Duration": t}]}});
        assert!(cause(&d, Tool::Mediainfo, &said("0.084"), "clip.duration_s").is_some());
        assert_eq!(cause(&d, Tool::Mediainfo, &said("0.085"), "clip.duration_s"), None);
    }
}
