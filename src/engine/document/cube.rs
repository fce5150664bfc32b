//! `.cube` tables: Adobe's Cube LUT Specification 1.0 (IRIDAS), and what Resolve adds (a 1D table before a 3D one in one
//! file, input ranges).

use crate::model::{Error, ErrorKind};
use std::borrow::Cow;

/// Most entries along one side of a 3D table.
pub const MOST_3D: u32 = 129;
/// Most entries of a 1D table.
pub const MOST_1D: u32 = 65_536;
/// Most bytes of a file: the largest table with 96 bytes a line, and a long head.
pub const MOST_BYTES: u64 = 256 << 20;

/// What a file holds: one table, or a 1D one that is applied before a 3D one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cube {
    /// The title, without its quotes.
    pub title: Option<String>,
    /// The 1D table.
    pub one: Option<Table>,
    /// The 3D table.
    pub three: Option<Table>,
}

/// One table. Rows are red, green, blue; in a 3D table the index of red goes fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Entries along one side.
    pub size: u32,
    /// Input of the first entry, for each channel; below `max`.
    pub min: [f64; 3],
    /// Input of the last entry.
    pub max: [f64; 3],
    /// The values: `size` rows of a 1D table, `size`³ of a 3D one. All are finite.
    pub rows: Vec<[f32; 3]>,
}

#[derive(Default)]
struct Head {
    title: Option<String>,
    size_1d: Option<u32>,
    size_3d: Option<u32>,
    min: Option<[f64; 3]>,
    max: Option<[f64; 3]>,
    range_1d: Option<[f64; 2]>,
    range_3d: Option<[f64; 2]>,
}

/// Reads a file. Lines end in LF, CR LF or CR; words are separated by spaces and tabs; `#` begins a comment.
///
/// # Errors
/// Malformed with the line: anything that the specification does not have, numbers that are not finite, too few or too
/// many rows. Limit: sizes above [`MOST_3D`] and [`MOST_1D`], a file above [`MOST_BYTES`]; nothing is allocated by a size
/// of the head. Unsupported: video-range keywords, whose meaning would change every value.
pub fn read(bytes: &[u8]) -> Result<Cube, Error> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(Error::limit(format!("a .cube file of more than {MOST_BYTES} bytes")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut head = Head::default();
    let mut rows: Vec<[f32; 3]> = Vec::new();
    let mut most: Option<usize> = None;
    let end = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
    for (n, line) in bytes.split(|b| *b == end).enumerate() {
        let number = u32::try_from(n.saturating_add(1)).unwrap_or(u32::MAX);
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        let Some(first) = line.chars().next().filter(|c| *c != '#') else { continue };
        let result = if first.is_ascii_alphabetic() && !is_number(line) {
            if rows.is_empty() { head.keyword(line) } else { Err(Error::malformed("a keyword after the first row")) }
        } else {
            row(line).and_then(|r| {
                let most = match most {
                    Some(m) => m,
                    None => *most.insert(head.check().map(|()| head.rows())?),
                };
                if rows.len() >= most {
                    return Err(Error::malformed(format!("more than the {most} rows that the head announces")));
                }
                rows.push(r);
                Ok(())
            })
        };
        result.map_err(|e| at_line(e, number))?;
    }
    head.check()?;
    let want = head.rows();
    if rows.len() != want {
        return Err(Error::truncated(format!("{} rows where the head announces {want}", rows.len()))
            .fix("copy or export the file again"));
    }
    head.tables(rows)
}

/// `nan` and `infinity` are rows with bad numbers, not keywords.
fn is_number(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|w| w.parse::<f64>().is_ok())
}

fn at_line(mut e: Error, number: u32) -> Error {
    e.what = format!("line {number}: {}", e.what);
    e.place.line = Some(number);
    e
}

/// A word of the file for a message: at most 40 characters.
fn short(word: &str) -> Cow<'_, str> {
    if word.chars().count() <= 40 {
        word.into()
    } else {
        format!("{}…", word.chars().take(40).collect::<String>()).into()
    }
}

fn number(word: &str) -> Result<f64, Error> {
    let v = word.parse::<f64>().map_err(|_| Error::malformed(format!("`{}` is not a number", short(word))))?;
    let fits = v.is_finite() && (v as f32).is_finite();
    if fits { Ok(v) } else { Err(Error::malformed(format!("`{}` is not a finite number", short(word)))) }
}

fn numbers<const N: usize>(text: &str) -> Result<[f64; N], Error> {
    let mut words = text.split_whitespace();
    let mut out = [0.0; N];
    for slot in &mut out {
        let word = words.next().ok_or_else(|| Error::malformed(format!("fewer than {N} numbers")))?;
        *slot = number(word)?;
    }
    match words.next() {
        Some(w) if !w.starts_with('#') => Err(Error::malformed(format!("`{}` after {N} numbers", short(w)))),
        _ => Ok(out),
    }
}

fn row(line: &str) -> Result<[f32; 3], Error> {
    Ok(numbers::<3>(line)?.map(|v| v as f32))
}

fn set<T>(slot: &mut Option<T>, keyword: &str, value: T) -> Result<(), Error> {
    if slot.replace(value).is_some() { Err(Error::malformed(format!("{keyword} twice"))) } else { Ok(()) }
}

fn size(text: &str, keyword: &str, most: u32) -> Result<u32, Error> {
    let word = text.split_whitespace().next().unwrap_or("");
    let [v] = numbers::<1>(text)?;
    if !word.bytes().all(|b| b.is_ascii_digit()) || v < 2.0 {
        return Err(Error::malformed(format!("{keyword} {}: a whole number from 2 was expected", short(word))));
    }
    match word.parse::<u32>() {
        Ok(n) if n <= most => Ok(n),
        _ => Err(Error::limit(format!("{keyword} {}: more than {most} is not read", short(word)))),
    }
}

impl Head {
    fn keyword(&mut self, line: &str) -> Result<(), Error> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "TITLE" => set(&mut self.title, word, title(rest)),
            "LUT_1D_SIZE" => set(&mut self.size_1d, word, size(rest, word, MOST_1D)?),
            "LUT_3D_SIZE" => set(&mut self.size_3d, word, size(rest, word, MOST_3D)?),
            "DOMAIN_MIN" => set(&mut self.min, word, numbers(rest)?),
            "DOMAIN_MAX" => set(&mut self.max, word, numbers(rest)?),
            "LUT_1D_INPUT_RANGE" => set(&mut self.range_1d, word, numbers(rest)?),
            "LUT_3D_INPUT_RANGE" => set(&mut self.range_3d, word, numbers(rest)?),
            "LUT_IN_VIDEO_RANGE" | "LUT_OUT_VIDEO_RANGE" => {
                Err(Error::unsupported(format!("{word}: tables for video range are not read"))
                    .fix("export the table for full range"))
            }
            _ => Err(Error::malformed(format!("`{}` is no keyword of .cube files", short(word)))),
        }
    }

    /// How many rows must follow.
    fn rows(&self) -> usize {
        let (one, three) = (self.size_1d.unwrap_or(0), self.size_3d.unwrap_or(0));
        // at most 65536 + 129³
        usize::try_from(one.saturating_add(three.saturating_pow(3))).unwrap_or(usize::MAX)
    }

    fn check(&self) -> Result<(), Error> {
        match (self.size_1d, self.size_3d) {
            (None, None) => return Err(Error::malformed("neither LUT_1D_SIZE nor LUT_3D_SIZE before the rows")),
            (Some(_), Some(_)) if self.min.is_some() || self.max.is_some() => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "FORMAT-UNSUPPORTED",
                    "DOMAIN_MIN and DOMAIN_MAX with two tables: it is not said which one they are for",
                )
                .fix("write LUT_1D_INPUT_RANGE and LUT_3D_INPUT_RANGE"));
            }
            _ => {}
        }
        self.domain(self.size_1d.is_some(), "LUT_1D_INPUT_RANGE", self.range_1d)?;
        self.domain(self.size_3d.is_some(), "LUT_3D_INPUT_RANGE", self.range_3d)?;
        Ok(())
    }

    /// The domain of a table from its own range, else from DOMAIN_MIN and DOMAIN_MAX, else 0 to 1.
    fn domain(&self, has: bool, keyword: &str, range: Option<[f64; 2]>) -> Result<([f64; 3], [f64; 3]), Error> {
        if range.is_some() && !has {
            return Err(Error::malformed(format!("{keyword} without its table")));
        }
        let (min, max) = (self.min.unwrap_or([0.0; 3]), self.max.unwrap_or([1.0; 3]));
        let declared = self.min.is_some() || self.max.is_some();
        let (min, max) = match range {
            Some([a, b]) if declared && (min, max) != ([a; 3], [b; 3]) => {
                return Err(Error::malformed(format!("{keyword} and DOMAIN_MIN, DOMAIN_MAX contradict each other")));
            }
            Some([a, b]) => ([a; 3], [b; 3]),
            None => (min, max),
        };
        let rising = min.iter().zip(&max).all(|(a, b)| (*a as f32) < (*b as f32) && ((b - a) as f32).is_finite());
        if has && !rising {
            return Err(Error::malformed("the domain does not rise from its minimum to its maximum"));
        }
        Ok((min, max))
    }

    fn tables(self, mut rows: Vec<[f32; 3]>) -> Result<Cube, Error> {
        let one = self.domain(self.size_1d.is_some(), "LUT_1D_INPUT_RANGE", self.range_1d)?;
        let three = self.domain(self.size_3d.is_some(), "LUT_3D_INPUT_RANGE", self.range_3d)?;
        let first = usize::try_from(self.size_1d.unwrap_or(0)).unwrap_or(0).min(rows.len());
        let rest = rows.split_off(first);
        let table = |size: Option<u32>, (min, max), rows| size.map(|size| Table { size, min, max, rows });
        let (one, three) = (table(self.size_1d, one, rows), table(self.size_3d, three, rest));
        Ok(Cube { title: self.title, one, three })
    }
}

fn title(rest: &str) -> String {
    let t = rest.trim();
    let t = t.strip_prefix('"').unwrap_or(t);
    t.strip_suffix('"').unwrap_or(t).chars().take(1024).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: &str = "TITLE \"a # title\"\r\n# made by hand\r\nLUT_3D_SIZE\t2\r\nDOMAIN_MIN -1 0 0\r\nDOMAIN_MAX 1 2 3e0\r\n\r\n\
                         0 0 0\r\n1\t0 0\r\n 0 1 0 # comment\r\n1 1 0\r\n0 0 1\r\n1 0 1\r\n0 1 1\r\n.5 +1. -1e-3\r\n";

    #[test]
    fn adobe_3d() {
        for text in
            [SMALL.to_owned(), SMALL.replace("\r\n", "\n"), SMALL.replace("\r\n", "\r"), format!("\u{feff}{SMALL}")]
        {
            let c = read(text.as_bytes()).unwrap();
            let t = c.three.unwrap();
            assert_eq!((c.title.as_deref(), c.one.is_none(), t.size), (Some("a # title"), true, 2));
            assert_eq!((t.min, t.max), ([-1.0, 0.0, 0.0], [1.0, 2.0, 3.0]));
            assert_eq!((t.rows[1], t.rows[7]), ([1.0, 0.0, 0.0], [0.5, 1.0, -1e-3]));
        }
    }

    #[test]
    fn resolve_1d_before_3d() {
        let text = format!(
            "LUT_1D_SIZE 3\nLUT_1D_INPUT_RANGE -1 3\nLUT_3D_SIZE 2\nLUT_3D_INPUT_RANGE 0 4\n9 9 9\n8 8 8\n7 7 7\n{}",
            "1 2 3\n".repeat(8)
        );
        let c = read(text.as_bytes()).unwrap();
        let (one, three) = (c.one.unwrap(), c.three.unwrap());
        assert_eq!((one.size, one.min, one.max, one.rows[2]), (3, [-1.0; 3], [3.0; 3], [7.0; 3]));
        assert_eq!((three.size, three.max, three.rows.len(), three.rows[0]), (2, [4.0; 3], 8, [1.0, 2.0, 3.0]));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, part, line) in [
            ("LUT_1D_SIZE 2\n0 0 0\n1 1\n", "fewer than 3 numbers", Some(3)),
            ("LUT_1D_SIZE 2\n0 0 0\n1 1 1\n1 1 1\n", "more than the 2 rows", Some(4)),
            ("LUT_1D_SIZE 2\n0 0 0\n", "1 rows where the head announces 2", None),
            ("LUT_1D_SIZE 2\n0 0 0\n1 1 1 1\n", "after 3 numbers", Some(3)),
            ("LUT_1D_SIZE 2\n0,0 0 0\n", "`0,0` is not a number", Some(2)),
            ("LUT_1D_SIZE 2\nnan 0 0\n", "not a finite number", Some(2)),
            ("LUT_1D_SIZE 2\n0 0 -inf\n", "not a finite number", Some(2)),
            ("LUT_1D_SIZE 2\n0 0 1e39\n", "not a finite number", Some(2)),
            ("LUT_1D_SIZE 1\n0 0 0\n", "a whole number from 2", Some(1)),
            ("LUT_1D_SIZE 2.5\n", "a whole number from 2", Some(1)),
            ("LUT_1D_SIZE -2\n", "a whole number from 2", Some(1)),
            ("LUT_1D_SIZE 2\nLUT_1D_SIZE 2\n", "LUT_1D_SIZE twice", Some(2)),
            ("LUT_1D_SIZE 2\n0 0 0\nTITLE x\n", "a keyword after the first row", Some(3)),
            ("SHAPER 2\n", "is no keyword", Some(1)),
            ("0 0 0\n", "neither LUT_1D_SIZE nor LUT_3D_SIZE", Some(1)),
            ("", "neither LUT_1D_SIZE nor LUT_3D_SIZE", None),
            ("LUT_1D_SIZE 2\nDOMAIN_MIN 0 1 0\n0 0 0\n1 1 1", "does not rise", Some(3)),
            (
                "LUT_1D_SIZE 2\nDOMAIN_MIN -3e38 -3e38 -3e38\nDOMAIN_MAX 3e38 3e38 3e38\n0 0 0\n1 1 1",
                "does not rise",
                Some(4),
            ),
            ("LUT_1D_SIZE 2\nLUT_3D_INPUT_RANGE 0 1\n0 0 0\n", "without its table", Some(3)),
            ("LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 1\nDOMAIN_MAX 2 2 2\n0 0 0\n", "contradict", Some(4)),
        ] {
            let e = read(text.as_bytes()).unwrap_err();
            assert!(e.what.contains(part), "{text:?}: {e}");
            assert_eq!((e.kind, e.place.line), (ErrorKind::Malformed, line), "{text:?}: {e}");
        }
        let e = read(b"LUT_3D_SIZE 2\nLUT_IN_VIDEO_RANGE\n").unwrap_err();
        assert_eq!(e.kind, ErrorKind::Unsupported);
        let two = "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\nDOMAIN_MAX 2 2 2\n0 0 0\n";
        assert_eq!(read(two.as_bytes()).unwrap_err().kind, ErrorKind::Unsupported);
    }

    #[test]
    fn sizes_are_bounded_before_anything_is_held() {
        for text in
            ["LUT_3D_SIZE 130", "LUT_1D_SIZE 65537", "LUT_3D_SIZE 4294967297", "LUT_3D_SIZE 99999999999999999999"]
        {
            assert_eq!(read(text.as_bytes()).unwrap_err().kind, ErrorKind::Limit, "{text}");
        }
        let text = format!("LUT_1D_SIZE 65536\n{}", "0 0 0\n".repeat(65_536));
        assert_eq!(read(text.as_bytes()).unwrap().one.unwrap().rows.len(), 65_536);
    }

    #[test]
    fn a_cut_file_is_refused_at_every_byte() {
        let whole = SMALL.trim_end().as_bytes();
        // from "-1e-3" on a cut leaves a shorter number or none
        for n in 0..whole.len() - 5 {
            assert!(read(&whole[..n]).is_err(), "cut at {n}");
        }
    }

    proptest! {
        #[test]
        fn anything_gives_a_table_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_changed_file_never_has_other_numbers_of_rows(at in 0usize..170, byte in any::<u8>()) {
            let mut b = SMALL.as_bytes().to_vec();
            if let Some(x) = b.get_mut(at) {
                *x = byte;
            }
            if let Ok(c) = read(&b) {
                for (t, d) in c.one.iter().map(|t| (t, 1)).chain(c.three.iter().map(|t| (t, 3))) {
                    prop_assert_eq!(t.rows.len(), (t.size as usize).pow(d));
                    prop_assert!(t.rows.as_flattened().iter().all(|v| v.is_finite()));
                }
            }
        }
    }
}
