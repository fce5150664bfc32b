//! RED R3D clips, by their header and its directory. The essence is read by RED's own library only.
//!
//! The timecode is the absolute one (time of day), as RED's tools name it; the edge code stays in `raw`. The reel is the
//! camera's letter and the number of its reel together, as on the card's folder.

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::red::{self, Entry, Header};
use crate::engine::format::dpx::iso_date;
use crate::model::{ClipDoc, Error, Limits, Origin, Rational, Timecode, TimecodeInfo};
use serde_json::{Value, json};
use std::path::Path;

/// RED R3D.
pub struct Red;

const ID: &str = "r3d";
/// Longest lists of numbers that are kept.
const MOST_NUMBERS: usize = 64;

/// Numbers of the entries that are known, and their names.
const NAMES: &[(u16, &str)] = &[
    (0x1000, "StartEdgeCode"),
    (0x1001, "StartTimecode"),
    (0x1006, "SerialNumber"),
    (0x1019, "CameraType"),
    (0x101a, "ReelNumber"),
    (0x101b, "Take"),
    (0x1023, "DateCreated"),
    (0x1024, "TimeCreated"),
    (0x1025, "FirmwareVersion"),
    (0x1029, "ReelTimecode"),
    (0x102a, "StorageType"),
    (0x1030, "StorageFormatDate"),
    (0x1031, "StorageFormatTime"),
    (0x1032, "StorageSerialNumber"),
    (0x1033, "StorageModel"),
    (0x1036, "AspectRatio"),
    (0x1042, "Revision"),
    (0x1056, "OriginalFileName"),
    (0x106e, "LensMake"),
    (0x106f, "LensNumber"),
    (0x1070, "LensModel"),
    (0x1071, "Model"),
    (0x107c, "CameraOperator"),
    (0x107d, "Scene"),
    (0x1086, "VideoFormat"),
    (0x1096, "Filter"),
    (0x109d, "LensSerialNumber"),
    (0x10a0, "Brain"),
    (0x10a1, "Sensor"),
    (0x10be, "Quality"),
    (0x2008, "ExposureTime"),
    (0x200d, "ColorTemperature"),
    (0x200e, "Tint"),
    (0x204b, "RGBCurves"),
    (0x2066, "OriginalFrameRate"),
    (0x4037, "CropArea"),
    (0x403b, "ISO"),
    (0x406a, "FNumber"),
    (0x406b, "FocalLength"),
    (0x606c, "FocusDistance"),
];

impl Format for Red {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "RED R3D"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["r3d"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        match red::magic(head) {
            None => 0,
            Some(_) if has_extension(path, self.extensions()) => 100,
            Some(_) => 90,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let header = red::read(&mut b)?;
        doc.format.id = ID.into();
        doc.format.container = Some("R3D".into());
        let at = |tag: &str| Origin::new(ID, tag, "header block");
        doc.set("format.codec", |d| &mut d.format.codec, "REDCODE RAW".into(), at("header"));
        doc.keep(ID, "version", header.version);
        doc.set("image.width", |d| &mut d.image.width, header.width, at("width"));
        doc.set("image.height", |d| &mut d.image.height, header.height, at("height"));
        if let Some(r) = header.rate {
            doc.set("fps.project", |d| &mut d.fps.project, r, at("frame rate"));
        }
        if header.entries.is_empty() {
            doc.warn("R3D-DIRECTORY", "the directory of metadata was not found; only the size of the picture is known");
        }
        for e in &header.entries {
            doc.keep(ID, &name(e.tag), value(e, limits));
        }
        camera(&header, doc);
        exposure(&header, doc);
        timing(&header, doc);
        let blocks = red::blocks(&mut b, &header, limits)?;
        doc.keep(ID, "blocks.picture", blocks.pictures);
        doc.keep(ID, "blocks.sound", blocks.sounds);
        // what a block of picture holds in version 2 is not known for certain
        if blocks.complete && blocks.pictures > 0 && header.version == 1 {
            doc.set("clip.frames", |d| &mut d.clip.frames, blocks.pictures, at("blocks of picture"));
        }
        let refused = Error::unsupported("REDCODE pictures are decoded by RED's own library only");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

fn name(tag: u16) -> String {
    let known = NAMES.iter().find(|(n, _)| *n == tag);
    known.map_or_else(|| format!("{tag:#06x}"), |(_, name)| (*name).into())
}

fn value(e: &Entry, limits: &Limits) -> Value {
    let most = usize::try_from(limits.text).unwrap_or(usize::MAX);
    if e.tag >> 12 == 1 {
        return json!(e.text().unwrap_or_default().chars().take(most).collect::<String>());
    }
    let (numbers, reals) = (e.numbers(), e.reals());
    match (numbers.as_slice(), reals.as_slice()) {
        ([one], _) => json!(one),
        (_, [one]) => json!(one),
        ([], []) => json!(e.bytes.iter().take(256).map(|b| format!("{b:02x}")).collect::<String>()),
        ([], more) => json!(more.iter().take(MOST_NUMBERS).collect::<Vec<_>>()),
        (more, _) => json!(more.iter().take(MOST_NUMBERS).collect::<Vec<_>>()),
    }
}

/// An entry of the directory by its number, with where it was read.
fn entry(h: &Header, tag: u16) -> Option<(&Entry, Origin)> {
    let e = h.entries.iter().find(|e| e.tag == tag)?;
    Some((e, Origin::new(ID, name(tag), format!("offset {:#x}", e.at))))
}

/// A text that is there, and not the word by which RED says that nothing is.
fn text(h: &Header, tag: u16) -> Option<(String, Origin)> {
    let (e, o) = entry(h, tag)?;
    Some((e.text().filter(|t| t != "NA" && t != "N/A")?, o))
}

fn camera(h: &Header, doc: &mut ClipDoc) {
    doc.set("camera.make", |d| &mut d.camera.make, "RED".into(), Origin::new(ID, "magic", "offset 0x4"));
    for tag in [0x1071, 0x10a0] {
        if let Some((t, o)) = text(h, tag).filter(|_| doc.camera.model.is_none()) {
            doc.set("camera.model", |d| &mut d.camera.model, t, o);
        }
    }
    if let Some((t, o)) = text(h, 0x1006) {
        doc.set("camera.serial", |d| &mut d.camera.serial, t, o);
    }
    if let Some((t, o)) = text(h, 0x1025) {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, t, o);
    }
    if let Some((t, o)) = text(h, 0x1032) {
        doc.set("media.serial", |d| &mut d.media.serial, t, o);
    }
    let letter = text(h, 0x1019).filter(|(t, _)| t.len() == 1);
    if let Some((t, o)) = letter.clone() {
        doc.set("camera.index", |d| &mut d.camera.index, t, o);
    }
    if let Some((number, mut o)) = text(h, 0x101a) {
        let letter = letter.map(|(t, _)| t).unwrap_or_default();
        if !letter.is_empty() {
            o.tag = "CameraType, ReelNumber".into();
        }
        doc.set("reel", |d| &mut d.reel, letter + &number, o);
    }
    let shot = text(h, 0x1056).map(|(t, o)| (t, o.tag)).or_else(|| h.name.clone().map(|t| (t, "name".into())));
    if let Some((t, tag)) = shot {
        doc.keep(ID, &format!("camera file ({tag})"), t);
    }
    if let Some((t, o)) = text(h, 0x107d) {
        doc.set("slate.scene", |d| &mut d.slate.scene, t, o);
    }
    for (tag, pick) in [
        (0x106e, (|d: &mut ClipDoc| &mut d.lens.make) as fn(&mut ClipDoc) -> &mut Option<String>),
        (0x1070, |d| &mut d.lens.model),
        (0x109d, |d| &mut d.lens.serial),
    ] {
        let field = match tag {
            0x106e => "lens.make",
            0x1070 => "lens.model",
            _ => "lens.serial",
        };
        if let Some((t, o)) = text(h, tag) {
            doc.set(field, pick, t, o);
        }
    }
}

fn exposure(h: &Header, doc: &mut ClipDoc) {
    let number = |tag: u16| entry(h, tag).and_then(|(e, o)| Some((u32::try_from(*e.numbers().first()?).ok()?, o)));
    let real = |tag: u16| entry(h, tag).and_then(|(e, o)| Some((*e.reals().first()?, o)));
    if let Some((n, o)) = number(0x403b).filter(|(n, _)| *n > 0) {
        doc.set("exposure.iso", |d| &mut d.exposure.iso, n, o);
    }
    if let Some((k, o)) = real(0x200d).filter(|(k, _)| (1000.0..=100_000.0).contains(k)) {
        doc.set("exposure.white_balance_k", |d| &mut d.exposure.white_balance_k, k.round() as u32, o);
    }
    // microseconds
    if let Some((x, o)) = real(0x2008).filter(|(x, _)| *x > 0.0) {
        doc.set("exposure.shutter_s", |d| &mut d.exposure.shutter_s, x / 1e6, o);
    }
    if let Some((mm, o)) = number(0x406b).filter(|(n, _)| *n > 0) {
        doc.set("lens.focal_length_mm", |d| &mut d.lens.focal_length_mm, f64::from(mm), o);
    }
    if let Some((mm, o)) = number(0x606c).filter(|(n, _)| *n > 0) {
        doc.set("lens.focus_m", |d| &mut d.lens.focus_m, f64::from(mm) / 1000.0, o);
    }
    if let Some((t, o)) = text(h, 0x10be) {
        doc.set("format.compression", |d| &mut d.format.compression, t, o);
    }
}

fn timing(h: &Header, doc: &mut ClipDoc) {
    if let Some((e, o)) = entry(h, 0x2066)
        && let Some(r) = e.reals().first().copied().and_then(Rational::from_decimal_rate)
    {
        doc.set("fps.sensor", |d| &mut d.fps.sensor, r, o);
    }
    if let Some((day, o)) = text(h, 0x1023) {
        let time = text(h, 0x1024).map(|(t, _)| t).unwrap_or_default();
        let part = |t: &str, r: std::ops::Range<usize>| t.get(r).map(str::to_owned);
        let stamp = || {
            let date = [part(&day, 0..4)?, part(&day, 4..6)?, part(&day, 6..8)?].join(":");
            Some([date, part(&time, 0..2)?, part(&time, 2..4)?, part(&time, 4..6)?].join(":"))
        };
        match stamp().and_then(|t| iso_date(&t)) {
            Some(d) => doc.set("recorded.date", |x| &mut x.recorded.date, d, o),
            None => doc.warn("META-DATE", format!("DateCreated is `{day}`, TimeCreated is `{time}`, which is no date")),
        }
    }
    let (Some((label, o)), Some(rate)) = (text(h, 0x1001), h.rate) else { return };
    match Timecode::parse(&label, rate, false) {
        Ok(t) => {
            let info = TimecodeInfo { start: t.to_string(), end: None, rate, drop: t.is_drop() };
            doc.set("timecode.start", |d| &mut d.timecode, info, o);
        }
        Err(e) => doc.warn("META-TIMECODE", e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};

    fn file() -> Vec<u8> {
        let mut out = red::sample(
            5120,
            2560,
            (24_000, 1001),
            &[
                (0x1000, b"01:49:54:11"),
                (0x1001, b"21:36:16:18\0"),
                (0x1006, b"130-246-CE5"),
                (0x2008, &20_833.334f32.to_be_bytes()),
                (0x200d, &4800f32.to_be_bytes()),
                (0x1019, b"A\0"),
                (0x101a, b"106\0"),
                (0x1023, b"20160118"),
                (0x1024, b"213555"),
                (0x403b, &[5, 0]),
                (0x2066, &24f32.to_be_bytes()),
                (0x606c, &[0xff; 4]),
                (0x406b, &[0, 24]),
                (0x1071, b"S-WEAPON\0"),
            ],
        );
        out.resize(0x1000, 0);
        let mut block = b"\0\0\0\x10REDVpicture!".to_vec();
        block.resize(0x1000, 0);
        out.extend(block);
        out.extend(b"\0\0\0\x08REOB");
        out
    }

    #[test]
    fn what_the_header_says() {
        let doc = read_bytes(&Red, &file()).unwrap();
        assert_eq!((doc.image.width, doc.image.height), (Some(5120), Some(2560)));
        assert_eq!((doc.fps.project, doc.fps.sensor), (Rational::new(24_000, 1001), Rational::new(24, 1)));
        assert_eq!(doc.timecode.as_ref().map(|t| t.start.as_str()), Some("21:36:16:18"));
        assert_eq!((doc.reel.as_deref(), doc.camera.model.as_deref()), (Some("A106"), Some("S-WEAPON")));
        assert_eq!((doc.exposure.iso, doc.exposure.white_balance_k), (Some(1280), Some(4800)));
        assert_eq!((doc.lens.focal_length_mm, doc.lens.focus_m), (Some(24.0), None));
        assert_eq!(doc.recorded.date.as_deref(), Some("2016-01-18T21:35:55"));
        assert_eq!((doc.clip.frames, doc.raw[ID]["blocks.picture"].as_u64()), (None, Some(1)));
        assert!(doc.warnings.is_empty(), "{:?}", doc.warnings);
    }

    #[test]
    fn version_1() {
        let mut first = b"\0\0\0\0RED1\0\0R1".to_vec();
        first.resize(0x36, 0);
        first.extend([0x10, 0, 0, 0, 0x09, 0, 0, 0, 0, 24, 0, 1, 0]);
        first.extend(b"A001_C001_0101AB_001.R3D");
        first.resize(0x70, 0);
        first[3] = 0x70;
        let mut second = b"\0\0\0\0RDI ".to_vec();
        second.resize(0x22, 0);
        second.extend([0, 15, 0, 15, 0x10, 1]);
        second.extend(b"01:00:00:00");
        second.extend([0; 4]);
        second[3] = second.len() as u8;
        let frame = b"\0\0\0\x10REDVpicture!";
        let file = [&first[..], &second, frame, frame, b"\0\0\0\x08REOB"].concat();
        let doc = read_bytes(&Red, &file).unwrap();
        assert_eq!((doc.image.width, doc.image.height, doc.clip.frames), (Some(4096), Some(2304), Some(2)));
        assert_eq!(doc.timecode.map(|t| t.start).as_deref(), Some("01:00:00:00"));
        flips_and_cuts(&Red, &file, false);
    }

    #[test]
    fn hostile_bytes() {
        flips_and_cuts(&Red, &file(), false);
        let e = read_bytes(&Red, &file()[..0x1004]);
        assert!(e.is_ok(), "nothing tells that blocks are missing");
        assert_eq!(read_bytes(&Red, &file()[..0x100c]).unwrap_err().code, "FILE-TRUNCATED");
    }

    #[test]
    fn segments_are_one_recording() {
        use crate::engine::format::inspect;
        use crate::model::{ClipUnit, MediaPath};
        use std::io::Write;
        let read = |names: &[&str], bytes: &dyn Fn(usize) -> Vec<u8>| {
            let open = names.iter().enumerate().map(|(n, name)| {
                let mut f = tempfile::tempfile().unwrap();
                f.write_all(&bytes(n)).unwrap();
                (MediaPath::from(Path::new(name)), f, bytes(n).len() as u64)
            });
            let open: Vec<_> = open.collect();
            let inputs: Vec<_> = open.iter().map(|(path, file, size)| Input { path, file, size: *size }).collect();
            inspect("A001_C001", ClipUnit::Spanned, &inputs, &Limits::default())
        };
        let doc = read(&["A_001.R3D", "A_002.R3D", "A_004.R3D"], &|_| file()).unwrap();
        let codes: Vec<_> = doc.warnings.iter().map(|w| w.code.as_ref()).collect();
        assert!(codes.contains(&"SPANNED-GAP") && codes.contains(&"SPANNED-LENGTH"), "{codes:?}");
        assert_eq!((doc.clip.frames, doc.clip.files.len()), (None, 3));
        assert_eq!(doc.timecode.unwrap().start, "21:36:16:18");
        // a segment that is cut off is the recording's fault
        let cut = |n: usize| file()[..if n == 1 { 20 } else { file().len() }].to_vec();
        let e = read(&["A_001.R3D", "A_002.R3D"], &cut).unwrap_err();
        assert!(e.to_string().contains("A_002.R3D"), "{e}");
    }
}
