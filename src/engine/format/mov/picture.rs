//! The picture: size, codec, depth, geometry, frames and rate of the first enabled video track.

use super::movie::{Movie, Track, or_warn, track_name};
use super::rate::{Pace, pace};
use super::tags::Found;
use super::{ID, codecs, color};
use crate::engine::container::bmff::{self, Atom, FourCc, Fragments, Times, VisualEntry, Walk, find};
use crate::engine::container::bytes::{Bytes, Endian, field_text};
use crate::model::{ClipDoc, Error, Rational, Rect};

/// The track of the picture and how it runs.
#[derive(Clone, Copy)]
pub(super) struct Picture<'m> {
    pub track: &'m Track,
    pub times: Option<Times>,
}

/// Reads the picture; `None` for sound alone.
pub(super) fn read<'m>(
    movie: &'m Movie,
    fragments: Option<&Fragments>,
    found: &Found,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<Option<Picture<'m>>, Error> {
    let all = movie.of_kind(b"vide");
    let Some(t) = all.first().copied() else { return Ok(None) };
    if all.len() > 1 {
        let text = format!("the movie has {} video tracks; track {} is taken as the picture", all.len(), t.number);
        doc.warn("MOV-TRACKS", text);
    }
    if !t.enabled() {
        doc.warn("MOV-TRACKS", format!("no video track is enabled; track {} is taken as the picture", t.number));
    }
    for v in &all {
        let codes: Vec<_> = v.entries.iter().map(Atom::name).collect();
        doc.keep(ID, &v.tag("codec"), codes.join(" "));
        if let Some(name) = track_name(b, v, walk.limits(), walk)? {
            doc.keep(ID, &v.tag("name"), name);
        }
    }
    if t.entries.len() > 1 {
        let text = format!("track {} has {} sample descriptions; the first is used", t.number, t.entries.len());
        doc.warn("MOV-DESCRIPTIONS", text);
    }
    super::fields::maker_color(found, doc);
    if let Some(a) = t.entries.first()
        && let Some(entry) = or_warn(VisualEntry::read(b, a, walk), walk)?
    {
        describe(t, a, &entry, b, walk, doc)?;
    } else {
        doc.warn("MOV-DESCRIPTIONS", format!("track {} does not say what its samples are", t.number));
    }
    rotation(t, doc);
    let times = frames(t, fragments, doc);
    edited(movie, t, times.as_ref(), doc);
    Ok(Some(Picture { track: t, times }))
}

/// The code of an entry, or of what is inside an encrypted one.
fn format_of(a: &Atom, children: &[Atom], b: &mut Bytes<'_>, walk: &mut Walk<'_>) -> Result<FourCc, Error> {
    if &a.id == b"encv"
        && let Some(sinf) = find(children, b"sinf")
        && let Some(frma) = find(&walk.loose_children(b, &sinf)?, b"frma").filter(|f| f.len() >= 4)
    {
        b.seek(frma.body);
        return b.array();
    }
    Ok(a.id)
}

fn describe(
    t: &Track,
    a: &Atom,
    entry: &VisualEntry,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let code = format_of(a, &entry.children, b, walk)?;
    let (name, fixed) = codecs::picture(code);
    if code.starts_with(b"br") {
        // Blackmagic RAW is a format of its own inside QuickTime
        doc.format.id = "braw".into();
    }
    // what is encrypted keeps its own code outside
    doc.format.decodable = codecs::decoded(a.id);
    doc.set("format.codec", |d| &mut d.format.codec, name, t.origin("stsd", a.at));
    doc.keep(ID, &t.tag("vendor"), bmff::name(entry.vendor));
    doc.keep(ID, &t.tag("depth"), entry.depth);
    if let Some(c) = field_text(&entry.compressor) {
        doc.keep(ID, &t.tag("compressor"), c);
    }
    let (w, h) = (u32::from(entry.width), u32::from(entry.height));
    if w > 0 && h > 0 {
        doc.set("image.width", |d| &mut d.image.width, w, t.origin("stsd.width", a.at));
        doc.set("image.height", |d| &mut d.image.height, h, t.origin("stsd.height", a.at));
    } else {
        doc.warn("MOV-SIZE", format!("the sample description gives a picture of {w}x{h} pixels"));
    }
    let found = match depth(&code, entry, b)? {
        Some((n, at)) => Some((n, t.origin("configuration", at))),
        // Depths 24 and 32 of these two are three or four components of 8 bits.
        None if matches!(&code, b"raw " | b"rle ") && matches!(entry.depth, 24 | 32) => {
            Some((8, t.origin("stsd.depth", a.at)))
        }
        None => fixed.map(|n| (n, t.origin("stsd", a.at))),
    };
    if let Some((bits, origin)) = found {
        doc.set("format.bit_depth", |d| &mut d.format.bit_depth, bits, origin);
    }
    for c in &entry.children {
        match &c.id {
            b"colr" => color::read(t, c, b, doc)?,
            b"pasp" => pixel_aspect(t, c, b, doc)?,
            b"clap" => clean_aperture(t, c, (w, h), b, doc)?,
            b"fiel" => fields(t, c, b, doc)?,
            b"gama" if c.len() >= 4 => {
                b.seek(c.body);
                doc.keep(ID, &t.tag("gamma"), f64::from(b.u32(Endian::Big)?) / 65536.0);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads bits per component from the contents of a configuration box.
type Read = fn(&[u8]) -> Option<u32>;

/// Bits per component from the decoder configuration, and where it lies.
fn depth(code: &FourCc, entry: &VisualEntry, b: &mut Bytes<'_>) -> Result<Option<(u32, u64)>, Error> {
    let (id, read): (&FourCc, Read) = match code {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" => (b"avcC", bmff::avc_bits),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => (b"hvcC", bmff::hevc_bits),
        b"av01" => (b"av1C", bmff::av1_bits),
        _ => return Ok(None),
    };
    let Some(c) = find(&entry.children, id) else { return Ok(None) };
    Ok(read(&bmff::contents(b, &c, 4096)?).map(|n| (n, c.at)))
}

fn pixel_aspect(t: &Track, a: &Atom, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    if a.len() < 8 {
        return Ok(());
    }
    b.seek(a.body);
    let (h, v) = (b.u32(Endian::Big)?, b.u32(Endian::Big)?);
    doc.keep(ID, &t.tag("pasp"), format!("{h}:{v}"));
    if h > 0 && v > 0 {
        let ratio = f64::from(h) / f64::from(v);
        doc.set("image.pixel_aspect", |d| &mut d.image.pixel_aspect, ratio, t.origin("pasp", a.at));
    }
    Ok(())
}

/// The clean aperture as a rectangle of whole pixels; a fraction of a pixel stays in `raw`.
fn clean_aperture(t: &Track, a: &Atom, (w, h): (u32, u32), b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    if a.len() < 32 {
        return Ok(());
    }
    b.seek(a.body);
    let mut n = [(0u32, 0u32); 4];
    for x in &mut n {
        *x = (b.u32(Endian::Big)?, b.u32(Endian::Big)?);
    }
    let text: Vec<_> = n.iter().map(|(n, d)| format!("{}/{d}", n.cast_signed())).collect();
    doc.keep(ID, &t.tag("clap"), text.join(" "));
    let [width, height, x, y] = n.map(|(n, d)| f64::from(n.cast_signed()) / f64::from(d));
    let left = (f64::from(w) - width) / 2.0 + x;
    let top = (f64::from(h) - height) / 2.0 + y;
    let whole = |v: f64, most: u32| v.fract() == 0.0 && (0.0..=f64::from(most)).contains(&v);
    if !(width > 0.0 && height > 0.0 && left + width <= f64::from(w) && top + height <= f64::from(h)) {
        doc.warn("MOV-CLAP", "the clean aperture (clap) does not lie within the picture");
    } else if whole(left, w) && whole(top, h) && whole(width, w) && whole(height, h) {
        let r = Rect { x: left as i32, y: top as i32, width: width as u32, height: height as u32 };
        doc.set("image.active", |d| &mut d.image.active, r, t.origin("clap", a.at));
    }
    Ok(())
}

fn fields(t: &Track, a: &Atom, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let (text, scan) = match *bmff::contents(b, a, 2)?.as_slice() {
        [1, _] => ("progressive".to_owned(), Some("progressive")),
        [2, 1 | 9] => ("interlaced, top field first".to_owned(), Some("top field first")),
        [2, 6 | 14] => ("interlaced, bottom field first".to_owned(), Some("bottom field first")),
        [n, order] => (format!("{n} fields, order {order}"), None),
        _ => return Ok(()),
    };
    doc.keep(ID, &t.tag("fields"), text);
    if let Some(scan) = scan {
        doc.set("image.scan", |d| &mut d.image.scan, scan.to_owned(), t.origin("fiel", a.at));
    }
    Ok(())
}

/// The rotation in the track's matrix; scaling alone is none.
fn rotation(t: &Track, doc: &mut ClipDoc) {
    let degrees = match t.head.matrix {
        [0, 0, 0, 0] => return,
        [a, 0, 0, d] if a > 0 && d > 0 => 0,
        [0, b, c, 0] if b > 0 && c < 0 => 90,
        [a, 0, 0, d] if a < 0 && d < 0 => 180,
        [0, b, c, 0] if b < 0 && c > 0 => 270,
        m => {
            let text = format!("the matrix {m:?} of track {} is no rotation by right angles", t.number);
            doc.warn("MOV-MATRIX", text);
            return;
        }
    };
    let origin = super::origin(&t.tag("tkhd.matrix"), 0);
    let origin = crate::model::Origin { place: format!("moov/trak[{}]/tkhd", t.number), ..origin };
    doc.set("image.orientation", |d| &mut d.image.orientation, degrees, origin);
}

/// Frames and rate. Returns the durations they come from.
fn frames(t: &Track, fragments: Option<&Fragments>, doc: &mut ClipDoc) -> Option<Times> {
    doc.keep(ID, &t.tag("timescale"), t.media.timescale);
    if let Some(n) = t.media.duration {
        doc.keep(ID, &t.tag("duration"), n);
    }
    let mut times = t.times;
    let mut count = t.samples();
    if let Some(f) = fragments {
        // The header may list the samples before the first fragment.
        let more = f.tracks.get(&t.head.id).copied();
        times = if f.complete { Some(times.unwrap_or_default().then(&more.unwrap_or_default())) } else { None };
        count = times.map(|x| x.count);
    } else if let (Some(a), Some(c)) = (times, t.sizes)
        && a.count != u64::from(c.count)
    {
        let text = format!("the header lists the durations of {} frames but the sizes of {}", a.count, c.count);
        doc.warn("MOV-TABLE", text);
    }
    let Some(count) = count.filter(|n| *n > 0) else {
        doc.warn("MOV-FRAMES", "the number of frames is not known: the header lists none");
        return times;
    };
    let tag = if fragments.is_some() { "trun" } else { "stsz" };
    doc.set("clip.frames", |d| &mut d.clip.frames, count, t.origin(tag, t.stbl));
    let x = times?;
    let at = |tag| t.origin(tag, t.stbl);
    match pace(t.media.timescale, &x) {
        Pace::Constant(r) => {
            if !matches!(r.den(), 1 | 1001) && Rational::from_decimal_rate(r.as_f64()) != Some(r) {
                doc.warn("META-RATE", format!("every frame lasts the same, but {r} is no rate that is in use"));
            }
            doc.set("fps.project", |d| &mut d.fps.project, r, at("stts"));
        }
        Pace::Rounded(r) => {
            doc.keep(ID, &t.tag("rounded_durations"), true);
            doc.set("fps.project", |d| &mut d.fps.project, r, at("stts"));
        }
        Pace::Variable(least, most, average) => {
            let text = format!(
                "frames last {least} to {most} ticks of 1/{} s (on average {average:.3} per second), so there is no one frame rate",
                t.media.timescale
            );
            doc.warn("MOV-VARIABLE-RATE", text);
            let seconds = x.total as f64 / f64::from(t.media.timescale.max(1));
            doc.set("clip.duration_s", |d| &mut d.clip.duration_s, seconds, at("stts"));
        }
        Pace::Unknown => doc.warn("META-RATE-UNKNOWN", "the durations of the frames give no frame rate"),
    }
    Some(x)
}

/// Says when the edit list shows other frames than those that are stored.
fn edited(movie: &Movie, t: &Track, times: Option<&Times>, doc: &mut ClipDoc) {
    if t.edits.is_empty() {
        return;
    }
    let list: Vec<_> = t.edits.iter().take(64).map(|e| format!("{} {} {}", e.duration, e.media_time, e.rate)).collect();
    doc.keep(ID, &t.tag("edits"), list);
    let (scale, movie_scale) = (f64::from(t.media.timescale), f64::from(movie.header.timescale));
    let Some(x) = times.filter(|x| x.count > 0 && scale > 0.0 && movie_scale > 0.0) else { return };
    let frame = x.total as f64 / x.count as f64 / scale;
    let shown: f64 = t.edits.iter().filter(|e| e.media_time >= 0).map(|e| e.duration as f64 / movie_scale).sum();
    let first = t.edits.iter().find(|e| e.media_time >= 0).map_or(0, |e| e.media_time);
    let late = first.saturating_sub(t.shift) as f64 / scale >= frame;
    let cut = shown > 0.0 && x.total as f64 / scale - shown >= frame;
    let other_speed = t.edits.iter().any(|e| e.media_time >= 0 && e.rate != 1 << 16);
    if late || cut || other_speed || t.edits.iter().filter(|e| e.media_time >= 0).count() > 1 {
        let text = format!(
            "the edit list of track {} shows {shown:.3} s of {:.3} s; frames and timecode are those of the stored media",
            t.number,
            x.total as f64 / scale
        );
        doc.warn("MOV-EDIT", text);
    }
}
