//! Tables with one line for a frame: each line by itself.

use super::{CameraValue, Kind, Sheet, arri_json, missing, table, text_of, values};
use crate::model::{Error, FrameFacts, FrameRow, Limits};

/// Hands on a row for each line of a table of frames; `false`, and nothing handed on, for any other file.
///
/// # Errors
/// As [`super::read`], and what `each` answers.
pub fn frames(
    bytes: &[u8],
    limits: &Limits,
    each: &mut dyn FnMut(FrameRow) -> Result<(), Error>,
) -> Result<bool, Error> {
    let Some(first) = super::read(bytes, limits)? else { return Ok(false) };
    if first.kind == Kind::ArriJson {
        let mut hand_on = |n: u64, sheet: Sheet| {
            let mut out = FrameRow::new(i64::try_from(n).unwrap_or(i64::MAX));
            row(&sheet, &mut out);
            each(out)
        };
        return arri_json::frames(&text_of(bytes), limits, &mut hand_on).map(|()| true);
    }
    let delimiter = match first.kind {
        Kind::Arri => '\t',
        Kind::SonyFrames | Kind::RedFrames | Kind::CanonFrames => ',',
        _ => return Ok(false),
    };
    let text = text_of(bytes);
    let mut n = 0i64;
    table::lines(&text, delimiter, limits, &mut |names, line| {
        // the reader of the whole table knows its columns: it is given this line alone
        let line = format!("{names}\n{line}\n");
        let mut out = FrameRow::new(n);
        match super::read(line.as_bytes(), limits) {
            Ok(Some(sheet)) => row(&sheet, &mut out),
            Ok(None) => {}
            Err(e) => out.problem = Some(e.what),
        }
        n = n.saturating_add(1);
        each(out)
    })?;
    Ok(true)
}

fn row(s: &Sheet, out: &mut FrameRow) {
    let text = |field: &str| match s.get(field) {
        Some(CameraValue::Text(t)) => Some(t.clone()),
        _ => None,
    };
    let real = |field: &str| match s.get(field) {
        Some(CameraValue::Number(x)) => Some(*x),
        Some(CameraValue::Whole(n)) => u32::try_from(*n).ok().map(f64::from),
        _ => None,
    };
    let whole = |field: &str| match s.get(field) {
        Some(CameraValue::Whole(n)) => u32::try_from(*n).ok(),
        _ => None,
    };
    let degrees = |name: &str| {
        s.raw(name).filter(|t| !missing(t)).and_then(values::decimal).filter(|x| x.abs() <= 360.0).map(values::rounded)
    };
    out.timecode = text("timecode.start");
    out.facts = FrameFacts {
        lens_model: text("lens.model"),
        focal_length_mm: real("lens.focal_length_mm"),
        focus_m: real("lens.focus_m"),
        f_stop: f_number(s),
        t_stop: real("lens.t_stop"),
        iso: whole("exposure.iso"),
        shutter_angle: real("exposure.shutter_angle"),
        shutter_s: real("exposure.shutter_s"),
        white_balance_k: whole("exposure.white_balance_k"),
        tint: real("exposure.tint"),
        nd: text("exposure.nd"),
        tilt_deg: degrees("Camera Tilt").or_else(|| degrees("Frame Positional.orientation.tilt")),
        roll_deg: degrees("Camera Roll").or_else(|| degrees("Frame Positional.orientation.roll")),
        ..FrameFacts::default()
    };
    let raw: serde_json::Map<_, _> = s.raw.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    out.raw.insert("table".into(), raw.into());
}

/// Canon's tables say by a mode whether the number is an F-stop (1) or a T-stop (2).
fn f_number(s: &Sheet) -> Option<f64> {
    let (n, d) = s.raw("ApertureNumber").filter(|_| s.raw("ApertureMode") == Some("1"))?.split_once('/')?;
    let x = values::decimal(n)? / values::decimal(d)?;
    (0.5..100.0).contains(&x).then(|| values::rounded(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_arris_json() {
        let text = r#"{"arriJsonHeader":{},"clipBasedMetadataSets":[{"metadataSetName":"Project Rate",
            "metadataSetPayload":{"dropframe":false,"timebase":"24"}}],"frameBasedMetadata":{"frames":[
            {"timecode":"01:00:00:00","frameBasedMetadataSets":{"Positional":{"orientation":{"tilt":6.0,"roll":-2.5}},
             "Lens State":{"lensFocalLength":40000,"lensIris":2667,"lensFocusDistanceMetric":65535}}},
            {"timecode":"01:00:00:01","frameBasedMetadataSets":{"Positional":{"orientation":{"tilt":409.5}},
             "Sensor State":{"exposureIndex":800}}}]}}"#;
        let mut got = Vec::new();
        assert!(
            frames(text.as_bytes(), &Limits::default(), &mut |r| {
                got.push(r);
                Ok(())
            })
            .unwrap()
        );
        let short: Vec<_> = got
            .iter()
            .map(|r| {
                (
                    r.frame,
                    r.timecode.as_deref(),
                    r.facts.focal_length_mm,
                    r.facts.tilt_deg,
                    r.facts.roll_deg,
                    r.facts.iso,
                )
            })
            .collect();
        assert_eq!(short[0], (0, Some("01:00:00:00"), Some(40.0), Some(6.0), Some(-2.5), None));
        assert_eq!(short[1], (1, Some("01:00:00:01"), None, None, None, Some(800)), "409.5 degrees are no tilt");
        assert_eq!((got[0].facts.t_stop, got[0].facts.focus_m), (Some(1.78), None));
        let stop = frames(text.as_bytes(), &Limits::default(), &mut |_| Err(Error::limit("enough")));
        assert_eq!(stop.unwrap_err().code, "LIMIT-SIZE");
    }

    #[test]
    fn each_line_is_a_frame() {
        let text = "\"Timecode\",\"Clip Name\",\"Lens Model\",\"Aperture\",\"Focus Distance (ft)\",\"Camera Tilt\"\n\
                    \"1:2:3:4\",\"a\nb\",\"b\",\"T 2 3/10\",\"10\",\"\"\n\n\"1:2:3:5\",\"a\",\"b\",\"T 4\",\"20\",\"-3.5\"\n\"1:2\"\n";
        let mut got = Vec::new();
        let read = frames(text.as_bytes(), &Limits::default(), &mut |r| {
            got.push(r);
            Ok(())
        });
        assert_eq!((read.unwrap(), got.len()), (true, 3));
        let short: Vec<_> =
            got.iter().map(|r| (r.frame, r.timecode.as_deref(), r.facts.focus_m, r.facts.tilt_deg)).collect();
        assert_eq!(short[0], (0, Some("01:02:03:04"), Some(3.048), None));
        assert_eq!(short[1], (1, Some("01:02:03:05"), Some(6.096), Some(-3.5)));
        assert!(got[2].problem.is_some() && got[2].timecode.is_none(), "a line that is cut");
        assert!(!frames(b"Clip Metadata\n", &Limits::default(), &mut |_| Ok(())).unwrap());
        let stop = frames(text.as_bytes(), &Limits::default(), &mut |_| Err(Error::limit("enough")));
        assert_eq!(stop.unwrap_err().code, "LIMIT-SIZE");
    }
}
