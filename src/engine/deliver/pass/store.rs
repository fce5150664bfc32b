//! From a finished picture to bytes in staging.

use super::super::place::{failed, fill, open, write_whole};
use super::part::PartPlan;
use crate::engine::colour::{Kind, Primaries, Space};
use crate::engine::deliver::{ExrBlocks, PlateFormat, Recipe, StagedFile, StillFormat};
use crate::engine::encode::dpx::{DpxOptions, DpxTransfer};
use crate::engine::encode::exr::{self, ColourSpace, ExrCompression, ExrOptions, ExrValue};
use crate::engine::encode::{DisplaySpace, FrameStamp, dpx::dpx, jpeg::jpeg, png::png};
use crate::engine::image::{Counts, Frame};
use crate::model::{ClipDoc, Error, Rational, Timecode};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::BorrowedFd;
use xxhash_rust::xxh3::Xxh3;

/// The name of the attribute in which a frame carries its account.
pub const ACCOUNT_ATTRIBUTE: &str = "rushesAccount";

/// Where outputs are written.
#[derive(Clone, Copy)]
pub(super) struct Store<'a> {
    /// Staging.
    pub staging: BorrowedFd<'a>,
    /// Mode bits.
    pub mode: u32,
}

impl Store<'_> {
    /// Writes one file whole and makes its bytes durable. What an earlier try left there is replaced.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        write_whole(self.staging, OsStr::new(path), bytes, self.mode)
    }

    /// Takes a file that another program wrote there for an output: makes it durable and reads it. Its mode is set when it is
    /// published. In the folder of an output it then gets its own `name`.
    pub(super) fn adopt(&self, output: usize, made: &str, name: Option<String>) -> Result<(File, StagedFile), Error> {
        let doing = "take over the output in staging";
        let flags = OFlags::RDWR | OFlags::NONBLOCK;
        let fd = open(self.staging, OsStr::new(made), flags, Mode::empty()).map_err(|e| failed(doing, e))?;
        let mut file = File::from(fd);
        let io = |e: std::io::Error| match Errno::from_io_error(&e) {
            Some(n) => failed(doing, n),
            None => Error::io("OUTPUT-FAILED", doing, &e),
        };
        file.sync_all().map_err(io)?;
        let mut hash = Xxh3::new();
        let mut buffer = vec![0u8; 1 << 20];
        let mut size = 0u64;
        loop {
            let n = fill(&mut file, &mut buffer).map_err(io)?;
            let Some(bytes) = buffer.get(..n).filter(|b| !b.is_empty()) else { break };
            hash.update(bytes);
            size = size.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        }
        if let Some(name) = &name {
            // in the same folder, which a locked-in worker may not open; publishing makes it durable
            rustix::fs::renameat(self.staging, made, self.staging, format!("{output}/{name}"))
                .map_err(|e| failed(doing, e))?;
        }
        let xxh128 = format!("{:032x}", hash.digest128());
        Ok((file, StagedFile { output, name, size, xxh128 }))
    }

    /// Writes a picture of an output; gives what is staged.
    pub(super) fn picture(&self, output: usize, name: Option<String>, bytes: &[u8]) -> Result<StagedFile, Error> {
        let path = match &name {
            Some(n) => format!("{output}/{n}"),
            None => output.to_string(),
        };
        self.write(&path, bytes)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(StagedFile { output, name, size, xxh128: format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes)) })
    }
}

/// One frame's place in time.
pub(super) fn stamp(doc: &ClipDoc, source_frame: i64, frame: i64) -> FrameStamp {
    let first = doc.clip.first_frame.unwrap_or(0);
    let since = source_frame.saturating_sub(first);
    let timecode = doc.timecode.as_ref().and_then(|t| {
        let start = Timecode::parse(&t.start, t.rate, t.drop).ok()?;
        Some(start.plus(labels(since, doc.fps.project, t.rate)))
    });
    FrameStamp { frame, source_frame, timecode, rate: doc.fps.project.or(doc.timecode.as_ref().map(|t| t.rate)) }
}

/// How many timecode labels pass in `frames` frames, where both count at their own rate.
fn labels(frames: i64, rate: Option<Rational>, counted: Rational) -> i64 {
    let Some(rate) = rate.filter(|r| *r != counted) else { return frames };
    let up = i128::from(counted.num()) * i128::from(rate.den());
    let down = i128::from(counted.den()) * i128::from(rate.num());
    i64::try_from((i128::from(frames) * up).div_euclid(down.max(1))).unwrap_or(frames)
}

/// A file's bytes, and what had to be changed in the picture.
pub(super) type Encoded = (Vec<u8>, Counts);

/// Encodes a frame of a plate, with everything that its header tells.
pub(super) fn plate(
    part: &PartPlan<'_>,
    format: PlateFormat,
    picture: &Frame,
    stamp: &FrameStamp,
    doc: &ClipDoc,
    account: &str,
) -> Result<Encoded, Error> {
    match format {
        PlateFormat::Exr { compression } => {
            let color = part.space.and_then(exr_color);
            let mut attributes = exr::plate_attributes(doc, stamp, color.as_ref());
            attributes.push((ACCOUNT_ATTRIBUTE.to_owned(), ExrValue::Text(account.to_owned())));
            let aspect = part.placement.pixel_aspect;
            if (aspect - 1.0).abs() > 1e-9 {
                #[expect(clippy::cast_possible_truncation, reason = "the file format holds singles")]
                attributes.push(("pixelAspectRatio".to_owned(), ExrValue::Float(aspect as f32)));
            }
            let compression = match compression {
                ExrBlocks::None => ExrCompression::None,
                ExrBlocks::Zips => ExrCompression::Zips { level: 4 },
                ExrBlocks::Zip => ExrCompression::Zip { level: 4 },
                ExrBlocks::Piz => ExrCompression::Piz,
            };
            let is_aces = part.space.is_some_and(|s| s.name == "ACES2065-1");
            let aces_container = is_aces && compression == ExrCompression::None;
            let done = exr::exr(picture, &ExrOptions { compression, attributes, aces_container })?;
            Ok((done.bytes, done.counts))
        }
        PlateFormat::Dpx { depth } => {
            let options = DpxOptions {
                depth,
                transfer: transfer(part.space),
                // the name changes with the version, which the bytes must not
                file_name: "",
                project: "",
                description: part.space.map_or("", |s| s.name),
                pixel_aspect: part.placement.pixel_aspect,
            };
            dpx(picture, doc, stamp, &options)
        }
    }
}

/// Chromaticities and the interchange name, for spaces with primaries.
fn exr_color(space: &'static Space) -> Option<ColourSpace> {
    let Primaries::Rgb { red, green, blue, white } = space.gamut.primaries else { return None };
    let mut chromaticities = [0.0f32; 8];
    for (into, value) in chromaticities.iter_mut().zip([red, green, blue, white].iter().flat_map(|(x, y)| [*x, *y])) {
        #[expect(clippy::cast_possible_truncation, reason = "the file format holds singles")]
        {
            *into = value as f32;
        }
    }
    let interop = match space.name {
        "ACES2065-1" => Some("lin_ap0_scene"),
        "ACEScg" => Some("lin_ap1_scene"),
        "Linear Rec.709 (sRGB)" => Some("lin_rec709_scene"),
        _ => None,
    };
    Some(ColourSpace { chromaticities, interop_id: interop.map(str::to_owned) })
}

/// What the header of a DPX says of its values.
fn transfer(space: Option<&'static Space>) -> DpxTransfer {
    match space.map(|s| (s.kind, s.name)) {
        Some((_, "Camera Rec.709") | (Kind::Display, _)) => DpxTransfer::Bt709,
        Some((Kind::SceneCoded, _)) => DpxTransfer::Log,
        Some((Kind::SceneLinear | Kind::DisplayLinear, _)) => DpxTransfer::Linear,
        None => DpxTransfer::User,
    }
}

/// Encodes a still.
pub(super) fn still(format: StillFormat, picture: &Frame, space: Option<&'static Space>) -> Result<Encoded, Error> {
    let shown = match space.map(|s| s.name) {
        Some("sRGB Encoded Rec.709 (sRGB)") => DisplaySpace::Srgb,
        _ => DisplaySpace::Rec709Gamma24,
    };
    match format {
        StillFormat::Jpeg { quality } => jpeg(picture, shown, quality, ""),
        StillFormat::Png { depth } => png(picture, shown, depth, &[]),
    }
}

/// What was counted while a recipe's picture was encoded.
pub(super) fn counts_of(recipe: &Recipe, counts: Counts) -> Counts {
    match recipe {
        // clipping is what a display does; it is worth telling only of plates
        Recipe::Plate(_) => counts,
        _ => Counts { overflow: 0, ..counts },
    }
}
