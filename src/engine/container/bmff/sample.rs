//! A small movie with tracks of timed metadata, for fixtures: header first, then the media, which may have holes.

use super::{FourCc, atom, full_atom};

/// A track of metadata.
#[derive(Debug, Clone)]
pub struct MetaTrack {
    /// What its samples are (`rtmd`, `gpmd`, `camm`).
    pub code: FourCc,
    /// Ticks in a second.
    pub timescale: u32,
    /// The samples and how long each lasts, ticks.
    pub samples: Vec<(Vec<u8>, u32)>,
}

/// What the file says. Change what a test is about.
#[derive(Debug, Clone)]
pub struct TimedMovie {
    /// Pictures.
    pub frames: u32,
    /// Ticks in a second, and ticks of a picture.
    pub rate: (u32, u32),
    /// Bytes of a picture; they are never written.
    pub frame_bytes: u32,
    /// The first label as a count of frames, without drop-frame.
    pub start: Option<u32>,
    /// The tracks.
    pub tracks: Vec<MetaTrack>,
    /// Contents of the user data.
    pub user: Vec<u8>,
    /// Bytes without meaning behind each sample of metadata.
    pub gap: u64,
}

impl Default for TimedMovie {
    fn default() -> Self {
        Self {
            frames: 4,
            rate: (25_000, 1000),
            frame_bytes: 8,
            start: Some(90_000),
            tracks: Vec::new(),
            user: Vec::new(),
            gap: 0,
        }
    }
}

fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How a track's samples are listed.
struct Listed<'a> {
    kind: &'a FourCc,
    code: &'a FourCc,
    description: Vec<u8>,
    timescale: u32,
    /// Each with its length in ticks; of pictures one run.
    runs: Vec<(u32, u32)>,
    /// One size for all, or one each.
    sizes: Result<u32, Vec<u32>>,
    /// Where chunks begin, and samples of each.
    chunks: (Vec<u64>, u32),
}

impl Listed<'_> {
    fn trak(&self, id: u32) -> Vec<u8> {
        let total = self.runs.iter().fold(0u32, |sum, (n, d)| sum.saturating_add(n.saturating_mul(*d)));
        let samples = self.runs.iter().fold(0u32, |sum, (n, _)| sum.saturating_add(*n));
        let tkhd = full_atom(
            b"tkhd",
            0,
            7,
            &[&be(&[0, 0, id, 0, total, 0, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000, 0, 0])],
        );
        let mdhd = full_atom(b"mdhd", 0, 0, &[&be(&[0, 0, self.timescale, total, 0])]);
        let hdlr = full_atom(b"hdlr", 0, 0, &[b"mhlr", self.kind, &[0; 13]]);
        let entry = atom(self.code, &[&[0, 0, 0, 0, 0, 0, 0, 1], &self.description]);
        let stsd = full_atom(b"stsd", 0, 0, &[&be(&[1]), &entry]);
        let runs: Vec<u32> = self.runs.iter().flat_map(|(n, d)| [*n, *d]).collect();
        let stts = full_atom(b"stts", 0, 0, &[&be(&[count(self.runs.len())]), &be(&runs)]);
        let stsc = full_atom(b"stsc", 0, 0, &[&be(&[1, 1, self.chunks.1, 1])]);
        let stsz = match &self.sizes {
            Ok(one) => full_atom(b"stsz", 0, 0, &[&be(&[*one, samples])]),
            Err(all) => full_atom(b"stsz", 0, 0, &[&be(&[0, samples]), &be(all)]),
        };
        let offsets: Vec<u8> = self.chunks.0.iter().flat_map(|n| n.to_be_bytes()).collect();
        let co64 = full_atom(b"co64", 0, 0, &[&be(&[count(self.chunks.0.len())]), &offsets]);
        let stbl = atom(b"stbl", &[&stsd, &stts, &stsc, &stsz, &co64]);
        let dinf = atom(b"dinf", &[&full_atom(b"dref", 0, 0, &[&be(&[1]), &full_atom(b"url ", 0, 1, &[])])]);
        atom(b"trak", &[&tkhd, &atom(b"mdia", &[&mdhd, &hdlr, &atom(b"minf", &[&dinf, &stbl])])])
    }
}

impl TimedMovie {
    /// The movie header for media that begin at `at`, and the pieces of the media with their offsets.
    fn header(&self, at: u64) -> (Vec<u8>, Vec<(u64, Vec<u8>)>) {
        let (scale, each) = self.rate;
        let visual = [&[0; 16][..], &[0, 16, 0, 8], &[0; 14], &[0; 32], &[0, 24, 0xff, 0xff]].concat();
        let mut all = vec![Listed {
            kind: b"vide",
            code: b"avc1",
            description: visual,
            timescale: scale,
            runs: vec![(self.frames, each)],
            sizes: Ok(self.frame_bytes),
            chunks: (vec![at], self.frames),
        }];
        let (mut pieces, mut at) = (Vec::new(), at);
        if let Some(start) = self.start {
            pieces.push((at, start.to_be_bytes().to_vec()));
            let fps = u8::try_from(scale.checked_div(each).unwrap_or(0)).unwrap_or(0);
            all.push(Listed {
                kind: b"tmcd",
                code: b"tmcd",
                description: [be(&[0, 0, scale, each]), vec![fps, 0]].concat(),
                timescale: scale,
                runs: vec![(1, self.frames.saturating_mul(each))],
                sizes: Ok(4),
                chunks: (vec![at], 1),
            });
            at = at.saturating_add(4);
        }
        for t in &self.tracks {
            let mut places = Vec::new();
            for (bytes, _) in &t.samples {
                places.push(at);
                pieces.push((at, bytes.clone()));
                at = at.saturating_add(u64::from(count(bytes.len()))).saturating_add(self.gap);
            }
            all.push(Listed {
                kind: b"meta",
                code: &t.code,
                description: Vec::new(),
                timescale: t.timescale,
                runs: t.samples.iter().map(|(_, d)| (1, *d)).collect(),
                sizes: Err(t.samples.iter().map(|(b, _)| count(b.len())).collect()),
                chunks: (places, 1),
            });
        }
        let mvhd = full_atom(b"mvhd", 0, 0, &[&be(&[0, 0, scale, self.frames.saturating_mul(each)]), &[0; 80]]);
        let traks: Vec<u8> = (1u32..).zip(&all).flat_map(|(id, t)| t.trak(id)).collect();
        let user = if self.user.is_empty() { Vec::new() } else { atom(b"udta", &[&self.user]) };
        (atom(b"moov", &[&mvhd, &traks, &user]), pieces)
    }

    /// The pieces of the file with their offsets, and its size; the rest is zeros.
    #[must_use]
    pub fn pieces(&self) -> (Vec<(u64, Vec<u8>)>, u64) {
        let ftyp = atom(b"ftyp", &[b"mp42", &[0; 4], b"mp42"]);
        let wide = |n: usize| u64::from(count(n));
        let at = wide(ftyp.len()).saturating_add(wide(self.header(0).0.len()));
        let (moov, mut pieces) = self.header(at.saturating_add(16));
        let pictures = u64::from(self.frames).saturating_mul(u64::from(self.frame_bytes));
        let last = pieces.iter().map(|(at, b)| at.saturating_add(wide(b.len()))).max().unwrap_or(0);
        let size = at.saturating_add(16).saturating_add(pictures).max(last);
        let mdat = [&be(&[1])[..], b"mdat", &size.saturating_sub(at).to_be_bytes()].concat();
        pieces.insert(0, (0, [ftyp, moov, mdat].concat()));
        (pieces, size)
    }

    /// The file. Only for small ones.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (pieces, size) = self.pieces();
        let mut out = vec![0; usize::try_from(size).unwrap_or(0)];
        for (at, bytes) in pieces {
            let from = usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(place) = out.get_mut(from..from.saturating_add(bytes.len())) {
                place.copy_from_slice(&bytes);
            }
        }
        out
    }
}
