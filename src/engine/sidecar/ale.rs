//! Avid Log Exchange: tab-separated text that editing systems import.
//!
//! Source: the ALE files of Avid, Resolve and Silverstack in circulation, and OpenTimelineIO's reader; Avid publishes
//! the format as an appendix of its editing guides. Columns without a value are left out.

use super::extent;
use crate::model::{Cdl, ClipDoc, Error, ErrorKind, MediaPath, Rational, Timecode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The ALE of `clip`: heading, one line of columns, one line of data, lines ended by LF.
///
/// `Start`, `End` (exclusive) and `Duration` always agree. The heading describes a project, so `VIDEO_FORMAT` is
/// `CUSTOM` for pictures that are no broadcast raster and for sound, and `AUDIO_FORMAT` is 48 kHz unless the clip's own
/// rate is known.
///
/// # Errors
/// `FIELD-ABSENT` (kind Unsupported) when the start timecode, the length, or both picture and sound are unknown: none
/// of them can be left out and none is invented. `FILE-MALFORMED` when the timecode cannot be counted.
pub fn ale(clip: &ClipDoc) -> Result<Vec<u8>, Error> {
    ale_table(&[clip])
}

/// The ALE of several clips, one line each; a column that one of them fills is there for all. The heading's formats are
/// those that all of them share.
///
/// # Errors
/// As [`ale`]; `ALE-RATES` (kind Unsupported) when their timecodes count at different rates, as the heading has one.
pub fn ale_table(clips: &[&ClipDoc]) -> Result<Vec<u8>, Error> {
    let mut rows = Vec::new();
    for clip in clips {
        let at = |e: Error| if clips.len() > 1 { e.at(&place(clip)) } else { e };
        let (start, end, frames) = extent(clip).map_err(at)?;
        rows.push((start.rate(), cells(clip, start, end, frames).map_err(at)?));
    }
    let rate = one_rate(clips, &rows)?;
    let used = |name: &&str| rows.iter().any(|(_, cells)| cells.contains_key(name));
    let names: Vec<&str> = COLUMNS.into_iter().filter(used).collect();
    let mut text = format!(
        "Heading\nFIELD_DELIM\tTABS\nVIDEO_FORMAT\t{}\nAUDIO_FORMAT\t{}\nFPS\t{}\n\nColumn\n{}\n\nData\n",
        shared(clips.iter().map(|c| video_format(c).to_owned()), "CUSTOM"),
        shared(clips.iter().map(|c| audio_format(c)), "48khz"),
        rate.map(decimal_rate).unwrap_or_default(),
        names.join("\t"),
    );
    for (_, cells) in &rows {
        let line: Vec<String> = names.iter().map(|n| cells.get(n).map_or_else(String::new, |v| one_cell(v))).collect();
        text.push_str(&line.join("\t"));
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// What all have in common, else `other`.
fn shared(mut values: impl Iterator<Item = String>, other: &str) -> String {
    let first = values.next().unwrap_or_else(|| other.to_owned());
    if values.all(|v| v == first) { first } else { other.to_owned() }
}

/// The rate of all rows.
fn one_rate(clips: &[&ClipDoc], rows: &[(Rational, Cells)]) -> Result<Option<Rational>, Error> {
    let mut of_rate: Vec<(Rational, &str, usize)> = Vec::new();
    for ((rate, _), clip) in rows.iter().zip(clips) {
        match of_rate.iter_mut().find(|(r, ..)| r == rate) {
            Some((.., n)) => *n = n.saturating_add(1),
            None => of_rate.push((*rate, &clip.clip.name, 1)),
        }
    }
    if of_rate.len() < 2 {
        return Ok(of_rate.first().map(|(r, ..)| *r));
    }
    let told: Vec<String> = of_rate
        .iter()
        .map(|(rate, first, n)| match n {
            1 => format!("{first} counts at {rate}"),
            2 => format!("{first} and 1 more at {rate}"),
            n => format!("{first} and {} more at {rate}", n.saturating_sub(1)),
        })
        .collect();
    let what = format!("an ALE has one rate, and these clips have {}: {}", of_rate.len(), told.join("; "));
    Err(Error::new(ErrorKind::Unsupported, "ALE-RATES", what).fix("make one ALE for the clips of each rate"))
}

/// Column to value.
type Cells = BTreeMap<&'static str, String>;

/// In the order in which they are written.
const COLUMNS: [&str; 21] = [
    "Name",
    "Tracks",
    "Start",
    "End",
    "Duration",
    "Tape",
    "Source File",
    "FPS",
    "Scene",
    "Shot",
    "Take",
    "Circled",
    "Camera",
    "Camera_Model",
    "Camera_Serial",
    "ISO",
    "White_Balance",
    "Shoot Date",
    "ASC_SOP",
    "ASC_SAT",
    "Comments",
];

fn cells(clip: &ClipDoc, start: Timecode, end: Timecode, frames: i64) -> Result<Cells, Error> {
    let tracks = tracks(clip).ok_or_else(|| absent("the clip's picture size or number of sound channels"))?;
    let file = place(clip).file_name().map(|n| MediaPath::from(Path::new(n)).to_text());
    let (camera, slate) = (&clip.camera, &clip.slate);
    let make_model: Vec<&str> = [&camera.make, &camera.model].into_iter().flatten().map(String::as_str).collect();
    let cells: [(&'static str, Option<String>); 21] = [
        ("Name", Some(clip.clip.name.clone())),
        ("Tracks", Some(tracks)),
        ("Start", Some(start.to_string())),
        ("End", Some(end.to_string())),
        ("Duration", Some(length(frames, start.rate()))),
        ("Tape", clip.reel.clone()),
        ("Source File", file),
        ("FPS", Some(decimal_rate(clip.fps.project.unwrap_or_else(|| start.rate())))),
        ("Scene", slate.scene.clone()),
        ("Shot", slate.shot.clone()),
        ("Take", slate.take.clone()),
        ("Circled", slate.circled.map(|c| if c { "Yes" } else { "No" }.to_owned())),
        ("Camera", camera.index.clone()),
        ("Camera_Model", Some(make_model.join(" ")).filter(|m| !m.is_empty())),
        ("Camera_Serial", camera.serial.clone()),
        ("ISO", clip.exposure.iso.map(|i| i.to_string())),
        ("White_Balance", clip.exposure.white_balance_k.map(|k| k.to_string())),
        ("Shoot Date", clip.recorded.date.clone()),
        ("ASC_SOP", clip.color.cdl.as_ref().map(sop)),
        ("ASC_SAT", clip.color.cdl.as_ref().map(|c| number(c.saturation))),
        ("Comments", slate.note.clone()),
    ];
    Ok(cells.into_iter().filter_map(|(column, value)| value.map(|v| (column, v))).collect())
}

/// The clip's first file.
fn place(clip: &ClipDoc) -> PathBuf {
    clip.clip.files.first().map(|f| f.path.as_path().to_path_buf()).unwrap_or_default()
}

fn absent(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", format!("an ALE needs {what}, which is unknown"))
        .fix("leave `ale` out of the rule's `emit` for such clips, for example with has(timecode.start) in `when`")
}

/// Start, end (exclusive) and number of frames.
fn extent(clip: &ClipDoc) -> Result<(Timecode, Timecode, i64), Error> {
    let tc = clip.timecode.as_ref().ok_or_else(|| absent("the clip's start timecode"))?;
    let start = extent::start(tc)?;
    let frames = match (extent::counted(tc, start)?, clip.clip.frames) {
        (Some(frames), _) => frames,
        // Frames of picture are counted at the project rate; only where that is the timecode's can they be added.
        (None, Some(n)) if clip.fps.project.is_none_or(|p| p == tc.rate) => {
            i64::try_from(n).map_err(|_| Error::malformed("the clip's length is not possible"))?
        }
        _ => return Err(absent("the clip's length")),
    };
    Ok((start, start.plus(frames), frames))
}

/// A count of frames as `HH:MM:SS:FF`: a length, so never drop-frame.
pub(super) fn length(frames: i64, rate: Rational) -> String {
    let nominal = i64::from(rate.nominal().max(1));
    let (s, f) = (frames / nominal, frames % nominal);
    format!("{:02}:{:02}:{:02}:{f:02}", s / 3600, s / 60 % 60, s % 60)
}

/// `VA1A2`.
fn tracks(clip: &ClipDoc) -> Option<String> {
    let mut text = String::new();
    if clip.image.width.is_some() {
        text.push('V');
    }
    for n in 1..=clip.audio.channels.unwrap_or(0).min(64) {
        text.push_str(&format!("A{n}"));
    }
    Some(text).filter(|t| !t.is_empty())
}

/// `23.98`, `24`, `29.97`: the spellings that editing systems know.
fn decimal_rate(rate: Rational) -> String {
    if rate.den() == 1 { rate.num().to_string() } else { format!("{:.2}", rate.as_f64()) }
}

fn video_format(clip: &ClipDoc) -> &'static str {
    match (clip.image.width, clip.image.height) {
        (Some(1920), Some(1080)) => "1080",
        (Some(1280), Some(720)) => "720",
        (Some(720), Some(576)) => "PAL",
        (Some(720), Some(486 | 480)) => "NTSC",
        _ => "CUSTOM",
    }
}

fn audio_format(clip: &ClipDoc) -> String {
    let rate = clip.audio.rate.unwrap_or(48_000);
    if rate.is_multiple_of(1000) { format!("{}khz", rate / 1000) } else { format!("{}khz", f64::from(rate) / 1000.0) }
}

fn sop(c: &Cdl) -> String {
    let triple = |v: [f64; 3]| format!("({})", v.map(number).join(" "));
    format!("{}{}{}", triple(c.slope), triple(c.offset), triple(c.power))
}

/// Always with decimals: readers are known to drop `(1 1 1)` silently.
fn number(x: f64) -> String {
    let text = format!("{x:.6}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

/// Tabs and line ends would shift the table: they become spaces, as do other control characters.
fn one_cell(value: &str) -> String {
    value.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClipFile, ClipUnit, TimecodeInfo};

    fn clip() -> ClipDoc {
        let mut d = ClipDoc::new("A001C001_210101_R2EC", ClipUnit::File);
        d.clip.files.push(ClipFile {
            path: Path::new("A/A001C001_210101_R2EC.mov").into(),
            size: 1,
            xxh128: String::new(),
            hashes: BTreeMap::new(),
        });
        d.clip.frames = Some(240);
        d.reel = Some("A001R2EC".into());
        d.timecode = Some(TimecodeInfo {
            start: "10:02:11:00".into(),
            end: None,
            rate: Rational::new(24_000, 1001).unwrap(),
            drop: false,
        });
        d.image.width = Some(4608);
        d.image.height = Some(3164);
        d.audio.channels = Some(2);
        d.slate.scene = Some("12\tB\r\nname".into());
        d.slate.circled = Some(true);
        d.camera.make = Some("ARRI".into());
        d.camera.model = Some("ALEXA 35".into());
        d.color.cdl = Some(Cdl { slope: [1.0, 1.1, 0.9], offset: [0.0, -0.01, 0.0], power: [1.0; 3], saturation: 1.0 });
        d
    }

    /// Heading pairs and the one row, read back by the rules of the format.
    fn parse(text: &str) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let lines: Vec<&str> = text.split('\n').collect();
        let at = |name: &str| lines.iter().position(|l| *l == name).unwrap();
        let (column, data) = (at("Column"), at("Data"));
        assert_eq!((lines[0], lines[column - 1], lines[data - 1]), ("Heading", "", ""));
        let head = lines[1..column - 1].iter().map(|l| l.split_once('\t').unwrap());
        let names: Vec<&str> = lines[column + 1].split('\t').collect();
        let values: Vec<&str> = lines[data + 1].split('\t').collect();
        assert_eq!(names.len(), values.len());
        assert_eq!(&lines[data + 2..], [""]);
        let own = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
        (head.map(own).collect(), names.into_iter().zip(values).map(own).collect())
    }

    #[test]
    fn golden_and_read_back() {
        let text = String::from_utf8(ale(&clip()).unwrap()).unwrap();
        assert_eq!(text, include_str!("../../../tests/golden/clip.ale"));
        let (head, row) = parse(&text);
        assert_eq!((head["FPS"].as_str(), head["FIELD_DELIM"].as_str()), ("23.98", "TABS"));
        assert_eq!((row["Start"].as_str(), row["End"].as_str()), ("10:02:11:00", "10:02:21:00"));
        assert_eq!((row["Duration"].as_str(), row["Tracks"].as_str()), ("00:00:10:00", "VA1A2"));
        assert_eq!(row["Scene"], "12 B  name");
        assert_eq!(row["ASC_SOP"], "(1.0 1.1 0.9)(0.0 -0.01 0.0)(1.0 1.0 1.0)");
    }

    #[test]
    fn several_clips_are_lines_of_one_table() {
        let (mut a, mut b) = (clip(), clip());
        b.clip.name = "A001C002\t".into();
        b.reel = None;
        b.slate.take = Some("7".into());
        b.audio.rate = Some(96_000);
        let text = String::from_utf8(ale_table(&[&a, &b]).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.contains(&"AUDIO_FORMAT\t48khz") && lines.contains(&"FPS\t23.98"));
        let at = lines.iter().position(|l| *l == "Data").unwrap();
        let columns: Vec<&str> = lines[at - 2].split('\t').collect();
        let row = |n: usize| -> Vec<&str> { lines[at + n].split('\t').collect() };
        assert_eq!((lines.len(), row(1).len(), row(2).len()), (at + 3, columns.len(), columns.len()));
        let (tape, take) = (columns.iter().position(|c| *c == "Tape"), columns.iter().position(|c| *c == "Take"));
        assert_eq!((row(1)[tape.unwrap()], row(2)[tape.unwrap()]), ("A001R2EC", ""));
        assert_eq!((row(1)[take.unwrap()], row(2)[take.unwrap()], row(2)[0]), ("", "7", "A001C002 "));

        a.timecode.as_mut().unwrap().rate = Rational::new(25, 1).unwrap();
        let e = ale_table(&[&b, &a, &b]).unwrap_err();
        assert_eq!(e.code, "ALE-RATES");
        assert!(e.what.ends_with("have 2: A001C002\t and 1 more at 24000/1001; A001C001_210101_R2EC counts at 25/1"));
        b.timecode = None;
        assert!(ale_table(&[&a, &b]).unwrap_err().place.path.is_some(), "which clip it is");
    }

    #[test]
    fn nothing_is_invented() {
        let code = |d: &ClipDoc| ale(d).unwrap_err().code.into_owned();
        let mut d = clip();
        d.timecode = None;
        assert_eq!(code(&d), "FIELD-ABSENT");
        let mut d = clip();
        d.clip.frames = None;
        assert_eq!(code(&d), "FIELD-ABSENT");
        let mut d = clip();
        d.fps.project = Rational::new(48, 1);
        assert_eq!(code(&d), "FIELD-ABSENT", "frames at another rate than the timecode's do not add up");
        let mut d = clip();
        d.image.width = None;
        d.audio.channels = None;
        assert_eq!(code(&d), "FIELD-ABSENT");
        let mut d = clip();
        d.timecode.as_mut().unwrap().start = "99:00:00:00".into();
        assert_eq!(code(&d), "FILE-MALFORMED");
    }

    #[test]
    fn start_end_and_duration_agree() {
        let r = |n, d| Rational::new(n, d).unwrap();
        for (start, end, rate, drop, fps, duration) in [
            ("01:00:00:00", "01:00:04:03", r(25, 1), false, "25", "00:00:04:03"),
            ("00:00:59;28", "00:01:00;02", r(30_000, 1001), true, "29.97", "00:00:00:02"),
            ("23:59:59:00", "00:00:01:00", r(24, 1), false, "24", "00:00:02:00"),
            ("23:59:59;00", "00:00:00;00", r(60_000, 1001), true, "59.94", "00:00:01:00"),
        ] {
            let mut d = clip();
            d.clip.frames = None;
            d.timecode = Some(TimecodeInfo { start: start.into(), end: Some(end.into()), rate, drop });
            let (head, row) = parse(&String::from_utf8(ale(&d).unwrap()).unwrap());
            assert_eq!((head["FPS"].as_str(), row["End"].as_str(), row["Duration"].as_str()), (fps, end, duration));
        }
    }
}
