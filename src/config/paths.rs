//! How the paths of a configuration lie to each other. Links are resolved where they exist, so that two
//! ways of writing one folder are one folder; a mount that does not answer is waited for briefly only.

use super::raw::Raw;
use super::reader::Out;
use super::source::{At, Spot};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Longest wait for one path.
const ONE: Duration = Duration::from_millis(800);
/// Longest wait for all paths.
const ALL: Duration = Duration::from_secs(3);
/// Longest path of a unix socket on Linux (sun_path less its NUL, unix(7)), bytes.
const SOCKET_PATH: usize = 107;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Root,
    Output,
    Receipts,
    State,
    Control,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Missing,
    Folder,
    Other,
    Unreachable,
    Silent,
}

struct Known<'a> {
    role: Role,
    /// `the output of folder "ocf"`.
    label: String,
    /// Which `[[folder]]` it belongs to.
    folder: Option<usize>,
    at: Option<&'a At>,
    written: &'a Path,
    real: PathBuf,
    state: State,
    /// Device and inode of the path and of each folder above it, as far as they exist: one folder may be mounted at
    /// two places.
    ids: Vec<Option<Id>>,
}

/// Device and inode.
type Id = (u64, u64);

impl Known<'_> {
    fn is_same(&self, other: &Self) -> bool {
        let own = |k: &Self| k.ids.first().copied().flatten();
        self.real == other.real || own(self).is_some() && own(self) == own(other)
    }

    /// What it is called in a message about `first`: folders may have the same name by mistake.
    fn label_beside(&self, first: &Self) -> String {
        let of = |k: &Self| k.label.split_once(" of folder ").map(|(what, name)| (what.to_owned(), name.to_owned()));
        match (of(self), of(first)) {
            (Some((what, name)), Some((_, same))) if name == same && self.folder != first.folder => {
                format!("{what} of the other folder {name}")
            }
            _ => self.label.clone(),
        }
    }

    fn is_inside(&self, outer: &Self) -> bool {
        let top = outer.ids.first().copied().flatten();
        self.real.starts_with(&outer.real) || top.is_some() && self.ids.iter().skip(1).any(|id| *id == top)
    }
}

/// Checks all paths.
pub(super) fn check(raw: &Raw, state_dir: &Path, control: &Path, out: &Out) {
    let known = collect(raw, state_dir, control);
    for k in &known {
        alone(k, out);
    }
    for (i, a) in known.iter().enumerate() {
        for b in known.iter().skip(i + 1) {
            pair(a, b, out);
            pair(b, a, out);
            same(a, b, out);
        }
    }
}

fn collect<'a>(raw: &'a Raw, state_dir: &'a Path, control: &'a Path) -> Vec<Known<'a>> {
    let mut out: Vec<Known<'_>> = Vec::new();
    let deadline = Instant::now() + ALL;
    let mut add = |role, (folder, label): (Option<usize>, String), at: Option<&'a At>, written: &'a Path| {
        let Seen { real, state, ids } = look(written, deadline);
        out.push(Known { role, label, folder, at, written, real, state, ids });
    };
    let service = |s: &'a Option<Spot<PathBuf>>| s.as_ref().map(|s| &s.at);
    add(Role::State, (None, "state_dir".into()), service(&raw.state_dir), state_dir);
    add(Role::Control, (None, "the control socket".into()), service(&raw.control), control);
    for (n, f) in raw.folders.iter().enumerate() {
        let name = f.name.as_ref().map_or("?", |n| n.value.as_str());
        let parts = [
            (Role::Root, "the watched path", &f.path),
            (Role::Output, "the output", &f.output),
            (Role::Receipts, "the receipts", &f.receipts),
        ];
        for (role, what, spot) in parts {
            if let Some(s) = spot {
                add(role, (Some(n), format!("{what} of folder \"{name}\"")), Some(&s.at), &s.value);
            }
        }
    }
    out
}

/// Asks the file system on another thread, which may hang for ever without hurting us.
fn look(path: &Path, deadline: Instant) -> Seen {
    let wait = deadline.saturating_duration_since(Instant::now()).min(ONE);
    let (tx, rx) = mpsc::channel();
    let owned = path.to_owned();
    let asked = std::thread::Builder::new().name("config-path".into()).spawn(move || {
        // nobody listens any more when the answer took too long
        let _ = tx.send(ask(&owned));
    });
    match asked.ok().and_then(|_| rx.recv_timeout(wait).ok()) {
        Some(answer) => answer,
        None => Seen { real: path.to_owned(), state: State::Silent, ids: Vec::new() },
    }
}

/// What a file system says of a path.
struct Seen {
    real: PathBuf,
    state: State,
    ids: Vec<Option<Id>>,
}

fn ask(path: &Path) -> Seen {
    let (real, state) = resolve(path);
    let ids = real.ancestors().map(|p| std::fs::metadata(p).ok().map(|m| (m.dev(), m.ino()))).collect();
    Seen { real, state, ids }
}

fn resolve(path: &Path) -> (PathBuf, State) {
    let state = match std::fs::metadata(path) {
        Ok(m) if m.is_dir() => State::Folder,
        Ok(_) => State::Other,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => State::Missing,
        Err(_) => State::Unreachable,
    };
    for above in path.ancestors() {
        if let Ok(real) = std::fs::canonicalize(above) {
            let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
            let real = if rest.as_os_str().is_empty() { real } else { real.join(rest) };
            return (real, state);
        }
    }
    (path.to_owned(), state)
}

/// Mistakes of one path.
fn alone(k: &Known<'_>, out: &Out) {
    let Some(at) = k.at else { return };
    match (k.role, k.state) {
        (_, State::Silent) => out.push(
            at.warning(format!("{} does not answer in time", k.label))
                .suggest("check the mount; its place was not compared with the others"),
        ),
        (Role::Root, State::Missing | State::Unreachable) => out.push(
            at.warning(format!("{} cannot be reached now", k.label))
                .suggest("it counts as unavailable until it appears"),
        ),
        (Role::Root, State::Other) => {
            out.push(at.error(format!("{} is a file", k.label)).suggest("name the folder that holds it"));
        }
        (Role::Output | Role::State | Role::Receipts, State::Other) => {
            out.push(
                at.error(format!("{} is not a folder", k.label))
                    .suggest("name a folder; it is made when it is missing"),
            );
        }
        (Role::Control, State::Folder) => {
            out.push(at.error("control is a folder").suggest("name a socket in it, such as /run/rushes/control.sock"));
        }
        _ => {}
    }
    if k.role == Role::Control && k.written.as_os_str().len() > SOCKET_PATH {
        let text =
            format!("the path of the control socket has more than {SOCKET_PATH} bytes, the most that Linux allows");
        out.push(at.error(text).suggest("use a shorter one, such as /run/rushes/control.sock"));
    }
    if k.real == Path::new("/") {
        out.push(at.error(format!("{} is the whole file system", k.label)).suggest("name a folder of its own"));
    }
}

/// Whether a path in the state directory is one that the daemon keeps for itself.
fn is_ours(inner: &Path, state: &Path) -> bool {
    let first = inner.strip_prefix(state).ok().and_then(|p| p.components().next());
    first.is_none_or(|c| ["index", "journal", "work", "lock"].iter().any(|n| c.as_os_str() == *n))
}

/// `inner` must not lie in `outer`.
fn pair(inner: &Known<'_>, outer: &Known<'_>, out: &Out) {
    use Role::{Control, Output, Receipts, Root, State as StateDir};
    if inner.is_same(outer) || !inner.is_inside(outer) || outer.real == Path::new("/") {
        return;
    }
    let (why, fix) = match (inner.role, outer.role) {
        (Root, Root) => ("it would be taken in twice", "watch the upper folder only, or two folders beside each other"),
        (Output, Root) => ("outputs would be taken in again", "choose an output outside of every watched folder"),
        (Root, Output) => ("outputs would be taken in again", "choose an output that does not hold a watched folder"),
        (StateDir | Control | Receipts, Root) => {
            ("nothing is ever written in a watched folder", "choose a place outside of every watched folder")
        }
        // receipts may lie there, for output trees that hold deliverables only
        (Receipts, StateDir) if !is_ours(&inner.real, &outer.real) => return,
        (Root | Output | Receipts, StateDir) => {
            ("the state directory is the daemon's own", "choose a place outside of it")
        }
        _ => return,
    };
    let Some(at) = inner.at.or(outer.at) else { return };
    let place = outer.at.filter(|_| inner.at.is_some()).map_or_else(String::new, |a| format!(" ({})", a.short()));
    let text = format!("{} lies inside {}{place}: {why}", inner.label, outer.label_beside(inner));
    out.push(at.error(text).suggest(fix));
}

/// Two paths that are one.
fn same(a: &Known<'_>, b: &Known<'_>, out: &Out) {
    use Role::{Control, Output, Receipts, Root};
    if !a.is_same(b) {
        return;
    }
    let Some(at) = b.at.or(a.at) else { return };
    let place = a.at.filter(|_| b.at.is_some()).map_or_else(String::new, |x| format!(" ({})", x.short()));
    let first = a.label_beside(b);
    match (a.role, b.role) {
        (Receipts, Receipts | Output) | (Output, Receipts) => {}
        (Output, Output) => out.push(
            at.warning(format!("{} is also {first}{place}", b.label))
                .suggest("files of one relative path would meet there; give each folder its own output"),
        ),
        (Root, Root) => out.push(
            at.error(format!("{} is already {first}{place}", b.label))
                .suggest("watch each folder once; rules can differ by `when`"),
        ),
        (Control, Control) => {}
        _ => out.push(at.error(format!("{} is also {first}{place}", b.label)).suggest("give each its own place")),
    }
}
