//! Chains, ops and tables against published values and against OpenColorIO 2.6 (without its fast mathematics).

use super::*;
use crate::model::{Error, ErrorKind};
use proptest::prelude::*;

fn space(name: &str) -> &'static Space {
    find(name).unwrap_or_else(|| panic!("no space {name}"))
}

fn near(got: [f64; 3], want: [f64; 3], within: f64) {
    let largest = want.iter().fold(0.0f64, |m, v| m.max(v.abs())).max(1.0);
    for (a, b) in got.iter().zip(want) {
        assert!((a - b).abs() <= within * largest, "{got:?} is not {want:?}");
    }
}

/// Reference and loop give `want`.
fn gives(chain: &Chain, input: [f64; 3], want: [f64; 3], within: f64) {
    near(chain.apply_pixel(input).unwrap(), want, within);
    let mut v = input.map(|x| x as f32);
    chain.apply(&mut v).unwrap();
    near(v.map(f64::from), want, within);
}

fn alone(op: Op) -> Chain {
    Chain { from: "ACEScct".into(), to: "ACEScct".into(), steps: vec![Step { label: "test".into(), op }] }
}

fn cdl(style: CdlStyle) -> Cdl {
    Cdl { slope: [1.2, 0.9, 1.05], offset: [-0.03, 0.02, 0.01], power: [1.25, 1.0, 0.8], saturation: 1.4, style }
}

/// OCIO's own CDL is up to 1.3e-5 from exact powers, hence 2e-5.
#[test]
fn cdl_is_that_of_ocio_in_both_styles() {
    for (style, input, want) in [
        (CdlStyle::Asc, [0.18, 0.4, 0.9], [0.024_075_598, 0.385_066_45, 1.0]),
        (CdlStyle::Asc, [-0.1, 0.5, 1.5], [0.0, 0.494_662_4, 1.0]),
        (CdlStyle::Asc, [1.2, 1.0, 0.0], [1.0, 0.939_040_9, 0.0]),
        (CdlStyle::Asc, [0.5, 0.5, 0.5], [0.499_295_29, 0.463_914_72, 0.654_725_79]),
        (CdlStyle::NoClamp, [0.18, 0.4, 0.9], [0.024_075_598, 0.385_066_45, 1.202_435_4]),
        (CdlStyle::NoClamp, [-0.1, 0.5, 1.5], [-0.373_448_07, 0.494_551_84, 1.860_276_6]),
        (CdlStyle::NoClamp, [1.2, 1.0, 0.0], [1.756_476_9, 0.893_419_56, -0.359_413_92]),
    ] {
        gives(&alone(Op::Cdl(cdl(style))), input, want, 2e-5);
    }
}

/// By hand: 1.2·0.5−0.03 = 0.57; 0.57^1.25 and so on, mixed with the luma.
#[test]
fn cdl_by_hand() {
    let (r, g, b) = (0.57f64.powf(1.25), 0.47, 0.535f64.powf(0.8));
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let want = [r, g, b].map(|c| luma + 1.4 * (c - luma));
    gives(&alone(Op::Cdl(cdl(CdlStyle::NoClamp))), [0.5; 3], want, 1e-6);
}

/// 27 rows that follow no line.
fn cube() -> Vec<u8> {
    let mut text = String::from("LUT_3D_SIZE 3\nDOMAIN_MIN -0.5 -0.5 -0.5\nDOMAIN_MAX 1.5 1.5 1.5\n");
    for i in 0..27 {
        text += &format!("{} {} {}\n", 7 * i % 27, 11 * i % 27, 13 * i % 27);
    }
    text.into_bytes()
}

const CURVES: &[u8] = b"LUT_1D_SIZE 4\nDOMAIN_MIN 0 -1 0\nDOMAIN_MAX 1 2 3\n0 1 8\n1 4 4\n4 9 2\n9 16 1\n";

#[test]
fn tables_are_those_of_ocio() {
    let inputs = [
        [0.79, 1.08, 1.21],
        [1.56, 1.08, 1.51],
        [-0.63, 0.42, 1.56],
        [0.86, 1.46, -0.43],
        [0.43, -0.11, 0.61],
        [0.68, -0.67, -0.18],
        [-0.03, 1.5, 1.14],
        [-0.32, 1.21, -0.37],
        [0.78, -0.4, -0.7],
        [1.39, -0.2, -0.18],
    ];
    let tetrahedral = [
        [14.94, 11.79, 8.46],
        [22.52, 13.48, 8.96],
        [12.48, 14.52, 4.2],
        [14.59, 18.26, 14.02],
        [14.16, 7.44, 16.23],
        [11.14, 10.1, 13.36],
        [15.77, 7.0, 5.18],
        [15.66, 11.07, 19.17],
        [8.36, 11.98, 15.14],
        [14.31, 19.71, 22.41],
    ];
    let trilinear = [
        [14.94, 13.99649, 9.349487],
        [22.52, 13.48, 8.96],
        [12.48, 14.52, 4.2],
        [13.81759, 17.0504, 14.81963],
        [14.16, 7.2321, 15.20114],
        [11.14, 10.1, 16.6648],
        [11.2016, 11.5684, 9.748399],
        [16.47734, 11.90468, 18.35266],
        [8.36, 13.924, 17.084],
        [14.31, 14.80788, 18.17316],
    ];
    let curves = [
        [5.85, 9.56, 3.58],
        [9.0, 9.56, 2.98],
        [0.0, 6.1, 2.88],
        [6.9, 12.22, 8.0],
        [1.87, 3.67, 5.56],
        [4.2, 1.99, 8.0],
        [0.0, 12.5, 3.72],
        [0.0, 10.47, 8.0],
        [5.7, 2.8, 8.0],
        [9.0, 3.4, 8.0],
    ];
    let one = alone(ops_of_cube("c.cube", CURVES).unwrap().remove(0));
    let three = alone(ops_of_cube("t.cube", &cube()).unwrap().remove(0));
    let mut linear = three.clone();
    if let Op::Lut3d { interpolation, .. } = &mut linear.steps[0].op {
        *interpolation = Interpolation::Trilinear;
    }
    for (i, input) in inputs.into_iter().enumerate() {
        gives(&one, input, curves[i], 1e-6);
        gives(&three, input, tetrahedral[i], 1e-6);
        gives(&linear, input, trilinear[i], 1e-6);
    }
}

#[test]
fn tables_hide_no_nan_and_hold_their_edges() {
    let three = alone(ops_of_cube("t.cube", &cube()).unwrap().remove(0));
    let one = alone(ops_of_cube("c.cube", CURVES).unwrap().remove(0));
    let mut v = [0.5, f32::NAN, 0.5, f32::INFINITY, f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, -1e30, f32::MIN];
    three.apply(&mut v).unwrap();
    assert!(v[..3].iter().all(|x| x.is_nan()));
    assert_eq!(v[3..], [(7 * 26 % 27) as f32, (11 * 26 % 27) as f32, (13 * 26 % 27) as f32, 0.0, 0.0, 0.0]);
    let mut v = [0.5, f32::NAN, 3.0];
    one.apply(&mut v).unwrap();
    assert!(v[0] == 2.5 && v[1].is_nan() && v[2] == 1.0, "{v:?}");
}

#[test]
fn chains_leave_out_what_undoes_itself() {
    let labels = |a: &str, b: &str| -> Vec<String> {
        Chain::convert(space(a), space(b)).steps.into_iter().map(|s| s.label).collect()
    };
    assert_eq!(labels("logc4", "LogC4"), [""; 0]);
    assert_eq!(labels("acescg", "acescct"), ["light to ACEScct"]);
    assert_eq!(labels("logc3", "ap0"), ["LogC3 (EI800) to light", "AWG3 to AP0"]);
    assert_eq!(labels("ap0", "bt1886"), ["AP0 to Rec.709", "light to gamma 2.4"]);
    assert_eq!(labels("slog3", "logc4"), ["S-Log3 to light", "S-Gamut3.Cine to AP0", "AP0 to AWG4", "light to LogC4"]);
    let plain = Cdl { slope: [1.0; 3], offset: [0.0; 3], power: [1.0; 3], saturation: 1.0, style: CdlStyle::NoClamp };
    let looked = Builder::new(space("acescct")).cdl(plain, space("acescct")).done();
    assert_eq!(looked.steps, []);
}

#[test]
fn a_look_is_applied_where_it_was_made() {
    let ops = ops_of_cube("t.cube", &cube()).unwrap();
    let chain = Builder::new(space("logc3"))
        .cdl(cdl(CdlStyle::NoClamp), space("acescct"))
        .lut(ops.clone(), space("logc4"), space("bt1886"))
        .to(space("srgb"))
        .done();
    assert_eq!((chain.from.as_str(), chain.to.as_str()), ("ARRI LogC3 (EI800)", "sRGB Encoded Rec.709 (sRGB)"));
    let pixel = [0.4, 0.35, 0.3];
    let by_hand = Chain::convert(space("logc3"), space("acescct")).apply_pixel(pixel).unwrap();
    let by_hand = Op::Cdl(cdl(CdlStyle::NoClamp)).value(by_hand).unwrap();
    let by_hand = Chain::convert(space("acescct"), space("logc4")).apply_pixel(by_hand).unwrap();
    let by_hand = ops[0].value(by_hand).unwrap();
    let by_hand = Chain::convert(space("bt1886"), space("srgb")).apply_pixel(by_hand).unwrap();
    near(chain.apply_pixel(pixel).unwrap(), by_hand, 0.0);
    let lines = chain.describe();
    assert_eq!(lines.len(), chain.steps.len());
    assert!(lines.iter().any(|l| l == "CDL in ACEScct: slope 1.2 0.9 1.05, offset -0.03 0.02 0.01, power 1.25 1 0.8, saturation 1.4, no clamp"), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|l| l
                .starts_with("LUT, ARRI LogC4 to Gamma 2.4 Encoded Rec.709: 3D table, tetrahedral, t.cube of size 3")),
        "{lines:#?}"
    );
}

#[test]
fn json_holds_all_numbers_and_tables_come_back() {
    let ops = ops_of_cube("t.cube", &cube()).unwrap();
    let chain = Builder::new(space("logc4"))
        .cdl(cdl(CdlStyle::Asc), space("acescct"))
        .lut(ops, space("acescct"), space("bt1886"))
        .done();
    let text = serde_json::to_string(&chain).unwrap();
    assert!(text.contains(r#"{"label":"LogC4 to light","op":"curve","name":"LogC4","direction":"decode","law":{"law":"log","base":2.0"#), "{text}");
    let mut back: Chain = serde_json::from_str(&text).unwrap();
    assert_eq!(back, chain);
    assert_eq!(back.apply(&mut [0.0; 3]).unwrap_err().code, "INTERNAL");
    let mut asked = Vec::new();
    back.attach(&mut |file| {
        asked.push(file.to_owned());
        Ok(cube())
    })
    .unwrap();
    assert_eq!(asked, ["t.cube"]);
    let pixel = [0.3, 0.2, 0.1];
    assert_eq!(back.apply_pixel(pixel).unwrap(), chain.apply_pixel(pixel).unwrap());
    let mut other: Chain = serde_json::from_str(&text).unwrap();
    let mut changed = cube();
    changed.extend_from_slice(b"# changed\n");
    let e = other.attach(&mut |_| Ok(changed.clone())).unwrap_err();
    assert_eq!((e.kind, e.code.as_ref()), (ErrorKind::Malformed, "FILE-CHANGED"));
    let e = other.attach(&mut |_| Ok(CURVES.to_vec())).unwrap_err();
    assert_eq!(e.code, "FILE-CHANGED");
    let gone = || Error::new(ErrorKind::Io, "FILE-VANISHED", "gone");
    assert_eq!(other.attach(&mut |_| Err(gone())).unwrap_err(), gone());
}

#[test]
fn a_described_size_that_the_table_does_not_have_is_refused() {
    let mut chain = alone(ops_of_cube("t.cube", &cube()).unwrap().remove(0));
    for size in [0, 1, 2, 4, u32::MAX] {
        if let Op::Lut3d { table, .. } = &mut chain.steps[0].op {
            table.size = size;
        }
        assert_eq!(chain.kernel().unwrap_err().code, "INTERNAL");
    }
}

#[test]
fn ranges_clamp_and_keep_nan() {
    let chain = alone(Op::Range { min: Some(0.0), max: None });
    let mut v = [-1.0, 5.0, f32::NAN];
    chain.apply(&mut v).unwrap();
    assert!(v[0] == 0.0 && v[1] == 5.0 && v[2].is_nan());
    assert!(chain.apply_pixel([f64::NAN; 3]).unwrap()[0].is_nan());
    let text = serde_json::to_string(&chain.steps[0].op).unwrap();
    assert_eq!(text, r#"{"op":"range","min":0.0}"#);
}

#[test]
fn nan_and_infinity_through_a_whole_chain() {
    let chain = Chain::convert(space("logc3"), space("ap0"));
    let mut v = [f32::NAN, 0.4, 0.4, f32::INFINITY, 0.4, 0.4];
    chain.apply(&mut v).unwrap();
    assert!(v[..3].iter().all(|x| x.is_nan()), "a matrix gives a NaN to all channels");
    assert_eq!(v[3..], [f32::INFINITY; 3], "all numbers of this matrix's first column are positive");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Any two spaces and back, in the loop: what returns is what went in, as far as `f32` carries it.
    #[test]
    fn there_and_back(a in 0..SPACES.len(), b in 0..SPACES.len(), v in proptest::array::uniform3(0.05f32..0.9)) {
        let there = Builder::new(&SPACES[a]).to(&SPACES[b]).to(&SPACES[a]).done();
        let mut got = v;
        there.apply(&mut got).unwrap();
        for (x, y) in got.iter().zip(v) {
            prop_assert!((x - y).abs() < 2e-4, "{} {} {:?} {:?}", SPACES[a].name, SPACES[b].name, v, got);
        }
        let exact = there.apply_pixel(v.map(f64::from)).unwrap();
        for (x, y) in exact.iter().zip(v) {
            prop_assert!((x - f64::from(y)).abs() < 1e-10, "{} {} {:?} {:?}", SPACES[a].name, SPACES[b].name, v, exact);
        }
    }

    /// The same bits however the samples are cut, and nothing behind the last whole pixel is touched.
    #[test]
    fn any_cut_gives_the_same_bits(n in 0usize..5000, cut in 1usize..3000, extra in 0usize..3) {
        let chain = Builder::new(space("logc4")).cdl(cdl(CdlStyle::NoClamp), space("acescct")).to(space("bt1886")).done();
        let all: Vec<f32> = (0..n * 3 + extra).map(|i| (i % 1021) as f32 / 900.0 - 0.05).collect();
        let kernel = chain.kernel().unwrap();
        let (mut whole, mut parts) = (all.clone(), all.clone());
        kernel.apply(&mut whole);
        parts.chunks_mut(cut * 3).for_each(|c| kernel.apply(c));
        prop_assert!(whole.iter().zip(&parts).all(|(a, b)| a.to_bits() == b.to_bits()));
        prop_assert_eq!(&whole[n * 3..], &all[n * 3..]);
    }
}
