//! Names of picture deliverables, and whether they can be made at all. Pure.

use super::frames::frame_numbers;
use super::names::{OutputPattern, stand_in};
use super::plan::{Naming, check_output_path, escapes, single_name};
use crate::engine::deliver::{PlannedOutput, Recipe};
use crate::model::{ClipDoc, Error, ErrorKind, MediaPath};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What a recipe makes.
struct Shape {
    part: &'static str,
    extension: &'static str,
    /// One file a frame, in a folder of its own.
    per_frame: bool,
}

fn shape(recipe: &Recipe) -> Option<Shape> {
    let (part, extension, per_frame) = match recipe {
        Recipe::Sidecar(_) => return None,
        Recipe::Plate(p) => ("plate", p.format.extension(), true),
        Recipe::Still(s) => ("still", s.format.extension(), false),
        Recipe::ContactSheet(s) => ("contact-sheet", s.format.extension(), false),
        Recipe::Proxy(_) => ("proxy", "mov", false),
    };
    Some(Shape { part, extension, per_frame })
}

impl Recipe {
    /// The ending of its files, for picture recipes.
    #[must_use]
    pub fn extension(&self) -> Option<&'static str> {
        shape(self).map(|s| s.extension)
    }

    /// Whether it makes one file a frame, in a folder of its own.
    #[must_use]
    pub fn is_per_frame(&self) -> bool {
        shape(self).is_some_and(|s| s.per_frame)
    }
}

/// The output of a picture recipe.
pub(super) fn plan(clip: &ClipDoc, recipe: &Recipe, naming: Naming<'_>) -> Result<PlannedOutput, Error> {
    let shape = shape(recipe).ok_or_else(|| escapes("this recipe makes no pictures"))?;
    can_be_made(clip, recipe)?;
    let whole = match naming {
        Naming::Pattern(p) => p.to_path_buf(),
        Naming::Beside { dir, stem, recipe } => {
            single_name(stem)?;
            dir.join(default_name(clip, stem, recipe, &shape))
        }
    };
    let (unit, file) = split(&whole, &shape)?;
    let folder = file.is_some();
    let pattern = OutputPattern { unit: MediaPath::from(unit), file };
    let mut planned =
        PlannedOutput { path: pattern.unit.clone(), part: shape.part.to_owned(), supersede: false, pattern: None };
    let versioned = pattern.unit.to_text().contains("<version:");
    if folder || versioned {
        planned.pattern = Some(pattern);
        planned.path = planned.at_version(1);
    }
    check_output_path(planned.path.as_path())?;
    if let Some(name) = planned.file_name(9999, 9_999_999) {
        check_output_path(&planned.path.as_path().join(name))?;
    }
    Ok(planned)
}

/// `CLIP_PL01_v001/CLIP_PL01_v001.1001.exr` for plates (other recipes of that kind: their own name in place of `PL01`),
/// `B.mov.still.jpg` for what is one file.
fn default_name(clip: &ClipDoc, stem: &OsStr, recipe: &str, shape: &Shape) -> PathBuf {
    if shape.per_frame {
        let name: String = clip.clip.name.chars().map(plain).collect();
        let element = if recipe == "plate" { "PL01" } else { recipe };
        let base = format!("{name}_{element}_v{}", stand_in("version", 3));
        return Path::new(&base).join(format!("{base}.{}.{}", stand_in("frame", 4), shape.extension));
    }
    let mut name: OsString = stem.to_owned();
    name.push(format!(".{recipe}.{}", shape.extension));
    PathBuf::from(name)
}

/// The characters of plate names as studios ask for them.
fn plain(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' }
}

/// What is published as one, and the names in it when that is a folder.
fn split(whole: &Path, shape: &Shape) -> Result<(PathBuf, Option<String>), Error> {
    let last = whole.file_name().unwrap_or_default();
    let parent = whole.parent().filter(|p| !p.as_os_str().is_empty());
    let in_folder = shape.per_frame || parent.is_some_and(ends_versioned);
    if !in_folder {
        return Ok((whole.to_path_buf(), None));
    }
    let file = last.to_str().ok_or_else(|| escapes("the name of a plate's frames is not UTF-8"))?;
    let Some(parent) = parent else {
        return Err(escapes("the frames of a plate lie in a folder of their own, and the name gives none"));
    };
    Ok((parent.to_path_buf(), Some(file.to_owned())))
}

fn ends_versioned(folder: &Path) -> bool {
    folder.file_name().is_some_and(|n| n.to_string_lossy().contains("<version:"))
}

/// What is known before any pixel is read.
fn can_be_made(clip: &ClipDoc, recipe: &Recipe) -> Result<(), Error> {
    if clip.image.width.is_none() || clip.image.height.is_none() {
        let what = "the clip has no picture, or its size is not known (`image.width`, `image.height`)";
        return Err(Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", what));
    }
    if !clip.format.decodable {
        let codec = clip.format.codec.as_deref().unwrap_or("unknown");
        let what = || format!("pictures of {} with the codec {codec} cannot be decoded", clip.format.id);
        return Err(Error::unsupported(clip.format.undecodable.clone().unwrap_or_else(what)));
    }
    let numbers = frame_numbers(clip)?;
    if numbers.is_empty() {
        return Err(Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", "the clip has no frames"));
    }
    super::pass::space_is_known(recipe, clip)?;
    match recipe {
        Recipe::Still(s) if s.frame.choose(&numbers).is_none() => {
            let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0));
            let what = format!("the clip has no {} among its frames {first} to {last}", s.frame);
            Err(Error::new(ErrorKind::Unsupported, "FRAMES-OUTSIDE", what).fix("name a frame that is there"))
        }
        Recipe::Proxy(p) if p.rate_for(clip).is_none() => {
            let (what, fix) = match p.takes_a_rate(clip) {
                true => (
                    "a movie needs a frame rate, and the clip says none (`fps.project`)",
                    "state it: `frame_rate` of the recipe or of the show",
                ),
                false => ("the frames of the clip have no one rate (`fps.project`)", "bring it to one rate first"),
            };
            Err(Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", what).fix(fix))
        }
        Recipe::Proxy(_) if !clip.clip.gaps.is_empty() => {
            let n = clip.clip.gaps.len();
            let what = format!("the clip lacks frames in {n} places; a movie without them would be out of step");
            Err(Error::new(ErrorKind::Unsupported, "FRAMES-MISSING", what).fix("bring the missing frames"))
        }
        _ => Ok(()),
    }
}
