//! The one definition of the command line: parsing, `--help`, completions and man pages come from it.

use super::search_args::{SEARCH_HELP, SearchArgs};
use crate::model::HashKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// Where the configuration lies when neither `--config` nor [`CONFIG_VARIABLE`] says so.
pub const DEFAULT_CONFIG: &str = "/etc/rushes/rushes.toml";
/// The variable that names the configuration.
pub const CONFIG_VARIABLE: &str = "RUSHES_CONFIG";

const ABOUT: &str = "Watches the folders of a post house, reads camera metadata, makes sidecars and deliverables";

const LONG_ABOUT: &str = "\
rushes watches folders, waits until what lies there is complete, fingerprints it, groups files into clips, reads their \
metadata in a sandboxed process, applies the folder's rules, and writes sidecars whole or not at all. It never writes, \
renames or deletes in a watched folder.

Three steps to a first result:
  1. rushes demo                     makes a small roll and runs everything on it
  2. rushes inspect /path/to/a/clip  what is known of your media; needs no configuration
  3. write rushes.toml (the demo shows one), then: rushes check, rushes plan, rushes run";

const AFTER: &str = "\
Exit status:
  0    all good
  1    the program itself failed
  2    wrong usage or configuration
  3    finished, but something was refused, failed, quarantined or is still arriving
  4    verification found missing, altered or unlisted files
  130  interrupted; 143 terminated

Environment:
  RUSHES_CONFIG  configuration file when --config is not given; else /etc/rushes/rushes.toml
  NO_COLOR       no colours, whatever the terminal can do

With --json, stdout carries one document, or one JSON object a line, and nothing else; messages go to stderr. \
`rushes help COMMAND` shows examples.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "rushes", version, about = ABOUT, long_about = LONG_ABOUT, after_help = AFTER, max_term_width = 120)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = false)]
pub struct Cli {
    /// Configuration file [default: $RUSHES_CONFIG, else /etc/rushes/rushes.toml]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon, or with --once do all that is ready and end
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Check the configuration: every mistake with its place, nothing started
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Show what would run on each clip and why, touching nothing
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// Make a small roll and run the whole thing on it
    #[command(after_help = DEMO_HELP)]
    Demo(DemoArgs),
    /// Read the metadata of files, frame sequences and folders
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectArgs),
    /// Write clips as documents for other programs: CSV, ALE, OpenTimelineIO, OpenTrackIO
    #[command(after_help = EXPORT_HELP)]
    Export(ExportArgs),
    /// Fingerprint files: XXH3-128 and other kinds in one pass
    #[command(after_help = HASH_HELP)]
    Hash(HashArgs),
    /// Make plates, stills, contact sheets and proxies of clips, or do one unit of work from a job file
    #[command(after_help = RENDER_HELP)]
    Render(RenderArgs),
    /// Write the camera report of a roll: one page to read and to print
    #[command(after_help = REPORT_HELP)]
    Report(ReportArgs),
    /// Show any decodable frame as a PNG or JPEG
    #[command(after_help = VIEW_HELP)]
    View(ViewArgs),
    /// List colour spaces, or convert numbers from one to another
    #[command(after_help = COLOR_HELP)]
    Color(ColorCommandArgs),
    /// Tell how an output was made, to the pixel
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Show what the running daemon does and what it waits for
    #[command(after_help = STATUS_HELP)]
    Status(StatusArgs),
    /// List jobs, the newest first
    #[command(after_help = JOBS_HELP)]
    Jobs(JobsArgs),
    /// Find clips by their metadata and where they lie
    #[command(after_help = SEARCH_HELP)]
    Search(SearchArgs),
    /// Try something again: a job, a clip, a path, the whole quarantine
    #[command(after_help = RETRY_HELP)]
    Retry(RetryArgs),
    /// Stop jobs
    #[command(after_help = CANCEL_HELP)]
    Cancel(WhatArgs),
    /// Let a guardrail pass for one clip, and say why
    #[command(after_help = WAIVE_HELP)]
    Waive(WaiveArgs),
    /// Recreate the index from media, receipts and outputs; makes nothing twice
    #[command(after_help = REBUILD_HELP)]
    Rebuild(AskArgs),
    /// Print the completion script of a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command
    #[command(after_help = MAN_HELP)]
    Man(ManArgs),
}

/// `--json`.
#[derive(Debug, Args, Clone, Copy)]
pub struct Json {
    /// Print JSON on stdout, and nothing else there
    #[arg(long)]
    pub json: bool,
}

/// How to reach the daemon.
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The daemon's control socket [default: `service.control` of the configuration]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub socket: Option<PathBuf>,
    /// Longest time to wait for the answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// Output
    #[command(flatten)]
    pub json: Json,
}

/// `rushes run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Do all that is ready, wait for what is arriving, then exit
    #[arg(long)]
    pub once: bool,
    /// With --once: longest time to wait for what is arriving [default: the longest quiet time + 60s]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "once")]
    pub wait: Option<Duration>,
}

const RUN_HELP: &str = "\
Examples:
  rushes run                             the daemon; under systemd it logs to the journal
  rushes run --once --config rushes.toml one pass, exit status 3 if something failed or is arriving

Signals: TERM or INT finishes running steps and stops (twice: stops at once), HUP reads the configuration again, \
USR1 writes the state to the log.";

/// `rushes check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Output
    #[command(flatten)]
    pub json: Json,
}

const CHECK_HELP: &str = "\
Examples:
  rushes check --config rushes.toml
  rushes check --json | jq -r '.diagnostics[] | \"\\(.file):\\(.line): \\(.message)\"'

Exit status 2 when there are errors; warnings alone are status 0.";

/// `rushes plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Only clips at or below these paths
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Output
    #[command(flatten)]
    pub json: Json,
}

const PLAN_HELP: &str = "\
Examples:
  rushes plan                        every clip in every configured folder
  rushes plan /mnt/san/ocf/A001      only this roll
  rushes plan --json | jq -c '{clip, rules}'

Nothing is written and no daemon is needed. Files are read for their metadata only, in the sandbox.";

/// `rushes inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Files and folders; numbered frames in one folder become one clip
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Also every tag as the camera or recorder wrote it
    #[arg(long)]
    pub raw: bool,
    /// Each frame by itself: timecode, lens, exposure, orientation, position; a line of JSON for each
    #[arg(long, conflicts_with = "compare")]
    pub frames: bool,
    /// The frames as CSV with a line of names instead
    #[arg(long, requires = "frames", conflicts_with_all = ["json", "raw"])]
    pub csv: bool,
    /// Beside what exiftool, MediaInfo and ffprobe say, as far as they are installed, and whether it agrees
    #[arg(long, conflicts_with = "raw")]
    pub compare: bool,
    /// Output
    #[command(flatten)]
    pub json: Json,
}

const INSPECT_HELP: &str = "\
Examples:
  rushes inspect A001C003.mov
  rushes inspect /mnt/roll            every clip below, frame sequences as one clip each
  rushes inspect --frames A001C003.mxf    a line of JSON for each frame (schema rushes.frame/1), as it is read
  rushes inspect --frames --csv A001C003.mxf > frames.csv
  rushes inspect --frames --raw GX010001.MP4 | jq -c '[.frame, .iso, .raw.gpmf.GYRO]'
  rushes inspect --frames --json A001C003    the whole document of each file that is a frame
  rushes inspect --json --raw x.wav   schema rushes.clip/1, one clip a line
  rushes inspect --compare x.mov      = the same, ≈ the same but for rounding, ≠ something else
  rushes inspect --compare --json x.mov | jq '.fields[] | select(.theirs[].verdict == \"differ\")'

The names on the left are those that rules use: when = 'camera.make == \"ARRI\"'.

--compare starts those programs as they are, for a minute each at most but without the sandbox that our own readers run in.";

/// `rushes export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Files and folders; numbered frames in one folder become one clip
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// What to write
    #[arg(long = "as", value_name = "KIND")]
    pub kind: ExportAs,
    /// A new file for it [default: stdout]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Tell in JSON what is in the file
    #[arg(long, requires = "output")]
    pub json: bool,
}

/// Documents that `rushes export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportAs {
    /// A table of every field that holds one value, one line for each clip
    Csv,
    /// Avid Log Exchange, one line for each clip; all of one timecode rate
    Ale,
    /// OpenTimelineIO: a clip with its media reference, several as a collection
    Otio,
    /// OpenTrackIO: a sample of camera, lens and timing; several one a line
    Opentrackio,
}

impl ExportAs {
    /// As written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ale => "ale",
            Self::Otio => "otio",
            Self::Opentrackio => "opentrackio",
        }
    }
}

const EXPORT_HELP: &str = "\
Examples:
  rushes export --as csv /mnt/roll -o A001.csv      every clip below, one line each
  rushes export --as csv /mnt/roll | column -s, -t | less -S
  rushes export --as ale /mnt/roll -o A001.ale      for Avid, Resolve, Silverstack
  rushes export --as otio /mnt/roll -o A001.otio    media by file: URLs, frames as image sequences
  rushes export --as opentrackio A001C003.mov | jq .static.camera

The daemon makes the same, one document beside each record: emit = [\"csv\", \"otio\"] in a rule. What a clip lacks is \
left out, never invented; a clip that lacks what the document cannot be without is named on stderr and left out, and the \
exit status is 3. An ALE of clips with different timecode rates is refused. A file that is there already is not overwritten.";

/// `rushes render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Frames, movies, or a folder of them: each clip is rendered
    #[arg(value_name = "CLIP", value_hint = ValueHint::AnyPath, required_unless_present = "job", conflicts_with = "job")]
    pub clips: Vec<PathBuf>,
    /// Job file, schema rushes.job/1
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub job: Option<PathBuf>,
    /// What to make: plate, still, contact-sheet, proxy, or a recipe that a rule of the configuration emits
    #[arg(long, value_name = "NAME", default_value = "plate")]
    pub recipe: String,
    /// Where to: an existing folder, or a new one in an existing folder
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Only these frames, as the clip counts them: 1001-1048 or 1001
    #[arg(long, value_name = "A-B", value_parser = frames)]
    pub frames: Option<(i64, i64)>,
    /// Colour
    #[command(flatten)]
    pub color: ColorArgs,
    /// At most this size: 1920x1080
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub fit: Option<[u32; 2]>,
    /// Print what the work used: frames at once, bytes, time of each stage
    #[arg(long)]
    pub stats: bool,
    /// Output
    #[command(flatten)]
    pub json: Json,
    /// For the worker process itself: the folder it may write to
    #[arg(long, value_name = "DIR", hide = true)]
    pub staging: Option<PathBuf>,
}

/// Colour of a picture.
#[derive(Debug, Args, Clone)]
pub struct ColorArgs {
    /// The source's colour space, whatever its metadata say
    #[arg(long, value_name = "SPACE")]
    pub source: Option<String>,
    /// The range of a movie's codes, whatever its metadata say
    #[arg(long, value_name = "RANGE", value_parser = ["video", "full"])]
    pub source_range: Option<String>,
    /// The output's colour space; `source`: nothing is converted
    #[arg(long, value_name = "SPACE")]
    pub color: Option<String>,
    /// Apply this CDL (.cc, .ccc, .cdl)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cdl: Option<PathBuf>,
    /// The correction in it, by its id
    #[arg(long, value_name = "ID", requires = "cdl")]
    pub cdl_id: Option<String>,
    /// The space in which it is applied
    #[arg(long, value_name = "SPACE", default_value = "ACEScct")]
    pub cdl_space: String,
    /// Apply this viewing LUT (.cube)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "lut_input")]
    pub lut: Option<PathBuf>,
    /// The space that the LUT takes
    #[arg(long, value_name = "SPACE")]
    pub lut_input: Option<String>,
    /// The space that the LUT gives
    #[arg(long, value_name = "SPACE", default_value = "Camera Rec.709")]
    pub lut_output: String,
}

const RENDER_HELP: &str = "\
Examples:
  rushes render A001C003 --recipe plate --source logc3 -o plates      a folder of OpenEXR frames in ACES2065-1
  rushes render A001C003 --recipe still --lut show.cube --lut-input logc3 -o stills
  rushes render A001C003 --recipe contact-sheet --frames 1001-1100
  rushes render A001C004.mov --recipe proxy -o proxies               H.264, with sound, timecode and reel of the original
  rushes render --job job.json       prints the result, schema rushes.result/1; status 3 if it failed

Outputs are named after the clip and the recipe; the `name` of a recipe and the rate of a show are for the daemon's rules. \
Nothing is overwritten: a new render of a clip is its next version. Each step runs in a locked-in process with limits; \
killed at any moment and run again, it makes the same outputs. Movies are read and written by ffmpeg.";

/// `rushes report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder of a roll; a single clip works too
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
    /// A new file for the page, .html [default: stdout]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// The date to print on it; without one the same roll always gives the same page
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
    /// Name of the roll [default: that of the folder]
    #[arg(long, value_name = "NAME")]
    pub roll: Option<String>,
    /// No pictures, which take most of the time
    #[arg(long)]
    pub no_pictures: bool,
    /// The colour space of pictures, whatever their metadata say
    #[arg(long, value_name = "SPACE", conflicts_with = "no_pictures")]
    pub source: Option<String>,
    /// Tell in JSON what is in the file
    #[arg(long, requires = "output")]
    pub json: bool,
}

const REPORT_HELP: &str = "\
Examples:
  rushes report /mnt/roll/A001R2EC -o A001R2EC.html
  rushes report A001R2EC --source logc3 --date \"$(date -I)\" -o A001R2EC.html
  rushes report A001R2EC --no-pictures > A001R2EC.html

One page of HTML with all that it needs in it: no script, nothing is fetched. It prints on A4, landscape, with the heading on \
every sheet. On top the roll at one glance, below a row for each clip with a small picture of its middle frame, or the reason \
why there is none. Pictures of which no colour space is known are shown as they are stored. A file that is there already is \
not overwritten; exit status 3 when a file of the roll could not be read, which the page tells too.";

/// `rushes view`.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// A frame, or a folder of frames of one clip
    #[arg(value_name = "FRAME", required = true, value_hint = ValueHint::AnyPath)]
    pub frame: Vec<PathBuf>,
    /// The picture to write: .png or .jpg
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Of several frames this one, as the clip counts them
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub frame_number: Option<i64>,
    /// Colour
    #[command(flatten)]
    pub color: ColorArgs,
    /// At most this size: 1920x1080
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub fit: Option<[u32; 2]>,
}

const VIEW_HELP: &str = "\
Examples:
  rushes view A001C003.1001.dpx -o frame.png
  rushes view A001C003.1001.dpx --source logc3 --fit 1280x720 -o frame.jpg

What is not known to be in a colour space is shown as it is stored, and that is said. A file that is there already is not \
overwritten: status 3.";

/// `rushes color`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct ColorCommandArgs {
    /// What to do
    #[command(subcommand)]
    pub what: ColorCommand,
}

/// What `rushes color` does.
#[derive(Debug, Subcommand)]
pub enum ColorCommand {
    /// Every colour space: name, other names, curve, primaries, where its constants come from
    List(ColorListArgs),
    /// Convert RGB triplets, one a line, from stdin to stdout
    #[command(after_help = COLOR_EVAL_HELP)]
    Eval(Box<ColorEvalArgs>),
}

/// `rushes color list`.
#[derive(Debug, Args)]
pub struct ColorListArgs {
    /// Output
    #[command(flatten)]
    pub json: Json,
}

/// `rushes color eval`.
#[derive(Debug, Args)]
pub struct ColorEvalArgs {
    /// The space of what is read
    #[arg(long, value_name = "SPACE")]
    pub from: String,
    /// The space of what is written
    #[arg(long, value_name = "SPACE")]
    pub to: String,
    /// A correction to apply: .cc, .ccc or .cdl
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cdl: Option<PathBuf>,
    /// Which correction of the file [default: the only one]
    #[arg(long, value_name = "ID", requires = "cdl")]
    pub cdl_id: Option<String>,
    /// The space in which the correction is applied
    #[arg(long, value_name = "SPACE", default_value = "ACEScct")]
    pub cdl_space: String,
    /// What the correction does outside 0 to 1: nothing special, or clamp as the ASC writes
    #[arg(long, value_name = "STYLE", default_value = "no-clamp", value_parser = ["no-clamp", "asc"])]
    pub cdl_style: String,
    /// A .cube table to apply after the correction; may be given again, applied one after the other
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub lut: Vec<PathBuf>,
    /// The space that the first table takes [default: that of --from]
    #[arg(long, value_name = "SPACE", requires = "lut")]
    pub lut_input: Option<String>,
    /// The space that the last table gives [default: that of --to]
    #[arg(long, value_name = "SPACE", requires = "lut")]
    pub lut_output: Option<String>,
    /// Print the steps with their numbers instead of converting
    #[arg(long)]
    pub steps: bool,
}

const COLOR_HELP: &str = "\
Examples:
  rushes color list                                         names and short names of every space
  echo 0.391 0.391 0.391 | rushes color eval --from logc3 --to acescg
  rushes color eval --from logc4 --to rec709 --cdl shot.cc --lut show.cube --lut-input logc4 < codes.txt
  rushes color eval --from slog3 --to ap0 --steps           the matrices and curves in between

Names may be written in any case, with or without spaces. A .cube table does not say what it takes and gives: \
--lut-input and --lut-output do.";

const COLOR_EVAL_HELP: &str = "\
Examples:
  echo 0.391 0.391 0.391 | rushes color eval --from logc3 --to acescg
  rushes color eval --from logc4 --to rec709 --cdl looks.ccc --cdl-id cc0001 < codes.txt
  rushes color eval --from logc3 --to rec709 --lut show.cube < codes.txt    the table does all of it
  rushes color eval --from slog3 --to rec709 --lut log.cube --lut-input logc4 --steps

Three numbers a line, separated by spaces, tabs or commas; empty lines are passed over. Computed in double precision, \
printed as C's %.9g. A line that is not three numbers, or an unknown space, ends it with status 2.";

/// `rushes explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A plate, a frame of it, a still, a contact sheet
    #[arg(value_name = "OUTPUT", value_hint = ValueHint::AnyPath)]
    pub output: PathBuf,
    /// The folder with receipts.jsonl [default: `.rushes` in a folder above the output]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub receipts: Option<PathBuf>,
    /// Output
    #[command(flatten)]
    pub json: Json,
}

const EXPLAIN_HELP: &str = "\
Examples:
  rushes explain A001C003_PL01_v001                        the plate as a whole
  rushes explain A001C003_PL01_v001/A001C003_PL01_v001.1001.exr --json

Source, decoding, every colour op with its numbers, geometry, rule, configuration, versions: from the receipt, or without \
one from the OpenEXR header; what neither holds is named.";

/// `rushes demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Work in this folder, which must not exist yet or be empty [default: a new temporary one]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

const DEMO_HELP: &str = "\
Examples:
  rushes demo
  rushes demo --dir /tmp/tour        then look at /tmp/tour/rushes.toml and /tmp/tour/out";

/// `rushes hash`.
#[derive(Debug, Args)]
pub struct HashArgs {
    /// Files and folders; folders are walked in the order of names, links in them are not followed
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Kinds of hash, separated by commas: xxh128, xxh64, md5, sha1, sha256, c4, blake3
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_value = "xxh128")]
    pub kind: Vec<HashKind>,
    /// Output
    #[command(flatten)]
    pub json: Json,
}

const HASH_HELP: &str = "\
Examples:
  rushes hash A001.mov                      xxh128:8f0c…  A001.mov
  rushes hash --kind xxh128,md5 /mnt/roll   one line for each file and kind, read once
  rushes hash --json /mnt/roll | jq .size   one JSON object a line

A file that cannot be read is named on stderr, the rest goes on, and the exit status is 3.";

/// `rushes status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// How to ask
    #[command(flatten)]
    pub ask: AskArgs,
}

const STATUS_HELP: &str = "\
Examples:
  rushes status
  rushes status --json | jq '.folders[] | {name, health, waiting_total}'";

/// `rushes jobs`.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Only jobs in this state
    #[arg(long, value_name = "STATE", value_parser = clap::builder::PossibleValuesParser::new(crate::control::STATES))]
    pub state: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
    /// How to ask
    #[command(flatten)]
    pub ask: AskArgs,
}

const JOBS_HELP: &str = "\
Examples:
  rushes jobs --state quarantined           what failed for good, and why
  rushes jobs --json --limit 1000 | jq .    one JSON object a line";

/// `rushes retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// A job id or its beginning, a clip name or id, a path, or the words `quarantine` and `outdated`
    #[arg(value_name = "WHAT", required_unless_present = "outdated", conflicts_with = "outdated")]
    pub what: Option<String>,
    /// The same as the word `outdated`
    #[arg(long)]
    pub outdated: bool,
    /// How to ask
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `rushes cancel`.
#[derive(Debug, Args)]
pub struct WhatArgs {
    /// A job id or its beginning, a clip name or id, or a path
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// How to ask
    #[command(flatten)]
    pub ask: AskArgs,
}

const RETRY_HELP: &str = "\
Examples:
  rushes retry 3f9a          the job whose id begins so
  rushes retry A001C003      every failed job of this clip
  rushes retry quarantine    everything in quarantine
  rushes retry outdated      what an older recipe or configuration made: made again as the next version; what is there
                             is kept beside it under a new name";

const CANCEL_HELP: &str = "\
Examples:
  rushes cancel 3f9a         the job whose id begins so
  rushes cancel A001C003     every unfinished job of this clip; `rushes retry` takes them up again";

/// `rushes waive`.
#[derive(Debug, Args)]
pub struct WaiveArgs {
    /// The guardrail's code, for example CLIP-GAP
    pub code: String,
    /// Clip name, id or path
    pub clip: String,
    /// The reason; kept with your name in the journal and in the clip's sidecar
    #[arg(long, value_name = "REASON")]
    pub why: String,
    /// How to ask
    #[command(flatten)]
    pub ask: AskArgs,
}

const WAIVE_HELP: &str = "\
Example:
  rushes waive CLIP-GAP A001C003 --why 'the gap is in the original'";

const REBUILD_HELP: &str = "\
Example:
  rushes rebuild             safe at any time: finished deliverables are recognised and not made again";

/// `rushes completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  rushes completions bash > /etc/bash_completion.d/rushes
  rushes completions zsh > ~/.zfunc/_rushes
  rushes completions fish > ~/.config/fish/completions/rushes.fish";

/// `rushes man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// An existing folder, for example /usr/local/share/man/man1
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

const MAN_HELP: &str = "\
Example:
  rushes man /usr/local/share/man/man1 && man rushes-hash";

/// The definition, for completions and man pages.
#[must_use]
pub fn definition() -> clap::Command {
    Cli::command()
}

/// `1001-1048` or `1001`.
///
/// # Errors
/// A sentence for people.
pub fn frames(text: &str) -> Result<(i64, i64), String> {
    let bad = || format!("`{text}` is no range of frames; write for example 1001-1048");
    let (a, b) = text.split_once('-').unwrap_or((text, text));
    let (a, b): (i64, i64) = (a.trim().parse().map_err(|_| bad())?, b.trim().parse().map_err(|_| bad())?);
    if a <= b { Ok((a, b)) } else { Err(bad()) }
}

/// `1920x1080`.
///
/// # Errors
/// A sentence for people.
pub fn size(text: &str) -> Result<[u32; 2], String> {
    let bad = || format!("`{text}` is no size; write for example 1920x1080");
    let (w, h) = text.split_once('x').ok_or_else(bad)?;
    let side = |t: &str| t.trim().parse::<u32>().ok().filter(|n| (16..=65_536).contains(n)).ok_or_else(bad);
    Ok([side(w)?, side(h)?])
}

/// `10s`, `5m`, `2h`, `250ms`.
///
/// # Errors
/// A sentence for people.
pub fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is not a time; write for example 250ms, 10s, 5m or 2h");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
    let (number, unit) = text.split_at_checked(at).ok_or_else(bad)?;
    let n: u64 = number.parse().map_err(|_| bad())?;
    let seconds = match unit {
        "ms" => return Ok(Duration::from_millis(n)),
        "s" => Some(n),
        "m" => n.checked_mul(60),
        "h" => n.checked_mul(3600),
        _ => None,
    };
    // A century is more than anybody waits, and keeps later arithmetic far from its end.
    seconds.filter(|s| *s <= 3_153_600_000).map(Duration::from_secs).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn every_command_has_help_and_examples() {
        for c in definition().get_subcommands().filter(|c| !c.is_hide_set()) {
            assert!(c.get_about().is_some(), "{}", c.get_name());
            let help = c.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("rushes {}", c.get_name())), "{} has no example", c.get_name());
        }
    }

    #[test]
    fn times_are_read() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for bad in ["", "10", "s", "-1s", "1d", "99999999999999999999s", "9999999999h", "1.5s", "é"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
