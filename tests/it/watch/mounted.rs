//! Mounts that go away, come back and hang. Needs root (and bindfs for FUSE); says so where it cannot run.

use super::real::{QUIET, Room, settings};
use rushes::watch::Health;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Unmounts when dropped, lazily.
struct Mount(PathBuf);

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH);
    }
}

fn tmpfs(at: &Path) -> Option<Mount> {
    let flags = rustix::mount::MountFlags::empty();
    match rustix::mount::mount("none", at, "tmpfs", flags, None) {
        Ok(()) => Some(Mount(at.to_path_buf())),
        Err(e) => {
            println!("skipped: cannot mount a tmpfs here: {e}");
            None
        }
    }
}

#[test]
fn an_unmounted_root_keeps_everything_and_resumes() {
    let t = tempfile::tempdir().unwrap();
    let (hot, keep) = (t.path().join("hot"), t.path().join("keep"));
    fs::create_dir(&hot).unwrap();
    fs::create_dir(&keep).unwrap();
    let Some(_hot) = tmpfs(&hot) else { return };
    for i in 0..10 {
        fs::write(hot.join(format!("M{i}.mov")), [1; 100]).unwrap();
    }
    let mut room = Room::new(settings(&hot), Arc::default());
    room.until(Duration::from_secs(10), "first", |r| r.ready.len() == 10);
    room.idle();
    rustix::mount::mount_bind(&hot, &keep).unwrap();
    let _keep = Mount(keep.clone());
    rustix::mount::unmount(&hot, rustix::mount::UnmountFlags::DETACH).unwrap();
    let begun = Instant::now();
    let down = |r: &Room| matches!(&r.handle.status().health, Health::Unavailable(_));
    room.until(Duration::from_secs(5), "offline within 5 s", down);
    println!("offline after {:?}", begun.elapsed());
    fs::write(hot.join("stray.mov"), [1; 100]).unwrap();
    room.pause(Duration::from_millis(500));
    fs::remove_file(hot.join("stray.mov")).unwrap();
    rustix::mount::mount_bind(&keep, &hot).unwrap();
    for i in 0..5 {
        fs::write(hot.join(format!("N{i}.mov")), [1; 100]).unwrap();
    }
    room.until(Duration::from_secs(10), "back", |r| r.ready.len() == 15);
    room.idle();
    assert!(room.gone.is_empty(), "{:?}", room.gone);
    assert!(room.ready.values().all(|v| v.0 == 1), "redone");
}

#[test]
fn a_hung_mount_below_the_root_hurts_only_itself() {
    let t = tempfile::tempdir().unwrap();
    let (hot, back) = (t.path().join("hot"), t.path().join("back"));
    for d in [hot.join("net"), hot.join("local"), back.clone()] {
        fs::create_dir_all(d).unwrap();
    }
    let spawned = std::process::Command::new("bindfs")
        .arg("-f")
        .arg(&back)
        .arg(hot.join("net"))
        .stderr(std::process::Stdio::null())
        .spawn();
    let Ok(mut fuse) = spawned else {
        println!("skipped: bindfs is not installed");
        return;
    };
    let pid = rustix::process::Pid::from_child(&fuse);
    let signal = |s| rustix::process::kill_process(pid, s).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let mount = Mount(hot.join("net"));
    if !fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&*hot.join("net").display().to_string()) {
        println!("skipped: FUSE does not work here");
        let _ = fuse.kill();
        let _ = fuse.wait();
        return;
    }
    let mut s = settings(&hot);
    s.scan_every = Duration::from_secs(2);
    let mut room = Room::new(s, Arc::default());
    room.idle();
    let notes = room.handle.status().notes.join("; ");
    assert!(notes.contains("mount net: polling; fuse"), "{notes}");
    fs::write(back.join("N.mov"), [1; 100]).unwrap();
    room.until(Duration::from_secs(10), "change behind the mount", |r| r.times("net/N.mov") == 1);
    signal(rustix::process::Signal::STOP);
    fs::write(back.join("H.mov"), [1; 100]).unwrap();
    let begun = Instant::now();
    fs::write(hot.join("local/L.mov"), [1; 100]).unwrap();
    room.until(QUIET + Duration::from_secs(5), "others go on", |r| r.times("local/L.mov") == 1);
    let _ = room.handle.status();
    println!("beside a hung mount: ready after {:?}", begun.elapsed());
    signal(rustix::process::Signal::CONT);
    room.until(Duration::from_secs(10), "after the hang", |r| r.times("net/H.mov") == 1);
    fuse.kill().unwrap();
    fuse.wait().unwrap();
    let dead = |r: &Room| r.handle.status().notes.iter().any(|n| n.contains("unavailable"));
    room.until(Duration::from_secs(6), "dead mount is said", dead);
    drop(mount);
    room.handle.stop();
    assert!(room.gone.is_empty(), "{:?}", room.gone);
}
