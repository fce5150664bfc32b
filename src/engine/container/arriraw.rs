//! The header of an ARRIRAW frame (SMPTE RDD 30; the fields of later cameras as ARRI's metadata white papers name them): one
//! table of fields for reader and writer.
//!
//! A header consists of sections, each of which begins with a word that says whether it holds anything. A field whose bits
//! are all set is undefined.

use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::fixed::{Fixed, Kind, fields};
use crate::model::Error;

/// Bytes of the header that are described here; the header itself says how long it is.
pub const HEADER_BYTES: usize = 4096;
/// The least header that can be read: root and image data information.
const LEAST: u64 = 0x54;

fields! {
    /// Every field by its offset.
    ALL;
    /// Bytes of the header.
    HEADER_SIZE = "root.header_size", 0x08, Kind::U32;
    /// Version of the header.
    VERSION = "root.version", 0x0c, Kind::U32;
    /// Whether the image data information holds anything.
    DATA_VALID = "image_data.valid", 0x10, Kind::U32;
    /// Stored width, photosites.
    WIDTH = "image_data.width", 0x14, Kind::U32;
    /// Stored height, photosites.
    HEIGHT = "image_data.height", 0x18, Kind::U32;
    /// How photosites are packed.
    DATA_TYPE = "image_data.type", 0x1c, Kind::U32;
    /// How they are coded.
    DATA_SPACE = "image_data.space", 0x20, Kind::U32;
    /// The part meant to be seen: left edge.
    ACTIVE_LEFT = "image_data.active_left", 0x24, Kind::U32;
    /// Top edge.
    ACTIVE_TOP = "image_data.active_top", 0x28, Kind::U32;
    /// Width.
    ACTIVE_WIDTH = "image_data.active_width", 0x2c, Kind::U32;
    /// Height.
    ACTIVE_HEIGHT = "image_data.active_height", 0x30, Kind::U32;
    /// The whole sensor picture: left edge.
    FULL_LEFT = "image_data.full_left", 0x34, Kind::U32;
    /// Top edge.
    FULL_TOP = "image_data.full_top", 0x38, Kind::U32;
    /// Width.
    FULL_WIDTH = "image_data.full_width", 0x3c, Kind::U32;
    /// Height.
    FULL_HEIGHT = "image_data.full_height", 0x40, Kind::U32;
    /// Where the photosites begin in the file; 0 = behind the header.
    DATA_OFFSET = "image_data.offset", 0x44, Kind::U32;
    /// Bytes of the photosites; 0 = not said.
    DATA_SIZE = "image_data.size", 0x48, Kind::U32;
    /// Whether the image content information holds anything.
    CONTENT_VALID = "content.valid", 0x54, Kind::U32;
    /// Version of the colour processing.
    PROCESSING = "content.version", 0x58, Kind::U32;
    /// White balance, kelvin.
    WHITE_BALANCE = "content.white_balance", 0x5c, Kind::U32;
    /// Green-magenta factor of the white balance.
    GREEN_TINT = "content.green_tint", 0x60, Kind::F32;
    /// White balance factor of red.
    FACTOR_RED = "content.factor_red", 0x64, Kind::F32;
    /// Of green.
    FACTOR_GREEN = "content.factor_green", 0x68, Kind::F32;
    /// Of blue.
    FACTOR_BLUE = "content.factor_blue", 0x6c, Kind::F32;
    /// Whether they are applied to the photosites already.
    FACTORS_APPLIED = "content.factors_applied", 0x70, Kind::U32;
    /// Exposure index, ASA.
    EXPOSURE_INDEX = "content.exposure_index", 0x74, Kind::U32;
    /// Code value of black.
    BLACK = "content.black_level", 0x78, Kind::U32;
    /// Code value of white.
    WHITE = "content.white_level", 0x7c, Kind::U32;
    /// Number of the colour space that pictures are meant to be processed to.
    TARGET_SPACE = "content.target_space", 0xbc, Kind::U32;
    /// Sharpness.
    SHARPNESS = "content.sharpness", 0xc0, Kind::U32;
    /// Squeeze of the lens.
    SQUEEZE = "content.lens_squeeze", 0xc4, Kind::F32;
    /// 0 = as it is to be seen, else mirrored.
    FLIP = "content.flip", 0xc8, Kind::U32;
    /// Name of the look file.
    LOOK = "content.look", 0xcc, Kind::Text(32);
    /// Kind of look table.
    LUT_MODE = "content.lut_mode", 0xec, Kind::U32;
    /// Where it lies.
    LUT_OFFSET = "content.lut_offset", 0xf0, Kind::U32;
    /// Its bytes.
    LUT_SIZE = "content.lut_size", 0xf4, Kind::U32;
    /// Saturation of the CDL.
    CDL_SATURATION = "content.cdl_saturation", 0xfc, Kind::F32;
    /// Slope of red.
    CDL_SLOPE_RED = "content.cdl_slope_red", 0x100, Kind::F32;
    /// Of green.
    CDL_SLOPE_GREEN = "content.cdl_slope_green", 0x104, Kind::F32;
    /// Of blue.
    CDL_SLOPE_BLUE = "content.cdl_slope_blue", 0x108, Kind::F32;
    /// Offset of red.
    CDL_OFFSET_RED = "content.cdl_offset_red", 0x10c, Kind::F32;
    /// Of green.
    CDL_OFFSET_GREEN = "content.cdl_offset_green", 0x110, Kind::F32;
    /// Of blue.
    CDL_OFFSET_BLUE = "content.cdl_offset_blue", 0x114, Kind::F32;
    /// Power of red.
    CDL_POWER_RED = "content.cdl_power_red", 0x118, Kind::F32;
    /// Of green.
    CDL_POWER_GREEN = "content.cdl_power_green", 0x11c, Kind::F32;
    /// Of blue.
    CDL_POWER_BLUE = "content.cdl_power_blue", 0x120, Kind::F32;
    /// Where the CDL applies; 0 = nowhere.
    CDL_MODE = "content.cdl_mode", 0x130, Kind::U32;
    /// Kind of checksum of the photosites.
    CHECKSUM_TYPE = "content.checksum_type", 0x134, Kind::U32;
    /// That checksum.
    CHECKSUM = "content.checksum", 0x138, Kind::U32;
    /// The colour filters of the first four photosites.
    COLOUR_ORDER = "content.colour_order", 0x13c, Kind::Text(4);
    /// Whether the camera device information holds anything.
    CAMERA_VALID = "camera.valid", 0x160, Kind::U32;
    /// Kind of camera.
    CAMERA_TYPE = "camera.type", 0x164, Kind::U32;
    /// Its revision.
    CAMERA_REVISION = "camera.revision", 0x168, Kind::U32;
    /// Its firmware.
    CAMERA_FIRMWARE = "camera.firmware", 0x16c, Kind::U32;
    /// Its serial number.
    CAMERA_SERIAL = "camera.serial", 0x170, Kind::U32;
    /// Four characters, the last one first.
    CAMERA_ID = "camera.id", 0x174, Kind::U32;
    /// Letter of the camera, as its character code.
    CAMERA_INDEX = "camera.index", 0x178, Kind::U32;
    /// Eight BCD digits YYYYMMDD.
    DATE = "camera.date", 0x17c, Kind::U32;
    /// Eight BCD digits HHMMSS00.
    TIME = "camera.time", 0x180, Kind::U32;
    /// Zone of the camera's clock.
    ZONE = "camera.zone", 0x184, Kind::U32;
    /// Its daylight saving time.
    DAYLIGHT = "camera.daylight_saving", 0x188, Kind::U32;
    /// Microseconds.
    EXPOSURE_TIME = "camera.exposure_time", 0x18c, Kind::U32;
    /// Thousandths of a degree.
    SHUTTER_ANGLE = "camera.shutter_angle", 0x190, Kind::U32;
    /// Thousandths of frames per second of the sensor.
    SENSOR_RATE = "camera.sensor_rate", 0x1a0, Kind::U32;
    /// Thousandths of frames per second of the project.
    PROJECT_RATE = "camera.project_rate", 0x1a4, Kind::U32;
    /// Eight BCD digits HHMMSSFF.
    TIMECODE = "camera.timecode", 0x1a8, Kind::U32;
    /// Frames since midnight.
    FRAME_COUNT = "camera.frame_count", 0x1ac, Kind::U32;
    /// Thousandths of frames per second that the timecode counts.
    TIME_BASE = "camera.time_base", 0x1b0, Kind::U32;
    /// User bits of the timecode.
    USER_BITS = "camera.user_bits", 0x1b4, Kind::U32;
    /// Serial number of the medium, its low word.
    MEDIUM_LOW = "camera.medium_low", 0x268, Kind::U32;
    /// Its high word.
    MEDIUM_HIGH = "camera.medium_high", 0x26c, Kind::U32;
    /// `ALEXA`, `ALEXALF`, …
    FAMILY = "camera.family", 0x29c, Kind::Text(8);
    /// The recorder.
    RECORDER = "camera.recorder", 0x2a4, Kind::Text(32);
    /// Bit 0 = mirror shutter, bit 1 = duplicate image.
    FLAGS = "camera.flags", 0x2c4, Kind::U32;
    /// The camera's model.
    MODEL = "camera.model", 0x2f8, Kind::Text(20);
    /// Number of the product.
    PRODUCT = "camera.product", 0x30c, Kind::U16;
    /// Number of the product's variant.
    SUB_PRODUCT = "camera.sub_product", 0x30e, Kind::U16;
    /// Whether the lens data information holds anything.
    LENS_VALID = "lens.valid", 0x370, Kind::U32;
    /// 0 = inches, 1 = metres.
    LENS_UNIT = "lens.unit", 0x374, Kind::U32;
    /// Thousandths of that unit.
    FOCUS = "lens.focus_distance", 0x378, Kind::U32;
    /// Micrometres.
    FOCAL_LENGTH = "lens.focal_length", 0x37c, Kind::U32;
    /// Serial number.
    LENS_SERIAL = "lens.serial", 0x380, Kind::U32;
    /// T-stop = 2 ^ ((this - 1000) / 2000).
    LINEAR_IRIS = "lens.linear_iris", 0x384, Kind::U32;
    /// Number of the neutral-density filter.
    ND_TYPE = "lens.nd_type", 0x388, Kind::U16;
    /// Its density.
    ND_DENSITY = "lens.nd_density", 0x38a, Kind::U16;
    /// The lens.
    LENS_MODEL = "lens.model", 0x398, Kind::Text(32);
    /// Whether the clip information holds anything.
    CLIP_VALID = "clip.valid", 0x4f0, Kind::U32;
    /// 1 = a good take.
    CIRCLED = "clip.circled", 0x4f4, Kind::U8;
    /// Reel.
    REEL = "clip.reel", 0x4f8, Kind::Text(8);
    /// Scene.
    SCENE = "clip.scene", 0x500, Kind::Text(16);
    /// Take.
    TAKE = "clip.take", 0x510, Kind::Text(8);
    /// Director.
    DIRECTOR = "clip.director", 0x518, Kind::Text(32);
    /// Cinematographer.
    CINEMATOGRAPHER = "clip.cinematographer", 0x538, Kind::Text(32);
    /// Production.
    PRODUCTION = "clip.production", 0x558, Kind::Text(32);
    /// Production company.
    COMPANY = "clip.company", 0x578, Kind::Text(32);
    /// Further texts, `name:value;…`.
    USER_INFO = "clip.user_info", 0x598, Kind::Text(256);
    /// The camera's name of the clip.
    CLIP_NAME = "clip.name", 0x698, Kind::Text(24);
    /// First frame-line file.
    LINES_1 = "frame_lines.file_1", 0x850, Kind::Text(32);
    /// Second frame-line file.
    LINES_2 = "frame_lines.file_2", 0x870, Kind::Text(32);
}

/// Offset of the picture's UUID, 16 bytes.
pub const UUID_AT: usize = 0x2d0;

/// Byte order, by the first bytes of a file; RDD 30 has the little end first.
#[must_use]
pub fn magic(head: &[u8]) -> Option<Endian> {
    match head.get(..8)? {
        b"ARRI\x12\x34\x56\x78" => Some(Endian::Little),
        b"ARRI\x78\x56\x34\x12" => Some(Endian::Big),
        _ => None,
    }
}

/// Reads a header, at most [`HEADER_BYTES`] of it.
///
/// # Errors
/// `FILE-MALFORMED` without the magic bytes or for an impossible length, `FILE-TRUNCATED` inside the header.
pub fn read(b: &mut Bytes<'_>) -> Result<Fixed, Error> {
    b.seek(0);
    let first = b.array::<12>()?;
    let endian = magic(&first).ok_or_else(|| Error::malformed("this is no ARRIRAW file").offset(0))?;
    b.seek(8);
    let said = u64::from(b.u32(endian)?);
    if said < LEAST {
        let what = format!("an ARRIRAW header of {said} bytes does not exist");
        return Err(Error::malformed(what).offset(8));
    }
    let most = u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX);
    if said > b.size() {
        let what = format!("the ARRIRAW header is cut off after {} of {said} bytes", b.size());
        return Err(Error::truncated(what).offset(b.size()).fix("copy the frame again from its source"));
    }
    b.seek(0);
    Ok(Fixed { bytes: b.take(said.min(most))?, endian })
}

/// An empty header: every number 0, every text empty.
#[must_use]
pub fn new() -> Fixed {
    let mut head = Fixed { bytes: vec![0; HEADER_BYTES], endian: Endian::Little };
    head.put(0, b"ARRI\x12\x34\x56\x78");
    head.set_number(&HEADER_SIZE, u32::try_from(HEADER_BYTES).unwrap_or(0));
    head.set_number(&VERSION, 3);
    head
}

/// Bytes that are not zero and that no field describes: where each run begins, and its bytes, at most `most` runs.
#[must_use]
pub fn others(head: &Fixed, most: usize) -> Vec<(usize, Vec<u8>)> {
    let mut known = vec![false; head.bytes.len()];
    let spans = ALL.iter().map(|f| (f.at, f.len())).chain([(0, 8), (UUID_AT, 16)]);
    for (at, n) in spans {
        known.iter_mut().skip(at).take(n).for_each(|k| *k = true);
    }
    let mut out: Vec<(usize, Vec<u8>)> = Vec::new();
    // whole words, so that a number keeps its zero bytes
    for (n, (word, seen)) in head.bytes.chunks(4).zip(known.chunks(4)).enumerate() {
        if seen.iter().any(|k| *k) || word.iter().all(|b| *b == 0) {
            continue;
        }
        let room = out.len() < most;
        match out.last_mut() {
            Some((at, run)) if *at + run.len() == n * 4 => run.extend(word),
            _ if room => out.push((n * 4, word.to_vec())),
            _ => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;

    #[test]
    fn fields_do_not_overlap_and_come_back() {
        let mut taken = vec![None; HEADER_BYTES];
        for f in ALL {
            for slot in &mut taken[f.at..f.at + f.len()] {
                assert_eq!(*slot, None, "{} overlaps", f.name);
                *slot = Some(f.name);
            }
        }
        assert!(taken[UUID_AT..UUID_AT + 16].iter().all(Option::is_none));
        let mut h = new();
        h.set_number(&EXPOSURE_INDEX, 800);
        h.set_text(&REEL, "A001R2E");
        h.put(0x700, &[1, 0, 0, 2, 3]);
        let back = read(&mut Bytes::slice(&h.bytes, &Limits::default())).unwrap();
        assert_eq!((back.number(&EXPOSURE_INDEX), back.text(&REEL).as_deref()), (Some(800), Some("A001R2E")));
        assert_eq!(others(&back, 9), [(0x700, vec![1, 0, 0, 2, 3, 0, 0, 0])]);
        for n in 0..HEADER_BYTES {
            assert!(read(&mut Bytes::slice(&h.bytes[..n], &Limits::default())).is_err(), "cut at {n}");
        }
    }
}
