//! Every field of the first directory under `raw.tiff`.

use super::ID;
use crate::engine::container::bytes::{Bytes, cut_text};
use crate::engine::container::ifd::{Field, Ifd};
use crate::model::{ClipDoc, Error, ErrorKind, Limits};
use serde_json::{Value, json};

/// Most numbers of a field that are kept; of longer ones only how many there are.
const MOST_NUMBERS: u64 = 16;

const NAMES: &[(u16, &str)] = &[
    (254, "NewSubfileType"),
    (256, "ImageWidth"),
    (257, "ImageLength"),
    (258, "BitsPerSample"),
    (259, "Compression"),
    (262, "PhotometricInterpretation"),
    (266, "FillOrder"),
    (269, "DocumentName"),
    (270, "ImageDescription"),
    (271, "Make"),
    (272, "Model"),
    (273, "StripOffsets"),
    (274, "Orientation"),
    (277, "SamplesPerPixel"),
    (278, "RowsPerStrip"),
    (279, "StripByteCounts"),
    (282, "XResolution"),
    (283, "YResolution"),
    (284, "PlanarConfiguration"),
    (285, "PageName"),
    (296, "ResolutionUnit"),
    (297, "PageNumber"),
    (305, "Software"),
    (306, "DateTime"),
    (315, "Artist"),
    (316, "HostComputer"),
    (317, "Predictor"),
    (318, "WhitePoint"),
    (319, "PrimaryChromaticities"),
    (320, "ColorMap"),
    (322, "TileWidth"),
    (323, "TileLength"),
    (324, "TileOffsets"),
    (325, "TileByteCounts"),
    (330, "SubIFDs"),
    (338, "ExtraSamples"),
    (339, "SampleFormat"),
    (700, "XMP"),
    (33_432, "Copyright"),
    (33_723, "IPTC"),
    (34_377, "Photoshop"),
    (34_665, "ExifIFD"),
    (34_675, "ICCProfile"),
    // Exif 2.32 and the DNG specification
    (33_421, "CFARepeatPatternDim"),
    (33_422, "CFAPattern"),
    (33_434, "ExposureTime"),
    (33_437, "FNumber"),
    (34_850, "ExposureProgram"),
    (34_853, "GPSInfo"),
    (34_855, "ISOSpeedRatings"),
    (34_864, "SensitivityType"),
    (34_866, "RecommendedExposureIndex"),
    (36_864, "ExifVersion"),
    (36_867, "DateTimeOriginal"),
    (36_868, "DateTimeDigitized"),
    (36_880, "OffsetTime"),
    (36_881, "OffsetTimeOriginal"),
    (37_121, "ComponentsConfiguration"),
    (37_377, "ShutterSpeedValue"),
    (37_378, "ApertureValue"),
    (37_380, "ExposureBiasValue"),
    (37_381, "MaxApertureValue"),
    (37_382, "SubjectDistance"),
    (37_383, "MeteringMode"),
    (37_385, "Flash"),
    (37_386, "FocalLength"),
    (37_500, "MakerNote"),
    (37_510, "UserComment"),
    (37_520, "SubSecTime"),
    (37_521, "SubSecTimeOriginal"),
    (37_522, "SubSecTimeDigitized"),
    (40_961, "ColorSpace"),
    (40_962, "PixelXDimension"),
    (40_963, "PixelYDimension"),
    (41_486, "FocalPlaneXResolution"),
    (41_487, "FocalPlaneYResolution"),
    (41_488, "FocalPlaneResolutionUnit"),
    (41_986, "ExposureMode"),
    (41_987, "WhiteBalance"),
    (41_989, "FocalLengthIn35mmFilm"),
    (42_032, "CameraOwnerName"),
    (42_033, "BodySerialNumber"),
    (42_034, "LensSpecification"),
    (42_035, "LensMake"),
    (42_036, "LensModel"),
    (42_037, "LensSerialNumber"),
    (50_706, "DNGVersion"),
    (50_707, "DNGBackwardVersion"),
    (50_708, "UniqueCameraModel"),
    (50_709, "LocalizedCameraModel"),
    (50_710, "CFAPlaneColor"),
    (50_711, "CFALayout"),
    (50_712, "LinearizationTable"),
    (50_713, "BlackLevelRepeatDim"),
    (50_714, "BlackLevel"),
    (50_717, "WhiteLevel"),
    (50_718, "DefaultScale"),
    (50_719, "DefaultCropOrigin"),
    (50_720, "DefaultCropSize"),
    (50_721, "ColorMatrix1"),
    (50_722, "ColorMatrix2"),
    (50_723, "CameraCalibration1"),
    (50_724, "CameraCalibration2"),
    (50_727, "AnalogBalance"),
    (50_728, "AsShotNeutral"),
    (50_729, "AsShotWhiteXY"),
    (50_730, "BaselineExposure"),
    (50_731, "BaselineNoise"),
    (50_732, "BaselineSharpness"),
    (50_735, "CameraSerialNumber"),
    (50_736, "LensInfo"),
    (50_740, "DNGPrivateData"),
    (50_778, "CalibrationIlluminant1"),
    (50_779, "CalibrationIlluminant2"),
    (50_781, "RawDataUniqueID"),
    (50_827, "OriginalRawFileName"),
    (50_829, "ActiveArea"),
    (50_931, "CameraCalibrationSignature"),
    (50_936, "ProfileName"),
    (50_964, "ForwardMatrix1"),
    (50_965, "ForwardMatrix2"),
    (51_041, "NoiseProfile"),
    (51_043, "TimeCodes"),
    (51_044, "FrameRate"),
    (51_058, "TStop"),
    (51_081, "ReelName"),
    (51_105, "CameraLabel"),
];

/// A field's name, or its number when it is not of TIFF 6.0 or its usual neighbours.
pub(in crate::engine::format) fn name(tag: u16) -> String {
    NAMES.iter().find(|(n, _)| *n == tag).map_or_else(|| tag.to_string(), |(_, name)| (*name).into())
}

/// Keeps every field.
///
/// # Errors
/// `LIMIT-SIZE` beyond the budget, Io; a field beyond the end is a warning.
pub(super) fn keep(ifd: &Ifd, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    keep_as(ID, "", ifd, b, limits, doc)?;
    doc.keep(ID, "directories", ifd.directories);
    Ok(())
}

/// Keeps every field below the name of a reader, with `prefix` before its own name.
///
/// # Errors
/// As [`keep`].
pub(in crate::engine::format) fn keep_as(
    reader: &str,
    prefix: &str,
    ifd: &Ifd,
    b: &mut Bytes<'_>,
    limits: &Limits,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let mut cut = false;
    for f in &ifd.fields {
        let value = match value(f, ifd, b, limits, &mut cut) {
            Ok(value) => value,
            Err(e) if e.kind == ErrorKind::Malformed => {
                doc.warn("META-VALUE", format!("the TIFF field {} lies beyond the end of the file", name(f.tag)));
                json!({"type": f.kind, "values": f.count})
            }
            Err(e) => return Err(e),
        };
        doc.keep(reader, &format!("{prefix}{}", name(f.tag)), value);
    }
    if cut {
        doc.warn("META-TEXT-CUT", "a TIFF text is longer than limits.text and was cut");
    }
    Ok(())
}

fn value(f: &Field, ifd: &Ifd, b: &mut Bytes<'_>, limits: &Limits, cut: &mut bool) -> Result<Value, Error> {
    let size = json!({"type": f.kind, "values": f.count});
    // of several fields with one number the first is read, as everywhere
    if ifd.get(f.tag) != Some(f) {
        return Ok(size);
    }
    Ok(match f.kind {
        2 => {
            let mut text = ifd.text(b, f.tag)?.unwrap_or_default();
            *cut |= cut_text(&mut text, limits.text);
            json!(text)
        }
        5 => match ifd.rational(b, f.tag)? {
            Some((n, d)) if f.count == 1 => json!(format!("{n}/{d}")),
            _ if f.count <= MOST_NUMBERS => json!(ifd.reals(b, f.tag, MOST_NUMBERS)?),
            _ => size,
        },
        1 | 3 | 4 | 13 | 16 if f.count <= MOST_NUMBERS => {
            let list = ifd.numbers(b, f.tag, MOST_NUMBERS)?;
            match list.as_slice() {
                [one] => json!(one),
                more => json!(more),
            }
        }
        8..=12 if f.count <= MOST_NUMBERS => match ifd.reals(b, f.tag, MOST_NUMBERS)?.as_slice() {
            [one] => json!(one),
            more => json!(more),
        },
        _ => size,
    })
}
