//! Plates of the data set's frames beside OpenColorIO, which renders the same frames through its own ACES configuration.
//!
//! The measure. A plate holds halves, so nothing can be nearer to OpenColorIO's single than the half it rounds to, and two
//! right programs may round to neighbours. A sample is right when it is that half or its neighbour. What is further off is
//! mapped back to the source's space by OpenColorIO, both its own and ours: the codes may differ by 1e-3 of the whole range.
//! Where the source is linear, by 1e-3 of the value and that half's last bit.

use super::formats_oracle::data;
use super::formats_pixels::{decode_file, picture_of};
use super::plates::{as_half, frames_below};
use crate::support::{RawDpx, oracle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const TEST: &str = "conformance plates beside OpenColorIO";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/ocio_apply.py");
/// What a frame that nothing is known of is said to be, in turn.
const SAID: &[&str] = &["logc3", "slog3", "logc4", "acescct", "S-Log3 S-Gamut3"];
/// Slope, offset, power, saturation.
const GRADE: ([f64; 3], [f64; 3], [f64; 3], f64) = ([1.1, 0.95, 1.02], [0.01, -0.015, 0.02], [1.05, 0.9, 1.2], 1.15);
const LUT_INPUT: &str = "ARRI LogC3 (EI800)";
const LUT_OUTPUT: &str = "Gamma 2.4 Encoded Rec.709";

/// OpenColorIO in a process of its own.
struct Ocio {
    child: Child,
    ask: ChildStdin,
    hear: BufReader<ChildStdout>,
    dir: PathBuf,
}

impl Ocio {
    fn start(dir: &Path) -> Option<Self> {
        let python = oracle(TEST, "python")?;
        let mut c = Command::new(python);
        c.arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = c.spawn().unwrap();
        let (ask, hear) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, ask, hear, dir: dir.to_path_buf() })
    }

    /// `None` where its configuration does not have one of the spaces.
    fn apply(&mut self, samples: &[f32], steps: &Value) -> Option<Vec<f32>> {
        let (from, to) = (self.dir.join("ocio.in"), self.dir.join("ocio.out"));
        std::fs::write(&from, samples.iter().flat_map(|s| s.to_ne_bytes()).collect::<Vec<u8>>()).unwrap();
        writeln!(self.ask, "{}", json!({"in": from, "out": to, "steps": steps})).unwrap();
        let mut line = String::new();
        self.hear.read_line(&mut line).unwrap();
        if line.starts_with("unknown ") {
            return None;
        }
        assert_eq!(line, "ok\n", "OpenColorIO on {steps}");
        let bytes = std::fs::read(&to).unwrap();
        Some(bytes.as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b)).collect())
    }
}

impl Drop for Ocio {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All pixels of small pictures, evenly chosen ones of large ones, so that all frames take minutes.
fn some(samples: &[f32]) -> Vec<f32> {
    let pixels = samples.as_chunks::<3>().0;
    // a number that shares no factor with usual widths, so that all columns are met
    let step = pixels.len() / 20_000 / 6 * 6 + 1;
    pixels.iter().step_by(step).flatten().copied().collect()
}

/// The frame's samples by a way that is not the program's own, where there is one.
fn decoded(file: &Path, dir: &Path) -> (&'static str, Vec<f32>) {
    let ext = file.extension().unwrap().to_string_lossy().to_lowercase();
    let ours = |id: &str| decode_file(id, file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let args = match ext.as_str() {
        "dpx" => match RawDpx::read(file) {
            Some(raw) => return ("raw codes", raw.levels().map(|l| l as f32).collect()),
            None => return ("the program, as proved elsewhere", ours("dpx").frame.data().to_vec()),
        },
        // decoders need not agree about what is damaged, nor about pictures that oiiotool cannot write again
        "exr" if file.iter().any(|part| part == "damaged") => {
            return ("the program, as proved elsewhere", ours("exr").frame.data().to_vec());
        }
        "exr" => {
            let channels = if ours("exr").how.contains_key("brightness") { "Y,Y,Y" } else { "R,G,B" };
            vec!["--croptofull", "--origin", "+0+0", "--fullpixels", "--ch", channels]
        }
        _ => vec!["--ch", if ours("tiff").how.contains_key("brightness") { "0,0,0" } else { "0,1,2" }],
    };
    match picture_of(file, &args, dir) {
        Some(f) => ("oiiotool", f.data().to_vec()),
        None => {
            ("the program, as proved elsewhere", ours(if ext == "exr" { "exr" } else { "tiff" }).frame.data().to_vec())
        }
    }
}

fn run(args: &[&str], file: &Path, out: &Path) -> Result<PathBuf, String> {
    let _ = std::fs::remove_dir_all(out);
    let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
    c.args(["render", "--recipe", "plate", "-o"]).arg(out).args(args).arg(file).env_remove("RUSHES_CONFIG");
    let o = c.output().unwrap();
    if !o.status.success() {
        let said = String::from_utf8_lossy(&o.stderr).into_owned();
        return Err(said.rsplit('[').next().unwrap_or_default().trim_end().trim_end_matches(']').to_owned());
    }
    let folder = std::fs::read_dir(out).unwrap().flatten().next().unwrap().path();
    Ok(std::fs::read_dir(folder).unwrap().flatten().next().unwrap().path())
}

fn explain(plate: &Path) -> Value {
    let o = Command::new(env!("CARGO_BIN_EXE_rushes")).args(["explain", "--json"]).arg(plate).output().unwrap();
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    serde_json::from_slice(&o.stdout).unwrap()
}

/// Neighbouring halves have neighbouring numbers.
fn order(x: f32) -> i32 {
    let bits = i32::from(half::f16::from_f32(x).to_bits());
    if bits & 0x8000 == 0 { bits } else { 0x8000 - bits }
}

fn last_bit(x: f32) -> f32 {
    let h = half::f16::from_f32(x.abs().min(65_000.0));
    half::f16::from_bits(h.to_bits() + 1).to_f32() - h.to_f32()
}

#[derive(Default)]
struct Tally {
    plates: usize,
    samples: usize,
    neighbours: usize,
    further: usize,
    not_finite: usize,
    worst_code: f32,
    worst_linear: f32,
    by: BTreeMap<String, usize>,
    bad: Vec<String>,
}

impl Tally {
    fn compare(
        &mut self,
        what: &str,
        ocio: &mut Ocio,
        source: &[f32],
        steps: &Value,
        plate: &[f32],
        back: Option<&Value>,
    ) -> bool {
        let Some(theirs) = ocio.apply(source, steps) else { return false };
        assert_eq!(theirs.len(), plate.len(), "{what}");
        let (mut ours_back, mut theirs_back) = (Vec::new(), Vec::new());
        let pixels = source.as_chunks::<3>().0.iter().zip(theirs.as_chunks::<3>().0).zip(plate.as_chunks::<3>().0);
        for ((from, want), got) in pixels {
            // what is no number or beyond all is not one thing in all programs, and not a colour
            if from.iter().chain(want).any(|v| !v.is_finite()) {
                self.not_finite += 1;
                continue;
            }
            let near = want.map(as_half);
            let mut mixed = near;
            for c in 0..3 {
                self.samples += 1;
                match order(near[c]).abs_diff(order(got[c])) {
                    0 => {}
                    1 => self.neighbours += 1,
                    _ => {
                        self.further += 1;
                        mixed[c] = got[c];
                    }
                }
            }
            if mixed != near {
                ours_back.extend(mixed);
                theirs_back.extend(near);
            }
        }
        let off = match back {
            Some(steps) if !ours_back.is_empty() => {
                let (a, b) = (ocio.apply(&ours_back, steps).unwrap(), ocio.apply(&theirs_back, steps).unwrap());
                let off = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                self.worst_code = self.worst_code.max(off);
                off
            }
            _ => {
                let pairs = ours_back.iter().zip(&theirs_back);
                let off =
                    pairs.map(|(a, b)| ((a - b).abs() - last_bit(*b)).max(0.0) / b.abs().max(1e-9)).fold(0.0, f32::max);
                self.worst_linear = self.worst_linear.max(off);
                off
            }
        };
        self.plates += 1;
        if off.is_nan() || off > 1e-3 {
            self.bad.push(format!("{what}: {off:.1e}"));
        }
        true
    }
}

/// A smooth table of 17³ entries that mixes channels and bends them.
fn cube(path: &Path) {
    let mut text = "LUT_3D_SIZE 17\n".to_owned();
    for n in 0..17 * 17 * 17 {
        let [r, g, b] = [n % 17, n / 17 % 17, n / 289].map(|v| f64::from(v) / 16.0);
        let bend = |x: f64| x * x * (3.0 - 2.0 * x);
        let row = [bend(r) * 0.9 + g * 0.1, bend(g) * 0.8 + r * 0.15 + 0.02, b * 0.7 + r * g * 0.25];
        text += &format!("{:.6} {:.6} {:.6}\n", row[0], row[1], row[2]);
    }
    std::fs::write(path, text).unwrap();
}

fn cdl(path: &Path) {
    let three = |v: [f64; 3]| format!("{} {} {}", v[0], v[1], v[2]);
    let (s, o, p, sat) = GRADE;
    let sop = format!("<Slope>{}</Slope><Offset>{}</Offset><Power>{}</Power>", three(s), three(o), three(p));
    let sat = format!("<SatNode><Saturation>{sat}</Saturation></SatNode>");
    std::fs::write(path, format!("<ColorCorrection id=\"g\"><SOPNode>{sop}</SOPNode>{sat}</ColorCorrection>")).unwrap();
}

/// The measure itself: a plate of a kindred space, or of two percent more light, is not taken for right.
fn measure_finds_faults(ocio: &mut Ocio) {
    let source: Vec<f32> = (0..3000).map(|n| 0.1 + (n * 7 % 800) as f32 / 1000.0).collect();
    let to = |space: &str| json!([["convert", space, "ACES2065-1"]]);
    let back = json!([["convert", "ACES2065-1", "S-Log3 S-Gamut3"]]);
    let right = ocio.apply(&source, &to("S-Log3 S-Gamut3")).unwrap();
    let other = ocio.apply(&source, &to("S-Log3 S-Gamut3.Cine")).unwrap();
    let more: Vec<f32> = right.iter().map(|v| v * 1.02).collect();
    for (plate, faults) in [(&right, 0), (&other, 1), (&more, 1)] {
        let plate: Vec<f32> = plate.iter().map(|v| as_half(*v)).collect();
        let mut tally = Tally::default();
        tally.compare("control", ocio, &source, &to("S-Log3 S-Gamut3"), &plate, Some(&back));
        assert_eq!(tally.bad.len(), faults);
    }
}

#[test]
fn plates_beside_opencolorio() {
    let Some(data) = data(TEST) else { return };
    let t = tempfile::tempdir().unwrap();
    let Some(mut ocio) = Ocio::start(t.path()) else { return };
    let (cdl_path, cube_path, out) = (t.path().join("g.cc"), t.path().join("l.cube"), t.path().join("out"));
    cdl(&cdl_path);
    cube(&cube_path);
    let mut files = Vec::new();
    for d in ["dpx", "exr", "tiff"] {
        frames_below(&data.join("media").join(d), &mut files);
    }
    let (mut tally, mut refused, mut absent) = (Tally::default(), 0, BTreeMap::<String, usize>::new());
    for (n, file) in files.iter().enumerate() {
        let said = SAID[n % SAID.len()];
        // some are taken for what they are not: a plate is right when it says from which space it was made
        let mut source = if n % 3 == 1 { vec!["--source", said] } else { vec![] };
        let mut plate = run(&source, file, &out);
        if plate.as_ref().is_err_and(|e| e == "COLOR-UNKNOWN") {
            source = vec!["--source", said];
            plate = run(&source, file, &out);
        }
        let Ok(mut plate) = plate else {
            refused += 1;
            continue;
        };
        let (by, samples) = decoded(file, t.path());
        let whole = samples.len();
        let samples = some(&samples);
        // plates in ACES2065-1 of all, the others of some
        let ways: &[&str] = if n % 4 == 0 { &["ACES2065-1", "ACEScg", "look"] } else { &["ACES2065-1"] };
        for way in ways {
            let mut args = source.clone();
            match *way {
                "look" => args.extend([
                    "--cdl",
                    cdl_path.to_str().unwrap(),
                    "--lut",
                    cube_path.to_str().unwrap(),
                    "--lut-input",
                    LUT_INPUT,
                    "--lut-output",
                    LUT_OUTPUT,
                ]),
                "ACEScg" => args.extend(["--color", "ACEScg"]),
                _ => {}
            }
            if *way != "ACES2065-1" {
                plate = run(&args, file, &out).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            }
            let told = explain(&plate);
            let account = &told["account"];
            let space = account["color"]["source"].as_str().unwrap().to_owned();
            let curve = account["before"][0]["op"] == "curve";
            let Some(ours) = picture_of(&plate, &["--ch", "R,G,B"], t.path()) else { return };
            assert_eq!(ours.data().len(), whole, "{}", file.display());
            let ours = some(ours.data());
            let (s, o, p, sat) = GRADE;
            let steps = match *way {
                "look" => json!([
                    ["convert", space, "ACEScct"],
                    ["cdl", s, o, p, sat],
                    ["convert", "ACEScct", LUT_INPUT],
                    ["cube", cube_path],
                    ["convert", LUT_OUTPUT, "ACES2065-1"]
                ]),
                way => json!([["convert", space, way]]),
            };
            // behind a look the picture has the codes that the table gives
            let back = match *way {
                "look" => Some(json!([["convert", "ACES2065-1", LUT_OUTPUT]])),
                way => curve.then(|| json!([["convert", way, space]])),
            };
            let what = format!("{} from {space}, {way}", file.strip_prefix(&data).unwrap().display());
            if tally.compare(&what, &mut ocio, &samples, &steps, &ours, back.as_ref()) {
                for key in [format!("decoded by {by}"), format!("from {space}"), format!("to {way}")] {
                    *tally.by.entry(key).or_default() += 1;
                }
            } else {
                *absent.entry(space).or_default() += 1;
            }
        }
    }
    measure_finds_faults(&mut ocio);
    println!(
        "{TEST}: {} plates of {} files compared, {} samples: {} the neighbouring half, {} further off, which are at worst \
         {:.1e} of code, {:.1e} of linear light; {} pixels not finite; {refused} files refused, not in its configuration: {absent:?}",
        tally.plates,
        files.len(),
        tally.samples,
        tally.neighbours,
        tally.further,
        tally.worst_code,
        tally.worst_linear,
        tally.not_finite
    );
    tally.by.iter().for_each(|(k, n)| println!("  {n} {k}"));
    assert!(tally.bad.is_empty(), "{}", tally.bad.join("\n"));
    assert!(tally.plates > 150, "{}", tally.plates);
}
