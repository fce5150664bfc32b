//! Cineon frames (Kodak, Cineon image file format 4.5): film scans of printing density.
//!
//! A header has no field for a reel, nor for a timecode. Programs exist that write the numbers of the header with the big
//! end first and the real numbers with the little end first; what is not plausible is therefore left out.

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::cineon::{self as at, GENERIC, of_channel, picture_start};
use crate::engine::container::dpx::{Cells, Layout};
use crate::engine::container::fixed::{Field, Fixed, Value};
use crate::engine::format::dpx::iso_date;
use crate::engine::image::{Decoded, Frame};
use crate::model::{ClipDoc, Error, Limits, Origin, Rational};
use std::collections::BTreeMap;
use std::path::Path;

/// Kodak Cineon.
pub struct Cineon;

const ID: &str = "cineon";

impl Format for Cineon {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "Cineon"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["cin"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        match at::magic(head) {
            None => 0,
            Some(_) if has_extension(path, self.extensions()) => 100,
            Some(_) => 90,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let head = at::read(&mut Bytes::file(input.file, input.size, limits))?;
        doc.format.id = ID.into();
        doc.format.container = Some("Cineon".into());
        let picture = Picture::read(&head)?;
        keep_raw(&head, picture.channels, doc);
        doc.set("image.width", |d| &mut d.image.width, picture.width, origin(&at::WIDTH));
        doc.set("image.height", |d| &mut d.image.height, picture.height, origin(&at::HEIGHT));
        essence(&head, &picture, doc);
        orientation(&head, doc);
        origination(&head, doc);
        check_size(&head, &picture, input.size, doc)?;
        doc.format.note_decodable(picture.layout(&head));
        Ok(())
    }

    fn decode(&self, input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
        let head = at::read(&mut Bytes::file(input.file, input.size, limits))?;
        let picture = Picture::read(&head)?;
        let layout = picture.layout(&head)?;
        decode(input, limits, &head, &picture, layout)
    }
}

fn origin(f: &Field) -> Origin {
    Origin::new(ID, f.name, format!("offset {:#x}", f.at))
}

/// What every channel has in common.
struct Picture {
    channels: usize,
    width: u32,
    height: u32,
    /// Of the first channel; `None` when the header does not say.
    depth: Option<u32>,
    /// Whether all channels have the same size and depth.
    alike: bool,
}

impl Picture {
    fn read(head: &Fixed) -> Result<Self, Error> {
        let channels = head.number(&at::CHANNELS).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if !(1..=at::MAX_CHANNELS).contains(&channels) {
            let what = format!("a Cineon picture has 1 to 8 channels, this header says {channels}");
            return Err(Error::malformed(what).offset(193));
        }
        let side = |f: &Field, name: &str| {
            let missing = || Error::malformed(format!("the Cineon header gives no {name} of the picture"));
            let at = u64::try_from(f.at).unwrap_or(0);
            head.number(f).filter(|n| *n > 0).ok_or_else(|| missing().offset(at))
        };
        let same = |f: &Field| (1..channels).all(|n| head.number(&of_channel(*f, n)) == head.number(f));
        Ok(Self {
            channels,
            width: side(&at::WIDTH, "width")?,
            height: side(&at::HEIGHT, "height")?,
            depth: head.number(&at::BIT_DEPTH).filter(|n| (1..=64).contains(n)),
            alike: same(&at::WIDTH) && same(&at::HEIGHT) && same(&at::BIT_DEPTH),
        })
    }

    /// How components lie in bytes, of a picture that is decoded: three channels of one size, pixel by pixel.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for every other form, by its name.
    fn layout(&self, head: &Fixed) -> Result<Layout, Error> {
        let refuse = |what: String| Err(Error::unsupported(format!("Cineon pictures {what} are not decoded")));
        if self.channels != 3 {
            return refuse(format!("with {} channels", self.channels));
        }
        if !self.alike {
            return refuse("whose channels are of different kinds".into());
        }
        let order = [0, 1, 2].map(|n| head.number(&of_channel(at::DESIGNATOR, n)).unwrap_or(0));
        if ![[1, 2, 3], [4, 5, 6], [0, 0, 0]].contains(&order) {
            return refuse(format!("whose channels are {order:?} and not red, green, blue"));
        }
        if head.number(&at::SIGN) == Some(1) {
            return refuse("with signed samples".into());
        }
        if let Some(n) = head.number(&at::INTERLEAVE).filter(|n| *n != 0) {
            return refuse(format!("with interleave code {n}"));
        }
        let Some(depth) = self.depth else { return refuse("without a bit depth".into()) };
        let packing = head.number(&at::PACKING).unwrap_or(u32::MAX);
        // only words that hold one whole pixel, or one component each, leave no question of where lines begin
        let layout = match (depth, packing & 0x7f) {
            (10, 5) => Layout::new(3, 10, 1, head.endian),
            (10, 6) => Layout::new(3, 10, 2, head.endian),
            (8, 0..=2) => Layout::new(3, 8, 0, head.endian),
            (16, 0 | 3 | 4) => Layout::new(3, 16, 0, head.endian),
            _ => None,
        };
        layout.map_or_else(|| refuse(format!("of {depth} bits with packing code {packing}")), Ok)
    }

    /// Bytes of a line with its padding, and of the whole picture without what follows the last line.
    fn room(&self, head: &Fixed, layout: &Layout) -> Option<(u64, u64, u64)> {
        let line = layout.bytes(u64::from(self.width).checked_mul(3)?)?;
        let padding = head.number(&at::LINE_PADDING).map_or(0, u64::from);
        let stride = line.checked_add(padding)?;
        let all = stride.checked_mul(u64::from(self.height) - 1)?.checked_add(line)?;
        Some((line, stride, all))
    }
}

/// Every defined field under `raw.cineon`; of the channels those that are in use.
fn keep_raw(head: &Fixed, channels: usize, doc: &mut ClipDoc) {
    doc.keep(ID, "byte_order", if head.endian == Endian::Big { "big" } else { "little" });
    let plain = GENERIC.iter().chain(at::FILM).map(|f| (f.name.to_owned(), *f));
    let each = (0..channels).flat_map(|n| {
        at::CHANNEL.iter().map(move |f| (f.name.replacen("channel", &format!("channel[{n}]"), 1), of_channel(*f, n)))
    });
    for (name, field) in plain.chain(each) {
        match head.value(&field) {
            Some(Value::Number(n)) => doc.keep(ID, &name, n),
            Some(Value::Real(x)) => doc.keep(ID, &name, f64::from(x)),
            Some(Value::Text(t)) => doc.keep(ID, &name, t),
            None => {}
        }
    }
}

fn essence(head: &Fixed, picture: &Picture, doc: &mut ClipDoc) {
    match picture.depth {
        Some(n) => doc.set("format.bit_depth", |d| &mut d.format.bit_depth, n, origin(&at::BIT_DEPTH)),
        None => doc.warn("META-VALUE", "the Cineon header gives no usable bit depth"),
    }
    let codec = match picture.channels {
        1 => Some("Y"),
        3 => Some("RGB"),
        _ => None,
    };
    if let Some(name) = codec {
        doc.set("format.codec", |d| &mut d.format.codec, name.into(), origin(&at::CHANNELS));
    }
    let of = || Origin::new(ID, "file.version", "the format has no compression");
    doc.set("format.compression", |d| &mut d.format.compression, "none".into(), of());
    let codes: Vec<_> = (0..picture.channels).map(|n| head.number(&of_channel(at::DESIGNATOR, n))).collect();
    if codes.iter().all(|c| matches!(c, Some(1..=3))) {
        let name = "Printing density".to_owned();
        doc.set("color.transfer", |d| &mut d.color.transfer, name, origin(&at::DESIGNATOR));
    }
    if head.number(&at::SENSE) == Some(1) {
        doc.warn("CINEON-NEGATIVE", "the header says that the picture is a negative");
    }
}

fn orientation(head: &Fixed, doc: &mut ClipDoc) {
    match head.number(&at::ORIENTATION) {
        Some(0) => doc.set("image.orientation", |d| &mut d.image.orientation, 0, origin(&at::ORIENTATION)),
        Some(3) => doc.set("image.orientation", |d| &mut d.image.orientation, 180, origin(&at::ORIENTATION)),
        Some(n) => {
            let text = format!("orientation code {n} mirrors or turns the picture in a way that is not undone");
            doc.warn("META-VALUE", text);
        }
        None => {}
    }
}

/// Rate, date and slate; a device is kept, as it names a scanner and not a reel.
fn origination(head: &Fixed, doc: &mut ClipDoc) {
    // 0 and 1 are what programs write that do not know the rate
    if let Some(x) = head.real(&at::FRAME_RATE).filter(|x| *x > 1.0) {
        match Rational::from_decimal_rate(f64::from(x)) {
            Some(r) => doc.set("fps.project", |d| &mut d.fps.project, r, origin(&at::FRAME_RATE)),
            None => doc.warn("META-RATE", format!("film.frame_rate is {x}, which is no known frame rate")),
        }
    }
    let date = |day: &Field, time: &Field| {
        let time = head.text(time)?;
        iso_date(&format!("{}:{}", head.text(day)?, time))
            .or_else(|| iso_date(&format!("{}:{}", head.text(day)?, time.get(..8)?)))
    };
    if let Some(d) = date(&at::SOURCE_DATE, &at::SOURCE_TIME) {
        doc.set("recorded.date", |x| &mut x.recorded.date, d, origin(&at::SOURCE_DATE));
    }
    if let Some(t) = head.text(&at::SLATE) {
        doc.set("slate.note", |d| &mut d.slate.note, t, origin(&at::SLATE));
    }
}

/// Whether the pixels are all there, of a layout that is known.
fn check_size(head: &Fixed, picture: &Picture, size: u64, doc: &mut ClipDoc) -> Result<(), Error> {
    let start = picture_start(head);
    if head.number(&at::IMAGE_OFFSET).map(u64::from) != Some(start) {
        let text = format!("the header gives no usable offset of the picture; {start} is assumed");
        doc.warn("CINEON-OFFSET", text);
    }
    let layout = picture.layout(head).ok();
    let needed = layout.and_then(|l| picture.room(head, &l)).map(|(_, _, all)| all);
    if let Some(end) = needed.and_then(|n| start.checked_add(n)).filter(|end| *end > size) {
        return Err(cut_off(picture, end, size));
    }
    match head.number(&at::FILE_SIZE).map(u64::from) {
        Some(said) if said != 0 && said != size && needed.is_some() => {
            let text = format!("the header says {said} bytes, the file has {size}; the picture is complete");
            doc.warn("CINEON-SIZE", text);
        }
        Some(said) if said > size => {
            let missing = said - size;
            let what = format!("the file is cut off: {missing} of the {said} bytes that its header says are missing");
            return Err(Error::truncated(what).offset(size).fix("copy the frame again from its source"));
        }
        _ => {}
    }
    Ok(())
}

fn cut_off(picture: &Picture, end: u64, size: u64) -> Error {
    let (w, h, missing) = (picture.width, picture.height, end.saturating_sub(size));
    let what = format!("the picture is cut off: {w}x{h} pixels need {end} bytes, of which {missing} are missing");
    Error::truncated(what).offset(size).fix("copy the frame again from its source")
}

/// Line by line, as DPX pixels are; the picture itself is bounded by `limits.memory`.
fn decode(input: &Input<'_>, limits: &Limits, head: &Fixed, p: &Picture, layout: Layout) -> Result<Decoded, Error> {
    let start = picture_start(head);
    let (line, stride, all) = p.room(head, &layout).ok_or_else(|| cut_off(p, u64::MAX, input.size))?;
    let end = start.saturating_add(all);
    if end > input.size {
        return Err(cut_off(p, end, input.size));
    }
    let mut frame = Frame::new(p.width, p.height, limits.memory.saturating_sub(line.saturating_mul(2)))?;
    // pixels are not metadata: they have an allowance of their own
    let mut b = Bytes::file(input.file, input.size, &Limits { header_bytes: all, ..*limits });
    let scale = f32::from(layout.highest());
    let samples = usize::try_from(p.width).unwrap_or(0).saturating_mul(3);
    let mut codes = vec![0u16; samples];
    for (n, row) in (0u64..).zip(frame.rows_mut()) {
        b.seek(start.saturating_add(stride.saturating_mul(n)));
        let bytes = b.take(line)?;
        layout.codes(&bytes, &mut codes);
        row.iter_mut().zip(&codes).for_each(|(to, c)| *to = f32::from(*c) / scale);
    }
    Ok(Decoded { frame, how: how(head, &layout, start) })
}

fn how(head: &Fixed, layout: &Layout, start: u64) -> BTreeMap<String, String> {
    let order = if head.endian == Endian::Big { "big endian" } else { "little endian" };
    let cells = match layout.cells {
        Cells::Byte => "8-bit RGB",
        Cells::Ten(2) => "10-bit RGB, filled from the left",
        Cells::Ten(_) => "10-bit RGB, filled from the right",
        _ => "16-bit RGB",
    };
    let mut how = BTreeMap::from([
        ("layout".to_owned(), format!("{cells}, {order}")),
        ("scale".to_owned(), format!("code / {}", layout.highest())),
        ("offset".to_owned(), format!("the pixels begin at byte {start}")),
    ]);
    if let Some(n) = head.number(&at::ORIENTATION).filter(|n| *n != 0) {
        how.insert("orientation".to_owned(), format!("as stored; the header says orientation code {n}"));
    }
    how
}

#[cfg(test)]
#[path = "cineon_tests.rs"]
mod tests;
