//! Stories in `tests/cases/watch/*.toml`: a small model of a file system, our own clock, and what must
//! become ready when. Times are milliseconds; every 50 ms each folder is listed and what is due is looked at.
//!
//! Steps (`do`): `open P` (create, a writer has it), `grow P SIZE`, `write P` (same size), `close P`,
//! `put P SIZE` (whole at once), `frames PREFIX FIRST LAST SIZE EXT`, `rename A B`, `renamedir A B`,
//! `link A B`, `delete P`, `mtime P NANOSECONDS`, `vanish`, `return`.

use rushes::model::{Error, ErrorKind, FileStat, Fingerprint};
use rushes::watch::group;
use rushes::watch::settle::{Candidate, Look, Outcome, Prior, Rules, Settle, Sighting, same_file};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    about: String,
    quiet: u64,
    #[serde(default)]
    hash: u64,
    #[serde(default)]
    marker: Option<String>,
    until: u64,
    at: Vec<Step>,
    #[serde(default)]
    ready: Vec<Ready>,
    #[serde(default)]
    refused: Vec<String>,
    #[serde(default)]
    gone: Vec<String>,
    /// How many files are fingerprinted in all.
    hashed: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    ms: u64,
    #[serde(rename = "do")]
    acts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    clip: String,
    from: u64,
    to: u64,
    #[serde(default = "one")]
    files: usize,
}

fn one() -> usize {
    1
}

/// The model: paths to inodes.
#[derive(Default)]
struct Disk {
    names: BTreeMap<PathBuf, u64>,
    stats: BTreeMap<u64, FileStat>,
    writers: BTreeMap<u64, u32>,
    next: u64,
    away: bool,
}

impl Disk {
    fn act(&mut self, now: u64, line: &str) {
        let w: Vec<&str> = line.split(' ').collect();
        let time = i128::from(now) * 1_000_000 + 1;
        match w.as_slice() {
            ["open", p] => {
                let ino = self.make(p, 0, time);
                *self.writers.entry(ino).or_default() += 1;
            }
            ["put", p, n] => {
                self.make(p, n.parse().unwrap(), time);
            }
            ["frames", p, a, b, n, ext] => {
                for i in a.parse::<u32>().unwrap()..=b.parse().unwrap() {
                    self.make(&format!("{p}{i:04}.{ext}"), n.parse().unwrap(), time);
                }
            }
            ["grow", p, n] => self.touch(p, |s| (s.size, s.mtime_ns, s.ctime_ns) = (n.parse().unwrap(), time, time)),
            ["write", p] => self.touch(p, |s| (s.mtime_ns, s.ctime_ns) = (time, time)),
            ["mtime", p, t] => self.touch(p, |s| (s.mtime_ns, s.ctime_ns) = (t.parse().unwrap(), time)),
            ["close", p] => *self.writers.get_mut(&self.names[Path::new(p)]).unwrap() -= 1,
            ["delete", p] => drop(self.names.remove(Path::new(p)).unwrap()),
            ["rename", a, b] => {
                let ino = self.names.remove(Path::new(a)).unwrap();
                self.stats.get_mut(&ino).unwrap().ctime_ns = time;
                self.names.insert(b.into(), ino);
            }
            ["link", a, b] => {
                let ino = self.names[Path::new(a)];
                self.stats.get_mut(&ino).unwrap().ctime_ns = time;
                self.names.insert(b.into(), ino);
            }
            ["renamedir", a, b] => {
                let all = std::mem::take(&mut self.names);
                let to = |p: PathBuf| p.strip_prefix(a).map_or(p.clone(), |r| Path::new(b).join(r));
                self.names = all.into_iter().map(|(p, i)| (to(p), i)).collect();
            }
            ["vanish"] => self.away = true,
            ["return"] => self.away = false,
            _ => panic!("what is `{line}`?"),
        }
    }

    fn make(&mut self, p: &str, size: u64, time: i128) -> u64 {
        self.next += 1;
        let stat = FileStat { dev: 1, ino: self.next, size, mtime_ns: time, ctime_ns: time };
        self.stats.insert(self.next, stat);
        self.names.insert(p.into(), self.next);
        self.next
    }

    fn touch(&mut self, p: &str, f: impl FnOnce(&mut FileStat)) {
        f(self.stats.get_mut(&self.names[Path::new(p)]).unwrap());
    }

    fn stat(&self, p: &Path) -> Option<FileStat> {
        self.names.get(p).map(|i| self.stats[i])
    }

    fn look(&self, p: &Path, was: &FileStat) -> Look {
        if self.away {
            let mut e = Error::new(ErrorKind::Io, "ROOT-UNAVAILABLE", "away");
            e.errno = Some(libc::ESTALE);
            return Look::Failed(e);
        }
        match self.stat(p) {
            None => Look::Gone,
            Some(s) if !same_file(&s, was) => Look::Changed(s),
            Some(s) if self.writers.get(&s.ino).is_some_and(|n| *n > 0) => Look::Writer,
            Some(_) => Look::Same,
        }
    }
}

#[derive(Default)]
struct Seen {
    ready: Vec<(u64, String, usize)>,
    refused: Vec<String>,
    gone: Vec<String>,
    hashed: usize,
}

struct Teller {
    story: Story,
    disk: Disk,
    settle: Settle,
    folders: BTreeSet<PathBuf>,
    known: BTreeMap<PathBuf, FileStat>,
    hashing: Vec<(u64, Candidate)>,
    seen: Seen,
}

impl Teller {
    fn new(story: Story) -> Self {
        let rules = Rules { quiet_ms: story.quiet, needs_marker: story.marker.is_some(), name_room: 20, path_room: 10 };
        let settle = Settle::new(rules, group);
        let (disk, seen) = Default::default();
        Self { story, disk, settle, folders: BTreeSet::new(), known: BTreeMap::new(), hashing: Vec::new(), seen }
    }

    fn tell(mut self) -> Seen {
        let mut steps: Vec<Step> = std::mem::take(&mut self.story.at);
        steps.sort_by_key(|s| s.ms);
        let mut steps = steps.into_iter().peekable();
        let mut now = 0;
        while now <= self.story.until {
            while let Some(s) = steps.next_if(|s| s.ms <= now) {
                s.acts.iter().for_each(|a| self.disk.act(now, a));
            }
            self.list(now);
            self.finish(now);
            while let Some(c) = self.settle.next_ask(now) {
                let asked = c.members.iter().enumerate().filter(|(_, m)| m.check);
                let looks = asked.map(|(i, m)| (i, self.disk.look(&c.dir.join(&*m.name), &m.stat))).collect();
                let d = self.settle.answer(now, c, looks);
                self.refused(d.refused);
                if let Some(c) = d.go {
                    self.hashing.push((now + self.story.hash, c));
                }
            }
            self.finish(now);
            now += 50;
        }
        let marker = self.story.marker.clone().map(OsString::from);
        let media = self.disk.names.keys().filter(|p| p.file_name() != marker.as_deref()).count();
        assert_eq!(self.settle.files(), media, "files counted");
        assert_eq!(self.settle.pending(), self.settle.waiting(now, usize::MAX).len(), "files that wait");
        self.seen
    }

    fn list(&mut self, now: u64) {
        if self.disk.away {
            return;
        }
        let mut lists: BTreeMap<PathBuf, Vec<Sighting>> = BTreeMap::new();
        for (p, ino) in &self.disk.names {
            let list = lists.entry(p.parent().unwrap().to_path_buf()).or_default();
            list.push(Sighting { name: p.file_name().unwrap().into(), stat: self.disk.stats[ino] });
        }
        for dir in self.folders.clone() {
            if !lists.contains_key(&dir) {
                self.folders.remove(&dir);
                let gone = self.settle.folder_gone(&dir);
                self.seen.gone.extend(gone.into_iter().map(|g| g.0.display().to_string()));
            }
        }
        for (dir, mut list) in lists {
            let marker = self.story.marker.clone().map(OsString::from);
            let before = list.len();
            list.retain(|s| Some(&s.name) != marker.as_ref());
            let marked = list.len() < before;
            let mut prior = |_: &std::ffi::OsStr, _: &FileStat| Prior::New;
            let gone = self.settle.listing(now, &dir, list, marked, false, &mut prior);
            self.seen.gone.extend(gone.into_iter().map(|(n, _)| dir.join(n).display().to_string()));
            self.folders.insert(dir);
        }
    }

    fn finish(&mut self, now: u64) {
        let (done, rest) = std::mem::take(&mut self.hashing).into_iter().partition(|(t, _)| *t <= now);
        self.hashing = rest;
        for (_, c) in done {
            let mut out = Vec::new();
            for (i, m) in c.members.iter().enumerate().filter(|(_, m)| m.fp.is_none()) {
                let path = c.dir.join(&*m.name);
                if self.known.get(&path) != Some(&m.stat) {
                    self.seen.hashed += 1;
                }
                out.push((
                    i,
                    match self.disk.look(&path, &m.stat) {
                        Look::Same => Outcome::Done(Arc::new(Fingerprint {
                            size: m.stat.size,
                            xxh128: "0".repeat(32),
                            other: BTreeMap::new(),
                        })),
                        Look::Failed(e) => Outcome::Failed(e),
                        _ => Outcome::Disturbed,
                    },
                ));
            }
            let d = self.settle.hashed(now, c, out);
            self.refused(d.refused);
            if let Some(c) = d.go {
                self.known.extend(c.members.iter().map(|m| (c.dir.join(&*m.name), m.stat)));
                self.seen.ready.push((now, c.dir.join(&c.stem).display().to_string(), c.members.len()));
            }
        }
    }

    fn refused(&mut self, list: Vec<(PathBuf, FileStat, Error)>) {
        self.seen.refused.extend(list.into_iter().map(|(p, _, e)| format!("{} {}", p.display(), e.code)));
    }
}

#[test]
fn every_story_ends_as_it_says() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/watch");
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 15);
    for f in files {
        let name = f.file_stem().unwrap().display().to_string();
        let mut story: Story =
            toml::from_str(&std::fs::read_to_string(&f).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (want, hashed) = (std::mem::take(&mut story.ready), story.hashed);
        let (mut refused, mut gone) = (std::mem::take(&mut story.refused), std::mem::take(&mut story.gone));
        let about = story.about.clone();
        let mut seen = Teller::new(story).tell();
        let told = format!("{name} ({about}): {:?}", seen.ready);
        assert_eq!(seen.ready.len(), want.len(), "{told}");
        seen.ready.sort();
        for (w, (at, clip, files)) in want.iter().zip(&seen.ready) {
            assert_eq!((&w.clip, w.files), (clip, *files), "{told}");
            assert!((w.from..=w.to).contains(at), "{told}");
        }
        for l in [&mut refused, &mut gone, &mut seen.refused, &mut seen.gone] {
            l.sort();
        }
        assert_eq!((refused, gone), (seen.refused, seen.gone), "{told}");
        assert_eq!(hashed, seen.hashed, "{told}: files fingerprinted");
    }
}
