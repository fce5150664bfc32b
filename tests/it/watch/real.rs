//! Real folders, real writers, quiet time 300 ms.

use rushes::model::{FileStat, HashKind, MediaPath};
use rushes::watch::{
    Health, Known, KnownFile, Ready, RootHandle, RootSettings, WatchEvent, WatchMode, list_once, start,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const QUIET: Duration = Duration::from_millis(300);

pub fn settings(path: &Path) -> RootSettings {
    RootSettings {
        name: "ocf".into(),
        path: path.to_path_buf(),
        ready: Ready::Quiet,
        quiet: Some(QUIET),
        scan_every: Duration::from_secs(300),
        watch: WatchMode::Auto,
        ignore: vec![],
        hashes: vec![HashKind::Xxh128],
        hash_threads: 2,
        name_room: 25,
        output_prefix_len: 20,
    }
}

/// The index: learns what is offered.
#[derive(Default)]
pub struct Index {
    files: Mutex<BTreeMap<PathBuf, KnownFile>>,
    refused: Mutex<BTreeMap<PathBuf, FileStat>>,
}

impl Known for Index {
    fn folder(&self, _root: &str, dir: &Path) -> Vec<(OsString, KnownFile)> {
        let files = self.files.lock().unwrap();
        let here = files.iter().filter(|(p, _)| p.parent() == Some(dir));
        here.map(|(p, k)| (p.file_name().unwrap().into(), k.clone())).collect()
    }

    fn folders(&self, _root: &str) -> Box<dyn Iterator<Item = PathBuf> + '_> {
        let files = self.files.lock().unwrap();
        let all: BTreeSet<PathBuf> = files.keys().filter_map(|p| p.parent().map(Path::to_path_buf)).collect();
        Box::new(all.into_iter())
    }

    fn refused(&self, _root: &str, path: &Path) -> Option<FileStat> {
        self.refused.lock().unwrap().get(path).copied()
    }
}

/// A watched folder and everything it said.
pub struct Room {
    pub index: Arc<Index>,
    pub handle: RootHandle,
    rx: crossbeam_channel::Receiver<WatchEvent>,
    /// Offered: first path → (times offered, files, size of the first file).
    pub ready: BTreeMap<PathBuf, (usize, usize, u64)>,
    pub refused: Vec<String>,
    pub gone: Vec<PathBuf>,
    pub events: usize,
    pub slowest: Duration,
}

impl Room {
    pub fn new(s: RootSettings, index: Arc<Index>) -> Self {
        let (tx, rx) = crossbeam_channel::bounded(8);
        let handle = start(s, Arc::clone(&index) as Arc<dyn Known>, tx);
        let (ready, refused, gone) = Default::default();
        Self { index, handle, rx, ready, refused, gone, events: 0, slowest: Duration::ZERO }
    }

    /// Takes events until `end` says so, or panics after `most`.
    pub fn until(&mut self, most: Duration, what: &str, end: impl Fn(&Self) -> bool) {
        let t = Instant::now();
        while !end(self) {
            assert!(t.elapsed() < most, "{what}: {:?} {:?} {:?}", self.handle.status(), self.ready.len(), self.refused);
            if let Ok(e) = self.rx.recv_timeout(Duration::from_millis(20)) {
                self.take(e);
            }
        }
    }

    pub fn idle(&mut self) {
        self.until(Duration::from_secs(30), "idle", |r| r.rx.is_empty() && r.handle.idle() == Some(true));
    }

    pub fn pause(&mut self, time: Duration) {
        let t = Instant::now();
        while t.elapsed() < time {
            if let Ok(e) = self.rx.recv_timeout(Duration::from_millis(20)) {
                self.take(e);
            }
        }
    }

    fn take(&mut self, e: WatchEvent) {
        self.events += 1;
        match e {
            WatchEvent::Ready(u) => {
                self.slowest = self.slowest.max(u.ready_at.elapsed());
                let n = u.files.len();
                let first = u.files[0].path.as_path().to_path_buf();
                let slot = self.ready.entry(first).or_default();
                *slot = (slot.0 + 1, n, u.files[0].stat.size);
                for f in u.files {
                    assert_eq!(f.stat.size, f.fingerprint.size);
                    let known = KnownFile { stat: f.stat, fingerprint: f.fingerprint, settled: true };
                    self.index.files.lock().unwrap().insert(f.path.as_path().into(), known);
                }
            }
            WatchEvent::Refused { path, stat, error, .. } => {
                self.refused.push(format!("{path} {}", error.code));
                if let Some(s) = stat {
                    self.index.refused.lock().unwrap().insert(path.as_path().into(), s);
                }
            }
            WatchEvent::Gone { paths, .. } => self.gone.extend(paths.iter().map(|p| p.as_path().to_path_buf())),
            WatchEvent::Root(_) | WatchEvent::Swept { .. } => {}
        }
    }

    pub fn times(&self, p: &str) -> usize {
        self.ready.get(Path::new(p)).map_or(0, |x| x.0)
    }
}

fn hot() -> (tempfile::TempDir, PathBuf) {
    let t = tempfile::tempdir().unwrap();
    let hot = t.path().canonicalize().unwrap().join("hot");
    fs::create_dir(&hot).unwrap();
    (t, hot)
}

const PAUSE: Duration = Duration::from_millis(900);
const BODY: &[u8] = &[7; 4000];

/// One way of writing a file; returns after the last write.
type Way = fn(&Path);

fn slow_append(p: &Path) {
    let mut f = File::create(p).unwrap();
    f.write_all(&BODY[..1000]).unwrap();
    std::thread::sleep(PAUSE);
    f.write_all(&BODY[1000..]).unwrap();
}
fn preallocated(p: &Path) {
    let mut f = File::create(p).unwrap();
    f.set_len(4000).unwrap();
    std::thread::sleep(PAUSE);
    f.write_all(BODY).unwrap();
}
fn fallocated(p: &Path) {
    let mut f = File::create(p).unwrap();
    let _ = rustix::fs::fallocate(&f, rustix::fs::FallocateFlags::empty(), 0, 4000);
    std::thread::sleep(PAUSE);
    f.write_all(BODY).unwrap();
}
fn header_last(p: &Path) {
    use std::os::unix::fs::FileExt;
    let f = File::create(p).unwrap();
    f.write_all_at(&BODY[64..], 64).unwrap();
    std::thread::sleep(PAUSE);
    f.write_all_at(&BODY[..64], 0).unwrap();
}
fn reopen_append(p: &Path) {
    for i in 0..8 {
        let mut f = OpenOptions::new().append(true).create(true).open(p).unwrap();
        f.write_all(&BODY[i * 500..(i + 1) * 500]).unwrap();
        drop(f);
        std::thread::sleep(Duration::from_millis(120));
    }
}
fn zero_then_data(p: &Path) {
    drop(File::create(p).unwrap());
    std::thread::sleep(PAUSE);
    fs::write(p, BODY).unwrap();
}
fn temp_rename(p: &Path) {
    let t = p.with_file_name(format!(".{}.Xy12Ab", p.file_name().unwrap().display()));
    fs::write(&t, &BODY[..100]).unwrap();
    std::thread::sleep(PAUSE);
    fs::write(&t, BODY).unwrap();
    fs::rename(t, p).unwrap();
}
fn part_rename(p: &Path) {
    let t = p.with_file_name(format!("{}.part", p.file_name().unwrap().display()));
    fs::write(&t, &BODY[..100]).unwrap();
    std::thread::sleep(PAUSE);
    fs::write(&t, BODY).unwrap();
    fs::rename(t, p).unwrap();
}
fn old_time(p: &Path) {
    fs::write(p, BODY).unwrap();
    set_mtime(p, 0);
}
fn future_time(p: &Path) {
    fs::write(p, BODY).unwrap();
    set_mtime(p, 2_177_452_800);
}
fn set_mtime(p: &Path, seconds: u64) {
    let t = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    OpenOptions::new().write(true).open(p).unwrap().set_modified(t).unwrap();
}

#[test]
fn a_file_is_taken_when_its_writer_is_done_however_it_writes() {
    let (_t, hot) = hot();
    let ways: &[(&str, Way)] = &[
        ("slow_append", slow_append),
        ("preallocated", preallocated),
        ("fallocated", fallocated),
        ("header_last", header_last),
        ("reopen_append", reopen_append),
        ("zero_then_data", zero_then_data),
        ("temp_rename", temp_rename),
        ("part_rename", part_rename),
        ("old_time", old_time),
        ("future_time", future_time),
    ];
    let mut room = Room::new(settings(&hot), Arc::default());
    room.until(Duration::from_secs(5), "first sweep", |r| r.handle.idle() == Some(true));
    let writers: Vec<_> = (ways.iter())
        .map(|(name, way)| {
            let (path, way) = (hot.join(format!("{name}.mov")), *way);
            std::thread::spawn(move || way(&path))
        })
        .collect();
    room.until(Duration::from_secs(20), "all ways", |r| r.ready.len() == ways.len());
    writers.into_iter().for_each(|w| w.join().unwrap());
    room.idle();
    for (name, _) in ways {
        let (times, _, size) = room.ready[Path::new(&format!("{name}.mov"))];
        assert_eq!((times, size), (1, 4000), "{name}: offered once, whole");
    }
    assert_eq!(room.ready.len(), ways.len(), "{:?}", room.ready);
    assert_eq!(room.refused, ["zero_then_data.mov FILE-EMPTY"]);
    // same name and size, other content
    let t = hot.join(".new");
    fs::write(&t, [8; 4000]).unwrap();
    fs::rename(&t, hot.join("old_time.mov")).unwrap();
    room.until(Duration::from_secs(10), "replaced", |r| r.times("old_time.mov") == 2);
}

#[test]
fn five_thousand_files_in_new_folders_are_all_found_by_events() {
    let (_t, hot) = hot();
    let mut room = Room::new(settings(&hot), Arc::default());
    room.until(Duration::from_secs(5), "first sweep", |r| r.handle.idle() == Some(true));
    if room.handle.status().mode != "events" {
        println!("polling here: {}", room.handle.status().why);
    }
    let at = hot.clone();
    let many: usize = std::env::var("RUSHES_TEST_FILES").map_or(5000, |n| n.parse().unwrap());
    let writer = std::thread::spawn(move || {
        for i in 0..many {
            let dir = at.join(format!("A{:03}_R1AB/CLIPS{}/x", i / 50, i / 10 % 5));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(format!("C{i:05}.mov")), [1, 2, 3]).unwrap();
        }
    });
    room.until(Duration::from_secs(50), "5,000 files", |r| r.ready.len() == many);
    writer.join().unwrap();
    room.idle();
    assert_eq!(room.ready.values().map(|v| v.0).max(), Some(1), "each once");
    assert_eq!(room.handle.status().files_seen, many as u64);
    println!("{}", room.handle.status().why);
    // a second start on what is known offers nothing
    let again = Room::new(settings(&hot), Arc::clone(&room.index));
    drop(room);
    let mut again = again;
    again.idle();
    assert_eq!((again.ready.len(), again.gone.len()), (0, 0));
}

#[test]
fn without_watches_or_instances_everything_is_found_by_polling() {
    let this = std::env::current_exe().unwrap();
    for (limit, most, says) in
        [("max_inotify_watches", 5, "fs.inotify.max_user_watches"), ("max_inotify_instances", 0, "max_user_instances")]
    {
        let sh = format!("echo {most} > /proc/sys/user/{limit} || exit 77; exec \"$0\" \"$@\"");
        let out = std::process::Command::new("unshare")
            .args(["-Ur", "sh", "-c", &sh])
            .arg(&this)
            .args(["--exact", "watch::real::five_thousand_files_in_new_folders_are_all_found_by_events", "--nocapture"])
            .env("RUSHES_TEST_FILES", "400")
            .output();
        match out {
            Ok(o) if o.status.code() != Some(77) && !o.stderr.starts_with(b"unshare:") => {
                let text = String::from_utf8_lossy(&o.stdout) + String::from_utf8_lossy(&o.stderr);
                assert!(o.status.success() && text.contains(says), "{limit}: {text}");
            }
            _ => println!("skipped: {limit} cannot be lowered here"),
        }
    }
}

#[test]
fn folders_that_move_are_followed() {
    let (t, hot) = hot();
    let outside = t.path().join("card");
    fs::create_dir_all(outside.join("a/b")).unwrap();
    fs::write(outside.join("a/b/A.mov"), BODY).unwrap();
    let mut room = Room::new(settings(&hot), Arc::default());
    room.idle();
    fs::rename(&outside, hot.join("card")).unwrap();
    room.until(Duration::from_secs(10), "renamed in", |r| r.times("card/a/b/A.mov") == 1);
    fs::rename(hot.join("card"), hot.join("roll")).unwrap();
    room.until(Duration::from_secs(10), "renamed within", |r| r.times("roll/a/b/A.mov") == 1);
    room.until(Duration::from_secs(10), "old name gone", |r| r.gone == [PathBuf::from("card/a/b/A.mov")]);
    fs::write(hot.join("roll/a/b/B.mov"), BODY).unwrap();
    room.until(Duration::from_secs(10), "new file in a moved folder", |r| r.times("roll/a/b/B.mov") == 1);
    // the same name again, at once
    fs::remove_dir_all(hot.join("roll")).unwrap();
    fs::create_dir_all(hot.join("roll/a/b")).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    fs::write(hot.join("roll/a/b/C.mov"), BODY).unwrap();
    room.until(Duration::from_secs(10), "made anew", |r| r.times("roll/a/b/C.mov") == 1);
}

#[test]
fn links_and_odd_files_are_never_opened_and_odd_names_are() {
    let (t, hot) = hot();
    let secret = t.path().join("secret.mov");
    fs::write(&secret, [9; 5000]).unwrap();
    symlink(&secret, hot.join("L.mov")).unwrap();
    symlink("..", hot.join("up")).unwrap();
    symlink(".", hot.join("loop")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, hot.join("f.mov"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let _s = std::os::unix::net::UnixListener::bind(hot.join("s.mov")).unwrap();
    let odd: [&[u8]; 7] =
        [b"\xff\xfe.mov", b"a\nb.mov", b"-x.mov", b"..dots.mov", b"\x1b[31m.mov", b"bs\\.mov", b" .mov"];
    for n in odd {
        fs::write(hot.join(OsStr::from_bytes(n)), BODY).unwrap();
    }
    fs::write(hot.join(format!("{}.mov", "n".repeat(240))), BODY).unwrap();
    let mut deep = hot.clone();
    for _ in 0..12 {
        deep.push("d".repeat(200));
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("deep.mov"), BODY).unwrap();
    let mut room = Room::new(settings(&hot), Arc::default());
    room.idle();
    assert_eq!(room.ready.len(), odd.len() + 1, "{:?}", room.ready.keys());
    assert!(room.ready.values().all(|v| v.2 == 4000));
    assert_eq!(room.refused, [format!("{}.mov FILE-NAME-TOO-LONG", "n".repeat(240))]);
    assert_eq!(room.handle.status().ignored, 5);
    // swapped for a link and back while it settles and is read
    for i in 0..20 {
        let (a, l) = (hot.join(format!("R{i}.mov")), t.path().join("swap"));
        fs::write(&a, BODY).unwrap();
        let _ = fs::remove_file(&l);
        symlink(&secret, &l).unwrap();
        std::thread::sleep(Duration::from_millis(10 * i));
        let swap =
            || rustix::fs::renameat_with(rustix::fs::CWD, &a, rustix::fs::CWD, &l, rustix::fs::RenameFlags::EXCHANGE);
        swap().unwrap();
        room.pause(Duration::from_millis(20));
        swap().unwrap();
    }
    room.until(Duration::from_secs(10), "swapped", |r| (0..20).all(|i| r.times(&format!("R{i}.mov")) >= 1));
    assert!(room.ready.values().all(|v| v.2 == 4000), "a link was followed");
    let plan = list_once(&settings(&hot)).unwrap();
    assert_eq!(plan.len(), odd.len() + 22);
}

#[test]
fn sequences_settle_as_a_whole_and_open_again() {
    let (_t, hot) = hot();
    let frame = |i: u32| fs::write(hot.join(format!("P.{i:04}.dpx")), BODY).unwrap();
    let mut room = Room::new(settings(&hot), Arc::default());
    (1001..1101).for_each(frame);
    room.until(Duration::from_secs(10), "sequence", |r| r.ready.contains_key(Path::new("P.1001.dpx")));
    room.idle();
    assert_eq!(room.ready[Path::new("P.1001.dpx")].1, 100);
    frame(1101);
    room.until(Duration::from_secs(10), "late frame", |r| r.ready[Path::new("P.1001.dpx")].1 == 101);
    let times = room.times("P.1001.dpx");
    room.handle.retry(Path::new("P.1050.dpx"));
    room.until(Duration::from_secs(10), "retry", |r| r.times("P.1001.dpx") == times + 1);
}

#[test]
fn an_emptied_folder_is_believed_only_the_second_time() {
    let (_t, hot) = hot();
    fs::write(hot.join("A.mov"), BODY).unwrap();
    fs::write(hot.join("B.mov"), BODY).unwrap();
    let mut s = settings(&hot);
    s.scan_every = Duration::from_millis(1500);
    let mut room = Room::new(s, Arc::default());
    room.until(Duration::from_secs(10), "both", |r| r.ready.len() == 2);
    fs::remove_file(hot.join("A.mov")).unwrap();
    fs::remove_file(hot.join("B.mov")).unwrap();
    let emptied = |r: &Room| matches!(r.handle.status().health, Health::Unavailable(_));
    room.until(Duration::from_secs(5), "suspicious", emptied);
    let t = Instant::now();
    assert_eq!(room.handle.idle(), None);
    room.until(Duration::from_secs(10), "believed", |r| r.gone.len() == 2);
    assert!(t.elapsed() > Duration::from_millis(1000), "believed too early");
    room.until(Duration::from_secs(10), "well again", |r| !emptied(r));
}

#[test]
fn folders_that_vanished_while_nobody_watched_are_told_unless_they_may_be_unmounted() {
    let (_t, hot) = hot();
    for f in ["here/A.mov", "gone/deep/B.mov", "half/C.mov", "half/sub/D.mov", "disk/roll/E.mov", "shut/x/F.mov"] {
        fs::create_dir_all(hot.join(f).parent().unwrap()).unwrap();
        fs::write(hot.join(f), BODY).unwrap();
    }
    let mut room = Room::new(settings(&hot), Arc::default());
    room.until(Duration::from_secs(10), "all", |r| r.ready.len() == 6);
    let index = Arc::clone(&room.index);
    drop(room);
    fs::remove_dir_all(hot.join("gone")).unwrap();
    fs::remove_dir_all(hot.join("half/sub")).unwrap();
    // as if what is mounted on `disk` were away: an empty folder
    fs::remove_dir_all(hot.join("disk/roll")).unwrap();
    let mut again = Room::new(settings(&hot), index);
    again.until(Duration::from_secs(10), "two told", |r| r.gone.len() == 2);
    again.idle();
    again.gone.sort();
    assert_eq!(again.gone, [PathBuf::from("gone/deep/B.mov"), PathBuf::from("half/sub/D.mov")]);
}

#[test]
fn a_missing_root_is_unavailable_and_comes_by_itself() {
    let (t, _) = hot();
    let late = t.path().join("late");
    let mut room = Room::new(settings(&late), Arc::default());
    let down = |r: &Room| matches!(&r.handle.status().health, Health::Unavailable(w) if w.contains("does not exist"));
    room.until(Duration::from_secs(5), "unavailable", down);
    assert_eq!(room.handle.idle(), None);
    fs::create_dir(&late).unwrap();
    fs::write(late.join("A.mov"), BODY).unwrap();
    room.until(Duration::from_secs(10), "there", |r| r.times("A.mov") == 1);
    // the daemon does not read: stop returns all the same
    let (tx, _rx) = crossbeam_channel::bounded(1);
    let full = start(settings(&late), Arc::new(Index::default()), tx);
    std::thread::sleep(Duration::from_millis(600));
    let begun = Instant::now();
    full.stop();
    assert!(begun.elapsed() < Duration::from_millis(200));
    let bad = start(
        RootSettings { ignore: vec!["[".into()], ..settings(&late) },
        Arc::new(Index::default()),
        crossbeam_channel::bounded(1).0,
    );
    assert!(matches!(bad.status().health, Health::Unavailable(_)));
    assert_eq!(MediaPath::from(Path::new("x")).to_string(), "x");
}
