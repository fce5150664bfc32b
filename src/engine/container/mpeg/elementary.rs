//! What a stream of pictures says of itself at its first access point: MPEG-2 video (ISO/IEC 13818-2, 6.2.2), H.264
//! (ISO/IEC 14496-10, 7.3.2.1 and annex E) and H.265.

use crate::model::Rational;

/// Most bytes of a parameter set.
const MOST_SET: usize = 512;

/// Size and rate of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second, where the stream says it.
    pub rate: Option<Rational>,
    /// Bits per component.
    pub bits: Option<u32>,
    /// Whether each picture is one frame; `None` when the header leaves it to each picture.
    pub progressive: Option<bool>,
}

/// Where the n-th start code's value lies, and what follows it.
fn units(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    bytes.windows(4).enumerate().filter_map(move |(n, w)| match w {
        [0, 0, 1, code] => Some((*code, bytes.get(n.checked_add(4)?..)?)),
        _ => None,
    })
}

/// The first sequence header of MPEG-2 video with its extension, or of MPEG-1 video, which has none: `progressive` is then
/// `None`.
#[must_use]
pub fn mpeg2(bytes: &[u8]) -> Option<Picture> {
    let mut all = units(bytes);
    let (_, head) = all.find(|(code, _)| *code == 0xb3)?;
    let [a, b, c, d] = *head.first_chunk::<4>()?;
    let (mut width, mut height) = (u32::from(a) << 4 | u32::from(b >> 4), u32::from(b & 15) << 8 | u32::from(c));
    let rates = [(24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (50, 1), (60_000, 1001), (60, 1)];
    let code = usize::from(d & 15).checked_sub(1);
    let (n, den) = code.and_then(|n| rates.get(n)).copied()?;
    let (mut num, mut den, mut progressive) = (n, den, None);
    // the extension follows before the first picture
    let extension = all
        .take_while(|(code, _)| *code != 0)
        .find(|(code, e)| *code == 0xb5 && e.first().is_some_and(|b| b >> 4 == 1));
    if let Some([_, e1, e2, _, _, e5]) = extension.and_then(|(_, e)| e.first_chunk::<6>()) {
        progressive = Some(e1 & 8 != 0);
        width |= (u32::from(e1 & 1) << 1 | u32::from(e2 >> 7)) << 12;
        height |= u32::from(e2 >> 5 & 3) << 12;
        num = u32::checked_mul(num, u32::from(e5 >> 5 & 3) + 1)?;
        den = u32::checked_mul(den, u32::from(e5 & 31) + 1)?;
    }
    let sized = width > 0 && height > 0;
    sized.then(|| Picture { width, height, rate: Rational::new(num, den), bits: Some(8), progressive })
}

/// The first sequence parameter set of H.265 (ISO/IEC 23008-2, 7.3.2.2) in a stream of start codes: size and depth. The rate
/// lies far behind them and is not read.
#[must_use]
pub fn hevc(bytes: &[u8]) -> Option<Picture> {
    let (_, set) = units(bytes).find(|(code, _)| code >> 1 & 0x3f == 33 && code & 0x80 == 0)?;
    let plain = unescaped(set.get(1..)?);
    let mut b = Bits { bytes: &plain, at: 0 };
    b.bits(4)?;
    let layers = b.bits(3)?;
    b.bit()?;
    // profile, tier and level: of the whole, then of each layer that says so
    b.skip(96)?;
    let mut flags = Vec::new();
    for _ in 0..layers {
        flags.push((b.bit()?, b.bit()?));
    }
    if layers > 0 {
        b.skip(2 * (8 - layers))?;
    }
    for (profile, level) in flags {
        b.skip(profile * 88 + level * 8)?;
    }
    b.golomb()?;
    let chroma = b.golomb()?;
    if chroma == 3 {
        b.bit()?;
    }
    let (width, height) = (b.golomb()?, b.golomb()?);
    let mut crop = [0; 4];
    if b.bit()? == 1 {
        for to in &mut crop {
            *to = b.golomb()?;
        }
    }
    let (luma, other) = (b.golomb()?, b.golomb()?);
    let [left, right, top, bottom] = crop;
    let (step_x, step_y) = match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let (width, height) = (cut(width, left, right, step_x)?, cut(height, top, bottom, step_y)?);
    let bits = ((luma == other || chroma == 0) && luma <= 8).then(|| luma + 8);
    let sized = width <= 1 << 16 && height <= 1 << 16;
    sized.then_some(Picture { width, height, rate: None, bits, progressive: None })
}

/// `n` without what is cropped on both sides, in steps.
fn cut(n: u32, a: u32, b: u32, step: u32) -> Option<u32> {
    n.checked_sub(a.checked_add(b)?.checked_mul(step)?).filter(|n| *n > 0)
}

/// The first sequence parameter set of H.264 in a stream of start codes.
#[must_use]
pub fn avc(bytes: &[u8]) -> Option<Picture> {
    let (_, set) = units(bytes).find(|(code, _)| code & 0x9f == 7)?;
    let plain = unescaped(set);
    let profile = *plain.first()?;
    let mut b = Bits { bytes: plain.get(3..)?, at: 0 };
    parameters(&mut b, profile)
}

fn parameters(b: &mut Bits<'_>, profile: u8) -> Option<Picture> {
    b.golomb()?;
    let (mut chroma, mut bits, mut separate) = (1, Some(8), false);
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        chroma = b.golomb()?;
        separate = chroma == 3 && b.bit()? == 1;
        let (luma, other) = (b.golomb()?, b.golomb()?);
        bits = (luma == other && luma <= 6).then(|| luma + 8);
        b.bit()?;
        if b.bit()? == 1 {
            for n in 0..if chroma == 3 { 12 } else { 8 } {
                if b.bit()? == 1 {
                    b.scaling_list(if n < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    b.golomb()?;
    match b.golomb()? {
        0 => drop(b.golomb()?),
        1 => {
            b.bit()?;
            b.golomb()?;
            b.golomb()?;
            for _ in 0..b.golomb()?.min(255) {
                b.golomb()?;
            }
        }
        _ => {}
    }
    b.golomb()?;
    b.bit()?;
    let (across, down) = (b.golomb()?.checked_add(1)?, b.golomb()?.checked_add(1)?);
    let frames_only = b.bit()? == 1;
    if !frames_only {
        b.bit()?;
    }
    b.bit()?;
    let mut crop = [0; 4];
    if b.bit()? == 1 {
        for to in &mut crop {
            *to = b.golomb()?;
        }
    }
    let rate = if b.bit()? == 1 { b.usability() } else { None };
    let fields = if frames_only { 1 } else { 2 };
    let (step_x, step_y) = match chroma {
        1 if !separate => (2, 2),
        2 if !separate => (2, 1),
        _ => (1, 1),
    };
    let [left, right, top, bottom] = crop;
    let width = cut(across.checked_mul(16)?, left, right, step_x)?;
    let height = cut(down.checked_mul(16)?.checked_mul(fields)?, top, bottom, step_y * fields)?;
    let sized = width <= 1 << 16 && height <= 1 << 16;
    sized.then(|| Picture { width, height, rate, bits, progressive: frames_only.then_some(true) })
}

/// Without emulation prevention: 00 00 03 stands for 00 00.
fn unescaped(set: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(MOST_SET);
    let mut zeros = 0;
    for &b in set.iter().take(MOST_SET) {
        if zeros >= 2 && b == 3 {
            zeros = 0;
            continue;
        }
        zeros = if b == 0 { zeros + 1 } else { 0 };
        out.push(b);
    }
    out
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    fn bits(&mut self, n: u32) -> Option<u32> {
        let mut out = 0u32;
        for _ in 0..n {
            out = out << 1 | self.bit()?;
        }
        Some(out)
    }

    fn skip(&mut self, n: u32) -> Option<()> {
        self.at = self.at.checked_add(usize::try_from(n).ok()?)?;
        (self.at <= self.bytes.len().checked_mul(8)?).then_some(())
    }

    /// An unsigned Exp-Golomb number below 2^24.
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 24 {
                return None;
            }
        }
        (1u32 << zeros | self.bits(zeros)?).checked_sub(1)
    }

    fn signed(&mut self) -> Option<i64> {
        let n = i64::from(self.golomb()?);
        Some(if n % 2 == 0 { -(n / 2) } else { (n + 1) / 2 })
    }

    fn scaling_list(&mut self, size: u32) -> Option<()> {
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..size {
            if next != 0 {
                next = (last + self.signed()?).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
        Some(())
    }

    /// Usability information as far as the rate: two ticks are one frame.
    fn usability(&mut self) -> Option<Rational> {
        if self.bit()? == 1 && self.bits(8)? == 255 {
            self.bits(32)?;
        }
        if self.bit()? == 1 {
            self.bit()?;
        }
        if self.bit()? == 1 {
            self.bits(4)?;
            if self.bit()? == 1 {
                self.bits(24)?;
            }
        }
        if self.bit()? == 1 {
            self.golomb()?;
            self.golomb()?;
        }
        if self.bit()? == 0 {
            return None;
        }
        let (ticks, scale) = (self.bits(32)?, self.bits(32)?);
        Rational::new(scale, ticks.checked_mul(2)?)
    }
}
