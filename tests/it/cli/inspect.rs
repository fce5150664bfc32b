//! `rushes inspect` on what the demo's writers make.

use super::rushes;
use crate::daemon::facility::Facility;

fn lines(args: &[&str], f: &Facility) -> Vec<serde_json::Value> {
    let o = rushes().arg("inspect").args(args).arg(f.path("hot/A001R2EC")).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn frames_are_one_clip_or_each_by_itself() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let clips = lines(&["--json"], &f);
    let dpx: Vec<_> = clips.iter().filter(|c| c["format"]["id"] == "dpx").collect();
    assert_eq!((clips.len(), dpx.len()), (3, 1));
    assert_eq!((&dpx[0]["clip"]["frames"], &dpx[0]["clip"]["duration_s"]), (&6.into(), &0.25.into()));
    let each = lines(&["--json", "--frames"], &f);
    let starts: Vec<_> =
        each.iter().filter(|c| c["format"]["id"] == "dpx").map(|c| c["timecode"]["start"].as_str().unwrap()).collect();
    let want = ["10:00:00:00", "10:00:00:01", "10:00:00:02", "10:00:00:03", "10:00:00:04", "10:00:00:05"];
    assert_eq!(starts, want);
    assert!(each.iter().all(|c| c["raw"].as_object().unwrap().is_empty()));
    assert!(lines(&["--json", "--raw"], &f).iter().any(|c| !c["raw"].as_object().unwrap().is_empty()));
}

/// Whoever is installed is asked; what is not is said once, however many clips there are.
#[test]
fn other_programs_are_shown_beside() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let o = rushes().args(["inspect", "--compare", "--json"]).arg(f.path("hot/A001R2EC")).output().unwrap();
    let said = String::from_utf8(o.stderr).unwrap();
    let clips: Vec<serde_json::Value> =
        String::from_utf8(o.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    // one of them is of no known kind
    assert_eq!((o.status.code(), clips.len()), (Some(3), 3), "{said}");
    for tool in ["exiftool", "mediainfo", "ffprobe"] {
        let missing = said.matches(&format!("{tool} is not installed")).count();
        let asked = |c: &serde_json::Value| {
            let mut programs = c["programs"].as_array().unwrap().iter();
            programs.any(|p| p == tool)
        };
        let asked = clips.iter().filter(|c| asked(c) || c["failed"][tool].is_string()).count();
        assert!((missing, asked) == (0, 3) || (missing, asked) == (1, 0), "{tool}: {missing} {asked} {said}");
    }
    for c in &clips {
        assert_eq!((&c["schema"], &c["differ"]), (&"rushes.compare/1".into(), &0.into()), "{c}");
    }
    let text = rushes().args(["inspect", "--compare"]).arg(f.path("hot/A001R2EC")).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("format.codec") && text.contains("agree, 0 differ"), "{text}");
    // a file that is refused is still shown as others see it
    std::fs::write(f.path("cut.wav"), b"RIFF\x24\0\0\0WAVEfmt \x10\0").unwrap();
    let cut = rushes().args(["inspect", "--compare", "--json"]).arg(f.path("cut.wav")).output().unwrap();
    let line: serde_json::Value = serde_json::from_slice(&cut.stdout).unwrap();
    assert_eq!((cut.status.code(), &line["clip"], &line["agree"]), (Some(3), &"cut".into(), &0.into()), "{line}");
    let both = rushes().args(["inspect", "--compare", "--raw", "x"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}

/// Many clips are read by one worker; what is said of each is what its own worker would say.
#[test]
fn many_clips_together_are_read_as_each_alone() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let d = f.path("hot/A001R2EC");
    std::fs::write(d.join("cut.wav"), b"RIFF\x24\0\0\0WAVEfmt \x10\0").unwrap();
    std::fs::write(d.join("empty.mov"), b"").unwrap();
    for n in 0..60 {
        std::fs::copy(d.join("T001.wav"), d.join(format!("S{n:03}.wav"))).unwrap();
    }
    let all = rushes().args(["inspect", "--json", "--raw"]).arg(&d).output().unwrap();
    let (out, err) = (String::from_utf8(all.stdout).unwrap(), String::from_utf8(all.stderr).unwrap());
    assert_eq!((all.status.code(), out.lines().count()), (Some(3), 63), "{err}");
    for refused in ["cut.wav", "empty.mov"] {
        assert!(err.lines().any(|l| l.contains(refused)), "{refused}: {err}");
    }
    for line in out.lines().filter(|l| l.contains("S007") || l.contains("T001.wav") || l.contains("notes.xyz")) {
        let doc: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = doc["clip"]["files"][0]["path"].as_str().unwrap();
        let alone = rushes().args(["inspect", "--json", "--raw", path]).output().unwrap();
        assert_eq!(String::from_utf8(alone.stdout).unwrap().trim_end(), line);
    }
}

#[test]
fn a_worker_that_dies_answers_for_nobody() {
    use rushes::engine::deliver::{JobFile, JobInput, StepKind};
    use rushes::engine::process::Cancel;
    use rushes::exec::many::inspect_many;
    use rushes::model::ClipUnit;
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let path = f.path("hot/A001R2EC/T001.wav");
    let mut job = JobFile::new("0".repeat(32), StepKind::Inspect, "T001", ClipUnit::File);
    let size = path.metadata().unwrap().len();
    job.inputs = vec![JobInput { root: None, path: path.as_path().into(), size, mtime_ns: 0, xxh128: String::new() }];
    let jobs = [job.clone(), job];
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rushes"));
    let answers = |program, jobs: &[JobFile]| inspect_many(program, jobs, f.dir.path(), &Cancel::new());
    assert!(answers(program, &jobs).iter().all(Option::is_some));
    assert_eq!(answers(std::path::Path::new("/bin/false"), &jobs), [None, None]);
    let mut wrong = jobs.clone();
    wrong[1].inputs[0].size += 1;
    let said = answers(program, &wrong);
    assert!(said[0].is_some() && serde_json::to_string(&said[1]).unwrap().contains("FILE-CHANGED"));
}
