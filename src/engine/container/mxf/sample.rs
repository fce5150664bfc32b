//! A small file of a movie, for fixtures: one picture track, one sound track, timecode in every package.

use super::index::IndexSegment;
use super::klv::Ul;
use super::partition::{Kind, Partition};
use super::write::{batch, fill, head, id, index, partition, primer, properties, random_index, set, text};

/// Tags and values.
pub type Properties = Vec<(u16, Vec<u8>)>;

/// Sets by the last bytes of their keys.
pub type Acquisition = Vec<([u8; 2], Properties)>;

/// What the file says. Change what a test is about.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Bytes before the header partition.
    pub run_in: Vec<u8>,
    /// Bytes 13 and 14 of the operational pattern.
    pub pattern: [u8; 2],
    /// Frames in a second.
    pub rate: (i32, i32),
    /// Length of every track; -1 for unknown.
    pub duration: i64,
    /// Length in the descriptors, if another one.
    pub stored: Option<i64>,
    /// Pictures that lie in the body.
    pub frames: u32,
    /// Counting base of the timecode and whether labels are dropped.
    pub base: (u16, bool),
    /// First frame of the timecode of the material, the file and the tape package; absent: no such track.
    pub starts: [Option<i64>; 3],
    /// Name of the tape package; absent: there is none.
    pub tape: Option<String>,
    /// Where in the file package the material begins, and in the tape package the file package.
    pub offsets: (i64, i64),
    /// Units between the first stored picture and position 0 of the file package's track.
    pub origin: i64,
    /// Bytes 9 to 16 of the picture coding and of the essence container.
    pub coding: ([u8; 8], [u8; 8]),
    /// Properties of the picture descriptor besides coding and container.
    pub picture: Properties,
    /// Class of the picture descriptor.
    pub class: u16,
    /// Sound channels; 0 for no sound track.
    pub channels: u32,
    /// Other sets behind the known ones, as triplets.
    pub more: Vec<u8>,
    /// Further entries of the primer.
    pub tags: Vec<(u16, Ul)>,
    /// Properties of the system item's acquisition metadata, by the last bytes of their key.
    pub acquisition: Acquisition,
    /// The same of the frames behind the first; a frame beyond its end has that of its last, or of the first.
    pub later: Vec<Acquisition>,
    /// Company, product and version of the program that wrote it.
    pub writer: [String; 3],
    /// Text in a stream of its own, in a partition before the footer.
    pub document: Option<String>,
    /// Header metadata once more, in a body partition behind the frames of a recording that was not closed, with this length.
    pub repeated: Option<i64>,
    /// The header as it is while recording: open, incomplete, no footer known.
    pub open: bool,
    /// A footer with metadata, index and random index.
    pub closed: bool,
    /// Frames that the index table counts.
    pub indexed: i64,
    /// One triplet with all pictures, as OP-Atom files have.
    pub clip_wrapped: bool,
}

impl Default for Sample {
    fn default() -> Self {
        let u32s = |n: u32| n.to_be_bytes().to_vec();
        Self {
            run_in: Vec::new(),
            pattern: [1, 1],
            rate: (24_000, 1001),
            duration: 3,
            stored: None,
            frames: 3,
            base: (24, false),
            starts: [Some(864_000), Some(864_000), None],
            tape: None,
            offsets: (0, 0),
            origin: 0,
            coding: ([0x04, 1, 2, 2, 1, 4, 3, 0], [0x0d, 1, 3, 1, 2, 4, 0x60, 1]),
            picture: vec![
                (0x3203, u32s(1920)),
                (0x3202, u32s(1088)),
                (0x3205, u32s(1920)),
                (0x3204, u32s(1080)),
                (0x320e, [16i32.to_be_bytes(), 9i32.to_be_bytes()].concat()),
                (0x320c, vec![0]),
                (0x3301, u32s(8)),
                (0x3304, u32s(16)),
                (0x3305, u32s(235)),
                (0x3306, u32s(225)),
                (0x321a, Ul::label([0x04, 1, 1, 1, 2, 2, 0, 0]).0.to_vec()),
                (0x3210, Ul::label([0x04, 1, 1, 1, 1, 2, 0, 0]).0.to_vec()),
                (0x3219, Ul::label([0x04, 1, 1, 1, 3, 3, 0, 0]).0.to_vec()),
            ],
            class: 0x5100,
            channels: 2,
            more: Vec::new(),
            tags: Vec::new(),
            acquisition: Vec::new(),
            later: Vec::new(),
            writer: ["Maker", "Writer", "1.0"].map(str::to_owned),
            document: None,
            repeated: None,
            open: false,
            closed: true,
            indexed: 3,
            clip_wrapped: false,
        }
    }
}

const PICTURE: [u8; 8] = [0x01, 3, 2, 2, 1, 0, 0, 0];
const SOUND: [u8; 8] = [0x01, 3, 2, 2, 2, 0, 0, 0];
const TIMECODE: [u8; 8] = [0x01, 3, 2, 1, 1, 0, 0, 0];

/// The package identifier of fixtures: 1 material, 2 file, 3 tape.
#[must_use]
pub fn umid(n: u8) -> Vec<u8> {
    let mut out = vec![0x06, 0x0a, 0x2b, 0x34, 1, 1, 1, 5, 1, 1, 0x0d, 0, 0x13, 0, 0, 0];
    out.extend([n; 16]);
    out
}

/// A fraction.
#[must_use]
pub fn fraction((n, d): (i32, i32)) -> Vec<u8> {
    [n.to_be_bytes(), d.to_be_bytes()].concat()
}

/// A data element with these sets.
fn acquisition(sets: &Acquisition) -> Vec<u8> {
    let mut out = Vec::new();
    for (last, items) in sets {
        let key = Ul::with([2, 0x53, 1, 1], [0x0c, 2, 1, 1, last[0], last[1], 0, 0]);
        out.extend(super::write::klv(key, &properties(items)));
    }
    super::write::klv(Ul::with([1, 2, 1, 1], [0x0d, 1, 3, 1, 0x17, 1, 2, 1]), &out)
}

impl Sample {
    /// A track: number within its package, kind, what its sequence holds. Uses the object numbers from `own` on.
    fn track(&self, own: u8, number: u32, kind: [u8; 8], component: Vec<u8>, origin: i64) -> Vec<u8> {
        let track = set(
            0x3b00,
            own,
            &[
                (0x4801, number.to_be_bytes().to_vec()),
                (0x4804, 0x1501_0500u32.to_be_bytes().to_vec()),
                (0x4b01, fraction(self.rate)),
                (0x4b02, origin.to_be_bytes().to_vec()),
                (0x4803, id(own.saturating_add(1)).to_vec()),
            ],
        );
        let sequence = set(
            0x0f00,
            own.saturating_add(1),
            &[
                (0x0201, Ul::label(kind).0.to_vec()),
                (0x0202, self.duration.to_be_bytes().to_vec()),
                (0x1001, batch(&[id(own.saturating_add(2))])),
            ],
        );
        [track, sequence, component].concat()
    }

    fn timecode(&self, own: u8, start: i64) -> Vec<u8> {
        let items = [
            (0x0201, Ul::label(TIMECODE).0.to_vec()),
            (0x0202, self.duration.to_be_bytes().to_vec()),
            (0x1501, start.to_be_bytes().to_vec()),
            (0x1502, self.base.0.to_be_bytes().to_vec()),
            (0x1503, vec![u8::from(self.base.1)]),
        ];
        set(0x1400, own, &items)
    }

    fn clip(&self, own: u8, kind: [u8; 8], package: Option<u8>, track: u32, at: i64) -> Vec<u8> {
        let items = [
            (0x0201, Ul::label(kind).0.to_vec()),
            (0x0202, self.duration.to_be_bytes().to_vec()),
            (0x1201, at.to_be_bytes().to_vec()),
            (0x1101, package.map_or_else(|| vec![0; 32], umid)),
            (0x1102, track.to_be_bytes().to_vec()),
        ];
        set(0x1100, own, &items)
    }

    fn package(&self, n: u8, class: u16, name: &str, descriptor: Option<u8>, tracks: &[u8]) -> Vec<u8> {
        let mut items = vec![
            (0x4401, umid(n)),
            (0x4405, vec![7, 0xea, 1, 12, 10, 31, 7, 0]),
            (0x4402, text(name)),
            (0x4403, batch(&tracks.iter().map(|t| id(*t)).collect::<Vec<_>>())),
        ];
        items.extend(descriptor.map(|d| (0x4701, id(d).to_vec())));
        set(class, n, &items)
    }

    /// Picture, sound and timecode tracks of a package that begin at `base`; the next package's number and position.
    fn tracks(&self, base: u8, n: usize, next: Option<u8>, at: i64) -> (Vec<u8>, Vec<u8>) {
        let (mut list, mut out) = (vec![base], Vec::new());
        let origin = if n == 1 { self.origin } else { 0 };
        out.extend(self.track(base, 2, PICTURE, self.clip(base.saturating_add(2), PICTURE, next, 2, at), origin));
        if self.channels > 0 {
            let own = base.saturating_add(3);
            list.push(own);
            out.extend(self.track(own, 3, SOUND, self.clip(own.saturating_add(2), SOUND, next, 3, at), origin));
        }
        if let Some(start) = self.starts.get(n).copied().flatten() {
            let own = base.saturating_add(6);
            list.push(own);
            out.extend(self.track(own, 1, TIMECODE, self.timecode(own.saturating_add(2), start), 0));
        }
        (list, out)
    }

    fn descriptors(&self) -> Vec<u8> {
        let common = |track: u32, container: [u8; 8]| {
            vec![
                (0x3006, track.to_be_bytes().to_vec()),
                (0x3001, fraction(self.rate)),
                (0x3002, self.stored.unwrap_or(self.duration).to_be_bytes().to_vec()),
                (0x3004, Ul::with([4, 1, 1, 2], container).0.to_vec()),
            ]
        };
        let mut picture = common(2, self.coding.1);
        picture.push((0x3201, Ul::label(self.coding.0).0.to_vec()));
        picture.extend(self.picture.iter().cloned());
        let mut out = set(self.class, 61, &picture);
        if self.channels > 0 {
            let mut sound = common(3, [0x0d, 1, 3, 1, 2, 6, 3, 0]);
            sound.push((0x3d07, self.channels.to_be_bytes().to_vec()));
            sound.push((0x3d03, fraction((48_000, 1))));
            sound.push((0x3d01, 24u32.to_be_bytes().to_vec()));
            out.extend(set(0x4700, 62, &sound));
            let mut all = common(0, [0x0d, 1, 3, 1, 2, 0x7f, 1, 0]);
            all.retain(|(tag, _)| *tag != 0x3006);
            all.push((0x3f01, batch(&[id(61), id(62)])));
            out.extend(set(0x4400, 60, &all));
        }
        out
    }

    /// The header metadata with their primer.
    #[must_use]
    pub fn metadata(&self) -> Vec<u8> {
        let mut out = primer(&self.tags);
        let tape = self.tape.is_some();
        let mut packages = vec![id(1), id(2)];
        packages.extend(tape.then(|| id(3)));
        let op = Ul::label([0x0d, 1, 2, 1, self.pattern[0], self.pattern[1], 0, 0]);
        out.extend(set(
            0x2f00,
            40,
            &[
                (0x3b02, vec![7, 0xea, 1, 12, 10, 31, 7, 0]),
                (0x3b05, vec![1, 3]),
                (0x3b06, batch(&[id(42)])),
                (0x3b03, id(41).to_vec()),
                (0x3b09, op.0.to_vec()),
            ],
        ));
        out.extend(set(
            0x3000,
            42,
            &[(0x3c01, text(&self.writer[0])), (0x3c02, text(&self.writer[1])), (0x3c04, text(&self.writer[2]))],
        ));
        out.extend(set(0x1800, 41, &[(0x1901, batch(&packages)), (0x1902, batch(&[id(43)]))]));
        let data = [(0x2701, umid(2)), (0x3f07, 1u32.to_be_bytes().to_vec()), (0x3f06, 2u32.to_be_bytes().to_vec())];
        out.extend(set(0x2300, 43, &data));
        let (list, tracks) = self.tracks(10, 0, Some(2), self.offsets.0);
        out.extend(self.package(1, 0x3600, "Material", None, &list));
        out.extend(tracks);
        let (list, tracks) = self.tracks(20, 1, tape.then_some(3), self.offsets.1);
        let descriptor = if self.channels > 0 { 60 } else { 61 };
        out.extend(self.package(2, 0x3700, "File", Some(descriptor), &list));
        out.extend(tracks);
        out.extend(self.descriptors());
        if let Some(name) = &self.tape {
            let (list, tracks) = self.tracks(30, 2, None, 0);
            out.extend(self.package(3, 0x3700, name, Some(63), &list));
            out.extend(tracks);
            out.extend(set(0x2e00, 63, &[]));
        }
        out.extend_from_slice(&self.more);
        out
    }

    /// The pack of a partition whose offsets are known.
    fn pack(&self, kind: Kind, this: u64, footer: u64, header_bytes: usize) -> Partition {
        let body = kind != Kind::Footer;
        Partition {
            kind,
            closed: !self.open || kind == Kind::Footer,
            complete: !self.open || kind == Kind::Footer,
            version: (1, 3),
            at: 0,
            end: 0,
            kag: 1,
            this,
            previous: 0,
            footer,
            header_bytes: u64::try_from(header_bytes).unwrap_or(0),
            index_bytes: 0,
            index_sid: if body { 0 } else { 2 },
            body_offset: 0,
            body_sid: u32::from(body),
            pattern: Ul::label([0x0d, 1, 2, 1, self.pattern[0], self.pattern[1], 0, 0]),
            containers: vec![Ul::with([4, 1, 1, 2], self.coding.1)],
            is_stream: false,
        }
    }

    /// The essence: frames of system item, picture and sound, or one triplet of pictures.
    fn body(&self) -> Vec<u8> {
        let picture = Ul::with([1, 2, 1, 1], [0x0d, 1, 3, 1, 0x15, 1, 5, 0]);
        let frames = usize::try_from(self.frames).unwrap_or(0);
        if self.clip_wrapped {
            let n = frames.saturating_mul(4);
            return [head(picture, u64::try_from(n).unwrap_or(0)), vec![0xaa; n]].concat();
        }
        let sound = Ul::with([1, 2, 1, 1], [0x0d, 1, 3, 1, 0x16, 1, 3, 0]);
        let system = Ul::with([2, 5, 1, 1], [0x0d, 1, 3, 1, 4, 1, 1, 0]);
        let mut out = Vec::new();
        for n in 0..frames {
            out.extend(super::write::klv(system, &[0; 57]));
            let later = n.checked_sub(1).and_then(|n| self.later.get(n).or(self.later.last()));
            let sets = later.unwrap_or(&self.acquisition);
            if !sets.is_empty() {
                out.extend(acquisition(sets));
            }
            out.extend(super::write::klv(picture, &[0xaa; 4]));
            if self.channels > 0 {
                out.extend(super::write::klv(sound, &[0; 6]));
            }
        }
        out
    }

    /// A partition behind the essence: of a document, or with the metadata so far.
    fn stream(&self, at: u64) -> Vec<u8> {
        if let Some(text) = &self.document {
            let mut pack = self.pack(Kind::Body, at, 0, 0);
            (pack.is_stream, pack.body_sid) = (true, 9);
            let key = Ul::with([1, 1, 1, 0x0c], [0x0d, 1, 5, 9, 1, 0, 0, 0]);
            return [partition(&pack), super::write::klv(key, text.as_bytes())].concat();
        }
        let Some(duration) = self.repeated else { return Vec::new() };
        let metadata = Self { duration, ..self.clone() }.metadata();
        let pack = self.pack(Kind::Body, at, 0, metadata.len());
        [partition(&pack), metadata].concat()
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (metadata, body) = (self.metadata(), self.body());
        let len = |n: usize| u64::try_from(n).unwrap_or(0);
        let plain = partition(&self.pack(Kind::Header, 0, 0, metadata.len()));
        let body_at = plain.len().saturating_add(metadata.len()).saturating_add(32);
        let body_pack = |footer| partition(&self.pack(Kind::Body, len(body_at), footer, 0));
        let stream_at = body_at.saturating_add(body_pack(0).len()).saturating_add(body.len());
        let stream = self.stream(len(stream_at));
        let at = len(stream_at.saturating_add(stream.len()));
        let known = if self.closed && !self.open { at } else { 0 };
        let mut out = self.run_in.clone();
        out.extend(partition(&self.pack(Kind::Header, 0, known, metadata.len())));
        out.extend_from_slice(&metadata);
        out.extend(fill(32));
        out.extend(body_pack(known));
        out.extend_from_slice(&body);
        out.extend_from_slice(&stream);
        if !self.closed {
            return out;
        }
        // what an unfinished header did not know, the footer says
        let again = if self.open { metadata } else { Vec::new() };
        let segment = IndexSegment {
            index_sid: 2,
            body_sid: 1,
            rate: Some(self.rate),
            start: 0,
            duration: self.indexed,
            unit_bytes: if self.clip_wrapped { 4 } else { 0 },
        };
        let table = index(&segment);
        let mut pack = self.pack(Kind::Footer, at, at, again.len());
        pack.index_bytes = len(table.len());
        out.extend(partition(&pack));
        out.extend_from_slice(&again);
        out.extend(table);
        let mut places = vec![(1, 0), (1, len(body_at)), (0, at)];
        if !stream.is_empty() {
            places.insert(2, (9, len(stream_at)));
        }
        out.extend(random_index(&places));
        out
    }
}
