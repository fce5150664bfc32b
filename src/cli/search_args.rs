//! The command line of `rushes search`, and its help, which teaches the language.

use super::args::AskArgs;
use clap::Args;

/// `rushes search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to find; several words are one query. Empty: every clip
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// In the order of these fields; -FIELD is the largest first [default: folder and path]
    #[arg(
        long,
        value_name = "FIELD,-FIELD",
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub sort: String,
    /// At most so many, 0 for the number alone [default: 50 on a terminal, all elsewhere]
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Clips that are not there any more, too
    #[arg(long)]
    pub all: bool,
    /// Show these fields
    #[arg(long, value_name = "FIELD,FIELD", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// Print CSV (RFC 4180) with the names of the fields in the first line
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// List every field with its short names and end
    #[arg(long)]
    pub field_names: bool,
    /// How to ask
    #[command(flatten)]
    pub ask: AskArgs,
}

/// What follows the options in its help.
pub const SEARCH_HELP: &str = "\
Examples, in single quotes because < > ( ) * mean something to the shell:
  rushes search 'reel=A001* camera.make=ARRI iso>=800'
  rushes search 'tc=10:02:11:00'                   clips that contain this timecode
  rushes search '12A \"good for sound\"'             free text: words that begin so, a phrase
  rushes search 'date=2026-11-25 and not (codec=*prores* or has:lens.model)'
  rushes search 'fps>30' --sort=-fps,reel --limit 10
  rushes search 'iso<800 path=A001/*' --csv --fields path,reel,iso,tc > list.csv
  rushes search --json 'circled=yes' | jq -r .path

Conditions side by side must all hold; `and`, `or`, `not` and brackets do what they say.
  field=value     text without regard to capitals; with * or ? a pattern of the whole text, unless in \"quotes\"
  field!=value    is there, and another one
  < <= > >=       numbers, rates (24, 23.976, 24000/1001), dates, timecode labels
  date=2026-11    the beginning of a date: 2026, 2026-11, 2026-11-25, 2026-11-25T10:30
  tc=10:02:11:00  from the clip's first label to its last, in its own rate and counting
  has:field       is there; has:lens is any of its group
  word            a word of name, path, reel, slate, camera, lens, format, colour, sound or show begins so
A field that a clip does not have passes no comparison, != neither; `not` turns that round.

Fields are those of docs/fields.md (camera.make, exposure.iso, audio.tracks.name) and path, folder, show, present. The last part is \
enough where only one field has it (iso, scene, codec); name, make, model, serial, fps, width, height, date, duration mean those of \
clip, camera, file and picture. `rushes search --field-names` lists all.

The daemon answers. Clips that are not there any more are left out unless --all is given or the query says present=no. On a terminal \
the answer is a table, in a pipe one clip a line with its path first (tabs between), with --json one JSON object a line (schema \
rushes.hit/1). A frame sequence is shown as FOLDER/NAME.[1001-1240].dpx. Exit status 0 also when nothing was found, 2 for a query that \
cannot be read.";
