//! The picture: codec, size, depth, geometry of the descriptor (SMPTE ST 377-1, annex F and G).

use super::codecs::{self, Coding};
use super::graph::{Chain, Graph, class};
use super::{Place, color};
use crate::engine::container::mxf::Set;
use crate::engine::container::mxf::set::rational;
use crate::model::{ClipDoc, Error, Rect};

/// Largest side that is believed.
const MOST_SIDE: u32 = 1 << 20;
/// Position and label of properties that have no static tag.
const JPEG2000_SIZES: [u8; 8] = [0x04, 0x01, 0x06, 0x03, 0x0b, 0, 0, 0];

/// Fills what the picture's descriptor says.
pub(super) fn read(graph: &Graph<'_>, chain: &Chain<'_, '_>, doc: &mut ClipDoc) {
    let Some(d) = chain.descriptor else {
        return doc.warn("MXF-DESCRIPTOR", "the picture track has no descriptor in this file");
    };
    // the codestream's own, less one, in the first of the components' three bytes (ISO/IEC 15444-1, A.5.1)
    let stream =
        graph.below(d).into_iter().filter(|s| s.class() == Some(class::JPEG2000)).find_map(|s| {
            s.by_label(graph.primer, JPEG2000_SIZES)?.get(8).map(|n| u32::from(n & 0x7f).saturating_add(1))
        });
    let coding = describe(&Place::new(d, "PictureDescriptor"), stream, doc);
    let answer = match coding.as_ref().map(|c| c.undecoded) {
        None => Err(Error::unsupported("the coding of the pictures is not known")),
        Some(Some(why)) => Err(Error::unsupported(why)),
        // R'G'B' and Y'CbCr are; X'Y'Z' of digital cinema is not
        Some(None) if is_xyz(d, doc) => Err(Error::unsupported("pictures of CIE XYZ components are not decoded")),
        Some(None) => Ok(()),
    };
    doc.format.note_decodable(answer);
}

/// Fills codec, depth, size, scan and colour from a picture descriptor; `stream` is the depth that a JPEG 2000 codestream
/// gives itself.
pub(in crate::engine::format) fn describe(place: &Place<'_>, stream: Option<u32>, doc: &mut ClipDoc) -> Option<Coding> {
    let d = place.set;
    let coding = codecs::picture(d.ul(0x3201).as_ref(), d.ul(0x3004).as_ref());
    if let Some(c) = &coding {
        doc.set("format.codec", |x| &mut x.format.codec, c.name.clone(), place.origin("PictureEssenceCoding"));
        if let Some(q) = &c.compression {
            doc.set(
                "format.compression",
                |x| &mut x.format.compression,
                q.clone(),
                place.origin("PictureEssenceCoding"),
            );
        }
    } else {
        place.warn("CODING", "nothing says how the pictures are coded", doc);
    }
    depth(stream, coding.as_ref(), place, doc);
    size(coding.as_ref(), place, doc);
    scan(place, doc);
    color::read(d, place, doc);
    coding
}

/// Components of a pixel: code and bits (ST 377-1, "Pixel Layout").
fn layout(d: &Set) -> Vec<(u8, u8)> {
    let pairs = d.get(0x3401).unwrap_or_default().chunks_exact(2).filter_map(|c| Some((*c.first()?, *c.last()?)));
    pairs.take_while(|(code, _)| *code != 0).take(8).collect()
}

fn is_xyz(d: &Set, doc: &ClipDoc) -> bool {
    layout(d).iter().any(|(code, _)| matches!(code, b'X' | 0xd8)) || doc.color.primaries.as_deref() == Some("CIE XYZ")
}

fn depth(stream: Option<u32>, coding: Option<&Coding>, place: &Place<'_>, doc: &mut ClipDoc) {
    let d = place.set;
    let believed = |b: &u32| (1..=32).contains(b);
    let pixel = layout(d);
    let text: String = pixel.iter().map(|(code, bits)| format!("{}{bits}", char::from(*code))).collect();
    if !text.is_empty() {
        doc.keep(place.reader, "picture.pixel_layout", text);
    }
    let component =
        pixel.iter().find(|(code, _)| code.is_ascii_uppercase() && *code != b'F').map(|(_, n)| u32::from(*n));
    let fixed = coding.and_then(|c| c.bits);
    for (bits, tag) in [
        (fixed, "PictureEssenceCoding"),
        (stream, "PictureComponentSizing"),
        (d.u32(0x3301), "ComponentDepth"),
        (component, "PixelLayout"),
    ] {
        if let Some(n) = bits.filter(believed) {
            doc.set("format.bit_depth", |x| &mut x.format.bit_depth, n, place.origin(tag));
            return;
        }
    }
}

/// How many rows of a frame one row of the descriptor's rectangles stands for: field by field they are those of a field.
fn rows(d: &Set) -> u32 {
    if matches!(d.u8(0x320c), Some(1 | 4)) { 2 } else { 1 }
}

/// Size in pixels of the coded picture, and the part that is displayed.
fn size(coding: Option<&Coding>, place: &Place<'_>, doc: &mut ClipDoc) {
    let d = place.set;
    let rows = rows(d);
    let side = |tag: u16| d.u32(tag).filter(|n| (1..=MOST_SIDE).contains(n));
    let tall = |tag: u16| side(tag).map(|n| n.saturating_mul(rows));
    let stored = side(0x3203).zip(tall(0x3202));
    let sampled = side(0x3205).zip(tall(0x3204)).or(stored);
    let display = side(0x3209).zip(tall(0x3208)).or(sampled);
    let shown = |(w, h): (u32, u32)| format!("{w}x{h}");
    for (name, rect) in [("stored", stored), ("sampled", sampled), ("display", display)] {
        if let Some(r) = rect {
            doc.keep(place.reader, &format!("picture.{name}"), shown(r));
        }
    }
    let Some(mut whole) = sampled else {
        return place.warn("SIZE", "the descriptor gives no size of the picture", doc);
    };
    let offset =
        (d.i32(0x320a).unwrap_or(0), d.i32(0x320b).unwrap_or(0).saturating_mul(i32::try_from(rows).unwrap_or(1)));
    // Macroblocks are 16 rows: coders fill up the last ones and decoders leave them out, whatever is called sampled.
    let blocks =
        coding.is_some_and(|c| c.name.starts_with("MPEG") || c.name.starts_with("H.26") || c.name.starts_with("AVC"));
    if let Some(shown) = display.filter(|s| {
        blocks && offset == (0, 0) && s.0 == whole.0 && s.1 < whole.1 && s.1.div_ceil(16 * rows) * 16 * rows == whole.1
    }) {
        whole = shown;
    }
    let mut tag = if whole == sampled.unwrap_or_default() { "SampledWidth" } else { "DisplayWidth" };
    if let Some(columns) = coding.and_then(|c| columns(c, whole, d)) {
        tag = "SMPTE ST 370 SampledWidth";
        whole.0 = columns;
    }
    doc.set("image.width", |x| &mut x.image.width, whole.0, place.origin(tag));
    doc.set("image.height", |x| &mut x.image.height, whole.1, place.origin(&tag.replace("Width", "Height")));
    let Some(shown) = display else { return };
    let (x, y) = offset;
    if coding.is_some_and(|c| c.name == "OpenEXR") && shown != whole {
        // a data window of its own: the display rectangle begins at its corner (ST 2067-50)
        doc.image.width = Some(shown.0);
        doc.image.height = Some(shown.1);
        let active = Rect { x: x.saturating_neg(), y: y.saturating_neg(), width: whole.0, height: whole.1 };
        doc.set("image.active", |x| &mut x.image.active, active, place.origin("SampledWidth"));
        return aspect(shown, place, doc);
    }
    let inside =
        |at: i32, n: u32, of: u32| u32::try_from(at).ok().and_then(|a| a.checked_add(n)).is_some_and(|e| e <= of);
    if shown != whole && inside(x, shown.0, whole.0) && inside(y, shown.1, whole.1) {
        let active = Rect { x, y, width: shown.0, height: shown.1 };
        doc.set("image.active", |x| &mut x.image.active, active, place.origin("DisplayWidth"));
    } else if shown != whole && !tag.starts_with("SMPTE") {
        let text = format!("the displayed part {}x{} at {x}, {y} is not inside the picture", shown.0, shown.1);
        place.warn("SIZE", text, doc);
    }
    aspect(if doc.image.active.is_some() { shown } else { whole }, place, doc);
}

/// Columns that DVCPRO HD codes where the descriptor gives those of the full raster (SMPTE ST 370).
fn columns(coding: &Coding, whole: (u32, u32), d: &Set) -> Option<u32> {
    let fifty = d.rational(0x3001).is_some_and(|(n, m)| m > 0 && matches!(n / m, 25 | 50));
    match whole {
        _ if coding.name != "DVCPRO HD" => None,
        (1920, 1080) => Some(if fifty { 1440 } else { 1280 }),
        (1280, 720) => Some(960),
        _ => None,
    }
}

/// The width of a pixel, from the aspect ratio of what is displayed.
fn aspect((w, h): (u32, u32), place: &Place<'_>, doc: &mut ClipDoc) {
    let Some((n, m)) = place.set.get(0x320e).and_then(rational).filter(|(n, m)| *n > 0 && *m > 0) else { return };
    doc.keep(place.reader, "picture.aspect_ratio", format!("{n}:{m}"));
    let ratio = f64::from(n) * f64::from(h) / (f64::from(m) * f64::from(w));
    // a ratio that was rounded (1.78, 235:100) is a square pixel
    let ratio = if (ratio - 1.0).abs() < 0.004 { 1.0 } else { ratio };
    if (0.1..=10.0).contains(&ratio) {
        doc.set("image.pixel_aspect", |x| &mut x.image.pixel_aspect, ratio, place.origin("AspectRatio"));
    }
}

/// How frames were scanned. The first field is the upper one, but in systems of 525 lines.
fn scan(place: &Place<'_>, doc: &mut ClipDoc) {
    let d = place.set;
    let Some(layout) = d.u8(0x320c) else { return };
    doc.keep(place.reader, "picture.frame_layout", layout);
    let lower_first = doc.image.width == Some(720) && matches!(doc.image.height, Some(480 | 486 | 512));
    let scan = match (layout, d.u8(0x3212)) {
        // full frames, and frames in two segments
        (0 | 4, _) => "progressive",
        (1 | 3, Some(1)) if lower_first => "bottom field first",
        (1 | 3, Some(1)) => "top field first",
        (1 | 3, Some(2)) if lower_first => "top field first",
        (1 | 3, Some(2)) => "bottom field first",
        (2, _) => return place.warn("FIELDS", "only one field of each frame is stored", doc),
        _ => return,
    };
    doc.set("image.scan", |x| &mut x.image.scan, scan.to_owned(), place.origin("FrameLayout"));
}
