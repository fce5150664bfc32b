//! Guardrails: checks of a clip with a stable code, a severity and a fix; packs of them; waivers.
//!
//! A check never changes a clip. `hold` and `refuse` stop its deliverables, never its record.

use super::template::value_of;
use super::{Condition, FolderKind, Scope, Verdict};
use crate::model::{CheckResult, ClipDoc, MediaPath, Severity, WaiverNote, escape_for_people};
use serde::Serialize;

/// What is known of a kind of check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckInfo {
    /// Stable code.
    pub code: &'static str,
    /// Severity unless a pack says otherwise.
    pub severity: Severity,
    /// Whether a person may waive it, unless a pack forbids it.
    pub overridable: bool,
    /// What it finds.
    pub meaning: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// Every check, in the order in which results are listed.
pub const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        code: "META-MISSING",
        severity: Severity::Warn,
        overridable: true,
        meaning: "a field that later work needs is not known",
        fix: "ask for the camera or sound report, or waive it if the field is not needed",
    },
    CheckInfo {
        code: "CLIP-GAP",
        severity: Severity::Hold,
        overridable: true,
        meaning: "frames are missing inside a sequence",
        fix: "copy the missing frames from the card; they are taken up by themselves",
    },
    CheckInfo {
        code: "NAME-CHARS",
        severity: Severity::Warn,
        overridable: true,
        meaning: "a name has characters other than A-Z a-z 0-9 . _ -",
        fix: "name it anew at the source if the receiver needs plain names, or waive it",
    },
    CheckInfo {
        code: "NAME-DUP",
        severity: Severity::Hold,
        overridable: true,
        meaning: "another clip of the show has the same name (capitals and composed letters ignored) and other content",
        fix: "find out which clip is right; waive it if both are",
    },
];

/// What is known of a code.
#[must_use]
pub fn info(code: &str) -> Option<&'static CheckInfo> {
    CHECKS.iter().find(|c| c.code == code)
}

/// One check of a pack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackCheck {
    /// One of [`CHECKS`].
    pub code: String,
    /// `None` switches the check off.
    pub severity: Option<Severity>,
    /// Whether a person may waive it.
    pub overridable: bool,
    /// Asked first; the check speaks only when it is true (not when it is unknown).
    pub when: Option<Condition>,
    /// For `META-MISSING`: dotted fields that must be known; `a|b` is content with either.
    pub fields: Vec<String>,
}

/// A named list of checks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pack {
    /// `rushes:camera`, or the path of a file.
    pub name: String,
    /// Kinds of folder it speaks about; empty = all.
    pub kinds: Vec<FolderKind>,
    /// Its checks.
    pub checks: Vec<PackCheck>,
}

/// What the checks need beside the clip itself.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the folder holds.
    pub kind: FolderKind,
    /// A clip of the same show whose name is the same (see [`super::template::collision_key`]) and whose content is other.
    pub duplicate_of: Option<MediaPath>,
}

/// For `NAME-DUP`: whether a person who asks for one may get the other: both are pictures or both are sound alone. What no reader
/// knows (a camera's companion files), and another file of the same clip beside it (a proxy), never is.
#[must_use]
pub fn may_be_mistaken(a: &ClipDoc, b: &ClipDoc) -> bool {
    let known = |d: &ClipDoc| !["unknown", "camera-metadata"].contains(&d.format.id.as_str());
    let first = |d: &ClipDoc| d.clip.files.first().map(|f| f.path.as_path().to_path_buf()).unwrap_or_default();
    let (p, q) = (first(a), first(b));
    let is_beside = p.parent() == q.parent() && p.file_stem() == q.file_stem() && p.extension() != q.extension();
    known(a) && known(b) && a.image.width.is_some() == b.image.width.is_some() && !is_beside
}

/// A waiver for one code on the clip at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The code.
    pub code: String,
    /// Who, when, why.
    pub note: WaiverNote,
}

/// Every check of `packs` that speaks about the clip, in the order of [`CHECKS`], one result for a code.
/// Where several packs have a code for this kind of folder, the last pack decides it alone.
#[must_use]
pub fn check(doc: &ClipDoc, scope: &Scope, packs: &[Pack], facts: &Facts, waivers: &[Waiver]) -> Vec<CheckResult> {
    let json = serde_json::to_value(doc).unwrap_or(serde_json::Value::Null);
    let mut out = Vec::new();
    for known in CHECKS {
        let Some(pack) = packs.iter().rev().find(|p| {
            (p.kinds.is_empty() || p.kinds.contains(&facts.kind)) && p.checks.iter().any(|c| c.code == known.code)
        }) else {
            continue;
        };
        let waived = waivers.iter().any(|w| w.code == known.code);
        let spoken: Vec<(Severity, bool, String)> = pack
            .checks
            .iter()
            .filter(|c| c.code == known.code)
            .filter_map(|c| {
                let severity = c.severity?;
                match c.when.as_ref().map(|w| w.evaluate(scope)) {
                    None | Some(Verdict::True) => {
                        speak(known, c, doc, &json, facts, waived).map(|m| (severity, c.overridable, m))
                    }
                    Some(Verdict::False | Verdict::Unknown { .. }) => None,
                    Some(Verdict::Failed { message }) => {
                        let text =
                            format!("the condition of this check in {} cannot be evaluated: {message}", pack.name);
                        Some((Severity::Info, true, text))
                    }
                }
            })
            .collect();
        let Some(severity) = spoken.iter().map(|(s, ..)| *s).max() else { continue };
        let overridable = spoken.iter().filter(|(s, ..)| *s == severity).all(|(_, o, _)| *o);
        let message = spoken.into_iter().map(|(_, _, m)| m).collect::<Vec<_>>().join("; ");
        let waiver = waivers.iter().rev().find(|w| overridable && w.code == known.code).map(|w| w.note.clone());
        out.push(CheckResult { code: known.code.to_owned(), severity, message, overridable, waiver });
    }
    out
}

/// The results that stop deliverables of the clip: `hold` and `refuse` without a waiver in force.
pub fn stopping(results: &[CheckResult]) -> impl Iterator<Item = &CheckResult> {
    results.iter().filter(|r| r.severity >= Severity::Hold && r.waiver.is_none())
}

/// What a check says, or `None` if all is well.
fn speak(
    known: &CheckInfo,
    check: &PackCheck,
    doc: &ClipDoc,
    json: &serde_json::Value,
    facts: &Facts,
    waived: bool,
) -> Option<String> {
    let found = match known.code {
        "META-MISSING" => missing(check, json)?,
        "CLIP-GAP" => gaps(doc)?,
        "NAME-CHARS" => odd_names(doc)?,
        "NAME-DUP" => {
            let other = match &facts.duplicate_of {
                Some(path) => path.to_string(),
                // told also while the other one is not there (yet): a waiver stays in the record, in whatever order
                None if waived => "another clip".to_owned(),
                None => return None,
            };
            format!("the clip name {} is also that of {other}, with other content", escape_for_people(&doc.clip.name))
        }
        _ => return None,
    };
    Some(format!("{found}; {}", known.fix))
}

fn missing(check: &PackCheck, json: &serde_json::Value) -> Option<String> {
    let known = |f: &str| f.split('|').any(|one| value_of(json, one).is_some());
    let absent: Vec<String> =
        check.fields.iter().filter(|f| !known(f)).map(|f| format!("`{}`", f.replace('|', "` or `"))).collect();
    if absent.is_empty() {
        return None;
    }
    Some(format!("not known: {}", absent.join(", ")))
}

fn gaps(doc: &ClipDoc) -> Option<String> {
    let gaps = &doc.clip.gaps;
    if gaps.is_empty() {
        return None;
    }
    let count = gaps.iter().fold(0i64, |n, g| n.saturating_add(g.last.saturating_sub(g.first).saturating_add(1)));
    let mut shown: Vec<String> = gaps
        .iter()
        .take(5)
        .map(|g| if g.first == g.last { g.first.to_string() } else { format!("{}-{}", g.first, g.last) })
        .collect();
    if gaps.len() > shown.len() {
        shown.push(format!("and {} more gaps", gaps.len() - shown.len()));
    }
    let (noun, verb) = if count == 1 { ("frame", "is") } else { ("frames", "are") };
    Some(format!("{count} {noun} inside the sequence {verb} missing: {}", shown.join(", ")))
}

fn odd_names(doc: &ClipDoc) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let paths = doc.clip.files.iter().map(|f| f.path.bytes());
    let name =
        paths.flat_map(|p| p.split(|b| *b == b'/')).find(|part| !part.iter().copied().all(plain)).map(|part| {
            MediaPath::from(std::path::Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(part)))
        })?;
    let mut odd: Vec<char> = name.to_text().chars().filter(|c| !c.is_ascii() || !plain(*c as u8)).collect();
    odd.sort_unstable();
    odd.dedup();
    let shown: Vec<String> = odd
        .iter()
        .take(8)
        .map(|c| if *c == ' ' { "a space".to_owned() } else { escape_for_people(&c.to_string()) })
        .collect();
    Some(format!("the name {name} has {}", shown.join(" ")))
}

#[cfg(test)]
#[path = "guardrails_tests.rs"]
mod tests;
