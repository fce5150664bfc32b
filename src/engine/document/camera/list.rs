//! Avid Log Exchange lists: a line for each of many clips, of which one clip's is read.
//!
//! Source: the ALE files of Avid, Resolve and Silverstack in circulation; Avid publishes the format as an appendix of its
//! editing guides. Blank lines may stand anywhere between the parts, and the pairs of the heading on one line.

use super::values::{self, decimal, flag, text};
use super::{CameraValue, Column, Kind, Sheet};
use crate::model::{Error, Limits, Rational};

/// Most lines that are looked through.
const MOST_LINES: usize = 200_000;
/// Most names of clips that are told.
const MOST_NAMED: usize = 20_000;
/// Columns in which the name of a clip's file stands.
const NAMES: [&str; 5] = ["Source File", "Source File Path", "Filename", "Clipname", "Name"];

const COLUMNS: &[Column] = &[
    Column { name: "Tape", field: "reel", read: text },
    Column { name: "Reel", field: "reel", read: text },
    Column { name: "Scene", field: "slate.scene", read: text },
    Column { name: "Shot", field: "slate.shot", read: text },
    Column { name: "Take", field: "slate.take", read: text },
    Column { name: "Circled", field: "slate.circled", read: flag },
    Column { name: "Circle", field: "slate.circled", read: flag },
    Column { name: "Circle Take", field: "slate.circled", read: flag },
    Column { name: "Comments", field: "slate.note", read: text },
    Column { name: "Camera", field: "camera.index", read: text },
    Column { name: "ISO", field: "exposure.iso", read: values::whole },
    Column { name: "White_Balance", field: "exposure.white_balance_k", read: values::whole },
    Column { name: "White Balance", field: "exposure.white_balance_k", read: values::whole },
    Column { name: "White Point (Kelvin)", field: "exposure.white_balance_k", read: values::whole },
    Column { name: "ASC_SAT", field: "color.cdl.saturation", read: values::number },
];

/// Whether a file begins as a list does.
#[must_use]
pub fn is_list(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.starts_with(b"Heading")
}

/// The names of the clips' files in a list, without their extensions, each once; none when it is no list.
#[must_use]
pub fn names(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split(['\n', '\r']).filter(|l| !l.trim().is_empty()).skip_while(|l| l.trim() != "Column");
    let columns: Vec<&str> = lines.nth(1).map(|l| l.split('\t').map(str::trim).collect()).unwrap_or_default();
    let places: Vec<usize> = NAMES.iter().filter_map(|n| columns.iter().position(|c| c == n)).collect();
    let most = usize::try_from(limits.items).unwrap_or(usize::MAX).min(MOST_NAMED);
    let mut found = std::collections::BTreeSet::new();
    for line in lines.skip(1).take(MOST_LINES) {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let named = places.iter().filter_map(|p| cells.get(*p)).map(|c| stem_of(c).to_owned());
        found.extend(named.filter(|n| !n.is_empty() && n.len() <= 255));
        if found.len() >= most {
            break;
        }
    }
    found.into_iter().collect()
}

/// What a list says of `clip`: the first line in which a column of names holds it. `None` when there is none, or when this
/// is no list.
///
/// # Errors
/// Malformed: a list without columns. Limit: more than a size or number of lines.
pub fn of_clip(bytes: &[u8], clip: &str, limits: &Limits) -> Result<Option<Sheet>, Error> {
    if !is_list(bytes) {
        return Ok(None);
    }
    if bytes.len() > super::MOST_BYTES {
        return Err(Error::limit(format!("a list of more than {} bytes", super::MOST_BYTES)));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split(['\n', '\r']).filter(|l| !l.trim().is_empty());
    let most = usize::try_from(limits.items).unwrap_or(usize::MAX);
    let mut rate = None;
    for line in lines.by_ref().take(MOST_LINES) {
        if line.trim() == "Column" {
            break;
        }
        let mut cells = line.split('\t').skip_while(|c| c.trim() != "FPS");
        rate = rate.or_else(|| cells.nth(1).and_then(|t| decimal(t.trim())).and_then(Rational::from_decimal_rate));
    }
    let names: Vec<&str> = lines.next().map(|l| l.split('\t').take(most).map(str::trim).collect()).unwrap_or_default();
    if names.is_empty() || lines.next().map(str::trim) != Some("Data") {
        return Err(Error::malformed("the list has no columns and no data").fix("export it again"));
    }
    let places: Vec<usize> = NAMES.iter().filter_map(|n| names.iter().position(|c| c == n)).collect();
    for (n, line) in lines.enumerate() {
        if n >= MOST_LINES {
            return Err(Error::limit(format!("a list of more than {MOST_LINES} clips")));
        }
        let cells: Vec<&str> = line.split('\t').take(names.len()).map(str::trim).collect();
        if places.iter().any(|p| cells.get(*p).is_some_and(|c| is_name_of(c, clip))) {
            return Ok(Some(sheet(&names, &cells, rate, limits)));
        }
    }
    Ok(None)
}

/// `Y:\day 1\A020C003_150905_E2XZ.mov` is a file of the clip `A020C003_150905_E2XZ`.
fn is_name_of(cell: &str, clip: &str) -> bool {
    let file = cell.rsplit(['/', '\\']).next().unwrap_or(cell);
    !clip.is_empty() && (file.eq_ignore_ascii_case(clip) || stem_of(cell).eq_ignore_ascii_case(clip))
}

fn stem_of(cell: &str) -> &str {
    let file = cell.rsplit(['/', '\\']).next().unwrap_or(cell);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn sheet(names: &[&str], cells: &[&str], heading: Option<Rational>, limits: &Limits) -> Sheet {
    let mut s = Sheet::new(Kind::Ale);
    let most = usize::try_from(limits.text).unwrap_or(usize::MAX);
    let cut = |t: &str| t.get(..t.floor_char_boundary(most)).unwrap_or(t).to_owned();
    for (name, cell) in names.iter().zip(cells).filter(|(n, c)| !n.is_empty() && !c.is_empty()) {
        if s.raw(name).is_none() {
            s.raw.push((cut(name), cut(cell)));
        }
    }
    s.map(COLUMNS, &["*"]);
    let own = s.raw("FPS").and_then(decimal).and_then(Rational::from_decimal_rate);
    if let (Some(start), Some(rate)) = (s.raw("Start"), own.or(heading)) {
        let drop = start.contains([';', '.']);
        let label = values::label_parts(start).and_then(|p| values::label(p, drop));
        if let Some(label) = label {
            s.put("timecode.start", "Start", Some(CameraValue::Text(label)));
            s.put("timecode.rate", "Start", Some(CameraValue::Rate(rate)));
            s.put("timecode.drop", "Start", Some(CameraValue::Flag(drop)));
        }
    }
    let triples = s.raw("ASC_SOP").and_then(sop);
    if let Some([slope, offset, power]) = triples {
        s.put("color.cdl.slope", "ASC_SOP", Some(CameraValue::Triple(slope)));
        s.put("color.cdl.offset", "ASC_SOP", Some(CameraValue::Triple(offset)));
        s.put("color.cdl.power", "ASC_SOP", Some(CameraValue::Triple(power)));
    } else {
        // a saturation alone is no correction
        s.known.retain(|k| k.field != "color.cdl.saturation");
    }
    s
}

/// `(1.0 1.0 1.0)(0 0 0)(1,1,1)`.
fn sop(t: &str) -> Option<[[f64; 3]; 3]> {
    let mut numbers = t.split(|c: char| "() ,\t".contains(c)).filter(|p| !p.is_empty()).map(decimal);
    let mut three = || Some([numbers.next()??, numbers.next()??, numbers.next()??]);
    let all = [three()?, three()?, three()?];
    numbers.next().is_none().then_some(all)
}
