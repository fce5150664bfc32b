//! MXF movies through the real program: every frame in its place, time, reel and sound kept. Skipped without ffmpeg.

use crate::proxies::{numbers, sound, told};
use crate::video::{make, programs};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FRAMES: u64 = 90;

/// A movie of numbered frames with two sound tracks as long as the picture, as ffmpeg writes it by `codec`.
fn movie(programs: &(PathBuf, PathBuf), out: &Path, rate: &str, start: &str, codec: &str, tracks: bool) -> bool {
    let bars = "lum='16+219*mod(floor(N/pow(2,floor(X/32))),2)':cb=128:cr=128";
    let picture = format!("color=black:s=256x128:r={rate},format=yuv444p,geq={bars}");
    // as long as the pictures
    let (n, d) = rate.split_once('/').unwrap_or((rate, "1"));
    let seconds = FRAMES as f64 * d.parse::<f64>().unwrap() / n.parse::<f64>().unwrap();
    let noise =
        ["random(0)-0.5|random(1)-0.5", "random(2)-0.5"].map(|e| format!("aevalsrc='{e}':s=48000:d={seconds:.6}"));
    let count = FRAMES.to_string();
    let mut args = vec!["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &noise[0], "-f", "lavfi", "-i", &noise[1]];
    args.extend(["-map", "0:v"]);
    if tracks {
        args.extend(["-map", "1:a", "-map", "2:a", "-c:a", "pcm_s24le"]);
    }
    args.extend(["-frames:v", &count, "-timecode", start, "-metadata", "reel_name=A001R2EC"]);
    args.extend(codec.split(' '));
    make(programs, &args, out)
}

/// The numbers of the pictures that were really written, as ffmpeg itself shows them: it drops the last stored ones when
/// their sound comes too late.
fn written(programs: &(PathBuf, PathBuf), path: &Path) -> Vec<u64> {
    let mut c = Command::new(&programs.0);
    c.args(["-v", "quiet", "-i"]).arg(path).args(["-map", "0:v", "-pix_fmt", "gray", "-f", "rawvideo", "-"]);
    let pictures = c.output().unwrap().stdout;
    let bit = |p: &[u8], n: usize| u64::from(p[64 * 256 + 32 * n + 16] > 128) << n;
    let all: Vec<u64> = pictures.chunks_exact(256 * 128).map(|p| (0..8).map(|n| bit(p, n)).sum()).collect();
    assert!(all.len() as u64 > FRAMES - 8 && all.len() as u64 <= FRAMES, "{all:?}");
    assert!(all.iter().take(80).copied().eq(0..80), "{all:?}");
    all
}

fn rushes(dir: &Path, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rushes")).current_dir(dir).env_remove("RUSHES_CONFIG").args(line).output().unwrap()
}

fn good(o: &Output) {
    assert!(o.status.success(), "{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr));
}

const DNX: &str = "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p";
const LONG: &str = "-c:v mpeg2video -pix_fmt yuv422p -profile:v 0 -level:v 2 -b:v 20M -bf 2 -g 12 -flags +cgop -sc_threshold 1000000000";
const OPEN: &str = "-c:v mpeg2video -pix_fmt yuv422p -profile:v 0 -level:v 2 -b:v 20M -bf 2 -g 12";

#[test]
fn every_frame_and_sample_of_an_mxf_is_in_its_proxy() {
    let Some(programs) = programs("proxies of MXF") else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, fps, start, codec, tracks) in [
        ("A001C001.mxf", "24000/1001", "10:00:00:00", DNX.to_owned(), true),
        ("A001C002.mxf", "30000/1001", "00:59:58;12", DNX.to_owned(), true),
        ("A001C003.mxf", "30000/1001", "01:00:00;02", LONG.to_owned(), true),
        ("A001C004.mxf", "25", "23:59:58:00", OPEN.to_owned(), true),
        ("A001C005.mxf", "24000/1001", "01:00:00:00", format!("{DNX} -f mxf_opatom"), false),
        ("A001C006.mxf", "24", "01:00:00:00", "-c:v jpeg2000 -pix_fmt yuv422p".to_owned(), true),
    ] {
        let source = dir.path().join(name);
        assert!(movie(&programs, &source, fps, start, &codec, tracks), "{name}");
        let o = rushes(dir.path(), &["inspect", "--json", name]);
        good(&o);
        let doc: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
        let doc = if doc.is_array() { doc[0].clone() } else { doc };
        let frames = doc["clip"]["frames"].as_u64().unwrap();
        let wanted = written(&programs, &source);
        assert_eq!(frames, wanted.len() as u64, "{name}");
        assert_eq!(doc["timecode"]["start"], start, "{name}");
        assert_eq!(
            doc["fps"]["project"],
            serde_json::json!(if fps.contains('/') { fps.into() } else { format!("{fps}/1") })
        );
        assert_eq!(doc["audio"]["channels"].as_u64(), tracks.then_some(3), "{name}");
        good(&rushes(dir.path(), &["render", name, "--recipe", "proxy", "-o", "out"]));
        let made = dir.path().join(format!("out/{name}.proxy.mov"));
        assert_eq!(numbers(&programs, &made), wanted, "{name}");
        for track in 0..if tracks { 2 } else { 0 } {
            assert_eq!(sound(&programs, &made, track, None), sound(&programs, &source, track, None), "{name}");
        }
        assert_eq!(told(&programs, &made, "v:0", "stream_tags=timecode"), start, "{name}");
        assert_eq!(told(&programs, &made, "d:0", "stream_tags=reel_name"), "A001R2EC", "{name}");
    }
}

#[test]
fn a_part_of_an_mxf_has_its_own_time_and_samples() {
    let Some(programs) = programs("proxies of MXF ranges") else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, codec) in [("D.mxf", DNX), ("M.mxf", OPEN)] {
        let source = dir.path().join(name);
        assert!(movie(&programs, &source, "30000/1001", "00:59:59;00", codec, true));
        good(&rushes(dir.path(), &["render", name, "--recipe", "proxy", "--frames", "37-80", "-o", "out"]));
        let made = dir.path().join(format!("out/{name}.proxy.mov"));
        assert_eq!(numbers(&programs, &made), (37..=80).collect::<Vec<_>>(), "{name}");
        // thirty frames to the minute, whose first label is ;02, and seven more
        assert_eq!(told(&programs, &made, "v:0", "stream_tags=timecode"), "01:00:00;07");
        let at = |frame: u64| frame * 1001 * 48_000 / 30_000;
        for track in [0, 1] {
            let wanted = sound(&programs, &source, track, Some((at(37), at(81))));
            assert_eq!(sound(&programs, &made, track, None), wanted, "{name} track {track}");
        }
    }
}

/// A picture that cannot be found is missed, wherever the range lies: the later ones are not taken for it.
#[test]
fn a_lost_frame_is_noticed() {
    let Some(programs) = programs("MXF with a lost frame") else { return };
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("L.mxf");
    assert!(movie(&programs, &source, "25", "01:00:00:00", DNX, true));
    let mut bytes = std::fs::read(&source).unwrap();
    let key = [0x06, 0x0e, 0x2b, 0x34, 0x01, 0x02, 0x01, 0x01, 0x0d, 0x01, 0x03, 0x01, 0x15];
    let places: Vec<usize> = bytes.windows(key.len()).enumerate().filter(|(_, w)| *w == key).map(|(n, _)| n).collect();
    assert_eq!(places.len(), written(&programs, &source).len());
    bytes[places[10]] = 0x55;
    std::fs::write(&source, &bytes).unwrap();
    for range in ["40-50", "0-5", "0-80"] {
        let o = rushes(dir.path(), &["render", "L.mxf", "--recipe", "plate", "--frames", range, "-o", "out"]);
        let text = String::from_utf8_lossy(&o.stderr).into_owned();
        assert!(!o.status.success() && text.contains("FILE-TRUNCATED"), "{range}: {text}");
    }
}

/// A movie that ends inside a frame is refused, not shortened in silence.
#[test]
fn a_cut_mxf_makes_nothing() {
    let Some(programs) = programs("proxies of cut MXF") else { return };
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("C.mxf");
    assert!(movie(&programs, &source, "25", "01:00:00:00", DNX, true));
    let bytes = std::fs::read(&source).unwrap();
    std::fs::write(&source, &bytes[..bytes.len() / 2]).unwrap();
    let o = rushes(dir.path(), &["render", "C.mxf", "--recipe", "proxy", "-o", "out"]);
    let text = String::from_utf8_lossy(&o.stderr).into_owned();
    assert!(!o.status.success() && text.contains("FILE-TRUNCATED") && text.contains("missing"), "{text}");
}
