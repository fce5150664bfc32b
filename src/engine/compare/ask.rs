//! Asking the programs that are installed.
//!
//! A program never sees the name of the file: it gets a link with a plain name in a private folder, which keeps only an
//! extension of letters and digits. So nothing in a name is an option, a protocol, a pattern or a pipe, and MediaInfo takes no
//! numbered neighbours for parts of the same picture.

use super::{TOOLS, Tool};
use crate::engine::process::{Call, Cancel, Ended, find, run};
use crate::model::Error;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest time for one program and one file, seconds.
const SECONDS: u64 = 60;
/// Longest answer that is read, bytes.
const MOST_ANSWER: usize = 16 << 20;

/// What came of asking one program about one file.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Its JSON.
    Said(Json),
    /// It gave no answer; one sentence.
    Failed(String),
}

/// The programs that are installed.
#[derive(Debug)]
pub struct Asker {
    programs: Vec<(Tool, PathBuf)>,
    folder: PathBuf,
    count: AtomicU64,
}

impl Asker {
    /// Looks for the programs in the usual system folders. Links are made in `folder`, which is private to this process.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let programs = TOOLS.iter().filter_map(|t| Some((*t, find(t.name())?))).collect();
        Self { programs, folder: folder.to_path_buf(), count: AtomicU64::new(0) }
    }

    /// Those that are there.
    pub fn installed(&self) -> impl Iterator<Item = Tool> + '_ {
        self.programs.iter().map(|(t, _)| *t)
    }

    /// Those that are not.
    #[must_use]
    pub fn missing(&self) -> Vec<Tool> {
        TOOLS.iter().copied().filter(|t| !self.installed().any(|i| i == *t)).collect()
    }

    /// Asks every installed program about `file` (absolute).
    ///
    /// # Errors
    /// `OUTPUT-FAILED` when the link cannot be made.
    pub fn ask(&self, file: &Path, cancel: &Cancel) -> Result<Vec<(Tool, Answer)>, Error> {
        let place = self.folder.join(format!("compare-{}", self.count.fetch_add(1, Ordering::Relaxed)));
        let failed = |e: std::io::Error| Error::io("OUTPUT-FAILED", "make a link", &e).at(&place);
        std::fs::create_dir(&place).map_err(failed)?;
        let link = place.join(plain_name(file));
        let linked = std::os::unix::fs::symlink(file, &link).map_err(failed);
        let answers = linked.map(|()| {
            let all = self.programs.iter();
            all.map(|(tool, program)| (*tool, answer(*tool, program, &link, cancel))).collect()
        });
        // The private folder is removed as a whole in the end.
        let _ = std::fs::remove_file(&link).and_then(|()| std::fs::remove_dir(&place));
        answers
    }
}

/// `media`, with the extension when that is plain.
fn plain_name(file: &Path) -> String {
    let plain = |e: &&str| e.len() <= 8 && e.bytes().all(|b| b.is_ascii_alphanumeric());
    match file.extension().and_then(|e| e.to_str()).filter(plain) {
        Some(e) => format!("media.{e}"),
        None => "media".to_owned(),
    }
}

/// The arguments for a file, which is absolute.
fn call(tool: Tool, program: &Path, link: &Path) -> Call {
    let mut call = Call::new(program, SECONDS);
    call.max_stdout = MOST_ANSWER;
    let fixed: &[&str] = match tool {
        // an empty configuration: a file of that name could hold a program
        Tool::Exiftool => &["-config", "", "-j", "-G1", "-struct", "-api", "LargeFileSupport=1"],
        Tool::Mediainfo => &["--Output=JSON"],
        // a playlist or a stream description leads nowhere but to files
        Tool::Ffprobe => {
            &["-v", "error", "-protocol_whitelist", "file,pipe", "-show_streams", "-show_format", "-of", "json"]
        }
    };
    call.args = fixed.iter().map(Into::into).collect();
    let mut last = std::ffi::OsString::from(if tool == Tool::Ffprobe { "file:" } else { "" });
    last.push(link);
    call.args.push(last);
    call
}

fn answer(tool: Tool, program: &Path, link: &Path, cancel: &Cancel) -> Answer {
    let name = tool.name();
    let done = match run(&call(tool, program, link), cancel) {
        Ok(d) => d,
        Err(e) => return Answer::Failed(e.to_string()),
    };
    match done.ended {
        Ended::TimedOut => return Answer::Failed(format!("{name} took longer than {SECONDS} s")),
        Ended::Signal(n) => return Answer::Failed(format!("{name} died of signal {n}")),
        Ended::Cancelled | Ended::Lost => return Answer::Failed(format!("{name} was stopped")),
        Ended::Code(_) => {}
    }
    if done.stdout_cut {
        return Answer::Failed(format!("{name} says more than {} MiB about one file", MOST_ANSWER >> 20));
    }
    // The exit status says only whether it liked the file.
    match serde_json::from_slice(&done.stdout) {
        Ok(json) => Answer::Said(json),
        Err(_) => {
            let said = String::from_utf8_lossy(&done.stderr);
            let said = said.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("nothing");
            let link = link.to_string_lossy();
            let said: String =
                said.replace(&format!("file:{link}"), "it").replace(&*link, "it").chars().take(200).collect();
            Answer::Failed(format!("{name} cannot read it; it says: {said}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_name_reaches_a_program() {
        for (name, want) in [
            ("/a/-b.mov", "media.mov"),
            ("/a/b.MOV", "media.MOV"),
            ("/a/rm -rf |", "media"),
            ("/a/x.m|v", "media"),
            ("/a/x.verylongextension", "media"),
            ("/a/http:x.mxf", "media.mxf"),
            ("/a/.hidden", "media"),
        ] {
            assert_eq!(plain_name(Path::new(name)), want);
        }
        for tool in TOOLS {
            let c = call(tool, Path::new("/x"), Path::new("/t/media.mov"));
            let last = c.args.last().unwrap().to_str().unwrap();
            assert!(last == "/t/media.mov" || last == "file:/t/media.mov", "{last}");
        }
    }

    #[test]
    fn whoever_is_installed_answers() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("-x |");
        std::fs::write(&file, b"no media").unwrap();
        let asker = Asker::new(dir.path());
        let answers = asker.ask(&file, &Cancel::new()).unwrap();
        assert_eq!(answers.len() + asker.missing().len(), TOOLS.len());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no link is left");
        for (tool, answer) in answers {
            println!("{}: {answer:?}", tool.name());
            if let Answer::Failed(why) = answer {
                assert!(!why.contains("/media"), "the link is our own matter: {why}");
            }
        }
    }

    #[test]
    fn a_program_that_answers_nonsense() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("media");
        let a = answer(Tool::Mediainfo, Path::new("/bin/true"), &link, &Cancel::new());
        assert_eq!(a, Answer::Failed("mediainfo cannot read it; it says: nothing".into()));
        assert!(matches!(answer(Tool::Mediainfo, Path::new("/no"), &link, &Cancel::new()), Answer::Failed(_)));
    }
}
