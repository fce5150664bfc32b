//! A facility in a temporary folder: a watched tree, an output tree, a state directory, a configuration.

use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub struct Facility {
    pub dir: tempfile::TempDir,
    pub extra: String,
    pub rules: String,
}

impl Facility {
    pub fn new() -> Self {
        let f = Self {
            dir: tempfile::Builder::new().prefix("rushes-it").tempdir().unwrap(),
            extra: String::new(),
            rules: String::new(),
        };
        for d in ["hot", "out", "state"] {
            std::fs::create_dir(f.path(d)).unwrap();
        }
        f
    }

    pub fn path(&self, rel: &str) -> PathBuf {
        self.dir.path().join(rel)
    }

    /// A rule that asks for an ALE of every clip of a format.
    pub fn lists(&mut self, format: &str) {
        self.rules =
            format!("[[folder.rule]]\nname = \"lists\"\nwhen = 'format.id == \"{format}\"'\nemit = [\"ale\"]\n");
    }

    /// Starts the daemon and waits until it answers.
    pub fn serve(&self) -> Running {
        let running = self.start();
        wait_for("the control socket", 10, || self.path("c.sock").exists());
        running
    }

    pub fn write_config(&self) -> PathBuf {
        let p = self.path("rushes.toml");
        let d = self.dir.path().display();
        let text = format!(
            "[service]\nstate_dir = \"{d}/state\"\ncontrol = \"{d}/c.sock\"\n[engine]\nworkers = 2\n[show.test]\nframe_rate = \"24/1\"\n{}\n\
             [[folder]]\nname = \"ocf\"\nshow = \"test\"\nkind = \"camera\"\npath = \"{d}/hot\"\noutput = \"{d}/out\"\nready = \"quiet\"\nquiet = \"300ms\"\nscan_every = \"2s\"\n{}\n",
            self.extra, self.rules
        );
        // whole or not at all: the daemon may be reading it
        let new = self.path("rushes.toml.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &p).unwrap();
        p
    }

    /// A small honest roll: six DPX frames, a sound file, a file that nobody knows.
    pub fn drop_roll(&self, roll: &str) {
        let rate = Rational::new(24, 1).unwrap();
        let tc = Timecode::parse("10:00:00:00", rate, false).unwrap();
        let d = self.path("hot").join(roll);
        std::fs::create_dir_all(&d).unwrap();
        for i in 0..6u32 {
            let bytes = demo::dpx_frame(i, 64, 36, rate, tc, roll);
            std::fs::write(d.join(format!("{roll}_C001.{:04}.dpx", 1001 + i)), bytes).unwrap();
        }
        std::fs::write(d.join("T001.wav"), demo::bwf(1, rate, tc, "12A", "3", roll)).unwrap();
        std::fs::write(d.join("notes.xyz"), format!("unknown to everybody {roll}")).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
        c.args(args).arg("--config").arg(self.write_config()).env_remove("RUSHES_CONFIG").stdin(Stdio::null());
        c
    }

    pub fn once(&self) -> Output {
        self.command(&["run", "--once"]).output().unwrap()
    }

    pub fn start(&self) -> Running {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let child = self.command(&["run"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Running { child }
    }

    /// Waits until a picture job has left some frames of its first output in staging, then kills every worker.
    pub fn kill_workers_at_work(&self) {
        let staged = || {
            let stages = std::fs::read_dir(self.path("out/.rushes/staging")).into_iter().flatten().flatten();
            stages.map(|s| std::fs::read_dir(s.path().join("0")).map_or(0, Iterator::count)).max().unwrap_or(0)
        };
        wait_for("the first frames", 60, || staged() > 3);
        let pattern = format!("render --job {}/state", self.dir.path().display());
        let killed = Command::new("pkill").args(["-KILL", "-f", &pattern]).status().unwrap();
        assert!(killed.success(), "no worker was there to kill");
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// How often an event is in the log.
    pub fn log_of(&self, event: &str) -> usize {
        self.log().matches(&format!(" {event}: ")).count()
    }

    /// The daemon's answer, as JSON.
    pub fn ask(&self, args: &[&str]) -> (i32, serde_json::Value) {
        let mut all = args.to_vec();
        all.push("--json");
        let o = self.command(&all).output().unwrap();
        let v = serde_json::from_slice(&o.stdout).unwrap_or(serde_json::Value::Null);
        (o.status.code().unwrap_or(-1), v)
    }

    /// Every deliverable with its bytes; the hidden `.rushes` folder is not one.
    pub fn outputs(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        collect(&self.path("out"), &self.path("out"), &mut all);
        all
    }
}

fn collect(root: &Path, dir: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for e in std::fs::read_dir(dir).unwrap().flatten() {
        let p = e.path();
        if p.is_dir() {
            if e.file_name() != ".rushes" {
                collect(root, &p, all);
            }
        } else {
            all.insert(p.strip_prefix(root).unwrap().display().to_string(), std::fs::read(&p).unwrap());
        }
    }
}

pub struct Running {
    pub child: Child,
}

impl Running {
    pub fn signal(&self, name: &str) {
        let s = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(s.success());
    }

    /// TERM, then the exit code within ten seconds.
    pub fn stop(mut self) -> i32 {
        self.signal("TERM");
        let t = Instant::now();
        while t.elapsed() < Duration::from_secs(12) {
            if let Some(s) = self.child.try_wait().unwrap() {
                return s.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the daemon did not stop within 12 s of TERM");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `done` holds, or panics with `what`.
pub fn wait_for(what: &str, seconds: u64, mut done: impl FnMut() -> bool) {
    let t = Instant::now();
    while !done() {
        assert!(t.elapsed() < Duration::from_secs(seconds), "waited {seconds} s in vain for: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
