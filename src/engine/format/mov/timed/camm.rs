//! Google's camera motion metadata: packets of eight types at times of their own.

use super::{Said, Source, Timed, When, shown};
use crate::engine::container::bmff::Sample;
use crate::engine::container::bytes::widened;
use crate::engine::container::camm::{Gps, Packet, packets};
use crate::model::Error;
use serde_json::{Map, Value, json};

/// Most packets of one frame that are listed.
const MOST: usize = 4096;

/// A track of `camm`.
pub(super) struct Camm<'a> {
    timed: Timed<'a>,
    /// Seconds.
    exposure: Option<f64>,
    /// Latitude, longitude, altitude, speed.
    place: [Option<f64>; 4],
    /// The name of the packet that gave it.
    place_tag: &'static str,
}

impl<'a> Camm<'a> {
    pub fn new(timed: Timed<'a>) -> Self {
        Self { timed, exposure: None, place: [None; 4], place_tag: "" }
    }

    fn take(&mut self, p: &Packet) {
        match p {
            Packet::Exposure { pixel, .. } => {
                self.exposure = Some(f64::from(*pixel) / 1e9).filter(|s| *s > 0.0);
            }
            Packet::Place([north, east, up]) => {
                let there = north.abs() <= 90.0 && east.abs() <= 180.0;
                self.place = [Some(*north), Some(*east), Some(*up), None].map(|x| x.filter(|x| there && x.is_finite()));
                self.place_tag = "type 5";
            }
            Packet::Gps(g) => {
                self.place = fix(g);
                self.place_tag = "type 6";
            }
            _ => {}
        }
    }
}

/// Nothing without a fix, no altitude with one in two dimensions.
fn fix(g: &Gps) -> [Option<f64>; 4] {
    let there = g.fix >= 2 && g.latitude.abs() <= 90.0 && g.longitude.abs() <= 180.0;
    let up = (g.fix >= 3).then_some(widened(g.altitude));
    let [_, _, east, north, ..] = g.more;
    let speed = widened(east).hypot(widened(north));
    [Some(g.latitude), Some(g.longitude), up, Some(speed)].map(|x| x.filter(|x| there && x.is_finite()))
}

impl Source for Camm<'_> {
    fn say(&mut self, when: &When, said: &mut Said) -> Result<(), Error> {
        let (scale, middle) = (self.timed.timescale, when.middle());
        let (mut listed, mut raw) = (0usize, Map::new());
        while let Some(s) = self.timed.next_if(|s: &Sample| s.time as f64 / scale <= middle)? {
            let bytes = match self.timed.load(&s)? {
                Ok(b) => b,
                Err(why) => {
                    said.problem = Some(why);
                    continue;
                }
            };
            let (all, whole) = packets(&bytes);
            if !whole {
                said.problem = Some(format!("a camm packet at byte {:#x} is of no known type or too short", s.at));
            }
            for p in &all {
                self.take(p);
                listed = listed.saturating_add(1);
                if listed <= MOST {
                    list(p, &mut raw);
                }
            }
        }
        if !raw.is_empty() {
            said.raw.insert("camm".into(), raw.into());
        }
        let f = &mut said.facts;
        f.put("shutter_s", |v| &mut v.shutter_s, self.exposure, "type 1");
        let [north, east, up, speed] = self.place;
        f.put("gps_latitude_deg", |v| &mut v.gps_latitude_deg, north, self.place_tag);
        f.put("gps_longitude_deg", |v| &mut v.gps_longitude_deg, east, self.place_tag);
        f.put("gps_altitude_m", |v| &mut v.gps_altitude_m, up, self.place_tag);
        f.put("gps_speed_m_s", |v| &mut v.gps_speed_m_s, speed, self.place_tag);
        Ok(())
    }
}

/// Adds a packet to the list of its type, by the specification's names.
fn list(p: &Packet, raw: &mut Map<String, Value>) {
    let three = |all: &[f32; 3]| -> Value { all.iter().map(|x| shown(widened(*x))).collect::<Option<Vec<_>>>().into() };
    let (name, value) = match p {
        Packet::AngleAxis(x) => ("angle_axis", three(x)),
        Packet::Exposure { pixel, skew } => {
            ("exposure", json!({"pixel_exposure_time_ns": pixel, "rolling_shutter_skew_time_ns": skew}))
        }
        Packet::Gyro(x) => ("gyro", three(x)),
        Packet::Acceleration(x) => ("acceleration", three(x)),
        Packet::Position(x) => ("position", three(x)),
        Packet::Place(x) => ("place", x.iter().map(|x| shown(*x)).collect::<Option<Vec<_>>>().into()),
        Packet::Gps(g) => {
            let [h, v, east, north, up, speed] = g.more.map(|x| shown(widened(x)));
            let value = json!({"time_gps_epoch": shown(g.time), "gps_fix_type": g.fix, "latitude": shown(g.latitude),
                "longitude": shown(g.longitude), "altitude": shown(widened(g.altitude)), "horizontal_accuracy": h,
                "vertical_accuracy": v, "velocity_east": east, "velocity_north": north, "velocity_up": up,
                "speed_accuracy": speed});
            ("gps", value)
        }
        Packet::Magnetic(x) => ("magnetic_field", three(x)),
    };
    if let Value::Array(all) = raw.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        all.push(value);
    }
}
