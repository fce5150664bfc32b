//! The objects of the header metadata: packages, tracks, what they refer to (SMPTE ST 377-1, annexes A and B).

use crate::engine::container::mxf::{Metadata, Primer, Set, Ul};
use crate::model::Rational;
use std::collections::BTreeMap;

/// Most references that are followed: a file of many packages and tracks has some thousand.
const MOST_REFERENCES: usize = 50_000;

/// Most packages, and most tracks of one kind of essence.
const MOST_PACKAGES: usize = 2000;
const MOST_TRACKS: usize = 512;

/// Kinds of sets by bytes 14 and 15 of their key.
pub(super) mod class {
    pub const SEQUENCE: u16 = 0x0f00;
    pub const SOURCE_CLIP: u16 = 0x1100;
    pub const TIMECODE: u16 = 0x1400;
    pub const CONTENT_STORAGE: u16 = 0x1800;
    pub const ESSENCE_DATA: u16 = 0x2300;
    pub const PICTURE: u16 = 0x2700;
    pub const CDCI: u16 = 0x2800;
    pub const RGBA: u16 = 0x2900;
    pub const IMPORT: u16 = 0x4a00;
    pub const AUXILIARY: u16 = 0x4e00;
    pub const TAPE: u16 = 0x2e00;
    pub const FILM: u16 = 0x2d00;
    pub const RECORDING: u16 = 0x4b00;
    pub const PREFACE: u16 = 0x2f00;
    pub const IDENTIFICATION: u16 = 0x3000;
    pub const MATERIAL_PACKAGE: u16 = 0x3600;
    pub const SOURCE_PACKAGE: u16 = 0x3700;
    pub const TAGGED_VALUE: u16 = 0x3f00;
    pub const MULTIPLE: u16 = 0x4400;
    pub const MPEG: u16 = 0x5100;
    pub const VC1: u16 = 0x5f00;
    pub const JPEG2000: u16 = 0x5a00;
    pub const AUDIO_CHANNEL: u16 = 0x6b00;
    pub const IAB: u16 = 0x7b00;
}

/// What a track or a descriptor is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Essence {
    Picture,
    Sound,
    Timecode,
    Other,
}

/// A track and the parts of its sequence.
#[derive(Debug, Clone)]
pub(super) struct Track<'m> {
    pub set: &'m Set,
    pub id: Option<u32>,
    /// Last four bytes of the key of its essence; 0 when it has none.
    pub number: u32,
    /// Edit units in a second.
    pub rate: Option<Rational>,
    /// Units between the first stored one and position 0.
    pub origin: i64,
    pub kind: Essence,
    /// Edit units; absent when the file says that it is unknown.
    pub duration: Option<i64>,
    pub parts: Vec<&'m Set>,
}

/// A package.
#[derive(Debug, Clone)]
pub(super) struct Package<'m> {
    pub set: &'m Set,
    pub umid: Vec<u8>,
    pub name: Option<String>,
    pub material: bool,
    pub tracks: Vec<Track<'m>>,
    pub descriptor: Option<&'m Set>,
}

/// All objects by their identifiers.
pub(super) struct Graph<'m> {
    pub sets: &'m [Set],
    pub primer: &'m Primer,
    by_id: BTreeMap<Ul, &'m Set>,
    pub packages: Vec<Package<'m>>,
    /// Packages whose essence lies in this file; empty when the file does not say.
    pub inside: Vec<Vec<u8>>,
    left: usize,
}

/// A track of the material and what it plays: the file package's track and a tape's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain<'g, 'm> {
    pub material: Option<(&'g Package<'m>, &'g Track<'m>)>,
    pub file: Option<(&'g Package<'m>, &'g Track<'m>)>,
    pub physical: Option<(&'g Package<'m>, &'g Track<'m>)>,
    /// Where it begins in the track of the file package, edit units of that track.
    pub start: i64,
    /// Where the file package's position 0 lies in the physical package's track.
    pub physical_start: i64,
    pub descriptor: Option<&'m Set>,
}

impl<'m> Graph<'m> {
    pub fn new(metadata: &'m Metadata) -> Self {
        let sets = metadata.sets.as_slice();
        let mut by_id = BTreeMap::new();
        for s in sets {
            if let Some(id) = s.ul(0x3c0a) {
                // the first of two with one identifier
                by_id.entry(id).or_insert(s);
            }
        }
        let primer = &metadata.primer;
        let mut g = Self { sets, primer, by_id, packages: Vec::new(), inside: Vec::new(), left: MOST_REFERENCES };
        let listed: Vec<&Set> = match g.of_class(class::CONTENT_STORAGE).next() {
            Some(storage) => g.follow(storage, 0x1901),
            None => Vec::new(),
        };
        let is_package = |s: &&Set| matches!(s.class(), Some(class::MATERIAL_PACKAGE | class::SOURCE_PACKAGE));
        let mut all: Vec<&Set> = listed.into_iter().filter(is_package).collect();
        if all.is_empty() {
            all = sets.iter().filter(is_package).collect();
        }
        for set in all.into_iter().take(MOST_PACKAGES) {
            let p = g.package(set);
            g.packages.push(p);
        }
        let data = g.of_class(class::ESSENCE_DATA).filter_map(|s| s.get(0x2701));
        g.inside = data.take(MOST_PACKAGES).map(<[u8]>::to_vec).collect();
        g
    }

    /// The sets of a class, in order.
    pub fn of_class(&self, wanted: u16) -> impl Iterator<Item = &'m Set> + use<'m> {
        self.sets.iter().filter(move |s| s.class() == Some(wanted))
    }

    /// What a reference names.
    pub fn one(&self, set: &Set, tag: u16) -> Option<&'m Set> {
        self.by_id.get(&set.ul(tag)?).copied()
    }

    /// What a list of references names.
    pub fn follow(&mut self, set: &Set, tag: u16) -> Vec<&'m Set> {
        let ids = set.list(tag);
        let n = ids.len().min(self.left);
        self.left = self.left.saturating_sub(n);
        ids.iter().take(n).filter_map(|id| self.by_id.get(id).copied()).collect()
    }

    /// The sets that a descriptor has as sub-descriptors, whose tag is dynamic (ST 377-1).
    pub fn below(&self, descriptor: &Set) -> Vec<&'m Set> {
        let value = descriptor.by_label(self.primer, [0x06, 0x01, 0x01, 0x04, 0x06, 0x10, 0, 0]);
        let ids = value.map(crate::engine::container::mxf::set::uls).unwrap_or_default();
        ids.iter().take(1024).filter_map(|id| self.by_id.get(id).copied()).collect()
    }

    fn package(&mut self, set: &'m Set) -> Package<'m> {
        let tracks = self.follow(set, 0x4403).into_iter().map(|t| self.track(t)).collect();
        Package {
            set,
            umid: set.get(0x4401).unwrap_or_default().to_vec(),
            name: set.text(0x4402),
            material: set.class() == Some(class::MATERIAL_PACKAGE),
            tracks,
            descriptor: self.one(set, 0x4701),
        }
    }

    fn track(&mut self, set: &'m Set) -> Track<'m> {
        let segment = self.one(set, 0x4803);
        let parts = match segment {
            Some(s) if s.class() == Some(class::SEQUENCE) => self.follow(s, 0x1001),
            // a single component needs no sequence
            Some(s) => vec![s],
            None => Vec::new(),
        };
        let kind = segment.and_then(|s| s.ul(0x0201)).map_or(Essence::Other, |u| kind_of(&u));
        let kind = match (kind, parts.first().and_then(|p| p.class())) {
            (Essence::Other, Some(class::TIMECODE)) => Essence::Timecode,
            (kind, _) => kind,
        };
        let whole = segment.and_then(|s| s.i64(0x0202)).filter(|n| *n >= 0);
        let sum = || parts.iter().try_fold(0i64, |n, p| n.checked_add(p.i64(0x0202).filter(|d| *d >= 0)?));
        Track {
            set,
            id: set.u32(0x4801),
            number: set.u32(0x4804).unwrap_or(0),
            rate: set.rational(0x4b01).and_then(rate),
            origin: set.i64(0x4b02).unwrap_or(0),
            kind,
            duration: whole.or_else(|| sum().filter(|n| *n > 0)),
            parts,
        }
    }

    /// The package that the file is about: the primary one, else the first material package.
    pub fn material(&self) -> Option<&Package<'m>> {
        let primary = self.of_class(class::PREFACE).next().and_then(|p| self.one(p, 0x3b08));
        let named = self.packages.iter().find(|p| p.material && primary.is_some_and(|s| std::ptr::eq(s, p.set)));
        named.or_else(|| self.packages.iter().find(|p| p.material))
    }

    /// Whether the essence of a package lies in this file.
    pub fn is_inside(&self, package: &Package<'_>) -> bool {
        self.inside.is_empty() || self.inside.contains(&package.umid)
    }

    /// What the tracks of the material with this kind of essence play. Without a material package the tracks of the file
    /// packages themselves.
    pub fn chains(&self, kind: Essence) -> Vec<Chain<'_, 'm>> {
        let of_kind = |t: &&Track<'m>| t.kind == kind;
        let mut out = Vec::new();
        if let Some(m) = self.material() {
            for t in m.tracks.iter().filter(of_kind).take(MOST_TRACKS) {
                out.push(self.chain(Some((m, t))));
            }
        }
        if out.iter().all(|c| c.file.is_none()) {
            let files = self.packages.iter().filter(|p| !p.material && is_file(p) && self.is_inside(p));
            let tracks = files.flat_map(|p| p.tracks.iter().filter(of_kind).map(move |t| (p, t)));
            for (p, t) in tracks.take(MOST_TRACKS) {
                let mut c = self.chain(None);
                (c.file, c.descriptor) = (Some((p, t)), self.descriptor(p, t));
                self.go_on(&mut c, p, t);
                out.push(c);
            }
        }
        out
    }

    fn chain(&self, material: Option<(&'_ Package<'m>, &'_ Track<'m>)>) -> Chain<'_, 'm> {
        let mut c = Chain { material: None, file: None, physical: None, start: 0, physical_start: 0, descriptor: None };
        let Some((package, track)) = material else { return c };
        c.material = self.own(package, track);
        if let Some((p, t, start)) = self.source(track) {
            if is_file(p) {
                (c.file, c.start, c.descriptor) = (Some((p, t)), start, self.descriptor(p, t));
                self.go_on(&mut c, p, t);
            } else {
                (c.physical, c.physical_start) = (Some((p, t)), start);
            }
        }
        c
    }

    /// The same package and track, as this graph owns them.
    fn own(&self, package: &Package<'m>, track: &Track<'m>) -> Option<(&Package<'m>, &Track<'m>)> {
        let p = self.packages.iter().find(|p| std::ptr::eq(p.set, package.set))?;
        Some((p, p.tracks.iter().find(|t| std::ptr::eq(t.set, track.set))?))
    }

    /// From a file package to the physical one behind it; references may lead in circles.
    fn go_on<'g>(&'g self, c: &mut Chain<'g, 'm>, package: &Package<'m>, track: &'g Track<'m>) {
        let (mut track, mut start) = (track, 0i64);
        let mut seen = vec![package.set.at];
        for _ in 0..8 {
            let Some((p, t, at)) = self.source(track) else { return };
            start = start.saturating_add(at);
            if !p.material && !is_file(p) {
                (c.physical, c.physical_start) = (Some((p, t)), start);
                return;
            }
            if seen.contains(&p.set.at) {
                return;
            }
            seen.push(p.set.at);
            track = t;
        }
    }

    /// Package, track and position that the first clip of a track plays; `None` at the end of a chain, and when the package is
    /// not described in this file.
    fn source(&self, track: &Track<'m>) -> Option<(&Package<'m>, &Track<'m>, i64)> {
        let clip = track.parts.iter().find(|p| p.class() == Some(class::SOURCE_CLIP))?;
        let umid = clip.get(0x1101).filter(|u| u.len() == 32 && u.iter().any(|b| *b != 0))?;
        let package = self.packages.iter().find(|p| p.umid == umid)?;
        let id = clip.u32(0x1102);
        let by_id = package.tracks.iter().find(|t| t.id == id && id.is_some());
        let t = by_id.or_else(|| package.tracks.iter().find(|t| t.kind == track.kind))?;
        Some((package, t, clip.i64(0x1201).unwrap_or(0)))
    }

    /// The descriptor of a track's essence.
    fn descriptor(&self, package: &Package<'m>, track: &Track<'m>) -> Option<&'m Set> {
        let top = package.descriptor?;
        if top.class() != Some(class::MULTIPLE) {
            return (is_about(top) == track.kind).then_some(top);
        }
        let ids = top.list(0x3f01);
        let all = ids.iter().take(1024).filter_map(|id| self.by_id.get(id).copied());
        let all: Vec<&Set> = all.filter(|d| is_about(d) == track.kind).collect();
        let linked = all.iter().find(|d| d.u32(0x3006).is_some() && d.u32(0x3006) == track.id);
        let loose = || {
            let same = package.tracks.iter().filter(|t| t.kind == track.kind);
            let n = same.take_while(|t| !std::ptr::eq(t.set, track.set)).count();
            all.iter().filter(|d| d.u32(0x3006).is_none()).nth(n)
        };
        linked.or_else(loose).copied()
    }
}

/// Whether a source package describes essence in a file: neither a tape nor another medium.
fn is_file(p: &Package<'_>) -> bool {
    let physical = [class::TAPE, class::FILM, class::IMPORT, class::RECORDING, class::AUXILIARY];
    !p.material && !p.descriptor.and_then(Set::class).is_some_and(|c| physical.contains(&c) || c == 0x4900)
}

/// A rate that can be counted; one that was written as a decimal is the exact rate that is meant by it.
pub(super) fn rate((n, d): (i32, i32)) -> Option<Rational> {
    let r = Rational::new(u32::try_from(n).ok()?, u32::try_from(d).ok()?)?;
    if matches!(r.den(), 1 | 1001) {
        return Some(r);
    }
    match Rational::from_decimal_rate(r.as_f64()) {
        Some(x) if (x.as_f64() - r.as_f64()).abs() < 1e-3 => Some(x),
        _ => Some(r),
    }
}

/// By the data definition of a component (RP 224, and the identifiers of AAF that older files have).
fn kind_of(u: &Ul) -> Essence {
    // halves in either order
    let at = if u.byte(6) == 0x11 && u.byte(7) == 0xd2 { 0 } else { 8 };
    let first = [u.byte(at), u.byte(at + 1), u.byte(at + 2), u.byte(at + 3)];
    if u.means(&[0x01, 0x03, 0x02]) {
        return match (u.byte(11), u.byte(12)) {
            (1, 1..=3) => Essence::Timecode,
            (2, 1) => Essence::Picture,
            (2, 2) => Essence::Sound,
            _ => Essence::Other,
        };
    }
    match first {
        [0x6f, 0x3c, 0x8c, 0xe1] => Essence::Picture,
        [0x78, 0xe1, 0xeb, 0xe1] => Essence::Sound,
        [0x7f, 0x27, 0x5e, 0x81] => Essence::Timecode,
        _ => Essence::Other,
    }
}

/// What a descriptor describes.
pub(super) fn is_about(d: &Set) -> Essence {
    match d.class() {
        Some(class::PICTURE | class::CDCI | class::RGBA | class::MPEG | class::VC1 | 0x2b00 | 0x6900) => {
            Essence::Picture
        }
        // sound, AES3, WAVE, digital cinema, MPEG, IAB, MGA
        Some(0x4200 | 0x4700 | 0x4800 | 0x5d00 | 0x5e00 | class::IAB | 0x8106) => Essence::Sound,
        _ => Essence::Other,
    }
}
