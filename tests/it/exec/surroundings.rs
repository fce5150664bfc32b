//! Workers under hard conditions: tight limits, odd umask, no environment, a user namespace.

use super::{House, program};
use std::os::unix::fs::MetadataExt;
use std::process::Command;

/// Runs `rushes render --job` behind a piece of shell; answers exit status and what it said.
fn render(house: &House, shell: &str, inspect: bool) -> (Option<i32>, String) {
    let job = if inspect { house.inspect_job() } else { house.deliver_job("A001") };
    let file = house.job_file(&job);
    let script = format!("{shell} \"$0\" render --job \"$1\"");
    let out = Command::new("/bin/sh").arg("-c").arg(script).arg(program()).arg(file).output().unwrap();
    (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
}

#[test]
fn small_limits_and_no_environment() {
    for shell in ["ulimit -Sn 64;", "ulimit -n 64;", "ulimit -Sv 2097152;", "env -i", "LC_ALL=tr_TR.UTF-8", "cd /;"] {
        let house = House::new();
        for inspect in [true, false] {
            let (status, said) = render(&house, shell, inspect);
            assert_eq!(status, Some(0), "{shell}: {said}");
        }
        assert!(house.at("out/A/B.mov.ale").exists());
    }
}

#[test]
fn umask_does_not_matter() {
    for shell in ["umask 077;", "umask 000;"] {
        let house = House::new();
        assert_eq!(render(&house, shell, false).0, Some(0));
        let mode = |p: &str| std::fs::metadata(house.at(p)).unwrap().mode() & 0o7777;
        assert_eq!((mode("out/A"), mode("out/A/B.mov.ale"), mode("out/A/B.mov.rushes.json")), (0o775, 0o664, 0o664));
    }
}

#[test]
fn in_a_user_namespace() {
    let possible = Command::new("unshare").args(["-Ur", "/bin/true"]).output().is_ok_and(|o| o.status.success());
    if !possible {
        println!("skipped: no user namespaces here");
        return;
    }
    let house = House::new();
    let (status, said) = render(&house, "unshare -Ur", false);
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn long_sequences_fit_few_descriptors() {
    let house = House::new();
    let mut job = house.inspect_job();
    let one = job.inputs.pop().unwrap();
    for n in 1001..1401 {
        let name = format!("A/S.{n}.dpx");
        std::fs::write(house.at("in").join(&name), b"SD").unwrap();
        let mut input = one.clone();
        (input.path, input.size, input.mtime_ns) = (std::path::Path::new(&name).into(), 2, 0);
        job.inputs.push(input);
    }
    job.unit = rushes::model::ClipUnit::Sequence;
    let file = house.job_file(&job);
    let script = "ulimit -n 40; \"$0\" render --job \"$1\"";
    let out = Command::new("/bin/sh").arg("-c").arg(script).arg(program()).arg(file).output().unwrap();
    let result: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let files = result["outcome"]["inspected"]["clip"]["files"].as_array().unwrap();
    assert_eq!(files.len(), 400, "{result}");
}
