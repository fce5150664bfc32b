//! Where each field of a DPX header lies: the one table for reader and writer (SMPTE ST 268-1).

use crate::engine::container::fixed::fields;
pub use crate::engine::container::fixed::{Field, Kind};

impl Field {
    /// The same field of image element `n` (0–7), for fields of [`ELEMENT`].
    #[must_use]
    pub const fn of_element(self, n: usize) -> Self {
        Self { at: self.at + (n % MAX_ELEMENTS) * 72, ..self }
    }
}

/// Bytes of the whole header without user data.
pub const HEADER_BYTES: usize = 2048;
/// Bytes of the generic section (file, image and orientation information).
pub const GENERIC_BYTES: usize = 1664;
/// Image elements that a header has room for.
pub const MAX_ELEMENTS: usize = 8;

fields! {
    /// File, image and orientation information, 0–1663, without the image elements.
    GENERIC;
    /// Byte offset of the first pixel.
    IMAGE_OFFSET = "file.image_offset", 4, Kind::U32;
    /// `V1.0` or `V2.0`.
    VERSION = "file.version", 8, Kind::Text(8);
    /// Bytes of the whole file.
    FILE_SIZE = "file.size", 16, Kind::U32;
    /// 0 = same as the previous frame, 1 = new.
    DITTO_KEY = "file.ditto_key", 20, Kind::U32;
    /// Bytes of the generic section (1664).
    GENERIC_SIZE = "file.generic_size", 24, Kind::U32;
    /// Bytes of the industry section (384, or 0).
    INDUSTRY_SIZE = "file.industry_size", 28, Kind::U32;
    /// Bytes of user data.
    USER_SIZE = "file.user_size", 32, Kind::U32;
    /// The file's own name.
    FILE_NAME = "file.name", 36, Kind::Text(100);
    /// `YYYY:MM:DD:HH:MM:SSLTZ`.
    CREATED = "file.created", 136, Kind::Text(24);
    /// Program that wrote it.
    CREATOR = "file.creator", 160, Kind::Text(100);
    /// Project.
    PROJECT = "file.project", 260, Kind::Text(200);
    /// Copyright.
    COPYRIGHT = "file.copyright", 460, Kind::Text(200);
    /// Encryption key; undefined = not encrypted.
    ENCRYPT_KEY = "file.encrypt_key", 660, Kind::U32;
    /// Orientation code 0–7; 0 = left to right, top to bottom.
    ORIENTATION = "image.orientation", 768, Kind::U16;
    /// Number of image elements, 1–8.
    ELEMENTS = "image.elements", 770, Kind::U16;
    /// Width, pixels.
    WIDTH = "image.pixels_per_line", 772, Kind::U32;
    /// Height, pixels.
    HEIGHT = "image.lines", 776, Kind::U32;
    /// Offset of the picture in the original, pixels.
    X_OFFSET = "orientation.x_offset", 1408, Kind::U32;
    /// Offset of the picture in the original, pixels.
    Y_OFFSET = "orientation.y_offset", 1412, Kind::U32;
    /// Centre, pixels.
    X_CENTER = "orientation.x_center", 1416, Kind::F32;
    /// Centre, pixels.
    Y_CENTER = "orientation.y_center", 1420, Kind::F32;
    /// Width of the original, pixels.
    X_ORIGINAL = "orientation.x_original_size", 1424, Kind::U32;
    /// Height of the original, pixels.
    Y_ORIGINAL = "orientation.y_original_size", 1428, Kind::U32;
    /// Name of the file that this one was made from.
    SOURCE_FILE = "orientation.source_file", 1432, Kind::Text(100);
    /// When that was made.
    SOURCE_DATE = "orientation.source_date", 1532, Kind::Text(24);
    /// Scanner, camera or tape.
    INPUT_DEVICE = "orientation.input_device", 1556, Kind::Text(32);
    /// Serial number of that.
    INPUT_SERIAL = "orientation.input_serial", 1588, Kind::Text(32);
    /// Pixel aspect ratio, horizontal part.
    ASPECT_H = "orientation.pixel_aspect_h", 1628, Kind::U32;
    /// Pixel aspect ratio, vertical part.
    ASPECT_V = "orientation.pixel_aspect_v", 1632, Kind::U32;
    /// Width of the scanned area, millimetres (V2.0).
    X_SCANNED = "orientation.x_scanned_size", 1636, Kind::F32;
    /// Height of the scanned area, millimetres (V2.0).
    Y_SCANNED = "orientation.y_scanned_size", 1640, Kind::F32;
}

fields! {
    /// The fields of image element 0; [`Field::of_element`] gives the others'.
    ELEMENT;
    /// 0 = unsigned, 1 = signed.
    DATA_SIGN = "element.data_sign", 780, Kind::U32;
    /// Code value of reference black.
    REF_LOW = "element.reference_low", 784, Kind::U32;
    /// What that means.
    REF_LOW_QUANTITY = "element.reference_low_quantity", 788, Kind::F32;
    /// Code value of reference white.
    REF_HIGH = "element.reference_high", 792, Kind::U32;
    /// What that means.
    REF_HIGH_QUANTITY = "element.reference_high_quantity", 796, Kind::F32;
    /// Components (50 = RGB, 51 = RGBA, 6 = luma, …).
    DESCRIPTOR = "element.descriptor", 800, Kind::U8;
    /// Transfer characteristic.
    TRANSFER = "element.transfer", 801, Kind::U8;
    /// Colorimetric specification.
    COLORIMETRIC = "element.colorimetric", 802, Kind::U8;
    /// Bits per component.
    BIT_DEPTH = "element.bit_depth", 803, Kind::U8;
    /// 0 = packed into 32-bit words, 1 = filled to words, method A, 2 = method B.
    PACKING = "element.packing", 804, Kind::U16;
    /// 0 = none, 1 = run-length.
    ENCODING = "element.encoding", 806, Kind::U16;
    /// Offset of this element's pixels from the start of the file.
    DATA_OFFSET = "element.data_offset", 808, Kind::U32;
    /// Padding after each line, bytes.
    LINE_PADDING = "element.line_padding", 812, Kind::U32;
    /// Padding after the picture, bytes.
    IMAGE_PADDING = "element.image_padding", 816, Kind::U32;
    /// Free text.
    DESCRIPTION = "element.description", 820, Kind::Text(32);
}

fields! {
    /// Motion-picture film information, 1664–1919.
    FILM;
    /// Film manufacturer's code from the film edge.
    FILM_MAKER = "film.maker_id", 1664, Kind::Text(2);
    /// Film type from the edge.
    FILM_TYPE = "film.type", 1666, Kind::Text(2);
    /// Offset in perforations.
    FILM_PERF_OFFSET = "film.perf_offset", 1668, Kind::Text(2);
    /// Prefix from the edge.
    FILM_PREFIX = "film.prefix", 1670, Kind::Text(6);
    /// Count from the edge.
    FILM_COUNT = "film.count", 1676, Kind::Text(4);
    /// Format (`Academy`).
    FILM_FORMAT = "film.format", 1680, Kind::Text(32);
    /// Frame number in the sequence.
    FRAME_POSITION = "film.frame_position", 1712, Kind::U32;
    /// Length of the sequence, frames.
    SEQUENCE_LENGTH = "film.sequence_length", 1716, Kind::U32;
    /// How often each frame is held.
    HELD_COUNT = "film.held_count", 1720, Kind::U32;
    /// Frame rate of the original, frames per second.
    FILM_RATE = "film.frame_rate", 1724, Kind::F32;
    /// Shutter angle, degrees.
    SHUTTER_ANGLE = "film.shutter_angle", 1728, Kind::F32;
    /// Frame identification (key frame).
    FRAME_ID = "film.frame_id", 1732, Kind::Text(32);
    /// Slate information.
    SLATE = "film.slate", 1764, Kind::Text(100);
}

fields! {
    /// Television information, 1920–2047.
    TELEVISION;
    /// SMPTE timecode, eight BCD digits HHMMSSFF.
    TIMECODE = "television.timecode", 1920, Kind::U32;
    /// SMPTE user bits.
    USER_BITS = "television.user_bits", 1924, Kind::U32;
    /// 0 = progressive, 1 = 2:1.
    INTERLACE = "television.interlace", 1928, Kind::U8;
    /// Field number.
    FIELD_NUMBER = "television.field_number", 1929, Kind::U8;
    /// Video signal standard.
    VIDEO_SIGNAL = "television.video_signal", 1930, Kind::U8;
    /// Horizontal sampling rate, Hz.
    H_SAMPLE_RATE = "television.h_sample_rate", 1932, Kind::F32;
    /// Vertical sampling rate, Hz.
    V_SAMPLE_RATE = "television.v_sample_rate", 1936, Kind::F32;
    /// Frame rate, Hz.
    TV_RATE = "television.frame_rate", 1940, Kind::F32;
    /// Time from sync to the first pixel, milliseconds.
    TIME_OFFSET = "television.time_offset", 1944, Kind::F32;
    /// Gamma.
    GAMMA = "television.gamma", 1948, Kind::F32;
    /// Black level.
    BLACK_LEVEL = "television.black_level", 1952, Kind::F32;
    /// Black gain.
    BLACK_GAIN = "television.black_gain", 1956, Kind::F32;
    /// Breakpoint.
    BREAK_POINT = "television.break_point", 1960, Kind::F32;
    /// White level.
    WHITE_LEVEL = "television.white_level", 1964, Kind::F32;
    /// Integration time, seconds.
    INTEGRATION_TIME = "television.integration_time", 1968, Kind::F32;
}
