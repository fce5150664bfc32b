//! The walls around a foreign program: this process puts them up around itself, then becomes that program.

use super::lock::{LockReport, Programs, die_with, in_folder, landlock, seccomp, set_limits, sys};
use super::run::SEARCH;
use crate::model::{Error, ErrorKind, Limits};
use landlock::{AccessFs, BitFlags};
use rustix::fs::{FileType, Mode, OFlags, fstat};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Exit status when the walls or the program could not be had.
pub(super) const NOT_STARTED: u8 = 125;
/// Begins the one line that a guard writes to standard error before the program's own.
pub(super) const REPORT: &str = "guard: ";

/// What the loader and the C library read, beside the program itself.
const LIBRARIES: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/dev/urandom",
    "/sys/devices/system/cpu",
];
/// The loaders of the processors that [`super::lock_in`] knows; a dynamic program cannot start without.
const LOADERS: &[&str] =
    &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-linux-riscv64-lp64d.so.1"];

/// What is asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    parent: Option<u32>,
    limits: Limits,
    reads: Vec<i32>,
    writes: Vec<i32>,
    program: PathBuf,
    args: Vec<OsString>,
}

/// `rushes guard [--parent PID] [--memory BYTES] [--seconds N] [--file-size BYTES] [--open-files N] [--read-fd N]…
/// [--write-fd N]… -- PROGRAM ARG…`: puts walls up and becomes the program, with `PATH` and `LANG=C.UTF-8` as its whole
/// environment and `/` as its folder. `args` are those after `guard`.
///
/// Behind the walls the program reads its own libraries and the given descriptors' files, writes the given descriptors'
/// files or below their folders, starts threads but no processes, has no network, dies with its parent and keeps to the
/// limits. It may be replaced by itself or by the loader alone, still behind the walls. The first line on standard error
/// says which layers hold.
///
/// Returns only when something failed, with exit status 125 and the reason on standard error.
#[must_use]
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let error = match parse(args).and_then(|asked| enter(&asked).map(|report| (asked, report))) {
        Ok((asked, report)) => {
            // Nobody to tell if even standard error is gone.
            let _ = writeln!(std::io::stderr(), "{REPORT}{report}");
            let mut command = Command::new(&asked.program);
            command.args(&asked.args).env_clear().env("PATH", SEARCH).env("LANG", "C.UTF-8").current_dir("/");
            Error::io("WORKER-CRASHED", &format!("become {}", asked.program.display()), &command.exec())
        }
        Err(e) => e,
    };
    let _ = writeln!(std::io::stderr(), "{error}");
    ExitCode::from(NOT_STARTED)
}

fn wrong(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", what)
}

fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Asked, Error> {
    let mut asked = Asked::default();
    while let Some(option) = args.next().filter(|a| a != "--") {
        let value = args.next();
        let Some((name, value)) = option.to_str().zip(value.as_deref().and_then(OsStr::to_str)) else {
            return Err(wrong("guard: an option without its value"));
        };
        let number: u64 = value.parse().map_err(|_| wrong(format!("guard: {name} needs a number")))?;
        let small = || i32::try_from(number).map_err(|_| wrong(format!("guard: {name} is too large")));
        match name {
            "--parent" => asked.parent = Some(small()?.unsigned_abs()),
            "--memory" => asked.limits.memory = number,
            "--seconds" => asked.limits.seconds = number,
            "--file-size" => asked.limits.file_size = number,
            "--open-files" => asked.limits.open_files = number,
            "--read-fd" => asked.reads.push(small()?),
            "--write-fd" => asked.writes.push(small()?),
            _ => return Err(wrong(format!("guard: no such option {name}"))),
        }
    }
    asked.program = args.next().map(PathBuf::from).unwrap_or_default();
    asked.args = args.collect();
    if !asked.program.is_absolute() {
        return Err(wrong("guard: a program must be given by its absolute path"));
    }
    Ok(asked)
}

fn enter(asked: &Asked) -> Result<LockReport, Error> {
    die_with(asked.parent)?;
    set_limits(&asked.limits)?;
    rustix::thread::set_no_new_privs(true).map_err(|e| sys("give up new privileges", e))?;
    let allowed = allowed(asked)?;
    let rules = allowed.iter().map(|(fd, access)| (fd.as_fd(), *access)).collect();
    let landlock = landlock(rules).unwrap_or_else(|e| format!("no Landlock ({e})"));
    drop(allowed);
    Ok(LockReport { landlock, seccomp: seccomp(Programs::Become).err() })
}

type Rule = (OwnedFd, BitFlags<AccessFs>);

fn allowed(asked: &Asked) -> Result<Vec<Rule>, Error> {
    let mut rules = Vec::new();
    let read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let run = AccessFs::ReadFile | AccessFs::Execute;
    let program = asked.program.canonicalize().map_err(|e| {
        Error::io("WORKER-CRASHED", &format!("find {}", asked.program.display()), &e).at(&asked.program)
    })?;
    rules.push((open(&program).map_err(|e| sys(&format!("open {}", program.display()), e))?, run));
    let own = program.parent().and_then(Path::parent).map(|prefix| prefix.join("lib"));
    let named = LIBRARIES.iter().map(|p| (PathBuf::from(p), read)).chain(own.map(|p| (p, read)));
    let null = (PathBuf::from("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile);
    // Each machine lacks some of them.
    for (path, access) in named.chain(LOADERS.iter().map(|p| (PathBuf::from(p), run))).chain([null]) {
        if let Ok(fd) = open(&path) {
            let access = if is_folder(&fd) { access | AccessFs::ReadDir } else { access };
            rules.push((fd, access));
        }
    }
    let given = |n: &i32| {
        let path = PathBuf::from(format!("/proc/self/fd/{n}"));
        open(&path).map_err(|e| sys(&format!("use descriptor {n}"), e))
    };
    for n in &asked.reads {
        rules.push((given(n)?, read));
    }
    for n in &asked.writes {
        let fd = given(n)?;
        let access =
            if is_folder(&fd) { in_folder() } else { AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate };
        rules.push((fd, access));
    }
    Ok(rules)
}

fn open(path: &Path) -> Result<OwnedFd, rustix::io::Errno> {
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

fn is_folder(fd: &OwnedFd) -> bool {
    fstat(fd).is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Asked, Error> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_line() {
        let asked = parsed("--parent 7 --memory 99 --seconds 3 --read-fd 5 --read-fd 6 --write-fd 8 -- /bin/cat -- x");
        let asked = asked.unwrap();
        assert_eq!((asked.parent, asked.limits.memory, asked.limits.seconds), (Some(7), 99, 3));
        assert_eq!((asked.reads, asked.writes), (vec![5, 6], vec![8]));
        assert_eq!((asked.program, asked.args.len()), (PathBuf::from("/bin/cat"), 2));
        for bad in
            ["", "--", "-- cat", "--memory", "--memory x -- /bin/cat", "--no 3 -- /bin/cat", "--read-fd -1 -- /x"]
        {
            assert_eq!(parsed(bad).unwrap_err().code, "INTERNAL", "{bad}");
        }
    }
}
