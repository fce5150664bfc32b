//! Which JPEG 2000 pictures are decoded, and their decoding by the `hayro-jpeg2000` crate.

use crate::engine::container::bmff::{Atom, find};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::jp2::Codestream;
use crate::engine::format::Input;
use crate::engine::image::{Decoded, Frame};
use crate::model::{Error, ErrorKind, Limits};
use hayro_jpeg2000::{DecodeError, DecodeSettings, DecoderContext, Image, MarkerError, TileError};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The crate that decodes, as accounts of outputs name it.
const DECODER: &str = "hayro-jpeg2000 0.5";
/// Bytes that the crate needs for a sample, at most, beside the codestream: coefficients, flags and what a transform
/// writes to. 27 for each pixel of three were measured.
const SAMPLE_BYTES: u64 = 16;
/// Deepest samples that are decoded.
const MOST_BITS: u32 = 16;

/// What the header boxes say of the components (ISO/IEC 15444-1, I.5.3). Bare codestreams say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Colours {
    /// The enumerated space of the first colour box.
    space: Option<u32>,
    /// Whether components are indexes into a palette.
    palette: bool,
    /// Components and what they are: number, type, association.
    channels: Vec<[u16; 3]>,
}

impl Colours {
    /// Reads the boxes within `jp2h`.
    pub fn read(inner: &[Atom], b: &mut Bytes<'_>) -> Result<Self, Error> {
        let e = Endian::Big;
        let mut out = Self { palette: find(inner, b"pclr").is_some(), ..Self::default() };
        if let Some(colr) = find(inner, b"colr").filter(|a| a.len() >= 7) {
            b.seek(colr.body);
            let method = b.u8()?;
            b.skip(2);
            out.space = if method == 1 { Some(b.u32(e)?) } else { None };
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
}

/// Whether a picture is decoded, and how.
///
/// # Errors
/// `FORMAT-UNSUPPORTED`, by name.
pub(super) fn decodable(code: &Codestream, colours: &Colours) -> Result<Form, Error> {
    let refuse = |what: &str| Err(Error::unsupported(format!("JPEG 2000 pictures {what} are not decoded")));
    if code.high_throughput {
        return refuse("coded with High Throughput (HTJ2K)");
    }
    if matches!(code.profile, 3..=6) {
        return refuse("of digital cinema (X'Y'Z', SMPTE ST 428-1)");
    }
    if colours.palette {
        return refuse("with a palette");
    }
    match colours.space {
        None | Some(16 | 17) => {}
        Some(12) => return refuse("in CMYK"),
        Some(18) => return refuse("in sYCC"),
        Some(n) => return refuse(&format!("in the enumerated colour space {n}")),
    }
    let all = code.components.len();
    let seen = if all >= 3 { 3 } else { 1 };
    let plain = [[0, 0, 1], [1, 0, 2], [2, 0, 3]];
    let wanted = plain.get(..seen).unwrap_or_default();
    let stated = |n: &[u16; 3]| colours.channels.is_empty() || colours.channels.contains(n);
    if !wanted.iter().all(stated) {
        return refuse("whose components stand in another order than red, green, blue");
    }
    let alpha = colours.channels.iter().any(|[n, kind, _]| usize::from(*n) == seen && matches!(kind, 1 | 2));
    match all {
        1 | 3 => {}
        2 | 4 if alpha => {}
        n => return refuse(&format!("of {n} components")),
    }
    let Some(first) = code.components.first() else { return refuse("without components") };
    let seen_ones = code.components.iter().take(seen);
    if code.components.iter().any(|c| c.step != (1, 1)) {
        return refuse("with subsampled components");
    }
    if code.components.iter().any(|c| c.signed) {
        return refuse("with signed samples");
    }
    if seen_ones.clone().any(|c| c.bits != first.bits) {
        return refuse("whose components have different depths");
    }
    if code.components.iter().any(|c| c.bits > MOST_BITS) {
        return refuse(&format!("of more than {MOST_BITS} bits"));
    }
    Ok(Form { seen, all, bits: first.bits, reversible: code.coding.map(|c| c.reversible) })
}

/// Decodes the codestream from `at` to `end`.
///
/// # Errors
/// `FILE-MALFORMED` when it is damaged (nothing is concealed), `FORMAT-UNSUPPORTED`, `LIMIT-MEMORY`, Io.
pub(super) fn decode(
    input: &Input<'_>,
    (at, end): (u64, u64),
    code: &Codestream,
    form: Form,
    limits: &Limits,
) -> Result<Decoded, Error> {
    let stored = end.saturating_sub(at);
    let samples = u64::from(code.width).saturating_mul(code.height.into());
    let inside = samples.saturating_mul(u64::try_from(form.all).unwrap_or(u64::MAX)).saturating_mul(SAMPLE_BYTES);
    let left = limits.memory.saturating_sub(stored).saturating_sub(inside);
    let mut frame = Frame::new(code.width, code.height, left)?;
    // the picture is not metadata: it has an allowance of its own
    let mut b = Bytes::file(input.file, input.size, &Limits { header_bytes: stored, ..*limits });
    b.seek(at);
    let bytes = b.take(stored)?;
    // the crate indexes and asserts: what it does not expect of hostile bytes must end here, not the program
    let done = catch_unwind(AssertUnwindSafe(|| fill(&bytes, form, &mut frame)));
    let done = done.unwrap_or_else(|_| Err(Error::malformed("the JPEG 2000 picture breaks the rules of its coding")));
    done.map_err(|e| e.offset(at))?;
    Ok(Decoded { frame, how: how(form, at) })
}

fn fill(bytes: &[u8], form: Form, frame: &mut Frame) -> Result<(), Error> {
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
    match e {
        DecodeError::Marker(MarkerError::Unsupported) => {
            Error::unsupported(format!("this JPEG 2000 picture is not decoded: {e}"))
        }
        DecodeError::Tile(TileError::Invalid) | DecodeError::Decoding(_) | DecodeError::Marker(_) => {
            Error::malformed(format!("the JPEG 2000 picture is damaged: {e}"))
                .fix("copy the frame again from its source")
        }
        _ => {
            Error::new(ErrorKind::Malformed, "FILE-MALFORMED", format!("the JPEG 2000 picture cannot be decoded: {e}"))
        }
    }
}

fn how(form: Form, at: u64) -> BTreeMap<String, String> {
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
        how.insert("alpha".to_owned(), "not used".to_owned());
    }
    how
}
