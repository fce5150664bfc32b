//! The gate: a process that has locked itself in tries to break out in every way we know.
//!
//! This test binary runs itself again as the prisoner. The same attempts are made without the lock first: an attempt
//! that fails there too would prove nothing.

use rushes::engine::process::{Call, Cancel, Ended, Finished, lock_in, run};
use rushes::model::Limits;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, Read, Result, Seek, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const DIR: &str = "RUSHES_TEST_PRISON";
const MODE: &str = "RUSHES_TEST_MODE";
const PORT: &str = "RUSHES_TEST_PORT";

/// Attempts that must succeed in prison, to show that it is no coffin.
const ALLOWED: &[&str] = &["read the open input", "write in staging", "rewrite in staging", "start a thread"];
/// Attempts that only Landlock can stop.
const NEEDS_LANDLOCK: &[&str] = &[
    "read /etc/passwd",
    "read a sibling of the input",
    "reopen the input",
    "list /",
    "write outside staging",
    "write to the input",
    "delete outside staging",
    "hard link the input",
    "symlink in staging",
    "read the parent's environment",
];

fn limits() -> Limits {
    Limits { memory: 400 << 20, file_size: 1 << 20, open_files: 64, ..Limits::default() }
}

/// The prisoner, when the variables are set; else nothing.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let dir = PathBuf::from(dir);
    let mode = std::env::var(MODE).unwrap();
    let input = File::open(dir.join("in/input")).unwrap();
    let staging = File::open(dir.join("staging")).unwrap();
    if mode != "free" {
        let parent = rustix::process::getppid().map(|p| p.as_raw_nonzero().get().unsigned_abs());
        let limits = if mode == "spin" { Limits { seconds: 0, ..limits() } } else { limits() };
        println!("LOCK {}", lock_in(Some(staging.as_fd()), &limits, parent).unwrap());
    }
    match mode.as_str() {
        "file size" => {
            let mut f = File::create(dir.join("staging/big")).unwrap();
            let wrote = f.write_all(&vec![0u8; 3 << 20]);
            println!("TRY file size: {wrote:?}");
        }
        "memory" => {
            let hoard = vec![1u8; 1 << 30];
            println!("TRY memory: got {}", hoard.len());
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        _ => attempts(&dir, input, &mode),
    }
}

fn attempts(dir: &Path, mut input: File, tag: &str) {
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let parent = rustix::process::getppid().unwrap();
    let staging = |n: &str| dir.join("staging").join(format!("{tag}-{n}"));
    let outside = |n: &str| dir.join("in").join(format!("{tag}-{n}"));
    let mut text = String::new();
    say("read the open input", input.rewind().and_then(|()| input.read_to_string(&mut text)).map(|_| ()));
    say("write in staging", std::fs::write(staging("f"), b"x"));
    say("rewrite in staging", std::fs::write(staging("f"), b"y"));
    say("start a thread", std::thread::Builder::new().spawn(|| ()).map(|t| t.join().unwrap()));

    say("read /etc/passwd", std::fs::read("/etc/passwd").map(drop));
    say("read a sibling of the input", std::fs::read(dir.join("in/sibling")).map(drop));
    say("reopen the input", File::open(dir.join("in/input")).map(drop));
    say("list /", std::fs::read_dir("/").map(drop));
    say("read the parent's environment", std::fs::read(format!("/proc/{}/environ", parent.as_raw_nonzero())).map(drop));
    say("write outside staging", std::fs::write(outside("f"), b"x"));
    say("write to the input", OpenOptions::new().write(true).open(dir.join("in/input")).map(drop));
    say("delete outside staging", std::fs::remove_file(dir.join("in").join(format!("doomed-{tag}"))));
    say("hard link the input", std::fs::hard_link(dir.join("in/input"), staging("link")));
    say("symlink in staging", symlink("/etc/passwd", staging("sym")));

    say("change the input's mode", input.set_permissions(Permissions::from_mode(0o600)));
    say("change a mode by name", std::fs::set_permissions(dir.join("in/sibling"), Permissions::from_mode(0o600)));
    say("change the input's time", input.set_modified(SystemTime::UNIX_EPOCH));
    let attribute = rustix::fs::fsetxattr(&input, "user.x", b"y", rustix::fs::XattrFlags::empty());
    say("set an attribute of the input", attribute.map_err(Error::from));

    say("TCP connection", TcpStream::connect(("127.0.0.1", port)).map(drop));
    say("TCP server", TcpListener::bind("127.0.0.1:0").map(drop));
    say("UDP socket", UdpSocket::bind("127.0.0.1:0").map(drop));
    say("unix connection", UnixStream::connect(dir.join("sock")).map(drop));
    say("socket pair", UnixStream::pair().map(drop));

    say("run a program", spawn());
    say("see the parent", rustix::process::test_kill_process(parent).map_err(Error::from));
    say(
        "open the parent",
        rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty()).map(drop).map_err(Error::from),
    );
    say("trace the parent", trace(parent.as_raw_nonzero().get()));
    let all = rustix::process::Resource::Core;
    let raise = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    say("limit the parent", rustix::process::prlimit(Some(parent), all, raise).map(drop).map_err(Error::from));
    say("leave the process group", rustix::process::setsid().map(drop).map_err(Error::from));
    say("open 1,000 files", (0..1000).map(|_| input.try_clone()).collect::<Result<Vec<_>>>().map(drop));
    let mut hoard: Vec<u8> = Vec::new();
    say("reserve 1 GiB", hoard.try_reserve_exact(1 << 30).map_err(|_| Error::from(std::io::ErrorKind::OutOfMemory)));
}

fn say(what: &str, result: Result<()>) {
    match result {
        Ok(()) => println!("TRY {what}: done"),
        Err(e) => println!("TRY {what}: {e}"),
    }
}

/// The child's own way to start a program is the standard library's, as a hostile dependency would.
fn spawn() -> Result<()> {
    std::process::Command::new("/bin/true").status().map(drop)
}

/// PTRACE_SEIZE, which stops nobody when it succeeds. Only the C library has it.
#[allow(unsafe_code)]
fn trace(pid: i32) -> Result<()> {
    // SAFETY: no memory is touched; the arguments are numbers.
    let answer = unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, 0, 0) };
    if answer == 0 {
        // SAFETY: as above.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, pid, 0, 0) };
        return Ok(());
    }
    Err(Error::last_os_error())
}

struct Prison {
    dir: tempfile::TempDir,
    tcp: TcpListener,
    _unix: UnixListener,
}

impl Prison {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for d in ["in", "staging"] {
            std::fs::create_dir(dir.path().join(d)).unwrap();
        }
        for f in ["input", "sibling", "doomed-free", "doomed-locked"] {
            std::fs::write(dir.path().join("in").join(f), b"text").unwrap();
        }
        let unix = UnixListener::bind(dir.path().join("sock")).unwrap();
        Self { dir, tcp: TcpListener::bind("127.0.0.1:0").unwrap(), _unix: unix }
    }

    fn run(&self, mode: &str) -> (Finished, BTreeMap<String, String>) {
        let mut call = Call::new(std::env::current_exe().unwrap(), 20);
        call.args = ["--exact", "exec::sandbox::child", "--nocapture", "--test-threads=1"].map(Into::into).into();
        call.env = vec![
            (DIR.into(), self.dir.path().into()),
            (MODE.into(), mode.into()),
            (PORT.into(), self.tcp.local_addr().unwrap().port().to_string().into()),
        ];
        let f = run(&call, &Cancel::new()).unwrap();
        let out = String::from_utf8_lossy(&f.stdout).into_owned();
        let tries = out.lines().filter_map(|l| l.split_once("TRY ")?.1.split_once(": "));
        let mut map: BTreeMap<String, String> = tries.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        if let Some((_, lock)) = out.lines().find_map(|l| l.split_once("LOCK ")) {
            map.insert("LOCK".into(), lock.to_owned());
        }
        (f, map)
    }
}

#[test]
fn every_way_out_is_closed() {
    let prison = Prison::new();
    let (_, free) = prison.run("free");
    let (finished, mut locked) = prison.run("locked");
    let lock = locked.remove("LOCK").unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&finished.stderr)));
    println!("locked in by: {lock}");
    assert_eq!(finished.ended, Ended::Code(0), "{}", String::from_utf8_lossy(&finished.stderr));
    assert_eq!(free.keys().collect::<Vec<_>>(), locked.keys().collect::<Vec<_>>());
    assert!(locked.len() >= 30);
    let (mut proven, mut skipped) = (0, Vec::new());
    for (what, outcome) in &locked {
        if ALLOWED.contains(&what.as_str()) {
            assert_eq!(outcome, "done", "{what}");
            continue;
        }
        if free[what] != "done" || (lock.starts_with("no Landlock") && NEEDS_LANDLOCK.contains(&what.as_str())) {
            skipped.push(format!("{what} ({} even when free)", free[what]));
            continue;
        }
        assert_ne!(outcome, "done", "`{what}` is possible from inside ({lock})");
        println!("closed: {what}: {outcome}");
        proven += 1;
    }
    println!("{proven} ways out proven closed, not provable here: {skipped:?}");
    assert!(proven >= 20, "too little could be proven: {skipped:?}");
}

#[test]
fn files_memory_and_time_end_at_their_limit() {
    let prison = Prison::new();
    let (big, tries) = prison.run("file size");
    assert_eq!(big.ended, Ended::Signal(libc::SIGXFSZ), "{tries:?}");
    let size = std::fs::metadata(prison.dir.path().join("staging/big")).unwrap().len();
    assert!(size <= 1 << 20, "{size}");
    let (hoarder, tries) = prison.run("memory");
    assert!(!tries.contains_key("memory"), "{tries:?}");
    assert_eq!(hoarder.ended, Ended::Signal(libc::SIGABRT), "{}", String::from_utf8_lossy(&hoarder.stderr));
    assert_eq!(prison.run("spin").0.ended, Ended::Signal(libc::SIGXCPU));
}
