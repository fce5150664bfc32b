//! `[recipe.NAME]` of the kinds that make pictures.

use super::Emit;
use super::reader::Reader;
use super::source::Spot;
use crate::engine::colour;
use crate::engine::deliver::{
    CdlGrade, ContactSheetRecipe, ExrBlocks, LutFile, PlateFormat, PlateRecipe, ProxyRecipe, Recipe, StillFormat,
    StillFrame, StillRecipe, Treatment,
};
use crate::engine::document;
use crate::engine::encode::{dpx::DpxDepth, png::PngDepth};
use crate::engine::framing::Filter;
use crate::engine::video::{ProResProfile, Range, VideoCodec};
use crate::model::{Error, Rational};
use crate::rules::closest;
use crate::rules::template::Template;
use std::path::{Path, PathBuf};

/// A kind of picture recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Frames for visual effects.
    Plate,
    /// One picture.
    Still,
    /// Many small pictures.
    ContactSheet,
    /// A movie.
    Proxy,
}

/// What is rendered for the eye when nothing else is said: the picture of a video camera.
pub(crate) const VIEWING: &str = "Camera Rec.709";
/// In place of a space: the source's own, so that nothing is converted.
pub(crate) const AS_SOURCE: &str = "source";

/// Keys that every picture recipe has.
const COMMON: &[&str] = &[
    "kind",
    "name",
    "color",
    "source",
    "source_range",
    "cdl",
    "cdl_id",
    "cdl_space",
    "lut",
    "lut_input",
    "lut_output",
    "fit",
];

impl Kind {
    /// Its own keys.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Plate => &["format", "compression", "bits", "first_frame", "plate"],
            Self::Still => &["format", "quality", "bits", "frame"],
            Self::ContactSheet => &["format", "quality", "bits", "columns", "rows"],
            Self::Proxy => &["codec", "profile", "crf", "audio", "frame_rate"],
        }
    }

    /// As it is written.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plate => "plate",
            Self::Still => "still",
            Self::ContactSheet => "contact-sheet",
            Self::Proxy => "proxy",
        }
    }

    /// Every kind.
    pub(super) const ALL: [Self; 4] = [Self::Plate, Self::Still, Self::ContactSheet, Self::Proxy];
}

/// The recipes that need no table: those of the kind's own name.
pub(crate) fn built_in(name: &str) -> Option<Recipe> {
    let kind = Kind::ALL.into_iter().find(|k| k.as_str() == name)?;
    Some(match kind {
        Kind::Plate => Recipe::Plate(PlateRecipe {
            format: PlateFormat::Exr { compression: ExrBlocks::Zip },
            treatment: treatment("ACES2065-1", None),
            first_frame: Some(1001),
        }),
        Kind::Still => Recipe::Still(StillRecipe {
            format: StillFormat::Jpeg { quality: 90 },
            frame: StillFrame::Middle,
            treatment: treatment(VIEWING, Some([1920, 1080])),
        }),
        Kind::ContactSheet => Recipe::ContactSheet(ContactSheetRecipe {
            format: StillFormat::Jpeg { quality: 90 },
            columns: 5,
            rows: 4,
            treatment: treatment(VIEWING, Some([384, 216])),
        }),
        Kind::Proxy => Recipe::Proxy(ProxyRecipe {
            codec: VideoCodec::H264 { crf: 18 },
            audio: true,
            frame_rate: None,
            treatment: treatment(VIEWING, Some([1920, 1080])),
        }),
    })
}

fn treatment(color: &str, within: Option<[u32; 2]>) -> Treatment {
    Treatment {
        source: None,
        source_decides: false,
        source_range: None,
        color: color.to_owned(),
        cdl: None,
        lut: None,
        within,
        filter: Filter::Lanczos3,
        square: within.is_some(),
        seal: false,
    }
}

/// Reads one; `None` if it has errors. `base` is the folder of the file, for looks.
pub(super) fn read(kind: Kind, label: &Spot<String>, r: &Reader<'_>, base: &Path) -> Option<Emit> {
    let mut good = true;
    for key in r.written() {
        if !COMMON.contains(&key.value.as_str()) && !kind.keys().contains(&key.value.as_str()) {
            let known = COMMON.iter().chain(kind.keys()).copied();
            let near = closest(&key.value, known).map(|n| format!("did you mean `{n}`?"));
            let text = format!("`{}` is no key of a recipe of kind \"{}\"", key.value, kind.as_str());
            r.out().push(key.at.error(text).maybe_suggest(near));
            good = false;
        }
    }
    let mut recipe = built_in(kind.as_str())?;
    match &mut recipe {
        Recipe::Plate(p) => good &= plate(r, p),
        Recipe::Still(s) => {
            good &= picture_format(r, &mut s.format);
            good &= still_frame(r, &mut s.frame);
            good &= treat(r, &mut s.treatment, base);
        }
        Recipe::ContactSheet(s) => {
            good &= picture_format(r, &mut s.format);
            good &= whole(r, "columns", 1..=20, &mut s.columns) & whole(r, "rows", 1..=20, &mut s.rows);
            good &= treat(r, &mut s.treatment, base);
        }
        Recipe::Proxy(p) => {
            good &= proxy(r, p);
            good &= treat(r, &mut p.treatment, base);
            good &= can_be_tagged(r, p);
        }
        Recipe::Sidecar(_) => return None,
    }
    if let Recipe::Plate(p) = &mut recipe {
        good &= treat(r, &mut p.treatment, base);
    }
    let number = r.integer("plate", 1..=99).map(|s| s.value);
    good &= number.is_some() || r.has("plate").is_none();
    let template = template(r, &recipe)?;
    good.then(|| Emit { name: label.value.clone(), recipe, template, plate: number.unwrap_or(1) })
}

/// A whole number; false if it is wrong.
fn whole(r: &Reader<'_>, key: &str, range: std::ops::RangeInclusive<i64>, into: &mut u32) -> bool {
    match r.integer(key, range).and_then(|s| u32::try_from(s.value).ok()) {
        Some(n) => {
            *into = n;
            true
        }
        None => r.has(key).is_none(),
    }
}

/// A word; false if it is wrong.
fn word<T: Clone>(r: &Reader<'_>, key: &str, of: &[(&str, T)], into: &mut T) -> bool {
    match r.choice(key, of, &[]) {
        Some(v) => {
            *into = v.value;
            true
        }
        None => r.has(key).is_none(),
    }
}

fn plate(r: &Reader<'_>, p: &mut PlateRecipe) -> bool {
    let mut is_dpx = false;
    let mut good = word(r, "format", &[("exr", false), ("dpx", true)], &mut is_dpx);
    let mut compression = ExrBlocks::Zip;
    let blocks =
        [("none", ExrBlocks::None), ("zips", ExrBlocks::Zips), ("zip", ExrBlocks::Zip), ("piz", ExrBlocks::Piz)];
    good &= word(r, "compression", &blocks, &mut compression);
    let bits = r.integer("bits", 10..=16);
    if is_dpx {
        let bits = bits.map_or(16, |s| s.value);
        if let (false, Some(at)) = (matches!(bits, 10 | 16), r.has("bits")) {
            r.out().push(at.error("a DPX plate has 10 or 16 bits"));
            good = false;
        }
        if let Some(at) = r.has("compression") {
            r.out().push(at.error("DPX frames are not compressed").suggest("remove `compression`"));
            good = false;
        }
        p.format = PlateFormat::Dpx { depth: if bits == 10 { DpxDepth::Ten } else { DpxDepth::Sixteen } };
        p.treatment.color = AS_SOURCE.to_owned();
    } else {
        if let Some(at) = r.has("bits") {
            r.out().push(at.error("an OpenEXR plate is 16-bit half").suggest("remove `bits`"));
            good = false;
        }
        p.format = PlateFormat::Exr { compression };
    }
    good & first_frame(r, &mut p.first_frame)
}

/// A number, or `"source"`.
fn first_frame(r: &Reader<'_>, into: &mut Option<i64>) -> bool {
    if r.is_text("first_frame") {
        let found = r.choice("first_frame", &[(AS_SOURCE, ())], &[]);
        *into = None;
        return found.is_some();
    }
    match r.integer("first_frame", 0..=9_999_999) {
        Some(n) => {
            *into = Some(n.value);
            true
        }
        None => r.has("first_frame").is_none(),
    }
}

fn proxy(r: &Reader<'_>, p: &mut ProxyRecipe) -> bool {
    let mut prores = false;
    let mut good = word(r, "codec", &[("h264", false), ("prores", true)], &mut prores);
    let mut profile = ProResProfile::Proxy;
    let profiles = [
        ("proxy", ProResProfile::Proxy),
        ("lt", ProResProfile::Lt),
        ("standard", ProResProfile::Standard),
        ("hq", ProResProfile::Hq),
    ];
    good &= word(r, "profile", &profiles, &mut profile);
    let mut crf = 18;
    good &= whole(r, "crf", 1..=51, &mut crf);
    let stray = if prores { "crf" } else { "profile" };
    if let Some(at) = r.has(stray) {
        let of = if prores { "`codec = \"h264\"`" } else { "`codec = \"prores\"`" };
        r.out().push(at.error(format!("`{stray}` belongs to {of}")).suggest(format!("remove `{stray}`")));
        good = false;
    }
    p.codec = match prores {
        true => VideoCodec::ProRes { profile },
        false => VideoCodec::H264 { crf: u8::try_from(crf).unwrap_or(18) },
    };
    match r.boolean("audio") {
        Some(b) => p.audio = b.value,
        None => good &= r.has("audio").is_none(),
    }
    match r.parsed("frame_rate", |t| t.parse::<Rational>()) {
        Some(rate) => p.frame_rate = Some(rate.value),
        None => good &= r.has("frame_rate").is_none(),
    }
    good
}

/// Whether a movie can hold its pictures; what is wrong is said.
fn can_be_tagged(r: &Reader<'_>, p: &ProxyRecipe) -> bool {
    match (movie_holds(&p.treatment.color), r.has("color")) {
        (Err((text, fix)), Some(at)) => {
            r.out().push(at.error(text).suggest(fix));
            false
        }
        _ => true,
    }
}

/// Whether a movie of 8 or 10 bits can hold pictures of a space.
///
/// # Errors
/// A sentence for people, and what to do.
pub(crate) fn movie_holds(color: &str) -> Result<(), (String, String)> {
    match colour::find(color).filter(|s| matches!(s.kind, colour::Kind::SceneLinear | colour::Kind::DisplayLinear)) {
        None => Ok(()),
        Some(space) => Err((
            format!("a movie of 8 or 10 bits does not hold linear light, as `{}` is", space.name),
            format!("use \"{VIEWING}\", a logarithmic space, or `source`"),
        )),
    }
}

fn still_frame(r: &Reader<'_>, into: &mut StillFrame) -> bool {
    if r.is_text("frame") {
        let words = [("first", StillFrame::First), ("middle", StillFrame::Middle), ("last", StillFrame::Last)];
        return word(r, "frame", &words, into);
    }
    match r.integer("frame", -9_999_999..=99_999_999) {
        Some(n) => {
            *into = StillFrame::Number(n.value);
            true
        }
        None => r.has("frame").is_none(),
    }
}

fn picture_format(r: &Reader<'_>, into: &mut StillFormat) -> bool {
    let mut png = false;
    let mut good = word(r, "format", &[("jpeg", false), ("png", true)], &mut png);
    let quality = r.integer("quality", 1..=100).map(|s| s.value);
    good &= quality.is_some() || r.has("quality").is_none();
    let bits = r.integer("bits", 8..=16);
    good &= bits.is_some() || r.has("bits").is_none();
    if png {
        let bits = bits.map_or(8, |s| s.value);
        if let (false, Some(at)) = (matches!(bits, 8 | 16), r.has("bits")) {
            r.out().push(at.error("a PNG has 8 or 16 bits"));
            good = false;
        }
        *into = StillFormat::Png { depth: if bits == 16 { PngDepth::Sixteen } else { PngDepth::Eight } };
    } else {
        if let Some(at) = r.has("bits") {
            r.out().push(at.error("a JPEG has 8 bits").suggest("remove `bits`, or use format = \"png\""));
            good = false;
        }
        *into = StillFormat::Jpeg { quality: quality.and_then(|q| u8::try_from(q).ok()).unwrap_or(90) };
    }
    good
}

/// Colour and size.
fn treat(r: &Reader<'_>, t: &mut Treatment, base: &Path) -> bool {
    let mut good = space(r, "color", true, &mut t.color);
    let mut source = String::new();
    good &= space(r, "source", false, &mut source);
    t.source = Some(source).filter(|s| !s.is_empty());
    let ranges = [("video", Some(Range::Video)), ("full", Some(Range::Full))];
    good &= word(r, "source_range", &ranges, &mut t.source_range);
    good &= fit(r, t);
    good &= cdl(r, t, base);
    good &= lut(r, t, base);
    if let (Some(at), true) = (r.has("color"), t.color == AS_SOURCE && (t.cdl.is_some() || t.lut.is_some())) {
        r.out().push(at.error("a look cannot be applied where nothing is converted").suggest("name a colour space"));
        good = false;
    }
    good
}

/// A colour space by name or alias; false if it is wrong.
fn space(r: &Reader<'_>, key: &str, or_source: bool, into: &mut String) -> bool {
    let Some(text) = r.text(key) else { return r.has(key).is_none() };
    if or_source && text.value == AS_SOURCE {
        AS_SOURCE.clone_into(into);
        return true;
    }
    match colour::find(&text.value) {
        Some(s) => {
            s.name.clone_into(into);
            true
        }
        None => {
            let fix = match closest(&text.value, colour::SPACES.iter().map(|s| s.name)) {
                Some(n) => format!("did you mean \"{n}\"?"),
                None => "`rushes color list` shows them".to_owned(),
            };
            let text = text.at.error(format!("there is no colour space `{}`", super::values::shown(&text.value)));
            r.out().push(text.suggest(fix));
            false
        }
    }
}

/// `source` of a show's colour settings.
pub(super) fn source_space(r: &Reader<'_>) -> Option<String> {
    let mut found = String::new();
    space(r, "source", false, &mut found);
    Some(found).filter(|s| !s.is_empty())
}

fn fit(r: &Reader<'_>, t: &mut Treatment) -> bool {
    let Some(f) = r.table("fit", &super::shape::FIT) else { return r.has("fit").is_none() };
    let filters = [
        ("lanczos3", Filter::Lanczos3),
        ("catmull-rom", Filter::CatmullRom),
        ("mitchell", Filter::Mitchell),
        ("bilinear", Filter::Bilinear),
        ("box", Filter::Box),
        ("nearest", Filter::Nearest),
    ];
    let mut good = word(&f, "filter", &filters, &mut t.filter);
    match f.boolean("square") {
        Some(b) => t.square = b.value,
        None => good &= f.has("square").is_none(),
    }
    let (mut width, mut height) = (65_536, 65_536);
    good &= whole(&f, "width", 16..=65_536, &mut width) & whole(&f, "height", 16..=65_536, &mut height);
    if f.has("width").is_some() || f.has("height").is_some() {
        t.within = Some([width, height]);
    }
    good
}

/// Reads a look's file, relative to the configuration's.
fn look_file(r: &Reader<'_>, key: &str, base: &Path) -> Option<(Spot<String>, PathBuf, Vec<u8>)> {
    let text = r.text(key)?;
    let path = base.join(&text.value);
    let path = std::path::absolute(&path).unwrap_or(path);
    let bytes = std::fs::metadata(&path).and_then(|m| {
        if m.is_file() && m.len() <= document::cube::MOST_BYTES {
            std::fs::read(&path)
        } else {
            Err(std::io::Error::other("it is no file, or larger than 256 MiB"))
        }
    });
    match bytes {
        Ok(b) => Some((text, path, b)),
        Err(e) => {
            r.out().push(text.at.error(format!("cannot read {}: {e}", path.display())));
            None
        }
    }
}

fn cdl(r: &Reader<'_>, t: &mut Treatment, base: &Path) -> bool {
    let mut working = "ACEScct".to_owned();
    let mut good = space(r, "cdl_space", false, &mut working);
    let id = r.text("cdl_id").map(|s| s.value);
    if r.has("cdl").is_none() {
        for key in ["cdl_id", "cdl_space"] {
            if let Some(at) = r.has(key) {
                r.out().push(at.error(format!("`{key}` belongs to `cdl`, which is not given")));
                good = false;
            }
        }
        return good;
    }
    let Some((text, path, bytes)) = look_file(r, "cdl", base) else { return false };
    match grade(&path, &bytes, id.as_deref(), &working) {
        Ok(g) => t.cdl = Some(g),
        Err(e) => {
            r.out().push(text.at.error(e));
            good = false;
        }
    }
    good
}

/// The correction in a CDL document.
///
/// # Errors
/// A sentence for people.
pub(crate) fn grade(path: &Path, bytes: &[u8], id: Option<&str>, space: &str) -> Result<CdlGrade, String> {
    let found = document::cdl::read(bytes, &crate::model::Limits::default()).map_err(|e| sentence(path, &e))?;
    let one = document::cdl::select(&found, id).map_err(|e| sentence(path, &e))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = one.id.as_ref().map_or_else(|| file.to_string(), |id| format!("{file} {id}"));
    Ok(CdlGrade {
        name,
        slope: one.slope,
        offset: one.offset,
        power: one.power,
        saturation: one.saturation,
        space: space.to_owned(),
    })
}

/// An error about a look file, without its code, which the caller adds.
fn sentence(path: &Path, e: &Error) -> String {
    let line = e.place.line.filter(|_| !e.what.starts_with("line "));
    let line = line.map_or_else(String::new, |n| format!(" line {n}:"));
    let fix = e.fix.as_ref().map_or_else(String::new, |f| format!("; {f}"));
    format!("{}:{line} {}{fix}", path.display(), e.what)
}

fn lut(r: &Reader<'_>, t: &mut Treatment, base: &Path) -> bool {
    let (mut input, mut output) = (String::new(), VIEWING.to_owned());
    let mut good = space(r, "lut_input", false, &mut input) & space(r, "lut_output", false, &mut output);
    if r.has("lut").is_none() {
        for key in ["lut_input", "lut_output"] {
            if let Some(at) = r.has(key) {
                r.out().push(at.error(format!("`{key}` belongs to `lut`, which is not given")));
                good = false;
            }
        }
        return good;
    }
    let Some((text, path, bytes)) = look_file(r, "lut", base) else { return false };
    if r.has("lut_input").is_none() {
        let fix = "add lut_input = \"ARRI LogC3 (EI800)\" or whatever the LUT was made for";
        r.out().push(text.at.error("a .cube file does not say which space it takes").suggest(fix));
        return false;
    }
    match lut_file(&path, &bytes, &input, &output) {
        Ok(l) => t.lut = Some(l),
        Err(e) => {
            r.out().push(text.at.error(e));
            good = false;
        }
    }
    good
}

/// The reference to a `.cube` file, after it was read once.
///
/// # Errors
/// A sentence for people.
pub(crate) fn lut_file(path: &Path, bytes: &[u8], input: &str, output: &str) -> Result<LutFile, String> {
    document::cube::read(bytes).map_err(|e| sentence(path, &e))?;
    Ok(LutFile {
        path: path.to_path_buf(),
        sha256: colour::sha256(bytes),
        input: input.to_owned(),
        output: output.to_owned(),
    })
}

/// `Some(None)` without `name`; `None` if it has flaws.
fn template(r: &Reader<'_>, recipe: &Recipe) -> Option<Option<Template>> {
    let Some(text) = r.text("name") else {
        return r.has("name").is_none().then_some(None);
    };
    let given: &[&str] = if recipe.is_per_frame() {
        &["version", "frame", "ext", "plate", "recipe"]
    } else {
        &["version", "ext", "plate", "recipe"]
    };
    let template = match Template::parse(&text.value, given) {
        Ok(t) => t,
        Err(flaws) => {
            for f in flaws {
                r.out().push(text.at.inside(f.offset, f.length).error(f.message).maybe_suggest(f.suggestion));
            }
            return None;
        }
    };
    if !template.fields().any(|f| super::recipes::UNIQUE.contains(&f)) {
        let d = text.at.warning("clips with the same values meet under this name, and later ones get the next version");
        r.out().push(d.suggest("add {clip}, the clip's own name"));
    }
    let ext = recipe.extension().unwrap_or_default();
    let mut wrong: Vec<(String, String)> = Vec::new();
    let (folder, file) = text.value.rsplit_once('/').unwrap_or(("", &text.value));
    if !(file.ends_with(&format!(".{ext}")) || file.ends_with(".{ext}")) {
        wrong.push((format!("this recipe makes .{ext} files"), format!("end the name with .{ext} or .{{ext}}")));
    }
    if text.value.contains(['<', '>']) {
        wrong.push(("a name cannot hold `<` or `>`".to_owned(), "leave them out".to_owned()));
    }
    if recipe.is_per_frame() {
        if file.matches("{frame").count() != 1 || folder.contains("{frame") {
            let fix = format!("for example {{clip}}_v{{version:03}}/{{clip}}_v{{version:03}}.{{frame:04}}.{ext}");
            wrong.push(("the frame number belongs in the file's name, once".to_owned(), fix));
        }
        let own = folder.rsplit('/').next().unwrap_or_default();
        if !own.contains("{version") {
            let fix = "put the file in a folder such as {clip}_v{version:03}/ before it".to_owned();
            wrong.push(("frames lie in a folder of their own, whose name has a {version}".to_owned(), fix));
        }
    }
    let ok = wrong.is_empty();
    for (message, fix) in wrong {
        r.out().push(text.at.error(message).suggest(fix));
    }
    ok.then_some(Some(template))
}
