//! Named points at which a test kills this process, to prove that nothing is lost there.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The variable that names a point: `after-rename`, or `after-rename:3` for the third time.
pub const VARIABLE: &str = "RUSHES_KILL_AT";

/// Every point, in the order in which a job meets them.
pub const POINTS: &[&str] = &[
    "after-ready",
    "before-try-recorded",
    "after-try-recorded",
    "after-staging-fsync",
    "after-rename",
    "between-outputs",
    "after-outputs",
    "in-journal-append",
    "after-journal-append",
    "in-index-flush",
    "after-receipt",
];

/// Dies by SIGKILL here when the environment asks for it. Does nothing in release builds.
pub fn here(point: &str) {
    if cfg!(debug_assertions) {
        static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
        static SEEN: AtomicU32 = AtomicU32::new(0);
        let wanted = WANTED.get_or_init(|| {
            let v = std::env::var(VARIABLE).ok()?;
            let (name, n) = v.split_once(':').map_or((v.as_str(), 1), |(a, b)| (a, b.parse().unwrap_or(1)));
            Some((name.to_owned(), n))
        });
        debug_assert!(POINTS.contains(&point), "unlisted kill point {point}");
        if let Some((name, n)) = wanted
            && name == point
            && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *n
        {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
