//! GoPro's metadata format (GPMF): four characters, type, size and count of the samples, values; big end first, padded to
//! four bytes, nested where the type is 0.
//!
//! Source: the description of the format at <https://github.com/gopro/gpmf-parser>.

use super::bmff::FourCc;
use super::bytes::widened;

/// Most items of one payload that are looked at.
const MOST: usize = 65_536;
/// Deepest nesting.
const DEPTH: u32 = 8;

/// One item: a key and its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it is.
    pub key: FourCc,
    /// The type of its values, `?` for structures; 0 for items inside.
    pub kind: u8,
    /// Bytes of one sample.
    pub size: u8,
    /// Samples.
    pub repeat: u16,
    /// The samples.
    pub value: &'a [u8],
}

/// The items in a run of bytes, in order. It ends at the first thing that is no item.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
    left: usize,
    /// An item reaches beyond the end, or there are too many.
    pub cut: bool,
}

impl<'a> Items<'a> {
    /// Of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, left: MOST, cut: false }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.cut || self.rest.is_empty() {
            return None;
        }
        let Some((head, after)) = self.rest.split_first_chunk::<8>() else {
            self.cut = self.rest.iter().any(|b| *b != 0);
            return None;
        };
        let [a, b, c, d, kind, size, high, low] = *head;
        let key = [a, b, c, d];
        if key == [0; 4] {
            // space that was reserved
            self.rest = &[];
            return None;
        }
        let repeat = u16::from_be_bytes([high, low]);
        let len = usize::from(size).saturating_mul(usize::from(repeat));
        let value = after.get(..len).filter(|_| key.iter().all(|b| matches!(b, 0x20..=0x7e)) && self.left > 0);
        let Some(value) = value else {
            self.cut = true;
            return None;
        };
        self.left = self.left.saturating_sub(1);
        // the last one of a file may lack its padding
        self.rest = after.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Item { key, kind, size, repeat, value })
    }
}

impl<'a> Item<'a> {
    /// The items inside.
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        Items::new(if self.kind == 0 { self.value } else { &[] })
    }

    /// Its text: ISO 8859-1 up to the first NUL, without white space around it; `None` when nothing is left.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if !matches!(self.kind, b'c' | b'U' | b'F') {
            return None;
        }
        let end = self.value.iter().position(|b| *b == 0).unwrap_or(self.value.len());
        let text: String = self.value.get(..end).unwrap_or_default().iter().map(|b| char::from(*b)).collect();
        let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Its numbers, `structure` being the types of a sample of type `?`. `None` when they are none, or do not fit the size.
    #[must_use]
    pub fn table(&self, structure: Option<&[u8]>) -> Option<Table> {
        let kinds = match (self.kind, structure) {
            (b'?', Some(s)) => expanded(s, self.size)?,
            (b'?', None) => return None,
            (kind, _) => {
                let one = width(kind).filter(|_| !matches!(kind, b'c' | b'F' | b'G' | b'U'))?;
                let n =
                    usize::from(self.size).checked_div(one).filter(|n| n.checked_mul(one) == Some(self.size.into()))?;
                vec![kind; n]
            }
        };
        if kinds.is_empty() {
            return None;
        }
        let mut values = Vec::with_capacity(kinds.len().saturating_mul(self.repeat.into()));
        for sample in self.value.chunks_exact(usize::from(self.size).max(1)) {
            let mut rest = sample;
            for kind in &kinds {
                let (v, after) = rest.split_at_checked(width(*kind)?)?;
                values.push(number(*kind, v));
                rest = after;
            }
        }
        Some(Table { width: kinds.len(), values })
    }
}

/// Samples of one or more numbers each. What is no number in a structure is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Numbers of one sample, at least 1.
    pub width: usize,
    /// All of them.
    pub values: Vec<f64>,
}

impl Table {
    /// Samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sample `n`.
    #[must_use]
    pub fn get(&self, n: usize) -> Option<&[f64]> {
        let from = n.checked_mul(self.width)?;
        self.values.get(from..from.checked_add(self.width)?)
    }

    /// Divides by one number, or by one for each column (`SCAL`).
    fn scale(&mut self, by: &[f64]) {
        if by.is_empty() {
            return;
        }
        let all = by.len() == 1;
        for row in self.values.chunks_mut(self.width.max(1)) {
            for (n, x) in row.iter_mut().enumerate() {
                match by.get(if all { 0 } else { n }) {
                    Some(d) if *d != 0.0 => *x /= d,
                    Some(_) => *x = f64::NAN,
                    None => {}
                }
            }
        }
    }
}

/// Bytes of a value.
fn width(kind: u8) -> Option<usize> {
    Some(match kind {
        b'b' | b'B' | b'c' => 1,
        b's' | b'S' => 2,
        b'l' | b'L' | b'f' | b'q' | b'F' => 4,
        b'j' | b'J' | b'd' | b'Q' => 8,
        b'G' | b'U' => 16,
        _ => return None,
    })
}

/// The types of a structure with its repetitions (`f[8]L`) written out; `None` unless they take `size` bytes.
fn expanded(structure: &[u8], size: u8) -> Option<Vec<u8>> {
    let text: Vec<u8> = structure.iter().copied().take_while(|b| *b != 0).collect();
    let (mut out, mut rest, mut bytes) = (Vec::new(), &text[..], 0usize);
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        let mut times = 1;
        if let Some(inside) = rest.strip_prefix(b"[") {
            let end = inside.iter().position(|b| *b == b']')?;
            times = std::str::from_utf8(inside.get(..end)?).ok()?.parse::<u8>().ok()?.into();
            rest = inside.get(end.checked_add(1)?..)?;
        }
        bytes = bytes.checked_add(width(*kind)?.checked_mul(times)?)?;
        if bytes > usize::from(size) {
            return None;
        }
        out.extend(std::iter::repeat_n(*kind, times));
    }
    (bytes == usize::from(size)).then_some(out)
}

fn number(kind: u8, v: &[u8]) -> f64 {
    let read = || -> Option<f64> {
        Some(match kind {
            b'b' => f64::from(i8::from_be_bytes([*v.first()?])),
            b'B' => f64::from(*v.first()?),
            b's' => f64::from(i16::from_be_bytes(*v.first_chunk()?)),
            b'S' => f64::from(u16::from_be_bytes(*v.first_chunk()?)),
            b'l' => f64::from(i32::from_be_bytes(*v.first_chunk()?)),
            b'L' => f64::from(u32::from_be_bytes(*v.first_chunk()?)),
            b'f' => widened(f32::from_be_bytes(*v.first_chunk()?)),
            b'q' => f64::from(i32::from_be_bytes(*v.first_chunk()?)) / 65_536.0,
            b'd' => f64::from_be_bytes(*v.first_chunk()?),
            // more than 53 bits are rounded
            b'j' => i64::from_be_bytes(*v.first_chunk()?) as f64,
            b'J' => u64::from_be_bytes(*v.first_chunk()?) as f64,
            b'Q' => i64::from_be_bytes(*v.first_chunk()?) as f64 / 4_294_967_296.0,
            _ => return None,
        })
    };
    read().unwrap_or(f64::NAN)
}

/// One stream of a device in a payload.
#[derive(Debug, Clone)]
pub struct Stream<'a> {
    /// Name of the device (`DVNM`).
    pub device: Option<String>,
    /// Its name (`STNM`).
    pub name: Option<String>,
    /// What is said before its samples, without scale and structure.
    pub about: Vec<Item<'a>>,
    /// The samples as they are written: the last item.
    pub data: Item<'a>,
    /// The samples in the units of the stream; `None` when they are no numbers.
    pub table: Option<Table>,
}

/// The streams of all devices in a payload, and whether all of it could be read.
#[must_use]
pub fn streams(payload: &[u8]) -> (Vec<Stream<'_>>, bool) {
    let (mut out, mut whole) = (Vec::new(), true);
    let mut devices = Items::new(payload);
    for device in devices.by_ref().filter(|i| &i.key == b"DEVC") {
        let mut name = None;
        let mut inside = device.items();
        for item in inside.by_ref() {
            match &item.key {
                b"DVNM" => name = item.text(),
                b"STRM" if item.kind == 0 => {
                    let (s, ok) = stream(&item, name.as_ref());
                    whole &= ok;
                    out.extend(s);
                }
                _ => {}
            }
        }
        whole &= !inside.cut;
    }
    (out, whole && !devices.cut)
}

fn stream<'a>(item: &Item<'a>, device: Option<&String>) -> (Option<Stream<'a>>, bool) {
    let mut inside = item.items();
    let mut all: Vec<Item<'a>> = inside.by_ref().collect();
    let Some(data) = all.pop() else { return (None, !inside.cut) };
    let (mut scale, mut structure, mut name) = (Vec::new(), None, None);
    all.retain(|i| match &i.key {
        b"SCAL" => {
            scale = i.table(None).map(|t| t.values).unwrap_or_default();
            false
        }
        b"TYPE" => {
            structure = Some(i.value);
            false
        }
        b"STNM" => {
            name = i.text();
            false
        }
        _ => true,
    });
    let mut table = data.table(structure);
    if let Some(t) = &mut table {
        t.scale(&scale);
    }
    (Some(Stream { device: device.cloned(), name, about: all, data, table }), !inside.cut)
}

/// Every item that holds no others, at any depth: how settings of a whole recording are written.
#[must_use]
pub fn leaves(bytes: &[u8]) -> Vec<Item<'_>> {
    fn walk<'a>(items: Items<'a>, depth: u32, out: &mut Vec<Item<'a>>) {
        for i in items {
            if out.len() >= MOST {
                return;
            }
            if i.kind != 0 {
                out.push(i);
            } else if depth < DEPTH {
                walk(i.items(), depth.saturating_add(1), out);
            }
        }
    }
    let mut out = Vec::new();
    walk(Items::new(bytes), 0, &mut out);
    out
}

/// An item with samples of `size` bytes, for fixtures.
#[must_use]
pub fn item(key: &FourCc, kind: u8, size: u8, value: &[u8]) -> Vec<u8> {
    let repeat = value.len().checked_div(size.into()).and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
    let mut out = key.to_vec();
    out.extend([kind, size]);
    out.extend(repeat.to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// Items inside one, for fixtures.
#[must_use]
pub fn nest(key: &FourCc, parts: &[Vec<u8>]) -> Vec<u8> {
    let all = parts.concat();
    // long ones are counted in fours
    if all.len() > 65_535 { item(key, 0, 4, &all) } else { item(key, 0, 1, &all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn be<const N: usize>(all: &[i32; N]) -> Vec<u8> {
        all.iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    fn fixture() -> Vec<u8> {
        nest(
            b"DEVC",
            &[
                item(b"DVID", b'L', 4, &be(&[1])),
                item(b"DVNM", b'c', 1, b"Hero7 Black"),
                nest(
                    b"STRM",
                    &[
                        item(b"TSMP", b'L', 4, &be(&[2])),
                        item(b"STNM", b'c', 1, b"GPS"),
                        item(b"GPSF", b'L', 4, &be(&[3])),
                        item(b"SCAL", b'l', 4, &be(&[100, 1000])),
                        item(b"GPS5", b'l', 8, &be(&[12, -3456, 50, 7])),
                    ],
                ),
                nest(b"STRM", &[item(b"TYPE", b'c', 1, b"Bs[2]F"), item(b"FACE", b'?', 9, b"\x01\0\x02\xff\xffABCD")]),
            ],
        )
    }

    #[test]
    fn streams_with_scales_and_structures() {
        let bytes = fixture();
        let (all, whole) = streams(&bytes);
        assert!(whole && all.len() == 2, "{all:?}");
        let gps = &all[0];
        assert_eq!((gps.device.as_deref(), gps.name.as_deref()), (Some("Hero7 Black"), Some("GPS")));
        assert_eq!(gps.about.iter().map(|i| &i.key).collect::<Vec<_>>(), [b"TSMP", b"GPSF"]);
        let t = gps.table.as_ref().unwrap();
        assert_eq!(
            (t.len(), t.get(0), t.get(1), t.get(2)),
            (2, Some(&[0.12, -3.456][..]), Some(&[0.5, 0.007][..]), None)
        );
        let face = all[1].table.as_ref().unwrap();
        assert_eq!((face.width, &face.values[..3]), (4, &[1.0, 2.0, -1.0][..]));
        assert!(face.values[3].is_nan());
        let keys: Vec<_> = leaves(&bytes).iter().map(|i| i.key).collect();
        assert_eq!(keys.len(), 9);
        assert!(leaves(&[bytes, vec![0; 64]].concat()).len() == 9, "space behind it");
    }

    #[test]
    fn types_of_numbers() {
        for (kind, bytes, want) in [
            (b'b', &[0xffu8][..], -1.0),
            (b'B', &[0xff], 255.0),
            (b'S', &[1, 0], 256.0),
            (b'q', &[0xff, 0xff, 0x80, 0], -0.5),
            (b'f', &[0x3f, 0x80, 0, 0], 1.0),
            (b'Q', &[0, 0, 0, 2, 0x40, 0, 0, 0], 2.25),
            (b'j', &[0xff; 8], -1.0),
            (b'd', &[0x40, 0, 0, 0, 0, 0, 0, 0], 2.0),
        ] {
            let i = Item { key: *b"TEST", kind, size: bytes.len() as u8, repeat: 1, value: bytes };
            assert_eq!(i.table(None).unwrap().values, [want], "{}", char::from(kind));
        }
        let odd = Item { key: *b"TEST", kind: b's', size: 3, repeat: 1, value: &[0; 3] };
        assert_eq!(odd.table(None), None);
        assert_eq!((expanded(b"f[200]", 255), expanded(b"f[", 4), expanded(b"x", 1)), (None, None, None));
        let inside = [item(b"SCAL", b'S', 2, &[0, 0]), item(b"ISOE", b'S', 2, &[0, 1])].concat();
        let zero = stream(&Item { key: *b"STRM", kind: 0, size: 1, repeat: 24, value: &inside }, None);
        assert!(zero.0.unwrap().table.unwrap().values[0].is_nan(), "nothing is divided by zero");
    }

    #[test]
    fn cut_and_flipped() {
        let bytes = fixture();
        for at in 0..bytes.len() {
            assert!(!streams(&bytes[..at]).1 || at == 0, "cut at {at}");
            for bit in 0..8 {
                let mut odd = bytes.clone();
                odd[at] ^= 1 << bit;
                let (all, _) = streams(&odd);
                assert!(all.len() <= 64);
                let _ = leaves(&odd);
            }
        }
    }
}
