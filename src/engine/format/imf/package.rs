//! The files around a composition: what it plays against what the asset map (SMPTE ST 429-9) and the packing list (ST 429-8)
//! say and what is there.

use super::{ID, whole};
use crate::engine::document::imf::{AssetMap, Composition, PackingList, asset_map::Asset};
use crate::engine::format::Input;
use crate::engine::sequence::packages::{Part, part};
use crate::model::{ClipDoc, Error, ErrorKind, Limits, escape_for_people};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Most names in one warning.
const MOST_NAMED: usize = 5;
/// Most characters of each.
const MOST_CHARS: usize = 200;

/// What is wrong with an asset, by the sentence that says so.
type Faults = BTreeMap<&'static str, BTreeSet<String>>;

const NOT_THERE: &str = "files of the composition are missing";
const EMPTY: &str = "files of the composition have no bytes";
const OUTSIDE: &str = "files of the composition lie in other folders, and were not looked for";
const ODD: &str = "the asset map gives paths that do not stay in the package";
const VOLUME: &str = "files of the composition lie on other volumes of the package";
const NOWHERE: &str = "the asset map says of assets of the composition that they are nowhere";
const ELSEWHERE: &str =
    "the composition plays track files that the asset map does not list: they belong to another package";

/// Compares the composition, which is the first of `inputs`, with the package. `clip.files` of `doc` says which files are
/// there; of `inputs` the documents are read.
pub(super) fn check(inputs: &[Input<'_>], limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let Some(first) = inputs.first().filter(|_| doc.format.id == ID) else { return Ok(()) };
    let c = Composition::parse(&whole(first, limits)?, limits).map_err(|e| e.at(first.path.as_path()))?;
    others(doc);
    let of = |wanted| inputs.iter().filter(move |i| i.path.as_path().file_name().and_then(part) == Some(wanted));
    let Some(at) = of(Part::AssetMap).next() else {
        doc.warn("IMF-ASSETMAP", "there is no asset map beside the composition");
        return Ok(());
    };
    let Some(map) = document(at, limits, doc, AssetMap::parse)? else { return Ok(()) };
    let mut lists = Vec::new();
    for input in of(Part::PackingList) {
        lists.extend(document(input, limits, doc, PackingList::parse)?);
    }
    let folder = at.path.as_path().parent().unwrap_or(Path::new("")).to_path_buf();
    let assets = Assets::new(&map, folder, doc);
    assets.played(&c, doc);
    assets.sizes(&lists, doc);
    Ok(())
}

/// Reads a document of the package; what is wrong with it is a warning, unless the system failed.
fn document<T>(
    input: &Input<'_>,
    limits: &Limits,
    doc: &mut ClipDoc,
    parse: fn(&[u8], &Limits) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    match whole(input, limits).and_then(|bytes| parse(&bytes, limits)) {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind == ErrorKind::Io => Err(e.at(input.path.as_path())),
        Err(e) => {
            doc.warn("IMF-DOCUMENT", e.at(input.path.as_path()).to_string());
            Ok(None)
        }
    }
}

/// Further compositions of the package are named.
fn others(doc: &mut ClipDoc) {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files = doc.clip.files.iter().skip(1).map(|f| f.path.as_path());
    let others: Vec<String> =
        files.filter(|p| p.file_name().and_then(part) == Some(Part::Composition)).map(name).collect();
    if !others.is_empty() {
        let all: BTreeSet<String> = others.iter().cloned().collect();
        let what = format!("the package has further compositions, which this clip does not describe: {}", named(&all));
        doc.warn("IMF-COMPOSITIONS", what);
        doc.keep(ID, "package.other_compositions", others);
    }
}

/// Names in a sentence: a few of them, not longer than a path may be sensibly, and harmless to a terminal.
fn named(names: &BTreeSet<String>) -> String {
    let short = |n: &String| escape_for_people(&n.chars().take(MOST_CHARS).collect::<String>());
    let shown: Vec<String> = names.iter().take(MOST_NAMED).map(short).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        n => format!("{} and {n} more", shown.join(", ")),
    }
}

/// The assets of a package and its files.
struct Assets<'m> {
    by_id: HashMap<&'m str, &'m Asset>,
    folder: PathBuf,
    sizes: HashMap<PathBuf, u64>,
}

impl<'m> Assets<'m> {
    fn new(map: &'m AssetMap, folder: PathBuf, doc: &mut ClipDoc) -> Self {
        let mut by_id: HashMap<&str, &Asset> = HashMap::new();
        let mut twice = BTreeSet::new();
        for a in &map.assets {
            if by_id.contains_key(a.id.as_str()) {
                twice.insert(a.id.clone());
            } else {
                by_id.insert(&a.id, a);
            }
        }
        if !twice.is_empty() {
            doc.warn("IMF-ID", format!("the asset map lists assets twice; the first counts: {}", named(&twice)));
        }
        doc.keep(ID, "package.assets", map.assets.len());
        let sizes = doc.clip.files.iter().map(|f| (f.path.as_path().to_path_buf(), f.size)).collect();
        Self { by_id, folder, sizes }
    }

    /// The file of a chunk, and its size, when it is there.
    fn find(&self, files: &[PathBuf]) -> Option<u64> {
        files.iter().find_map(|f| self.sizes.get(&self.folder.join(f)).copied())
    }

    /// Warns of what the composition plays and is not whole in this package.
    fn played(&self, c: &Composition, doc: &mut ClipDoc) {
        let wanted: BTreeSet<&str> =
            c.tracks.iter().flat_map(|t| &t.resources).filter_map(|r| r.file.as_deref()).collect();
        let mut faults = Faults::new();
        for id in &wanted {
            match self.by_id.get(id) {
                Some(asset) => self.asset(asset, &mut faults),
                None => {
                    faults.entry(ELSEWHERE).or_default().insert((*id).to_owned());
                }
            }
        }
        doc.keep(ID, "package.played", wanted.len());
        if c.id.as_deref().is_some_and(|id| !self.by_id.contains_key(id)) {
            doc.warn("IMF-ELSEWHERE", "the asset map does not list this composition: it belongs to another package");
        }
        for (what, names) in &faults {
            let code = if *what == ELSEWHERE { "IMF-ELSEWHERE" } else { "IMF-ASSET" };
            doc.warn(code, format!("{what}: {}", named(names)));
        }
    }

    fn asset(&self, asset: &Asset, faults: &mut Faults) {
        let mut put = |what, name: &str| faults.entry(what).or_default().insert(name.to_owned());
        if asset.chunks.is_empty() {
            put(NOWHERE, &asset.id);
        }
        for chunk in &asset.chunks {
            let files = chunk.files();
            match self.find(&files) {
                Some(0) => put(EMPTY, &chunk.path),
                Some(_) => false,
                None if files.is_empty() => put(ODD, &format!("`{}`", chunk.path)),
                None if chunk.volume.is_some_and(|n| n > 1) => put(VOLUME, &chunk.path),
                None if files.iter().all(|f| f.components().count() > 1) => put(OUTSIDE, &chunk.path),
                None => put(NOT_THERE, &chunk.path),
            };
        }
    }

    /// Warns of files that are shorter or longer than the packing list says.
    fn sizes(&self, lists: &[PackingList], doc: &mut ClipDoc) {
        let mut differ = BTreeSet::new();
        for (id, size) in lists.iter().flat_map(|l| &l.assets) {
            let Some([chunk]) = self.by_id.get(id.as_str()).map(|a| a.chunks.as_slice()) else { continue };
            if let Some(have) = self.find(&chunk.files()).filter(|have| have != size && *have > 0) {
                differ.insert(format!("{} has {have}, not {size}", chunk.path));
            }
        }
        if !differ.is_empty() {
            doc.warn(
                "IMF-PACKING-LIST",
                format!("files have other numbers of bytes than the packing list says: {}", named(&differ)),
            );
        }
    }
}
