//! What is known of one frame of a clip, `rushes.frame/1`: a line of `rushes inspect --frames`.

use super::clip_image::group;
use crate::model::MediaPath;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The schema name written in every row.
pub const FRAME_SCHEMA: &str = "rushes.frame/1";

group!(
    /// The values of one frame, in the units of their names. Those that a clip document has too are called alike.
    FrameFacts {
        /// Lens model.
        lens_model: String,
        /// Focal length, millimetres.
        focal_length_mm: f64,
        /// Distance that the lens is focused on, metres.
        focus_m: f64,
        /// F-number of the iris.
        f_stop: f64,
        /// T-number of the iris.
        t_stop: f64,
        /// Exposure index.
        iso: u32,
        /// Degrees, 0–360.
        shutter_angle: f64,
        /// Exposure time, seconds.
        shutter_s: f64,
        /// Kelvin.
        white_balance_k: u32,
        /// Green–magenta correction, maker's units.
        tint: f64,
        /// Neutral density, as the maker writes it.
        nd: String,
        /// Tilt of the camera, degrees, as the maker counts it.
        tilt_deg: f64,
        /// Roll of the camera, degrees, as the maker counts it.
        roll_deg: f64,
        /// Latitude, degrees, north is positive.
        gps_latitude_deg: f64,
        /// Longitude, degrees, east is positive.
        gps_longitude_deg: f64,
        /// Altitude, metres.
        gps_altitude_m: f64,
        /// Speed over ground, metres per second.
        gps_speed_m_s: f64,
    }
);

/// One frame. Absent means unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameRow {
    /// [`FRAME_SCHEMA`].
    pub schema: String,
    /// Name of the clip.
    pub clip: String,
    /// The file that the frame lies in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<MediaPath>,
    /// Its number: that in the file's name in a sequence, from 0 in a movie or table.
    pub frame: i64,
    /// Its label.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timecode: Option<String>,
    /// Its values.
    #[serde(flatten)]
    pub facts: FrameFacts,
    /// Why values are missing that the file has a place for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// The maker's own values by source: `gpmf`, `camm`, `rtmd`, `mxf`, or the reader's id.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub raw: Map<String, Value>,
}

impl FrameRow {
    /// A row with nothing but its number.
    #[must_use]
    pub fn new(frame: i64) -> Self {
        Self {
            schema: FRAME_SCHEMA.to_owned(),
            clip: String::new(),
            file: None,
            frame,
            timecode: None,
            facts: FrameFacts::default(),
            problem: None,
            raw: Map::new(),
        }
    }

    /// The names of [`FrameRow::cells`], in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "clip",
        "file",
        "frame",
        "timecode",
        "lens_model",
        "focal_length_mm",
        "focus_m",
        "f_stop",
        "t_stop",
        "iso",
        "shutter_angle",
        "shutter_s",
        "white_balance_k",
        "tint",
        "nd",
        "tilt_deg",
        "roll_deg",
        "gps_latitude_deg",
        "gps_longitude_deg",
        "gps_altitude_m",
        "gps_speed_m_s",
        "problem",
    ];

    /// Everything but `raw` as texts, empty where nothing is known.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let text = |t: Option<&String>| t.cloned().unwrap_or_default();
        let real = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
        let whole = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        let f = &self.facts;
        vec![
            self.clip.clone(),
            self.file.as_ref().map(MediaPath::to_text).unwrap_or_default(),
            self.frame.to_string(),
            text(self.timecode.as_ref()),
            text(f.lens_model.as_ref()),
            real(f.focal_length_mm),
            real(f.focus_m),
            real(f.f_stop),
            real(f.t_stop),
            whole(f.iso),
            real(f.shutter_angle),
            real(f.shutter_s),
            whole(f.white_balance_k),
            real(f.tint),
            text(f.nd.as_ref()),
            real(f.tilt_deg),
            real(f.roll_deg),
            real(f.gps_latitude_deg),
            real(f.gps_longitude_deg),
            real(f.gps_altitude_m),
            real(f.gps_speed_m_s),
            text(self.problem.as_ref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column with the name of every value, and each value in its column.
    #[test]
    fn columns_are_the_fields() {
        let mut all = serde_json::json!({"schema": FRAME_SCHEMA, "clip": "c", "file": "f", "frame": 7, "timecode": "t",
            "problem": "p", "lens_model": "l", "nd": "n"});
        for (n, name) in FrameRow::COLUMNS.iter().enumerate() {
            if all.get(*name).is_none() {
                all[*name] = (n + 100).into();
            }
        }
        let row: FrameRow = serde_json::from_value(all.clone()).unwrap();
        let back = serde_json::to_value(&row).unwrap();
        assert_eq!(back.as_object().unwrap().len(), FrameRow::COLUMNS.len() + 1, "{back}");
        for (name, cell) in FrameRow::COLUMNS.iter().zip(row.cells()) {
            let v = &back[*name];
            let same = v.as_str().map_or_else(|| v.as_f64() == cell.parse().ok(), |t| t == cell);
            assert!(same, "{name}: {v} {cell}");
        }
        assert_eq!(FrameRow::new(1).cells().concat(), "1");
    }
}
