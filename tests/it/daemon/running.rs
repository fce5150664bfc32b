//! The daemon as a service: events, signals, reload, two at once.

use super::facility::{Facility, wait_for};
use std::time::{Duration, Instant};

#[test]
fn a_dropped_file_gets_its_sidecar_and_term_drains() {
    let f = Facility::new();
    let d = f.serve();
    f.drop_roll("B001R2EC");
    wait_for("three sidecars", 20, || f.outputs().len() == 3);
    assert_eq!(d.stop(), 143);
    assert!(!f.path("c.sock").exists());
}

#[test]
fn a_second_daemon_on_the_same_state_is_refused_and_the_first_goes_on() {
    let f = Facility::new();
    let d = f.serve();
    let t = Instant::now();
    let o = f.command(&["run"]).output().unwrap();
    assert!(t.elapsed() < Duration::from_secs(5));
    assert_eq!(o.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&o.stderr).contains("STATE-BUSY"));
    assert_eq!(f.ask(&["status"]).0, 0);
    assert_eq!(d.stop(), 143);
}

#[test]
fn a_bad_reload_keeps_the_old_configuration() {
    let mut f = Facility::new();
    let d = f.serve();
    let hash = f.ask(&["status"]).1["config"]["hash"].clone();
    let good = std::fs::read_to_string(f.path("rushes.toml")).unwrap();
    std::fs::write(f.path("rushes.toml"), format!("{good}\nnonsense = 1\n")).unwrap();
    d.signal("HUP");
    wait_for("the refusal in the log", 10, || f.log().contains("nonsense"));
    // who asks needs only the socket: the bad file does not shut them out
    let program = env!("CARGO_BIN_EXE_rushes");
    let o =
        std::process::Command::new(program).args(["status", "--json", "--config"]).arg(f.path("rushes.toml")).output();
    let o = o.unwrap();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    // `ask` writes the good file again
    wait_for("the refusal in status", 10, || f.ask(&["status"]).1["config"]["last_reload"]["ok"] == false);
    assert_eq!(f.ask(&["status"]).1["config"]["hash"], hash);
    f.lists("dpx");
    f.write_config();
    d.signal("HUP");
    wait_for("the new configuration", 10, || f.ask(&["status"]).1["config"]["hash"] != hash);
    f.drop_roll("C001R2EC");
    wait_for("three sidecars and one ALE", 20, || f.outputs().len() == 4);
    assert!(f.outputs().contains_key("C001R2EC/C001R2EC_C001.[1001-1006].dpx.ale"), "{:?}", f.outputs().keys());
    assert_eq!(d.stop(), 143);
}

#[test]
fn what_an_older_configuration_made_is_outdated_and_made_again_only_when_asked() {
    let mut f = Facility::new();
    let rules = |name: &str| {
        format!(
            "[[folder.rule]]\nname = \"lists\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"list\"]\n\
             [recipe.list]\nkind = \"sidecar\"\nformats = [\"ale\"]\nname = \"{name}\"\n"
        )
    };
    f.rules = rules("lists/{clip}");
    let d = f.serve();
    f.drop_roll("A001R2EC");
    wait_for("three sidecars and one ALE", 20, || f.outputs().len() == 4);
    let outdated = |f: &Facility| f.ask(&["status"]).1["jobs"]["outdated"].clone();
    assert_eq!(outdated(&f), 0);
    f.rules = rules("ale/{reel}/{clip}");
    f.write_config();
    d.signal("HUP");
    wait_for("one is outdated", 10, || outdated(&f) == 1);
    assert_eq!(f.outputs().len(), 4, "nothing is made by itself");
    assert_eq!(f.ask(&["retry", "--outdated"]).0, 0);
    wait_for("the new one", 20, || f.outputs().contains_key("ale/A001R2EC/A001R2EC_C001.ale"));
    wait_for("none is outdated", 10, || outdated(&f) == 0);
    assert!(f.outputs().contains_key("lists/A001R2EC_C001.ale"), "the old one stays");
    assert_eq!(f.outputs().len(), 5);
    assert_eq!(d.stop(), 143);
}

#[test]
fn a_sparse_giant_does_not_hold_up_the_rest() {
    let f = Facility::new();
    let giant = std::fs::File::create(f.path("hot/a-giant.bin")).unwrap();
    // some file systems have no room for such a number: the test then proves it with what they have
    if giant.set_len(1 << 40).is_err() {
        giant.set_len(1 << 36).unwrap();
    }
    drop(giant);
    let d = f.serve();
    f.drop_roll("B001R2EC");
    wait_for("the sidecars of the roll", 10, || f.outputs().len() >= 3);
    assert!(!f.outputs().contains_key("a-giant.bin.rushes.json"), "a terabyte cannot have been read yet");
    assert_eq!(d.stop(), 143);
}

/// The worker processes of the daemon at this moment.
fn workers(daemon: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{daemon}/task")).unwrap();
    let children = |t: std::fs::DirEntry| std::fs::read_to_string(t.path().join("children")).unwrap_or_default();
    let text: String = tasks.flatten().map(children).collect::<Vec<_>>().join(" ");
    text.split_whitespace().filter_map(|n| n.parse().ok()).collect()
}

#[test]
fn a_second_term_ends_it_at_once_and_the_workers_with_it() {
    let f = Facility::new();
    let mut d = f.serve();
    let signal = |name: &str, pid: u32| {
        let _ = std::process::Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).output().unwrap();
    };
    // a worker that is caught at work and halted, so that the drain has something to wait for
    let mut caught = None;
    for n in 0..400 {
        std::fs::write(f.path("hot").join(format!("F{n}.xyz")), format!("number {n}")).unwrap();
    }
    wait_for("a worker to halt", 30, || {
        for w in workers(d.child.id()) {
            signal("STOP", w);
            let stat = std::fs::read_to_string(format!("/proc/{w}/stat")).unwrap_or_default();
            if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')) {
                caught = Some(w);
                return true;
            }
        }
        false
    });
    let worker = caught.unwrap();
    d.signal("TERM");
    std::thread::sleep(Duration::from_millis(700));
    assert!(d.child.try_wait().unwrap().is_none(), "the first one drains");
    let asked = Instant::now();
    d.signal("TERM");
    wait_for("the end", 2, || d.child.try_wait().unwrap().is_some());
    assert!(asked.elapsed() < Duration::from_millis(1500));
    assert_eq!(d.child.wait().unwrap().code(), Some(143));
    let is_there = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "));
    wait_for("the worker is gone too", 5, || !is_there(worker));
    // nothing is lost by it
    let d = f.serve();
    wait_for("all of them", 60, || f.outputs().len() == 400);
    assert_eq!(d.stop(), 143);
}

#[test]
fn usr1_writes_the_state_to_the_log() {
    let f = Facility::new();
    let d = f.serve();
    d.signal("USR1");
    wait_for("the state in the log", 10, || f.log().contains("clips"));
    assert_eq!(d.stop(), 143);
}

#[test]
fn a_growing_file_is_left_alone_until_its_writer_is_done() {
    use std::io::Write;
    let f = Facility::new();
    let d = f.serve();
    let mut w = std::fs::File::create(f.path("hot/grow.bin")).unwrap();
    w.write_all(b"first half").unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(f.outputs().is_empty(), "taken while its writer had it open");
    w.write_all(b", second half").unwrap();
    drop(w);
    wait_for("the sidecar", 10, || f.outputs().len() == 1);
    let v: serde_json::Value = serde_json::from_slice(&f.outputs()["grow.bin.rushes.json"]).unwrap();
    assert_eq!(v["clip"]["files"][0]["size"], 23);
    assert_eq!(d.stop(), 143);
}
