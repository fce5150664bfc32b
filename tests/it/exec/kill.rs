//! Killed at every named point of a delivery and run again: the same tree as without the kill.

use super::{House, program, tree};
use rushes::engine::killpoint;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

fn render(house: &House, reel: &str, kill_at: Option<&str>) -> ExitStatus {
    let file = house.job_file(&house.deliver_job(reel));
    let mut command = Command::new(program());
    command.arg("render").arg("--job").arg(file).stdout(Stdio::null());
    if let Some(point) = kill_at {
        command.env(killpoint::VARIABLE, point);
    }
    command.status().unwrap()
}

#[test]
fn the_same_tree_whenever_it_dies() {
    let reference = House::new();
    assert!(render(&reference, "A001", None).success());
    assert!(render(&reference, "A002", None).success());
    let want = tree(&reference.at("out"));
    let files: Vec<_> = want.keys().filter(|k| k.contains("B.mov")).collect();
    assert_eq!(
        files,
        ["A/B.mov.ale", "A/B.mov.rushes.json", "A/B.mov.rushes.v001.json", "A/B.mov.v002.ale"],
        "a second reel keeps the first record and makes a second ALE"
    );
    for point in ["after-staging-fsync", "after-rename", "after-rename:2", "between-outputs", "after-outputs"] {
        let house = House::new();
        for reel in ["A001", "A002"] {
            let died = render(&house, reel, Some(point));
            assert_eq!(died.signal(), Some(9), "{point} was not reached: {died:?}");
            assert!(render(&house, reel, None).success());
        }
        let left = rushes::engine::deliver::Workspace::open(&house.at("out")).unwrap().sweep().unwrap();
        assert_eq!(left, 2, "{point}: what the dead left in staging is swept");
        assert_eq!(tree(&house.at("out")), want, "{point}");
    }
}
