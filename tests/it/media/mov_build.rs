//! Builds tiny QuickTime files, box by box.

use rushes::engine::container::bmff::{FourCc, atom, full_atom};

/// Concatenates.
pub fn cat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn be16(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// Where the boxes go.
#[derive(Clone, Copy, PartialEq)]
pub enum Order {
    /// As cameras write: media first.
    MoovLast,
    /// As for the web.
    MoovFirst,
    /// Media first, with a 64-bit size.
    Wide,
}

/// A movie of one picture track, and a timecode track if wanted.
#[derive(Clone)]
pub struct Movie {
    pub order: Order,
    pub brand: FourCc,
    pub code: FourCc,
    pub size: (u16, u16),
    pub timescale: u32,
    /// Runs of frames and their durations.
    pub stts: Vec<(u32, u32)>,
    pub matrix: [i32; 4],
    /// Boxes after the video description.
    pub extra: Vec<u8>,
    /// Flags, timescale, frame duration, frames per second; frame numbers.
    pub tmcd: Option<(u32, u32, u32, u8, Vec<u32>)>,
    pub reel: Option<&'static str>,
    /// Boxes after the tracks.
    pub meta: Vec<u8>,
    /// The edit list of the picture: movie ticks, media time.
    pub edits: Vec<(u32, i32)>,
    /// Seconds since 1904.
    pub created: u32,
    /// Sound: code, channels, bits, rate, samples.
    pub sound: Option<(FourCc, u16, u16, u32, u32)>,
}

impl Default for Movie {
    fn default() -> Self {
        Self {
            order: Order::MoovLast,
            brand: *b"qt  ",
            code: *b"apch",
            size: (1920, 1080),
            timescale: 30_000,
            stts: vec![(8, 1001)],
            matrix: [0x1_0000, 0, 0, 0x1_0000],
            extra: atom(b"pasp", &[&be(&[1, 1])]),
            tmcd: Some((1, 30_000, 1001, 30, vec![111_582])),
            reel: Some("A001R1AB"),
            meta: Vec::new(),
            edits: Vec::new(),
            created: 3_600_000_000,
            sound: None,
        }
    }
}

/// A `stsd` of one description.
fn stsd(code: &FourCc, body: &[u8]) -> Vec<u8> {
    let entry = atom(code, &[&[0, 0, 0, 0, 0, 0, 0, 1], body]);
    full_atom(b"stsd", 0, 0, &[&be(&[1]), &entry])
}

/// Samples that lie one after the other in one chunk.
fn tables(stsd: &[u8], stts: &[(u32, u32)], size: u32, at: u32) -> Vec<u8> {
    let count: u32 = stts.iter().map(|(n, _)| n).sum();
    let runs: Vec<u32> = stts.iter().flat_map(|(n, d)| [*n, *d]).collect();
    let runs_count = u32::try_from(stts.len()).unwrap();
    let stts = full_atom(b"stts", 0, 0, &[&be(&[runs_count]), &be(&runs)]);
    let stsc = full_atom(b"stsc", 0, 0, &[&be(&[1, 1, count, 1])]);
    let stsz = full_atom(b"stsz", 0, 0, &[&be(&[size, count])]);
    let stco = full_atom(b"stco", 0, 0, &[&be(&[1, at])]);
    atom(b"stbl", &[stsd, &stts, &stsc, &stsz, &stco])
}

struct Trak {
    id: u32,
    kind: FourCc,
    timescale: u32,
    duration: u32,
    matrix: [i32; 4],
    edits: Vec<(u32, i32)>,
    tref: Option<u32>,
}

fn trak(t: &Trak, stbl: &[u8]) -> Vec<u8> {
    let [a, b, c, d] = t.matrix.map(i32::cast_unsigned);
    let zero = be(&[0, 0, t.id, 0, t.duration, 0, 0, 0, 0]);
    let tkhd = full_atom(b"tkhd", 0, 7, &[&zero, &be(&[a, b, 0, c, d, 0, 0, 0, 0x4000_0000, 0, 0])]);
    let mdhd = full_atom(b"mdhd", 0, 0, &[&be(&[0, 0, t.timescale, t.duration, 0])]);
    let hdlr = full_atom(b"hdlr", 0, 0, &[b"mhlr", &t.kind, &[0; 13]]);
    let url = full_atom(b"url ", 0, 1, &[]);
    let dinf = atom(b"dinf", &[&full_atom(b"dref", 0, 0, &[&be(&[1]), &url])]);
    let minf = atom(b"minf", &[&dinf, stbl]);
    let mdia = atom(b"mdia", &[&mdhd, &hdlr, &minf]);
    let edts = if t.edits.is_empty() {
        Vec::new()
    } else {
        let list: Vec<u32> = t.edits.iter().flat_map(|(n, at)| [*n, at.cast_unsigned(), 0x1_0000]).collect();
        let count = u32::try_from(t.edits.len()).unwrap();
        atom(b"edts", &[&full_atom(b"elst", 0, 0, &[&be(&[count]), &be(&list)])])
    };
    let tref = t.tref.map(|n| atom(b"tref", &[&atom(b"tmcd", &[&be(&[n])])])).unwrap_or_default();
    atom(b"trak", &[&tkhd, &edts, &tref, &mdia])
}

impl Movie {
    /// The whole file.
    pub fn bytes(&self) -> Vec<u8> {
        let ftyp = atom(b"ftyp", &[&self.brand, &be(&[0x200]), &self.brand]);
        let frames: u32 = self.stts.iter().map(|(n, _)| n).sum();
        let codes: Vec<u8> = self.tmcd.iter().flat_map(|t| be(&t.4)).collect();
        let sound = self.sound.map_or(0, |(_, c, b, _, n)| usize::from(c) * usize::from(b / 8) * n as usize);
        let media = cat(&[&codes, &vec![7; frames as usize * 16], &vec![1; sound]]);
        let mdat = match self.order {
            Order::Wide => {
                let size = u64::try_from(media.len() + 16).unwrap();
                cat(&[&be(&[1]), b"mdat", &size.to_be_bytes(), &media])
            }
            _ => cat(&[&atom(b"wide", &[]), &atom(b"mdat", &[&media])]),
        };
        let payload = mdat.len() - media.len();
        let length = self.moov(0).len();
        let base = ftyp.len() + payload + if self.order == Order::MoovFirst { length } else { 0 };
        let moov = self.moov(u32::try_from(base).unwrap());
        match self.order {
            Order::MoovFirst => cat(&[&ftyp, &moov, &mdat]),
            _ => cat(&[&ftyp, &mdat, &moov]),
        }
    }

    fn moov(&self, base: u32) -> Vec<u8> {
        let frames: u32 = self.stts.iter().map(|(n, _)| n).sum();
        let total: u32 = self.stts.iter().map(|(n, d)| n * d).sum();
        let mvhd = full_atom(b"mvhd", 0, 0, &[&be(&[self.created, self.created, self.timescale, total]), &[0; 80]]);
        let codes = self.tmcd.as_ref().map_or(0, |t| u32::try_from(t.4.len() * 4).unwrap());
        let (w, h) = self.size;
        let body = cat(&[
            &[0; 4],
            b"test",
            &[0; 8],
            &be16(&[w, h]),
            &be(&[0x48_0000, 0x48_0000, 0]),
            &be16(&[1]),
            &[0; 32],
            &be16(&[24, 0xffff]),
            &self.extra,
        ]);
        let picture = Trak {
            id: 1,
            kind: *b"vide",
            timescale: self.timescale,
            duration: total,
            matrix: self.matrix,
            edits: self.edits.clone(),
            tref: self.tmcd.as_ref().map(|_| 2),
        };
        let mut all = trak(&picture, &tables(&stsd(&self.code, &body), &self.stts, 16, base + codes));
        if let Some((flags, scale, duration, fps, numbers)) = &self.tmcd {
            let name = self.reel.map(|r| {
                let n = u16::try_from(r.len()).unwrap();
                atom(b"name", &[&be16(&[n, 0]), r.as_bytes()])
            });
            let body = cat(&[&be(&[0, *flags, *scale, *duration]), &[*fps, 0], &name.unwrap_or_default()]);
            let count = u32::try_from(numbers.len()).unwrap();
            let each = frames / count.max(1) * duration;
            let t = Trak { id: 2, kind: *b"tmcd", timescale: *scale, edits: Vec::new(), tref: None, ..picture };
            all.extend(trak(&t, &tables(&stsd(b"tmcd", &body), &[(count, each)], 4, base)));
        }
        if let Some((code, channels, bits, rate, samples)) = self.sound {
            let body = cat(&[&[0; 8], &be16(&[channels, bits, 0, 0]), &be(&[rate << 16])]);
            let t = Trak {
                id: 3,
                kind: *b"soun",
                timescale: rate,
                duration: samples,
                matrix: [0x1_0000, 0, 0, 0x1_0000],
                edits: Vec::new(),
                tref: None,
            };
            let at = base + codes + frames * 16;
            let size = u32::from(channels) * u32::from(bits / 8);
            all.extend(trak(&t, &tables(&stsd(&code, &body), &[(samples, 1)], size, at)));
        }
        atom(b"moov", &[&mvhd, &all, &self.meta])
    }
}

/// A value with its data type.
pub fn data(kind: u32, payload: &[u8]) -> Vec<u8> {
    atom(b"data", &[&be(&[kind, 0]), payload])
}

/// A `meta` of keys and values; with version and flags when `full`.
pub fn key_list(full: bool, all: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let hdlr = full_atom(b"hdlr", 0, 0, &[&[0; 4], b"mdta", &[0; 13]]);
    let names: Vec<u8> = all.iter().flat_map(|(k, ..)| atom(b"mdta", &[k.as_bytes()])).collect();
    let keys = full_atom(b"keys", 0, 0, &[&be(&[u32::try_from(all.len()).unwrap()]), &names]);
    let items: Vec<u8> =
        (1u32..).zip(all).flat_map(|(n, (_, kind, v))| atom(&n.to_be_bytes(), &[&data(*kind, v)])).collect();
    let ilst = atom(b"ilst", &[&items]);
    let version: &[u8] = if full { &[0; 4] } else { &[] };
    atom(b"meta", &[version, &hdlr, &keys, &ilst])
}

/// A text of QuickTime user data.
pub fn user_text(id: &FourCc, text: &str) -> Vec<u8> {
    atom(id, &[&be16(&[u16::try_from(text.len()).unwrap(), 0x55c4]), text.as_bytes()])
}
