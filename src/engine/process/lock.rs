//! A worker's self-made prison: limits, no new privileges, death with its parent, Landlock, seccomp.

use super::syscalls;
use crate::model::{Error, ErrorKind, Limits};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::BorrowedFd;

#[cfg(target_arch = "x86_64")]
const ARCH: Option<TargetArch> = Some(TargetArch::x86_64);
#[cfg(target_arch = "aarch64")]
const ARCH: Option<TargetArch> = Some(TargetArch::aarch64);
#[cfg(target_arch = "riscv64")]
const ARCH: Option<TargetArch> = Some(TargetArch::riscv64);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
const ARCH: Option<TargetArch> = None;

/// Address space that a further thread reserves, bytes.
const THREAD_ROOM: u64 = 160 << 20;

/// Which layers hold. A layer that the kernel lacks is named, never silently missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockReport {
    /// `Landlock ABI 7 (full)`, `Landlock ABI 2 (partial)`, or why there is none.
    pub landlock: String,
    /// Absent when the system call filter is in force, else why not.
    pub seccomp: Option<String>,
}

impl fmt::Display for LockReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.landlock)?;
        match &self.seccomp {
            None => write!(f, "seccomp, limits"),
            Some(why) => write!(f, "no seccomp ({why}), limits"),
        }
    }
}

/// Locks this process in for the rest of its life. Afterwards it can read what it has open, write below `staging` and
/// nowhere else, use the memory, time, file size and files of `limits`, start threads but no processes, and open no
/// socket at all. It dies when the thread that started it dies; with `parent` (the process id of the one that started
/// it) it also notices a parent that died before this call.
///
/// Call it from a process with one thread: later threads inherit everything, earlier ones would stay free.
///
/// # Errors
/// When a limit cannot be set or the parent is gone. A kernel without Landlock or seccomp is no error but is reported.
pub fn lock_in(staging: Option<BorrowedFd<'_>>, limits: &Limits, parent: Option<u32>) -> Result<LockReport, Error> {
    die_with(parent)?;
    set_limits(limits)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|e| sys("forbid memory dumps", e))?;
    rustix::thread::set_no_new_privs(true).map_err(|e| sys("give up new privileges", e))?;
    let rules = staging.map(|dir| (dir, in_folder())).into_iter().collect();
    let landlock = landlock(rules).unwrap_or_else(|e| format!("no Landlock ({e})"));
    let seccomp = seccomp(Programs::None).err();
    Ok(LockReport { landlock, seccomp })
}

pub(super) fn sys(doing: &str, e: rustix::io::Errno) -> Error {
    Error::io("WORKER-CRASHED", doing, &std::io::Error::from(e))
}

/// This process dies when the thread that started it does; fails when the process `parent` is gone already.
pub(super) fn die_with(parent: Option<u32>) -> Result<(), Error> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| sys("ask to die with the parent process", e))?;
    let now = rustix::process::getppid().map(|p| p.as_raw_nonzero().get().unsigned_abs());
    if parent.is_some() && parent != now {
        return Err(Error::new(ErrorKind::Io, "WORKER-LOST", "the process that started this worker is gone"));
    }
    Ok(())
}

/// Memory, processor time, file size, open files; no core dumps.
pub(super) fn set_limits(limits: &Limits) -> Result<(), Error> {
    let cpu = limits.seconds.saturating_mul(u64::from(limits.threads.max(1))).saturating_add(1);
    // each thread reserves room for its stack and its share of the allocator, which it does not use up
    let memory = limits.memory.saturating_add(u64::from(limits.threads.saturating_sub(1)).saturating_mul(THREAD_ROOM));
    for (what, resource, soft, hard) in [
        ("memory", Resource::As, memory, memory),
        // Above the soft limit comes SIGXCPU, which says what happened, above the hard one SIGKILL.
        // ffmpeg takes the first as a request to end, and needs a while for that.
        ("processor time", Resource::Cpu, cpu, cpu.saturating_add(30)),
        ("file size", Resource::Fsize, limits.file_size, limits.file_size),
        ("open files", Resource::Nofile, limits.open_files, limits.open_files),
        ("core dumps", Resource::Core, 0, 0),
    ] {
        lower(resource, soft, hard).map_err(|e| sys(&format!("limit {what}"), e))?;
    }
    Ok(())
}

/// What may be done in a folder for outputs.
pub(super) fn in_folder() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile
}

/// Lowers the limits to at most `soft` and `hard`; never raises.
fn lower(resource: Resource, soft: u64, hard: u64) -> Result<(), rustix::io::Errno> {
    let now = rustix::process::getrlimit(resource);
    let to = |x: Option<u64>, most: u64| Some(x.map_or(most, |v| v.min(most)));
    let new = Rlimit { current: to(now.current, soft), maximum: to(now.maximum, hard) };
    rustix::process::setrlimit(resource, new)
}

/// Only what `rules` give is allowed from now on, in the file system; nothing of the network.
pub(super) fn landlock(rules: Vec<(BorrowedFd<'_>, BitFlags<AccessFs>)>) -> Result<String, landlock::RulesetError> {
    let abi = ABI::V6;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    for (what, access) in rules {
        ruleset = ruleset.add_rule(PathBeneath::new(what, access))?;
    }
    let status = ruleset.restrict_self()?;
    let number = match status.landlock {
        LandlockStatus::NotEnabled => return Ok("no Landlock (not enabled in this kernel)".into()),
        LandlockStatus::NotImplemented => return Ok("no Landlock (not in this kernel)".into()),
        LandlockStatus::Available { effective_abi, kernel_abi } => kernel_abi.unwrap_or(effective_abi as i32),
    };
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => format!("Landlock ABI {number} (full)"),
        RulesetStatus::PartiallyEnforced => format!("Landlock ABI {number} (partial)"),
        RulesetStatus::NotEnforced => "no Landlock (refused by the kernel)".into(),
    })
}

/// Whether a process behind the filter may become another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Programs {
    /// Never.
    None,
    /// It may be replaced by one (`execve`), which stays behind the same walls; it starts no second process.
    Become,
}

/// The filter of system calls, for good.
pub(super) fn seccomp(programs: Programs) -> Result<(), String> {
    let text = |e: seccompiler::BackendError| e.to_string();
    let Some(arch) = ARCH else { return Err("not known on this processor".into()) };
    let filter = |rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32| -> Result<BpfProgram, String> {
        let answer = SeccompAction::Errno(errno.unsigned_abs());
        SeccompFilter::new(rules, SeccompAction::Allow, answer, arch).and_then(BpfProgram::try_from).map_err(text)
    };
    // The C library falls back from clone3 to clone, whose flags a filter can see; so clone3 must look absent.
    let absent = filter(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)?;
    let refused = filter(refused_rules(programs).map_err(text)?, libc::EPERM)?;
    for program in [absent, refused] {
        seccompiler::apply_filter(&program).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn refused_rules(programs: Programs) -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for nr in syscalls::DENIED.iter().chain(syscalls::DENIED_HERE) {
        rules.insert(*nr, Vec::new());
    }
    if programs == Programs::Become {
        rules.remove(&libc::SYS_execve);
    }
    let thread = libc::CLONE_THREAD.unsigned_abs().into();
    let me = u64::from(std::process::id());
    let when = |arg, op, value| -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        Ok(vec![SeccompRule::new(vec![SeccompCondition::new(arg, SeccompCmpArgLen::Dword, op, value)?])?])
    };
    // New threads, but no new processes; signals to itself (abort), limits of itself, to nobody else.
    rules.insert(libc::SYS_clone, when(0, SeccompCmpOp::MaskedEq(thread), 0)?);
    rules.insert(libc::SYS_tgkill, when(0, SeccompCmpOp::Ne, me)?);
    rules.insert(libc::SYS_prlimit64, when(0, SeccompCmpOp::Ne, 0)?);
    #[cfg(target_arch = "x86_64")]
    {
        let all: Vec<i64> = rules.keys().copied().chain(syscalls::X32_OWN).chain([libc::SYS_clone3]).collect();
        rules.extend(all.into_iter().map(|nr| (nr | syscalls::X32_BIT, Vec::new())));
    }
    Ok(rules)
}
