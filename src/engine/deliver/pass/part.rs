//! What one output needs of each frame: its ops, its geometry, its account.

use super::source_space::{Decision, decide, named};
use super::told::told;
use crate::engine::colour::{Builder, Cdl, CdlStyle, Chain, Kernel, Op, Space, ops_of_cube, sha256};
use crate::engine::deliver::{
    ACCOUNT_SCHEMA, Account, ColorAccount, JobFile, LutFile, Part, PlannedOutput, Recipe, SourceAccount, Treatment,
    frames_within,
};
use crate::engine::framing::{Crop, Filter, Fit, Placement, Target};
use crate::engine::video::VideoCodec;
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, MediaPath, Warning};
use std::collections::{BTreeMap, BTreeSet};

/// In place of a space: the source's own.
const AS_SOURCE: &str = "source";
/// Where pictures are scaled: light, in the widest gamut.
const LINEAR: &str = "ACES2065-1";

/// One output of the job.
pub(super) struct PartPlan<'a> {
    /// Its number in staging.
    pub index: usize,
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The output.
    pub planned: &'a PlannedOutput,
    /// The frames that it needs, of those of the job; all when `None`.
    pub only: Option<BTreeSet<i64>>,
    /// Ops before resampling.
    pub before: Chain,
    /// Those before and those after it, ready to run.
    pub kernels: (Kernel, Kernel),
    /// Geometry.
    pub placement: Placement,
    /// Degrees, clockwise, by which the finished picture is turned.
    pub rotation: u16,
    /// Whether every pixel stays where it is: then `before` is all there is.
    pub unscaled: bool,
    /// The filter.
    pub filter: Filter,
    /// The space of the output; `None`: as the source, whatever that is.
    pub space: Option<&'static Space>,
    /// What to add to a source frame's number; 0 for outputs that are not one file a frame.
    pub renumber: i64,
    /// The account without what is known only later.
    account: Account,
    /// The file of each frame, where each has its own.
    files: BTreeMap<i64, MediaPath>,
}

/// The files of the LUTs of a job by their path, read before the worker locked itself in.
pub(super) type Looks = BTreeMap<std::path::PathBuf, Vec<u8>>;

/// Every output of the job, ready to be made of frames of `size`.
pub(super) fn plans<'a>(
    job: &'a JobFile,
    doc: &ClipDoc,
    size: (u32, u32),
    looks: &Looks,
    frames: &[i64],
) -> Result<Vec<PartPlan<'a>>, Error> {
    let bounds = job.whole.or(job.frames);
    let whole = frames_within(doc, bounds)?;
    let mut out = Vec::new();
    for part in job.parts() {
        for (n, planned) in part.outputs.iter().enumerate() {
            let plan = plan(&part, planned, part.first + n, doc, size, looks, (frames, &whole))?;
            out.push(PartPlan { files: files_of(job, frames), ..plan });
        }
    }
    Ok(out)
}

fn plan<'a>(
    part: &Part<'a>,
    planned: &'a PlannedOutput,
    index: usize,
    doc: &ClipDoc,
    size: (u32, u32),
    looks: &Looks,
    (frames, whole): (&[i64], &[i64]),
) -> Result<PartPlan<'a>, Error> {
    let t = part.recipe.treatment().ok_or_else(|| internal("a sidecar is no picture"))?;
    let placement = place(part.recipe, t, doc, size)?;
    let as_source = t.color == AS_SOURCE;
    // what is not converted needs no space, unless it is scaled, which happens in light
    let decision = match decide(doc, t) {
        Ok(d) => Some(d),
        Err(_) if as_source && is_identity(&placement, size) => None,
        Err(e) => return Err(e),
    };
    let (space, color) = color_account(t, decision.as_ref(), as_source)?;
    let rotation = rotation(part.recipe, doc);
    let warnings = told(part.recipe, doc, decision.as_ref(), placement.height != size.1, whole.first().copied());
    let source = decision.map(|(d, _)| d.space);
    let (before, after) = chains(t, source, space, is_identity(&placement, size), looks)?;
    let kernels = (before.kernel()?, after.kernel()?);
    let first = whole.first().copied().unwrap_or(0);
    let renumber = match part.recipe {
        Recipe::Plate(p) => p.first_frame.map_or(0, |to| to.saturating_sub(first)),
        _ => 0,
    };
    let account = Account {
        schema: ACCOUNT_SCHEMA.into(),
        job: part.id.to_owned(),
        recipe: format!("{} revision {}", planned.part, part.recipe.revision()),
        source: SourceAccount {
            clip: doc.clip.name.clone(),
            reel: doc.reel.clone(),
            path: doc.clip.files.first().map(|f| f.path.clone()).unwrap_or_default(),
            frames: (frames.first().copied().unwrap_or(0), frames.last().copied().unwrap_or(0)),
            renumber: part.recipe.is_per_frame().then_some(renumber),
            frame: None,
        },
        decode: BTreeMap::new(),
        color,
        before: before.steps.clone(),
        placement,
        after: after.steps.clone(),
        rotation,
        encode: encode_account(part.recipe, t, doc),
        context: part.context.clone(),
        counts: None,
        warnings,
    };
    Ok(PartPlan {
        index,
        recipe: part.recipe,
        planned,
        only: only(part.recipe, whole, doc),
        before,
        kernels,
        placement,
        rotation,
        unscaled: is_identity(&placement, size),
        filter: t.filter,
        space: space.or(source),
        renumber,
        account,
        files: BTreeMap::new(),
    })
}

/// The files of a range by the number of their frame; empty where one file holds them all.
fn files_of(job: &JobFile, frames: &[i64]) -> BTreeMap<i64, MediaPath> {
    match job.unit {
        ClipUnit::Sequence => frames.iter().copied().zip(job.inputs.iter().map(|i| i.path.clone())).collect(),
        _ => BTreeMap::new(),
    }
}

impl PartPlan<'_> {
    /// Whether a frame is wanted.
    pub(super) fn needs(&self, frame: i64) -> bool {
        self.only.as_ref().is_none_or(|o| o.contains(&frame))
    }

    /// Adds what a person should know of the source.
    pub(super) fn warn(&mut self, warnings: &[Warning]) {
        self.account.warnings.extend_from_slice(warnings);
    }

    /// The account, when it is known how a frame was decoded; of one frame alone, if given.
    pub(super) fn account(&self, decode: &BTreeMap<String, String>, frame: Option<i64>) -> Account {
        let mut a = self.account.clone();
        a.decode.clone_from(decode);
        a.warnings.extend(super::told::left_out(self.recipe, decode));
        a.source.frame = frame;
        if let Some(n) = frame {
            if self.recipe.is_per_frame() {
                a.source.frames = (n, n);
            }
            if let Some(path) = self.files.get(&n) {
                a.source.path.clone_from(path);
            }
        }
        a
    }
}

/// The frames that a recipe needs, of those in `wanted`, the frames of the whole job; `None`: every one.
pub(super) fn only(recipe: &Recipe, wanted: &[i64], doc: &ClipDoc) -> Option<BTreeSet<i64>> {
    match recipe {
        Recipe::Still(s) => {
            let all = super::super::frame_numbers(doc).unwrap_or_default();
            let named = s.frame.choose(wanted).or_else(|| s.frame.choose(&all));
            Some(named.into_iter().collect())
        }
        Recipe::ContactSheet(s) => {
            let most = usize::try_from(s.columns.saturating_mul(s.rows)).unwrap_or(1).max(1);
            let n = most.min(wanted.len());
            // the middle of each of n equal parts
            let at = |k: usize| wanted.get((2 * k + 1).saturating_mul(wanted.len()) / (2 * n).max(1)).copied();
            Some((0..n).filter_map(at).collect())
        }
        Recipe::Plate(_) | Recipe::Proxy(_) | Recipe::Sidecar(_) => None,
    }
}

/// How far pictures for the eye are turned clockwise; plates keep what is stored.
fn rotation(recipe: &Recipe, doc: &ClipDoc) -> u16 {
    match (recipe, doc.image.orientation) {
        (Recipe::Still(_) | Recipe::ContactSheet(_) | Recipe::Proxy(_), Some(90)) => 90,
        (Recipe::Still(_) | Recipe::ContactSheet(_) | Recipe::Proxy(_), Some(180)) => 180,
        (Recipe::Still(_) | Recipe::ContactSheet(_) | Recipe::Proxy(_), Some(270)) => 270,
        _ => 0,
    }
}

fn internal(what: &str) -> Error {
    Error::new(ErrorKind::Io, "INTERNAL", what)
}

fn color_account(
    t: &Treatment,
    decision: Option<&(Decision, String)>,
    as_source: bool,
) -> Result<(Option<&'static Space>, ColorAccount), Error> {
    let space = if as_source { None } else { Some(named(&t.color)?) };
    let (source, because) = match decision {
        Some((d, why)) => (d.space.name.to_owned(), why.clone()),
        None => ("unknown".to_owned(), "nothing says, and nothing is converted".to_owned()),
    };
    let output = space.map_or_else(|| source.clone(), |s| s.name.to_owned());
    Ok((space, ColorAccount { source, because, output }))
}

/// Size and space of a recipe's pictures, before any is decoded.
pub(super) fn geometry(recipe: &Recipe, doc: &ClipDoc) -> Result<(Finished, Option<&'static Space>), Error> {
    let t = recipe.treatment().ok_or_else(|| internal("a sidecar is no picture"))?;
    let size = doc.image.width.zip(doc.image.height).ok_or_else(|| internal("the size of the picture is not known"))?;
    let space = if t.color == AS_SOURCE { decide(doc, t).ok().map(|(d, _)| d.space) } else { Some(named(&t.color)?) };
    let placement = place(recipe, t, doc, size)?;
    let lies = matches!(rotation(recipe, doc), 90 | 270);
    let (width, height) = if lies { (placement.height, placement.width) } else { (placement.width, placement.height) };
    let pixel_aspect = if lies { 1.0 / placement.pixel_aspect } else { placement.pixel_aspect };
    Ok((Finished { width, height, pixel_aspect }, space))
}

/// Size of a finished picture, turned if it is.
pub(super) struct Finished {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Width of a pixel divided by its height.
    pub pixel_aspect: f64,
}

/// The whole source, scaled down into the box. Nothing is made of more pixels than the source has, but for the direction in
/// which pictures for the eye are stretched to square pixels.
fn place(recipe: &Recipe, t: &Treatment, doc: &ClipDoc, (width, height): (u32, u32)) -> Result<Placement, Error> {
    let aspect = doc.image.pixel_aspect.filter(|a| a.is_finite() && *a > 0.0).unwrap_or(1.0);
    let within = match (rotation(recipe, doc), t.within) {
        (90 | 270, Some([w, h])) => Some([h, w]),
        (_, within) => within,
    };
    let stretched = t.square && !matches!(recipe, Recipe::Plate(_));
    let full = if stretched { stretch((width, height), aspect) } else { (width, height) };
    let [box_w, box_h] = within.unwrap_or([full.0, full.1]);
    let fit = Fit {
        source: (width, height),
        source_pixel_aspect: aspect,
        target: match stretched {
            true => Target::Within { width: box_w.min(full.0), height: box_h.min(full.1) },
            false => Target::Within { width: box_w, height: box_h },
        },
        never_up: !stretched,
        square: t.square,
        even: matches!(recipe, Recipe::Proxy(_)),
    };
    fit.place()
}

/// The size in square pixels that loses nothing: wider, or higher.
fn stretch((width, height): (u32, u32), aspect: f64) -> (u32, u32) {
    let more = |side: u32, by: f64| (f64::from(side) * by).round().clamp(1.0, 65_536.0) as u32;
    if aspect >= 1.0 { (more(width, aspect), height) } else { (width, more(height, 1.0 / aspect)) }
}

/// Whether every pixel stays where it is.
fn is_identity(p: &Placement, (width, height): (u32, u32)) -> bool {
    p.width == width
        && p.height == height
        && p.crop == Crop { x: 0.0, y: 0.0, width: f64::from(width), height: f64::from(height) }
}

/// The ops before and after resampling. Without resampling all of them are before it.
fn chains(
    t: &Treatment,
    source: Option<&'static Space>,
    output: Option<&'static Space>,
    unscaled: bool,
    looks: &Looks,
) -> Result<(Chain, Chain), Error> {
    let empty = || Chain { from: AS_SOURCE.into(), to: AS_SOURCE.into(), steps: Vec::new() };
    let Some(source) = source else { return Ok((empty(), empty())) };
    let output = output.unwrap_or(source);
    let linear = named(LINEAR)?;
    if unscaled {
        return Ok((look(Builder::new(source), t, looks)?.to(output).done(), empty()));
    }
    let after = look(Builder::new(linear), t, looks)?.to(output).done();
    Ok((Chain::convert(source, linear), after))
}

fn look(mut b: Builder, t: &Treatment, looks: &Looks) -> Result<Builder, Error> {
    if let Some(c) = &t.cdl {
        let cdl = Cdl {
            slope: c.slope,
            offset: c.offset,
            power: c.power,
            saturation: c.saturation,
            style: CdlStyle::NoClamp,
        };
        b = b.cdl(cdl, named(&c.space)?);
    }
    if let Some(l) = &t.lut {
        b = b.lut(lut_ops(l, looks)?, named(&l.input)?, named(&l.output)?);
    }
    Ok(b)
}

fn lut_ops(l: &LutFile, looks: &Looks) -> Result<Vec<Op>, Error> {
    let bytes = looks.get(&l.path).ok_or_else(|| internal("a LUT was not read"))?;
    let found = sha256(bytes);
    if found != l.sha256 {
        let what = format!("the LUT has SHA-256 {found}, the recipe was resolved with {}", l.sha256);
        return Err(Error::new(ErrorKind::Unsupported, "LOOK-CHANGED", what).at(&l.path).fix(
            "reload the configuration to take the new LUT, or put the old one back; then `rushes retry quarantine`",
        ));
    }
    ops_of_cube(&l.path.to_string_lossy(), bytes).map_err(|e| e.at(&l.path))
}

/// How the output is stored.
fn encode_account(recipe: &Recipe, t: &Treatment, doc: &ClipDoc) -> BTreeMap<String, String> {
    use crate::engine::deliver::{PlateFormat, StillFormat};
    let still = |f: StillFormat| match f {
        StillFormat::Jpeg { quality } => format!("JPEG, 8 bits, quality {quality}, no sub-sampling"),
        StillFormat::Png { depth } => format!("PNG, {} bits", depth.bits()),
    };
    let format = match recipe {
        Recipe::Plate(p) => match p.format {
            PlateFormat::Exr { compression } => format!("OpenEXR, 16-bit half, {compression:?}").to_lowercase(),
            PlateFormat::Dpx { depth } => {
                format!("DPX, {} bits, code = value x {}", depth.bits(), (1u32 << depth.bits()) - 1)
            }
        },
        Recipe::Still(s) => still(s.format),
        Recipe::ContactSheet(s) => still(s.format),
        Recipe::Proxy(p) => movie(p.codec),
        Recipe::Sidecar(_) => String::new(),
    };
    let mut out = BTreeMap::from([("format".to_owned(), format)]);
    out.insert("filter".to_owned(), format!("{:?}", t.filter).to_lowercase());
    if let Recipe::Proxy(p) = recipe {
        out.insert("matrix".into(), "BT.709, video range, colour samples sited left".into());
        let audio = match (super::proxy::has_sound(p, doc), p.audio) {
            (true, _) => {
                "that of the original; FLAC, MP2, Opus, Vorbis, ADPCM, coded sound that begins late and that of a part as 24-bit PCM"
            }
            (false, true) => "none in the original",
            (false, false) => "left out by the recipe",
        };
        out.insert("audio".into(), audio.into());
    }
    out
}

fn movie(codec: VideoCodec) -> String {
    match codec {
        VideoCodec::H264 { crf } => format!("QuickTime, H.264, 8 bits, 4:2:0, crf {crf}"),
        VideoCodec::ProRes { profile } => {
            format!("QuickTime, ProRes 422 {profile:?}, 10 bits, 4:2:2").replace(" Standard", "")
        }
    }
}
