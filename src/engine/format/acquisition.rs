//! The items of acquisition metadata (SMPTE RDD 18, EBU Tech 3349) as values: the same in MXF and in Sony's `rtmd` tracks.
//!
//! Conversions as other readers of these items agree on them. Items from 0x8500 on are those of Exif's GPS directory, moved.

use super::facts::Facts;
use crate::engine::container::bytes::field_text;
use crate::model::{ClipDoc, Origin, Rational};

/// Beyond this the distance is infinite, metres.
const INFINITE: f64 = 1e6;

/// The value of an item by its tag.
pub(super) type Get<'a> = &'a dyn Fn(u16) -> Option<&'a [u8]>;

/// A tag and its name.
pub(super) type Tag = (u16, &'static str);

/// Sensitivities in order of trust where the exposure index is that of the photometer, as in cameras for cinema.
pub(super) const CINEMA: &[Tag] = &[(0x8115, "ExposureIndexofPhotoMeter"), (0x810b, "ISOSensitivity")];
/// In `rtmd` of photo cameras the exposure index stays at 100, and sensitivities beyond 16 bits are in Sony's own item.
pub(super) const RTMD: &[Tag] = &[(0x810b, "ISOSensitivity"), (0xe301, "e301"), (0x8115, "ExposureIndexofPhotoMeter")];

/// An iris: f = 2^(8 (1 - n / 65536)).
fn iris(n: u16) -> f64 {
    (8.0 * (1.0 - f64::from(n) / 65_536.0)).exp2()
}

/// Four bits of signed exponent and twelve of mantissa, in decimal.
fn small(n: u16) -> f64 {
    let exponent = i32::from((n >> 12) as u8);
    let exponent = if exponent > 7 { exponent - 16 } else { exponent };
    f64::from(n & 0x0fff) * 10f64.powi(exponent)
}

fn rounded(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

fn u16_of(get: Get<'_>, tag: u16) -> Option<u16> {
    get(tag)?.first_chunk().copied().map(u16::from_be_bytes).filter(|n| *n > 0)
}

fn u32_of(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_be_bytes)
}

fn rational(value: &[u8]) -> Option<(u32, u32)> {
    let (n, d) = value.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*n), u32_of(d)?)).filter(|(_, d)| *d > 0)
}

fn text(value: &[u8]) -> Option<String> {
    field_text(value).filter(|t| t.len() <= 256 && !t.contains(char::is_control))
}

/// The items of the lens set.
pub(super) fn lens(get: Get<'_>, f: &mut Facts) {
    let stop = |tag| u16_of(get, tag).map(|n| rounded(iris(n)));
    f.put("t_stop", |v| &mut v.t_stop, stop(0x8008), "IrisTNumber");
    f.put("f_stop", |v| &mut v.f_stop, stop(0x8000), "IrisFNumber");
    let length = |tag| u16_of(get, tag).map(small).filter(|x| *x > 0.0 && *x < INFINITE);
    f.put("focus_m", |v| &mut v.focus_m, length(0x8001).map(rounded), "FocusPositionFromImagePlane");
    let mm = length(0x8005).map(|x| rounded(x * 1000.0));
    f.put("focal_length_mm", |v| &mut v.focal_length_mm, mm, "LensZoomActualFocalLength");
    f.put("lens_model", |v| &mut v.lens_model, get(0x8007).and_then(text), "LensAttributes");
}

/// The items of the camera set; sensitivities in this order.
pub(super) fn camera(get: Get<'_>, sensitivities: &[Tag], f: &mut Facts) {
    let angle = get(0x8108).and_then(u32_of).filter(|n| (1..=21_600).contains(n)).map(|n| rounded(f64::from(n) / 60.0));
    f.put("shutter_angle", |v| &mut v.shutter_angle, angle, "ShutterSpeed_Angle");
    let time = get(0x8109).and_then(rational).filter(|(n, _)| *n > 0).map(|(n, d)| f64::from(n) / f64::from(d));
    f.put("shutter_s", |v| &mut v.shutter_s, time, "ShutterSpeed_Time");
    for (tag, name) in sensitivities {
        let n = match get(*tag) {
            Some(v) if v.len() == 4 => u32_of(v).filter(|n| (1..10_000_000).contains(n)),
            _ => u16_of(get, *tag).filter(|n| *n < u16::MAX).map(u32::from),
        };
        f.put("iso", |v| &mut v.iso, n, name);
    }
    f.put("white_balance_k", |v| &mut v.white_balance_k, u16_of(get, 0x810e).map(u32::from), "WhiteBalance");
    let nd = u16_of(get, 0x8103).map(|n| if n == 1 { "clear".to_owned() } else { format!("1/{n}") });
    f.put("nd", |v| &mut v.nd, nd, "NeutralDensityFilterWheelSetting");
}

/// The items of Exif's GPS directory; nothing while the receiver has no position.
pub(super) fn gps(get: Get<'_>, f: &mut Facts) {
    if get(0x8509).is_some_and(|s| s.first() != Some(&b'A')) {
        return;
    }
    let degrees = |tag, sign, minus: u8, most: f64| {
        let value = get(tag)?;
        let mut parts = value.chunks(8).map(|c| rational(c).map(|(n, d)| f64::from(n) / f64::from(d)));
        let (d, m, s) = (parts.next()??, parts.next()??, parts.next()??);
        let x = d + m / 60.0 + s / 3600.0;
        let negative = get(sign).and_then(<[u8]>::first)? == &minus;
        Some(if negative { -x } else { x }).filter(|x| x.abs() <= most)
    };
    let (north, east) = (degrees(0x8502, 0x8501, b'S', 90.0), degrees(0x8504, 0x8503, b'W', 180.0));
    f.put("gps_latitude_deg", |v| &mut v.gps_latitude_deg, north, "GPSLatitude");
    f.put("gps_longitude_deg", |v| &mut v.gps_longitude_deg, east, "GPSLongitude");
    let real = |tag| get(tag).and_then(rational).map(|(n, d)| f64::from(n) / f64::from(d));
    let below = get(0x8505).and_then(<[u8]>::first) == Some(&1);
    let altitude = real(0x8506).map(|x| if below { -x } else { x });
    f.put("gps_altitude_m", |v| &mut v.gps_altitude_m, altitude, "GPSAltitude");
    let unit = match get(0x850c).and_then(<[u8]>::first) {
        Some(b'K') => Some(1000.0 / 3600.0),
        Some(b'M') => Some(1609.344 / 3600.0),
        Some(b'N') => Some(1852.0 / 3600.0),
        _ => None,
    };
    let speed = real(0x850d).zip(unit).map(|(x, u)| rounded(x * u));
    f.put("gps_speed_m_s", |v| &mut v.gps_speed_m_s, speed, "GPSSpeed");
}

/// What the items say of the body: rate of the sensor, model, serial number.
pub(super) fn body(get: Get<'_>, origin: &dyn Fn(&str) -> Origin, doc: &mut ClipDoc) {
    let rate = get(0x8106).and_then(rational).and_then(|(n, d)| Rational::new(n, d));
    if let Some(r) = rate.filter(|r| (1..=10_000).contains(&r.nominal())) {
        doc.set("fps.sensor", |d| &mut d.fps.sensor, r, origin("CaptureFrameRate"));
    }
    let Some(t) = get(0x8114).and_then(text) else { return };
    // model and serial number, as one text with the number at its end: at least five figures, as model names end in fewer
    let (model, serial) = match t.rsplit_once(char::is_whitespace) {
        Some((m, s)) if s.len() >= 5 && s.bytes().all(|c| c.is_ascii_digit()) => (m.trim(), Some(s)),
        _ => (t.as_str(), None),
    };
    doc.set("camera.model", |d| &mut d.camera.model, model.to_owned(), origin("CameraAttributes"));
    if let Some(s) = serial {
        doc.set("camera.serial", |d| &mut d.camera.serial, s.to_owned(), origin("CameraAttributes"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_camera() {
        assert!((iris(0x8000) - 16.0).abs() < 1e-9);
        assert!((small(0xd023) - 0.035).abs() < 1e-12, "{}", small(0xd023));
        assert!((small(0x0002) - 2.0).abs() < 1e-12);
        assert!((small(0x1019) - 250.0).abs() < 1e-9);
    }

    fn facts(items: &[(u16, Vec<u8>)]) -> Facts {
        let mut f = Facts::default();
        let get = |tag: u16| items.iter().find(|(t, _)| *t == tag).map(|(_, v)| v.as_slice());
        lens(&get, &mut f);
        camera(&get, RTMD, &mut f);
        gps(&get, &mut f);
        f
    }

    #[test]
    fn values_of_items() {
        let be = |all: &[u32]| all.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let mut items = vec![
            (0x8000, vec![0xc0, 0]),
            (0x8001, vec![0x7f, 0xff]),
            (0x810b, vec![0xff, 0xff]),
            (0xe301, be(&[102_400])),
            (0x8109, be(&[1, 50])),
            (0x8509, b"A".to_vec()),
            (0x8501, b"N".to_vec()),
            (0x8502, be(&[48, 1, 15, 1, 0, 1])),
            (0x8503, b"W".to_vec()),
            (0x8504, be(&[1, 1, 30, 1, 36, 1])),
            (0x850c, b"K".to_vec()),
            (0x850d, be(&[36, 1])),
        ];
        let f = facts(&items).values;
        assert_eq!((f.f_stop, f.focus_m, f.iso, f.shutter_s), (Some(4.0), None, Some(102_400), Some(0.02)));
        assert_eq!((f.gps_latitude_deg, f.gps_longitude_deg, f.gps_speed_m_s), (Some(48.25), Some(-1.51), Some(10.0)));
        items[5].1 = b"V".to_vec();
        assert_eq!(facts(&items).values.gps_latitude_deg, None, "no position without a fix");
        for n in 0..items.len() {
            let mut odd = items.clone();
            while odd[n].1.pop().is_some() {
                let _ = facts(&odd);
            }
        }
        assert_eq!(facts(&[(0x8109, be(&[1, 0]))]).values.shutter_s, None);
    }
}
