//! Proxies by the real program: every frame in its place, the original's time, reel and sound. Skipped without ffmpeg.

use crate::video::numbers::{number, rate};
use crate::video::{decode, make, programs, tools};
use rushes::engine::encode::FrameStamp;
use rushes::engine::encode::dpx::{DpxDepth, DpxOptions, DpxTransfer, dpx};
use rushes::engine::image::Frame;
use rushes::engine::video::{Span, probe};
use rushes::model::{ClipDoc, ClipUnit, Rational, Timecode};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A movie of numbered frames, two sound tracks that differ, timecode and reel.
pub fn movie(programs: &(PathBuf, PathBuf), out: &Path, rate: &str, frames: u64, timecode: &str, codec: &str) {
    let bars = "lum='16+219*mod(floor(N/pow(2,floor(X/32))),2)':cb=128:cr=128";
    let picture = format!("color=black:s=256x128:r={rate},format=yuv444p,geq={bars}");
    let count = frames.to_string();
    let noise = "aevalsrc='random(0)-0.5|random(1)-0.5':s=48000:d=20";
    let mut args = vec!["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", noise];
    args.extend([
        "-f",
        "lavfi",
        "-i",
        "aevalsrc='random(2)-0.5':s=48000:d=20",
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "2:a",
    ]);
    args.extend(["-c:a", "pcm_s24le", "-frames:v", &count, "-shortest", "-timecode", timecode]);
    args.extend(["-metadata:s:v", "reel_name=A001R2EC"]);
    args.extend(codec.split(' '));
    assert!(make(programs, &args, out));
}

fn rushes(dir: &Path, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rushes")).current_dir(dir).env_remove("RUSHES_CONFIG").args(line).output().unwrap()
}

fn good(o: &Output) {
    assert!(o.status.success(), "{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr));
}

/// The numbers of all frames.
pub fn numbers(programs: &(PathBuf, PathBuf), path: &Path) -> Vec<u64> {
    let (file, tools) = (File::open(path).unwrap(), tools(programs));
    let facts = probe(&file, "mov", &tools).unwrap();
    let count = facts.nb_frames.unwrap();
    let (frames, error) = decode(&file, &facts, Span { first: 0, count, rate: facts.r_frame_rate }, &tools);
    assert_eq!(error, None);
    frames.iter().map(number).collect()
}

/// Digest of the samples of a sound track, between two of them, as 24-bit PCM.
pub fn sound(programs: &(PathBuf, PathBuf), path: &Path, track: usize, between: Option<(u64, u64)>) -> String {
    let mut c = Command::new(&programs.0);
    c.args(["-v", "error", "-i"]).arg(path).args(["-map", &format!("0:a:{track}")]);
    if let Some((a, b)) = between {
        c.args(["-af", &format!("atrim=start_sample={a}:end_sample={b}")]);
    }
    let o = c.args(["-c:a", "pcm_s24le", "-f", "md5", "-"]).output().unwrap();
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8(o.stdout).unwrap()
}

/// What ffprobe says of one entry of a stream or its tags.
pub fn told(programs: &(PathBuf, PathBuf), path: &Path, stream: &str, entry: &str) -> String {
    let o = Command::new(&programs.1)
        .args(["-v", "error", "-select_streams", stream, "-show_entries", entry, "-of", "default=nw=1:nk=1"])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(o.stdout).unwrap().trim().to_owned()
}

#[test]
fn every_frame_and_sample_of_a_movie_is_in_its_proxy() {
    let Some(programs) = programs("proxies of movies") else { return };
    let dir = tempfile::tempdir().unwrap();
    let prores =
        "-c:v prores_ks -profile:v 2 -pix_fmt yuv422p10le -color_primaries bt709 -color_trc bt709 -colorspace bt709";
    let long = "-c:v libx264 -bf 3 -g 12 -x264-params open-gop=1:log=-1 -pix_fmt yuv420p";
    for (name, fps, start, codec) in [
        ("A001C001.mov", "24000/1001", "10:00:00:00", prores),
        ("A001C002.mov", "30000/1001", "00:59:58;12", prores),
        ("A001C003.mov", "25", "23:59:58:00", long),
    ] {
        let source = dir.path().join(name);
        movie(&programs, &source, fps, 200, start, codec);
        let before = std::fs::read(&source).unwrap();
        good(&rushes(dir.path(), &["render", name, "--recipe", "proxy", "-o", "out"]));
        let made = dir.path().join(format!("out/{name}.proxy.mov"));
        assert_eq!(numbers(&programs, &made), (0..200u64).collect::<Vec<_>>(), "{name}");
        for track in [0, 1] {
            assert_eq!(sound(&programs, &made, track, None), sound(&programs, &source, track, None), "{name}");
        }
        assert_eq!(told(&programs, &made, "v:0", "stream_tags=timecode"), start);
        assert_eq!(told(&programs, &made, "d:0", "stream_tags=reel_name"), "A001R2EC");
        assert_eq!(
            told(&programs, &made, "v:0", "stream=r_frame_rate,avg_frame_rate").lines().next(),
            Some(told(&programs, &source, "v:0", "stream=r_frame_rate").as_str())
        );
        let tags = "stream=codec_name,color_range,color_space,color_transfer,color_primaries";
        assert_eq!(told(&programs, &made, "v:0", tags), "h264\ntv\nbt709\nbt709\nbt709");
        assert_eq!(std::fs::read(&source).unwrap(), before, "the source was touched");
        // the same again is known to be there, and is the same bytes
        let bytes = std::fs::read(&made).unwrap();
        good(&rushes(dir.path(), &["render", name, "--recipe", "proxy", "-o", "again"]));
        assert!(std::fs::read(dir.path().join(format!("again/{name}.proxy.mov"))).unwrap() == bytes, "{name}");
    }
}

#[test]
fn a_part_of_a_movie_has_its_own_time_and_samples() {
    let Some(programs) = programs("proxies of ranges") else { return };
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("C.mov");
    movie(&programs, &source, "30000/1001", 130, "00:58:59;20", "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le");
    std::fs::write(
        dir.path().join("r.toml"),
        "[service]\nstate_dir = \"/tmp/rushes-none\"\ncontrol = \"/tmp/rushes-none/sock\"\n[show.a]\n[[folder]]\nname = \"f\"\n\
         show = \"a\"\npath = \"/nonexistent/in\"\noutput = \"/nonexistent/out\"\n[[folder.rule]]\nname = \"r\"\n\
         emit = [\"edit\"]\n[recipe.edit]\nkind = \"proxy\"\ncodec = \"prores\"\nprofile = \"lt\"\n",
    )
    .unwrap();
    good(&rushes(
        dir.path(),
        &["--config", "r.toml", "render", "C.mov", "--recipe", "edit", "--frames", "40-120", "-o", "out"],
    ));
    let made = dir.path().join("out/C.mov.edit.mov");
    assert_eq!(numbers(&programs, &made), (40..=120u64).collect::<Vec<_>>());
    // ten frames to the minute, whose first label is ;02, and thirty more
    assert_eq!(told(&programs, &made, "v:0", "stream_tags=timecode"), "00:59:01;02");
    assert_eq!(told(&programs, &made, "v:0", "stream=codec_name,profile"), "prores\nLT");
    let at = |frame: u64| frame * 1001 * 48_000 / 30_000;
    for track in [0, 1] {
        let wanted = sound(&programs, &source, track, Some((at(40), at(121))));
        assert_eq!(sound(&programs, &made, track, None), wanted, "track {track}");
    }
}

/// A numbered frame of a sequence in log.
fn frame(number: u32, rate: Rational, start: Timecode) -> Vec<u8> {
    let mut samples = Vec::new();
    for _ in 0..128 {
        for x in 0..256u32 {
            let bit = number >> (x / 32) & 1;
            samples.extend([if bit == 1 { 0.6f32 } else { 0.1 }; 3]);
        }
    }
    let picture = Frame::from_samples(256, 128, samples).unwrap();
    let mut doc = ClipDoc::new("S", ClipUnit::Sequence);
    doc.reel = Some("B002R1AB".into());
    let stamp = FrameStamp {
        frame: i64::from(number),
        source_frame: i64::from(number),
        timecode: Some(start.plus(i64::from(number))),
        rate: Some(rate),
    };
    let options = DpxOptions {
        depth: DpxDepth::Ten,
        transfer: DpxTransfer::Log,
        file_name: "",
        project: "",
        description: "",
        pixel_aspect: 1.0,
    };
    dpx(&picture, &doc, &stamp, &options).unwrap().0
}

fn sequence(dir: &Path, name: &str, rate: Rational, start: Timecode, numbers: impl Iterator<Item = u32>) {
    std::fs::create_dir_all(dir.join(name)).unwrap();
    for n in numbers {
        std::fs::write(dir.join(name).join(format!("{name}.{:07}.dpx", 86_400 + n)), frame(n, rate, start)).unwrap();
    }
}

#[test]
fn a_sequence_becomes_a_movie_with_its_timecode() {
    let Some(programs) = programs("proxies of sequences") else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, fps, start, drop) in [
        ("S1", "24000/1001", "01:00:00:00", false),
        ("S2", "30000/1001", "10:09:58;20", true),
        ("S3", "24", "23:59:59:10", false),
    ] {
        let fps = rate(fps);
        sequence(dir.path(), name, fps, Timecode::parse(start, fps, drop).unwrap(), 0..100);
        let o = rushes(dir.path(), &["render", name, "--recipe", "proxy", "--source", "logc3", "-o", "out"]);
        good(&o);
        let made = dir.path().join(format!("out/{name}.[0086400-0086499].dpx.proxy.mov"));
        assert_eq!(numbers(&programs, &made), (0..100u64).collect::<Vec<_>>(), "{name}");
        assert_eq!(told(&programs, &made, "v:0", "stream_tags=timecode"), start, "{name}");
        assert_eq!(told(&programs, &made, "a", "stream=codec_name"), "");
        assert_eq!(told(&programs, &made, "v:0", "stream=r_frame_rate"), format!("{}/{}", fps.num(), fps.den()));
        let about = rushes(dir.path(), &["explain", "--json", made.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&about.stderr).into_owned();
        assert!(
            !about.status.success() && text.contains("no receipt names"),
            "a movie that left its receipt tells so: {text}"
        );
    }
}

/// Pictures are those of the stored media, whatever an edit list plays; sound that would then be out of step is refused.
#[test]
fn edit_lists_change_neither_frames_nor_sound_in_silence() {
    let Some(programs) = programs("proxies and edit lists") else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, codec) in [
        ("P", "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le"),
        ("H", "-c:v libx264 -bf 2 -g 12 -x264-params log=-1 -pix_fmt yuv420p"),
    ] {
        let whole = dir.path().join(format!("{name}.mov"));
        movie(&programs, &whole, "25", 60, "01:00:00:00", codec);
        // as cut without loss by many programs: an edit list leaves out what lies before
        let cut = dir.path().join(format!("{name}cut.mov"));
        let input = whole.to_str().unwrap();
        assert!(make(&programs, &["-ss", "1.2", "-i", input, "-map", "0:v", "-map", "0:a", "-c", "copy"], &cut));
        let file = File::open(&cut).unwrap();
        let stored = probe(&file, "mov", &tools(&programs)).unwrap().nb_frames.unwrap();
        let o = rushes(dir.path(), &["render", &format!("{name}cut.mov"), "--recipe", "proxy", "-o", "out"]);
        let made = dir.path().join(format!("out/{name}cut.mov.proxy.mov"));
        if o.status.success() {
            assert_eq!(numbers(&programs, &made), (60 - stored..60).collect::<Vec<_>>(), "{name}");
        } else {
            let text = String::from_utf8_lossy(&o.stderr).into_owned();
            assert!(text.contains("edit list") && text.contains("FORMAT-UNSUPPORTED"), "{name}: {text}");
            assert!(!made.exists());
        }
        let o = rushes(dir.path(), &["render", &format!("{name}cut.mov"), "--recipe", "plate", "-o", "plates"]);
        good(&o);
        let plates = std::fs::read_dir(dir.path().join(format!("plates/{name}cut_PL01_v001"))).unwrap().count();
        assert_eq!(plates as u64, stored, "{name}");
    }
}

#[test]
fn what_would_be_out_of_step_is_not_made() {
    let Some(programs) = programs("proxies refused") else { return };
    let dir = tempfile::tempdir().unwrap();
    let fps = rate("24");
    let start = Timecode::parse("01:00:00:00", fps, false).unwrap();
    sequence(dir.path(), "G", fps, start, (0..20).filter(|n| *n != 7));
    let refused = |line: &[&str], code: &str| {
        let o = rushes(dir.path(), line);
        let text = String::from_utf8_lossy(&o.stderr).into_owned();
        assert!(o.status.code() == Some(3) && text.contains(code), "{text}");
        assert!(
            !dir.path().join("out").exists() || std::fs::read_dir(dir.path().join("out")).unwrap().next().is_none()
        );
    };
    refused(&["render", "G", "--recipe", "proxy", "--source", "logc3", "-o", "out"], "FRAMES-MISSING");
    // sound that QuickTime does not hold
    let odd = dir.path().join("odd.mov");
    movie(&programs, &odd, "25", 10, "01:00:00:00", "-c:v prores_ks -pix_fmt yuv422p10le");
    let bytes = std::fs::read(&odd).unwrap();
    let at = bytes.windows(4).position(|w| w == b"in24").unwrap();
    let mut other = bytes.clone();
    other[at..at + 4].copy_from_slice(b"Qclp");
    std::fs::write(&odd, other).unwrap();
    refused(&["render", "odd.mov", "--recipe", "proxy", "-o", "out"], "FORMAT-UNSUPPORTED");
    let linear = rushes(dir.path(), &["render", "G", "--recipe", "proxy", "--color", "ACEScg", "-o", "out"]);
    assert_eq!(linear.status.code(), Some(2), "{}", String::from_utf8_lossy(&linear.stderr));
}

#[test]
fn names_of_movies_never_reach_a_command_line() {
    let Some(programs) = programs("proxies with odd names") else { return };
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("plain.mov");
    movie(&programs, &source, "25", 10, "01:00:00:00", "-c:v prores_ks -pix_fmt yuv422p10le");
    for name in
        ["-i.mov", "concat:a|b.mov", "http:x.mov", "a'b\".mov", "line\nbreak.mov", "ü %d.mov", "file:pipe:0.mov"]
    {
        let sub = dir.path().join("in");
        std::fs::create_dir_all(&sub).unwrap();
        std::fs::copy(&source, sub.join(name)).unwrap();
        good(&rushes(dir.path(), &["render", "in", "--recipe", "proxy", "-o", "out"]));
        let made: Vec<_> = std::fs::read_dir(dir.path().join("out")).unwrap().flatten().map(|e| e.path()).collect();
        assert_eq!(made.len(), 1, "{made:?}");
        assert_eq!(numbers(&programs, &made[0]), (0..10u64).collect::<Vec<_>>(), "{name}");
        std::fs::remove_dir_all(dir.path().join("out")).unwrap();
        std::fs::remove_dir_all(sub).unwrap();
    }
}

#[test]
fn what_is_for_the_eye_stands_upright() {
    let Some(programs) = programs("upright pictures") else { return };
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain.mov");
    let args = "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le";
    assert!(make(&programs, &args.split(' ').collect::<Vec<_>>(), &plain));
    for degrees in ["90", "180", "270"] {
        let name = format!("turned{degrees}.mov");
        let turned = dir.path().join(&name);
        let rotate = format!("rotate={degrees}");
        assert!(make(&programs, &["-i", plain.to_str().unwrap(), "-c", "copy", "-metadata:s:v:0", &rotate], &turned));
        // ffmpeg turns pictures by itself unless told not to
        let upright = dir.path().join("upright.png");
        assert!(make(
            &programs,
            &["-i", turned.to_str().unwrap(), "-frames:v", "1", "-sws_flags", "accurate_rnd"],
            &upright
        ));
        good(&rushes(dir.path(), &["view", &name, "-o", &format!("{degrees}.png"), "--source", "rec709"]));
        good(&rushes(dir.path(), &["render", &name, "--recipe", "proxy", "--source", "rec709", "-o", "out"]));
        let proxy = dir.path().join(format!("out/{name}.proxy.mov"));
        let side = told(&programs, &proxy, "v:0", "stream=width,height");
        assert_eq!(side, if degrees == "180" { "320\n180" } else { "180\n320" });
        for made in [dir.path().join(format!("{degrees}.png")), proxy] {
            let o = Command::new(&programs.0)
                .args(["-nostdin", "-v", "info", "-i"])
                .arg(&made)
                .arg("-i")
                .arg(&upright)
                .args([
                    "-filter_complex",
                    "[0:v]format=rgb24[a];[1:v]format=rgb24[b];[a][b]psnr=shortest=1",
                    "-f",
                    "null",
                    "-",
                ])
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&o.stderr).into_owned();
            let db = text.split("average:").nth(1).and_then(|t| t.split(' ').next()?.parse::<f64>().ok());
            let db = db.unwrap_or_else(|| panic!("{text}"));
            // a picture that lies or stands on its head is below 12 dB
            assert!(db > 20.0, "{} of {degrees}: {db} dB", made.display());
        }
    }
    // no row or column is lost where pixels are not square
    for (aspect, size, want) in
        [("4/3", "1440x1080", "1920\n1080"), ("1/2", "320x180", "320\n360"), ("2", "640x360", "1280\n360")]
    {
        let name = format!("sar{}.mov", aspect.replace('/', "_"));
        let picture = format!("testsrc2=s={size}:r=25:d=0.2,setsar={aspect}");
        let args = ["-f", "lavfi", "-i", &picture, "-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le"];
        assert!(make(&programs, &args, &dir.path().join(&name)));
        good(&rushes(dir.path(), &["render", &name, "--recipe", "proxy", "--source", "rec709", "-o", "out"]));
        let proxy = dir.path().join(format!("out/{name}.proxy.mov"));
        assert_eq!(told(&programs, &proxy, "v:0", "stream=width,height"), want, "{aspect}");
    }
    // a plate is as stored, and says so
    let o = rushes(dir.path(), &["render", "turned90.mov", "--recipe", "plate", "--source", "rec709", "-o", "out"]);
    good(&o);
    assert!(String::from_utf8_lossy(&o.stderr).contains("ORIENTATION-KEPT"), "{}", String::from_utf8_lossy(&o.stderr));
}

/// Tags that only the coded pictures have are kept, and nothing else is claimed.
#[test]
fn tags_of_the_coded_pictures_count() {
    let Some(programs) = programs("proxies and tags") else { return };
    let dir = tempfile::tempdir().unwrap();
    let tags = "stream=color_transfer,color_primaries";
    for (name, transfer, primaries, want) in
        [("pq", "16", "9", "unknown\nunknown"), ("srgb", "13", "1", "iec61966-2-1\nbt709")]
    {
        let path = dir.path().join(format!("{name}.mp4"));
        let bits = format!(
            "h264_metadata=transfer_characteristics={transfer}:colour_primaries={primaries}:matrix_coefficients=1"
        );
        let picture = "testsrc2=s=320x180:r=25:d=0.2";
        assert!(make(
            &programs,
            &["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-bsf:v", &bits, "-movflags", "-write_colr"],
            &path
        ));
        let line = ["render", &format!("{name}.mp4"), "--recipe", "proxy", "--color", "source", "-o", "out", "--json"];
        let o = rushes(dir.path(), &line);
        good(&o);
        let proxy = dir.path().join(format!("out/{name}.mp4.proxy.mov"));
        assert_eq!(told(&programs, &proxy, "v:0", tags), want, "{name}");
    }
    // one frame alone, at a rate that no camera has
    let one = dir.path().join("one.mov");
    let picture = "testsrc2=s=64x64:r=240:d=0.01";
    assert!(make(
        &programs,
        &["-f", "lavfi", "-i", picture, "-frames:v", "1", "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"],
        &one
    ));
    let o = rushes(dir.path(), &["render", "one.mov", "--recipe", "proxy", "--source", "rec709", "-o", "out"]);
    let said = String::from_utf8_lossy(&o.stderr).into_owned();
    assert!(o.status.success() || said.contains("FIELD-ABSENT"), "{said}");
    let line = ["render", "pq.mp4", "--recipe", "proxy", "--source", "rec709", "--frames", "1-1", "-o", "one"];
    good(&rushes(dir.path(), &line));
    assert_eq!(told(&programs, &dir.path().join("one/pq.mp4.proxy.mov"), "v:0", "stream=nb_frames"), "1");
    let o = rushes(dir.path(), &["render", "pq.mp4", "--recipe", "plate", "--frames", "2-9", "-o", "out"]);
    assert!(String::from_utf8_lossy(&o.stderr).contains("FRAMES-OUTSIDE"), "{}", String::from_utf8_lossy(&o.stderr));
}

#[test]
fn a_wrong_range_of_codes_is_put_right_by_a_statement() {
    let Some(programs) = programs("a stated range") else { return };
    let t = tempfile::tempdir().unwrap();
    let grey = "color=black:s=64x64:r=24,format=yuv422p10le,geq=lum=64:cb=512:cr=512";
    let args = ["-f", "lavfi", "-i", grey, "-frames:v", "2", "-c:v", "prores_ks", "-color_range", "tv"];
    assert!(make(&programs, &args, &t.path().join("black.mov")));
    let black = |name: &str, more: &[&str]| {
        let line = ["view", "black.mov", "--color", "source", "-o", name];
        let o = rushes(t.path(), &[&line, more].concat());
        good(&o);
        let mut r =
            png::Decoder::new(std::io::BufReader::new(File::open(t.path().join(name)).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; r.output_buffer_size().unwrap()];
        r.next_frame(&mut pixels).unwrap();
        pixels[0]
    };
    assert_eq!(black("as_tagged.png", &[]), 0);
    assert_eq!(black("stated.png", &["--source-range", "full"]), 16, "64 of 1023, in 8 bits");
    let o = rushes(t.path(), &["render", "black.mov", "--recipe", "plate", "--source-range", "full", "-o", "plates"]);
    good(&o);
    let o = rushes(t.path(), &["explain", "plates/black_PL01_v001"]);
    good(&o);
    assert!(String::from_utf8_lossy(&o.stdout).contains("full, as stated"));
}

#[test]
fn sound_whose_channels_the_container_does_not_say_is_kept() {
    let Some(programs) = programs("sound of unknown channels") else { return };
    let t = tempfile::tempdir().unwrap();
    let picture = "testsrc=size=64x64:rate=24";
    let sine = "sine=sample_rate=48000";
    let make_with = |name: &str, sound: &[&str]| {
        let line = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sine, "-t", "1", "-c:v", "mpeg4"];
        make(&programs, &[&line[..], sound].concat(), &t.path().join(name))
    };
    let mut tried = 0;
    for (name, sound, kept) in [
        ("mp3.mp4", &["-c:a", "libmp3lame"][..], "mp3"),
        (
            "two.mp4",
            &["-map", "0:v", "-map", "1:a", "-map", "1:a", "-c:a:0", "aac", "-c:a:1", "libmp3lame"],
            "aac\nmp3",
        ),
        ("adpcm.mov", &["-c:a", "adpcm_ms"], "pcm_s24le"),
    ] {
        if !make_with(name, sound) {
            continue;
        }
        tried += 1;
        good(&rushes(t.path(), &["render", name, "--recipe", "proxy", "--source", "rec709", "-o", "out"]));
        let proxy = t.path().join(format!("out/{name}.proxy.mov"));
        assert_eq!(told(&programs, &proxy, "a", "stream=codec_name"), kept, "{name}");
    }
    assert!(tried > 1, "ffmpeg made none of them");
}

#[test]
fn what_is_whole_beside_a_damaged_frame_is_made() {
    let Some(programs) = programs("a damaged frame") else { return };
    let t = tempfile::tempdir().unwrap();
    let path = t.path().join("d.mov");
    movie(&programs, &path, "24", 24, "01:00:00:00", "-c:v prores_ks -pix_fmt yuv422p10le");
    let places = told(&programs, &path, "v", "packet=pos,size");
    let places: Vec<usize> = places.lines().map(|l| l.parse().unwrap()).collect();
    let (size, at) = places.as_chunks::<2>().0.iter().map(|[a, b]| (*a, *b)).nth(12).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[at + size / 3..at + 2 * size / 3].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let frames = |range: &str| {
        let line = ["render", "d.mov", "--recipe", "plate", "--source", "rec709", "--frames", range, "-o", "out"];
        let o = rushes(t.path(), &line);
        (o.status.code().unwrap(), String::from_utf8_lossy(&o.stderr).into_owned())
    };
    for whole in ["0-11", "13-23", "13-13", "11-11"] {
        assert_eq!(frames(whole).0, 0, "{whole}: {}", frames(whole).1);
    }
    let (code, said) = frames("0-23");
    assert_eq!(code, 3);
    let first = said.split("frame ").nth(1).and_then(|s| s.split(' ').next()).and_then(|s| s.parse::<u64>().ok());
    assert!((8..=12).contains(&first.unwrap()) && said.contains("or one shortly after it"), "{said}");
    assert!(said.contains("copy the file again"), "{said}");
}
