//! The other process: this test binary again, told by a variable what to do with a state directory.

use rushes::engine::deliver::MadeOutput;
use rushes::index::{Batch, FileRecord, Index, JournalEntry, Opened, open};
use rushes::model::{ClipId, FileStat, Fingerprint, JobId, MediaPath};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// `verb first count directory`.
const VARIABLE: &str = "RUSHES_TEST_INDEX_CHILD";
/// Exit status: a damaged index was moved aside, but only the next start can begin a new one.
pub const START_AGAIN: i32 = 7;
/// Files put with each job.
pub const FILES: u64 = 4;

/// Does nothing unless [`command`] started this process.
#[test]
fn entry_point() {
    let Ok(orders) = std::env::var(VARIABLE) else { return };
    let mut words = orders.splitn(4, ' ');
    let verb = words.next().unwrap();
    let first: u64 = words.next().unwrap().parse().unwrap();
    let count: u64 = words.next().unwrap().parse().unwrap();
    let dir = Path::new(words.next().unwrap());
    println!();
    let code = match verb {
        "write" => write(dir, first, count),
        "check" => check(dir, count, true),
        "check-journal" => check(dir, count, false),
        "hold" => hold(dir),
        _ => 99,
    };
    std::process::exit(code);
}

/// This binary, told to do `verb`.
pub fn command(verb: &str, first: u64, count: u64, dir: &Path) -> Command {
    let mut c = Command::new(std::env::current_exe().unwrap());
    c.args(["--exact", "index::child::entry_point", "--nocapture", "--test-threads=1"]);
    c.env(VARIABLE, format!("{verb} {first} {count} {}", dir.display()));
    c.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    c
}

/// Runs a child to its end; kills it when it takes longer than `limit`.
pub fn run(mut c: Command, limit: Duration) -> (Option<ExitStatus>, String) {
    let mut child = c.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut s = String::new();
        let _ = out.read_to_string(&mut s);
        s
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(s) = child.try_wait().unwrap() {
            break Some(s);
        }
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    (status, reader.join().unwrap())
}

/// Reads lines until one begins with `word`; its rest.
pub fn wait_for(out: &mut BufReader<ChildStdout>, word: &str) -> Option<String> {
    let mut line = String::new();
    loop {
        line.clear();
        if out.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(rest) = line.strip_prefix(word) {
            return Some(rest.trim().to_owned());
        }
    }
}

/// Starts a child and waits for its first word.
pub fn start(mut c: Command) -> (Child, BufReader<ChildStdout>) {
    let mut child = c.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn job(n: u64) -> JobId {
    JobId(format!("{n:032x}"))
}

fn made(n: u64) -> Vec<MadeOutput> {
    let path = MediaPath::from(Path::new("A/b.mov.rushes.json"));
    vec![MadeOutput::new(path, n, &format!("{n:032x}"))]
}

fn file(n: u64, i: u64) -> (MediaPath, FileRecord) {
    let path = MediaPath::from(Path::new(&format!("roll/{}", n / 100)).join(format!("clip-{n:06}-{i}.mov")));
    let stat = FileStat { dev: 1, ino: n, size: i, mtime_ns: i128::from(n) << 40, ctime_ns: 1 };
    let fingerprint = Fingerprint { size: i, xxh128: format!("{n:016x}{i:016x}"), other: Default::default() };
    (path, FileRecord { stat, fingerprint, clip: None, gone: false })
}

/// What the daemon does for one job: counts the try, then journal and records in one commit.
pub fn batch(n: u64) -> Batch {
    let mut b = Batch::new();
    for i in 0..FILES {
        let (path, record) = file(n, i);
        b.put_file("ocf", &path, record);
    }
    b.journal(JournalEntry::Done {
        job: job(n),
        clip: ClipId("c".into()),
        recipe_name: "sidecar".into(),
        output: "/out".into(),
        outputs: made(n),
        ms: 1,
    });
    b
}

/// The first of `0..count` of which something is missing; of the files below `files` too.
pub fn missing(index: &Index, count: u64, files: u64) -> Option<String> {
    for n in 0..count {
        if index.done_outputs(&job(n)) != Some(made(n)) {
            return Some(format!("job {n}"));
        }
        for i in (0..FILES).filter(|_| n < files) {
            let (path, record) = file(n, i);
            if index.file("ocf", path.as_path()) != Some(record) {
                return Some(format!("file {path}"));
            }
        }
    }
    None
}

fn write(dir: &Path, first: u64, count: u64) -> i32 {
    let Ok(Opened { index, .. }) = open(dir, 1) else { return 3 };
    say("open");
    for n in first..first.saturating_add(count) {
        if index.note_try("some job", 1).and_then(|()| index.commit(&batch(n))).is_err() {
            return 4;
        }
        say(&format!("ack {n}"));
    }
    0
}

/// Opens, and writes one more. All jobs of `0..count` must be there, and all files when nothing was moved
/// aside; after damage at its very end an index may lack the last commit's, as after a crash.
fn check(dir: &Path, count: u64, files_too: bool) -> i32 {
    let opened = match open(dir, 2) {
        Ok(o) => o,
        Err(e) if e.fix.as_deref().is_some_and(|f| f.starts_with("start rushes again")) => return START_AGAIN,
        Err(e) => {
            say(&format!("error {e}"));
            return 3;
        }
    };
    let files = match (&opened.moved_aside, opened.fresh, opened.replayed) {
        (None, false, 0) if files_too => count,
        (None, false, _) if files_too => count.saturating_sub(1),
        _ => 0,
    };
    if let Some(m) = missing(&opened.index, count, files) {
        say(&format!("error {m} is missing"));
        return 5;
    }
    if let Err(e) = opened.index.commit(&batch(count)) {
        say(&format!("error {e}"));
        return 6;
    }
    let moved = opened.moved_aside.map(|(_, why)| why);
    say(&format!("ok {}", moved.unwrap_or_else(|| if opened.fresh { "fresh".into() } else { "as it was".into() })));
    0
}

fn hold(dir: &Path) -> i32 {
    let Ok(_opened) = open(dir, 1) else { return 3 };
    say("open");
    let _ = std::io::stdin().read(&mut [0]);
    0
}
