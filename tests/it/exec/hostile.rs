//! A worker that is taken over, broken or slow: whatever it says is not believed, whatever it does is bounded.

use super::{House, code, program};
use rushes::engine::deliver::{StepOutcome, StepResult};
use rushes::engine::process::Cancel;
use rushes::exec::local::run_one;
use rushes::model::JobId;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A worker that is this shell script; `$5` is its staging folder.
fn script(house: &House, text: &str) -> PathBuf {
    let path = house.at("worker.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Runs it; while another thread's fork still holds the script open for writing it cannot be started, so try again.
fn run(house: &House, text: &str, deliver: bool) -> StepResult {
    let program = script(house, text);
    let mut job = if deliver { house.deliver_job("A001") } else { house.inspect_job() };
    job.limits.seconds = 2;
    for _ in 0..100 {
        let result = run_one(&program, &job, &house.at("work"), &Cancel::new());
        let busy = matches!(&result.outcome, StepOutcome::Failed(e) if e.errno == Some(libc::ETXTBSY));
        if !busy {
            return result;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the script stays busy");
}

fn result_text(house: &House, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let real = house.run(&house.deliver_job("A001"));
    std::fs::remove_dir_all(house.at("out")).unwrap();
    let mut value = serde_json::to_value(&real).unwrap();
    change(&mut value);
    format!("cat <<'EOF'\n{value}\nEOF")
}

#[test]
fn no_result_is_believed() {
    let house = House::new();
    let id = JobId(house.inspect_job().id);
    let head = format!("{{\"schema\":\"rushes.result/1\",\"id\":\"{id}\",\"version\":\"1\",\"millis\":0,\"outcome\":");
    for text in [
        "exit 0".to_owned(),
        "echo no JSON".into(),
        "exit 1".into(),
        "echo '\u{1b}[31mred' >&2; exit 1".into(),
        "kill -SEGV $$".into(),
        "head -c 200000 /dev/zero | tr '\\0' '['".into(),
        format!("echo '{head}{{\"made\":[]}}}}'"),
        format!("echo '{head}{{\"failed\":{{\"kind\":\"io\",\"code\":\"MADE-UP\",\"what\":\"x\"}}}}}}'"),
        format!("echo '{}'", head.replace(id.as_str(), &"0".repeat(32)) + "{\"made\":[]}}"),
    ] {
        let result = run(&house, &text, false);
        assert_eq!(code(&result), "WORKER-CRASHED", "{text}");
        let StepOutcome::Failed(e) = &result.outcome else { unreachable!() };
        assert!(!e.what.contains('\u{1b}') && e.what.len() < 500, "{}", e.what);
    }
    assert_eq!(code(&run(&house, "head -c 70000000 /dev/zero", false)), "LIMIT-SIZE", "not worth a second try");
}

#[test]
fn claimed_outputs_must_be_there_and_be_the_planned_ones() {
    let house = House::new();
    let as_made = result_text(&house, |_| {});
    assert_eq!(code(&run(&house, &as_made, true)), "OUTPUT-FAILED", "nothing is staged");
    let elsewhere = result_text(&house, |v| v["outcome"]["made"][0]["path"] = "../../evil".into());
    assert_eq!(code(&run(&house, &elsewhere, true)), "WORKER-CRASHED");
    let link = format!("ln -s /etc/passwd \"$5/0\"\n{as_made}");
    assert_eq!(code(&run(&house, &link, true)), "OUTPUT-FAILED");
    assert!(!house.at("out/A").exists());
}

#[test]
fn slow_and_stubborn_workers_end() {
    let house = House::new();
    let begin = Instant::now();
    assert_eq!(code(&run(&house, "trap '' TERM; while :; do sleep 0.1; done", false)), "LIMIT-TIME");
    assert!(begin.elapsed() < Duration::from_secs(7), "{:?}", begin.elapsed());
    assert_eq!(std::fs::read_dir(house.at("work")).unwrap().count(), 0);
}

#[test]
fn a_job_that_is_none_is_refused() {
    let house = House::new();
    let mut no_id = house.inspect_job();
    no_id.id = "../../etc/passwd".into();
    let mut no_inputs = house.inspect_job();
    no_inputs.inputs.clear();
    let mut setuid = house.deliver_job("A001");
    setuid.mode = 0o4755;
    let mut relative = house.deliver_job("A001");
    relative.output = Some("out".into());
    let mut for_ever = house.inspect_job();
    for_ever.limits.seconds = u64::MAX;
    for job in [no_id, no_inputs, setuid, relative, for_ever] {
        assert_eq!(code(&house.run(&job)), "JOB-INVALID");
    }
    let mut escaping = house.deliver_job("A001");
    escaping.outputs[1].path = std::path::Path::new("../evil").into();
    assert_eq!(code(&house.run(&escaping)), "OUTPUT-ESCAPES");
    assert!(!house.at("evil").exists());
    assert!(program().exists());
}
