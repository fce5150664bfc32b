//! One picture of interleaved RGB samples.

use crate::model::{Error, ErrorKind};

/// Most pixels along one side.
const MOST_SIDE: u32 = 65_536;

/// A picture of `width` × `height` pixels, three `f32` samples each (red, green, blue), rows from top to bottom, pixels from
/// left to right, without padding. What the samples mean (code values, scene-linear light) its owner knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    width: u32,
    height: u32,
    data: Vec<f32>,
}

impl Frame {
    /// Samples of a pixel.
    pub const CHANNELS: usize = 3;

    /// A black picture.
    ///
    /// # Errors
    /// `LIMIT-MEMORY` when a side is 0 or above 65,536, or when the samples would need more than `most_bytes`.
    pub fn new(width: u32, height: u32, most_bytes: u64) -> Result<Self, Error> {
        let n = Self::samples(width, height, most_bytes)?;
        let mut data = Vec::new();
        data.try_reserve_exact(n).map_err(|_| too_big(width, height))?;
        data.resize(n, 0.0);
        Ok(Self { width, height, data })
    }

    /// A picture of these samples, `width * height * 3` of them.
    ///
    /// # Errors
    /// `LIMIT-MEMORY` as [`Frame::new`]; `INTERNAL` when the number of samples does not fit.
    pub fn from_samples(width: u32, height: u32, data: Vec<f32>) -> Result<Self, Error> {
        if Self::samples(width, height, u64::MAX)? != data.len() {
            let what = format!("{} samples do not make a picture of {width}x{height}", data.len());
            return Err(Error::new(ErrorKind::Io, "INTERNAL", what));
        }
        Ok(Self { width, height, data })
    }

    fn samples(width: u32, height: u32, most_bytes: u64) -> Result<usize, Error> {
        if width == 0 || height == 0 || width > MOST_SIDE || height > MOST_SIDE {
            return Err(too_big(width, height));
        }
        let n = u64::from(width) * u64::from(height) * 3;
        if n.saturating_mul(4) > most_bytes {
            return Err(too_big(width, height));
        }
        usize::try_from(n).map_err(|_| too_big(width, height))
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes that the samples take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.data.len() * 4
    }

    /// All samples, row after row.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All samples, row after row.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The picture rotated clockwise by 90, 180 or 270 degrees; by anything else, as it is.
    #[must_use]
    pub fn rotated(self, degrees: u16) -> Self {
        let (w, h) = (self.width, self.height);
        let column = |x: u32| (0..h).map(move |y| (x, y));
        let data: Vec<f32> = match degrees {
            // the left column, from below, becomes the top row
            90 => (0..w).flat_map(|x| column(x).rev()).filter_map(|(x, y)| self.pixel(x, y)).flatten().collect(),
            270 => (0..w).rev().flat_map(column).filter_map(|(x, y)| self.pixel(x, y)).flatten().collect(),
            180 => self.data.as_chunks::<3>().0.iter().rev().flatten().copied().collect(),
            _ => return self,
        };
        let (width, height) = if degrees == 180 { (w, h) } else { (h, w) };
        Self { width, height, data }
    }

    /// The samples of one row, none below the picture.
    #[must_use]
    pub fn row(&self, y: u32) -> &[f32] {
        let n = self.stride();
        let at = usize::try_from(y).unwrap_or(usize::MAX).saturating_mul(n);
        self.data.get(at..at.saturating_add(n)).unwrap_or_default()
    }

    /// Samples in a row.
    #[must_use]
    pub fn stride(&self) -> usize {
        usize::try_from(self.width).unwrap_or(0) * Self::CHANNELS
    }

    /// The rows, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.data.chunks_exact(self.stride())
    }

    /// The rows, from the top.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let n = self.stride();
        self.data.chunks_exact_mut(n)
    }

    /// One pixel; `None` outside.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> Option<[f32; 3]> {
        if x >= self.width {
            return None;
        }
        let at = usize::try_from(x).ok()?.checked_mul(3)?;
        self.row(y).get(at..at + 3)?.try_into().ok()
    }
}

fn too_big(width: u32, height: u32) -> Error {
    Error::new(ErrorKind::Limit, "LIMIT-MEMORY", format!("a picture of {width}x{height} pixels is beyond the limits"))
        .fix("if it is right, raise the memory limit of the folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation() {
        // a b c / d e f, one letter a pixel
        let f = |w, h, letters: &str| {
            Frame::from_samples(w, h, letters.bytes().flat_map(|b| [f32::from(b); 3]).collect()).unwrap()
        };
        let picture = f(3, 2, "abcdef");
        assert_eq!(picture.clone().rotated(90), f(2, 3, "daebfc"));
        assert_eq!(picture.clone().rotated(180), f(3, 2, "fedcba"));
        assert_eq!(picture.clone().rotated(270), f(2, 3, "cfbead"));
        assert_eq!(picture.clone().rotated(0), picture);
        assert_eq!(picture.clone().rotated(90).rotated(270), picture);
    }

    #[test]
    fn rows_and_pixels() {
        let mut f = Frame::new(3, 2, 1 << 20).unwrap();
        f.data_mut()[9..12].copy_from_slice(&[1.0, 2.0, 3.0]);
        assert_eq!(f.pixel(0, 1), Some([1.0, 2.0, 3.0]));
        assert_eq!((f.pixel(3, 0), f.pixel(0, 2), f.row(2)), (None, None, &[][..]));
        assert_eq!((f.rows().count(), f.rows_mut().count(), f.bytes()), (2, 2, 72));
        assert!(Frame::from_samples(2, 2, vec![0.0; 11]).is_err());
    }

    #[test]
    fn too_big_is_refused_before_it_is_allocated() {
        for (w, h, most) in [(0, 5, u64::MAX), (5, 0, u64::MAX), (100_000, 1, u64::MAX), (65_536, 65_536, 1 << 30)] {
            assert_eq!(Frame::new(w, h, most).unwrap_err().code, "LIMIT-MEMORY");
        }
    }
}
