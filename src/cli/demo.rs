//! `rushes demo`: makes a small roll and runs the whole thing on it.

use super::args::{DemoArgs, RunArgs};
use super::out::Outcome;
use crate::engine::format::{Input, demo, inspect};
use crate::engine::process::{Call, Cancel, Ended, find, run};
use crate::model::{ClipUnit, Error, ErrorKind, Limits, MediaPath, Rational, Timecode};
use std::path::{Path, PathBuf};

const CONFIG: &str = include_str!("../../config/examples/demo.toml");
const REEL: &str = "A001R2EC";
const FRAMES: u32 = 48;

/// Runs the command.
///
/// # Errors
/// When the folder cannot be written or the daemon cannot start.
pub fn run_demo(args: &DemoArgs) -> Outcome {
    let dir = empty_folder(args)?;
    let failed = |doing: &str, e: &std::io::Error| Error::io("OUTPUT-FAILED", doing, e).at(&dir);
    let dir = dir.canonicalize().map_err(|e| failed("find the demo's folder", &e))?;
    let camera = dir.join("in/camera").join(REEL);
    for d in [&camera, &dir.join("in/sound"), &dir.join("state"), &dir.join("out/camera"), &dir.join("out/sound")] {
        std::fs::create_dir_all(d).map_err(|e| failed("make the demo's folders", &e))?;
    }
    println!("1. a small roll in {}", dir.join("in").display());
    make_roll(&dir, &camera)?;
    let config = dir.join("rushes.toml");
    std::fs::write(&config, CONFIG.replace("/tmp/rushes-demo", &dir.display().to_string()))
        .map_err(|e| Error::io("OUTPUT-FAILED", "write the demo's configuration", &e).at(&config))?;
    println!("\n2. the daemon, once, with {}", config.display());
    let ending = super::run::start(config.clone(), &RunArgs { once: true, wait: None })?;
    println!("\n3. what came out");
    show_outputs(&dir);
    let program = std::env::current_exe().map_or_else(|_| "rushes".into(), |p| p.display().to_string());
    println!("\nlook next:");
    println!("  {program} check --config {}", config.display());
    println!("  {program} inspect {}", dir.join("in").display());
    println!("  {program} run --config {}", config.display());
    println!("      then drop files into {}", dir.join("in/camera").display());
    Ok(ending)
}

/// The folder that was asked for, or a new one that only this user can enter.
fn empty_folder(args: &DemoArgs) -> Result<PathBuf, Error> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |dir: &Path, e: &std::io::Error| Error::io("OUTPUT-FAILED", "make the demo's folder", e).at(dir);
    if let Some(dir) = &args.dir {
        std::fs::create_dir_all(dir).map_err(|e| failed(dir, &e))?;
        let mut inside = std::fs::read_dir(dir).map_err(|e| failed(dir, &e))?;
        return match inside.next() {
            None => Ok(dir.clone()),
            Some(_) => Err(Error::new(ErrorKind::Io, "OUTPUT-FAILED", "the demo's folder is not empty")
                .at(dir)
                .fix("name a new one, or leave --dir out")),
        };
    }
    let base = std::env::temp_dir().join(format!("rushes-demo-{}", std::process::id()));
    let mut dir = base.clone();
    for n in 2..100 {
        match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => dir = base.with_extension(n.to_string()),
            done => return done.map(|()| dir.clone()).map_err(|e| failed(&dir, &e)),
        }
    }
    Err(failed(&base, &std::io::Error::from(std::io::ErrorKind::AlreadyExists)))
}

fn make_roll(dir: &Path, camera: &Path) -> Result<(), Error> {
    let rate =
        Rational::new(24, 1).ok_or_else(|| Error::new(ErrorKind::Malformed, "INTERNAL", "24/1 is not a rate"))?;
    let start = Timecode::from_frames(36_000 * 24, rate, false)
        .ok_or_else(|| Error::new(ErrorKind::Malformed, "INTERNAL", "10:00:00:00 is not a timecode"))?;
    let write = |path: PathBuf, bytes: &[u8]| {
        std::fs::write(&path, bytes).map_err(|e| Error::io("OUTPUT-FAILED", "write the demo's media", &e).at(&path))
    };
    for i in 0..FRAMES {
        let frame = demo::dpx_frame(i, 480, 270, rate, start, REEL);
        write(camera.join(format!("{REEL}_C001.{:04}.dpx", 1001 + i)), &frame)?;
    }
    println!("   {FRAMES} DPX frames, 10-bit LogC, timecode {start}, reel {REEL}");
    write(dir.join("in/sound/S001T003.wav"), &demo::bwf(2, rate, start, "12A", "3", "S001"))?;
    println!("   a 24-bit Broadcast Wave file with bext and iXML, scene 12A take 3");
    match find("ffmpeg") {
        Some(ffmpeg) => make_mov(&ffmpeg, camera, &camera.join("A001C002_261124_R2EC.mov"), start),
        None => {
            println!("   no ffmpeg here: the ProRes movie is left out");
            Ok(())
        }
    }
}

/// The same frames as a camera's movie: log in ProRes, with sound.
fn make_mov(ffmpeg: &Path, frames: &Path, to: &Path, start: Timecode) -> Result<(), Error> {
    let mut call = Call::new(ffmpeg, 60);
    let text = |s: &str| -> Vec<std::ffi::OsString> { s.split(' ').map(Into::into).collect() };
    call.args = text("-nostdin -v error -f image2 -c:v dpx -framerate 24 -start_number 1001 -i");
    // a folder's name may hold what the pattern of frame numbers is made of
    let folder = frames.to_string_lossy().replace('%', "%%");
    call.args.push(format!("file:{folder}/{REEL}_C001.%04d.dpx").into());
    call.args.extend(text("-f lavfi -i sine=frequency=1000:sample_rate=48000 -shortest -c:a pcm_s24le"));
    call.args.extend(text("-vf scale=out_color_matrix=bt709:out_range=tv,setparams=colorspace=bt709:range=tv"));
    call.args.extend(text("-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le -timecode"));
    call.args.extend([start.to_string().into(), "-metadata:s:v".into(), format!("reel_name={REEL}").into()]);
    call.args.extend(["-y".into(), to.into()]);
    let done = run(&call, &Cancel::new())?;
    if done.ended == Ended::Code(0) {
        println!("   the same in a ProRes 422 HQ movie with timecode and sound, by ffmpeg");
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let said: String = crate::model::escape_for_people(&said).chars().take(200).collect();
    println!("   ffmpeg could not make the ProRes movie ({said}); going on without");
    Ok(())
}

fn show_outputs(dir: &Path) {
    let mut files = Vec::new();
    collect(&dir.join("out"), &mut files);
    files.sort();
    for f in files {
        let about = match f.extension().and_then(|e| e.to_str()) {
            _ if f.is_dir() => {
                let frames = |e: &std::fs::DirEntry| e.path().extension().is_some_and(|x| x == "exr");
                let n = std::fs::read_dir(&f).into_iter().flatten().flatten().filter(frames).count();
                let seal = if f.join("ascmhl").is_dir() { ", sealed with ASC MHL" } else { "" };
                format!("{n} OpenEXR frames in ACES2065-1{seal}")
            }
            Some("ale") => "Avid Log Exchange".to_owned(),
            Some("jpg") => "JPEG".to_owned(),
            Some("mov") => movie(&f).unwrap_or_default(),
            _ => std::fs::read(&f)
                .ok()
                .and_then(|b| serde_json::from_slice::<serde_json::Value>(&b).ok())
                .map_or_else(String::new, |v| about(&v)),
        };
        println!("   {}  {}", f.strip_prefix(dir).unwrap_or(&f).display(), crate::model::escape_for_people(&about));
    }
}

/// One line on a movie.
fn movie(path: &Path) -> Option<String> {
    let file = std::fs::File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let name = MediaPath::from(path);
    let doc = inspect("proxy", ClipUnit::File, &[Input { path: &name, file: &file, size }], &Limits::default()).ok()?;
    let mut parts = vec![format!("{} movie", doc.format.codec?)];
    parts.extend(doc.image.width.zip(doc.image.height).map(|(w, h)| format!("{w}x{h}")));
    parts.extend(doc.clip.frames.map(|n| format!("{n} frames")));
    parts.extend(doc.timecode.map(|t| format!("from {}", t.start)));
    parts.extend(doc.reel.map(|r| format!("reel {r}")));
    parts.extend(doc.audio.channels.map(|n| format!("{n} channel of sound")));
    Some(parts.join(", "))
}

/// One line on a sidecar.
fn about(v: &serde_json::Value) -> String {
    let text = |p: &str| v.pointer(p).map(|x| x.as_str().map_or_else(|| x.to_string(), str::to_owned));
    let mut parts = vec![text("/format/id").unwrap_or_default()];
    if let (Some(w), Some(h)) = (text("/image/width"), text("/image/height")) {
        parts.push(format!("{w}x{h}"));
    }
    parts.extend(text("/clip/frames").map(|n| format!("{n} frames")));
    parts.extend(text("/timecode/start").map(|t| format!("from {t}")));
    parts.extend(text("/reel").map(|r| format!("reel {r}")));
    parts.extend(text("/slate/scene").map(|s| format!("scene {s}")));
    parts.extend(text("/problem/code"));
    parts.join(", ")
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let p = e.path();
        if p.is_dir() {
            if p.to_string_lossy().contains("_PL01_v") {
                files.push(p);
            } else if e.file_name() != ".rushes" {
                collect(&p, files);
            }
        } else {
            files.push(p);
        }
    }
}
