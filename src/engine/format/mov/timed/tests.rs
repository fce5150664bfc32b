//! Movies with each kind of track, as the rows of their frames.

use super::super::super::fixtures::{read_bytes, with_bytes};
use super::super::super::{Format, rows};
use super::super::Mov;
use crate::engine::container::bmff::{MetaTrack, TimedMovie, atom};
use crate::engine::container::camm::{self, Packet};
use crate::engine::container::gpmf::{item, nest};
use crate::engine::container::rtmd;
use crate::model::{Error, ErrorKind, FrameRow};

fn listed(bytes: &[u8]) -> Result<Vec<FrameRow>, Error> {
    with_bytes(bytes, |input, limits| {
        let mut out = Vec::new();
        rows("A", input, limits, &mut |r| {
            out.push(r);
            assert!(out.len() < 100_000, "more frames than the file can have");
            Ok(())
        })?;
        Ok(out)
    })
}

fn movie(code: &[u8; 4], timescale: u32, samples: Vec<(Vec<u8>, u32)>) -> TimedMovie {
    TimedMovie { tracks: vec![MetaTrack { code: *code, timescale, samples }], ..TimedMovie::default() }
}

fn be(all: &[i32]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// A payload of these gains, exposure times, and positions with a fix.
fn payload(iso: &[u16], shutter: &[f32], fix: i32, places: &[i32]) -> Vec<u8> {
    let iso: Vec<u8> = iso.iter().flat_map(|n| n.to_be_bytes()).collect();
    let shutter: Vec<u8> = shutter.iter().flat_map(|x| x.to_be_bytes()).collect();
    let stream = |parts: &[Vec<u8>]| nest(b"STRM", parts);
    nest(
        b"DEVC",
        &[
            item(b"DVNM", b'c', 1, b"Hero7 Black"),
            stream(&[item(b"ISOE", b'S', 2, &iso)]),
            stream(&[item(b"SIUN", b'c', 1, b"s"), item(b"SHUT", b'f', 4, &shutter)]),
            stream(&[item(b"WBAL", b'S', 2, &[0x15, 0xe0])]),
            stream(&[
                item(b"GPSF", b'L', 4, &be(&[fix])),
                item(b"SCAL", b'l', 4, &be(&[10_000_000, 10_000_000, 1000, 1000, 100])),
                item(b"GPS5", b'l', 20, &be(places)),
            ]),
        ],
    )
}

fn gopro() -> TimedMovie {
    let first = payload(&[100, 200, 400, 800], &[0.02; 4], 3, &[331_253_682, -1_173_310_670, 15_711, 250, 3]);
    // the recording ended after one frame of this payload, whose duration is that of the others
    let last = payload(&[1600], &[0.01], 0, &[0; 5]);
    let mut m = movie(b"gpmd", 1000, vec![(first, 160), (last, 160)]);
    m.frames = 5;
    m.user =
        atom(b"GPMF", &[&nest(b"DEVC", &[item(b"MINF", b'c', 1, b"HERO7 Black"), item(b"CASN", b'c', 1, b"C33")])]);
    m
}

#[test]
fn gopro_samples_fall_to_the_frames_they_were_taken_with() {
    let all = listed(&gopro().bytes()).unwrap();
    let short: Vec<_> = all.iter().map(|r| (r.frame, r.facts.iso, r.facts.shutter_s, r.timecode.as_deref())).collect();
    assert_eq!(short[0], (0, Some(100), Some(0.02), Some("01:00:00:00")));
    assert_eq!(short.iter().map(|r| r.1.unwrap()).collect::<Vec<_>>(), [100, 200, 400, 800, 1600]);
    assert_eq!(short[4], (4, Some(1600), Some(0.01), Some("01:00:00:04")));
    let f = &all[3].facts;
    assert_eq!(
        (f.white_balance_k, f.gps_latitude_deg, f.gps_altitude_m),
        (Some(5600), Some(33.125_368_2), Some(15.711))
    );
    assert_eq!(all[4].facts.gps_latitude_deg, None, "no fix");
    // every sample is listed once
    let raw = |n: usize, key: &str| all[n].raw["gpmf"][key].clone();
    assert_eq!(
        (raw(1, "ISOE"), raw(1, "WBAL"), raw(0, "WBAL")),
        (serde_json::json!([200]), serde_json::Value::Null, serde_json::json!([5600]))
    );
    assert_eq!(raw(0, "about")["SHUT"]["SIUN"], "s");
    let d = read_bytes(&Mov, &gopro().bytes()).unwrap();
    assert_eq!(
        (d.camera.make.as_deref(), d.camera.model.as_deref(), d.camera.serial.as_deref()),
        (Some("GoPro"), Some("HERO7 Black"), Some("C33"))
    );
    assert_eq!((d.exposure.iso, d.exposure.white_balance_k), (Some(100), Some(5600)));
    assert_eq!(
        (d.origin["exposure.iso"].tag.as_str(), d.origin["camera.model"].tag.as_str()),
        ("gpmd ISOE", "GPMF MINF")
    );
    assert!(d.warnings.is_empty(), "{:?}", d.warnings);
}

/// More samples than frames, fewer, none, and a payload that is damaged.
#[test]
fn gopro_streams_of_other_rates() {
    let fast: Vec<u16> = (1..=12).collect();
    let m = movie(b"gpmd", 1000, vec![(payload(&fast, &[0.02, 0.04], 2, &[1, 1, 1, 1, 1]), 160)]);
    let all = listed(&m.bytes()).unwrap();
    assert_eq!(all.iter().map(|r| r.facts.iso.unwrap()).collect::<Vec<_>>(), [2, 5, 8, 11], "the one at the middle");
    assert_eq!(all[2].raw["gpmf"]["ISOE"], serde_json::json!([7, 8, 9]));
    let slow: Vec<_> = all.iter().map(|r| r.facts.shutter_s.unwrap()).collect();
    assert!((slow[1], slow[2]) == (0.02, 0.04), "{slow:?}");
    assert_eq!((all[0].facts.gps_latitude_deg, all[0].facts.gps_altitude_m), (Some(1e-7), None), "two dimensions");
    let cut = payload(&fast, &[0.02], 3, &[0; 5]);
    let m = movie(b"gpmd", 1000, vec![(cut[..cut.len() - 9].to_vec(), 80)]);
    let all = listed(&m.bytes()).unwrap();
    assert!(all[0].problem.as_deref().is_some_and(|p| p.contains("cut")), "{:?}", all[0]);
    assert!(all[3].problem.is_none() && all[3].facts.iso.is_none(), "behind the last payload nothing is known");
}

fn sony(iso: u16) -> Vec<u8> {
    let lens = [(0x8000, vec![0xb0, 0]), (0x8001, vec![0, 2]), (0x8005, vec![0xd0, 35])];
    let rate = be(&[25, 1]);
    let camera = [
        (0x8106, rate),
        (0x8109, be(&[1, 50])),
        (0x810b, iso.to_be_bytes().to_vec()),
        (0x8114, b"ILME-FX3 5072108".to_vec()),
        (0x8115, vec![0, 100]),
    ];
    rtmd::write(&[([1, 1], &lens), ([2, 1], &camera), ([0x7f, 1], &[(0xe303, vec![4])])])
}

#[test]
fn sony_has_a_sample_for_each_frame() {
    let samples = [800, 1600, 0, 3200].map(|iso| (sony(iso), 1000)).to_vec();
    let m = movie(b"rtmd", 25_000, samples);
    let all = listed(&m.bytes()).unwrap();
    assert_eq!(all.iter().map(|r| r.facts.iso).collect::<Vec<_>>(), [Some(800), Some(1600), Some(100), Some(3200)]);
    let f = &all[1].facts;
    assert_eq!(
        (f.f_stop, f.focus_m, f.focal_length_mm, f.shutter_s),
        (Some(5.6569), Some(2.0), Some(35.0), Some(0.02))
    );
    assert_eq!(all[1].raw["rtmd"]["user.e303"], "04");
    let d = read_bytes(&Mov, &m.bytes()).unwrap();
    assert_eq!((d.camera.model.as_deref(), d.camera.serial.as_deref()), (Some("ILME-FX3"), Some("5072108")));
    assert_eq!(
        (d.exposure.iso, d.lens.focal_length_mm, d.fps.sensor.unwrap().to_string()),
        (Some(800), Some(35.0), "25/1".into())
    );
    assert_eq!(d.origin["exposure.iso"].tag, "rtmd ISOSensitivity");
    // half as many samples: by time
    let m = movie(b"rtmd", 25_000, vec![(sony(800), 2000), (sony(1600), 1000)]);
    let iso: Vec<_> = listed(&m.bytes()).unwrap().iter().map(|r| r.facts.iso).collect();
    assert_eq!(iso, [Some(800), Some(800), Some(1600), None]);
    let m = movie(b"rtmd", 25_000, vec![(sony(800)[..60].to_vec(), 1000); 4]);
    assert!(listed(&m.bytes()).unwrap().iter().all(|r| r.problem.is_some()));
}

#[test]
fn packets_hold_until_the_next_of_their_type() {
    let packets = camm::samples();
    let mut samples: Vec<_> = packets.iter().map(|p| (camm::write(p), 10)).collect();
    let gone = Packet::Gps(match packets[6] {
        Packet::Gps(g) => camm::Gps { fix: 0, ..g },
        _ => unreachable!(),
    });
    samples.push((camm::write(&gone), 50));
    samples.push((vec![0, 0, 9, 0], 10));
    let m = movie(b"camm", 1000, samples);
    let all = listed(&m.bytes()).unwrap();
    // the middles lie at 20, 60, 100 and 140 ms, the packets at 0, 10, … 80, 130
    let short: Vec<_> =
        all.iter().map(|r| (r.facts.shutter_s, r.facts.gps_latitude_deg, r.facts.gps_speed_m_s)).collect();
    assert_eq!(
        short,
        [
            (Some(0.01), None, None),
            (Some(0.01), Some(48.25), Some(5.0)),
            (Some(0.01), None, None),
            (Some(0.01), None, None)
        ]
    );
    assert!(all[0].raw["camm"]["gyro"].as_array().unwrap().len() == 1 && all[1].raw["camm"].get("gyro").is_none());
    assert!(all[3].problem.as_deref().is_some_and(|p| p.contains("camm")));
    assert_eq!(read_bytes(&Mov, &m.bytes()).unwrap().exposure.shutter_s, Some(0.01));
}

#[test]
fn hostile_tables_and_samples() {
    for m in [
        gopro(),
        movie(b"rtmd", 25_000, vec![(sony(800), 1000); 4]),
        movie(b"camm", 1000, vec![(camm::write(&camm::samples()[6]), 9); 3]),
    ] {
        let bytes = m.bytes();
        for n in 0..bytes.len() {
            let mut odd = bytes.clone();
            odd[n] ^= 0xff;
            if let Err(e) = listed(&odd) {
                assert_ne!(e.kind, ErrorKind::Io, "byte {n}: {e}");
            }
        }
        for n in (0..bytes.len()).step_by(7) {
            assert!(listed(&bytes[..n]).is_err_and(|e| e.kind != ErrorKind::Io), "cut at {n}");
        }
    }
    let mut m = movie(b"rtmd", 25_000, vec![(vec![0; 5 << 20], 1000)]);
    m.frames = 1;
    assert!(listed(&m.bytes()).unwrap()[0].problem.as_deref().is_some_and(|p| p.contains("too large")));
    // a reader that is told to stop stops
    let stopped = with_bytes(&gopro().bytes(), |i, l| Mov.frames(i, l, &mut |_| Err(Error::limit("enough"))));
    assert_eq!(stopped.unwrap_err().code, "LIMIT-SIZE");
}
