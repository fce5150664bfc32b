//! Every oracle table of `colour/` that a space of ours covers, in the loop over `f32` and in the `f64` reference.

use super::formats_oracle::data;
use rushes::engine::colour::{Builder, Chain, Space, find, ops_of_cube};
use rushes::engine::document::cdl;
use rushes::model::Limits;
use std::path::Path;

/// Camera tables by file, both ways.
const CAMERAS: &[(&str, &str)] = &[
    ("ARRI_ALEXA_LOGC_EI800_AWG", "ARRI LogC3 (EI800)"),
    ("ARRI_LOGC4", "ARRI LogC4"),
    ("SONY_SLOG3_SGAMUT3.CINE", "S-Log3 S-Gamut3.Cine"),
    ("SONY_SLOG3_SGAMUT3", "S-Log3 S-Gamut3"),
    ("ACEScct", "ACEScct"),
    ("ACEScg", "ACEScg"),
];

/// What OCIO does with light below zero.
#[derive(Clone, Copy, PartialEq)]
enum Below {
    /// The same as we.
    Same,
    /// It clamps it before a plain power of this exponent; ours passes it on.
    Clamped(f64),
    /// It mirrors the curve; ours goes on along its line, so these values are not compared.
    Mirrored,
}

/// Displays by file, from CIE XYZ under D65.
const DISPLAYS: &[(&str, &str, Below)] = &[
    ("REC.1886_REC.709", "Gamma 2.4 Encoded Rec.709", Below::Clamped(2.4)),
    ("G2.2_REC.709", "Gamma 2.2 Encoded Rec.709", Below::Clamped(2.2)),
    ("sRGB", "sRGB Encoded Rec.709 (sRGB)", Below::Same),
    ("DisplayP3", "sRGB Encoded P3-D65", Below::Mirrored),
];

fn rows(path: &Path) -> Vec<[f32; 6]> {
    let bytes = std::fs::read(path).unwrap();
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    numbers.as_chunks::<6>().0.to_vec()
}

#[derive(Default)]
struct Worst {
    tables: usize,
    rows: usize,
    loops: f64,
    reference: f64,
}

impl Worst {
    /// One table: 1e-5 of the row's largest value or 1e-6 absolute. A plain power is infinitely steep at zero, where it
    /// shows what rounding to `f32` left of no light: there, light within the rounding of the input counts.
    fn table(&mut self, path: &Path, chain: &Chain, below: Below) {
        let kernel = chain.kernel().unwrap();
        let rows = rows(path);
        assert!(rows.len() > 300, "{}", path.display());
        let (mut loops, mut reference) = (0.0f64, 0.0f64);
        for [r, g, b, x, y, z] in &rows {
            let want = [*x, *y, *z].map(f64::from);
            let within = want.iter().fold(0.1f64, |m, v| m.max(v.abs())) * 1e-5;
            let mut fast = [*r, *g, *b];
            kernel.apply(&mut fast);
            let exact = chain.apply_pixel([*r, *g, *b].map(f64::from)).unwrap();
            for (got, worst) in [(fast.map(f64::from), &mut loops), (exact, &mut reference)] {
                for (ours, theirs) in got.into_iter().zip(want) {
                    let mut off = (ours - theirs).abs() / within;
                    match below {
                        Below::Mirrored if theirs < 0.0 => continue,
                        Below::Clamped(p) => {
                            let ours = ours.max(0.0);
                            off = (ours - theirs).abs() / within;
                            let rounding = f64::from(r.abs().max(g.abs()).max(b.abs()) * 4.0 * f32::EPSILON);
                            if off > 1.0 && (ours.powf(p) - theirs.powf(p)).abs() <= rounding {
                                continue;
                            }
                        }
                        _ => {}
                    }
                    assert!(off <= 1.0, "{}: {:?} gives {got:?}, not {want:?}", path.display(), [r, g, b]);
                    *worst = worst.max(off);
                }
            }
        }
        println!(
            "conformance colour: {} rows of {}: worst {:.2} of the tolerance in f32, {:.2} in f64",
            rows.len(),
            path.file_name().unwrap().display(),
            loops,
            reference
        );
        self.tables += 1;
        self.rows += rows.len();
        (self.loops, self.reference) = (self.loops.max(loops), self.reference.max(reference));
    }

    fn finish(self, test: &str, at_least: usize) {
        println!(
            "{test}: {} tables, {} rows ran; worst {:.2} of the tolerance in f32, {:.2} in f64",
            self.tables, self.rows, self.loops, self.reference
        );
        assert!(self.tables >= at_least);
    }
}

fn space(name: &str) -> &'static Space {
    find(name).unwrap_or_else(|| panic!("no space {name}"))
}

#[test]
fn colour_cameras_both_ways() {
    let Some(data) = data("conformance colour cameras") else { return };
    let mut worst = Worst::default();
    for (file, name) in CAMERAS {
        let file = format!("{file}_to_ACES2065_1.f32");
        let (there, back) = (Chain::convert(space(name), space("ap0")), Chain::convert(space("ap0"), space(name)));
        worst.table(&data.join("colour/camera_to_aces2065").join(&file), &there, Below::Same);
        worst.table(&data.join("colour/aces2065_to_camera").join(&file), &back, Below::Same);
    }
    worst.finish("conformance colour cameras", 12);
}

/// By the names of the configuration: whatever of ours it has.
#[test]
fn colour_studio_configuration() {
    let Some(data) = data("conformance colour studio") else { return };
    let text = std::fs::read_to_string(data.join("colour/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (mut worst, mut skipped) = (Worst::default(), Vec::new());
    for t in manifest["tables"].as_array().unwrap() {
        if t["group"] != "studio_v5_to_aces2065" {
            continue;
        }
        let name = t["name"].as_str().unwrap();
        match find(name) {
            Some(s) => {
                assert_eq!(s.name, name, "another space answers to a name of the configuration");
                let path = data.join("colour").join(t["file"].as_str().unwrap());
                worst.table(&path, &Chain::convert(s, space("ap0")), Below::Same);
            }
            None => skipped.push(name),
        }
    }
    println!("conformance colour studio: not among our spaces: {}", skipped.join(", "));
    worst.finish("conformance colour studio", 18);
}

#[test]
fn colour_displays() {
    let Some(data) = data("conformance colour displays") else { return };
    let dir = data.join("colour/xyzd65_to_display");
    let mut worst = Worst::default();
    for (file, name, below) in DISPLAYS {
        let chain = Chain::convert(space("xyz"), space(name));
        worst.table(&dir.join(format!("DISPLAY_CIE_XYZ_D65_to_{file}.f32")), &chain, *below);
    }
    let utility = data.join("colour/utility/UTILITY_ACES_AP0_to_CIE_XYZ_D65_BFD.f32");
    worst.table(&utility, &Chain::convert(space("ap0"), space("xyz")), Below::Same);
    worst.finish("conformance colour displays", 5);
}

/// LogC3 of the other exposure indices, which OCIO does not have: tables of `f64` from the printed constants, whose
/// rounding to six decimals is up to 9e-8 of light and 5e-6 of the value.
#[test]
fn colour_logc3_indices() {
    let Some(data) = data("conformance colour LogC3") else { return };
    let mut rows = 0;
    for ei in [160, 200, 250, 320, 400, 500, 640, 800, 1000, 1280, 1600] {
        let chain = Chain::convert(space(&format!("ARRI LogC3 (EI{ei})")), space("ap0"));
        let bytes = std::fs::read(data.join(format!("colour/formula/ARRI_LOGC3_EI{ei}_AWG3.f64"))).unwrap();
        let numbers: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        for [r, g, b, x, y, z] in numbers.as_chunks::<6>().0 {
            let got = chain.apply_pixel([*r, *g, *b]).unwrap();
            let within = [x, y, z].iter().fold(0.0f64, |m, v| m.max(v.abs())) * 3e-5 + 3e-7;
            for (a, b) in got.iter().zip([x, y, z]) {
                assert!((a - b).abs() <= within, "EI{ei} {:?}: {got:?}, not {:?}", [r, g, b], [x, y, z]);
            }
            rows += 1;
        }
    }
    println!("conformance colour LogC3: 11 exposure indices, {rows} rows ran");
    assert!(rows > 5000);
}

/// Two tables of OCIO's test suite with values of OCIO 2.6, tetrahedral.
#[test]
fn colour_cube_files() {
    let Some(data) = data("conformance colour tables") else { return };
    for (file, sha256, values) in [
        (
            "resolve_1d3d.cube",
            "648d5ba5f064fe9423db0fe3b12db01cbf9c5ca086ef602e5ced2a615e1feb16",
            [
                ([0.1, 0.2, 0.3], [0.325, 0.325, 0.325]),
                ([0.9, 0.5, 0.2], [0.459_375, 0.4, 0.3]),
                ([-2.0, 0.4, 5.0], [0.175, 0.375, 1.0]),
                ([0.33, 1.7, 2.9], [0.3825, 0.593_75, 0.968_75]),
                ([2.9, 0.1, 1.2], [0.968_75, 0.3, 0.475]),
            ],
        ),
        (
            "iridas_3d.cube",
            "b325db21da249d4618fd5790c1843bf1196b98f2c4ad865bde3b01277dca8454",
            [
                ([0.1, 0.2, 0.3], [0.1, 0.0, 0.6]),
                ([-2.0, 0.4, 5.0], [0.0, 0.0, 2.0]),
                ([0.33, 1.7, 2.9], [0.33, 1.4, 2.0]),
                ([1.5, 1.6, 0.7], [1.5, 1.2, 1.4]),
                ([2.9, 0.1, 1.2], [2.0, 0.0, 2.0]),
            ],
        ),
    ] {
        let bytes = std::fs::read(data.join("media/lut").join(file)).unwrap();
        let ops = ops_of_cube(file, &bytes).unwrap();
        assert_eq!(ops[0].table().unwrap().sha256, sha256);
        let chain = Builder::new(space("acescct")).lut(ops, space("acescct"), space("rec709")).done();
        for (input, want) in values {
            let mut got = input;
            chain.apply(&mut got).unwrap();
            let exact = chain.apply_pixel(input.map(f64::from)).unwrap();
            for (i, b) in want.into_iter().enumerate() {
                assert!(
                    (got[i] - b).abs() < 1e-6 && (exact[i] - f64::from(b)).abs() < 1e-6,
                    "{file} {input:?}: {got:?}"
                );
            }
        }
        println!("conformance colour tables: {file} ran");
    }
}

/// Every correction of the sample files is read, in every spelling.
#[test]
fn colour_cdl_files() {
    let Some(data) = data("conformance colour CDL") else { return };
    let mut ran = 0;
    for path in super::formats_oracle::files(&data.join("media/cdl")) {
        let all = cdl::read(&std::fs::read(&path).unwrap(), &Limits::default()).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (n, saturation) = match name.as_str() {
            "cdl_test1.cc" => (1, 0.7),
            "cdl_test_ASC_SAT.cc" | "cdl_test_ASC_SOP.cc" => (1, 0.42),
            "cdl_test1.ccc" => (5, 1.7),
            "cdl_test1.cdl" => (5, 1.7),
            "looks.cdl" => (3, 1.7),
            "cdl_test_cc_file_with_extension.ccc" => (1, 1.0),
            _ => (all.len(), all[0].saturation),
        };
        assert_eq!((all.len(), all[0].saturation), (n, saturation), "{name}");
        if name.contains("ASC_S") {
            assert_eq!((all[0].slope, all[0].power), ([1.1, 1.2, 1.3], [3.1, 3.2, 3.3]), "{name}");
        }
        println!("conformance colour CDL: {name}, {} corrections", all.len());
        ran += 1;
    }
    assert!(ran >= 7);
}
