//! Typed attribute values, read and written by one table of types.

use super::part::{Channel, SampleKind};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::model::{Error, Limits};

const LE: Endian = Endian::Little;

/// Longest name of an attribute, a type or a channel, bytes.
pub(super) const MOST_NAME: usize = 255;

/// The value of a header attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum ExrValue {
    /// `string`; bytes that are no UTF-8 were taken as ISO 8859-1.
    Text(String),
    /// `stringvector`.
    Texts(Vec<String>),
    /// `int`.
    Int(i32),
    /// `float`; may be NaN or infinite.
    Float(f32),
    /// `double`; may be NaN or infinite.
    Double(f64),
    /// `floatvector`.
    Floats(Vec<f32>),
    /// `rational`: numerator and denominator as stored.
    Rational(i32, u32),
    /// `timecode`: the packed time and flags, and the user data, as stored.
    TimeCode {
        /// BCD digits and flags, see [`super::unpack_timecode`].
        time: u32,
        /// Eight groups of four bits.
        user: u32,
    },
    /// `keycode`: maker, film type, prefix, count, perforation offset, perforations per frame and per count.
    KeyCode([i32; 7]),
    /// `chromaticities`: CIE x and y of red, green, blue and white.
    Chromaticities([f32; 8]),
    /// `v2i`.
    V2i([i32; 2]),
    /// `v2f`.
    V2f([f32; 2]),
    /// `v2d`.
    V2d([f64; 2]),
    /// `v3i`.
    V3i([i32; 3]),
    /// `v3f`.
    V3f([f32; 3]),
    /// `v3d`.
    V3d([f64; 3]),
    /// `box2i`: x and y of the first, then of the last pixel.
    Box2i([i32; 4]),
    /// `box2f`: the least, then the greatest x and y.
    Box2f([f32; 4]),
    /// `m33f`, row after row.
    M33f([f32; 9]),
    /// `m33d`, row after row.
    M33d([f64; 9]),
    /// `m44f`, row after row.
    M44f([f32; 16]),
    /// `m44d`, row after row.
    M44d([f64; 16]),
    /// `chlist`.
    Channels(Vec<Channel>),
    /// `compression`, as a number.
    Compression(u8),
    /// `lineOrder`: 0 increasing, 1 decreasing, 2 random.
    LineOrder(u8),
    /// `envmap`: 0 latitude-longitude, 1 cube.
    Envmap(u8),
    /// `deepImageState`: 0 messy, 1 sorted, 2 non-overlapping, 3 tidy.
    DeepState(u8),
    /// `tiledesc`.
    Tiles {
        /// Width of a tile, pixels.
        width: u32,
        /// Height of a tile, pixels.
        height: u32,
        /// Levels in the low four bits (0 one, 1 mipmap, 2 ripmap), rounding in the others (0 down, 1 up).
        mode: u8,
    },
    /// `preview`: a small RGBA picture, of which only the size is kept.
    Preview {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Of another type, or not of the form that its type demands: only the length is kept. Never written.
    Opaque {
        /// The type as the file names it.
        kind: String,
        /// Bytes of the value.
        bytes: u64,
    },
}

impl ExrValue {
    /// The name of its type in the file.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Text(_) => "string",
            Self::Texts(_) => "stringvector",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Double(_) => "double",
            Self::Floats(_) => "floatvector",
            Self::Rational(..) => "rational",
            Self::TimeCode { .. } => "timecode",
            Self::KeyCode(_) => "keycode",
            Self::Chromaticities(_) => "chromaticities",
            Self::V2i(_) => "v2i",
            Self::V2f(_) => "v2f",
            Self::V2d(_) => "v2d",
            Self::V3i(_) => "v3i",
            Self::V3f(_) => "v3f",
            Self::V3d(_) => "v3d",
            Self::Box2i(_) => "box2i",
            Self::Box2f(_) => "box2f",
            Self::M33f(_) => "m33f",
            Self::M33d(_) => "m33d",
            Self::M44f(_) => "m44f",
            Self::M44d(_) => "m44d",
            Self::Channels(_) => "chlist",
            Self::Compression(_) => "compression",
            Self::LineOrder(_) => "lineOrder",
            Self::Envmap(_) => "envmap",
            Self::DeepState(_) => "deepImageState",
            Self::Tiles { .. } => "tiledesc",
            Self::Preview { .. } => "preview",
            Self::Opaque { kind, .. } => kind,
        }
    }

    /// Reads a value of `size` bytes and of the type `kind`; the cursor is then behind it. A value of the wrong length
    /// for its type, and one of an unknown type, is [`ExrValue::Opaque`].
    ///
    /// # Errors
    /// `FILE-TRUNCATED`, `LIMIT-SIZE` for more than `limits.items` channels or texts, `FILE-MALFORMED` for a list of
    /// channels that cannot be read.
    pub fn read(b: &mut Bytes<'_>, kind: &str, size: u64, limits: &Limits) -> Result<Self, Error> {
        let at = b.pos();
        let end = at.checked_add(size).filter(|e| *e <= b.size());
        let end = end.ok_or_else(|| {
            Error::truncated(format!("an attribute of {size} bytes does not fit in the file"))
                .offset(at)
                .fix("copy the file again from its source")
        })?;
        let read = Self::known(b, kind, size, limits)?;
        b.seek(end);
        Ok(read.unwrap_or_else(|| Self::Opaque { kind: kind.to_owned(), bytes: size }))
    }

    fn known(b: &mut Bytes<'_>, kind: &str, size: u64, limits: &Limits) -> Result<Option<Self>, Error> {
        Ok(Some(match (kind, size) {
            ("string", _) => Self::Text(text(&b.take(size)?)),
            ("stringvector", _) => return Ok(texts(&b.take(size)?, limits)?.map(Self::Texts)),
            ("floatvector", _) if size.is_multiple_of(4) => {
                let bytes = b.take(size)?;
                let (words, _) = bytes.as_chunks::<4>();
                Self::Floats(words.iter().map(|w| f32::from_le_bytes(*w)).collect())
            }
            ("chlist", _) => Self::Channels(channels(&b.take(size)?, at_of(b, size), limits)?),
            ("int", 4) => Self::Int(int(b)?),
            ("float", 4) => Self::Float(b.f32(LE)?),
            ("double", 8) => Self::Double(double(b)?),
            ("rational", 8) => Self::Rational(int(b)?, b.u32(LE)?),
            ("timecode", 8) => Self::TimeCode { time: b.u32(LE)?, user: b.u32(LE)? },
            ("keycode", 28) => Self::KeyCode(ints(b)?),
            ("chromaticities", 32) => Self::Chromaticities(floats(b)?),
            ("v2i", 8) => Self::V2i(ints(b)?),
            ("v2f", 8) => Self::V2f(floats(b)?),
            ("v2d", 16) => Self::V2d(doubles(b)?),
            ("v3i", 12) => Self::V3i(ints(b)?),
            ("v3f", 12) => Self::V3f(floats(b)?),
            ("v3d", 24) => Self::V3d(doubles(b)?),
            ("box2i", 16) => Self::Box2i(ints(b)?),
            ("box2f", 16) => Self::Box2f(floats(b)?),
            ("m33f", 36) => Self::M33f(floats(b)?),
            ("m33d", 72) => Self::M33d(doubles(b)?),
            ("m44f", 64) => Self::M44f(floats(b)?),
            ("m44d", 128) => Self::M44d(doubles(b)?),
            ("compression", 1) => Self::Compression(b.u8()?),
            ("lineOrder", 1) => Self::LineOrder(b.u8()?),
            ("envmap", 1) => Self::Envmap(b.u8()?),
            ("deepImageState", 1) => Self::DeepState(b.u8()?),
            ("tiledesc", 9) => Self::Tiles { width: b.u32(LE)?, height: b.u32(LE)?, mode: b.u8()? },
            ("preview", 8..) => Self::Preview { width: b.u32(LE)?, height: b.u32(LE)? },
            _ => return Ok(None),
        }))
    }

    /// The value's bytes in the file; `None` for those that are never written (`Preview`, `Opaque`).
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let ints = |v: &[i32]| v.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let floats = |v: &[f32]| v.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let doubles = |v: &[f64]| v.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let pair = |a: [u8; 4], b: [u8; 4]| [a, b].concat();
        Some(match self {
            Self::Text(t) => t.clone().into_bytes(),
            Self::Texts(list) => {
                let one = |t: &String| [&length(t.len())[..], t.as_bytes()].concat();
                list.iter().flat_map(one).collect()
            }
            Self::Int(n) => ints(&[*n]),
            Self::Float(x) => floats(&[*x]),
            Self::Double(x) => doubles(&[*x]),
            Self::Floats(v) => floats(v),
            Self::Rational(n, d) => pair(n.to_le_bytes(), d.to_le_bytes()),
            Self::TimeCode { time, user } => pair(time.to_le_bytes(), user.to_le_bytes()),
            Self::KeyCode(v) => ints(v),
            Self::Chromaticities(v) => floats(v),
            Self::V2i(v) => ints(v),
            Self::V2f(v) => floats(v),
            Self::V2d(v) => doubles(v),
            Self::V3i(v) => ints(v),
            Self::V3f(v) => floats(v),
            Self::V3d(v) => doubles(v),
            Self::Box2i(v) => ints(v),
            Self::Box2f(v) => floats(v),
            Self::M33f(v) => floats(v),
            Self::M33d(v) => doubles(v),
            Self::M44f(v) => floats(v),
            Self::M44d(v) => doubles(v),
            Self::Channels(list) => list.iter().flat_map(channel_bytes).chain([0]).collect(),
            Self::Compression(n) | Self::LineOrder(n) | Self::Envmap(n) | Self::DeepState(n) => vec![*n],
            Self::Tiles { width, height, mode } => [&width.to_le_bytes()[..], &height.to_le_bytes(), &[*mode]].concat(),
            Self::Preview { .. } | Self::Opaque { .. } => return None,
        })
    }
}

/// The decimal number that a person would write for a single-precision one: 2.8 for the single nearest to 2.8.
#[must_use]
pub fn decimal(x: f32) -> f64 {
    x.to_string().parse().unwrap_or_else(|_| f64::from(x))
}

fn length(n: usize) -> [u8; 4] {
    i32::try_from(n).unwrap_or(i32::MAX).to_le_bytes()
}

fn at_of(b: &Bytes<'_>, behind: u64) -> u64 {
    b.pos().saturating_sub(behind)
}

/// UTF-8 if valid, else ISO 8859-1; NULs at the end are padding.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |n| n.saturating_add(1));
    let bytes = bytes.get(..end).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(t) => t.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

fn texts(mut bytes: &[u8], limits: &Limits) -> Result<Option<Vec<String>>, Error> {
    let mut out = Vec::new();
    while let Some((size, rest)) = bytes.split_first_chunk::<4>() {
        let size = usize::try_from(i32::from_le_bytes(*size)).ok();
        let Some((one, rest)) = size.and_then(|n| rest.split_at_checked(n)) else { return Ok(None) };
        if out.len() >= usize::try_from(limits.items).unwrap_or(usize::MAX) {
            return Err(Error::limit("an attribute has more texts than limits.items"));
        }
        out.push(text(one));
        bytes = rest;
    }
    Ok(bytes.is_empty().then_some(out))
}

fn channels(bytes: &[u8], at: u64, limits: &Limits) -> Result<Vec<Channel>, Error> {
    let bad = |what: &str| Error::malformed(format!("the list of channels {what}")).offset(at);
    let most = usize::try_from(limits.items).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let mut rest = bytes;
    loop {
        let end = rest.iter().position(|b| *b == 0).ok_or_else(|| bad("has no end"))?;
        let (name, tail) = rest.split_at_checked(end).ok_or_else(|| bad("has no end"))?;
        let (_, tail) = tail.split_first().ok_or_else(|| bad("has no end"))?;
        if name.is_empty() {
            return Ok(out);
        }
        if name.len() > MOST_NAME {
            return Err(bad("has a name longer than 255 bytes"));
        }
        if out.len() >= most {
            return Err(Error::limit("the file has more channels than limits.items").offset(at));
        }
        let (fields, tail) = tail.split_first_chunk::<16>().ok_or_else(|| bad("is cut off"))?;
        let [k0, k1, k2, k3, linear, _, _, _, x0, x1, x2, x3, y0, y1, y2, y3] = *fields;
        let kind = SampleKind::of(i32::from_le_bytes([k0, k1, k2, k3]))
            .ok_or_else(|| bad("has a channel whose sample type is not defined"))?;
        let sampling = [i32::from_le_bytes([x0, x1, x2, x3]), i32::from_le_bytes([y0, y1, y2, y3])];
        if sampling.iter().any(|n| *n < 1) {
            return Err(bad("has a channel whose sampling is below 1"));
        }
        out.push(Channel { name: text(name), kind, linear: linear != 0, sampling });
        rest = tail;
    }
}

fn channel_bytes(c: &Channel) -> Vec<u8> {
    let [x, y] = c.sampling;
    [
        c.name.as_bytes(),
        &[0],
        &c.kind.code().to_le_bytes(),
        &[u8::from(c.linear), 0, 0, 0],
        &x.to_le_bytes(),
        &y.to_le_bytes(),
    ]
    .concat()
}

fn int(b: &mut Bytes<'_>) -> Result<i32, Error> {
    Ok(i32::from_le_bytes(b.array()?))
}

fn double(b: &mut Bytes<'_>) -> Result<f64, Error> {
    Ok(f64::from_le_bytes(b.array()?))
}

fn ints<const N: usize>(b: &mut Bytes<'_>) -> Result<[i32; N], Error> {
    let mut out = [0; N];
    for n in &mut out {
        *n = int(b)?;
    }
    Ok(out)
}

fn floats<const N: usize>(b: &mut Bytes<'_>) -> Result<[f32; N], Error> {
    let mut out = [0.0; N];
    for n in &mut out {
        *n = b.f32(LE)?;
    }
    Ok(out)
}

fn doubles<const N: usize>(b: &mut Bytes<'_>) -> Result<[f64; N], Error> {
    let mut out = [0.0; N];
    for n in &mut out {
        *n = double(b)?;
    }
    Ok(out)
}
