//! One error type with four kinds, each with one consequence, and stable codes.

use crate::model::MediaPath;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What happens next is decided by the kind alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// The system failed us (disk, network, permission): tried again with growing pauses.
    Io,
    /// The bytes break the rules of their format: quarantined by content, not tried again.
    Malformed,
    /// A valid file that we cannot read (yet): indexed, with a sidecar of what is known.
    Unsupported,
    /// A limit was hit (memory, time, size): quarantined; an operator may raise the limit.
    Limit,
}

/// Where in a file, a configuration or a list the trouble is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Place {
    /// The file concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<MediaPath>,
    /// Byte offset in that file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset: Option<u64>,
    /// Line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// Column, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u32>,
}

/// An error that a person can act on: what, where, what to do, and a code that scripts can rely on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// Decides the consequence.
    pub kind: ErrorKind,
    /// Stable code, one of [`CODES`].
    pub code: Cow<'static, str>,
    /// What is wrong, without a full stop: "the header is cut off after 12 bytes".
    pub what: String,
    /// Where.
    #[serde(default)]
    pub place: Place,
    /// What to do about it, without a full stop.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<String>,
    /// The operating system's error number, for [`ErrorKind::Io`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<i32>,
}

/// Every stable code of an error, with its meaning. Guardrail codes are listed in `rules`.
pub const CODES: &[(&str, &str)] = &[
    ("FILE-EMPTY", "the file has no bytes"),
    ("FILE-UNREADABLE", "the file may not or cannot be read"),
    ("FILE-CHANGED", "the file changed while it was read"),
    ("FILE-VANISHED", "the file is gone"),
    ("FILE-TRUNCATED", "the file ends before its own header says"),
    ("FILE-MALFORMED", "the file breaks the rules of its format"),
    ("FILE-NAME-TOO-LONG", "the name or path leaves no room for its outputs"),
    ("FILE-NOT-REGULAR", "a link, pipe, socket or device where a file was expected"),
    ("ALE-RATES", "an ALE of clips whose timecodes count at different rates"),
    ("FORMAT-UNKNOWN", "no reader knows this kind of file"),
    ("FORMAT-UNSUPPORTED", "a known format in a form that cannot be read yet"),
    ("LIMIT-MEMORY", "the work needs more memory than allowed"),
    ("LIMIT-TIME", "the work takes longer than allowed"),
    ("LIMIT-SIZE", "a size, count or depth in the file is beyond the limit"),
    ("WORKER-CRASHED", "the worker process ended abnormally"),
    ("WORKER-LOST", "the worker process cannot be stopped or heard of"),
    ("OUTPUT-FAILED", "an output could not be written"),
    ("OUTPUT-NO-SPACE", "the disk of the output or of the state is full"),
    ("OUTPUT-EXISTS", "another file lies where an output should go"),
    ("OUTPUT-ESCAPES", "an output name would lead outside the output folder"),
    ("NAME-FIELD-ABSENT", "a name template needs a field that this clip does not have"),
    ("FIELD-ABSENT", "a deliverable needs a field that this clip does not have"),
    ("FRAMES-OUTSIDE", "frames were asked for that the clip does not have"),
    ("FRAMES-MISSING", "a deliverable needs every frame, and the clip lacks some"),
    ("FRAME-UNDECODABLE", "a frame cannot be decoded"),
    ("COLOR-UNKNOWN", "nothing says which colour space the source is in"),
    ("LOOK-CHANGED", "a LUT is not the one that the recipe was resolved with"),
    ("TOOL-MISSING", "a program that the work needs is not installed"),
    ("RULE-UNKNOWN-FIELD", "a rule's condition touches a field that this clip does not have"),
    ("RULE-FAILED", "a rule's condition cannot be evaluated"),
    ("ROOT-UNAVAILABLE", "a watched folder or an output folder cannot be reached"),
    ("JOB-INVALID", "a job file does not describe a job"),
    ("JOB-CANCELLED", "a person or a shutdown stopped the job"),
    ("STATE-FAILED", "the state directory cannot be read or written"),
    ("STATE-BUSY", "another daemon uses this state directory"),
    ("CONFIG-INVALID", "the configuration has errors"),
    ("DAEMON-UNREACHABLE", "no daemon answers on the control socket"),
    ("REQUEST-INVALID", "a request names something that does not exist"),
    ("INTERNAL", "a fault in rushes itself"),
];

impl Error {
    /// A new error of `kind` with a code of [`CODES`].
    #[must_use]
    pub fn new(kind: ErrorKind, code: &'static str, what: impl Into<String>) -> Self {
        Self { kind, code: Cow::Borrowed(code), what: what.into(), place: Place::default(), fix: None, errno: None }
    }

    /// The bytes break the rules of their format.
    #[must_use]
    pub fn malformed(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, "FILE-MALFORMED", what)
    }

    /// The file ends too early.
    #[must_use]
    pub fn truncated(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, "FILE-TRUNCATED", what)
    }

    /// Valid, but not readable by us.
    #[must_use]
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, "FORMAT-UNSUPPORTED", what)
    }

    /// A size, count or depth is beyond [`crate::model::Limits`].
    #[must_use]
    pub fn limit(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, "LIMIT-SIZE", what)
    }

    /// From the operating system; `doing` completes "cannot …".
    #[must_use]
    pub fn io(code: &'static str, doing: &str, e: &std::io::Error) -> Self {
        let mut r = Self::new(ErrorKind::Io, code, format!("cannot {doing}: {e}"));
        r.errno = e.raw_os_error();
        r
    }

    /// The same error with the path it is about, unless one is set.
    #[must_use]
    pub fn at(mut self, path: &std::path::Path) -> Self {
        self.place.path.get_or_insert_with(|| MediaPath::from(path));
        self
    }

    /// The same error with a byte offset.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.place.offset = Some(offset);
        self
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// True for faults of the surroundings (full disk, mount or folder gone, no descriptors, an output folder that
    /// refuses): they say nothing about the clip, so these wait and never count as a try.
    #[must_use]
    pub fn is_environment(&self) -> bool {
        const ENV: &[i32] = &[
            libc::ENOSPC,
            libc::EDQUOT,
            libc::EROFS,
            libc::ESTALE,
            libc::ENOTCONN,
            libc::EMFILE,
            libc::ENFILE,
            libc::ENOMEM,
            libc::EHOSTDOWN,
            libc::ETIMEDOUT,
            libc::ENETUNREACH,
            libc::EAGAIN,
        ];
        // permissions, a broken disk, staging on another file system: a person mends the folder, and work goes on
        const OUTPUT: &[i32] = &[libc::EACCES, libc::EPERM, libc::EIO, libc::EXDEV, libc::EBUSY, libc::EINTR];
        let of_output = |n: i32| self.code == "OUTPUT-FAILED" && OUTPUT.contains(&n);
        self.kind == ErrorKind::Io
            && (self.code == "ROOT-UNAVAILABLE" || self.errno.is_some_and(|n| ENV.contains(&n) || of_output(n)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(p) = &self.place.path {
            write!(f, "{p}")?;
            if let Some(l) = self.place.line {
                write!(f, ":{l}")?;
                if let Some(c) = self.place.column {
                    write!(f, ":{c}")?;
                }
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", crate::model::escape_for_people(&self.what))?;
        if let Some(o) = self.place.offset {
            write!(f, " (at byte {o})")?;
        }
        if let Some(x) = &self.fix {
            write!(f, "; {}", crate::model::escape_for_people(x))?;
        }
        write!(f, " [{}]", self.code)
    }
}

impl std::error::Error for Error {}
