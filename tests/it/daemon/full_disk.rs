//! An output disk that fills up while a plate is being made (root: a small file system of its own).

use super::facility::{Facility, wait_for};
use crate::support::oracle;
use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const FRAMES: u32 = 100;
const SMALL: &str = "size=4m";

/// A file system in memory, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` after saying that the test is skipped.
    fn mount(test: &str, at: &Path) -> Option<Self> {
        let o = Command::new("mount").args(["-t", "tmpfs", "-o", SMALL, "rushes-test"]).arg(at).output();
        let made = o.as_ref().is_ok_and(|o| o.status.success());
        if !made {
            println!("{test}: skipped, no file system can be mounted here");
        }
        made.then(|| Self(at.to_path_buf()))
    }

    fn grow(&self) {
        let o = Command::new("mount").args(["-o", "remount,size=256m"]).arg(&self.0).status();
        assert!(o.unwrap().success());
    }

    /// Bytes that are in use.
    fn used(&self) -> u64 {
        let s = rustix::fs::statvfs(&self.0).unwrap();
        (s.f_blocks - s.f_bfree) * s.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH);
    }
}

/// Frames that together need several times the room of the small disk.
fn shoot(dir: &Path) {
    let rate = Rational::new(24, 1).unwrap();
    let start = Timecode::parse("10:00:00:00", rate, false).unwrap();
    std::fs::create_dir_all(dir).unwrap();
    for n in 0..FRAMES {
        let bytes = demo::dpx_frame(n, 160, 90, rate, start, "B001");
        std::fs::write(dir.join(format!("B001_C001.{}.dpx", 1001 + n)), bytes).unwrap();
    }
}

fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .flatten()
        .filter(|e| e.path().is_file())
        .map(|e| (e.path(), std::fs::read(e.path()).unwrap()))
        .collect();
    all.sort();
    all
}

/// Whether the reference tool finds the folder as its manifest says; true where it is not installed.
fn seal_holds(folder: &Path) -> bool {
    let Some(tool) = oracle("full disk", "ascmhl") else { return true };
    Command::new(tool).arg("diff").arg(folder).output().unwrap().status.success()
}

#[test]
fn a_plate_waits_for_room_and_goes_on_by_itself() {
    let mut f = Facility::new();
    let Some(disk) = Disk::mount("full disk", &f.path("out")) else { return };
    f.extra = "color = { source = \"logc3\" }\n".into();
    // 86 kB a frame without compression: the disk holds less than half of them
    f.rules = "[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"big\", \"still\", \"contact-sheet\", \"manifest\"]\n\
               [recipe.big]\nkind = \"plate\"\ncompression = \"none\"\nname = \"{clip}_v{version:03}/{clip}_v{version:03}.{frame:04}.exr\"\n"
        .into();
    shoot(&f.path("hot/B001"));
    let before = contents(&f.path("hot/B001"));
    let running = f.serve();
    wait_for("the disk to be full", 60, || f.log_of("job-waiting") > 0);
    // some tries, all of them in vain
    let until = Instant::now() + Duration::from_secs(8);
    while Instant::now() < until {
        // a still that fits may be made meanwhile, whole
        let whole = |name: &str, bytes: &[u8]| {
            name.ends_with(".json") || (name.ends_with(".jpg") && bytes.ends_with(&[0xff, 0xd9]))
        };
        let bad: Vec<String> = f.outputs().into_iter().filter(|(n, b)| !whole(n, b)).map(|(n, _)| n).collect();
        assert_eq!(bad, Vec::<String>::new(), "something half-made is visible");
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = f.log();
    let told: Vec<&str> = log.lines().filter(|l| l.contains("OUTPUT-NO-SPACE")).collect();
    assert!((1..=3).contains(&told.len()), "each job says once that it waits: {told:?}");
    assert!(told.iter().all(|l| l.contains("job-waiting")), "{told:?}");
    assert!(!log.contains("job-quarantined") && !log.contains("job-failed"), "a full disk is no try: {log}");
    let (_, status) = f.ask(&["status"]);
    assert_eq!(status["jobs"]["quarantined"], 0, "{status}");
    // what did not fit does not stay and fill the disk for others
    wait_for("staging to be cleared between tries", 40, || disk.used() < 1 << 20);
    disk.grow();
    let folder = f.path("out/B001_C001_v001");
    wait_for("the plate, without a hand", 90, || folder.exists());
    wait_for("the still and the sheet", 30, || f.outputs().keys().filter(|n| n.ends_with(".jpg")).count() == 2);
    assert_eq!(running.stop(), 143);
    let frames = contents(&folder);
    assert_eq!(frames.len(), FRAMES as usize);
    assert!(seal_holds(&folder));
    assert!(!f.path("out/B001_C001_v002").exists(), "tries are no versions");
    assert_eq!(std::fs::read_dir(f.path("out/.rushes/staging")).map_or(0, Iterator::count), 0);
    assert!(contents(&f.path("hot/B001")) == before, "the sources are as they were");
    // the same bytes as where there was room from the start
    let g = Facility { extra: f.extra.clone(), rules: f.rules.clone(), ..Facility::new() };
    shoot(&g.path("hot/B001"));
    assert_eq!(g.once().status.code(), Some(0));
    let whole = contents(&g.path("out/B001_C001_v001"));
    let pixels =
        |all: &[(PathBuf, Vec<u8>)]| all.iter().map(|(_, b)| b[b.len() - 80_000..].to_vec()).collect::<Vec<_>>();
    assert!(pixels(&frames) == pixels(&whole));
}

fn render(f: &Facility) -> Output {
    let mut c = Command::new(env!("CARGO_BIN_EXE_rushes"));
    c.args(["render", "--source", "logc3", "--recipe", "plate", "-o"]).arg(f.path("out")).arg(f.path("hot/B001"));
    c.env_remove("RUSHES_CONFIG").output().unwrap()
}

#[test]
fn a_command_says_that_the_disk_is_full() {
    let f = Facility::new();
    let Some(disk) = Disk::mount("full disk", &f.path("out")) else { return };
    shoot(&f.path("hot/B001"));
    // all but a little is somebody else's
    std::fs::write(f.path("out/other"), vec![1; (4 << 20) - (96 << 10)]).unwrap();
    let o = render(&f);
    let said = String::from_utf8_lossy(&o.stderr).into_owned();
    assert_eq!(o.status.code(), Some(3), "{said}");
    assert_eq!((said.lines().count(), said.matches("[OUTPUT-NO-SPACE]").count()), (1, 1), "{said}");
    let left: Vec<_> = std::fs::read_dir(f.path("out")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["other"], "nothing half-made, and no staging that keeps the room");
    disk.grow();
    assert_eq!(render(&f).status.code(), Some(0));
    assert_eq!(contents(&f.path("out/B001_C001_PL01_v001")).len(), FRAMES as usize);
}
