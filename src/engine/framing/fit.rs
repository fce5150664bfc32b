//! Which part of a source picture becomes how many pixels.

use crate::model::Error;
use serde::{Deserialize, Serialize};

/// A part of a picture in continuous coordinates: pixel `i` covers from `i` to `i + 1`, the origin is the top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Crop {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// What size is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The whole source, at most this wide and high, pixels.
    Within {
        /// Most pixels of a row.
        width: u32,
        /// Most rows.
        height: u32,
    },
    /// Exactly this many pixels: what the shape leaves over is cut evenly from the left and right or the top and bottom.
    Exact {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// A wish for a size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Width and height of the source, pixels.
    pub source: (u32, u32),
    /// Width of a source pixel divided by its height (1 for square ones, 2 for unsqueezed 2:1 anamorphic).
    pub source_pixel_aspect: f64,
    /// The size wanted.
    pub target: Target,
    /// Whether neither direction may ever get more pixels than the source has there.
    pub never_up: bool,
    /// Whether width and height shall be even (video).
    pub even: bool,
    /// Whether the result shall have square pixels; else it keeps the source's pixel aspect.
    pub square: bool,
}

/// Where every pixel of the result comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// The part of the source that is shown.
    pub crop: Crop,
    /// Pixels of a row of the result.
    pub width: u32,
    /// Rows of the result.
    pub height: u32,
    /// Width of a pixel of the result divided by its height. Rounding to whole pixels changes the true shape by less than
    /// one pixel in each direction; that is not in this number.
    pub pixel_aspect: f64,
}

impl Fit {
    /// The placement.
    ///
    /// Sizes are rounded to the nearest whole (or even) number, but never above the box nor, with `never_up`, above the
    /// source, and never below 1 (2 when even).
    ///
    /// # Errors
    /// `REQUEST-INVALID` for a side of 0, a pixel aspect that is not between 0.01 and 100, an odd side that shall be even,
    /// and an exact size that only enlarging could reach while that is forbidden.
    pub fn place(&self) -> Result<Placement, Error> {
        let (w, h) = (f64::from(self.source.0), f64::from(self.source.1));
        let (box_w, box_h) = match self.target {
            Target::Within { width, height } | Target::Exact { width, height } => (width, height),
        };
        if [self.source.0, self.source.1, box_w, box_h].contains(&0) {
            return Err(invalid(format!(
                "a picture of {}x{} cannot become {box_w}x{box_h}",
                self.source.0, self.source.1
            )));
        }
        if !(0.01..=100.0).contains(&self.source_pixel_aspect) {
            return Err(invalid(format!("a pixel aspect of {} is not possible", self.source_pixel_aspect)));
        }
        // rows per source row are `scale`, columns per source column `scale * stretch`
        let stretch = if self.square { self.source_pixel_aspect } else { 1.0 };
        let pixel_aspect = if self.square { 1.0 } else { self.source_pixel_aspect };
        let (across, down) = (f64::from(box_w) / (w * stretch), f64::from(box_h) / h);
        let most = if self.never_up { f64::min(1.0, 1.0 / stretch) } else { f64::INFINITY };
        match self.target {
            Target::Within { .. } => {
                let scale = across.min(down).min(most);
                let side = |ideal: f64, source: u32, bound: u32| {
                    let bound = if self.never_up { bound.min(source) } else { bound };
                    self.whole(ideal, bound)
                };
                let width = side(w * scale * stretch, self.source.0, box_w)?;
                let height = side(h * scale, self.source.1, box_h)?;
                let crop = Crop { x: 0.0, y: 0.0, width: w, height: h };
                Ok(Placement { crop, width, height, pixel_aspect })
            }
            Target::Exact { width, height } => {
                let scale = across.max(down);
                if self.never_up && scale > most * (1.0 + 1e-12) {
                    let what = format!("{width}x{height} is more than {}x{} has", self.source.0, self.source.1);
                    return Err(invalid(what));
                }
                if self.even && !(width.is_multiple_of(2) && height.is_multiple_of(2)) {
                    return Err(invalid(format!("{width}x{height} is not even")));
                }
                let part = (f64::from(width) / (scale * stretch), f64::from(height) / scale);
                let part = (part.0.min(w), part.1.min(h));
                let crop = Crop { x: (w - part.0) / 2.0, y: (h - part.1) / 2.0, width: part.0, height: part.1 };
                Ok(Placement { crop, width, height, pixel_aspect })
            }
        }
    }

    /// The nearest whole or even number up to `bound`.
    fn whole(&self, ideal: f64, bound: u32) -> Result<u32, Error> {
        let step = if self.even { 2 } else { 1 };
        let most = bound / step * step;
        if most == 0 {
            return Err(invalid("a side of one pixel cannot be even".to_owned()));
        }
        let near = (ideal / f64::from(step)).round().clamp(1.0, f64::from(most / step)) as u32;
        Ok(near.saturating_mul(step))
    }
}

fn invalid(what: String) -> Error {
    Error::new(crate::model::ErrorKind::Unsupported, "REQUEST-INVALID", what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLATE: Fit = Fit {
        source: (4608, 3164),
        source_pixel_aspect: 1.0,
        target: Target::Within { width: 2048, height: 2048 },
        never_up: true,
        even: false,
        square: false,
    };

    fn size(f: Fit) -> (u32, u32) {
        let p = f.place().unwrap();
        (p.width, p.height)
    }

    #[test]
    fn known_sizes() {
        assert_eq!(size(PLATE), (2048, 1406), "1406.22");
        assert_eq!(size(Fit { target: Target::Within { width: 1920, height: 1080 }, ..PLATE }), (1573, 1080));
        assert_eq!(
            size(Fit { target: Target::Within { width: 1920, height: 1080 }, even: true, ..PLATE }),
            (1572, 1080)
        );
        assert_eq!(
            size(Fit { target: Target::Within { width: 8192, height: 8192 }, ..PLATE }),
            (4608, 3164),
            "never up"
        );
        let up = Fit { target: Target::Within { width: 9216, height: 9000 }, never_up: false, ..PLATE };
        assert_eq!(size(up), (9216, 6328));
        assert_eq!(PLATE.place().unwrap().crop, Crop { x: 0.0, y: 0.0, width: 4608.0, height: 3164.0 });
    }

    #[test]
    fn anamorphic_only_when_asked() {
        let squeezed = Fit { source: (2880, 2160), source_pixel_aspect: 2.0, ..PLATE };
        let p = squeezed.place().unwrap();
        assert_eq!((p.width, p.height, p.pixel_aspect), (2048, 1536, 2.0));
        let square = Fit { square: true, ..squeezed }.place().unwrap();
        assert_eq!((square.width, square.height, square.pixel_aspect), (2048, 768, 1.0));
        let large = Target::Within { width: 9000, height: 9000 };
        assert_eq!(size(Fit { square: true, target: large, ..squeezed }), (2880, 1080), "wide pixels become low ones");
        let tall = Fit { source_pixel_aspect: 0.5, square: true, target: large, ..squeezed };
        assert_eq!(size(tall), (1440, 2160));
    }

    #[test]
    fn an_exact_size_is_cut_from_the_middle() {
        let hd = Fit { source: (4096, 2160), target: Target::Exact { width: 1920, height: 1080 }, ..PLATE };
        let p = hd.place().unwrap();
        assert_eq!((p.width, p.height), (1920, 1080));
        assert_eq!(p.crop, Crop { x: 128.0, y: 0.0, width: 3840.0, height: 2160.0 });
        let scope = Fit { target: Target::Exact { width: 2048, height: 858 }, ..hd }.place().unwrap();
        assert_eq!(scope.crop, Crop { x: 0.0, y: 222.0, width: 4096.0, height: 1716.0 });
        let uhd = Fit { target: Target::Exact { width: 4097, height: 2160 }, ..hd };
        assert_eq!(uhd.place().unwrap_err().code, "REQUEST-INVALID");
        assert!(Fit { never_up: false, ..uhd }.place().is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for bad in [
            Fit { source: (0, 5), ..PLATE },
            Fit { target: Target::Within { width: 0, height: 9 }, ..PLATE },
            Fit { source_pixel_aspect: f64::NAN, ..PLATE },
            Fit { source_pixel_aspect: 0.0, ..PLATE },
            Fit { target: Target::Exact { width: 15, height: 10 }, even: true, ..PLATE },
            Fit { target: Target::Within { width: 1, height: 10 }, even: true, ..PLATE },
        ] {
            assert_eq!(bad.place().unwrap_err().code, "REQUEST-INVALID", "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn inside_the_box_and_in_shape(
            w in 1u32..20_000, h in 1u32..20_000, bw in 2u32..20_000, bh in 2u32..20_000,
            aspect in 0.25f64..4.0, never_up: bool, even: bool, square: bool,
        ) {
            let target = Target::Within { width: bw, height: bh };
            let fit = Fit { source: (w, h), source_pixel_aspect: aspect, target, never_up, even, square };
            let Ok(p) = fit.place() else {
                prop_assert!(even && never_up && (w == 1 || h == 1));
                return Ok(());
            };
            prop_assert!(p.width >= 1 && p.width <= bw && p.height >= 1 && p.height <= bh);
            prop_assert!(!never_up || (p.width <= w && p.height <= h));
            prop_assert!(!even || (p.width % 2 == 0 && p.height % 2 == 0));
            // the shape differs by what rounding to whole pixels does, where no side was held at its least size
            if p.width > 2 && p.height > 2 {
                let want = f64::from(w) / f64::from(h) * aspect / p.pixel_aspect;
                let step = if even { 2.0 } else { 1.0 };
                let (low, high) = (
                    (f64::from(p.width) - step) / (f64::from(p.height) + step),
                    (f64::from(p.width) + step) / (f64::from(p.height) - step),
                );
                prop_assert!(low <= want && want <= high, "{:?} {}", p, want);
            }
        }

        #[test]
        fn an_exact_part_lies_inside_and_keeps_the_shape(
            w in 1u32..20_000, h in 1u32..20_000, ew in 1u32..9000, eh in 1u32..9000, aspect in 0.25f64..4.0, square: bool,
        ) {
            let target = Target::Exact { width: ew, height: eh };
            let fit = Fit { source: (w, h), source_pixel_aspect: aspect, target, never_up: false, even: false, square };
            let p = fit.place().unwrap();
            let c = p.crop;
            prop_assert!(c.x >= 0.0 && c.y >= 0.0 && c.x + c.width <= f64::from(w) * (1.0 + 1e-12));
            prop_assert!(c.y + c.height <= f64::from(h) * (1.0 + 1e-12));
            let shown = c.width * aspect / c.height;
            let made = f64::from(ew) * p.pixel_aspect / f64::from(eh);
            prop_assert!((shown / made - 1.0).abs() < 1e-9);
        }
    }
}
