//! Packets, tables and clocks of a transport stream (ISO/IEC 13818-1, 2.4), read at its start and its end only.

use crate::engine::container::bytes::Bytes;
use crate::model::{Error, Limits};
use std::collections::BTreeMap;

/// Bytes that are read at the start and at the end, at most.
const REACH: u64 = 4 << 20;
/// Bytes of the first picture's stream that are kept for its headers.
const MOST_PAYLOAD: usize = 64 << 10;
/// Most elementary streams.
const MOST_STREAMS: usize = 64;

/// One stream of a program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elementary {
    /// Its packets' number.
    pub pid: u16,
    /// Number of its kind (table 2-34).
    pub kind: u8,
    /// The codec, by a registration descriptor.
    pub registration: Option<[u8; 4]>,
    /// First and last presentation time, ticks of 90 kHz.
    pub first: Option<u64>,
    /// See [`Elementary::first`].
    pub last: Option<u64>,
    /// Its first bytes.
    pub payload: Vec<u8>,
}

/// What the start and the end of a stream say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transport {
    /// 188, 192 or 204.
    pub packet: u64,
    /// Programs in the association table.
    pub programs: usize,
    /// Streams of the first program, in the order of its table.
    pub streams: Vec<Elementary>,
    /// First clock reference, ticks of 90 kHz.
    pub clock: Option<u64>,
    /// Bytes behind the last whole packet.
    pub trailing: u64,
}

/// Size of packets and where the first one's sync byte lies, when these bytes are a transport stream: at least `least`
/// packets in a row.
#[must_use]
pub fn packet_size(head: &[u8], least: usize) -> Option<(u64, u64)> {
    let row = |size: usize, at: usize| {
        let syncs = (0..).map(|n: usize| n.checked_mul(size).and_then(|n| head.get(n.checked_add(at)?)));
        let found = syncs.take_while(Option::is_some).take(least.max(8)).flatten();
        let (mut count, mut good) = (0usize, true);
        for b in found {
            good &= *b == 0x47;
            count += 1;
        }
        good && count >= least
    };
    let kinds = [(188, 0), (192, 4), (204, 0)];
    kinds.into_iter().find(|(size, at)| row(*size, *at)).map(|(s, a)| (s as u64, a as u64))
}

impl Transport {
    /// Reads the tables and the first and last times.
    ///
    /// # Errors
    /// `FILE-MALFORMED` without packets or without a program; those of [`Bytes`].
    pub fn read(b: &mut Bytes<'_>, limits: &Limits) -> Result<Self, Error> {
        let reach = REACH.min(limits.header_bytes / 4);
        b.seek(0);
        let head = b.take(b.size().min(4096))?;
        let found = packet_size(&head, 2);
        let (packet, sync) =
            found.ok_or_else(|| Error::malformed("the file does not begin with transport packets").offset(0))?;
        let mut out = Self { packet, trailing: b.size() % packet, ..Self::default() };
        b.seek(0);
        let start = b.take((reach / packet).saturating_mul(packet).min(b.size()))?;
        let mut reader = Reader { out: &mut out, maps: BTreeMap::new(), first: None };
        reader.all(&start, packet, sync);
        if out.streams.is_empty() {
            return Err(Error::malformed("the transport stream has no program table near its start").offset(0));
        }
        let packets = b.size() / packet;
        let back = packets.min(reach / packet);
        b.seek((packets - back).saturating_mul(packet));
        let end = b.take(back.saturating_mul(packet))?;
        for p in end.chunks_exact(usize::try_from(packet).unwrap_or(188)) {
            let Some(p) = Packet::of(p, sync) else { continue };
            if let (Some(time), Some(s)) = (p.time(), out.streams.iter_mut().find(|s| s.pid == p.pid)) {
                // pictures are not stored in the order in which they are shown
                s.last = Some(s.last.map_or(time, |old| later(old, time)));
            }
        }
        Ok(out)
    }
}

/// The later of two times that wrap after 33 bits.
fn later(a: u64, b: u64) -> u64 {
    if b.wrapping_sub(a) & 0x1_ffff_ffff < 1 << 32 { b } else { a }
}

struct Reader<'a> {
    out: &'a mut Transport,
    /// Sections of tables that go over several packets.
    maps: BTreeMap<u16, Vec<u8>>,
    /// The program's table.
    first: Option<u16>,
}

impl Reader<'_> {
    fn all(&mut self, bytes: &[u8], packet: u64, sync: u64) {
        for p in bytes.chunks_exact(usize::try_from(packet).unwrap_or(188)) {
            let Some(p) = Packet::of(p, sync) else { continue };
            if self.out.clock.is_none() {
                self.out.clock = p.clock();
            }
            if p.pid == 0 || Some(p.pid) == self.first {
                self.table(&p);
            } else if let Some(s) = self.out.streams.iter_mut().find(|s| s.pid == p.pid) {
                s.first = s.first.or(p.time());
                let room = MOST_PAYLOAD.saturating_sub(s.payload.len());
                if s.first.is_some() {
                    s.payload.extend(p.contents().iter().take(room));
                }
            }
        }
    }

    fn table(&mut self, p: &Packet<'_>) {
        let part = if p.start {
            let skip = usize::from(p.payload.first().copied().unwrap_or(0)).saturating_add(1);
            self.maps.insert(p.pid, Vec::new());
            p.payload.get(skip..).unwrap_or_default()
        } else {
            p.payload
        };
        let Some(held) = self.maps.get_mut(&p.pid).filter(|h| h.len() < 1024 + 188) else { return };
        held.extend(part);
        let Some([id, l0, l1]) = held.first_chunk::<3>().copied() else { return };
        let length = usize::from(u16::from_be_bytes([l0 & 15, l1]));
        // behind the length: five bytes of header, the entries, four of checksum
        let Some(section) = held.get(8..length.saturating_sub(1).max(8)).map(<[u8]>::to_vec) else { return };
        match id {
            0 if p.pid == 0 && self.first.is_none() => self.association(&section),
            2 if self.out.streams.is_empty() => self.program(&section),
            _ => {}
        }
    }

    fn association(&mut self, entries: &[u8]) {
        for [n0, n1, p0, p1] in entries.as_chunks::<4>().0 {
            if u16::from_be_bytes([*n0, *n1]) != 0 {
                self.out.programs = self.out.programs.saturating_add(1);
                self.first.get_or_insert(u16::from_be_bytes([p0 & 0x1f, *p1]));
            }
        }
    }

    fn program(&mut self, section: &[u8]) {
        let Some([_, _, d0, d1]) = section.first_chunk::<4>() else { return };
        let mut at = usize::from(u16::from_be_bytes([d0 & 15, *d1])).saturating_add(4);
        while let Some([kind, p0, p1, d0, d1]) = section.get(at..).and_then(|s| s.first_chunk::<5>()) {
            let more = usize::from(u16::from_be_bytes([d0 & 15, *d1]));
            let from = at.saturating_add(5);
            let descriptors = section.get(from..from.saturating_add(more)).unwrap_or_default();
            if self.out.streams.len() < MOST_STREAMS {
                let pid = u16::from_be_bytes([p0 & 0x1f, *p1]);
                let registration = registration(descriptors);
                self.out.streams.push(Elementary { pid, kind: *kind, registration, ..Elementary::default() });
            }
            at = from.saturating_add(more);
        }
    }
}

/// The registration descriptor (2.6.8).
fn registration(mut descriptors: &[u8]) -> Option<[u8; 4]> {
    while let [tag, size, rest @ ..] = descriptors {
        if *tag == 5 {
            return rest.first_chunk::<4>().filter(|_| *size >= 4).copied();
        }
        descriptors = rest.get(usize::from(*size)..)?;
    }
    None
}

/// One packet.
struct Packet<'a> {
    pid: u16,
    start: bool,
    adaptation: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    fn of(bytes: &'a [u8], sync: u64) -> Option<Self> {
        let from = usize::try_from(sync).ok()?;
        let p = bytes.get(from..from.checked_add(188)?)?;
        let [0x47, b1, b2, b3, rest @ ..] = p else { return None };
        // damaged packets say so themselves
        if b1 & 0x80 != 0 {
            return None;
        }
        let (mut adaptation, mut payload): (&[u8], &[u8]) = (&[], rest);
        if b3 & 0x20 != 0 {
            let (size, after) = rest.split_first()?;
            (adaptation, payload) = after.split_at_checked(usize::from(*size))?;
        }
        if b3 & 0x10 == 0 {
            payload = &[];
        }
        Some(Self { pid: u16::from_be_bytes([b1 & 0x1f, *b2]), start: b1 & 0x40 != 0, adaptation, payload })
    }

    /// The program clock reference, without its 27 MHz part.
    fn clock(&self) -> Option<u64> {
        let [flags, a, b, c, d, e] = *self.adaptation.first_chunk::<6>()?;
        let base = u64::from(u32::from_be_bytes([a, b, c, d])) << 1 | u64::from(e >> 7);
        (flags & 0x10 != 0).then_some(base)
    }

    /// The presentation time at the start of a PES packet (2.4.3.7).
    fn time(&self) -> Option<u64> {
        if !self.start {
            return None;
        }
        let [0, 0, 1, _, _, _, f0, f1, _, a, b, c, d, e] = *self.payload.first_chunk::<14>()? else { return None };
        let present = f0 >> 6 == 2 && f1 & 0x80 != 0;
        let high = u64::from(a >> 1 & 7) << 30;
        let middle = u64::from(u16::from_be_bytes([b, c]) >> 1) << 15;
        present.then(|| high | middle | u64::from(u16::from_be_bytes([d, e]) >> 1))
    }

    /// What the packet adds to its stream, without the PES header.
    fn contents(&self) -> &'a [u8] {
        if !self.start {
            return self.payload;
        }
        match self.payload {
            [0, 0, 1, _, _, _, f0, _, size, rest @ ..] if f0 >> 6 == 2 => {
                rest.get(usize::from(*size)..).unwrap_or_default()
            }
            other => other,
        }
    }
}

/// A stream of one program with MPEG-2 pictures (`size` is that of its packets) and two times, for tests and seeds.
#[must_use]
pub fn sample_ts(size: usize) -> Vec<u8> {
    let packet = |pid: u16, start: bool, payload: &[u8]| {
        let mut out = vec![0; size.saturating_sub(188)];
        let [p0, p1] = pid.to_be_bytes();
        let fill = 183usize.saturating_sub(payload.len());
        out.extend([0x47, p0 | if start { 0x40 } else { 0 }, p1, 0x30]);
        out.push(u8::try_from(fill).unwrap_or(0));
        out.extend(vec![0; fill.min(1)]);
        out.extend(vec![0xff; fill.saturating_sub(1)]);
        out.extend(payload);
        out
    };
    let pes = |ticks: u64, contents: &[u8]| {
        let part = |shift: u32| (u16::try_from(ticks >> shift & 0x7fff).unwrap_or(0) << 1 | 1).to_be_bytes();
        let ([m0, m1], [l0, l1]) = (part(15), part(0));
        let high = 0x21 | u8::try_from(ticks >> 29 & 14).unwrap_or(0);
        [&[0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, high, m0, m1, l0, l1], contents].concat()
    };
    let association = [0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0, 0, 0, 0, 0];
    let program = [
        0, 2, 0xb0, 24, 0, 1, 0xc1, 0, 0, 0xe1, 1, 0xf0, 0, 0x02, 0xe1, 1, 0xf0, 6, 5, 4, b'M', b'P', b'E', b'G', 0, 0,
        0, 0,
    ];
    let sequence =
        [0, 0, 1, 0xb3, 0x78, 0x04, 0x38, 0x33, 0, 0, 0, 0, 0, 0, 1, 0xb5, 0x14, 0x8a, 0, 1, 0, 0, 0, 0, 1, 0];
    let all = [
        packet(0, true, &association),
        packet(0x100, true, &program),
        packet(0x101, true, &pes(90_000, &sequence)),
        packet(0x101, false, &[1; 60]),
        packet(0x101, true, &pes(180_000, &[0, 0, 1, 0])),
        packet(0x1fff, false, &[]),
    ];
    all.concat()
}
