//! Camera metadata from key lists and user data into the normalised fields.
//!
//! Types of ARRI's keys are not published; text and typed numbers are both taken, and what does not fit a
//! field is a warning and stays in `raw`.

use super::tags::{Found, Item, text};
use crate::model::{ClipDoc, Rational};

type Pick<T> = fn(&mut ClipDoc) -> &mut Option<T>;

/// Text fields: the field, and the keys that fill it in order of trust (lower case).
const TEXTS: &[(&str, Pick<String>, &[&str])] = &[
    (
        "camera.make",
        |d| &mut d.camera.make,
        &[
            "com.apple.quicktime.make",
            "com.apple.proapps.image.{tiff}.make",
            "com.apple.proapps.manufacturer",
            "manufacturer",
            "com.android.manufacturer",
            "udta.©mak",
            "ilst.©mak",
        ],
    ),
    (
        "camera.model",
        |d| &mut d.camera.model,
        &[
            "com.arri.camera.cameramodel",
            "com.apple.quicktime.model",
            "com.apple.proapps.image.{tiff}.model",
            "camera_type",
            "com.android.model",
            "udta.©mod",
            "ilst.©mod",
        ],
    ),
    ("camera.serial", |d| &mut d.camera.serial, &["com.arri.camera.cameraserialnumber", "camera_id"]),
    ("camera.firmware", |d| &mut d.camera.firmware, &["com.arri.camera.supversion", "firmware_version", "udta.firm"]),
    ("camera.index", |d| &mut d.camera.index, &["com.arri.camera.cameraindex", "camera_number"]),
    ("reel", |d| &mut d.reel, &["com.arri.camera.reelname", "com.apple.proapps.studio.reel", "reel_name"]),
    ("slate.scene", |d| &mut d.slate.scene, &["com.arri.camera.scenename", "com.apple.proapps.studio.scene", "scene"]),
    ("slate.shot", |d| &mut d.slate.shot, &["com.apple.proapps.studio.shot"]),
    ("slate.take", |d| &mut d.slate.take, &["com.arri.camera.takename", "take"]),
    (
        "lens.model",
        |d| &mut d.lens.model,
        &["com.arri.camera.lenstype", "lens_type", "com.apple.quicktime.camera.lens_model"],
    ),
    (
        "exposure.nd",
        |d| &mut d.exposure.nd,
        // not RDD 18's filter wheel setting, which is a position, nor Blackmagic's `internal_nd`, whose unit is not known
        &["com.arri.camera.ndfilterdensity"],
    ),
    ("color.look", |d| &mut d.color.look, &["com.arri.camera.lookname", "com.arri.camera.look.name"]),
];

/// Whole numbers.
const WHOLE: &[(&str, Pick<u32>, u32, &[&str])] = &[
    (
        "exposure.iso",
        |d| &mut d.exposure.iso,
        10_000_000,
        &[
            "com.arri.camera.exposureindexasa",
            "com.apple.proapps.studio.cameraiso",
            "com.apple.proapps.exif.{exif}.exposureindex",
            "org.smpte.rdd18.camera.isosensitivity",
        ],
    ),
    (
        "exposure.white_balance_k",
        |d| &mut d.exposure.white_balance_k,
        100_000,
        &[
            "com.arri.camera.whitebalancekelvin",
            "com.apple.proapps.studio.cameracolortemperature",
            "org.smpte.rdd18.camera.whitebalance",
        ],
    ),
];

/// Fills every field that a tag gives.
pub(super) fn fill(found: &Found, doc: &mut ClipDoc) {
    for (field, pick, keys) in TEXTS {
        for t in keys.iter().filter_map(|k| found.get(k)) {
            // Writers fill what they do not know with dashes.
            let Some(v) = text(&t.value).filter(|v| !v.chars().all(|c| c == '-')) else { continue };
            doc.set(field, pick, v, t.origin());
        }
    }
    if doc.camera.make.is_none()
        && let Some(t) = found.begins("com.arri.camera.")
    {
        doc.set("camera.make", |d| &mut d.camera.make, "ARRI".into(), t.origin());
    }
    if doc.camera.firmware.is_none()
        && doc.camera.model.is_some()
        && let Some((t, v)) = found.text("com.apple.quicktime.software")
    {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, v, t.origin());
    }
    for (field, pick, most, keys) in WHOLE {
        for t in keys.iter().filter_map(|k| found.get(k)) {
            match number(t).filter(|x| x.fract() == 0.0 && (1.0..=f64::from(*most)).contains(x)) {
                Some(x) => doc.set(field, pick, x as u32, t.origin()),
                None => odd(t, field, doc),
            }
        }
    }
    angle(found, doc);
    if let Some(t) = found.get("com.arri.camera.whitebalancetintcc") {
        match number(t) {
            Some(x) => doc.set("exposure.tint", |d| &mut d.exposure.tint, x, t.origin()),
            None => odd(t, "exposure.tint", doc),
        }
    }
    sensor(found, doc);
    squeeze(found, doc);
    circled(found, doc);
    identity(found, doc);
}

fn odd(t: &Item, field: &str, doc: &mut ClipDoc) {
    let shown = text(&t.value).unwrap_or_else(|| "binary".into());
    if !shown.is_empty() && shown != "0" {
        let shown: String = shown.chars().take(64).collect();
        doc.warn("META-VALUE", format!("{} is `{shown}`, which does not fit {field}; it is kept in raw only", t.key));
    }
}

/// A number, with or without the unit that RDD 18 texts have (`179.2deg`, `4300K`).
fn number(t: &Item) -> Option<f64> {
    let v = text(&t.value)?;
    let v = v.trim_end_matches("deg").trim_end_matches(['K', '°']).trim();
    v.parse::<f64>().ok().filter(|x| x.is_finite())
}

fn angle(found: &Found, doc: &mut ClipDoc) {
    for key in ["com.arri.camera.shutterangle", "org.smpte.rdd18.camera.shutterspeed_angle"] {
        let Some(t) = found.get(key) else { continue };
        match number(t).filter(|x| *x > 0.0 && *x <= 360.0) {
            Some(x) => doc.set("exposure.shutter_angle", |d| &mut d.exposure.shutter_angle, x, t.origin()),
            None => odd(t, "exposure.shutter_angle", doc),
        }
    }
}

/// Frames per second as text, as `24000/1001`, or in thousandths.
fn sensor(found: &Found, doc: &mut ClipDoc) {
    for key in ["com.arri.camera.sensorfps", "sensor_rate"] {
        let Some((t, v)) = found.text(key) else { continue };
        // Blackmagic writes `48,1,`.
        let rate = match v.trim_end_matches(',').split_once(['/', ' ', ',']) {
            Some((n, d)) => n.trim().parse().ok().zip(d.trim().parse().ok()).and_then(|(n, d)| Rational::new(n, d)),
            None => {
                let x = v.parse::<f64>().ok().map(|x| if x > 1000.5 { x / 1000.0 } else { x });
                x.and_then(Rational::from_decimal_rate)
            }
        };
        match rate {
            Some(r) => doc.set("fps.sensor", |d| &mut d.fps.sensor, r, t.origin()),
            None => odd(t, "fps.sensor", doc),
        }
    }
}

/// Blackmagic's `anamorphic` counts only when `anamorphic_enable` says so.
fn squeeze(found: &Found, doc: &mut ClipDoc) {
    let Some((t, v)) = found.text("anamorphic") else { return };
    let on = found.text("anamorphic_enable").is_some_and(|(_, v)| v == "1" || v.eq_ignore_ascii_case("true"));
    if !on {
        return;
    }
    match v.trim_end_matches('x').parse::<f64>().ok().filter(|x| (1.0..=4.0).contains(x)) {
        Some(x) => doc.set("lens.squeeze", |d| &mut d.lens.squeeze, x, t.origin()),
        None => odd(t, "lens.squeeze", doc),
    }
}

fn circled(found: &Found, doc: &mut ClipDoc) {
    let Some((t, v)) = found.text("good_take") else { return };
    match v.to_ascii_lowercase().as_str() {
        "true" | "1" => doc.set("slate.circled", |d| &mut d.slate.circled, true, t.origin()),
        "false" | "0" => doc.set("slate.circled", |d| &mut d.slate.circled, false, t.origin()),
        _ => odd(t, "slate.circled", doc),
    }
}

/// UMID (32 or 64 bytes in hexadecimal) and UUID of the clip.
fn identity(found: &Found, doc: &mut ClipDoc) {
    if let Some(t) = found.get("material_package_umid").or_else(|| found.ending(".umid"))
        && let Some(v) = text(&t.value)
    {
        let plain = v.trim_start_matches("0x").trim_start_matches("0X").to_ascii_lowercase();
        if matches!(plain.len(), 64 | 128) && plain.bytes().all(|b| b.is_ascii_hexdigit()) {
            doc.set("clip.umid", |d| &mut d.clip.umid, plain, t.origin());
        } else {
            odd(t, "clip.umid", doc);
        }
    }
    if let Some(t) = found.ending(".clipuuid").or_else(|| found.ending("camera.uuid"))
        && let Some(v) = text(&t.value)
    {
        match uuid::Uuid::parse_str(&v) {
            Ok(u) => doc.set("clip.uuid", |d| &mut d.clip.uuid, u.to_string(), t.origin()),
            Err(_) => odd(t, "clip.uuid", doc),
        }
    }
}

/// The camera's own name of its transfer curve, before the coded one of the track.
pub(super) fn maker_color(found: &Found, doc: &mut ClipDoc) {
    if let Some((t, v)) = found.text("com.arri.camera.colorgammasxs") {
        let name = match v.to_ascii_uppercase().as_str() {
            "LOG-C" => "ARRI LogC".to_owned(),
            "REC-709" => "BT.709".to_owned(),
            _ => v,
        };
        doc.set("color.transfer", |d| &mut d.color.transfer, name, t.origin());
    }
}
