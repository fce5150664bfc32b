//! `rushes color`: the list, and colours from stdin to stdout.

use super::{file, rushes, status, stderr, stdout};
use std::io::Write;
use std::process::{Output, Stdio};

fn eval(args: &[&str], input: &str) -> Output {
    let mut c = rushes();
    c.args(["color", "eval"]).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = c.spawn().unwrap();
    // a program that ends early closes its stdin: no matter
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn good(args: &[&str], input: &str) -> Vec<[f64; 3]> {
    let o = eval(args, input);
    assert_eq!((status(&o), stderr(&o).as_str()), (0, ""), "{args:?}");
    let three = |l: &str| l.split(' ').map(|w| w.parse().unwrap()).collect::<Vec<f64>>().try_into().unwrap();
    stdout(&o).lines().map(three).collect()
}

fn near(got: &[[f64; 3]], want: &[[f64; 3]], within: f64) {
    assert_eq!(got.len(), want.len(), "{got:?}");
    for (a, b) in got.as_flattened().iter().zip(want.as_flattened()) {
        assert!((a - b).abs() <= within, "{got:?}, not {want:?}");
    }
}

#[test]
fn the_list_has_every_space() {
    let o = rushes().args(["color", "list"]).output().unwrap();
    assert_eq!((status(&o), stderr(&o).as_str()), (0, ""));
    let text = stdout(&o);
    for part in ["ACES2065-1\n", "ARRI LogC3 (EI800)\n", "ARRI LogC4\n", "`rec709` alone means this one", "also slog3"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let o = rushes().args(["color", "list", "--json"]).output().unwrap();
    let list: serde_json::Value = serde_json::from_str(&stdout(&o)).unwrap();
    let spaces = list["spaces"].as_array().unwrap();
    assert_eq!(spaces.len(), rushes::engine::colour::SPACES.len());
    let logc4 = spaces.iter().find(|s| s["name"] == "ARRI LogC4").unwrap();
    assert_eq!((logc4["gamut"].as_str(), logc4["adaptation"].as_str()), (Some("AWG4"), Some("cat02")));
    assert_eq!(logc4["curve"]["constants"]["lin_offset"], 64.0);
}

/// Mid grey of the makers, and values of OpenColorIO 2.6.
#[test]
fn colours_are_converted() {
    let grey = good(
        &["--from", "LOGC3", "--to", "acescg"],
        "0.39100684 0.39100684,0.39100684\n\n0.39100684\t,0.39100684 0.39100684",
    );
    near(&grey, &[[0.18; 3]; 2], 1e-4);
    near(&good(&["--from", "acescct", "--to", "ap0"], "0.4135884 0.4135884 0.4135884\n"), &[[0.18; 3]], 1e-6);
    near(&good(&["--from", "ap0", "--to", "slog3"], "0 0 0"), &[[95.0 / 1023.0; 3]], 1e-9);
    let o = eval(&["--from", "srgb", "--to", "sRGB"], "0.1 0.3333333333333 1e-7\n1,nan,-inf\n");
    assert_eq!(stdout(&o), "0.1 0.333333333 1e-07\n1 nan -inf\n");
}

#[test]
fn looks_and_tables_are_applied() {
    let d = tempfile::tempdir().unwrap();
    let cdl = "<ColorCorrection id=\"a\"><SOPNode><Slope>1.2 0.9 1.05</Slope><Offset>-0.03 0.02 0.01</Offset><Power>1.25 1 0.8\
               </Power></SOPNode><SatNode><Saturation>1.4</Saturation></SatNode></ColorCorrection>";
    let cc = file(d.path(), "a.cc", cdl.as_bytes());
    let both = file(
        d.path(),
        "b.ccc",
        format!("<ColorCorrectionCollection>{cdl}{}</ColorCorrectionCollection>", cdl.replace("\"a\"", "\"b\""))
            .as_bytes(),
    );
    let cube = file(d.path(), "c.cube", b"LUT_1D_SIZE 2\n1 1 1\n0 0 0\n");
    let (cc, both, cube) = (cc.to_str().unwrap(), both.to_str().unwrap(), cube.to_str().unwrap());
    let within = ["--from", "acescct", "--to", "acescct", "--cdl"];
    let with = |more: &[&'static str], path: &str, input: &str| {
        let all: Vec<&str> = within.into_iter().chain([path]).chain(more.iter().copied()).collect();
        good(&all, input)
    };
    near(&with(&[], cc, "0.18 0.4 0.9"), &[[0.024_075_6, 0.385_066_5, 1.202_435_4]], 2e-5);
    near(&with(&["--cdl-style", "asc"], cc, "0.18 0.4 0.9"), &[[0.024_075_6, 0.385_066_5, 1.0]], 2e-5);
    near(&with(&["--cdl-id", "b"], both, "0.18 0.4 0.9"), &[[0.024_075_6, 0.385_066_5, 1.202_435_4]], 2e-5);
    let o = eval(&[&within[..], &[both]].concat(), "");
    assert_eq!(status(&o), 2);
    assert!(stderr(&o).contains("has 2 corrections") && stderr(&o).contains("a b"), "{}", stderr(&o));
    // the table takes what comes and gives what is wanted
    near(&good(&["--from", "logc3", "--to", "bt1886", "--lut", cube], "0.25 0.5 2"), &[[0.75, 0.5, 0.0]], 1e-9);
    near(
        &good(&["--from", "logc3", "--to", "bt1886", "--lut", cube, "--lut", cube], "0.25 0.5 1"),
        &[[0.25, 0.5, 1.0]],
        1e-9,
    );
    let o = eval(&["--from", "logc3", "--to", "bt1886", "--lut", cube, "--lut-input", "logc4", "--steps"], "");
    let lines = stdout(&o);
    assert_eq!(lines.lines().count(), 5, "{lines}");
    assert!(
        lines.lines().last().unwrap().starts_with("LUT, ARRI LogC4 to Gamma 2.4 Encoded Rec.709: 1D table"),
        "{lines}"
    );
}

#[test]
fn mistakes_are_named() {
    let o = eval(&["--from", "logc3", "--to", "acescg"], "0 0 0\n\n0.1 0.2\n0 0 0\n");
    assert_eq!((status(&o), stdout(&o).lines().count()), (2, 1));
    assert!(stderr(&o).contains("line 3 of stdin, `0.1 0.2`, is not three numbers"), "{}", stderr(&o));
    let o = eval(&["--from", "logc3", "--to", "acescg"], &"9".repeat(5000));
    assert_eq!(status(&o), 2);
    let o = eval(&["--from", "lgoc3", "--to", "acescg"], "");
    assert_eq!((status(&o), stdout(&o).as_str()), (2, ""));
    assert!(stderr(&o).contains("did you mean `logc3`?"), "{}", stderr(&o));
    let o = eval(&["--from", "logc3", "--to", "acescg", "--lut", "/nonexistent.cube"], "");
    assert_eq!(status(&o), 3);
    let d = tempfile::tempdir().unwrap();
    let cube = file(d.path(), "c.cube", b"LUT_1D_SIZE 2\n1 1 1\n");
    let o = eval(&["--from", "logc3", "--to", "acescg", "--lut", cube.to_str().unwrap()], "");
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("1 rows where the head announces 2"), "{}", stderr(&o));
    let o = eval(&["--from", "logc3"], "");
    assert_eq!(status(&o), 2);
    let o = eval(&["--from", "logc3", "--to", "ap0", "--lut-input", "ap0"], "");
    assert_eq!(status(&o), 2, "--lut-input without a table");
}
