//! A foreign program behind the guard's walls: what it was given works, nothing else does.
//!
//! Each attempt that must fail is also made without the guard: one that fails there too would prove nothing.

use rushes::engine::process::{Ended, GuardArg, GuardCall, GuardEnd, Guarded, Stream, find};
use rushes::model::Limits;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "RUSHES_TEST_GUARD_CHILD";

fn own() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rushes"))
}

fn call<'a>(program: &str, args: &[&str]) -> GuardCall<'a> {
    GuardCall {
        program: find(program).unwrap(),
        args: args.iter().map(GuardArg::from).collect(),
        reads: Vec::new(),
        writes: Vec::new(),
        stdin: Stream::Null,
        stdout: Stream::Pipe,
        limits: Limits::default(),
    }
}

fn done(mut guarded: Guarded) -> (GuardEnd, String) {
    let mut out = String::new();
    guarded.take_stdout().unwrap().read_to_string(&mut out).unwrap();
    (guarded.finish().unwrap(), out)
}

fn bash(script: &str) -> (GuardEnd, String) {
    done(call("bash", &["-c", script]).spawn(own()).unwrap())
}

fn free(script: &str) -> bool {
    Command::new("bash").arg("-c").arg(script).output().unwrap().status.success()
}

#[test]
fn a_given_file_is_read_again_and_no_other_is() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("given"), "frames").unwrap();
    std::fs::write(dir.path().join("other"), "secret").unwrap();
    let mut file = File::open(dir.path().join("given")).unwrap();
    // Its own position stays out of it.
    file.read_exact(&mut [0; 3]).unwrap();
    let mut c = call("cat", &[]);
    c.args = vec![GuardArg::Read("", 0)];
    c.reads = vec![&file];
    let (end, out) = done(c.spawn(own()).unwrap());
    assert_eq!((end.ended, out.as_str(), end.stderr.as_str()), (Ended::Code(0), "frames", ""));
    println!("guard: {}", end.walls);
    assert!(!end.walls.contains("no seccomp"), "{}", end.walls);
    let other = dir.path().join("other");
    c.args = vec![other.to_str().unwrap().into()];
    let (end, out) = done(c.spawn(own()).unwrap());
    if end.walls.contains("no Landlock") {
        println!("guard: other files skipped, {}", end.walls);
        return;
    }
    assert_eq!((end.ended, out.as_str()), (Ended::Code(1), ""));
    assert!(end.stderr.contains("Permission denied"), "{}", end.stderr);
}

#[test]
fn a_given_folder_is_written_and_no_other_is() {
    let dir = tempfile::tempdir().unwrap();
    let (mine, other) = (dir.path().join("mine"), dir.path().join("other"));
    std::fs::create_dir(&mine).unwrap();
    std::fs::create_dir(&other).unwrap();
    let folder = File::open(&mine).unwrap();
    let mut c = call("bash", &["-c", "echo a > $0/f; echo b > $1/f"]);
    c.args.extend([GuardArg::Write("", 0), other.to_str().unwrap().into()]);
    c.writes = vec![&folder];
    let (end, _) = done(c.spawn(own()).unwrap());
    assert_eq!(std::fs::read_to_string(mine.join("f")).unwrap(), "a\n");
    if !end.walls.contains("no Landlock") {
        assert!(!other.join("f").exists() && end.stderr.contains("Permission denied"), "{}", end.stderr);
    }
}

#[test]
fn no_network_no_second_process_no_environment() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{}", server.local_addr().unwrap().port());
    assert!(free(&connect) && free("/bin/true; exit $?"));
    let (end, _) = bash(&connect);
    assert!(end.ended != Ended::Code(0) && end.stderr.contains("not permitted"), "{end:?}");
    let (end, out) = bash("/bin/true; echo ran");
    assert!(end.ended != Ended::Code(0) && !out.contains("ran"), "{end:?} {out}");
    let (end, out) = bash("exec -c /usr/bin/env");
    assert!(end.walls.contains("no Landlock") || end.ended == Ended::Code(126), "another program: {end:?} {out}");
    let (_, out) = done(call("env", &[]).spawn(own()).unwrap());
    let names: Vec<&str> = out.lines().filter_map(|l| l.split_once('=')).map(|(n, _)| n).collect();
    assert!(names.len() == 2 && names.contains(&"PATH") && out.contains("LANG=C.UTF-8\n"), "{out}");
}

#[test]
fn limits_hold_and_a_chatty_program_does_not_block() {
    let mut c = call("bash", &["-c", "while :; do :; done"]);
    c.limits.seconds = 0;
    let begin = Instant::now();
    let (end, _) = done(c.spawn(own()).unwrap());
    assert!(matches!(end.ended, Ended::Signal(n) if n == libc::SIGXCPU || n == libc::SIGKILL), "{end:?}");
    assert!(begin.elapsed() < Duration::from_secs(20));
    let (end, _) = bash("for ((i = 0; i < 20000; i++)); do echo 0123456789 >&2; done; exit 0");
    assert_eq!((end.ended, end.stderr.starts_with("0123456789\n")), (Ended::Code(0), true));
    assert!(end.stderr.len() <= 16 << 10);
}

#[test]
fn what_cannot_start_is_said() {
    let mut c = call("cat", &[]);
    c.program = "/no/such/program".into();
    let e = c.spawn(own()).unwrap().finish().unwrap_err();
    assert!(e.code == "WORKER-CRASHED" && e.what.contains("/no/such/program"), "{e}");
    c.args = vec![GuardArg::Read("", 0)];
    assert_eq!(c.spawn(own()).unwrap_err().code, "INTERNAL");
}

/// The parent to be killed, when the variable is set; else nothing.
#[test]
fn parent() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut c = call("bash", &["-c", "echo up; read -t 60 < /dev/zero; while :; do :; done"]);
    c.limits.seconds = 50;
    let mut guarded = c.spawn(own()).unwrap();
    let mut up = [0; 3];
    guarded.take_stdout().unwrap().read_exact(&mut up).unwrap();
    println!("\nPID {}", guarded.id());
    std::io::stdout().flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn it_dies_with_its_parent() {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["exec::guard::parent", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let pid = lines.map_while(Result::ok).find_map(|l| l.strip_prefix("PID ").map(str::to_owned)).unwrap();
    let alive = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "));
    assert!(alive());
    parent.kill().unwrap();
    parent.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while alive() {
        assert!(Instant::now() < until, "the guarded program lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
}
