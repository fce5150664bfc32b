//! The Cineon header (Kodak, Cineon image file format 4.5): one table of fields for reader and writer.

use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::fixed::{Field, Fixed, Kind, fields};
use crate::model::Error;

/// Bytes of the generic section (file, image, data format and origination information).
pub const GENERIC_BYTES: usize = 1024;
/// Bytes of the whole header without user data: the film section follows the generic one.
pub const HEADER_BYTES: usize = 2048;
/// Image channels that a header has room for.
pub const MAX_CHANNELS: usize = 8;
/// Bytes from the fields of one channel to those of the next.
const CHANNEL_STRIDE: usize = 28;

fields! {
    /// File, image, data format and origination information, 0–1023, without the channels.
    GENERIC;
    /// Byte offset of the first pixel.
    IMAGE_OFFSET = "file.image_offset", 4, Kind::U32;
    /// Bytes of the generic section (1024).
    GENERIC_SIZE = "file.generic_size", 8, Kind::U32;
    /// Bytes of the film section (1024, or 0).
    INDUSTRY_SIZE = "file.industry_size", 12, Kind::U32;
    /// Bytes of user data.
    USER_SIZE = "file.user_size", 16, Kind::U32;
    /// Bytes of the whole file.
    FILE_SIZE = "file.size", 20, Kind::U32;
    /// `V4.5`.
    VERSION = "file.version", 24, Kind::Text(8);
    /// The file's own name.
    FILE_NAME = "file.name", 32, Kind::Text(100);
    /// `YYYY:MM:DD`.
    DATE = "file.date", 132, Kind::Text(12);
    /// `HH:MM:SSxxx`, xxx being the zone.
    TIME = "file.time", 144, Kind::Text(12);
    /// Orientation code 0–7; 0 = left to right, top to bottom.
    ORIENTATION = "image.orientation", 192, Kind::U8;
    /// Number of channels, 1–8.
    CHANNELS = "image.channels", 193, Kind::U8;
    /// White point, CIE x.
    WHITE_X = "image.white_x", 420, Kind::F32;
    /// White point, CIE y.
    WHITE_Y = "image.white_y", 424, Kind::F32;
    /// Red primary, CIE x.
    RED_X = "image.red_x", 428, Kind::F32;
    /// Red primary, CIE y.
    RED_Y = "image.red_y", 432, Kind::F32;
    /// Green primary, CIE x.
    GREEN_X = "image.green_x", 436, Kind::F32;
    /// Green primary, CIE y.
    GREEN_Y = "image.green_y", 440, Kind::F32;
    /// Blue primary, CIE x.
    BLUE_X = "image.blue_x", 444, Kind::F32;
    /// Blue primary, CIE y.
    BLUE_Y = "image.blue_y", 448, Kind::F32;
    /// Free text.
    LABEL = "image.label", 452, Kind::Text(200);
    /// 0 = pixels, 1 = lines, 2 = planes follow each other.
    INTERLEAVE = "data.interleave", 680, Kind::U8;
    /// How components lie in words; 5 and 6 = words of 32 bits, filled from the left or the right.
    PACKING = "data.packing", 681, Kind::U8;
    /// 0 = unsigned, 1 = signed.
    SIGN = "data.sign", 682, Kind::U8;
    /// 0 = positive, 1 = negative picture.
    SENSE = "data.sense", 683, Kind::U8;
    /// Padding after each line, bytes.
    LINE_PADDING = "data.line_padding", 684, Kind::U32;
    /// Padding after each channel, bytes.
    CHANNEL_PADDING = "data.channel_padding", 688, Kind::U32;
    /// Offset of the picture in the original, pixels.
    X_OFFSET = "origination.x_offset", 712, Kind::U32;
    /// Offset of the picture in the original, pixels.
    Y_OFFSET = "origination.y_offset", 716, Kind::U32;
    /// Name of the file that this one was made from.
    SOURCE_FILE = "origination.source_file", 720, Kind::Text(100);
    /// When that was made, `YYYY:MM:DD`.
    SOURCE_DATE = "origination.source_date", 820, Kind::Text(12);
    /// `HH:MM:SSxxx`.
    SOURCE_TIME = "origination.source_time", 832, Kind::Text(12);
    /// Scanner or program.
    DEVICE = "origination.device", 844, Kind::Text(64);
    /// Its model.
    MODEL = "origination.model", 908, Kind::Text(32);
    /// Its serial number.
    SERIAL = "origination.serial", 940, Kind::Text(32);
    /// Samples per millimetre across.
    X_PITCH = "origination.x_pitch", 972, Kind::F32;
    /// Samples per millimetre down.
    Y_PITCH = "origination.y_pitch", 976, Kind::F32;
    /// Gamma of the device.
    GAMMA = "origination.gamma", 980, Kind::F32;
}

fields! {
    /// The fields of channel 0; [`of_channel`] gives the others'.
    CHANNEL;
    /// 0 = universal metric, else a vendor's own.
    METRIC = "channel.metric", 196, Kind::U8;
    /// 0 = brightness, 1–3 = printing density of red, green, blue, 4–6 = the same of CCIR XA/11.
    DESIGNATOR = "channel.designator", 197, Kind::U8;
    /// Bits per component.
    BIT_DEPTH = "channel.bit_depth", 198, Kind::U8;
    /// Width, pixels.
    WIDTH = "channel.pixels_per_line", 200, Kind::U32;
    /// Height, pixels.
    HEIGHT = "channel.lines", 204, Kind::U32;
    /// Least code value.
    LOW = "channel.low", 208, Kind::F32;
    /// What that means.
    LOW_QUANTITY = "channel.low_quantity", 212, Kind::F32;
    /// Greatest code value.
    HIGH = "channel.high", 216, Kind::F32;
    /// What that means.
    HIGH_QUANTITY = "channel.high_quantity", 220, Kind::F32;
}

fields! {
    /// Motion-picture film information, 1024–2047.
    FILM;
    /// Film manufacturer's code from the film edge.
    FILM_MAKER = "film.maker_id", 1024, Kind::U8;
    /// Film type from the edge.
    FILM_TYPE = "film.type", 1025, Kind::U8;
    /// Offset in perforations.
    FILM_PERF_OFFSET = "film.perf_offset", 1026, Kind::U8;
    /// Prefix from the edge.
    FILM_PREFIX = "film.prefix", 1028, Kind::U32;
    /// Count from the edge.
    FILM_COUNT = "film.count", 1032, Kind::U32;
    /// Format (`Academy`).
    FILM_FORMAT = "film.format", 1036, Kind::Text(32);
    /// Frame number in the sequence.
    FRAME_POSITION = "film.frame_position", 1068, Kind::U32;
    /// Frame rate, frames per second.
    FRAME_RATE = "film.frame_rate", 1072, Kind::F32;
    /// Frame identification.
    FRAME_ID = "film.frame_id", 1076, Kind::Text(32);
    /// Slate information.
    SLATE = "film.slate", 1108, Kind::Text(200);
}

/// The same field of channel `n` (0–7), for fields of [`CHANNEL`].
#[must_use]
pub const fn of_channel(f: Field, n: usize) -> Field {
    Field { at: f.at + (n % MAX_CHANNELS) * CHANNEL_STRIDE, ..f }
}

/// Byte order, by the first bytes of a file; the standard has the big end first.
#[must_use]
pub fn magic(head: &[u8]) -> Option<Endian> {
    match head.get(..4)? {
        b"\x80\x2a\x5f\xd7" => Some(Endian::Big),
        b"\xd7\x5f\x2a\x80" => Some(Endian::Little),
        _ => None,
    }
}

/// Reads a header. Only bytes before the first pixel count as header.
///
/// # Errors
/// `FILE-MALFORMED` without the magic number, `FILE-TRUNCATED` inside the generic section.
pub fn read(b: &mut Bytes<'_>) -> Result<Fixed, Error> {
    b.seek(0);
    let endian = magic(&b.array::<4>()?).ok_or_else(|| Error::malformed("this is no Cineon file").offset(0))?;
    let generic = u64::try_from(GENERIC_BYTES).unwrap_or(u64::MAX);
    if b.size() < generic {
        let what = format!("the Cineon header is cut off after {} of {GENERIC_BYTES} bytes", b.size());
        return Err(Error::truncated(what).offset(b.size()).fix("copy the file again from its source"));
    }
    b.seek(0);
    let mut head = Fixed { bytes: b.take(generic)?, endian };
    let whole = u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX);
    let end = picture_start(&head).min(b.size()).min(whole);
    head.bytes.extend(b.take(end.saturating_sub(generic))?);
    Ok(head)
}

/// An empty header of 2048 bytes: every number undefined, every text empty.
#[must_use]
pub fn new(endian: Endian) -> Fixed {
    let mut head = Fixed { bytes: vec![0; HEADER_BYTES], endian };
    head.put(0, if endian == Endian::Big { b"\x80\x2a\x5f\xd7" } else { b"\xd7\x5f\x2a\x80" });
    let channels = (0..MAX_CHANNELS).flat_map(|n| CHANNEL.iter().map(move |f| of_channel(*f, n)));
    for f in GENERIC.iter().chain(FILM).copied().chain(channels).filter(|f| !matches!(f.kind, Kind::Text(_))) {
        head.put(f.at, [0xff; 4].get(..f.len()).unwrap_or(&[0xff; 4]));
    }
    head
}

/// Where the first pixel lies; an offset that is missing or inside the generic section is replaced by the length of the
/// sections that the header says it has.
#[must_use]
pub fn picture_start(head: &Fixed) -> u64 {
    let generic = u64::try_from(GENERIC_BYTES).unwrap_or(u64::MAX);
    match head.number(&IMAGE_OFFSET) {
        Some(n) if u64::from(n) >= generic => u64::from(n),
        _ if head.number(&INDUSTRY_SIZE) == Some(0) => generic,
        _ => u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;

    #[test]
    fn fields_do_not_overlap_and_come_back() {
        let mut taken = vec![None; HEADER_BYTES];
        let channels = (0..MAX_CHANNELS).flat_map(|n| CHANNEL.iter().map(move |f| of_channel(*f, n)));
        let all: Vec<Field> = GENERIC.iter().chain(FILM).copied().chain(channels).collect();
        for f in &all {
            for slot in &mut taken[f.at..f.at + f.len()] {
                assert_eq!(*slot, None, "{} overlaps", f.name);
                *slot = Some(f.name);
            }
        }
        for endian in [Endian::Big, Endian::Little] {
            let mut h = new(endian);
            assert!(all.iter().all(|f| h.value(f).is_none()));
            h.set_number(&IMAGE_OFFSET, 2048);
            h.set_number(&of_channel(WIDTH, 2), 99);
            h.set_real(&FRAME_RATE, 24.0);
            h.set_text(&SLATE, "12A/3");
            let back = read(&mut Bytes::slice(&h.bytes, &Limits::default())).unwrap();
            assert_eq!(back, h);
            assert_eq!((back.number(&of_channel(WIDTH, 2)), back.number(&WIDTH)), (Some(99), None));
        }
    }

    #[test]
    fn pixels_are_not_header() {
        let mut h = new(Endian::Big);
        h.set_number(&IMAGE_OFFSET, 1024);
        h.set_number(&FILM_COUNT, 7);
        let back = read(&mut Bytes::slice(&h.bytes, &Limits::default())).unwrap();
        assert_eq!(back.number(&FILM_COUNT), None);
        for n in 0..GENERIC_BYTES {
            assert!(read(&mut Bytes::slice(&h.bytes[..n], &Limits::default())).is_err(), "cut at {n}");
        }
    }
}
