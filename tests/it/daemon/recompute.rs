//! Pixels computed from what `rushes explain --json` says and the source file: in f64, and with none of the program's code.

use crate::support::RawDpx;
use serde_json::Value;
use sha2::Digest;
use std::fs::File;
use std::path::Path;

type Pixel = [f64; 3];

/// A decoded source.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Pixel>,
}

impl Picture {
    pub fn new(width: usize, height: usize, levels: &[f64]) -> Self {
        let pixels = levels.as_chunks::<3>().0.to_vec();
        assert_eq!(pixels.len(), width * height);
        Self { width, height, pixels }
    }

    /// Beyond the edge its nearest pixel is repeated.
    fn at(&self, x: i64, y: i64) -> Pixel {
        let clamp = |v: i64, n: usize| usize::try_from(v.max(0)).unwrap().min(n - 1);
        self.pixels[clamp(y, self.height) * self.width + clamp(x, self.width)]
    }
}

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| panic!("no number: {v}"))
}

fn three(v: &Value) -> Pixel {
    [0, 1, 2].map(|n| number(&v[n]))
}

/// The sample of one output pixel, before it is stored.
pub fn pixel(account: &Value, source: &Picture, x: usize, y: usize) -> Pixel {
    let place = &account["placement"];
    let k = |name: &str| number(&place["crop"][name]);
    let (width, height) = (number(&place["width"]), number(&place["height"]));
    let (across, down) = (k("width") / width, k("height") / height);
    let before = &account["before"];
    let middle = |n: usize, from: f64, step: f64| from + (n as f64 + 0.5) * step;
    let (cx, cy) = (middle(x, k("x"), across), middle(y, k("y"), down));
    let resampled = if across == 1.0 && down == 1.0 {
        run(before, source.at(cx.floor() as i64, cy.floor() as i64))
    } else {
        assert_eq!(account["encode"]["filter"], "lanczos3");
        let (columns, rows) = (weights(cx, across.max(1.0)), weights(cy, down.max(1.0)));
        let mut sum = [0.0; 3];
        for (row, a) in &rows {
            for (column, b) in &columns {
                let p = run(before, source.at(*column, *row));
                sum = [0, 1, 2].map(|c| sum[c] + a * b * p[c]);
            }
        }
        sum
    };
    run(&account["after"], resampled)
}

/// The source pixels that a Lanczos filter of three lobes reaches around `middle`, with weights whose sum is 1.
fn weights(middle: f64, stretch: f64) -> Vec<(i64, f64)> {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
    let reach = 3.0 * stretch;
    let all = ((middle - reach).floor() as i64)..=((middle + reach).ceil() as i64);
    let of = |n: i64| {
        let d = (n as f64 + 0.5 - middle) / stretch;
        if d.abs() < 3.0 { sinc(d) * sinc(d / 3.0) } else { 0.0 }
    };
    let raw: Vec<(i64, f64)> = all.map(|n| (n, of(n))).collect();
    let total: f64 = raw.iter().map(|(_, w)| w).sum();
    raw.into_iter().map(|(n, w)| (n, w / total)).collect()
}

/// The ops one after the other.
pub fn run(steps: &Value, mut v: Pixel) -> Pixel {
    for s in steps.as_array().unwrap() {
        v = match s["op"].as_str().unwrap() {
            "matrix" => [0, 1, 2].map(|r| (0..3).map(|c| number(&s["matrix"][r][c]) * v[c]).sum()),
            "curve" => v.map(|x| curve(s, x)),
            "cdl" => cdl(s, v),
            "lut1d" | "lut3d" => table(s, v),
            "range" => v.map(|x| x.clamp(s["min"].as_f64().unwrap_or(f64::MIN), s["max"].as_f64().unwrap_or(f64::MAX))),
            other => panic!("an op {other}"),
        };
    }
    v
}

fn curve(step: &Value, x: f64) -> f64 {
    let law = &step["law"];
    let k = |name: &str| number(&law[name]);
    let decodes = step["direction"] == "decode";
    match (law["law"].as_str().unwrap(), decodes) {
        ("log", true) if x < k("linear_slope") * k("lin_break") + k("linear_offset") => {
            (x - k("linear_offset")) / k("linear_slope")
        }
        ("log", true) => (k("base").powf((x - k("log_offset")) / k("log_slope")) - k("lin_offset")) / k("lin_slope"),
        ("log", false) if x < k("lin_break") => k("linear_slope") * x + k("linear_offset"),
        ("log", false) => {
            k("log_slope") * (k("lin_slope") * x + k("lin_offset")).ln() / k("base").ln() + k("log_offset")
        }
        ("power", _) if x <= 0.0 => x,
        ("power", true) => x.powf(k("gamma")),
        ("power", false) => x.powf(1.0 / k("gamma")),
        ("power_toe", true) if x < k("linear_slope") * k("lin_break") => x / k("linear_slope"),
        ("power_toe", true) => ((x + k("offset")) / (1.0 + k("offset"))).powf(k("gamma")),
        ("power_toe", false) if x < k("lin_break") => k("linear_slope") * x,
        ("power_toe", false) => (1.0 + k("offset")) * x.powf(1.0 / k("gamma")) - k("offset"),
        (other, _) => panic!("a law {other}"),
    }
}

/// ASC CDL v1.2, without clamping.
fn cdl(s: &Value, v: Pixel) -> Pixel {
    assert_eq!(s["style"], "no_clamp");
    let (slope, offset, power) = (three(&s["slope"]), three(&s["offset"]), three(&s["power"]));
    let graded = [0, 1, 2].map(|c| {
        let y = v[c] * slope[c] + offset[c];
        if y > 0.0 { y.powf(power[c]) } else { y }
    });
    let luma = 0.2126 * graded[0] + 0.7152 * graded[1] + 0.0722 * graded[2];
    graded.map(|c| luma + number(&s["saturation"]) * (c - luma))
}

/// The rows of a plain `.cube` file whose SHA-256 is the one that was told.
fn rows(table: &Value) -> Vec<Pixel> {
    let bytes = std::fs::read(table["file"].as_str().unwrap()).unwrap();
    let hash: String = sha2::Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(table["sha256"], hash);
    let text = String::from_utf8(bytes).unwrap();
    let row = |line: &str| {
        let words: Option<Vec<f64>> = line.split_whitespace().map(|w| w.parse().ok()).collect();
        words.filter(|w| w.len() == 3).map(|w| [w[0], w[1], w[2]])
    };
    text.lines().filter_map(row).collect()
}

fn table(s: &Value, v: Pixel) -> Pixel {
    let t = &s["table"];
    let (rows, size) = (rows(t), t["size"].as_u64().unwrap() as usize);
    let (min, max) = (three(&t["domain_min"]), three(&t["domain_max"]));
    let place = [0, 1, 2].map(|c| ((v[c] - min[c]) / (max[c] - min[c])).clamp(0.0, 1.0) * (size - 1) as f64);
    let low = place.map(|p| (p as usize).min(size - 2));
    let part = [0, 1, 2].map(|c| place[c] - low[c] as f64);
    if s["op"] == "lut1d" {
        return [0, 1, 2].map(|c| rows[low[c]][c] * (1.0 - part[c]) + rows[low[c] + 1][c] * part[c]);
    }
    assert_eq!(s["interpolation"], "tetrahedral");
    // from the lowest corner along the axes, the largest part first: the four corners of the tetrahedron
    let mut axes = [0, 1, 2];
    axes.sort_by(|a, b| part[*b].total_cmp(&part[*a]));
    let at = |corner: [usize; 3]| rows[corner[0] + size * (corner[1] + size * corner[2])];
    let mut corner = low;
    let mut out = at(corner).map(|x| x * (1.0 - part[axes[0]]));
    for n in 0..3 {
        corner[axes[n]] += 1;
        let weight = part[axes[n]] - if n < 2 { part[axes[n + 1]] } else { 0.0 };
        let p = at(corner);
        out = [0, 1, 2].map(|c| out[c] + weight * p[c]);
    }
    out
}

/// Width, height, samples, and the highest code of a picture of codes.
pub fn read(path: &Path) -> (usize, usize, Vec<f64>, Option<f64>) {
    match path.extension().unwrap().to_str().unwrap() {
        "exr" => {
            let image = exr::prelude::read_first_rgba_layer_from_file(
                path,
                |size, _| (size.width(), vec![0.0; size.area() * 3]),
                |(width, all): &mut (usize, Vec<f64>), at, (r, g, b, _): (f32, f32, f32, f32)| {
                    let n = 3 * (at.y() * *width + at.x());
                    all[n..n + 3].copy_from_slice(&[r, g, b].map(f64::from));
                },
            );
            let (width, all) = image.unwrap().layer_data.channel_data.pixels;
            (width, all.len() / 3 / width, all, None)
        }
        "png" => {
            let mut reader = png::Decoder::new(std::io::BufReader::new(File::open(path).unwrap())).read_info().unwrap();
            let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut bytes).unwrap();
            assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Sixteen));
            let codes = bytes.as_chunks::<2>().0.iter().map(|b| f64::from(u16::from_be_bytes(*b))).collect();
            (info.width as usize, info.height as usize, codes, Some(65_535.0))
        }
        _ => {
            let raw = RawDpx::read(path).unwrap();
            (raw.width, raw.height, raw.codes.iter().map(|c| f64::from(*c)).collect(), Some(f64::from(raw.top)))
        }
    }
}

/// Whether a stored sample is what was computed: the half nearest to it or that one's neighbour, or within a code. What
/// singles lose in a pixel whose other samples are a million times as large is left aside.
pub fn right(got: f64, want: f64, largest: f64, top: Option<f64>) -> bool {
    match top {
        Some(top) => (got - (want.clamp(0.0, 1.0) * top).round()).abs() <= 1.0,
        None => {
            let order = |v: f64| {
                let bits = i32::from(half::f16::from_f64(v).to_bits());
                if bits & 0x8000 == 0 { bits } else { 0x8000 - bits }
            };
            order(got).abs_diff(order(want)) <= 1 || (got - want).abs() <= largest * 1e-6
        }
    }
}
