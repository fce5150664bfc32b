//! Tables as text (RFC 4180, or separated by tabs): the names, the first line of values, and how many lines there are.

use super::{Kind, Sheet};
use crate::model::{Error, Limits};

/// Reads a table. A name that comes again is told apart by its number: `Lens`, `Lens#2`.
pub(super) fn read(kind: Kind, text: &str, delimiter: char, limits: &Limits) -> Result<(Sheet, u64), Error> {
    let mut records = Records { rest: text, delimiter, limits };
    let names = records.next()?.unwrap_or_default();
    let Some(values) = records.next()? else {
        return Err(Error::truncated("the table has names but no line of values").fix("export it again"));
    };
    // Some tools end each line with a delimiter, and leave out empty cells at the end.
    let width = names.iter().rposition(|n| !n.trim().is_empty()).map_or(0, |n| n.saturating_add(1));
    if values.len() < width {
        let what = format!("line 2 has {} cells, the first line has {width} names", values.len());
        return Err(Error::truncated(what).fix("export it again"));
    }
    let mut rows = 1u64;
    while let Some(cells) = records.next()? {
        rows = rows.saturating_add(u64::from(cells.iter().any(|c| !c.trim().is_empty())));
    }
    let mut sheet = Sheet::new(kind);
    let most = usize::try_from(limits.text).unwrap_or(usize::MAX);
    let cut = |t: &str| t.get(..t.floor_char_boundary(most)).unwrap_or(t).to_owned();
    let mut seen = std::collections::HashMap::new();
    for (name, value) in names.iter().zip(&values).filter(|(n, _)| !n.trim().is_empty()) {
        let name = cut(name.trim());
        let n: &mut u32 = seen.entry(name.clone()).or_default();
        *n = n.saturating_add(1);
        let name = if *n == 1 { name } else { format!("{name}#{n}") };
        sheet.raw.push((name, cut(value.trim())));
    }
    Ok((sheet, rows))
}

/// Hands on the line of names with each line of values, both as they are written.
pub(super) fn lines(
    text: &str,
    delimiter: char,
    limits: &Limits,
    each: &mut dyn FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut records = Records { rest: text, delimiter, limits };
    let mut names = None;
    loop {
        let from = records.rest;
        let Some(cells) = records.next()? else { return Ok(()) };
        let len = from.len().saturating_sub(records.rest.len());
        let line = from.get(..len).unwrap_or_default().trim_matches(['\r', '\n']);
        match names {
            None => names = Some(line),
            Some(names) if cells.iter().any(|c| !c.trim().is_empty()) => each(names, line)?,
            Some(_) => {}
        }
    }
}

struct Records<'a> {
    rest: &'a str,
    delimiter: char,
    limits: &'a Limits,
}

impl Records<'_> {
    /// The next line that is not empty, with the quotes of its cells taken off.
    fn next(&mut self) -> Result<Option<Vec<String>>, Error> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let cells = self.line()?;
            if cells.len() > 1 || cells.iter().any(|c| !c.is_empty()) {
                return Ok(Some(cells));
            }
        }
    }

    fn line(&mut self) -> Result<Vec<String>, Error> {
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        let mut chars = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if quoted && chars.next_if(|(_, c)| *c == '"').is_some() => cell.push('"'),
                '"' if quoted => quoted = false,
                // a quote inside of a cell without quotes is an inch
                '"' if cell.is_empty() => quoted = true,
                '\n' if !quoted => {
                    end = at.saturating_add(1);
                    break;
                }
                '\r' if !quoted && matches!(chars.peek(), None | Some((_, '\n'))) => {}
                c if c == self.delimiter && !quoted => self.cell(&mut cells, &mut cell)?,
                c => cell.push(c),
            }
        }
        self.cell(&mut cells, &mut cell)?;
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(cells)
    }

    fn cell(&mut self, cells: &mut Vec<String>, cell: &mut String) -> Result<(), Error> {
        if cells.len() >= usize::try_from(self.limits.items).unwrap_or(usize::MAX) {
            return Err(Error::limit(format!("more than {} cells in a line", self.limits.items)));
        }
        cells.push(std::mem::take(cell));
        Ok(())
    }
}
