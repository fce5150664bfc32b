//! Which JPEG 2000 pictures are decoded, and their decoding by the `hayro-jpeg2000` crate.

use crate::engine::container::bmff::{Atom, find};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::jp2::{Codestream, Tiles};
use crate::engine::format::Input;
use crate::engine::image::{Decoded, Frame};
use crate::model::{ClipDoc, Error, Limits};
use hayro_jpeg2000::{DecodeError, DecodeSettings, DecoderContext, Image, MarkerError, TileError};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The crate that decodes, as accounts of outputs name it.
const DECODER: &str = "hayro-jpeg2000 0.5";
/// Bytes that the crate needs for a sample beside the codestream: coefficients, and what a transform writes to. 27 for each
/// pixel of three were measured (2717 x 3701).
const SAMPLE_BYTES: u64 = 16;
/// Bytes for a code block and each of its layers, and for a tile's resolution of a component, as measured with many of them.
const BLOCK_BYTES: u64 = 128;
const LAYER_BYTES: u64 = 32;
const RESOLUTION_BYTES: u64 = 600;
/// Most quality layers that the crate reads.
const MOST_LAYERS: u16 = 32;
/// Deepest samples that are decoded.
const MOST_BITS: u32 = 16;

/// What the header boxes say of the components (ISO/IEC 15444-1, I.5.3). Bare codestreams say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Colours {
    /// What the first colour box says; `None` without one.
    said: Option<Said>,
    /// Whether components are indexes into a palette.
    palette: bool,
    /// Components and what they are: number, type, association.
    channels: Vec<[u16; 3]>,
}

/// A colour box.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// Table I.10.
    Enumerated(u32),
    /// An ICC profile: the data space of its header.
    Profile([u8; 4]),
    /// A method that is not read, by its number.
    Other(u8),
}

impl Colours {
    /// Reads the boxes within `jp2h`.
    pub fn read(inner: &[Atom], b: &mut Bytes<'_>) -> Result<Self, Error> {
        let e = Endian::Big;
        let mut out = Self { palette: find(inner, b"pclr").is_some(), ..Self::default() };
        if let Some(colr) = find(inner, b"colr").filter(|a| !a.is_empty()) {
            b.seek(colr.body);
            let method = b.u8()?;
            b.skip(2);
            out.said = Some(match method {
                1 if colr.len() >= 7 => Said::Enumerated(b.u32(e)?),
                2 | 3 if colr.len() >= 23 => {
                    b.skip(16);
                    Said::Profile(b.array::<4>()?)
                }
                n => Said::Other(n),
            });
        }
        if let Some(cdef) = find(inner, b"cdef").filter(|a| a.len() >= 2) {
            b.seek(cdef.body);
            let count = u64::from(b.u16(e)?).min(cdef.len().saturating_sub(2) / 6).min(16);
            for _ in 0..count {
                out.channels.push([b.u16(e)?, b.u16(e)?, b.u16(e)?]);
            }
        }
        Ok(out)
    }
}

/// The form of a picture that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Components that are seen: 1 (brightness) or 3 (red, green, blue), the first of the picture.
    seen: usize,
    /// All components.
    all: usize,
    bits: u32,
    reversible: Option<bool>,
    /// The colours are multiplied by the transparency.
    multiplied: bool,
    /// Nothing says that three components are red, green and blue.
    assumed: bool,
    /// There is an ICC profile.
    profile: bool,
}

impl Form {
    /// What a person should know of a picture that is decoded.
    pub fn doubts(&self, doc: &mut ClipDoc) {
        if self.assumed {
            let text =
                "three components of a bare codestream are taken for red, green and blue; nothing says what they are";
            doc.warn("JP2-COMPONENTS", text);
        }
        if self.profile {
            doc.warn(
                "COLOR-PROFILE",
                "the picture has an ICC profile, which is not applied: state its colour space as `source`",
            );
        }
    }
}

/// Whether a picture is decoded, and how.
///
/// # Errors
/// `FORMAT-UNSUPPORTED`, by name.
pub(super) fn decodable(code: &Codestream, tiles: &Tiles, colours: &Colours) -> Result<Form, Error> {
    let refuse = |what: &str| Err(Error::unsupported(format!("JPEG 2000 pictures {what} are not decoded")));
    let style = code.coding.map_or(0, |c| c.block_style);
    if code.high_throughput || style & 0xc0 != 0 {
        return refuse("coded with High Throughput (HTJ2K)");
    }
    if code.profile & 0x8000 != 0 {
        return refuse("with extensions (ISO/IEC 15444-2)");
    }
    if matches!(code.profile, 3..=6) {
        return refuse("of digital cinema (X'Y'Z', SMPTE ST 428-1)");
    }
    if tiles.own_style {
        return refuse("in which a tile has a coding style of its own");
    }
    if code.coding.is_some_and(|c| c.layers > MOST_LAYERS) {
        return refuse(&format!("of more than {MOST_LAYERS} quality layers"));
    }
    if colours.palette {
        return refuse("with a palette");
    }
    let (seen, all) = components(code, colours)?;
    let Some(first) = code.components.first() else { return refuse("without components") };
    if code.components.iter().any(|c| c.step != (1, 1)) {
        return refuse("with subsampled components");
    }
    if code.components.iter().any(|c| c.signed) {
        return refuse("with signed samples");
    }
    if code.components.iter().take(seen).any(|c| c.bits != first.bits) {
        return refuse("whose components have different depths");
    }
    if code.components.iter().any(|c| c.bits > MOST_BITS) {
        return refuse(&format!("of more than {MOST_BITS} bits"));
    }
    let together = code.coding.is_some_and(|c| c.together);
    let assumed = seen == 3 && colours.said.is_none() && !together;
    // those for broadcast and IMF may as well hold Y'CbCr
    if assumed && code.profile >= 0x100 {
        return refuse("of three components of which nothing says whether they are RGB or Y'CbCr");
    }
    Ok(Form {
        seen,
        all,
        bits: first.bits,
        reversible: code.coding.map(|c| c.reversible),
        multiplied: colours.channels.iter().any(|[_, kind, _]| *kind == 2),
        assumed,
        profile: matches!(colours.said, Some(Said::Profile(_))),
    })
}

/// How many components are seen, and how many there are.
fn components(code: &Codestream, colours: &Colours) -> Result<(usize, usize), Error> {
    let refuse = |what: &str| Err(Error::unsupported(format!("JPEG 2000 pictures {what} are not decoded")));
    let all = code.components.len();
    let seen = if all >= 3 { 3 } else { 1 };
    // sRGB and its greys are the first components, whatever follows (I.5.3.3)
    let mut first_ones = false;
    match &colours.said {
        None => {}
        Some(Said::Enumerated(16)) if seen == 3 => first_ones = true,
        Some(Said::Enumerated(17)) if seen == 1 => first_ones = true,
        Some(Said::Enumerated(12)) => return refuse("in CMYK"),
        Some(Said::Enumerated(18)) => return refuse("in sYCC"),
        Some(Said::Enumerated(n)) => return refuse(&format!("of {all} components in the enumerated colour space {n}")),
        Some(Said::Profile(space)) if *space == if seen == 3 { *b"RGB " } else { *b"GRAY" } => {}
        Some(Said::Profile(space)) => {
            let space = String::from_utf8_lossy(space);
            return refuse(&format!("of {all} components with an ICC profile for {}", space.trim_end().escape_debug()));
        }
        Some(Said::Other(n)) => return refuse(&format!("whose colours are specified by method {n}")),
    }
    let plain = [[0, 0, 1], [1, 0, 2], [2, 0, 3]];
    let wanted = plain.get(..seen).unwrap_or_default();
    let stated = |n: &[u16; 3]| colours.channels.is_empty() || colours.channels.contains(n);
    if !wanted.iter().all(stated) {
        return refuse("whose components stand in another order than red, green, blue");
    }
    let alpha = colours.channels.iter().any(|[n, kind, _]| usize::from(*n) == seen && matches!(kind, 1 | 2));
    match all {
        1 | 3 => Ok((seen, all)),
        2 | 4 if alpha || (first_ones && colours.channels.is_empty()) => Ok((seen, all)),
        n => refuse(&format!("of {n} components of which nothing says what they are")),
    }
}

/// Decodes the codestream from `at` to `end`.
///
/// Damage of the markers and of the headers of packets is noticed. Within code blocks, JPEG 2000 has nothing by which it could
/// be, and neither has a tile whose last packets were cut off at the end of one.
///
/// # Errors
/// `FILE-MALFORMED` when it is damaged, `FORMAT-UNSUPPORTED`, `LIMIT-MEMORY`, Io.
pub(super) fn decode(
    input: &Input<'_>,
    (at, end): (u64, u64),
    code: &Codestream,
    tiles: &Tiles,
    form: &Form,
    limits: &Limits,
) -> Result<Decoded, Error> {
    let stored = end.saturating_sub(at);
    let left = limits.memory.saturating_sub(stored).saturating_sub(needs(code));
    let mut frame = Frame::new(code.width, code.height, left)?;
    // the picture is not metadata: it has an allowance of its own
    let mut b = Bytes::file(input.file, input.size, &Limits { header_bytes: stored, ..*limits });
    b.seek(at);
    let mut bytes = b.take(stored)?;
    close(&mut bytes, at, tiles);
    // the crate indexes and asserts: what it does not expect of hostile bytes must end here, not the program
    let done = catch_unwind(AssertUnwindSafe(|| fill(&bytes, form, &mut frame)));
    let done = done.unwrap_or_else(|_| Err(Error::malformed("the JPEG 2000 picture breaks the rules of its coding")));
    done.map_err(|e| e.offset(at))?;
    Ok(Decoded { frame, how: how(form, at) })
}

/// Memory that the crate needs.
fn needs(code: &Codestream) -> u64 {
    let samples = u64::from(code.width).saturating_mul(code.height.into());
    let components = u64::try_from(code.components.len()).unwrap_or(u64::MAX);
    let Some(c) = code.coding else { return u64::MAX };
    let block = c.block.0.min(c.least_precinct).saturating_add(c.block.1.min(c.least_precinct));
    let resolutions = code.tile_count().saturating_mul(u64::from(c.levels).saturating_add(1));
    // a third more for the smaller resolutions, and one at least for each of a tile
    let blocks = ((samples.saturating_mul(4) / 3) >> block.min(32)).saturating_add(resolutions.saturating_mul(3));
    let of_blocks = blocks.saturating_mul(BLOCK_BYTES.saturating_add(LAYER_BYTES.saturating_mul(c.layers.into())));
    let each = samples.saturating_mul(SAMPLE_BYTES);
    let each = each.saturating_add(of_blocks).saturating_add(resolutions.saturating_mul(RESOLUTION_BYTES));
    each.saturating_mul(components)
}

/// Writes the length of a tile part that goes on to the end, which the crate would take the end marker for.
fn close(bytes: &mut [u8], at: u64, tiles: &Tiles) {
    let Some((field, begins)) = tiles.open else { return };
    let all = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let length = all.saturating_sub(2).saturating_sub(begins.saturating_sub(at));
    let from = usize::try_from(field.saturating_sub(at)).unwrap_or(usize::MAX);
    let there = bytes.ends_with(&[0xff, 0xd9]);
    let place = bytes.get_mut(from..from.saturating_add(4));
    if let (true, Some(place), Ok(length)) = (there, place, u32::try_from(length)) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

fn fill(bytes: &[u8], form: &Form, frame: &mut Frame) -> Result<(), Error> {
    let settings = DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let image = Image::new(bytes, &settings).map_err(refused)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(refused)?;
    let pixels = frame.data().len() / Frame::CHANNELS;
    let planes: Vec<&[f32]> = decoded.components().iter().take(form.seen).map(|c| c.samples()).collect();
    if planes.len() != form.seen || planes.iter().any(|p| p.len() != pixels) {
        return Err(Error::malformed("the coded JPEG 2000 picture has another size than its header says"));
    }
    let top = highest(form.bits);
    // the irreversible transform ends between codes
    let code = |x: Option<&f32>| x.copied().unwrap_or_default().round().clamp(0.0, top) / top;
    for (n, pixel) in frame.data_mut().as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let of = |c: usize| code(planes.get(c).and_then(|p| p.get(n)));
        *pixel = if form.seen == 1 { [of(0); 3] } else { [of(0), of(1), of(2)] };
    }
    Ok(())
}

/// The highest code.
fn highest(bits: u32) -> f32 {
    (1u32 << bits.min(MOST_BITS)).saturating_sub(1) as f32
}

fn refused(e: DecodeError) -> Error {
    let what = match e {
        DecodeError::Marker(MarkerError::Unsupported) => {
            return Error::unsupported(format!("this JPEG 2000 picture is not decoded: {e}"));
        }
        DecodeError::Tile(TileError::Invalid) => "its packets are damaged".to_owned(),
        e => e.to_string(),
    };
    Error::malformed(format!("the JPEG 2000 picture is damaged: {what}")).fix("copy the frame again from its source")
}

fn how(form: &Form, at: u64) -> BTreeMap<String, String> {
    let kind = if form.seen == 1 { "brightness" } else { "RGB" };
    let wavelet = match form.reversible {
        Some(true) => ", reversible 5-3 wavelet",
        Some(false) => ", irreversible 9-7 wavelet, rounded to codes",
        None => "",
    };
    let mut how = BTreeMap::from([
        ("decoder".to_owned(), DECODER.to_owned()),
        ("layout".to_owned(), format!("{}-bit {kind}, JPEG 2000{wavelet}", form.bits)),
        ("offset".to_owned(), format!("the codestream begins at byte {at}")),
        ("scale".to_owned(), format!("code / {}", highest(form.bits))),
    ]);
    if form.all > form.seen {
        let multiplied = if form.multiplied { "not used; the colours are multiplied by it" } else { "not used" };
        how.insert("alpha".to_owned(), multiplied.to_owned());
    }
    if form.assumed {
        how.insert("components".to_owned(), "taken for red, green and blue, nothing says it".to_owned());
    }
    if form.profile {
        how.insert("profile".to_owned(), "an ICC profile, not applied".to_owned());
    }
    how
}
