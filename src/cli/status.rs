//! `rushes status`: what the daemon does, what waits, what is broken, on one screen.

use super::args::{Cli, StatusArgs};
use super::ask::{answer, unexpected};
use super::out::{Ending, Out, Outcome, Style, bytes, count, seconds};
use crate::control::{DaemonState, FolderStatus, Request, Response, Snapshot};
use crate::model::{MediaPath, escape_for_people};
use std::fmt::Write;
use std::path::Path;

/// Things of one kind that are shown; the rest is counted.
const SHOWN: usize = 10;

/// Runs the command.
///
/// # Errors
/// When the daemon cannot be asked.
pub fn run(cli: &Cli, args: &StatusArgs) -> Outcome {
    let Response::Status(snapshot) = answer(cli, &args.ask, &Request::Status)? else { return Err(unexpected()) };
    let mut out = Out::default();
    if args.ask.json.json {
        out.json(&snapshot)?;
    } else {
        out.line(render(&snapshot, Style::stdout()))?;
        out.flush()?;
    }
    Ok(Ending::Good)
}

fn path(p: &Path) -> String {
    MediaPath::from(p).to_string()
}

/// The picture for people, without a last line end.
#[must_use]
pub fn render(s: &Snapshot, st: Style) -> String {
    let mut t = String::new();
    let state = match s.state {
        DaemonState::Starting => "starting",
        DaemonState::Running => "running",
        DaemonState::Draining => "stopping: finishes what runs, starts nothing",
    };
    let version = escape_for_people(&s.version);
    let _ = writeln!(t, "{}rushes {version}{}  {state}, up {}, pid {}", st.bold, st.off, seconds(s.uptime_s), s.pid);
    let _ = writeln!(t, "config  {}", path(&s.config.path));
    if let Some(r) = &s.config.last_reload {
        let (on, word) = if r.ok { ("", "reloaded") } else { (st.bad, "the last reload was refused") };
        let _ = writeln!(t, "        {on}{word}: {}{}", escape_for_people(&r.message), st.off);
    }
    for note in &s.notes {
        let _ = writeln!(t, "{}note    {}{}", st.warn, escape_for_people(note), st.off);
    }
    for f in &s.folders {
        folder(&mut t, f, st);
    }
    jobs(&mut t, s, st);
    quarantine(&mut t, s, st);
    held(&mut t, s, st);
    let (files, clips) = (count(s.index.files, "file", "files"), count(s.index.clips, "clip", "clips"));
    let _ = writeln!(t, "\n{}index{}  {files}, {clips}", st.bold, st.off);
    for d in &s.disks {
        let free = d.free.map_or_else(|| "free space unknown".into(), |n| format!("{} free", bytes(n)));
        let _ = writeln!(t, "disk   {}: {free}  {}{}{}", escape_for_people(&d.what), st.dim, path(&d.path), st.off);
    }
    if let Some(layers) = &s.sandbox {
        let _ = writeln!(t, "sandbox  {}", escape_for_people(layers));
    }
    t.truncate(t.trim_end().len());
    t
}

fn folder(t: &mut String, f: &FolderStatus, st: Style) {
    let tint = match f.health.as_str() {
        "watching" | "polling" => st.good,
        "starting" => st.warn,
        _ => st.bad,
    };
    let (name, health) = (escape_for_people(&f.name), escape_for_people(&f.health));
    let _ = writeln!(t, "\n{}{name}{}  {}  {tint}{health}{}", st.bold, st.off, path(&f.path), st.off);
    let sweep = f.latency_ms.map_or_else(|| "no sweep yet".into(), |ms| format!("last sweep {ms:.0} ms"));
    let _ = writeln!(t, "  {} ({}), {sweep}", escape_for_people(&f.mode), escape_for_people(&f.why));
    let (files, clips) = (count(f.files, "file", "files"), count(f.clips, "clip", "clips"));
    let _ = writeln!(t, "  {files}, {clips}, {} waiting, {} ignored", f.waiting_total, f.ignored);
    for w in f.waiting.iter().take(SHOWN) {
        let _ = writeln!(t, "    waits  {}: {}", w.path, escape_for_people(&w.why));
    }
    more(t, f.waiting_total, f.waiting.len());
    for n in &f.notes {
        let _ = writeln!(t, "    {}note{}   {}", st.warn, st.off, escape_for_people(n));
    }
}

fn more(t: &mut String, total: u64, listed: usize) {
    let left = total.saturating_sub(listed.min(SHOWN) as u64);
    if left > 0 {
        let _ = writeln!(t, "    and {left} more, see --json");
    }
}

fn jobs(t: &mut String, s: &Snapshot, st: Style) {
    let j = &s.jobs;
    let parts = [
        (j.queued, "queued"),
        (j.running, "running"),
        (j.waiting, "waiting"),
        (j.held, "held"),
        (j.quarantined, "quarantined"),
        (j.cancelled, "cancelled"),
        (j.outdated, "outdated"),
    ];
    let mut text = format!("{} done", j.done);
    for (n, word) in parts.into_iter().filter(|(n, _)| *n > 0) {
        let _ = write!(text, ", {n} {word}");
    }
    let _ = writeln!(t, "\n{}jobs{}  {text}", st.bold, st.off);
    if j.quarantined > 0 {
        let _ = writeln!(t, "    `rushes jobs --state quarantined` says why");
    }
    for r in s.running.iter().take(SHOWN) {
        let (doing, clip) = (escape_for_people(&r.doing), escape_for_people(&r.clip));
        let _ = writeln!(t, "    {doing} of {clip}, for {:.1} s", r.for_ms as f64 / 1000.0);
    }
    more(t, s.running.len() as u64, s.running.len());
}

fn quarantine(t: &mut String, s: &Snapshot, st: Style) {
    let q = &s.quarantine;
    if q.total == 0 {
        return;
    }
    let _ = writeln!(t, "\n{}quarantine{}  {}", st.bold, st.off, count(q.total, "refused file", "refused files"));
    for e in q.entries.iter().take(SHOWN) {
        let (folder, what) = (escape_for_people(&e.folder), escape_for_people(&e.error.what));
        let code = escape_for_people(&e.error.code);
        // of a sequence the frame that is meant, not the first
        let path = e.error.place.path.as_ref().unwrap_or(&e.path);
        let _ = writeln!(t, "    {}{code}{}  {folder}: {path}: {what}", st.bad, st.off);
        if let Some(fix) = &e.error.fix {
            let _ = writeln!(t, "      {}", escape_for_people(fix));
        }
    }
    more(t, q.total, q.entries.len());
    let _ = writeln!(t, "    when mended: rushes retry quarantine");
}

fn held(t: &mut String, s: &Snapshot, st: Style) {
    if s.held_total == 0 {
        return;
    }
    let _ = writeln!(t, "\n{}held{}  {}", st.bold, st.off, count(s.held_total, "clip", "clips"));
    for h in s.held.iter().take(SHOWN) {
        let _ = writeln!(t, "    {}  {}", escape_for_people(&h.name), escape_for_people(&h.show));
        for (code, message) in h.codes.iter().zip(h.messages.iter().map(String::as_str).chain(std::iter::repeat(""))) {
            let code = escape_for_people(code);
            let _ = writeln!(t, "      {}{code}{}  {}", st.warn, st.off, escape_for_people(message));
        }
    }
    more(t, s.held_total, s.held.len());
    let _ = writeln!(t, "    to let one pass: rushes waive CODE CLIP --why '…'");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::*;
    use crate::model::Error;

    fn busy() -> Snapshot {
        let waiting =
            |i| WaitingPath { path: Path::new(&format!("B{i:02}.mov\u{1b}[2J")).into(), why: "grew 2 s ago".into() };
        let folder = FolderStatus {
            name: "ocf".into(),
            path: "/mnt/san/ocf".into(),
            health: "polling".into(),
            mode: "poll".into(),
            why: "nfs4: no events from other clients".into(),
            latency_ms: Some(12.4),
            files: 1,
            clips: 1,
            waiting: (0..12).map(waiting).collect(),
            waiting_total: 12,
            ignored: 2,
            notes: vec!["leases are not available".into()],
        };
        let error = Error::truncated("the header ends after 12 bytes").fix("copy it again");
        Snapshot {
            version: "0.1.0".into(),
            pid: 7,
            uptime_s: 61,
            state: DaemonState::Running,
            config: ConfigStatus {
                path: "/etc/rushes/rushes.toml".into(),
                hash: "0".into(),
                last_reload: Some(ReloadStatus { at_ms: 1, ok: false, message: "line 3: unknown key".into() }),
            },
            folders: vec![folder],
            jobs: JobCounts { done: 5, queued: 1, quarantined: 1, ..JobCounts::default() },
            quarantine: QuarantineStatus {
                total: 1,
                entries: vec![QuarantineLine {
                    folder: "ocf".into(),
                    path: Path::new("a\nb.dpx").into(),
                    error,
                    tries: 1,
                    at_ms: 2,
                }],
            },
            held: vec![HeldClip {
                id: "1".into(),
                name: "A001".into(),
                show: "senna".into(),
                codes: vec!["CLIP-GAP".into()],
                messages: vec!["frames 5-6 are missing".into()],
            }],
            held_total: 1,
            index: IndexCounts { files: 10, clips: 2, jobs: 5 },
            disks: vec![DiskFree {
                what: "state".into(),
                path: "/var/lib/rushes".into(),
                free: Some(1 << 30),
                total: None,
            }],
            sandbox: Some("landlock, seccomp".into()),
            ..Snapshot::default()
        }
    }

    #[test]
    fn the_screen_is_as_agreed() {
        let text = render(&busy(), Style::plain());
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/cli/status.txt");
        if std::env::var_os("RUSHES_BLESS").is_some() {
            std::fs::write(file, format!("{text}\n")).unwrap();
        }
        let want = std::fs::read_to_string(file).unwrap();
        assert_eq!(format!("{text}\n"), want);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn a_snapshot_survives_json() {
        let s = busy();
        let back: Snapshot = serde_json::from_str(&serde_json::to_string(&s).unwrap()).unwrap();
        assert_eq!(back, s);
    }
}
