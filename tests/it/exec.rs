//! Workers: sandbox, limits, publishing.

mod executor;
mod guard;
mod hostile;
mod kill;
mod sandbox;
mod surroundings;

use rushes::engine::deliver::{
    JobFile, JobInput, Naming, Recipe, SidecarFormat, SidecarRecipe, StepKind, StepOutcome, StepResult, plan,
};
use rushes::engine::process::Cancel;
use rushes::exec::local::run_one;
use rushes::model::{ClipDoc, ClipFile, ClipUnit, Rational, TimecodeInfo};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The program under test.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rushes"))
}

/// A watched folder with one file, an output folder that does not exist yet and a folder for job files.
struct House {
    dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("in/A")).unwrap();
        std::fs::create_dir(dir.path().join("work")).unwrap();
        std::fs::write(dir.path().join("in/A/B.mov"), b"not a film at all").unwrap();
        Self { dir }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn inspect_job(&self) -> JobFile {
        let meta = std::fs::metadata(self.at("in/A/B.mov")).unwrap();
        JobFile {
            inputs: vec![JobInput {
                root: Some(self.at("in").into()),
                path: Path::new("A/B.mov").into(),
                size: meta.len(),
                mtime_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
                xxh128: String::new(),
            }],
            ..JobFile::new("0123456789abcdef0123456789abcdef", StepKind::Inspect, "B", ClipUnit::File)
        }
    }

    /// Makes a sidecar and an ALE of a clip with a reel.
    fn deliver_job(&self, reel: &str) -> JobFile {
        let mut clip = ClipDoc::new("B", ClipUnit::File);
        let file =
            ClipFile { path: Path::new("A/B.mov").into(), size: 17, xxh128: "f".repeat(32), hashes: BTreeMap::new() };
        clip.clip.files.push(file);
        clip.clip.frames = Some(48);
        clip.image.width = Some(1920);
        clip.reel = Some(reel.into());
        clip.timecode = Some(TimecodeInfo {
            start: "10:00:00:00".into(),
            end: None,
            rate: Rational::new(24, 1).unwrap(),
            drop: false,
        });
        let recipe = Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json, SidecarFormat::Ale] });
        let outputs =
            plan(&clip, &recipe, Naming::Beside { dir: Path::new("A"), stem: OsStr::new("B.mov"), recipe: "x" })
                .unwrap();
        JobFile {
            step: StepKind::Deliver,
            recipe: Some(recipe),
            clip: Some(Box::new(clip)),
            output: Some(self.at("out")),
            outputs,
            context: BTreeMap::from([("show".into(), "senna".into())]),
            ..self.inspect_job()
        }
    }

    fn run(&self, job: &JobFile) -> StepResult {
        run_one(program(), job, &self.at("work"), &Cancel::new())
    }

    fn job_file(&self, job: &JobFile) -> PathBuf {
        let path = self.at("job.json");
        std::fs::write(&path, serde_json::to_vec(job).unwrap()).unwrap();
        path
    }
}

/// Every file and folder below `root` with mode and contents, staging's own folders among them.
fn tree(root: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut out = BTreeMap::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for e in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let meta = e.metadata().unwrap();
            let bytes = if meta.is_dir() { Vec::new() } else { std::fs::read(e.path()).unwrap() };
            out.insert(e.path().strip_prefix(root).unwrap().display().to_string(), (meta.mode() & 0o7777, bytes));
            if meta.is_dir() {
                todo.push(e.path());
            }
        }
    }
    out
}

fn code(result: &StepResult) -> String {
    match &result.outcome {
        StepOutcome::Failed(e) => e.code.to_string(),
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[test]
fn inspect_and_deliver_in_a_worker() {
    let house = House::new();
    let inspected = house.run(&house.inspect_job());
    let StepOutcome::Inspected(doc) = &inspected.outcome else { panic!("{inspected:?}") };
    assert_eq!(doc.problem.as_ref().unwrap().code, "FORMAT-UNKNOWN");
    assert_eq!(doc.clip.files[0].path.to_text(), "A/B.mov");
    println!("locked in by: {}", inspected.sandbox);
    assert!(inspected.sandbox.contains("limits"), "{inspected:?}");

    let made = house.run(&house.deliver_job("A001"));
    let StepOutcome::Made(outputs) = &made.outcome else { panic!("{made:?}") };
    let names: Vec<_> = outputs.iter().map(|o| (o.path.to_text(), o.kept)).collect();
    assert_eq!(names, [("A/B.mov.rushes.json".into(), false), ("A/B.mov.ale".into(), false)]);
    let sidecar: ClipDoc =
        serde_json::from_slice(&std::fs::read(house.at("out/A/B.mov.rushes.json")).unwrap()).unwrap();
    assert_eq!(sidecar.reel.as_deref(), Some("A001"));
    let before = tree(&house.at("out"));
    let again = house.run(&house.deliver_job("A001"));
    let StepOutcome::Made(outputs) = &again.outcome else { panic!("{again:?}") };
    assert!(outputs.iter().all(|o| o.kept));
    assert_eq!(tree(&house.at("out")), before);
    assert_eq!(std::fs::read_dir(house.at("work")).unwrap().count(), 0, "job files are removed");
}

#[test]
fn changed_and_vanished_originals_are_said_so() {
    let house = House::new();
    let job = house.inspect_job();
    std::fs::write(house.at("in/A/B.mov"), b"other").unwrap();
    assert_eq!(code(&house.run(&job)), "FILE-CHANGED");
    std::fs::remove_file(house.at("in/A/B.mov")).unwrap();
    assert_eq!(code(&house.run(&job)), "FILE-VANISHED");
    std::fs::remove_dir_all(house.at("in")).unwrap();
    assert_eq!(code(&house.run(&job)), "ROOT-UNAVAILABLE");
}

#[test]
fn a_deliverable_without_timecode_is_refused_and_nothing_is_published() {
    let house = House::new();
    let mut job = house.deliver_job("A001");
    job.clip.as_mut().unwrap().timecode = None;
    assert_eq!(code(&house.run(&job)), "FIELD-ABSENT");
    assert!(!house.at("out/A").exists());
}
