//! The movie header as tracks: what every later step needs, read once.

use super::ID;
use crate::engine::container::bmff::{
    self, Atom, Chunks, Edit, Entry, FourCc, MediaHeader, MovieHeader, SampleSizes, Times, TrackHeader, Walk, find,
};
use crate::engine::container::bytes::{Bytes, field_text};
use crate::model::{Error, Limits, Origin};

/// The movie.
pub(super) struct Movie {
    /// The boxes inside `moov`.
    pub parts: Vec<Atom>,
    pub header: MovieHeader,
    pub header_at: u64,
    pub tracks: Vec<Track>,
}

/// One track.
pub(super) struct Track {
    /// From 1, in file order.
    pub number: usize,
    /// The boxes inside `trak`.
    pub parts: Vec<Atom>,
    pub head: TrackHeader,
    pub media: MediaHeader,
    /// `vide`, `soun`, `tmcd`, …
    pub kind: FourCc,
    pub edits: Vec<Edit>,
    /// Track numbers that this one refers to as its timecode.
    pub timecodes: Vec<u32>,
    /// Sample descriptions.
    pub entries: Vec<Entry>,
    /// The media lies in another file.
    pub elsewhere: bool,
    pub times: Option<Times>,
    pub sizes: Option<SampleSizes>,
    pub chunks: Option<Chunks>,
    pub stsc: Option<Atom>,
    pub stts: Option<Atom>,
    /// Offset of the sample tables.
    pub stbl: u64,
    /// The first composition offset, ticks: how much later than decoded the first sample is shown.
    pub shift: i64,
}

impl Track {
    pub fn enabled(&self) -> bool {
        self.head.flags & 1 != 0
    }

    /// Samples, by sizes, else by times.
    pub fn samples(&self) -> Option<u64> {
        self.sizes.map(|s| u64::from(s.count)).or(self.times.map(|t| t.count))
    }

    /// Where a value of this track was read.
    pub fn origin(&self, tag: &str, at: u64) -> Origin {
        Origin::new(ID, tag, format!("moov/trak[{}] at {at:#x}", self.number))
    }

    /// The name of a raw tag of this track.
    pub fn tag(&self, name: &str) -> String {
        format!("track[{}].{name}", self.number)
    }
}

impl Movie {
    /// Reads the movie header.
    pub fn read(b: &mut Bytes<'_>, moov: &Atom, walk: &mut Walk<'_>) -> Result<Self, Error> {
        let parts = walk.children(b, moov)?;
        if let Some(c) = find(&parts, b"cmov") {
            return Err(Error::unsupported("the movie header is compressed (cmov)").offset(c.at));
        }
        let Some(mvhd) = find(&parts, b"mvhd") else {
            return Err(Error::malformed("the movie header (moov) has no mvhd").offset(moov.at));
        };
        let header = bmff::movie_header(b, &mvhd)?;
        let mut tracks = Vec::new();
        for (n, trak) in parts.iter().filter(|a| &a.id == b"trak").enumerate() {
            tracks.push(track(b, trak, n + 1, walk)?);
        }
        Ok(Self { parts, header, header_at: mvhd.at, tracks })
    }

    /// The tracks of a kind: enabled ones first, each in file order.
    pub fn of_kind(&self, kind: &FourCc) -> Vec<&Track> {
        let mut all: Vec<_> = self.tracks.iter().filter(|t| t.kind == *kind).collect();
        all.sort_by_key(|t| !t.enabled());
        all
    }
}

fn missing(name: &str, trak: &Atom) -> Error {
    Error::malformed(format!("a track of the movie header has no {name}")).offset(trak.at)
}

fn track(b: &mut Bytes<'_>, trak: &Atom, number: usize, walk: &mut Walk<'_>) -> Result<Track, Error> {
    let parts = walk.children(b, trak)?;
    let tkhd = find(&parts, b"tkhd").ok_or_else(|| missing("tkhd", trak))?;
    let mdia = find(&parts, b"mdia").ok_or_else(|| missing("mdia", trak))?;
    let media = walk.children(b, &mdia)?;
    let mdhd = find(&media, b"mdhd").ok_or_else(|| missing("mdhd", trak))?;
    let hdlr = find(&media, b"hdlr").ok_or_else(|| missing("hdlr", trak))?;
    let mut t = Track {
        number,
        head: bmff::track_header(b, &tkhd)?,
        media: bmff::media_header(b, &mdhd)?,
        kind: bmff::handler(b, &hdlr)?.0,
        edits: edits(b, &parts, walk)?,
        timecodes: references(b, &parts, walk)?,
        parts,
        entries: Vec::new(),
        elsewhere: false,
        times: None,
        sizes: None,
        chunks: None,
        stsc: None,
        stts: None,
        stbl: 0,
        shift: 0,
    };
    if let Some(minf) = find(&media, b"minf") {
        let minf = walk.children(b, &minf)?;
        if let Some(dinf) = find(&minf, b"dinf") {
            t.elsewhere = elsewhere(b, &dinf, walk)?;
        }
        if let Some(stbl) = find(&minf, b"stbl") {
            tables(b, &stbl, &mut t, walk)?;
        }
    }
    Ok(t)
}

fn edits(b: &mut Bytes<'_>, parts: &[Atom], walk: &mut Walk<'_>) -> Result<Vec<Edit>, Error> {
    let Some(edts) = find(parts, b"edts") else { return Ok(Vec::new()) };
    let Some(elst) = find(&walk.loose_children(b, &edts)?, b"elst") else { return Ok(Vec::new()) };
    or_warn(bmff::edits(b, &elst, walk), walk).map(Option::unwrap_or_default)
}

/// The `tmcd` references of a track, at most 16.
fn references(b: &mut Bytes<'_>, parts: &[Atom], walk: &mut Walk<'_>) -> Result<Vec<u32>, Error> {
    let Some(tref) = find(parts, b"tref") else { return Ok(Vec::new()) };
    let Some(tmcd) = find(&walk.loose_children(b, &tref)?, b"tmcd") else { return Ok(Vec::new()) };
    let bytes = bmff::contents(b, &tmcd, 64)?;
    Ok(bytes.chunks_exact(4).filter_map(|c| c.try_into().ok()).map(u32::from_be_bytes).collect())
}

/// Whether the first data reference says that the media lies in another file.
fn elsewhere(b: &mut Bytes<'_>, dinf: &Atom, walk: &mut Walk<'_>) -> Result<bool, Error> {
    let Some(dref) = find(&walk.loose_children(b, dinf)?, b"dref") else { return Ok(false) };
    let list = walk.loose_children(b, &dref.without(8))?;
    let Some(first) = list.first() else { return Ok(false) };
    Ok(bmff::contents(b, first, 4)?.get(3).is_some_and(|flags| flags & 1 == 0))
}

fn tables(b: &mut Bytes<'_>, stbl: &Atom, t: &mut Track, walk: &mut Walk<'_>) -> Result<(), Error> {
    let all = walk.children(b, stbl)?;
    if let Some(a) = find(&all, b"stsd") {
        t.entries = bmff::entries(b, &a, walk)?;
    }
    if let Some(a) = find(&all, b"stts") {
        t.times = or_warn(bmff::times(b, &a), walk)?;
    }
    if let Some(a) = find(&all, b"stsz").or(find(&all, b"stz2")) {
        t.sizes = or_warn(bmff::sample_sizes(b, &a), walk)?;
    }
    if let Some(a) = find(&all, b"stco").or(find(&all, b"co64")) {
        t.chunks = or_warn(bmff::chunks(b, &a), walk)?;
    }
    if let Some(a) = find(&all, b"ctts").filter(|a| a.len() >= 16) {
        let head = bmff::contents(b, &a, 16)?;
        let shift = head.get(12..16).and_then(|x| x.try_into().ok()).map(i32::from_be_bytes);
        t.shift = i64::from(shift.unwrap_or(0));
    }
    t.stsc = find(&all, b"stsc");
    t.stts = find(&all, b"stts");
    t.stbl = stbl.at;
    Ok(())
}

/// What breaks the rules of one table is a warning; limits and I/O stay errors.
pub(super) fn or_warn<T>(r: Result<T, Error>, walk: &mut Walk<'_>) -> Result<Option<T>, Error> {
    match r {
        Ok(x) => Ok(Some(x)),
        Err(e) if e.code == "FILE-MALFORMED" => {
            let at = e.place.offset.map_or_else(String::new, |o| format!(" (at byte {o})"));
            walk.warnings.push(crate::model::Warning::new("MOV-TABLE", format!("{}{at}", e.what)));
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

/// The name of a track that a person gave, from its user data; names of programs in `hdlr` are none.
pub(super) fn track_name(
    b: &mut Bytes<'_>,
    t: &Track,
    limits: &Limits,
    walk: &mut Walk<'_>,
) -> Result<Option<String>, Error> {
    let Some(udta) = find(&t.parts, b"udta") else { return Ok(None) };
    let all = walk.loose_children(b, &udta)?;
    let Some(name) = find(&all, b"name").or(find(&all, b"tnam")) else { return Ok(None) };
    let skip = if &name.id == b"tnam" { 6 } else { 0 };
    Ok(field_text(&bmff::contents(b, &name.without(skip), u64::from(limits.text).min(1024))?))
}
