//! The boxes of the file itself.

use super::{Atom, FourCc, Next, Walk, find, next};
use crate::engine::container::bytes::Bytes;
use crate::model::{Error, Warning};

/// Boxes that fill space: cut short, nothing is lost.
const FILLERS: [&FourCc; 3] = [b"free", b"skip", b"wide"];
/// Boxes of the file itself whose loss matters.
const ESSENTIAL: [&FourCc; 14] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"meta", b"uuid", b"sidx", b"ssix", b"mfra", b"pnot", b"PICT",
    b"emsg", b"prft",
];

/// The boxes of a file with a movie header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    /// In file order.
    pub atoms: Vec<Atom>,
    /// The first `moov`.
    pub moov: Atom,
}

/// The boxes of a file that need not have a movie header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boxes {
    /// Those that lie wholly in the file, in file order.
    pub atoms: Vec<Atom>,
    /// A last one that reaches beyond the end, and where it claims to end.
    pub over: Option<(Atom, u64)>,
    /// Where bytes begin that are no box.
    pub junk: Option<u64>,
}

/// Finds the boxes of the file, reading only their headers, until one does not fit.
///
/// # Errors
/// `LIMIT-SIZE` for too many boxes; those of [`Bytes`].
pub fn boxes(b: &mut Bytes<'_>, walk: &mut Walk<'_>) -> Result<Boxes, Error> {
    let mut out = Boxes { atoms: Vec::new(), over: None, junk: None };
    let mut at = 0;
    loop {
        match next(b, at, b.size(), 1, true)? {
            Next::Atom(a) => {
                walk.count(at)?;
                at = a.end;
                out.atoms.push(a);
            }
            Next::Over(a, claims) => out.over = Some((a, claims)),
            Next::Junk => out.junk = Some(at),
            Next::End => return Ok(out),
        }
        if out.over.is_some() || out.junk.is_some() {
            return Ok(out);
        }
    }
}

/// Finds every box of the file, reading only their headers.
///
/// # Errors
/// `FILE-TRUNCATED` when a box that matters reaches beyond the end, or when there is no movie header;
/// `LIMIT-SIZE` for too many boxes; those of [`Bytes`].
pub fn scan(b: &mut Bytes<'_>, walk: &mut Walk<'_>) -> Result<Top, Error> {
    let size = b.size();
    let mut atoms: Vec<Atom> = Vec::new();
    let mut at = 0;
    let mut junk = None;
    loop {
        match next(b, at, size, 1, true)? {
            Next::Atom(a) => {
                walk.count(at)?;
                at = a.end;
                atoms.push(a);
            }
            Next::End => break,
            Next::Over(a, claims) if ESSENTIAL.contains(&&a.id) => return Err(cut(&a, claims, size, &atoms)),
            Next::Over(a, _) => {
                if !FILLERS.contains(&&a.id) {
                    junk = Some(at);
                }
                break;
            }
            Next::Junk => {
                junk = Some(at);
                break;
            }
        }
    }
    let Some(moov) = find(&atoms, b"moov") else { return Err(no_index(&atoms, junk.unwrap_or(size), size)) };
    if let Some(at) = junk {
        let text = format!("{} bytes at the end belong to no box (at byte {at})", size.saturating_sub(at));
        walk.warnings.push(Warning::new("MOV-TRAILING", text));
    }
    if atoms.iter().filter(|a| &a.id == b"moov").count() > 1 {
        walk.warnings.push(Warning::new("MOV-BOX", "the file has more than one movie header; the first is used"));
    }
    Ok(Top { atoms, moov })
}

fn cut(a: &Atom, claims: u64, size: u64, before: &[Atom]) -> Error {
    let missing = claims.saturating_sub(size);
    let name = a.name();
    let mut what = format!("the file is cut off: box `{name}` ends {missing} bytes after the end of the file");
    if find(before, b"moov").is_none() && &a.id != b"moov" {
        what.push_str(", and the movie header (moov) is missing");
    }
    Error::truncated(what).offset(a.at).fix("copy the file again from its source")
}

fn no_index(atoms: &[Atom], at: u64, size: u64) -> Error {
    let mut what = "the index of the file, the movie header (moov), is missing, as when recording or copying was cut";
    if atoms.iter().all(|a| FILLERS.contains(&&a.id) || &a.id == b"ftyp") && at == size {
        what = "the file has neither media nor a movie header (moov), as when recording or copying was cut";
    }
    let fix = "copy the file again from its source, or let the recorder finish it";
    Error::truncated(what).offset(at).fix(fix)
}
