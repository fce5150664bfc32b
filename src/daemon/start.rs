//! Start: configuration, index, folders, executor, control socket; in this order, so that a second
//! daemon is refused before anything is touched.

use crate::config::{Config, Diagnostic, Folder, Level};
use crate::daemon::control::Desk;
use crate::daemon::core::{Core, Inbox, now_ms};
use crate::daemon::known::KnownByIndex;
use crate::daemon::once::Once;
use crate::daemon::search::{Searches, Upkeep};
use crate::daemon::snapshot::{Shared, first};
use crate::daemon::{Ending, Options, signals};
use crate::exec::{LocalExecutor, LocalSettings};
use crate::index::{self, Batch};
use crate::model::{Error, ErrorKind};
use crate::telemetry::{events, notify};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events that the watch of a folder may have on their way to the loop.
const WATCH_CHANNEL: usize = 64;
/// Mistakes of a refused configuration that are told, in one line.
const TOLD: usize = 3;

/// A daemon that has started.
pub(super) struct Daemon {
    core: Core,
    control: crate::control::ServerHandle,
    signals: signal_hook::iterator::Handle,
    search: Option<Upkeep>,
}

impl Daemon {
    /// Reads the configuration, takes the state directory, and starts everything.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let config = load(options)?;
        events::daemon_started(env!("CARGO_PKG_VERSION"), options.config.display());
        let state = &config.service.state_dir;
        // a long journal is read for minutes after the index was lost
        let opened = notify::alive_during(|| index::open(state, now_ms()))?;
        if let Some((path, why)) = &opened.moved_aside {
            events::index_moved_aside(path.display(), why);
        }
        let (signal_out, signals) = crossbeam_channel::bounded(16);
        let handle = signals::listen(signal_out).map_err(|e| Error::io("INTERNAL", "install signal handlers", &e))?;
        let (exec_out, exec) = crossbeam_channel::unbounded();
        let (calls_out, calls) = crossbeam_channel::bounded(64);
        let shared = Arc::new(Shared::new(first(&options.config, &config.hash)));
        let work_dir = fresh_work_dir(state)?;
        let program = match &options.program {
            Some(p) => p.clone(),
            None => std::env::current_exe().map_err(|e| Error::io("INTERNAL", "find this program", &e))?,
        };
        let settings = LocalSettings { workers: workers(config.engine.workers), work_dir: work_dir.clone(), program };
        let executor = Box::new(LocalExecutor::new(settings, exec_out));
        let control = serve(&config, &shared, &opened.index, calls_out)?;
        let mut core = Core {
            options: options.clone(),
            config: Arc::new(config),
            index: opened.index,
            folders: BTreeMap::new(),
            reachable: BTreeMap::new(),
            watch: BTreeMap::new(),
            executor,
            inbox: Inbox { exec, signals, calls },
            last_watched: None,
            pending: VecDeque::new(),
            queue: crate::daemon::queue::Queue::default(),
            tickets: HashMap::new(),
            next_ticket: 0,
            batch: Batch::default(),
            fresh_clips: BTreeMap::new(),
            fresh_metadata: HashMap::new(),
            recorded_metadata: Vec::new(),
            lists: Default::default(),
            survey_metadata: true,
            fresh_jobs: BTreeMap::new(),
            waits: HashMap::new(),
            blocked: BTreeMap::new(),
            rest_until: None,
            receipts_due: Vec::new(),
            offer_due: Vec::new(),
            sides: BTreeMap::new(),
            opening: BTreeMap::new(),
            reconsider_due: VecDeque::new(),
            reconsidered: BTreeSet::new(),
            outdated: BTreeMap::new(),
            renew_rest: false,
            survey: None,
            refusals: std::cell::RefCell::default(),
            shared,
            started: Instant::now(),
            last_look: Instant::now(),
            last_reload: None,
            draining: None,
            stalled: None,
            late_signals: Vec::new(),
            dropped: false,
            sandbox: None,
            once: None,
        };
        core.set_going()?;
        Ok(Self { search: Upkeep::for_daemon(options.once, &core.index), core, control, signals: handle })
    }

    /// Runs until the end.
    pub fn run(self) -> Result<Ending, Error> {
        let ending = self.core.run();
        drop(self.search);
        self.signals.close();
        self.control.stop();
        ending
    }
}

/// One worker per core unless the configuration says how many.
fn workers(configured: usize) -> usize {
    if configured > 0 { configured } else { std::thread::available_parallelism().map_or(2, std::num::NonZero::get) }
}

/// The folder of job files, private and empty: those of an earlier daemon have no meaning any more.
fn fresh_work_dir(state: &Path) -> Result<PathBuf, Error> {
    use std::os::unix::fs::DirBuilderExt;
    let dir = state.join("work");
    let failed = |e: std::io::Error| Error::io("STATE-FAILED", "prepare the folder of job files", &e).at(&dir);
    match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(failed(e)),
    }
    crate::exec::sweep(&dir)?;
    Ok(dir)
}

/// Loads the configuration; the first of its errors are told in one line.
pub(super) fn load(options: &Options) -> Result<Config, Error> {
    match crate::config::load(&options.config) {
        Ok(loaded) => {
            for w in &loaded.warnings {
                events::config_warning(options.config.display(), w.render(false));
            }
            Ok(loaded.config)
        }
        Err(list) => {
            let errors: Vec<&Diagnostic> = list.iter().filter(|d| d.severity == Level::Error).collect();
            let text: Vec<String> = errors.iter().take(TOLD).map(ToString::to_string).collect();
            let more = errors.len().saturating_sub(TOLD);
            let more = if more > 0 { format!(" | and {more} more") } else { String::new() };
            let what = format!(
                "the configuration has {} error{}: {}{more}",
                errors.len(),
                if errors.len() == 1 { "" } else { "s" },
                text.join(" | ")
            );
            let e = Error::new(ErrorKind::Malformed, "CONFIG-INVALID", what).at(&options.config);
            Err(e.fix("`rushes check` shows them all"))
        }
    }
}

fn serve(
    config: &Config,
    shared: &Arc<Shared>,
    index: &index::Index,
    calls: crossbeam_channel::Sender<super::core::Call>,
) -> Result<crate::control::ServerHandle, Error> {
    let desk = Desk { shared: shared.clone(), index: index.clone(), calls, searches: Searches::default() };
    crate::control::serve(&config.service.control, Arc::new(desk))
}

fn once(config: &Config, options: &Options) -> Once {
    let longest = config.folders.iter().map(|f| f.quiet.unwrap_or(Duration::from_secs(30))).max().unwrap_or_default();
    let wait = options.wait.unwrap_or(longest + Duration::from_secs(60));
    Once { deadline: Instant::now() + wait, quiet_since: None, shown: Instant::now() }
}

impl Core {
    /// Opens a folder's output (staging swept, receipts read) and starts its watch. An output that does not answer
    /// holds up this folder only.
    pub fn start_folder(&mut self, folder: &Folder) {
        self.open_outputs(folder);
        let known = Arc::new(KnownByIndex(self.index.clone()));
        let (say, hear) = crossbeam_channel::bounded(WATCH_CHANNEL);
        let handle = crate::watch::start(folder.root_settings(), known, say);
        self.watch.insert(folder.name.clone(), hear);
        self.folders.insert(folder.name.clone(), handle);
        self.reachable.insert(folder.name.clone(), false);
    }
    /// Takes up what an earlier daemon left, starts every folder, and says that it is ready.
    fn set_going(&mut self) -> Result<(), Error> {
        self.requeue_unfinished();
        self.commit()?;
        let folders = self.config.folders.clone();
        for f in &folders {
            self.start_folder(f);
        }
        self.begin_survey();
        self.reconsider_held();
        self.once = self.options.once.then(|| once(&self.config, &self.options));
        self.publish_snapshot(true);
        notify::ready();
        events::daemon_ready(self.folders.len());
        Ok(())
    }
}
