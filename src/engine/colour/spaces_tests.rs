//! The table: names, and constants against what makers printed.

use super::*;
use crate::engine::colour::law::Direction::{Decode, Encode};
use proptest::prelude::*;

/// cut, a, b, c, d, e, f per EI, from ARRI's "Log C curve" paper as colour-science 0.4.7 has them.
const PRINTED: [(f64, [f64; 7]); 11] = [
    (160.0, [0.005561, 5.555556, 0.080216, 0.269036, 0.381991, 5.842037, 0.092778]),
    (200.0, [0.006208, 5.555556, 0.076621, 0.266007, 0.382478, 5.776265, 0.092782]),
    (250.0, [0.006871, 5.555556, 0.072941, 0.262978, 0.382966, 5.710494, 0.092786]),
    (320.0, [0.007622, 5.555556, 0.068768, 0.259627, 0.383508, 5.637732, 0.092791]),
    (400.0, [0.008318, 5.555556, 0.064901, 0.256598, 0.383999, 5.571960, 0.092795]),
    (500.0, [0.009031, 5.555556, 0.060939, 0.253569, 0.384493, 5.506188, 0.092800]),
    (640.0, [0.009840, 5.555556, 0.056443, 0.250219, 0.385040, 5.433426, 0.092805]),
    (800.0, [0.010591, 5.555556, 0.052272, 0.247190, 0.385537, 5.367655, 0.092809]),
    (1000.0, [0.011361, 5.555556, 0.047996, 0.244161, 0.386036, 5.301883, 0.092814]),
    (1280.0, [0.012235, 5.555556, 0.043137, 0.240810, 0.386590, 5.229121, 0.092819]),
    (1600.0, [0.013047, 5.555556, 0.038625, 0.237781, 0.387093, 5.163350, 0.092824]),
];

#[test]
fn logc3_rounds_to_the_printed_table() {
    for (ei, printed) in PRINTED {
        let l = logc3(ei);
        let ours = [l.lin_break, l.lin_slope, l.lin_offset, l.log_slope, l.log_offset, l.linear_slope, l.linear_offset];
        for (name, (a, b)) in ["cut", "a", "b", "c", "d", "e", "f"].iter().zip(ours.iter().zip(printed)) {
            assert!((a - b).abs() < 1.01e-6, "EI{ei} {name}: {a} {b}");
        }
        let known = SPACES.iter().find(|s| s.name == format!("ARRI LogC3 (EI{ei})")).unwrap();
        assert_eq!((known.encoding.unwrap().law)(), Law::Log(l));
    }
}

/// Mid grey as the makers give it: ARRI 400/1023 and 0.2784, Sony 420/1023, ACEScct 0.4135884; black of S-Log3 is 95/1023,
/// the top of LogC4 is 469.8.
#[test]
fn grey_is_where_makers_say() {
    for (space, light, code, within) in [
        ("logc3", 0.18, 400.0 / 1023.0, 1e-4),
        ("logc3 ei160", 0.18, 400.0 / 1023.0, 2e-4),
        ("logc4", 0.18, 0.2784, 1e-4),
        ("slog3", 0.18, 420.0 / 1023.0, 1e-12),
        ("slog3", 0.0, 95.0 / 1023.0, 1e-12),
        ("acescct", 0.18, 0.413_588_4, 1e-7),
        ("logc4", 469.8, 1.0, 1e-6),
        ("bt709 oetf", 1.0, 1.0, 1e-12),
        ("srgb", 0.214_041, 0.5, 1e-6),
        ("bt1886", 0.189_465, 0.5, 1e-6),
    ] {
        let law = (find(space).unwrap().encoding.unwrap().law)();
        let got = law.value(Encode, light);
        assert!((got - code).abs() < within, "{space}: {got} {code}");
    }
}

#[test]
fn names_are_unique_and_found_in_any_spelling() {
    let mut seen = std::collections::BTreeMap::new();
    for s in SPACES {
        for n in names(s) {
            if let Some(other) = seen.insert(plain(n), s.name) {
                assert_eq!(other, s.name, "{n} is two spaces");
            }
            assert_eq!(find(n).unwrap().name, s.name);
            assert_eq!(find(&n.to_uppercase()).unwrap().name, s.name);
        }
        assert!(!s.source.is_empty(), "{} has no source", s.name);
    }
    for (alias, name) in [
        ("LogC3", "ARRI LogC3 (EI800)"),
        ("logc4", "ARRI LogC4"),
        ("slog3", "S-Log3 S-Gamut3.Cine"),
        ("s-log3 s-gamut3.cine", "S-Log3 S-Gamut3.Cine"),
        ("rec709", "Camera Rec.709"),
        ("sRGB", "sRGB Encoded Rec.709 (sRGB)"),
        ("ACEScg", "ACEScg"),
        ("AP0", "ACES2065-1"),
    ] {
        assert_eq!(find(alias).map(|s| s.name), Some(name));
    }
    for none in ["", "()", "rec709x", "é", &"a".repeat(100_000)] {
        assert!(find(none).is_none(), "{none}");
    }
}

/// ARRI prints AWG3 to ACES2065-1 in its IDT maker with six decimals; Sony's and AWG4's follow from CTL.
#[test]
fn awg3_to_aces_is_the_printed_one() {
    let printed = [[0.680206, 0.236137, 0.083658], [0.085415, 1.017471, -0.102886], [0.002057, -0.062563, 1.060506]];
    let got = find("awg3").unwrap().to_aces();
    for (a, b) in got.as_flattened().iter().zip(printed.as_flattened()) {
        assert!((a - b).abs() < 5.1e-7, "{got:?}");
    }
}

#[test]
fn white_stays_white() {
    for s in SPACES.iter().filter(|s| matches!(s.gamut.primaries, Primaries::Rgb { .. })) {
        for v in matrix::times(&s.to_aces(), [1.0; 3]) {
            assert!((v - 1.0).abs() < 1e-14, "{}: {v}", s.name);
        }
    }
}

#[test]
fn not_a_number_and_infinity_pass() {
    for s in SPACES {
        let Some(e) = s.encoding else { continue };
        for d in [Decode, Encode] {
            let (law, stage) = ((e.law)(), (e.law)().stage(d));
            let mut v = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
            stage.run(&mut v);
            assert!(v[0].is_nan() && v[1] == f32::INFINITY && v[2] == f32::NEG_INFINITY, "{} {d:?}: {v:?}", s.name);
            assert!(law.value(d, f64::NAN).is_nan());
            assert_eq!(law.value(d, f64::INFINITY), f64::INFINITY);
            assert_eq!(law.value(d, f64::NEG_INFINITY), f64::NEG_INFINITY);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn curves_undo_themselves_and_rise(code in -0.3f64..1.3, step in 1e-6f64..0.5) {
        for s in SPACES {
            let Some(e) = s.encoding else { continue };
            let law = (e.law)();
            let light = law.value(Decode, code);
            prop_assert!((law.value(Encode, light) - code).abs() < 1e-9, "{} {} {}", s.name, code, light);
            prop_assert!(law.value(Decode, code + step) > light, "{} falls at {}", s.name, code);
        }
    }

    /// The f32 loop against the f64 reference: a relative part, and a part of the offset that is taken away near black.
    #[test]
    fn the_fast_loop_is_the_reference(code in -0.3f32..1.3) {
        for s in SPACES {
            let Some(e) = s.encoding else { continue };
            let law = (e.law)();
            let want = law.value(Decode, f64::from(code));
            let mut v = [code];
            law.stage(Decode).run(&mut v);
            prop_assert!((f64::from(v[0]) - want).abs() < 5e-8 + 2.5e-6 * want.abs(), "{} {} {} {}", s.name, code, v[0], want);
            let light = v[0];
            let want = law.value(Encode, f64::from(light));
            law.stage(Encode).run(&mut v);
            prop_assert!((f64::from(v[0]) - want).abs() < 6e-7, "{} {} {} {}", s.name, light, v[0], want);
        }
    }
}
