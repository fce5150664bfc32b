//! The sound of an original beside new pictures: sample for sample, in sync, or refused in a sentence.

use super::numbers::rate;
use super::written::{H264, HQ, join, plain, segments, shown, spec};
use super::{make, programs, tools};
use rushes::engine::video::{Assembly, Sound, VideoSpec};
use rushes::model::{Error, ErrorKind};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

type Programs = (PathBuf, PathBuf);

/// Decodes a sound track with this ffmpeg; `how` are filters and format.
fn decoded(programs: &Programs, file: &Path, track: usize, how: &[&str]) -> Vec<u8> {
    let map = format!("0:a:{track}");
    let mut call = Command::new(&programs.0);
    call.args(["-v", "error", "-i"]).arg(file).args(["-map", &map]).args(how).arg("-");
    let out = call.output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

fn samples(programs: &Programs, file: &Path, track: usize) -> Vec<u8> {
    decoded(programs, file, track, &["-f", "s32le"])
}

/// An original in `dir`: three seconds of picture, and noise in each of `tracks` (codec and sample rate).
fn original(programs: &Programs, dir: &Path, tracks: &[(&str, u32)]) -> Option<PathBuf> {
    let mut args: Vec<String> = ["-f", "lavfi", "-i", "color=s=64x64:r=24:d=3"].map(str::to_owned).into();
    for (n, (_, rate)) in tracks.iter().enumerate() {
        let noise = format!("anoisesrc=r={rate}:d=3:seed={n}:a=0.4");
        args.extend(["-f", "lavfi", "-i", &noise].map(str::to_owned));
    }
    args.extend(["-map", "0", "-c:v", "mpeg4", "-strict", "-2"].map(str::to_owned));
    for (n, (codec, _)) in tracks.iter().enumerate() {
        args.extend(["-map".into(), (n + 1).to_string(), format!("-c:a:{n}"), (*codec).into()]);
    }
    let out = dir.join("original.mov");
    make(programs, &args, &out).then_some(out)
}

/// Joins this many frames with the sound of an original; gives the movie.
fn with_sound(
    programs: &Programs,
    dir: &Path,
    spec: &VideoSpec,
    frames: u64,
    sound: Sound<'_>,
) -> Result<PathBuf, Error> {
    let tools = tools(programs);
    let folder = File::open(dir).unwrap();
    let names = segments(&folder, spec, &[frames - 1, 1], &tools);
    join(&Assembly { sound: Some(sound), ..plain(&folder, &names, frames, spec) }, &tools)?;
    Ok(dir.join("out.mov"))
}

#[test]
fn a_whole_clip_keeps_each_track_sample_for_sample() {
    let Some(programs) = programs("sound whole") else { return };
    let mut made = 0;
    for tracks in [
        [("pcm_s16le", 48_000), ("pcm_s24le", 48_000)].as_slice(),
        &[("aac", 48_000), ("pcm_s24be", 44_100), ("pcm_f32le", 96_000)],
        &[("alac", 48_000), ("aac", 44_100)],
        &[("ac3", 48_000), ("eac3", 48_000), ("mp2", 48_000), ("libmp3lame", 48_000), ("dca", 48_000)],
        &[("pcm_alaw", 8000), ("pcm_mulaw", 8000), ("adpcm_ima_qt", 48_000), ("pcm_s8", 48_000), ("pcm_u8", 48_000)],
        &[("pcm_s16be", 48_000), ("pcm_s32le", 48_000), ("pcm_s32be", 48_000), ("pcm_f64le", 48_000)],
        &[("pcm_s24le", 48_000); 8],
    ] {
        let dir = tempfile::tempdir().unwrap();
        let Some(from) = original(&programs, dir.path(), tracks) else { continue };
        let file = File::open(&from).unwrap();
        let sound = Sound { file: &file, demuxer: "mov", trim: None };
        for spec in [spec(HQ, "24000/1001"), spec(H264, "24")] {
            let out = with_sound(&programs, dir.path(), &spec, 10, sound).unwrap();
            let streams = shown(&programs, "-show_streams", &out);
            let streams = streams["streams"].as_array().unwrap();
            let heard: Vec<_> = streams.iter().filter(|s| s["codec_type"] == "audio").collect();
            assert_eq!(heard.len(), tracks.len());
            assert_eq!(streams[0]["nb_frames"], "10");
            for (n, s) in heard.iter().enumerate() {
                assert_eq!(s["start_pts"], 0, "{tracks:?}");
                let (a, b) = (samples(&programs, &from, n), samples(&programs, &out, n));
                assert!(a.len() > 3 * 4 * 7900 && a == b, "{:?} {} {}", tracks[n], a.len(), b.len());
                made += 1;
            }
        }
    }
    println!("sound whole: {made} tracks");
    assert!(made >= 40);
}

#[test]
fn sound_of_an_mxf_is_kept_too() {
    let Some(programs) = programs("sound mxf") else { return };
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("original.mxf");
    let line = "-f lavfi -i color=s=720x576:r=25:d=3 -f lavfi -i anoisesrc=r=48000:d=3:seed=1 -f lavfi -i sine=r=48000:d=3 \
                -map 0 -map 1 -map 2 -c:v mpeg2video -c:a pcm_s24le";
    assert!(make(&programs, &line.split_whitespace().collect::<Vec<_>>(), &from));
    let file = File::open(&from).unwrap();
    for trim in [None, Some((25, 10))] {
        let sound = Sound { file: &file, demuxer: "mxf", trim };
        let out = with_sound(&programs, dir.path(), &spec(HQ, "25"), 10, sound).unwrap();
        for n in 0..2 {
            let (mut a, b) = (samples(&programs, &from, n), samples(&programs, &out, n));
            if trim.is_some() {
                a = a[25 * 1920 * 4..35 * 1920 * 4].to_vec();
            }
            assert!(a == b, "{n} {trim:?}: {} {}", a.len(), b.len());
        }
    }
}

#[test]
fn the_same_original_makes_the_same_bytes() {
    let Some(programs) = programs("sound twice") else { return };
    for trim in [None, Some((7, 9))] {
        let made = [(), ()].map(|()| {
            let dir = tempfile::tempdir().unwrap();
            let from = original(&programs, dir.path(), &[("pcm_s24le", 48_000), ("aac", 48_000)]).unwrap();
            let file = File::open(&from).unwrap();
            let sound = Sound { file: &file, demuxer: "mov", trim };
            let out = with_sound(&programs, dir.path(), &spec(H264, "24"), 9, sound).unwrap();
            std::fs::read(out).unwrap()
        });
        assert!(made[0] == made[1], "{trim:?}");
    }
}

#[test]
fn a_part_has_exactly_the_samples_of_its_frames() {
    let Some(programs) = programs("sound part") else { return };
    let dir = tempfile::tempdir().unwrap();
    let tracks =
        [("pcm_s24le", 48_000), ("pcm_s16be", 44_100), ("aac", 48_000), ("pcm_f32le", 48_000), ("alac", 48_000)];
    let from = original(&programs, dir.path(), &tracks).unwrap();
    let file = File::open(&from).unwrap();
    for (fps, first, count) in
        [("24", 0, 10), ("24000/1001", 7, 24), ("30000/1001", 31, 5), ("25", 70, 10), ("24", 900, 4)]
    {
        let spec = spec(HQ, fps);
        let sound = Sound { file: &file, demuxer: "mov", trim: Some((first, count)) };
        let out = with_sound(&programs, dir.path(), &spec, 2, sound).unwrap();
        let streams = shown(&programs, "-show_streams -select_streams a", &out);
        for (n, (codec, hertz)) in tracks.iter().enumerate() {
            let kept: &str = if codec.starts_with("pcm") { codec } else { "pcm_s24le" };
            let s = &streams["streams"][n];
            assert_eq!((s["codec_name"].as_str(), s["start_pts"].as_i64()), (Some(kept), Some(0)), "{fps} {first}");
            // floor(frame · den · samples / num), by hand and in bytes of 32-bit samples; silence behind the end.
            let r = rate(fps);
            let at = |f: u64| (f * u64::from(r.den()) * u64::from(*hertz) / u64::from(r.num())) as usize * 4;
            let mut all = match kept == *codec {
                true => samples(&programs, &from, n),
                // Decoded sound is cut to 24 bits.
                false => decoded(&programs, &from, n, &["-c:a", "pcm_s24le", "-f", "s24le"])
                    .chunks(3)
                    .flat_map(|s| [0, s[0], s[1], s[2]])
                    .collect(),
            };
            all.resize(all.len().max(at(first + count)), 0);
            let got = samples(&programs, &out, n);
            assert!(got == all[at(first)..at(first + count)], "{fps} {first} {codec}: {} samples", got.len() / 4);
        }
    }
}

/// The first sample above a quarter, by time in samples after the movie's zero.
fn onset(programs: &Programs, file: &Path) -> usize {
    // aresample fills what lies before the track with silence.
    let heard = decoded(programs, file, 0, &["-af", "aresample=async=1:first_pts=0", "-ac", "1", "-f", "s16le"]);
    heard.as_chunks::<2>().0.iter().position(|s| i16::from_le_bytes(*s).unsigned_abs() > 8000).unwrap()
}

#[test]
fn sound_that_begins_at_another_time_stays_in_sync() {
    let Some(programs) = programs("sound sync") else { return };
    let click = "aevalsrc='gt(t,1)*0.8':s=48000:d=3";
    let picture = "color=s=64x64:r=24:d=3";
    for codec in ["pcm_s24le", "aac"] {
        // Seconds by which the sound, then the picture begins late; where the click is after the first picture.
        for (sound_late, picture_late, want) in [("0", "0", 48_000), ("0.5", "0", 72_000), ("0", "0.25", 36_000)] {
            let dir = tempfile::tempdir().unwrap();
            let from = dir.path().join("original.mov");
            let args = format!(
                "-f lavfi -itsoffset {picture_late} -i {picture} -f lavfi -itsoffset {sound_late} -i {click} -map 0 -map 1 \
                 -fps_mode passthrough -c:v mpeg4 -c:a {codec}"
            );
            assert!(make(&programs, &args.split(' ').collect::<Vec<_>>(), &from));
            let file = File::open(&from).unwrap();
            let slack = if codec == "aac" { 1100 } else { 1 };
            let near = |got: usize, want: usize, what: &str| {
                assert!(got.abs_diff(want) <= slack, "{codec} {sound_late} {picture_late} {what}: {got} {want}");
            };
            let sound = Sound { file: &file, demuxer: "mov", trim: None };
            let out = with_sound(&programs, dir.path(), &spec(HQ, "24"), 2, sound).unwrap();
            near(onset(&programs, &out), want, "whole");
            let begins = shown(&programs, "-show_streams", &out)["streams"][0]["start_pts"].as_i64();
            assert_eq!(begins, Some(0));
            // From frame 6, a quarter of a second later.
            let sound = Sound { file: &file, demuxer: "mov", trim: Some((6, 60)) };
            let out = with_sound(&programs, dir.path(), &spec(HQ, "24"), 2, sound).unwrap();
            near(onset(&programs, &out), want - 12_000, "part");
        }
    }
}

#[test]
fn no_sound_and_sound_that_is_not_kept() {
    let Some(programs) = programs("sound refused") else { return };
    let dir = tempfile::tempdir().unwrap();
    let silent = original(&programs, dir.path(), &[]).unwrap();
    let file = File::open(&silent).unwrap();
    for trim in [None, Some((0, 5))] {
        let sound = Sound { file: &file, demuxer: "mov", trim };
        let out = with_sound(&programs, dir.path(), &spec(HQ, "24"), 5, sound).unwrap();
        let streams = shown(&programs, "-show_streams", &out);
        assert_eq!(streams["streams"].as_array().unwrap().len(), 1);
    }
    let opus = dir.path().join("opus.mp4");
    let line = "-f lavfi -i color=s=64x64:r=24:d=1 -f lavfi -i sine=r=48000:d=1 -c:v mpeg4 -c:a libopus -strict -2";
    if make(&programs, &line.split(' ').collect::<Vec<_>>(), &opus) {
        let file = File::open(&opus).unwrap();
        let sound = |trim| Sound { file: &file, demuxer: "mov", trim };
        // ffmpeg's QuickTime writer does not take it: it becomes PCM
        let out = with_sound(&programs, dir.path(), &spec(HQ, "24"), 5, sound(None)).unwrap();
        let streams = shown(&programs, "-show_streams", &out);
        assert_eq!(streams["streams"][1]["codec_name"], "pcm_s24le", "{streams}");
        assert!(with_sound(&programs, dir.path(), &spec(HQ, "24"), 5, sound(Some((2, 5)))).is_ok());
    }
}

#[test]
fn a_damaged_original_ends_with_one_error() {
    let Some(programs) = programs("sound damage") else { return };
    let dir = tempfile::tempdir().unwrap();
    for codec in ["pcm_s24le", "aac"] {
        let from = original(&programs, dir.path(), &[(codec, 48_000)]).unwrap();
        let fast = dir.path().join("fast.mov");
        let copy = ["-i", from.to_str().unwrap(), "-c", "copy", "-movflags", "+faststart"];
        assert!(make(&programs, &copy, &fast));
        let bytes = std::fs::read(&fast).unwrap();
        for tenths in [0, 2, 5, 9] {
            let cut = dir.path().join("cut.mov");
            std::fs::write(&cut, &bytes[..bytes.len() * tenths / 10]).unwrap();
            let file = File::open(&cut).unwrap();
            for trim in [None, Some((0, 72))] {
                let sound = Sound { file: &file, demuxer: "mov", trim };
                let made = with_sound(&programs, dir.path(), &spec(HQ, "24"), 2, sound);
                let e = made.err().unwrap_or_else(|| panic!("{codec} cut at {tenths}/10 is not noticed, {trim:?}"));
                assert_eq!(e.kind, ErrorKind::Malformed, "{codec} cut at {tenths}/10 {trim:?}: {e}");
            }
        }
    }
}

#[test]
fn conformance_sound() {
    let Some(data) = std::env::var_os("RUSHES_DATA") else {
        println!("conformance sound: skipped, RUSHES_DATA is not set");
        return;
    };
    let Some(programs) = programs("conformance sound") else { return };
    let (mut kept, mut silent, mut refused) = (0, 0, Vec::new());
    for path in crate::conformance::formats_oracle::files(&Path::new(&data).join("media")) {
        let ext = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        if !["mov", "mp4", "m4v", "qt"].contains(&ext.as_str()) || path.metadata().unwrap().len() > 64 << 20 {
            continue;
        }
        let name = path.strip_prefix(&data).unwrap().display().to_string();
        let dir = tempfile::tempdir().unwrap();
        let file = File::open(&path).unwrap();
        let spec = spec(HQ, "24000/1001");
        let made = with_sound(&programs, dir.path(), &spec, 2, Sound { file: &file, demuxer: "mov", trim: None });
        let out = match made {
            Ok(out) => out,
            Err(e) => {
                refused.push(format!("{name}: {e}"));
                continue;
            }
        };
        let streams = shown(&programs, "-show_streams -select_streams a", &out);
        let tracks = streams["streams"].as_array().unwrap().len();
        if tracks == 0 {
            silent += 1;
        }
        for n in 0..tracks {
            // Coded sound that begins late comes as PCM of 24 bits.
            let form = if streams["streams"][n]["codec_name"] == "pcm_s24le" { "s24le" } else { "s32le" };
            let (a, b) = (lenient(&programs, &path, n, form), lenient(&programs, &out, n, form));
            assert!(a == b, "{name} track {n}: {} and {} bytes of {form}", a.len(), b.len());
            kept += 1;
        }
    }
    println!("conformance sound: {kept} tracks kept, {silent} movies without sound, {} refused", refused.len());
    refused.iter().for_each(|r| println!("conformance sound: {r}"));
    assert!(kept >= 5, "too few tracks are kept");
}

/// What a decoder makes of a track, complaints or not.
fn lenient(programs: &Programs, file: &Path, track: usize, form: &str) -> Vec<u8> {
    let map = format!("0:a:{track}");
    let mut call = Command::new(&programs.0);
    call.args(["-v", "quiet", "-i"])
        .arg(file)
        .args(["-map", &map, "-c:a", &format!("pcm_{form}"), "-f", form, "-"])
        .output()
        .unwrap()
        .stdout
}
