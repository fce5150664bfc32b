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
    let daemon = f.serve();
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
fn the_same_bytes_at_many_places_one_after_the_other_are_all_taken() {
    let f = Facility::new();
    let d = f.serve();
    for n in 1..=5 {
        std::fs::write(f.path("hot").join(format!("copy{n}.xyz")), b"the same on every card").unwrap();
        wait_for("its sidecar", 20, || f.outputs().len() == n);
    }
    let s = f.ask(&["status"]).1;
    assert_eq!(s["quarantine"]["total"], 0);
    assert_eq!(d.stop(), 143);
}

#[test]
fn an_output_that_refuses_costs_no_tries_over_restarts_and_moves_with_the_configuration() {
    let mut f = Facility::new();
    std::fs::create_dir(f.path("other")).unwrap();
    // a file where the output folder should be: refuses, also for root
    std::fs::remove_dir(f.path("out")).unwrap();
    std::os::unix::fs::symlink(f.path("gone"), f.path("out")).unwrap();
    std::fs::create_dir(f.path("gone")).unwrap();
    f.drop_roll("A001R2EC");
    for _ in 0..4 {
        std::fs::remove_dir_all(f.path("gone")).unwrap();
        let d = f.start();
        let before = f.log_of("job-waiting");
        wait_for("a job waits", 20, || f.log_of("job-waiting") > before);
        assert_eq!(d.stop(), 143);
        std::fs::create_dir(f.path("gone")).unwrap();
    }
    let s = |f: &Facility| f.ask(&["status"]).1["jobs"].clone();
    std::fs::remove_dir_all(f.path("gone")).unwrap();
    let d = f.serve();
    wait_for("three to do", 10, || {
        let j = s(&f);
        j["queued"].as_u64().unwrap_or(0) + j["waiting"].as_u64().unwrap_or(0) == 3
    });
    assert_eq!(s(&f)["quarantined"], 0, "a full disk or a missing mount is no try");
    // the administrator names another output: what waits goes there
    let path = f.write_config();
    let text = std::fs::read_to_string(&path).unwrap().replace("/out\"", "/other\"");
    std::fs::write(&path, text).unwrap();
    d.signal("HUP");
    wait_for("all three, in the new place", 60, || f.path("other/A001R2EC/notes.xyz.rushes.json").exists());
    f.extra = String::new();
    assert_eq!(d.stop(), 143);
}

#[test]
fn a_folder_that_leaves_the_configuration_for_a_while_keeps_its_jobs() {
    let mut f = Facility::new();
    f.lists("wav");
    let whole = std::fs::read_to_string(f.write_config()).unwrap();
    let renamed = |t: &str| t.replace("name = \"ocf\"", "name = \"elsewhere\"").replace("/hot\"", "/hot2\"");
    std::fs::create_dir(f.path("hot2")).unwrap();
    f.drop_roll("A001R2EC");
    // stopped before the deliverables are made: nothing may be written
    std::fs::rename(f.path("out"), f.path("kept")).unwrap();
    std::os::unix::fs::symlink(f.path("nowhere/deep"), f.path("out")).unwrap();
    let d = f.start();
    wait_for("a job waits", 20, || f.log_of("job-waiting") > 0);
    let set = |text: &str| {
        std::fs::write(f.path("new.toml"), text).unwrap();
        std::fs::rename(f.path("new.toml"), f.path("rushes.toml")).unwrap();
        let before = f.log_of("config-reloaded");
        d.signal("HUP");
        wait_for("the reload", 20, || f.log_of("config-reloaded") > before);
    };
    set(&renamed(&whole));
    std::thread::sleep(Duration::from_millis(600));
    std::fs::remove_file(f.path("out")).unwrap();
    std::fs::rename(f.path("kept"), f.path("out")).unwrap();
    set(&whole);
    wait_for("everything after all", 60, || f.outputs().len() == 4);
    assert_eq!(d.stop(), 143);
}

#[test]
fn other_receipts_after_a_reload_do_not_stop_the_folder() {
    let f = Facility::new();
    let d = f.serve();
    std::fs::write(f.path("hot/one.xyz"), b"one").unwrap();
    wait_for("the first", 20, || f.outputs().len() == 1);
    let text = std::fs::read_to_string(f.path("rushes.toml")).unwrap();
    let more = format!("ready = \"quiet\"\nreceipts = \"{}\"", f.path("slips").display());
    std::fs::write(f.path("rushes.toml"), text.replace("ready = \"quiet\"", &more)).unwrap();
    d.signal("HUP");
    wait_for("the reload", 10, || f.log_of("config-reloaded") == 1);
    std::fs::write(f.path("hot/two.xyz"), b"two").unwrap();
    wait_for("the second", 20, || f.outputs().len() == 2);
    wait_for("its receipt", 10, || f.path("slips/receipts.jsonl").exists());
    assert_eq!(d.stop(), 143);
}

#[test]
fn once_ends_with_a_held_clip_and_a_job_that_cannot_run() {
    let mut f = Facility::new();
    f.lists("dpx");
    f.drop_roll("A001R2EC");
    std::fs::remove_file(f.path("hot/A001R2EC/A001R2EC_C001.1003.dpx")).unwrap();
    std::fs::remove_dir(f.path("out")).unwrap();
    std::os::unix::fs::symlink(f.path("nowhere/deep"), f.path("out")).unwrap();
    let began = Instant::now();
    let o = f.command(&["run", "--once", "--wait", "2s"]).output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(o.status.code(), Some(3));
    let said = String::from_utf8_lossy(&o.stderr);
    assert!(said.contains("is held by CLIP-GAP") && said.contains("notes.xyz"), "{said}");
}

#[test]
fn a_folder_that_leaves_while_it_is_full_of_work_holds_up_no_other() {
    let mut f = Facility::new();
    for d in ["many", "many-out"] {
        std::fs::create_dir(f.path(d)).unwrap();
    }
    for n in 0..700 {
        std::fs::write(f.path("many").join(format!("F{n}.xyz")), format!("number {n}")).unwrap();
    }
    let d = f.dir.path().display();
    let folder = format!(
        "[[folder]]\nname = \"many\"\nshow = \"test\"\nkind = \"camera\"\npath = \"{d}/many\"\noutput = \"{d}/many-out\"\n\
         ready = \"quiet\"\nquiet = \"300ms\"\nscan_every = \"2s\"\n"
    );
    f.rules = folder;
    let daemon = f.start();
    wait_for("the first of many", 20, || f.path("many-out").read_dir().unwrap().count() > 20);
    std::fs::rename(f.path("many"), f.path("away")).unwrap();
    std::fs::write(f.path("hot/one.xyz"), b"one").unwrap();
    wait_for("the other folder goes on", 20, || f.outputs().len() == 1);
    f.rules = String::new();
    f.write_config();
    daemon.signal("HUP");
    wait_for("the reload", 20, || f.log_of("config-reloaded") == 1);
    std::fs::write(f.path("hot/two.xyz"), b"two").unwrap();
    wait_for("also after it was removed", 20, || f.outputs().len() == 2);
    assert_eq!(daemon.stop(), 143);
}

#[test]
fn what_is_left_of_a_rule_that_is_gone_is_dropped() {
    let mut f = Facility::new();
    f.lists("wav");
    f.drop_roll("A001R2EC");
    std::fs::remove_dir(f.path("out")).unwrap();
    std::os::unix::fs::symlink(f.path("nowhere/deep"), f.path("out")).unwrap();
    assert_eq!(f.command(&["run", "--once", "--wait", "2s"]).output().unwrap().status.code(), Some(3));
    std::fs::remove_file(f.path("out")).unwrap();
    std::fs::create_dir(f.path("out")).unwrap();
    f.rules = String::new();
    let began = Instant::now();
    let o = f.command(&["run", "--once", "--wait", "5s"]).output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(40));
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    assert_eq!(f.outputs().len(), 3, "the records, and no list");
}

#[test]
fn a_sequence_that_grows_at_its_beginning_is_nobodys_namesake() {
    let mut f = Facility::new();
    f.lists("dpx");
    f.drop_roll("A001R2EC");
    let first = f.path("hot/A001R2EC/A001R2EC_C001.1001.dpx");
    let kept = std::fs::read(&first).unwrap();
    std::fs::remove_file(&first).unwrap();
    let d = f.start();
    wait_for("the list", 20, || f.path("out/A001R2EC/A001R2EC_C001.[1002-1006].dpx.ale").exists());
    std::fs::write(&first, kept).unwrap();
    wait_for("the list of all", 20, || f.path("out/A001R2EC/A001R2EC_C001.[1001-1006].dpx.ale").exists());
    assert_eq!(d.stop(), 143);
}

#[test]
fn a_held_clip_that_goes_and_comes_back_is_held_again() {
    let mut f = Facility::new();
    f.lists("dpx");
    f.drop_roll("A001R2EC");
    f.drop_roll("keep");
    std::fs::remove_file(f.path("hot/A001R2EC/A001R2EC_C001.1003.dpx")).unwrap();
    let d = f.serve();
    let held = |f: &Facility| f.ask(&["status"]).1["held_total"].clone();
    wait_for("it is held", 20, || held(&f) == 1);
    std::fs::rename(f.path("hot/A001R2EC"), f.path("aside")).unwrap();
    wait_for("nothing is held", 20, || held(&f) == 0);
    std::fs::rename(f.path("aside"), f.path("hot/A001R2EC")).unwrap();
    wait_for("it is held again", 20, || held(&f) == 1);
    // an absolute path means this folder's clip
    let clip = f.path("hot/A001R2EC/A001R2EC_C001.1001.dpx");
    assert_eq!(f.ask(&["waive", "CLIP-GAP", clip.to_str().unwrap(), "--why", "so shot"]).0, 0);
    wait_for("its list", 20, || f.path("out/A001R2EC/A001R2EC_C001.[1001-1006].dpx.ale").exists());
    assert_eq!(d.stop(), 143);
}

#[test]
fn a_namesake_that_is_gone_holds_nobody() {
    let mut f = Facility::new();
    f.lists("wav");
    let rate = rushes::model::Rational::new(24, 1).unwrap();
    let at = rushes::model::Timecode::parse("10:00:00:00", rate, false).unwrap();
    let sound = |name: &str, s: u32| {
        let path = f.path("hot").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, rushes::engine::format::demo::bwf(s, rate, at, "1", "1", "S")).unwrap();
    };
    sound("day1/N.wav", 1);
    sound("keep/other.wav", 3);
    let d = f.start();
    wait_for("the first", 20, || f.path("out/day1/N.wav.ale").exists());
    sound("day2/N.wav", 2);
    wait_for("its record", 20, || f.path("out/day2/N.wav.rushes.json").exists());
    std::thread::sleep(Duration::from_millis(500));
    assert!(!f.path("out/day2/N.wav.ale").exists(), "held");
    std::fs::remove_file(f.path("hot/day1/N.wav")).unwrap();
    wait_for("it is released", 20, || f.path("out/day2/N.wav.ale").exists());
    wait_for("nothing is held", 10, || f.ask(&["status"]).1["held_total"] == 0);
    assert_eq!(d.stop(), 143);
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
    // the files are root's: without CAP_LEASE nobody can be asked who writes, which is said once and holds up nothing
    wait_for("missing evidence is said", 10, || said().matches("give the service CAP_LEASE").count() == 1);
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
    wait_for("the job waits", 20, || f.log_of("job-waiting") > 0);
    std::os::unix::fs::chown(f.path("out"), Some(NOBODY), Some(NOBODY)).unwrap();
    mode("out", 0o755);
    wait_for("the late one", 40, || f.path("out/sub/late.xyz.rushes.json").exists());
    assert_eq!(daemon.stop(), 143);
}
