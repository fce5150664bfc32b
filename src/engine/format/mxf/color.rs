//! Coded colour: the labels of RP 224 and ST 2115, the reference levels of ST 377-1, annex G.

use super::{Place, class_of, graph::class};
use crate::engine::container::mxf::{Set, Ul};
use crate::model::ClipDoc;

/// Transfer characteristics by byte 14 of `04.01.01.01.01.nn`.
fn transfer(u: &Ul) -> Option<&'static str> {
    if u.means(&[0x0e, 0x06, 0x04, 0x01, 0x01, 0x01]) && matches!((u.byte(14), u.byte(15)), (6, 4 | 5)) {
        // Sony's own, before ST 2115
        return Some("S-Log3");
    }
    if !u.means(&[0x04, 0x01, 0x01, 0x01, 0x01]) {
        return None;
    }
    Some(match u.byte(13) {
        2 => "BT.709",
        3 => "SMPTE 240M",
        4 => "SMPTE 274M",
        5 => "BT.1361",
        6 => "Linear",
        7 => "SMPTE 428",
        8 => "xvYCC",
        9 => "BT.2020",
        0x0a => "PQ",
        0x0b => "HLG",
        0x0c => "Gamma 2.6",
        0x0d => "sRGB",
        0x0e => "S-Log3",
        0x0f => "V-Log",
        0x10 => "Canon Log 2",
        0x11 => "Canon Log 3",
        _ => return None,
    })
}

fn matrix(u: &Ul) -> Option<&'static str> {
    if !u.means(&[0x04, 0x01, 0x01, 0x01, 0x02]) {
        return None;
    }
    Some(match u.byte(13) {
        1 => "BT.601",
        2 => "BT.709",
        3 => "SMPTE 240M",
        4 => "YCgCo",
        5 => "RGB",
        6 => "BT.2020",
        7 => "ICtCp",
        _ => return None,
    })
}

fn primaries(u: &Ul) -> Option<&'static str> {
    if !u.means(&[0x04, 0x01, 0x01, 0x01, 0x03]) {
        return None;
    }
    Some(match u.byte(13) {
        1 => "BT.601 525",
        2 => "BT.601 625",
        3 => "BT.709",
        4 => "BT.2020",
        5 => "CIE XYZ",
        6 => "P3-D65",
        7 => "ACES AP0",
        9 => "P3-D60",
        0x0a => "DCI-P3",
        0x0b => "S-Gamut3",
        0x0c => "S-Gamut3.Cine",
        0x0d => "V-Gamut",
        0x0e => "Cinema Gamut",
        _ => return None,
    })
}

/// The space of a camera by its own curve and gamut.
fn space(transfer: Option<&str>, primaries: Option<&str>) -> Option<&'static str> {
    match (transfer?, primaries?) {
        ("S-Log3", "S-Gamut3") => Some("S-Log3 S-Gamut3"),
        ("S-Log3", "S-Gamut3.Cine") => Some("S-Log3 S-Gamut3.Cine"),
        ("V-Log", "V-Gamut") => Some("V-Log V-Gamut"),
        ("Linear", "ACES AP0") => Some("ACES2065-1"),
        _ => None,
    }
}

/// Fills the colour of a picture descriptor.
pub(super) fn read(d: &Set, place: &Place<'_>, doc: &mut ClipDoc) {
    let (tr, pr, ma) = (d.ul(0x3210), d.ul(0x3219), d.ul(0x321a));
    let (tr, pr) = (tr.as_ref().and_then(transfer), pr.as_ref().and_then(primaries));
    if let Some(s) = space(tr, pr) {
        doc.set("color.space", |d| &mut d.color.space, s.into(), place.origin("TransferCharacteristic"));
    }
    if let Some(t) = tr {
        doc.set("color.transfer", |d| &mut d.color.transfer, t.into(), place.origin("TransferCharacteristic"));
    }
    if let Some(p) = pr {
        doc.set("color.primaries", |d| &mut d.color.primaries, p.into(), place.origin("ColorPrimaries"));
    }
    let rgb = class_of(d) == class::RGBA;
    if let Some(m) = ma.as_ref().and_then(matrix).filter(|_| !rgb) {
        doc.set("color.matrix", |d| &mut d.color.matrix, m.into(), place.origin("CodingEquations"));
    } else if rgb {
        doc.set("color.matrix", |d| &mut d.color.matrix, "RGB".into(), place.origin("RGBADescriptor"));
    }
    let (tags, levels) = if rgb {
        (("ComponentMinRef", "ComponentMaxRef"), (d.u32(0x3407), d.u32(0x3406)))
    } else {
        (("BlackRefLevel", "WhiteReflevel"), (d.u32(0x3304), d.u32(0x3305)))
    };
    let bits = doc.format.bit_depth.or(d.u32(0x3301).filter(|b| *b <= 16));
    let Some((black, white)) = levels.0.zip(levels.1) else { return };
    if let Some(r) = range(black, white, bits) {
        doc.set("color.range", |d| &mut d.color.range, r.into(), place.origin(tags.0));
    } else if white > 0 {
        let text = format!("{} {black} and {} {white} are neither video nor full range", tags.0, tags.1);
        place.warn("LEVELS", text, doc);
    }
}

/// By the codes of black and white: 16 and 235 of 8 bits, or all of them. Some writers state them for 8 bits whatever the
/// depth is.
fn range(black: u32, white: u32, bits: Option<u32>) -> Option<&'static str> {
    let depths: Vec<u32> = match bits {
        Some(b) => vec![b, 8],
        None => vec![8, 10, 12, 16],
    };
    let fits = |video: bool| {
        depths.iter().filter(|b| (8..=16).contains(*b)).any(|b| {
            let unit = 1u32 << b.saturating_sub(8);
            let (low, high) = if video { (16 * unit, 235 * unit) } else { (0, 256 * unit - 1) };
            (black, white) == (low, high)
        })
    };
    match (fits(true), fits(false)) {
        (true, _) => Some("video"),
        (_, true) => Some("full"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(range(16, 235, Some(8)), Some("video"));
        assert_eq!(range(64, 940, Some(10)), Some("video"));
        assert_eq!(range(64, 940, None), Some("video"));
        assert_eq!(range(0, 4095, Some(12)), Some("full"));
        assert_eq!(range(16, 235, Some(10)), Some("video"));
        assert_eq!(range(0, 255, Some(10)), Some("full"));
        assert_eq!(range(64, 1019, Some(10)), None);
    }
}
