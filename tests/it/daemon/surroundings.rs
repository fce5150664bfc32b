//! What happens around the daemon: an output that hangs, permissions that are missing, receipts that are lost.

use super::facility::{Facility, wait_for};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A FUSE mount whose program can be halted, so that everything in it hangs.
struct Fuse {
    child: Child,
    at: std::path::PathBuf,
}

impl Fuse {
    fn mount(back: &std::path::Path, at: &std::path::Path) -> Option<Self> {
        let spawned = Command::new("bindfs").arg("-f").arg(back).arg(at).stderr(Stdio::null()).spawn();
        let Ok(child) = spawned else {
            println!("skipped: bindfs is not installed");
            return None;
        };
        let fuse = Self { child, at: at.to_path_buf() };
        let place = at.display().to_string();
        for _ in 0..40 {
            if std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&place) {
                return Some(fuse);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        println!("skipped: FUSE does not work here");
        None
    }

    fn signal(&self, s: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), s).unwrap();
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        self.signal(rustix::process::Signal::CONT);
        let _ = rustix::mount::unmount(&self.at, rustix::mount::UnmountFlags::DETACH);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_output_that_hangs_hurts_only_its_own_folder() {
    let mut f = Facility::new();
    for d in ["slow-hot", "slow-out", "slow-back"] {
        std::fs::create_dir(f.path(d)).unwrap();
    }
    let Some(fuse) = Fuse::mount(&f.path("slow-back"), &f.path("slow-out")) else { return };
    let d = f.dir.path().display();
    f.rules = format!(
        "[[folder]]\nname = \"slow\"\nshow = \"test\"\nkind = \"camera\"\npath = \"{d}/slow-hot\"\noutput = \"{d}/slow-out\"\n\
         ready = \"quiet\"\nquiet = \"300ms\"\nscan_every = \"2s\"\n"
    );
    let daemon = f.start();
    wait_for("the control socket", 10, || f.path("c.sock").exists());
    std::fs::write(f.path("slow-hot/A.xyz"), b"first").unwrap();
    wait_for("a sidecar through the mount", 20, || f.path("slow-back/A.xyz.rushes.json").exists());
    fuse.signal(rustix::process::Signal::STOP);
    let notes = || f.ask(&["status"]).1["notes"].to_string();
    wait_for("status says that it hangs", 20, || notes().contains("has not answered"));
    std::fs::write(f.path("slow-hot/B.xyz"), b"second").unwrap();
    f.drop_roll("B001R2EC");
    wait_for("the other folder's sidecars", 20, || f.outputs().len() == 3);
    let asked = Instant::now();
    assert_eq!(f.ask(&["status"]).0, 0);
    assert!(asked.elapsed() < Duration::from_secs(3), "status waits for the mount");
    assert!(!f.path("slow-back/B.xyz.rushes.json").exists());
    fuse.signal(rustix::process::Signal::CONT);
    wait_for("what waited", 40, || f.path("slow-back/B.xyz.rushes.json").exists());
    wait_for("status is well again", 20, || !notes().contains("has not answered"));
    fuse.signal(rustix::process::Signal::STOP);
    std::fs::write(f.path("slow-hot/C.xyz"), b"third").unwrap();
    wait_for("it hangs again", 20, || notes().contains("has not answered"));
    assert_eq!(daemon.stop(), 143);
}

#[test]
fn a_done_job_without_a_receipt_gets_one_at_the_next_start() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    assert_eq!(f.once().status.code(), Some(0));
    let path = f.path("out/.rushes/receipts.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    let jobs = |text: &str| {
        let mut ids: Vec<(String, String)> = text
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
            .map(|v| (v["job"].to_string(), v["sources"].to_string()))
            .collect();
        ids.sort();
        ids
    };
    let before = f.outputs();
    // as if the machine had died before the last two were written, in the midst of a line
    let first = whole.lines().next().unwrap();
    std::fs::write(&path, format!("{first}\n{{\"schema\":\"rus")).unwrap();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(jobs(&std::fs::read_to_string(&path).unwrap()), jobs(&whole));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(f.once().status.code(), Some(0));
    assert_eq!(jobs(&std::fs::read_to_string(&path).unwrap()), jobs(&whole));
    assert_eq!(f.outputs(), before);
}

/// Another user, as the service has; root ignores permissions.
const NOBODY: u32 = 65_534;

#[test]
fn without_permission_it_waits_and_goes_on_when_that_is_mended() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root to run the daemon as another user");
        return;
    }
    let f = Facility::new();
    let mode = |p: &str, m: u32| std::fs::set_permissions(f.path(p), std::fs::Permissions::from_mode(m)).unwrap();
    let _ = f.write_config();
    mode("", 0o755);
    for d in ["hot", "out", "state"] {
        std::os::unix::fs::chown(f.path(d), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    std::os::unix::fs::chown(f.path(""), Some(NOBODY), Some(NOBODY)).unwrap();
    // the program may lie where that user may not go
    let program = f.path("rushes");
    std::fs::copy(env!("CARGO_BIN_EXE_rushes"), &program).unwrap();
    mode("rushes", 0o755);
    std::fs::write(f.path("hot/open.xyz"), b"open").unwrap();
    std::fs::write(f.path("hot/shut.xyz"), b"shut").unwrap();
    mode("hot/shut.xyz", 0o000);
    std::fs::create_dir(f.path("hot/closed")).unwrap();
    std::fs::write(f.path("hot/closed/inside.xyz"), b"inside").unwrap();
    mode("hot/closed", 0o700);
    let log = std::fs::File::create(f.path("log")).unwrap();
    let child = Command::new(&program)
        .args(["run", "--config"])
        .arg(f.path("rushes.toml"))
        .uid(NOBODY)
        .gid(NOBODY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let daemon = super::facility::Running { child };
    wait_for("what may be read", 20, || f.outputs().len() == 1);
    let said = || {
        let o =
            Command::new(&program).args(["status", "--json", "--config"]).arg(f.path("rushes.toml")).output().unwrap();
        String::from_utf8_lossy(&o.stdout).into_owned()
    };
    wait_for("status names the file", 10, || said().contains("shut.xyz"));
    wait_for("status names the folder", 10, || said().contains("closed"));
    mode("hot/shut.xyz", 0o644);
    mode("hot/closed", 0o755);
    wait_for("all three", 20, || f.outputs().len() == 3);
    // an output folder that may not be written waits too, and no try is counted
    mode("out", 0o555);
    std::os::unix::fs::chown(f.path("out"), Some(0), Some(0)).unwrap();
    std::fs::create_dir(f.path("hot/sub")).unwrap();
    std::fs::write(f.path("hot/sub/late.xyz"), b"late").unwrap();
    wait_for("the job waits", 20, || f.log_of("job-waiting") > 2);
    std::os::unix::fs::chown(f.path("out"), Some(NOBODY), Some(NOBODY)).unwrap();
    mode("out", 0o755);
    wait_for("the late one", 40, || f.path("out/sub/late.xyz.rushes.json").exists());
    assert_eq!(daemon.stop(), 143);
}
