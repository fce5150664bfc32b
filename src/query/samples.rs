//! Made-up clips and queries for tests: many different ones, the same on every machine.

use super::Facts;
use crate::model::{AudioTrack, ClipDoc, ClipUnit, FrameGap, Rational, Timecode, TimecodeInfo};

/// Marsaglia's xorshift.
pub struct Random(pub u64);

impl Random {
    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % n.max(1)
    }

    /// One of a list.
    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        let n = self.below(list.len() as u64);
        list[n as usize].clone()
    }

    /// One of a list, or nothing.
    pub fn maybe<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (self.below(3) > 0).then(|| self.of(list))
    }
}

/// A clip: few different values, so that queries find some.
pub fn clip(r: &mut Random) -> ClipDoc {
    let name = format!("A00{}C00{}_{}", r.below(4), r.below(4), r.of(&["260112_R2EC", "Ä", "x y"]));
    let mut d = ClipDoc::new(name, r.of(&[ClipUnit::File, ClipUnit::Sequence]));
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<String>>();
    d.camera.make = r.maybe(&texts(&["ARRI", "Sony", "RED"]));
    d.camera.model = r.maybe(&texts(&["ALEXA 35", "ALEXA Mini", "V-Raptor [X]"]));
    d.reel = r.maybe(&texts(&["A001R2EC", "A001", "B002", "b002"]));
    d.slate.note = r.maybe(&texts(&["good for sound", "For  sound", "no", "*?"]));
    d.slate.circled = r.maybe(&[true, false]);
    d.exposure.iso = r.maybe(&[800, 1600, 400]);
    d.lens.t_stop = r.maybe(&[2.8, 2.8_f32 as f64, 4.0]);
    d.fps.project = r.maybe(&[Rational::new(24, 1).unwrap(), Rational::new(24_000, 1001).unwrap()]);
    d.recorded.date = r.maybe(&texts(&["2026-11-25T10:00:00+01:00", "2026-11-24", "2025-01-01T00:00:00"]));
    d.clip.frames = r.maybe(&[24, 240, 2400]);
    if r.below(3) == 0 {
        d.clip.gaps = vec![FrameGap { first: 3, last: 4 }, FrameGap { first: 9, last: 9 }];
    }
    for (n, name) in ["Boom", "Mix L", "Mix R"].into_iter().enumerate().take(r.below(4) as usize) {
        d.audio.tracks.get_or_insert_default().push(AudioTrack { channel: n as u32 + 1, name: name.into() });
    }
    if r.below(3) == 0 {
        d.warn("META-CONFLICT", "reel is \"A\" but \"B\"");
    }
    if r.below(4) > 0 {
        let (n, den, drop) =
            r.of(&[(24, 1, false), (24_000, 1001, false), (30_000, 1001, true), (30_000, 1001, false)]);
        let rate = Rational::new(n, den).unwrap();
        let from = r.of(&[0, 864_000, 2_073_000, 2_589_000]);
        let start = Timecode::from_frames(from, rate, drop).unwrap();
        let end = (r.below(3) > 0).then(|| start.plus(r.of(&[0, 1, 240, 5_000])).to_string());
        d.timecode = Some(TimecodeInfo { start: start.to_string(), end, rate, drop });
    }
    d
}

const CONDITIONS: &[&str] = &[
    "reel=A001",
    "reel=a001*",
    "reel!=A001",
    "reel=\"b002\"",
    "make=ARRI",
    "camera.make!=sony",
    "model=\"ALEXA 35\"",
    "model=*[x]",
    "iso>=800",
    "iso!=800",
    "iso<800",
    "t_stop=2.8",
    "t_stop>2.8",
    "fps=24",
    "fps<24",
    "rate!=23.976",
    "circled=yes",
    "circled=no",
    "date=2026-11",
    "date>=2026-11-25",
    "date<2026",
    "frames>24",
    "gaps.first=9",
    "audio.tracks.name=\"mix l\"",
    "audio.tracks.name!=Boom",
    "warnings.code=META-*",
    "tc=10:00:00:00",
    "tc=00:00:00:02",
    "tc=19:11:40;10",
    "tc!=10:00:01:00",
    "tc=23:59:46:00",
    "timecode.start>=10:00:00:00",
    "timecode.end<05:00:00:00",
    "timecode.start=10:*",
    "timecode.drop=yes",
    "has:lens",
    "has:tc",
    "has:camera.make",
    "has:clip.gaps",
    "has:warnings",
    "has:present",
    "A001",
    "a00",
    "ä",
    "mix",
    "\"for sound\"",
    "good-for",
    "\"*x?\"",
    "folder=ocf",
    "folder=snd*",
    "path=*a/*",
    "path=A/x?.mov",
    "show=senna",
    "present=no",
    "present=yes",
    "slate.note=\"*?\"",
    "slate.note=*sound",
    "unit=file",
    "clip.id=*1",
    "name=a001c00?_*",
    "*",
];

/// A query, brackets and all; each can be read.
pub fn query(r: &mut Random, depth: u64) -> String {
    match r.below(if depth == 0 { 4 } else { 9 }) {
        0..4 => r.of(CONDITIONS).to_owned(),
        4 => format!("not {}", query(r, depth - 1)),
        5 => format!("({})", query(r, depth - 1)),
        6 => format!("{} or {}", query(r, depth - 1), query(r, depth - 1)),
        7 => format!("{} and ({})", query(r, depth - 1), query(r, depth - 1)),
        _ => format!("{} {}", query(r, depth - 1), query(r, depth - 1)),
    }
}

/// The facts of a clip at these places.
pub fn facts(doc: &ClipDoc, show: &str, places: &[super::Place], last: Option<&str>) -> Facts {
    Facts::new(&serde_json::to_value(doc).unwrap(), show, places, last)
}
