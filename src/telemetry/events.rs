//! The log lines: each is declared here once, with its name, level, fields and sentence.
//!
//! In journald a field `clip` is searchable as `CLIP=…` and the event's name as `RUSHES_EVENT=…`.
//! Each value is escaped and cut to [`LONGEST`] characters first, so that a file name can forge
//! neither a line nor a terminal command. `docs/telemetry.md` lists all of them; a test compares.

use crate::model::escape_for_people;
use std::fmt::Display;

/// The longest value in a log line, characters; longer ones are cut and end in `…`.
pub const LONGEST: usize = 4096;

/// The target under which every event is logged.
pub const TARGET: &str = "rushes";

/// What is known of an event without logging it.
#[derive(Debug, Clone, Copy)]
pub struct EventInfo {
    /// Stable name, the value of `RUSHES_EVENT`.
    pub name: &'static str,
    /// `ERROR`, `WARN`, `INFO` or `DEBUG`.
    pub level: &'static str,
    /// Field names, in journald in capitals.
    pub fields: &'static [&'static str],
    /// When it is logged.
    pub meaning: &'static str,
}

fn clean(value: impl Display) -> String {
    let text = escape_for_people(&value.to_string());
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $level:ident $name:ident $event:literal ($($field:ident),*) $text:literal;)*) => {
        $(
            $(#[doc = $doc])+
            #[allow(clippy::too_many_arguments)]
            pub fn $name($($field: impl Display),*) {
                if tracing::enabled!(target: TARGET, tracing::Level::$level) {
                    $(let $field = clean($field);)*
                    tracing::event!(
                        target: TARGET, tracing::Level::$level,
                        rushes_event = $event, $($field = $field.as_str(),)* "{}", format_args!($text)
                    );
                }
            }
        )*
        /// Every event, in the order of their declaration.
        pub const EVENTS: &[EventInfo] = &[$(EventInfo {
            name: $event,
            level: stringify!($level),
            fields: &[$(stringify!($field)),*],
            meaning: concat!($($doc),+),
        }),*];
    };
}

events! {
    /// The daemon began; nothing is watched yet.
    INFO daemon_started "daemon-started" (version, config) "rushes {version} started with {config}";
    /// All folders are being watched, the control socket answers.
    INFO daemon_ready "daemon-ready" (folders) "ready, {folders} folders";
    /// The daemon was asked to stop and finishes what runs.
    INFO daemon_stopping "daemon-stopping" (reason, running) "stopping ({reason}), {running} steps still run";
    /// The last line of a run.
    INFO daemon_stopped "daemon-stopped" (reason) "stopped ({reason})";
    /// The daemon cannot go on.
    ERROR daemon_failed "daemon-failed" (code, reason) "cannot go on: {reason}";
    /// A signal arrived.
    INFO signal_received "signal-received" (signal, reaction) "{signal}: {reaction}";
    /// The state, on SIGUSR1, one line per subject.
    INFO state_line "state" (subject, state) "{subject}: {state}";
    /// Which sandbox layers this kernel gives to workers.
    INFO sandbox_layers "sandbox-layers" (layers) "workers run with {layers}";
    /// A sandbox layer is missing on this kernel.
    WARN sandbox_missing "sandbox-missing" (layers) "this kernel does not give workers {layers}";

    /// The configuration is in force.
    INFO config_loaded "config-loaded" (config, hash) "configuration {config} loaded";
    /// A reload changed something, or nothing.
    INFO config_reloaded "config-reloaded" (config, hash, changes) "configuration {config} reloaded: {changes}";
    /// A reload was refused; the old configuration stays in force.
    ERROR config_refused "config-refused" (config, reason) "configuration {config} refused, the old one stays in force: {reason}";
    /// The configuration has a weakness that is no error.
    WARN config_warning "config-warning" (config, reason) "configuration {config}: {reason}";

    /// A folder is watched.
    INFO root_watched "root-watched" (folder, path, mode, reason) "folder {folder}: {path} watched by {mode} ({reason})";
    /// A folder cannot be reached; nothing is forgotten, it resumes by itself.
    WARN root_unavailable "root-unavailable" (folder, path, reason) "folder {folder}: {path} is unavailable ({reason})";
    /// A folder's file system does not answer; other folders go on.
    ERROR root_hung "root-hung" (folder, path, reason) "folder {folder}: {path} does not answer ({reason})";
    /// A folder can be reached again.
    INFO root_back "root-back" (folder, path) "folder {folder}: {path} is back";
    /// Something about a folder that a person should mend.
    WARN root_trouble "root-trouble" (folder, path, note) "folder {folder}: {note}";
    /// Something to know about a folder, once.
    INFO root_note "root-note" (folder, path, note) "folder {folder}: {note}";
    /// The kernel's watch limit is reached; the folder is polled instead.
    WARN watch_limit "watch-limit" (folder, path, reason) "folder {folder}: polled instead of watched, {reason}";
    /// A full sweep ended.
    DEBUG sweep_ended "sweep-ended" (folder, files, waiting, millis) "folder {folder}: {files} files, {waiting} waiting, {millis} ms";

    /// A file or sequence is complete and fingerprinted.
    DEBUG unit_ready "unit-ready" (folder, path, files) "folder {folder}: {path} is ready ({files} files)";
    /// A file was refused.
    WARN file_refused "file-refused" (folder, path, code, reason) "folder {folder}: {path} refused: {reason}";
    /// Files that were known are gone.
    INFO files_gone "files-gone" (folder, path, files) "folder {folder}: {files} files gone, first {path}";
    /// A clip is in the index.
    INFO clip_accepted "clip-accepted" (folder, clip, clip_id, path, format) "clip {clip} ({format}) accepted from {folder}: {path}";
    /// A clip's files changed or became more; its outputs get next versions.
    WARN clip_changed "clip-changed" (folder, clip, clip_id, path) "clip {clip}: its files changed; what lies at {path} is a new version of it";
    /// The same content lies elsewhere too.
    INFO clip_again "clip-again" (folder, clip, clip_id, path, same) "clip {clip}: {path} has the same content as {same}";
    /// The metadata of a clip is incomplete.
    WARN clip_problem "clip-problem" (folder, clip, path, code, reason) "clip {clip}: {reason}";
    /// No reader knows this kind of file.
    INFO clip_unknown "clip-unknown" (folder, clip, path, code, reason) "clip {clip}: {reason}";
    /// A rule did not fire because a field is absent.
    INFO rule_unknown "rule-unknown" (folder, clip, rule, field) "clip {clip}: rule {rule} does not fire, {field} is not known";
    /// A rule's condition could not be evaluated.
    WARN rule_failed "rule-failed" (folder, clip, rule, reason) "clip {clip}: rule {rule} failed: {reason}";
    /// A guardrail said something.
    INFO check_noted "check-noted" (folder, clip, code, reason) "clip {clip}: {reason}";
    /// A guardrail warned.
    WARN check_warned "check-warned" (folder, clip, code, reason) "clip {clip}: {reason}";
    /// A guardrail holds or refuses the deliverables of a clip.
    WARN check_held "check-held" (folder, clip, code, reason) "clip {clip}: deliverables stopped by {code}: {reason}";

    /// A job is in the queue.
    DEBUG job_queued "job-queued" (job, clip, recipe, folder) "job {job}: {recipe} of {clip} queued";
    /// A step runs in a worker.
    DEBUG job_started "job-started" (job, clip, recipe, folder, tries) "job {job}: {recipe} of {clip} started, try {tries}";
    /// Outputs are published.
    INFO job_finished "job-finished" (job, clip, recipe, folder, path, outputs, millis) "job {job}: {recipe} of {clip} made, {outputs} outputs, {millis} ms";
    /// The worker of a range of frames died; the range is made again.
    WARN range_again "range-again" (job, clip, first, last, code, reason) "clip {clip}: frames {first} to {last} are made again: {reason}";
    /// A step failed and is tried again.
    WARN job_failed "job-failed" (job, clip, recipe, folder, path, code, reason, tries) "job {job}: {recipe} of {clip} failed (try {tries}): {reason}";
    /// A job waits for its surroundings (disk, mount).
    WARN job_waiting "job-waiting" (job, clip, recipe, folder, code, reason) "job {job}: {recipe} of {clip} waits: {reason}";
    /// A job or file is not tried again.
    ERROR job_quarantined "job-quarantined" (job, clip, recipe, folder, path, code, reason) "{recipe} of {clip} quarantined: {reason}";
    /// A person stopped a job.
    INFO job_cancelled "job-cancelled" (job, clip, recipe, who) "job {job}: {recipe} of {clip} cancelled by {who}";
    /// A file that lay where an output goes was kept under another name.
    INFO output_superseded "output-superseded" (job, path, kept) "{path} replaced; what lay there is now {kept}";

    /// The index is made again because a person asked for it.
    INFO index_renewed "index-renewed" (path) "the index is made again because a person asked for it; the old one is kept in {path}";
    /// The index was damaged and moved aside; it is rebuilt.
    ERROR index_moved_aside "index-moved-aside" (path, reason) "the index was damaged ({reason}), moved to {path}; it is rebuilt from journal, receipts and media";
    /// The index was recreated.
    WARN index_rebuilt "index-rebuilt" (files, clips, jobs) "index rebuilt: {files} files, {clips} clips, {jobs} jobs";
    /// Entries of the journal that were not in the index yet were taken over.
    INFO journal_replayed "journal-replayed" (entries) "{entries} journal entries taken over";
    /// The state cannot be written; the daemon waits.
    ERROR state_failed "state-failed" (path, code, reason) "the state cannot be written, waiting: {reason}";
    /// The state can be written again.
    INFO state_recovered "state-recovered" (path) "the state can be written again";
    /// Left-over staging folders were removed.
    INFO staging_swept "staging-swept" (path, count) "{count} left-over staging folders removed from {path}";

    /// A person changed something over the control socket.
    INFO control_action "control-action" (who, request, what, result) "{who}: {request} {what}: {result}";
    /// A person's request was refused.
    WARN control_refused "control-refused" (who, request, what, code, reason) "{who}: {request} {what} refused: {reason}";
    /// The table of `rushes search` cannot be made; everything else goes on.
    WARN search_failed "search-failed" (reason) "searches cannot be answered: {reason}";
    /// A fault in rushes itself.
    ERROR internal_fault "internal-fault" (reason) "a fault in rushes: {reason}";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_fields_are_fit_for_journald() {
        let names: BTreeSet<_> = EVENTS.iter().map(|e| e.name).collect();
        assert_eq!(names.len(), EVENTS.len());
        let reserved = ["message", "priority", "code_file", "code_line", "target", "errno", "unit"];
        for e in EVENTS {
            assert!(!e.meaning.trim().is_empty());
            for f in e.fields {
                assert!(f.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && !f.starts_with('_'), "{f}");
                assert!(!reserved.contains(f), "{f} means something else in journald");
            }
        }
    }

    #[test]
    fn values_are_escaped_and_cut() {
        assert_eq!(clean("a\nb\u{1b}[31m\u{202e}"), "a\\u{a}b\\u{1b}[31m\\u{202e}");
        let long = clean("é".repeat(LONGEST + 1));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
        assert_eq!(clean("é".repeat(LONGEST)).chars().count(), LONGEST);
    }

    #[test]
    fn the_page_lists_exactly_these_events() {
        let page = include_str!("../../docs/telemetry.md");
        let listed: Vec<&str> = page.lines().filter(|l| l.starts_with("| `")).collect();
        let wanted: Vec<String> = EVENTS
            .iter()
            .map(|e| {
                let fields: Vec<String> = e.fields.iter().map(|f| format!("`{}`", f.to_uppercase())).collect();
                format!("| `{}` | {} | {} | {} |", e.name, e.level.to_lowercase(), fields.join(" "), e.meaning.trim())
            })
            .collect();
        assert_eq!(listed, wanted, "docs/telemetry.md and src/telemetry/events.rs differ");
    }
}
