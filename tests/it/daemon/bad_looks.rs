//! Looks and file names that mean harm: one clear error or a right picture, and nothing half-made.

use super::facility::{Facility, wait_for};
use super::recompute::read;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

fn cube() -> String {
    let mut text = "TITLE \"a\"\nLUT_3D_SIZE 3\n".to_owned();
    for n in 0..27 {
        let [r, g, b] = [n % 3, n / 3 % 3, n / 9].map(|v| f64::from(v) / 2.0);
        text += &format!("{r:.4} {g:.4} {b:.4}\n");
    }
    text
}

fn correction(sop: &str, saturation: &str) -> String {
    format!(
        "<ColorCorrection id=\"a\"><SOPNode>{sop}</SOPNode><SatNode><Saturation>{saturation}</Saturation></SatNode></ColorCorrection>"
    )
}

fn sop(slope: &str, offset: &str, power: &str) -> String {
    correction(&format!("<Slope>{slope}</Slope><Offset>{offset}</Offset><Power>{power}</Power>"), "1")
}

fn bad_cubes() -> Vec<(&'static str, Vec<u8>)> {
    let good = cube();
    let rows: String = good.lines().skip(2).map(|l| format!("{l}\n")).collect();
    let row = |n: usize, with: &str| {
        let mut lines: Vec<&str> = good.lines().collect();
        lines[n] = with;
        lines.join("\n").into_bytes()
    };
    let headed = |head: &str| format!("{head}\n{rows}").into_bytes();
    let mut noise = 7u32;
    let binary: Vec<u8> = (0..4096)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .collect();
    let mut all = vec![
        ("no number", row(5, "nan 0 0")),
        ("infinite", row(5, "0 -inf 0")),
        ("beyond doubles", row(5, "0 1e400 0")),
        ("beyond singles", row(5, "0 1e39 0")),
        ("two columns", row(5, "0 1")),
        ("four columns", row(5, "0 1 0 1")),
        ("words", row(5, "zero one two")),
        ("size 100000", headed("LUT_3D_SIZE 100000")),
        ("size of 32 bits", headed("LUT_3D_SIZE 4294967295")),
        ("size of 64 bits", headed("LUT_3D_SIZE 18446744073709551617")),
        ("size below zero", headed("LUT_3D_SIZE -3")),
        ("size 0", headed("LUT_3D_SIZE 0")),
        ("size 1", headed("LUT_3D_SIZE 1")),
        ("size 1e2", headed("LUT_3D_SIZE 1e2")),
        ("no size", rows.clone().into_bytes()),
        ("1D of a billion", headed("LUT_1D_SIZE 1000000000")),
        ("both and too few", headed("LUT_1D_SIZE 100\nLUT_3D_SIZE 3")),
        ("a row too many", [good.as_bytes(), b"0 0 0\n"].concat()),
        ("domain upside down", headed("LUT_3D_SIZE 3\nDOMAIN_MIN 1 1 1\nDOMAIN_MAX 0 0 0")),
        ("domain no number", headed("LUT_3D_SIZE 3\nDOMAIN_MAX nan 1 1")),
        ("empty", Vec::new()),
        ("zeros", vec![0; 100_000]),
        ("binary", binary),
        ("one line", vec![b'1'; 3 << 20]),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    // the last row ends with ` 1.0000\n`: cut within its digits it is a whole file with another number
    all.extend((0..good.len() - 8).step_by(29).map(|n| ("cut", good.as_bytes()[..n].to_vec())));
    all
}

fn bad_cdls() -> Vec<(&'static str, Vec<u8>)> {
    let good = sop("1 1 1", "0 0 0", "1 1 1");
    let laughs: String = (0..9).map(|n| format!("<!ENTITY l{} \"{}\">", n + 1, format!("&l{n};").repeat(10))).collect();
    let laughs = format!("<!DOCTYPE c [<!ENTITY l0 \"1\">{laughs}]>{}", sop("&l9; 1 1", "0 0 0", "1 1 1"));
    let outside =
        format!("<!DOCTYPE c [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", sop("&x; 1 1", "0 0 0", "1 1 1"));
    let mut all = vec![
        ("billion laughs", laughs),
        ("another file", outside),
        ("slope below zero", sop("-1 1 1", "0 0 0", "1 1 1")),
        ("power zero", sop("1 1 1", "0 0 0", "1 0 1")),
        ("power below zero", sop("1 1 1", "0 0 0", "1 -2 1")),
        ("slope beyond doubles", sop("1e400 1 1", "0 0 0", "1 1 1")),
        ("slope beyond singles", sop("1e300 1 1", "0 0 0", "1 1 1")),
        ("offset beyond singles", sop("1 1 1", "0 -1e39 0", "1 1 1")),
        ("power beyond singles", sop("1 1 1", "0 0 0", "1 1 1e200")),
        (
            "saturation beyond singles",
            correction("<Slope>1 1 1</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power>", "1e100"),
        ),
        ("no number", sop("nan 1 1", "0 0 0", "1 1 1")),
        ("two numbers", sop("1 1", "0 0 0", "1 1 1")),
        ("four numbers", sop("1 1 1 1", "0 0 0", "1 1 1")),
        ("saturation below zero", correction("<Slope>1 1 1</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power>", "-1")),
        ("nothing in it", "<ColorCorrection id=\"a\"/>".into()),
        ("deep", format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000))),
        ("two of one id", format!("<ColorCorrectionCollection>{good}{good}</ColorCorrectionCollection>")),
        ("empty", String::new()),
    ];
    all.extend((0..good.len() - 1).step_by(17).map(|n| ("cut", good[..n].to_owned())));
    let mut all: Vec<(&str, Vec<u8>)> = all.into_iter().map(|(n, t)| (n, t.into_bytes())).collect();
    all.push(("zeros", vec![0; 100_000]));
    all.push(("10 MB of text", [b"<ColorCorrection>".to_vec(), vec![b'x'; 10 << 20]].concat()));
    all
}

/// One frame to render, and where to.
fn shot() -> Facility {
    let f = Facility::new();
    f.drop_roll("A001");
    f
}

/// Everything below a folder, `.rushes` included.
fn below(dir: &Path) -> Vec<OsString> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut all = Vec::new();
    for e in entries.flatten() {
        all.push(e.path().into_os_string());
        all.extend(below(&e.path()));
    }
    all
}

#[test]
fn hostile_looks_are_one_clear_error() {
    let f = shot();
    let frame = f.path("hot/A001/A001_C001.1001.dpx");
    let mut tried = 0;
    for (kind, looks) in [("cube", bad_cubes()), ("cc", bad_cdls())] {
        let look = f.path(&format!("look.{kind}"));
        let ask: &[&str] = if kind == "cube" { &["--lut-input", "logc3", "--lut"] } else { &["--cdl"] };
        let line = if kind == "cube" { "lut = \"look.cube\"\nlut_input = \"logc3\"" } else { "cdl = \"look.cc\"" };
        let mut g = shot();
        g.rules = format!(
            "[[folder.rule]]\nname = \"vfx\"\nemit = [\"bad\"]\n[recipe.bad]\nkind = \"plate\"\nsource = \"logc3\"\n{line}\n"
        );
        for (what, bytes) in looks {
            std::fs::write(&look, &bytes).unwrap();
            let began = Instant::now();
            let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
            c.args(["render", "--source", "logc3"]).args(ask).arg(&look).arg("-o").arg(f.path("out/new")).arg(&frame);
            let o = c.env_remove("RUSHES_CONFIG").output().unwrap();
            let said = String::from_utf8_lossy(&o.stderr).into_owned();
            assert!(matches!(o.status.code(), Some(2 | 3)), "{what} ({kind}): {:?} {said}", o.status);
            assert!(said.lines().count() <= 2 && said.len() < 1000 && !said.contains("panicked"), "{what}: {said}");
            assert!(said.contains(&format!("look.{kind}")), "{what}: {said}");
            assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{what}: {said:?}");
            assert_eq!(below(&f.path("out")), Vec::<OsString>::new(), "{what}");
            // in a configuration it is an error with a place, and no daemon starts
            std::fs::write(g.path(&format!("look.{kind}")), &bytes).unwrap();
            let o = g.command(&["check"]).output().unwrap();
            let told = format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr));
            assert_eq!(o.status.code(), Some(2), "{what}: {told}");
            assert!(told.contains("rushes.toml") && told.contains(&format!("look.{kind}")), "{what}: {told}");
            assert!(began.elapsed() < Duration::from_secs(20), "{what} took {:?}", began.elapsed());
            tried += 1;
        }
        let o = g.once();
        assert_eq!(o.status.code(), Some(2));
        assert_eq!((below(&g.path("out")), below(&g.path("state"))), (Vec::new(), Vec::new()), "no daemon started");
    }
    println!("hostile looks: {tried} tried");
}

/// A pipe, a device and a folder are no looks, and nobody waits for them.
#[test]
fn looks_that_are_no_files() {
    let f = shot();
    let pipe = f.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let frame = f.path("hot/A001/A001_C001.1001.dpx");
    for path in [pipe.as_path(), Path::new("/dev/zero"), f.path("hot").as_path(), f.path("absent").as_path()] {
        for ask in [&["--lut-input", "logc3", "--lut"][..], &["--cdl"]] {
            let mut c = Command::new("timeout");
            c.arg("20").arg(env!("CARGO_BIN_EXE_rushes")).args(["render", "--source", "logc3"]).args(ask).arg(path);
            let o = c.arg("-o").arg(f.path("out/new")).arg(&frame).env_remove("RUSHES_CONFIG").output().unwrap();
            let said = String::from_utf8_lossy(&o.stderr).into_owned();
            assert_eq!(o.status.code(), Some(2), "{}: {said}", path.display());
            assert!(said.contains(&*path.to_string_lossy()) && said.lines().count() <= 2, "{said}");
            assert_eq!(below(&f.path("out")), Vec::<OsString>::new());
        }
    }
}

#[test]
fn a_lut_that_changes_is_refused_until_a_reload() {
    let mut f = Facility::new();
    let lut = f.path("show.cube");
    std::fs::write(&lut, cube()).unwrap();
    f.rules =
        "[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"mine\", \"eye\", \"manifest\"]\n\
               [recipe.mine]\nkind = \"plate\"\nsource = \"logc3\"\nlut = \"show.cube\"\nlut_input = \"logc3\"\n\
               name = \"{clip}_v{version:03}/{clip}_v{version:03}.{frame:04}.{ext}\"\n\
               [recipe.eye]\nkind = \"still\"\nsource = \"logc3\"\nlut = \"show.cube\"\nlut_input = \"logc3\"\n"
            .into();
    let running = f.serve();
    let other = cube().replace("1.0000", "0.9000");
    let pictures = |f: &Facility| f.outputs().keys().filter(|k| !k.ends_with(".json")).cloned().collect::<Vec<_>>();
    type Change<'a> = (&'static str, Box<dyn Fn() + 'a>);
    let forms: [Change<'_>; 4] = [
        ("A001", Box::new(|| std::fs::write(&lut, &other).unwrap())),
        ("A002", Box::new(|| std::fs::write(&lut, b"\0\x01garbage").unwrap())),
        ("A003", Box::new(|| std::fs::remove_file(&lut).unwrap())),
        ("A004", Box::new(|| assert!(Command::new("mkfifo").arg(&lut).status().unwrap().success()))),
    ];
    for (roll, change) in &forms {
        change();
        f.drop_roll(roll);
        let refused = || f.log().lines().filter(|l| l.contains(roll) && l.contains("LOOK-CHANGED")).count();
        let t = Instant::now();
        while refused() == 0 {
            assert!(t.elapsed() < Duration::from_secs(15), "{roll}: {}", f.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(pictures(&f), Vec::<String>::new(), "{roll}");
    }
    // a reload takes what is there, when it is a LUT
    std::fs::remove_file(&lut).unwrap();
    std::fs::write(&lut, &other).unwrap();
    running.signal("HUP");
    wait_for("the reload", 10, || f.log_of("config-reloaded") > 0);
    let stopped = || f.log_of("job-quarantined") == 2 * forms.len();
    wait_for("the end of all tries", 20, stopped);
    assert_eq!(f.ask(&["retry", "quarantine"]).0, 0);
    let t = Instant::now();
    while pictures(&f).len() < 4 * 9 {
        assert!(t.elapsed() < Duration::from_secs(15), "{:?}\n{}\n{}", pictures(&f), f.log(), f.ask(&["status"]).1);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(running.stop(), 143);
    for roll in ["A001", "A002", "A003", "A004"] {
        let told = Command::new(env!("CARGO_BIN_EXE_rushes"))
            .arg("explain")
            .arg("--json")
            .arg(f.path(&format!("out/{roll}_C001_v001")))
            .output()
            .unwrap();
        let hash = rushes::engine::colour::sha256(other.as_bytes());
        assert!(String::from_utf8_lossy(&told.stdout).contains(&hash), "{roll}");
    }
}

const NAMES: &[&[u8]] = &[
    b"-y",
    b"--help",
    b"-o",
    b"concat:x",
    b"concat:a|b",
    b"http:a",
    b"file:.",
    b"subfile,,start,0,end,9,,:x",
    b"pipe:0",
    b"new\nline",
    b"quo\"te'",
    b"%04d",
    b"%s%n",
    b"$(id)",
    b"`id`;ls",
    b"a&b|c>d",
    b" blank ",
    b"tab\there",
    b"\x1b[31mred",
    b"{clip}",
    b"{{",
    b"~",
    b"con",
    b"*",
    b"\\\\host\\x",
    "\u{202e}gpj".as_bytes(),
    "e\u{301}".as_bytes(),
    b"\xff\xfe",
    b"a\xc3",
];

fn state_of(dir: &Path) -> BTreeMap<OsString, (SystemTime, Vec<u8>)> {
    let files = std::fs::read_dir(dir).unwrap().flatten();
    files
        .map(|e| (e.file_name(), (e.metadata().unwrap().modified().unwrap(), std::fs::read(e.path()).unwrap())))
        .collect()
}

/// Names that a shell, a printf, ffmpeg, a terminal or a template would take for something else.
#[test]
fn names_that_look_like_something_else() {
    let mut f = Facility::new();
    f.extra = "color = { source = \"logc3\" }\nguardrails = []\n".into();
    f.rules = "[[folder.rule]]\nname = \"vfx\"\nwhen = 'has(image.width)'\nemit = [\"plate\", \"still\", \"contact-sheet\", \"manifest\"]\n".into();
    let rate = rushes::model::Rational::new(24, 1).unwrap();
    let start = rushes::model::Timecode::parse("10:00:00:00", rate, false).unwrap();
    let dpx = rushes::engine::format::demo::dpx_frame(0, 32, 18, rate, start, "A001R2EC");
    let right = f.path("right.dpx");
    std::fs::write(&right, &dpx).unwrap();
    let o = Command::new(env!("CARGO_BIN_EXE_rushes"))
        .args(["render", "--source", "logc3", "-o"])
        .arg(f.path("r"))
        .arg(&right)
        .output()
        .unwrap();
    assert!(o.status.success());
    let plate = f.path("r/right_PL01_v001/right_PL01_v001.1001.exr");
    let exr = std::fs::read(&plate).unwrap();
    let samples = read(&plate).2;
    for (n, name) in NAMES.iter().enumerate() {
        // each is a clip of its own: names that differ in a number alone would be a sequence
        for (bytes, ext) in [(&dpx, ".dpx"), (&exr, ".exr")] {
            let dir = f.path("hot").join(format!("roll{n}x{}", &ext[1..]));
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join(OsStr::from_bytes(&[*name, ext.as_bytes()].concat())), bytes).unwrap();
        }
    }
    let dirs: Vec<_> = std::fs::read_dir(f.path("hot")).unwrap().flatten().map(|e| e.path()).collect();
    let before: Vec<_> = dirs.iter().map(|d| state_of(d)).collect();
    let outside = std::fs::read_dir(f.dir.path()).unwrap().count();
    let o = f.once();
    let log = String::from_utf8_lossy(&o.stderr).into_owned();
    assert!(matches!(o.status.code(), Some(0 | 3)), "{log}");
    assert!(!log.chars().any(|c| c.is_control() && c != '\n'), "{log:?}");
    assert!(dirs.iter().map(|d| state_of(d)).eq(before), "a source was touched");
    assert!(std::fs::read_dir(f.dir.path()).unwrap().count() <= outside + 1, "something lies beside the folders");
    let (mut right_ones, mut refused) = (0, Vec::new());
    for dir in &dirs {
        let name = dir.file_name().unwrap();
        let made = below(&f.path("out").join(name));
        let plates: Vec<_> = made.iter().filter(|p| p.as_bytes().ends_with(b".exr")).collect();
        let has = |tail: &[u8]| made.iter().filter(|p| p.as_bytes().ends_with(tail)).count();
        if plates.is_empty() {
            refused.push(name.to_owned());
            assert_eq!((has(b".jpg"), has(b".mhl")), (0, 0), "{made:?}");
            continue;
        }
        assert_eq!((plates.len(), has(b".jpg"), has(b".mhl")), (1, 2, 1), "{made:?}");
        for p in &made {
            let name = Path::new(p).file_name().unwrap().to_string_lossy().into_owned();
            let harmless = |c: char| !c.is_control() && !"<>:\"|?*\\".contains(c);
            assert!(name.chars().all(harmless) || name.contains(".rushes.json") || name.ends_with(".jpg"), "{name:?}");
        }
        let got = read(Path::new(plates[0])).2;
        assert_eq!(got.len(), samples.len());
        if name.to_string_lossy().ends_with("dpx") {
            assert!(got == samples, "{made:?}");
        }
        right_ones += 1;
    }
    println!("odd names: {right_ones} right, refused: {refused:?}");
    assert!(right_ones >= 2 * NAMES.len() - 8, "{refused:?}");
}

/// The same on a command line, by names as they are.
#[test]
fn odd_names_on_the_command_line() {
    let f = Facility::new();
    let rate = rushes::model::Rational::new(24, 1).unwrap();
    let start = rushes::model::Timecode::parse("10:00:00:00", rate, false).unwrap();
    let dpx = rushes::engine::format::demo::dpx_frame(0, 32, 18, rate, start, "A001R2EC");
    for name in NAMES {
        let file = OsString::from_vec([*name, b".dpx"].concat());
        std::fs::write(f.path("hot").join(&file), &dpx).unwrap();
        let before = state_of(&f.path("hot"));
        let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
        c.args(["render", "--source", "logc3", "--json", "-o"]).arg(f.path("out")).arg("--").arg(&file);
        let o = c.current_dir(f.path("hot")).env_remove("RUSHES_CONFIG").output().unwrap();
        let said = String::from_utf8_lossy(&o.stderr).into_owned();
        assert!(o.status.success(), "{}: {said}", file.display());
        let plates = below(&f.path("out")).iter().filter(|p| p.as_bytes().ends_with(b".exr")).count();
        assert_eq!((plates, state_of(&f.path("hot")) == before), (1, true), "{}", file.display());
        std::fs::remove_file(f.path("hot").join(&file)).unwrap();
        std::fs::remove_dir_all(f.path("out")).unwrap();
    }
}
