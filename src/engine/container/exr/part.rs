//! One part: its windows, channels, and the blocks that its pixels are cut into.

use super::header::{Attribute, Flags};
use super::value::ExrValue;
use crate::model::Error;

/// Largest coordinate of a window, so that no width overflows (as the reference implementation has it).
const MOST_COORDINATE: i32 = i32::MAX / 2;

/// How the samples of a channel are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleKind {
    /// 32-bit unsigned.
    Uint,
    /// 16-bit floating point.
    Half,
    /// 32-bit floating point.
    Float,
}

impl SampleKind {
    /// By its number in the file.
    #[must_use]
    pub fn of(code: i32) -> Option<Self> {
        [Self::Uint, Self::Half, Self::Float].into_iter().find(|k| k.code() == code)
    }

    /// Its number in the file.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Uint => 0,
            Self::Half => 1,
            Self::Float => 2,
        }
    }

    /// Bytes of a sample.
    #[must_use]
    pub fn bytes(self) -> usize {
        if self == Self::Half { 2 } else { 4 }
    }

    /// `uint`, `half` or `float`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Half => "half",
            Self::Float => "float",
        }
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name; the part before the last dot is its layer.
    pub name: String,
    /// How its samples are stored.
    pub kind: SampleKind,
    /// Whether lossy compression treats it as perceptually linear.
    pub linear: bool,
    /// Every how many pixels it has a sample, across and down, at least 1.
    pub sampling: [i32; 2],
}

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not.
    None,
    /// Runs.
    Rle,
    /// Deflate, one line.
    Zips,
    /// Deflate, 16 lines.
    Zip,
    /// Wavelets, 32 lines.
    Piz,
    /// Deflate of 24-bit floats, 16 lines.
    Pxr24,
    /// Blocks of 4×4, 32 lines.
    B44,
    /// Blocks of 4×4, flat ones smaller.
    B44a,
    /// Cosine transform, 32 lines.
    Dwaa,
    /// Cosine transform, 256 lines.
    Dwab,
    /// High-throughput JPEG 2000, 256 lines.
    Htj2k256,
    /// High-throughput JPEG 2000, 32 lines.
    Htj2k32,
}

/// Number in the file, how, name, lines of a block.
const COMPRESSIONS: &[(u8, Compression, &str, u32)] = &[
    (0, Compression::None, "none", 1),
    (1, Compression::Rle, "RLE", 1),
    (2, Compression::Zips, "ZIPS", 1),
    (3, Compression::Zip, "ZIP", 16),
    (4, Compression::Piz, "PIZ", 32),
    (5, Compression::Pxr24, "PXR24", 16),
    (6, Compression::B44, "B44", 32),
    (7, Compression::B44a, "B44A", 32),
    (8, Compression::Dwaa, "DWAA", 32),
    (9, Compression::Dwab, "DWAB", 256),
    (10, Compression::Htj2k256, "HTJ2K256", 256),
    (11, Compression::Htj2k32, "HTJ2K32", 32),
];

impl Compression {
    /// By its number in the file.
    #[must_use]
    pub fn of(code: u8) -> Option<Self> {
        COMPRESSIONS.iter().find(|c| c.0 == code).map(|c| c.1)
    }

    fn line(self) -> Option<&'static (u8, Self, &'static str, u32)> {
        COMPRESSIONS.iter().find(|c| c.1 == self)
    }

    /// Its number in the file.
    #[must_use]
    pub fn code(self) -> u8 {
        self.line().map_or(0, |c| c.0)
    }

    /// Its usual name (`ZIP`, `none`).
    #[must_use]
    pub fn name(self) -> &'static str {
        self.line().map_or("", |c| c.2)
    }

    /// Scan lines of a block.
    #[must_use]
    pub fn lines(self) -> u32 {
        self.line().map_or(1, |c| c.3)
    }
}

/// A rectangle of pixels, both corners included, y downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// Last column.
    pub right: i32,
    /// Last row.
    pub bottom: i32,
}

impl Window {
    /// From the numbers of a `box2i`; `None` when it is empty or beyond what can be addressed.
    #[must_use]
    pub fn new([left, top, right, bottom]: [i32; 4]) -> Option<Self> {
        let inside = [left, top, right, bottom].iter().all(|n| (-MOST_COORDINATE..MOST_COORDINATE).contains(n));
        (inside && left <= right && top <= bottom).then_some(Self { left, top, right, bottom })
    }

    /// Pixels in a row, at least 1.
    #[must_use]
    pub fn width(self) -> u32 {
        self.right.abs_diff(self.left).saturating_add(1)
    }

    /// Rows, at least 1.
    #[must_use]
    pub fn height(self) -> u32 {
        self.bottom.abs_diff(self.top).saturating_add(1)
    }
}

/// A tile grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiles {
    /// Width of a tile, pixels, at least 1.
    pub width: u32,
    /// Height of a tile, pixels, at least 1.
    pub height: u32,
    /// 0 one level, 1 mipmap, 2 ripmap.
    pub levels: u8,
    /// Whether the size of a level is rounded up.
    pub up: bool,
}

/// One header.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its attributes in the order of the file.
    pub attributes: Vec<Attribute>,
    /// Where it begins in the file.
    pub at: u64,
}

/// How the pixels of a part lie in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocks {
    /// The pixels that are stored.
    pub data: Window,
    /// The pixels that are meant to be seen.
    pub display: Window,
    /// The channels in the order of the file.
    pub channels: Vec<Channel>,
    /// How blocks are compressed.
    pub compression: Compression,
    /// The grid of tiles, if the part is not made of scan lines.
    pub tiles: Option<Tiles>,
    /// Whether each pixel has a list of samples.
    pub deep: bool,
    /// Number of blocks of all levels.
    pub count: u64,
}

impl Part {
    /// An attribute by name; of several the last.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().rev().find(|a| a.name == name)
    }

    /// A text attribute.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            ExrValue::Text(t) => Some(t),
            _ => None,
        }
    }

    fn need(&self, name: &str) -> Result<&Attribute, Error> {
        self.get(name)
            .ok_or_else(|| Error::malformed(format!("the OpenEXR header has no attribute {name}")).offset(self.at))
    }

    fn window(&self, name: &str) -> Result<Window, Error> {
        let a = self.need(name)?;
        let ExrValue::Box2i(corners) = a.value else { return Err(wrong(a)) };
        Window::new(corners).ok_or_else(|| {
            let [x0, y0, x1, y1] = corners;
            Error::malformed(format!("{name} ({x0} {y0}) - ({x1} {y1}) is no rectangle of pixels")).offset(a.at)
        })
    }

    /// Windows, channels, compression and blocks, checked against each other.
    ///
    /// # Errors
    /// `FILE-MALFORMED` when a needed attribute is missing or is not what it must be, `FORMAT-UNSUPPORTED` for a
    /// compression or a kind of part that is not defined.
    pub fn blocks(&self, flags: Flags) -> Result<Blocks, Error> {
        let (data, display) = (self.window("dataWindow")?, self.window("displayWindow")?);
        let a = self.need("channels")?;
        let ExrValue::Channels(channels) = &a.value else { return Err(wrong(a)) };
        if channels.is_empty() {
            return Err(Error::malformed("the picture has no channels").offset(a.at));
        }
        let a = self.need("compression")?;
        let ExrValue::Compression(code) = a.value else { return Err(wrong(a)) };
        let compression = Compression::of(code);
        let compression =
            compression.ok_or_else(|| Error::unsupported(format!("compression {code} is not known")).offset(a.at))?;
        let (tiled, deep) = self.kind(flags)?;
        let tiles = if tiled { Some(self.tiles()?) } else { None };
        let count = match tiles {
            None => u64::from(data.height()).div_ceil(u64::from(compression.lines())),
            Some(t) => t.count(data),
        };
        Ok(Blocks { data, display, channels: channels.clone(), compression, tiles, deep, count })
    }

    /// Whether it is tiled, and whether it is deep.
    fn kind(&self, flags: Flags) -> Result<(bool, bool), Error> {
        let of_type = match self.text("type") {
            Some("scanlineimage") => Some((false, false)),
            Some("tiledimage") => Some((true, false)),
            Some("deepscanline") => Some((false, true)),
            Some("deeptile") => Some((true, true)),
            Some(other) if flags.multipart || flags.deep => {
                return Err(Error::unsupported(format!("a part of the type {other} is not known")).offset(self.at));
            }
            _ => None,
        };
        match of_type {
            Some(kind) if flags.multipart || flags.deep => Ok(kind),
            // the version word decides about a single flat part: writers copied the attribute from other files
            Some(_) | None if !flags.multipart && !flags.deep => Ok((flags.tiled, false)),
            _ => Err(Error::malformed("a part says not what type it is").offset(self.at)),
        }
    }

    fn tiles(&self) -> Result<Tiles, Error> {
        let a = self.need("tiles")?;
        let ExrValue::Tiles { width, height, mode } = a.value else { return Err(wrong(a)) };
        let tiles = Tiles { width, height, levels: mode & 15, up: mode >> 4 == 1 };
        let side = 1..=MOST_COORDINATE.unsigned_abs();
        if !side.contains(&width) || !side.contains(&height) || tiles.levels > 2 || mode >> 4 > 1 {
            let what = format!("tiles of {width}x{height} pixels in mode {mode} are not possible");
            return Err(Error::malformed(what).offset(a.at));
        }
        Ok(tiles)
    }
}

fn wrong(a: &Attribute) -> Error {
    Error::malformed(format!("the attribute {} is of the type {}, or too short", a.name, a.value.kind())).offset(a.at)
}

impl Tiles {
    /// Sizes of one side at every level.
    fn sides(self, side: u32, levels: u32) -> impl Iterator<Item = u64> {
        (0..levels).map(move |l| {
            let whole = side.checked_shr(l).unwrap_or(0);
            let rest = side & 1u32.checked_shl(l).map_or(u32::MAX, |n| n - 1) != 0;
            u64::from(whole.saturating_add(u32::from(self.up && rest)).max(1))
        })
    }

    fn levels_of(self, side: u32) -> u32 {
        let rest = u32::from(self.up && !side.is_power_of_two());
        side.ilog2().saturating_add(rest).saturating_add(1)
    }

    /// Tiles of all levels.
    fn count(self, data: Window) -> u64 {
        let (w, h) = (data.width(), data.height());
        let across = |n: u64| n.div_ceil(u64::from(self.width));
        let down = |n: u64| n.div_ceil(u64::from(self.height));
        match self.levels {
            0 => across(u64::from(w)).saturating_mul(down(u64::from(h))),
            1 => {
                let levels = self.levels_of(w.max(h));
                let sizes = self.sides(w, levels).zip(self.sides(h, levels));
                sizes.fold(0, |n, (w, h)| n.saturating_add(across(w).saturating_mul(down(h))))
            }
            _ => {
                let columns = self.sides(w, self.levels_of(w)).fold(0u64, |n, w| n.saturating_add(across(w)));
                let rows = self.sides(h, self.levels_of(h)).fold(0u64, |n, h| n.saturating_add(down(h)));
                columns.saturating_mul(rows)
            }
        }
    }
}
