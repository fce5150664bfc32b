//! A power cut: ext4 in a file, shut down without writing anything back; and a full disk. Need root,
//! mounts and `xfs_io`; say so where they cannot run.

use super::child::{batch, command, missing, run, start, wait_for};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn tool(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// The mounted file system; taken away when the test ends, however it ends.
struct Mounted<'p>(&'p str);

impl Mounted<'_> {
    fn unmount(&self) -> bool {
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            tool("umount", &[self.0])
        })
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        tool("umount", &["-l", self.0]);
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_power_cut() {
    let t = tempfile::tempdir().unwrap();
    let (image, mount) = (t.path().join("image"), t.path().join("mount"));
    std::fs::File::create(&image).unwrap().set_len(512 << 20).unwrap();
    std::fs::create_dir(&mount).unwrap();
    let (image, mount) = (image.to_str().unwrap(), mount.to_str().unwrap());
    let ready = tool("mkfs.ext4", &["-q", "-F", image]) && tool("xfs_io", &["-V"]);
    if !ready || !tool("mount", &["-o", "loop", image, mount]) {
        println!("power cut: skipped (needs root, loop devices, mkfs.ext4 and xfs_io)");
        return;
    }
    let mounted = Mounted(mount);
    let state = Path::new(mount).join("state");
    let mut next = 0;
    for cycle in 0..3 {
        let (mut child, mut out) = start(command("write", next, 1_000_000, &state));
        wait_for(&mut out, "open").unwrap();
        let end = Instant::now() + Duration::from_millis(300 + 137 * cycle);
        while Instant::now() < end {
            // an acknowledgement that was read here was given before the cut begins
            next = wait_for(&mut out, "ack ").and_then(|n| n.parse::<u64>().ok()).expect("the writer lives") + 1;
        }
        assert!(tool("xfs_io", &["-x", "-c", "shutdown", mount]), "cannot cut the power of {mount}");
        let _ = child.kill();
        let _ = child.wait();
        assert!(mounted.unmount() && tool("mount", &["-o", "loop", image, mount]), "cannot mount again");
        let (status, out) = run(command("check", 0, next, &state), Duration::from_secs(30));
        assert_eq!(status.and_then(|s| s.code()), Some(0), "cycle {cycle}, {next} acknowledged: {out}");
        assert!(out.contains("ok as it was"), "cycle {cycle}: the index itself survives: {out}");
    }
    println!("power cut: 3 cuts, {next} acknowledged commits, 0 lost");
}

#[test]
fn a_full_disk_is_waited_for_and_nothing_is_half_done() {
    let t = tempfile::tempdir().unwrap();
    let mount = t.path().to_str().unwrap();
    if !tool("mount", &["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount]) {
        println!("full disk: skipped (needs root and mounts)");
        return;
    }
    let _mounted = Mounted(mount);
    let index = rushes::index::open(&t.path().join("state"), 1).unwrap().index;
    index.commit(&batch(0)).unwrap();
    let ballast = t.path().join("ballast");
    let mut bytes = 23 << 20;
    while std::fs::write(&ballast, vec![1; bytes]).is_err() {
        bytes -= 64 << 10;
    }
    let next = batch(1);
    let e = index.commit(&next).unwrap_err();
    assert!(e.is_environment() && e.code == "OUTPUT-NO-SPACE", "{e}");
    assert_eq!((missing(&index, 1, 1), index.counts().files), (None, super::child::FILES));
    std::fs::remove_file(&ballast).unwrap();
    index.commit(&next).unwrap();
    drop(index);
    let opened = rushes::index::open(&t.path().join("state"), 2).unwrap();
    assert_eq!(opened.moved_aside, None);
    assert_eq!(missing(&opened.index, 2, 2), None);
}
