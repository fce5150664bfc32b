//! Pictures and proxies of movies by the rules of a folder. Skipped without ffmpeg.

use super::facility::{Facility, wait_for};
use crate::proxies::{movie, numbers, sound};
use crate::video::programs;
use std::path::Path;
use std::process::Command;

const RULES: &str = "[[folder.rule]]\nname = \"all\"\nwhen = 'format.decodable'\n\
                     emit = [\"plate\", \"cut\", \"contact-sheet\", \"manifest\"]\n\
                     [recipe.cut]\nkind = \"proxy\"\ncodec = \"prores\"\nname = \"editorial/{clip}_v{version:03}/{clip}.mov\"\n";
const PRORES: &str = "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le";

/// Programs of movies that work below a folder.
fn at_work(below: &Path) -> usize {
    let mut n = 0;
    for p in std::fs::read_dir("/proc").unwrap().flatten() {
        let fds = std::fs::read_dir(p.path().join("fd")).into_iter().flatten().flatten();
        let named = std::fs::read_to_string(p.path().join("comm")).unwrap_or_default();
        if named.trim() == "ffmpeg" {
            n += usize::from(fds.filter_map(|f| std::fs::read_link(f.path()).ok()).any(|f| f.starts_with(below)));
        }
    }
    n
}

#[test]
fn a_worker_of_a_movie_that_dies_costs_its_range_alone() {
    let Some(programs) = programs("daemon movies") else { return };
    let mut f = Facility::new();
    f.rules = RULES.into();
    let source = f.path("A001C001.mov");
    movie(&programs, &source, "24", 250, "10:00:00:00", PRORES);
    let before = std::fs::read(&source).unwrap();
    std::fs::create_dir(f.path("hot/A001")).unwrap();
    std::fs::rename(&source, f.path("hot/A001/A001C001.mov")).unwrap();
    let running = f.serve();
    wait_for("decoder and encoder to be at work", 60, || at_work(f.dir.path()) > 1);
    f.kill_workers_at_work();
    let made = f.path("out/editorial/A001C001_v001/A001C001.mov");
    wait_for("the proxy", 120, || made.exists());
    wait_for("the sheet", 60, || f.outputs().keys().any(|k| k.ends_with(".contact-sheet.jpg")));
    let outputs = f.outputs();
    assert_eq!(outputs.keys().filter(|k| k.ends_with(".exr")).count(), 250);
    assert_eq!(numbers(&programs, &made), (0..250u64).collect::<Vec<_>>());
    let original = f.path("hot/A001/A001C001.mov");
    for track in [0, 1] {
        assert_eq!(sound(&programs, &made, track, None), sound(&programs, &original, track, None));
    }
    let sealed = |folder: &str| outputs.keys().any(|k| k.starts_with(&format!("{folder}/ascmhl/")));
    assert!(sealed("editorial/A001C001_v001") && sealed("A001/A001C001_PL01_v001"), "{:?}", outputs.keys());
    let (_, status) = f.ask(&["status"]);
    assert!(!status.to_string().contains("WORKER-CRASHED"), "the job itself did not fail: {status}");
    assert_eq!(running.stop(), 143);
    wait_for("every program of movies to end", 5, || at_work(f.dir.path()) == 0);
    assert!(std::fs::read(original).unwrap() == before, "the source was touched");
    // the account names the decoder, the encoder and the sound
    let o = Command::new(env!("CARGO_BIN_EXE_rushes")).args(["explain", "--json"]).arg(&made).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
    assert_eq!(told["from"], "receipt", "{told}");
    let (decode, encode) = (&told["account"]["decode"], &told["account"]["encode"]);
    assert!(decode["decoder"].as_str().unwrap().ends_with(", prores") && encode["encoder"].is_string(), "{told}");
    assert!(encode["audio"].as_str().unwrap().starts_with("that of the original"));
    assert_eq!(told["account"]["counts"]["frames"], 250);
    f.once();
    assert!(f.outputs() == outputs, "nothing is made twice");
}

#[test]
fn a_movie_that_is_damaged_or_needs_a_missing_program_is_refused_by_name() {
    let Some(programs) = programs("daemon damaged movies") else { return };
    let mut f = Facility::new();
    f.rules = RULES.into();
    let source = f.path("D.mov");
    movie(&programs, &source, "24", 40, "10:00:00:00", PRORES);
    let mut bytes = std::fs::read(&source).unwrap();
    let at = bytes.windows(4).position(|w| w == b"icpf").unwrap();
    let next = at + 4 + bytes[at + 4..].windows(4).position(|w| w == b"icpf").unwrap();
    bytes[next + 200..next + 600].fill(0xa5);
    std::fs::write(f.path("hot/D001C001.mov"), &bytes).unwrap();
    let o = f.once();
    let log = String::from_utf8_lossy(&o.stderr).into_owned();
    assert_eq!(o.status.code(), Some(3), "{log}");
    assert!(log.contains("FILE-MALFORMED") && !log.contains("WORKER-CRASHED"), "{log}");
    let made: Vec<String> = f.outputs().into_keys().collect();
    assert_eq!(made, ["D001C001.mov.rushes.json"], "nothing half made");
    // the same with a program that is not there
    f.extra = "[engine.pictures]\nffmpeg = \"/nonexistent/ffmpeg\"\n".into();
    std::fs::rename(&source, f.path("hot/E001C001.mov")).unwrap();
    let text = std::fs::read_to_string(f.write_config()).unwrap();
    assert!(text.contains("/nonexistent/ffmpeg"));
    let o = f.once();
    let log = String::from_utf8_lossy(&o.stderr).into_owned();
    assert!(o.status.code() == Some(3) && log.contains("TOOL-MISSING"), "{log}");
    assert!(log.contains("no program that can be started"), "the configuration's warning: {log}");
}

#[test]
fn recipes_that_state_other_ranges_of_codes_never_share_a_pass() {
    let Some(programs) = programs("ranges in the daemon") else { return };
    let mut f = Facility::new();
    f.rules =
        "[[folder.rule]]\nname = \"all\"\nwhen = 'format.id == \"mov\"'\nemit = [\"told\", \"full\", \"video\"]\n\
               [recipe.told]\nkind = \"still\"\nformat = \"png\"\ncolor = \"source\"\n\
               [recipe.full]\nkind = \"still\"\nformat = \"png\"\ncolor = \"source\"\nsource_range = \"full\"\n\
               [recipe.video]\nkind = \"still\"\nformat = \"png\"\ncolor = \"source\"\nsource_range = \"video\"\n"
            .into();
    let grey = "color=black:s=64x64:r=24,format=yuv422p10le,geq=lum=64:cb=512:cr=512";
    let args = ["-f", "lavfi", "-i", grey, "-frames:v", "4", "-c:v", "prores_ks", "-color_range", "tv"];
    assert!(crate::video::make(&programs, &args, &f.path("hot/A001C001.mov")));
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let outputs = f.outputs();
    let black = |recipe: &str| {
        let bytes = &outputs[&format!("A001C001.mov.{recipe}.png")];
        let mut r = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; r.output_buffer_size().unwrap()];
        r.next_frame(&mut pixels).unwrap();
        pixels[0]
    };
    assert_eq!([black("told"), black("full"), black("video")], [0, 16, 0]);
}
