//! Timecode labels against the vectors in `standards/editorial`.

use super::formats_oracle::data;
use rushes::model::{Rational, Timecode};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    rate: Rational,
    drop: bool,
    frame: i64,
    label: String,
    otio_agrees: bool,
}

/// The last frame of a day, where OpenTimelineIO 0.18 is wrong.
const OTIO_WRONG: [(&str, i64); 3] = [("30000/1001", 2_591_999), ("48000/1001", 4_147_199), ("60000/1001", 5_183_999)];

#[test]
fn all_timecode_vectors() {
    let Some(data) = data("conformance timecode") else { return };
    let text = std::fs::read_to_string(data.join("standards/editorial/timecode_vectors.json")).unwrap();
    let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap();
    assert_eq!(vectors.len(), 3742);
    let mut wrong = Vec::new();
    for v in &vectors {
        let t = Timecode::from_frames(v.frame, v.rate, v.drop).unwrap();
        assert_eq!(t.to_string(), v.label, "{} frame {}", v.rate, v.frame);
        let back = Timecode::parse(&v.label, v.rate, v.drop).unwrap();
        assert_eq!(i64::from(back.frames()), v.frame, "{} {}", v.rate, v.label);
        if !v.otio_agrees {
            wrong.push((v.rate.to_string(), v.frame));
        }
    }
    let known: Vec<_> = OTIO_WRONG.iter().map(|(r, f)| ((*r).to_owned(), *f)).collect();
    assert_eq!(wrong, known);
    println!("conformance timecode: {} vectors agree; OpenTimelineIO is wrong on {}", vectors.len(), wrong.len());
}
