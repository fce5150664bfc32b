//! Proxies of every movie of the data set, made by the program itself and compared by ffmpeg: frames, pictures, sound, time.

use super::formats_oracle::data;
use crate::video::programs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Pixels of all frames of a movie that is taken whole; of a longer one the first frames are taken.
const MOST_PIXELS: u64 = 30_000_000;
/// Smallest peak signal to noise of ProRes HQ beside its original, dB, when both are a sixteenth as wide and high: edges of
/// colour, which every program halves and doubles in its own way, count little then, wrong colours as much as ever.
const LEAST: f64 = 34.0;

fn movies_below(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut names: Vec<PathBuf> = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    names.sort();
    for p in names {
        let ext = p.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if p.is_dir() {
            movies_below(&p, out);
        } else if ["mov", "mp4"].contains(&ext.as_str()) {
            out.push(p);
        }
    }
}

fn run(program: &Path, args: &[&str], path: &Path) -> String {
    let o = Command::new(program).args(args).arg(path).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr))
}

/// Facts of the picture track by ffprobe, frames counted one by one.
fn facts(ffprobe: &Path, path: &Path) -> BTreeMap<String, String> {
    let entries = "stream=nb_read_frames,pix_fmt,field_order,width,height,r_frame_rate,avg_frame_rate,color_space:stream_tags=timecode";
    let args =
        ["-v", "error", "-select_streams", "V:0", "-count_frames", "-show_entries", entries, "-of", "default=nw=1"];
    let text = run(ffprobe, &args, path);
    text.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// The smallest signal to noise of any frame of `made`, beside the frames of `source` with the same numbers.
fn signal(ffmpeg: &Path, source: &Path, made: &Path, (matrix, range): (&str, &str)) -> f64 {
    // ffmpeg takes every picture that is not tagged for BT.601; what is compared are red, green and blue
    let graph = format!(
        "[0:V:0]scale=in_color_matrix={matrix}:in_range={range}:flags=accurate_rnd+full_chroma_int+bilinear,format=gbrp,scale=iw/16:ih/16:flags=area[a];\
         [1:V:0]scale=in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int+bilinear,format=gbrp,scale=iw/16:ih/16:flags=area[b];\
         [a]settb=1/25,setpts=N[x];[b]settb=1/25,setpts=N[y];[y][x]psnr=stats_file=-:shortest=1"
    );
    let o = Command::new(ffmpeg)
        .args(["-nostdin", "-v", "error", "-noautorotate", "-i"])
        .arg(source)
        .arg("-i")
        .arg(made)
        .args(["-filter_complex", &graph, "-f", "null", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&o.stdout);
    let each = text.lines().filter_map(|l| l.split("psnr_avg:").nth(1)?.split(' ').next()?.parse::<f64>().ok());
    each.fold(f64::INFINITY, f64::min)
}

/// Digests of the samples of all sound tracks.
fn sounds(ffmpeg: &Path, path: &Path) -> String {
    let after = ["-map", "0:a?", "-vn", "-c:a", "pcm_s32le", "-f", "streamhash", "-hash", "md5", "-"];
    let o = Command::new(ffmpeg).args(["-nostdin", "-v", "error", "-i"]).arg(path).args(after).output().unwrap();
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn render(config: &Path, file: &Path, frames: Option<&str>, out: &Path) -> Output {
    let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
    c.args(["--config", &config.to_string_lossy(), "render", "--recipe", "hq", "-o"]).arg(out).arg(file);
    c.args(frames.into_iter().flat_map(|f| ["--frames", f])).output().unwrap()
}

#[test]
fn proxies_of_real_movies() {
    let Some(data) = data("conformance proxies") else { return };
    let Some((ffmpeg, ffprobe)) = programs("conformance proxies") else { return };
    let t = tempfile::tempdir().unwrap();
    let config = t.path().join("r.toml");
    let text = "[service]\nstate_dir = \"/tmp/rushes-none\"\ncontrol = \"/tmp/rushes-none/sock\"\n[show.a]\n[[folder]]\nname = \"f\"\n\
                show = \"a\"\npath = \"/nonexistent/in\"\noutput = \"/nonexistent/out\"\n[[folder.rule]]\nname = \"r\"\n\
                emit = [\"hq\"]\n[recipe.hq]\nkind = \"proxy\"\ncodec = \"prores\"\nprofile = \"hq\"\ncolor = \"source\"\n\
                fit = { width = 16384, height = 16384, square = false }\n";
    std::fs::write(&config, text).unwrap();
    let mut files = Vec::new();
    movies_below(&data.join("media"), &mut files);
    let (mut made, mut whole, mut worst, mut refused) = (0, 0, f64::INFINITY, BTreeMap::<String, usize>::new());
    for (n, file) in files.iter().enumerate() {
        let name = file.display();
        let given = facts(&ffprobe, file);
        let number = |key: &str| given.get(key).and_then(|v| v.parse::<u64>().ok());
        let (w, h, count) = (number("width"), number("height"), number("nb_read_frames"));
        let pixels = w.unwrap_or(0) * h.unwrap_or(0);
        let first = count.filter(|c| pixels * c > MOST_PIXELS).map(|c| (MOST_PIXELS / pixels.max(1)).clamp(2, c));
        let range = first.map(|k| format!("0-{}", k - 1));
        let out = t.path().join(n.to_string());
        let o = render(&config, file, range.as_deref(), &out);
        let said = String::from_utf8_lossy(&o.stderr).into_owned();
        if !o.status.success() {
            let code = said.rsplit('[').next().unwrap_or_default().trim_end().trim_end_matches(']').to_owned();
            assert_eq!(o.status.code(), Some(3), "{name}: {said}");
            assert!(!["WORKER-CRASHED", "INTERNAL", "OUTPUT-FAILED"].contains(&code.as_str()), "{name}: {said}");
            let left = std::fs::read_dir(&out).into_iter().flatten().flatten().filter(|e| e.file_name() != ".rushes");
            assert_eq!(left.count(), 0, "{name}: something was published");
            *refused.entry(code).or_default() += 1;
            continue;
        }
        made += 1;
        let movie = std::fs::read_dir(&out).unwrap().flatten().find(|e| e.file_name() != ".rushes").unwrap().path();
        let ours = facts(&ffprobe, &movie);
        assert_eq!(ours["nb_read_frames"], first.or(count).unwrap().to_string(), "{name}: frames");
        let rate = &ours["r_frame_rate"];
        assert!([&given["r_frame_rate"], &given["avg_frame_rate"]].contains(&rate), "{name}: {rate}, {given:?}");
        if let Some(tc) = given.get("TAG:timecode") {
            assert_eq!(ours.get("TAG:timecode"), Some(tc), "{name}: timecode");
        }
        if first.is_none() {
            whole += 1;
            assert_eq!(sounds(&ffmpeg, &movie), sounds(&ffmpeg, file), "{name}: sound");
        }
        let tagged = given.get("color_space").map_or("unknown", String::as_str);
        let matrix = match tagged {
            "unknown" | "gbr" if h > Some(576) => "bt709",
            "unknown" | "gbr" | "smpte170m" | "bt470bg" => "bt601",
            "bt2020nc" => "bt2020",
            other => other,
        };
        // two by two pixels tell nothing; odd sides are scaled to even ones
        if pixels > 64 && w.zip(h).is_some_and(|(w, h)| w % 2 == 0 && h % 2 == 0) {
            // where the container says a range, it stands above what is coded (ISO/IEC 14496-12, 12.1.5)
            let told = run(Path::new(env!("CARGO_BIN_EXE_rushes")), &["inspect", "--json"], file);
            let range = if told.contains(r#""range":"video""#) { "tv" } else { "auto" };
            let db = signal(&ffmpeg, file, &movie, (matrix, range));
            assert!(db > LEAST, "{name}: {db} dB");
            worst = worst.min(db);
        }
        std::fs::remove_dir_all(&out).unwrap();
    }
    println!(
        "conformance proxies: {made} made, {whole} of them whole with their sound, worst frame {worst:.1} dB, refused: {refused:?}"
    );
    assert!(made > 26, "{made}");
}
