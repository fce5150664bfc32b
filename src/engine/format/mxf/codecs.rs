//! Names of picture and sound codings (RP 224 labels; mappings ST 381, 383, 422, 2019-4, RDD 9, RDD 44, RP 2027).

use crate::engine::container::mxf::Ul;

/// A picture coding in the words of clip documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::format) struct Coding {
    /// Its name.
    pub name: String,
    /// Bits per component that the codec's definition fixes.
    pub bits: Option<u32>,
    /// Quality or profile, in the words of its maker.
    pub compression: Option<String>,
    /// Why it is not decoded; absent for what ffmpeg's MXF reader and the list of codecs take.
    pub undecoded: Option<&'static str>,
}

fn coding(name: &str, bits: u32, compression: &str) -> Coding {
    Coding {
        name: name.to_owned(),
        bits: Some(bits).filter(|b| *b > 0),
        compression: Some(compression).filter(|c| !c.is_empty()).map(str::to_owned),
        undecoded: None,
    }
}

fn undecoded(name: &str, bits: u32, compression: &str, why: &'static str) -> Coding {
    Coding { undecoded: Some(why), ..coding(name, bits, compression) }
}

/// By the label of the picture coding, else by that of the essence container.
pub(super) fn picture(coding_ul: Option<&Ul>, container: Option<&Ul>) -> Option<Coding> {
    let by_coding = coding_ul.and_then(by_coding);
    // IMX is MPEG-2 in its own mapping
    match (container.and_then(by_container), by_coding) {
        (Some(c), Some(k)) if c.name == "encrypted" => Some(Coding { undecoded: c.undecoded, ..k }),
        (Some(c), Some(k)) if c.name.starts_with("MPEG-2 IMX") && k.name == "MPEG-2" => Some(c),
        (_, Some(k)) => Some(k),
        (c, None) => c,
    }
}

fn by_coding(u: &Ul) -> Option<Coding> {
    if let Some(c) = private(u) {
        return Some(c);
    }
    if !u.means(&[0x04, 0x01, 0x02]) {
        return None;
    }
    let [_, _, _, scheme, a, b, c, d] = u.item();
    if scheme == 1 {
        return Some(uncompressed(a, b, c, d));
    }
    Some(match (a, b, c) {
        (1, 0x01..=0x09, _) => coding("MPEG-2", 8, mpeg2(b, c)),
        (1, 0x10, _) => undecoded("MPEG-1", 8, "", "MPEG-1 is not decoded"),
        (1, 0x20, _) => coding("MPEG-4 Visual", 8, ""),
        (1, 0x32, 0x21) => coding("AVC-Intra 50", 10, ""),
        (1, 0x32, 0x31) => coding("AVC-Intra 100", 10, ""),
        (1, 0x32, _) => coding("H.264", 0, "intra"),
        (1, 0x30 | 0x31, _) => coding("H.264", 0, ""),
        (1, 0x40..=0x46, _) => undecoded("H.265", 0, "", "ffmpeg does not read H.265 in MXF"),
        (2, 1, _) => coding("DV", 8, "IEC 61834"),
        (2, 2, 1 | 2) => coding("DV", 8, "25 Mb/s"),
        (2, 2, 3 | 4) => coding("DVCPRO 50", 8, ""),
        (2, 2, 5..=8) => coding("DVCPRO HD", 8, ""),
        (2, ..) => coding("DV", 8, ""),
        (3, 1, 8) => undecoded("JPEG 2000", 0, "high throughput", "high-throughput JPEG 2000 is not decoded"),
        (3, 1, _) => coding("JPEG 2000", 0, jpeg2000(c, d)),
        (3, 2, _) => undecoded("TIFF/EP", 0, "", "TIFF/EP in MXF is not decoded"),
        (3, 3, _) => undecoded("VC-2", 0, "", "VC-2 is not decoded"),
        (3, 4, _) => undecoded("OpenEXR", 16, "none", "OpenEXR in MXF (ST 2067-50) is not decoded"),
        (3, 5, _) => undecoded("VC-5", 0, "", "VC-5 is not decoded"),
        (3, 6, n) => prores(n),
        (3, 7, _) => undecoded("DNxUncompressed", 0, "", "DNxUncompressed is not decoded"),
        (3, 8, _) => undecoded("JPEG XS", 0, "", "JPEG XS is not decoded"),
        (3, 9, _) => undecoded("FFV1", 0, "", "FFV1 is not decoded"),
        (0x70, ..) => undecoded("D-11", 10, "", "D-11 (HDCAM) is not decoded"),
        (0x71, n, _) => vc3(n),
        (0x72, ..) => undecoded("VC-1", 8, "", "VC-1 is not decoded"),
        _ => undecoded(&format!("`{u}`"), 0, "", "this coding is not decoded"),
    })
}

/// Labels of single makers.
fn private(u: &Ul) -> Option<Coding> {
    // Avid's older labels of DNxHD and JPEG
    if u.means(&[0x0e, 0x04, 0x02, 0x01, 0x02, 0x04]) {
        return Some(coding("DNxHD", 0, ""));
    }
    u.means(&[0x0e]).then(|| undecoded(&format!("`{u}`"), 0, "", "the coding is its maker's own"))
}

fn uncompressed(a: u8, b: u8, c: u8, d: u8) -> Coding {
    const WHY: &str = "uncompressed pictures in MXF are not decoded";
    match (a, b, c, d) {
        (2, 1, 1, 3) => undecoded("ARRIRAW", 12, "none", "ARRIRAW is not decoded"),
        (2, 1, 2, 2) => undecoded("ARRIRAW HDE", 12, "lossless", "ARRIRAW is not decoded"),
        (1, 2, 1, _) => undecoded("Uncompressed 4:2:2", 8, "none", WHY),
        (1, 2, 2, _) => undecoded("Uncompressed 4:2:2", 10, "none", WHY),
        _ => undecoded("Uncompressed", 0, "none", WHY),
    }
}

fn mpeg2(profile: u8, gop: u8) -> &'static str {
    // the last digit of the structure: 2 is intra only, 3 long GOP
    match (profile, gop & 0x0f) {
        (2, _) => "4:2:2 Profile at Main Level",
        (1, _) => "Main Profile at Main Level",
        (3, _) => "Main Profile at High Level",
        (4, 2) => "4:2:2 Profile at High Level, intra",
        (4, _) => "4:2:2 Profile at High Level",
        (5, _) => "Main Profile at High-1440 Level",
        (6 | 7, _) => "High Profile",
        _ => "",
    }
}

fn jpeg2000(kind: u8, profile: u8) -> &'static str {
    match (kind, profile) {
        (1, 3) => "digital cinema 2K",
        (1, 4) => "digital cinema 4K",
        (1, 0x11..=0x17) => "broadcast contribution",
        (2, _) => "IMF 2K",
        (3, _) => "IMF 4K",
        (4, _) => "IMF 8K",
        (5, _) => "IMF 2K lossless",
        (6, _) => "IMF 4K lossless",
        (7, _) => "IMF 8K lossless",
        _ => "",
    }
}

fn prores(n: u8) -> Coding {
    match n {
        1 => coding("ProRes 422 Proxy", 10, ""),
        2 => coding("ProRes 422 LT", 10, ""),
        3 => coding("ProRes 422", 10, ""),
        4 => coding("ProRes 422 HQ", 10, ""),
        5 => coding("ProRes 4444", 12, ""),
        6 => coding("ProRes 4444 XQ", 12, ""),
        _ => coding("ProRes", 0, ""),
    }
}

/// The label numbers the compression identifiers of VC-3 from 1235 on.
fn vc3(n: u8) -> Coding {
    let cid = 1234 + u32::from(n);
    match cid {
        1234 => coding("DNxHD", 0, ""),
        1270 => coding("DNxHR", 0, "444"),
        1271 => coding("DNxHR", 0, "HQX"),
        1272 => coding("DNxHR", 8, "HQ"),
        1273 => coding("DNxHR", 8, "SQ"),
        1274 => coding("DNxHR", 8, "LB"),
        _ => coding("DNxHD", 0, &format!("VC-3 {cid}")),
    }
}

fn by_container(u: &Ul) -> Option<Coding> {
    if !u.means(&[0x0d, 0x01, 0x03, 0x01, 0x02]) {
        return None;
    }
    Some(match (u.byte(13), u.byte(14)) {
        (0x01, 1 | 2) => coding("MPEG-2 IMX 50", 8, ""),
        (0x01, 3 | 4) => coding("MPEG-2 IMX 40", 8, ""),
        (0x01, 5 | 6) => coding("MPEG-2 IMX 30", 8, ""),
        (0x02, n) if n < 0x40 => coding("DV", 8, ""),
        (0x02, 0x40 | 0x41) => coding("DV", 8, "25 Mb/s"),
        (0x02, 0x50 | 0x51) => coding("DVCPRO 50", 8, ""),
        (0x02, _) => coding("DVCPRO HD", 8, ""),
        (0x03, _) => undecoded("D-11", 10, "", "D-11 (HDCAM) is not decoded"),
        (0x04, 0x60..=0x6f) => coding("MPEG-2", 8, ""),
        (0x05, _) => uncompressed(0, 0, 0, 0),
        (0x0b, _) => undecoded("encrypted", 0, "", "the essence is encrypted"),
        (0x0c, _) => coding("JPEG 2000", 0, ""),
        (0x0f | 0x10, _) => coding("H.264", 0, ""),
        (0x11, _) => coding("DNxHD", 0, ""),
        (0x12, _) => undecoded("VC-1", 8, "", "VC-1 is not decoded"),
        (0x15, _) => undecoded("VC-2", 0, "", "VC-2 is not decoded"),
        (0x19, _) => undecoded("OpenEXR", 16, "none", "OpenEXR in MXF (ST 2067-50) is not decoded"),
        (0x1b, _) => undecoded("VC-5", 0, "", "VC-5 is not decoded"),
        (0x1c, _) => coding("ProRes", 0, ""),
        (0x1e, _) => undecoded("DNxUncompressed", 0, "", "DNxUncompressed is not decoded"),
        (0x1f | 0x20, _) => undecoded("H.265", 0, "", "ffmpeg does not read H.265 in MXF"),
        (0x21, _) => undecoded("JPEG XS", 0, "", "JPEG XS is not decoded"),
        (0x22, 1) => undecoded("ARRIRAW", 12, "none", "ARRIRAW is not decoded"),
        (0x22, _) => undecoded("ARRIRAW HDE", 12, "lossless", "ARRIRAW is not decoded"),
        (0x23, _) => undecoded("FFV1", 0, "", "FFV1 is not decoded"),
        _ => return None,
    })
}

/// Name of a sound coding, and whether it is linear PCM; by its label, else by the container.
pub(in crate::engine::format) fn sound(compression: Option<&Ul>, container: Option<&Ul>, iab: bool) -> (String, bool) {
    if iab || container.is_some_and(|u| u.means(&[0x0d, 0x01, 0x03, 0x01, 0x02, 0x1d])) {
        return ("IAB".to_owned(), false);
    }
    if let Some(u) = compression.filter(|u| u.means(&[0x04, 0x02, 0x02])) {
        let [_, _, _, scheme, a, b, c, _] = u.item();
        let name = match (scheme, a, b, c) {
            (1, ..) => return ("PCM".to_owned(), true),
            (2, 3, 1, _) => "A-law",
            (2, 3, 2, 1) => "AC-3",
            (2, 3, 2, 4..=6) => "MPEG layer 2",
            (2, 3, 2, 0x1c) => "Dolby E",
            (2, 3, 3, _) | (2, 3, 4, _) => "AAC",
            _ => return (format!("`{u}`"), false),
        };
        return (name.to_owned(), false);
    }
    match container.filter(|u| u.means(&[0x0d, 0x01, 0x03, 0x01, 0x02])).map(|u| u.byte(13)) {
        Some(0x0a) => ("A-law".to_owned(), false),
        Some(0x16..=0x18) => ("AAC".to_owned(), false),
        Some(0x25) => ("MGA".to_owned(), false),
        // AES3, broadcast wave, the sound of D-10 and of generic mappings
        Some(0x01 | 0x02 | 0x06 | 0x7f) | None => ("PCM".to_owned(), true),
        Some(_) => (container.map_or_else(String::new, |u| format!("`{u}`")), false),
    }
}

/// What a stream of data is, by its container or coding (ST 2067-2 timed text, RDD 47 ISXD).
pub(super) fn data(coding: Option<&Ul>, container: Option<&Ul>) -> Option<&'static str> {
    let of = |u: &Ul| match (u.means(&[0x0d, 0x01, 0x03, 0x01, 0x02]), u.byte(13)) {
        (true, 0x13) => Some("Timed text"),
        (true, 0x0d) => Some("VBI"),
        (true, 0x0e) => Some("ANC"),
        _ if u.means(&[0x0e, 0x09, 0x06, 0x07]) || u.means(&[0x0e, 0x09, 0x06, 0x06]) => Some("ISXD"),
        _ => None,
    };
    container.and_then(of).or_else(|| coding.and_then(of))
}

/// `OP1a`, `OP-Atom`; `None` for what is no operational pattern (ST 377-1, "Operational Patterns"; ST 390).
pub(super) fn pattern(u: &Ul) -> Option<String> {
    if !u.means(&[0x0d, 0x01, 0x02, 0x01]) {
        return None;
    }
    match (u.byte(12), u.byte(13)) {
        (0x10, _) => Some("OP-Atom".to_owned()),
        (item @ 1..=3, package @ 1..=3) => Some(format!("OP{item}{}", char::from(b'a' + package - 1))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let of = |item: [u8; 8]| picture(Some(&Ul::label(item)), None).unwrap();
        assert_eq!(of([4, 1, 2, 2, 3, 6, 4, 0]).name, "ProRes 422 HQ");
        let d = of([4, 1, 2, 2, 0x71, 0x13, 0, 0]);
        assert_eq!((d.name.as_str(), d.compression.as_deref()), ("DNxHD", Some("VC-3 1253")));
        assert_eq!(of([4, 1, 2, 2, 0x71, 0x26, 0, 0]).name, "DNxHR");
        assert_eq!(of([4, 1, 2, 2, 1, 0x32, 0x21, 4]).name, "AVC-Intra 50");
        assert!(of([4, 1, 2, 2, 3, 1, 8, 1]).undecoded.is_some());
        let d10 = Ul::with([4, 1, 1, 1], [0x0d, 1, 3, 1, 2, 1, 1, 1]);
        assert_eq!(picture(Some(&Ul::label([4, 1, 2, 2, 1, 2, 1, 1])), Some(&d10)).unwrap().name, "MPEG-2 IMX 50");
        assert_eq!(picture(None, None), None);
        assert_eq!(pattern(&Ul::label([0x0d, 1, 2, 1, 0x10, 3, 0, 0])).as_deref(), Some("OP-Atom"));
        assert_eq!(pattern(&Ul::label([0x0d, 1, 2, 1, 2, 3, 0, 0])).as_deref(), Some("OP2c"));
        assert_eq!(pattern(&Ul::label([0x0d, 1, 2, 1, 0x7f, 0x7f, 0, 0])), None);
    }
}
