//! A sheet of small pictures with a heading and a label under each.

use crate::engine::image::Frame;
use crate::model::Error;
use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};

/// One picture of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct Cell<'a> {
    /// The picture, R'G'B' for a display; smaller than a cell it lies in its middle, larger it is cut to its middle.
    pub picture: &'a Frame,
    /// What is written under it, one line each (`1001`, `10:02:11:00`); cut at the cell's width.
    pub lines: [&'a str; 2],
}

/// Sizes and grey levels of a sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    /// Pictures beside each other, at least 1.
    pub columns: u32,
    /// Room for each picture, pixels.
    pub cell: (u32, u32),
    /// Room between pictures and at the edges, pixels.
    pub gap: u32,
    /// Size of the text: each dot of the 8x8 letters is this many pixels square, 1–16.
    pub text: u32,
    /// Level of the ground, 0–1.
    pub ground: f32,
    /// Level of the text, 0–1.
    pub ink: f32,
}

impl Default for Sheet {
    fn default() -> Self {
        Self { columns: 4, cell: (480, 270), gap: 16, text: 2, ground: 0.12, ink: 0.85 }
    }
}

impl Sheet {
    fn line(&self) -> u32 {
        self.text.clamp(1, 16) * 8
    }

    /// From the top of one cell to the top of the one below it.
    fn pitch(&self) -> u64 {
        u64::from(self.cell.1) + u64::from(self.line()) * 2 + u64::from(self.line() / 4) * 3 + u64::from(self.gap)
    }

    /// Height of the heading with the gap above it.
    fn head(&self) -> u64 {
        u64::from(self.gap) + u64::from(self.line()) + u64::from(self.gap)
    }

    /// Width and height of the whole sheet, pixels, for `cells` pictures.
    #[must_use]
    pub fn size(&self, cells: u32) -> (u64, u64) {
        let columns = u64::from(self.columns.max(1));
        let rows = u64::from(cells).div_ceil(columns);
        let gap = u64::from(self.gap);
        (
            columns.saturating_mul(u64::from(self.cell.0) + gap).saturating_add(gap),
            rows.saturating_mul(self.pitch()) + self.head(),
        )
    }

    /// The sheet of `cells`, left to right and top to bottom, under `heading` (clip name, reel, frame rate). Letters that the
    /// font does not have become `?`. A pure function of its arguments; at most `most_bytes` for the samples.
    ///
    /// # Errors
    /// `LIMIT-MEMORY` as [`Frame::new`].
    pub fn draw(&self, heading: &str, cells: &[Cell<'_>], most_bytes: u64) -> Result<Frame, Error> {
        let count = u32::try_from(cells.len()).unwrap_or(u32::MAX);
        let (width, height) = self.size(count);
        let side = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let mut sheet = Frame::new(side(width), side(height), most_bytes)?;
        sheet.data_mut().fill(self.ground);
        let inner = width.saturating_sub(u64::from(self.gap) * 2);
        self.write(&mut sheet, heading, (u64::from(self.gap), u64::from(self.gap)), inner);
        let columns = u64::from(self.columns.max(1));
        for (n, cell) in (0u64..).zip(cells) {
            let x = u64::from(self.gap) + (n % columns) * (u64::from(self.cell.0) + u64::from(self.gap));
            let y = self.head() + (n / columns) * self.pitch();
            self.place(&mut sheet, cell.picture, (x, y));
            let (line, space) = (u64::from(self.line()), u64::from(self.line() / 4));
            for (k, text) in (0u64..).zip(cell.lines) {
                let below = y + u64::from(self.cell.1) + space + k * (line + space);
                self.write(&mut sheet, text, (x, below), u64::from(self.cell.0));
            }
        }
        Ok(sheet)
    }

    /// Copies the middle of a picture into the middle of the cell at `(x, y)`.
    fn place(&self, sheet: &mut Frame, picture: &Frame, (x, y): (u64, u64)) {
        let (width, height) = (picture.width().min(self.cell.0), picture.height().min(self.cell.1));
        let (left, top) = ((self.cell.0 - width) / 2, (self.cell.1 - height) / 2);
        let (from_x, from_y) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
        let samples = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).saturating_mul(Frame::CHANNELS);
        let first = usize::try_from(y + u64::from(top)).unwrap_or(usize::MAX);
        for (to, row) in sheet.rows_mut().skip(first).zip(from_y..from_y + height) {
            let to = to.iter_mut().skip(samples(x + u64::from(left)));
            let from = picture.row(row).iter().skip(samples(u64::from(from_x))).take(samples(u64::from(width)));
            to.zip(from).for_each(|(t, f)| *t = *f);
        }
    }

    /// Writes one line with its top left corner at `(x, y)`, as many letters as `room` pixels hold.
    fn write(&self, sheet: &mut Frame, text: &str, (x, y): (u64, u64), room: u64) {
        let dot = u64::from(self.text.clamp(1, 16));
        let most = usize::try_from(room / (dot * 8)).unwrap_or(usize::MAX);
        let glyphs: Vec<[u8; 8]> = text.chars().take(most).map(glyph).collect();
        let ink = self.ink;
        let samples = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).saturating_mul(Frame::CHANNELS);
        let rows = sheet.rows_mut().skip(usize::try_from(y).unwrap_or(usize::MAX)).zip(0u64..dot * 8);
        for (row, down) in rows {
            let line = usize::try_from(down / dot).unwrap_or(0);
            let dots = glyphs.iter().flat_map(|g| {
                let bits = g.get(line).copied().unwrap_or(0);
                (0..8).map(move |n| bits >> n & 1 == 1)
            });
            let Some(rest) = row.get_mut(samples(x)..) else { return };
            for (pixels, on) in rest.chunks_exact_mut(samples(dot)).zip(dots) {
                if on {
                    pixels.fill(ink);
                }
            }
        }
    }
}

/// The dots of a letter: one byte for each line from the top, the lowest bit on the left.
fn glyph(c: char) -> [u8; 8] {
    BASIC_FONTS.get(c).or_else(|| LATIN_FONTS.get(c)).or_else(|| BASIC_FONTS.get('?')).unwrap_or([0x7e; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(w: u32, h: u32, level: f32) -> Frame {
        Frame::from_samples(w, h, vec![level; (w * h * 3) as usize]).unwrap()
    }

    const SMALL: Sheet = Sheet { columns: 2, cell: (24, 10), gap: 3, text: 1, ground: 0.0, ink: 1.0 };

    /// The picture as lines of `#` where the ink is.
    fn shape(f: &Frame, (x, y): (u32, u32), (w, h): (u32, u32)) -> Vec<String> {
        let dot = |x, y| if f.pixel(x, y) == Some([1.0; 3]) { '#' } else { '.' };
        (y..y + h).map(|y| (x..x + w).map(|x| dot(x, y)).collect()).collect()
    }

    #[test]
    fn pictures_lie_where_the_grid_says() {
        let (a, b) = (flat(24, 10, 0.25), flat(8, 4, 0.75));
        let cells = [&a, &b, &a].map(|picture| Cell { picture, lines: ["", ""] });
        let sheet = SMALL.draw("", &cells, 1 << 20).unwrap();
        assert_eq!((sheet.width(), sheet.height()), (57, 84), "2 columns of 27 and 3; 2 rows of 35 and 14");
        let level = |x, y| sheet.pixel(x, y).unwrap()[0];
        assert_eq!(
            [level(3, 14), level(26, 23), level(2, 14), level(3, 13), level(27, 23)],
            [0.25, 0.25, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            [level(38, 17), level(45, 20), level(37, 17), level(46, 20), level(38, 16)],
            [0.75, 0.75, 0.0, 0.0, 0.0]
        );
        assert_eq!([level(3, 49), level(3, 48)], [0.25, 0.0], "the third begins the second row");
    }

    #[test]
    fn labels_can_be_read() {
        let a = flat(24, 10, 0.25);
        let cells = [Cell { picture: &a, lines: ["1", "T"] }];
        let sheet = SMALL.draw("L", &cells, 1 << 20).unwrap();
        let one = ["..##....", ".###....", "..##....", "..##....", "..##....", "..##....", "######..", "........"];
        assert_eq!(shape(&sheet, (3, 26), (8, 8)), one);
        assert_eq!(shape(&sheet, (3, 36), (8, 3)), ["######..", "#.##.#..", "..##...."]);
        assert_eq!(shape(&sheet, (3, 3), (8, 2)), ["####....", ".##....."]);
        let twice = Sheet { text: 2, ..SMALL }.draw("L", &cells, 1 << 20).unwrap();
        assert_eq!(shape(&twice, (3, 3), (16, 2)), ["########........"; 2]);
    }

    #[test]
    fn long_text_stays_in_its_cell_and_odd_letters_are_shown() {
        let a = flat(24, 10, 0.25);
        let cells = [Cell { picture: &a, lines: ["########", "日é"] }];
        let sheet = SMALL.draw("", &cells, 1 << 20).unwrap();
        assert!((26..34).all(|y| (27..57).all(|x| sheet.pixel(x, y) == Some([0.0; 3]))), "cut after three letters");
        let question = SMALL.draw("", &[Cell { picture: &a, lines: ["", "?é"] }], 1 << 20).unwrap();
        assert_eq!(shape(&sheet, (3, 36), (24, 8)), shape(&question, (3, 36), (24, 8)));
    }

    #[test]
    fn too_large_is_refused() {
        let a = flat(1, 1, 0.0);
        let cells = [Cell { picture: &a, lines: ["", ""] }; 9];
        for sheet in
            [Sheet { cell: (u32::MAX, u32::MAX), ..SMALL }, Sheet { columns: u32::MAX, gap: u32::MAX, ..SMALL }]
        {
            assert_eq!(sheet.draw("x", &cells, 1 << 20).unwrap_err().code, "LIMIT-MEMORY");
        }
        assert_eq!(SMALL.draw("x", &cells, 1000).unwrap_err().code, "LIMIT-MEMORY");
    }
}
