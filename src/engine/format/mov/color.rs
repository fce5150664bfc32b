//! The `colr` box: coded colour by the numbers of ITU-T H.273.

use super::ID;
use super::movie::Track;
use crate::engine::container::bmff::{self, Atom};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, Error};

fn primaries(n: u16) -> &'static str {
    match n {
        1 => "BT.709",
        4 => "BT.470 M",
        5 => "BT.601 625",
        6 => "BT.601 525",
        7 => "SMPTE 240M",
        8 => "Generic film",
        9 => "BT.2020",
        10 => "CIE XYZ",
        11 => "DCI-P3",
        12 => "P3-D65",
        22 => "EBU 3213",
        _ => "",
    }
}

fn transfer(n: u16) -> &'static str {
    match n {
        1 => "BT.709",
        4 => "Gamma 2.2",
        5 => "Gamma 2.8",
        6 => "BT.601",
        7 => "SMPTE 240M",
        8 => "Linear",
        9 => "Logarithmic 100:1",
        10 => "Logarithmic 316:1",
        11 => "xvYCC",
        12 => "BT.1361",
        13 => "sRGB",
        14 | 15 => "BT.2020",
        16 => "PQ",
        17 => "SMPTE 428",
        18 => "HLG",
        _ => "",
    }
}

fn matrix(n: u16) -> &'static str {
    match n {
        0 => "RGB",
        1 => "BT.709",
        4 => "FCC",
        5 | 6 => "BT.601",
        7 => "SMPTE 240M",
        8 => "YCgCo",
        9 => "BT.2020",
        10 => "BT.2020 constant luminance",
        12 | 13 => "Derived from primaries",
        14 => "ICtCp",
        _ => "",
    }
}

/// Primaries, transfer, matrix and range of `nclc` and `nclx`. Numbers that say "unspecified" or are reserved
/// stay in `raw`. A transfer curve that the camera's maker named stays.
pub(super) fn read(t: &Track, colr: &Atom, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let c = bmff::contents(b, colr, 11)?;
    let kind = c.get(..4).unwrap_or_default();
    if kind != b"nclc" && kind != b"nclx" {
        doc.keep(ID, &t.tag("colr"), format!("{}, {} bytes", String::from_utf8_lossy(kind), colr.len()));
        return Ok(());
    }
    let number = |at: usize| Some(u16::from_be_bytes([*c.get(at)?, *c.get(at + 1)?]));
    let (Some(p), Some(tr), Some(m)) = (number(4), number(6), number(8)) else {
        doc.warn("MOV-COLR", "the colour box (colr) is too short");
        return Ok(());
    };
    doc.keep(ID, &t.tag("colr"), format!("{} {p} {tr} {m}", String::from_utf8_lossy(kind)));
    let o = |field: &str| t.origin(&format!("colr.{field}"), colr.at);
    if !primaries(p).is_empty() {
        doc.set("color.primaries", |d| &mut d.color.primaries, primaries(p).into(), o("primaries"));
    }
    if !transfer(tr).is_empty() && doc.color.transfer.is_none() {
        doc.set("color.transfer", |d| &mut d.color.transfer, transfer(tr).into(), o("transfer"));
    }
    if !matrix(m).is_empty() {
        doc.set("color.matrix", |d| &mut d.color.matrix, matrix(m).into(), o("matrix"));
    }
    if kind == b"nclx"
        && let Some(flags) = c.get(10)
    {
        let full = flags & 0x80 != 0;
        doc.keep(ID, &t.tag("colr.full_range"), full);
        let range = if full { "full" } else { "video" };
        doc.set("color.range", |d| &mut d.color.range, range.into(), o("range"));
    }
    Ok(())
}
