//! 3×3 matrices in `f64`, and what colourimetry makes of chromaticities.

/// Three rows of three; `m[row][column]`, applied to a column of red, green, blue.
pub type Matrix = [[f64; 3]; 3];

/// The matrix that changes nothing.
pub const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// CIE 1931 x and y.
pub type Xy = (f64, f64);

/// `m` times the column `v`.
#[must_use]
pub fn times(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    let [x, y, z] = v;
    m.map(|[a, b, c]| a * x + b * y + c * z)
}

/// Rows become columns.
#[must_use]
pub fn transpose(m: &Matrix) -> Matrix {
    let [[a, b, c], [d, e, f], [g, h, i]] = *m;
    [[a, d, g], [b, e, h], [c, f, i]]
}

/// First `b`, then `a`.
#[must_use]
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    transpose(&transpose(b).map(|column| times(a, column)))
}

/// The inverse by cofactors. A matrix without one gives infinities and NaN.
#[must_use]
pub fn inverse(m: &Matrix) -> Matrix {
    let [[a, b, c], [d, e, f], [g, h, i]] = *m;
    let (p, q, r) = (e * i - f * h, f * g - d * i, d * h - e * g);
    let det = a * p + b * q + c * r;
    let adjugate =
        [[p, c * h - b * i, b * f - c * e], [q, a * i - c * g, c * d - a * f], [r, b * g - a * h, a * e - b * d]];
    adjugate.map(|row| row.map(|v| v / det))
}

/// XYZ of a white with Y = 1.
#[must_use]
pub fn white_xyz((x, y): Xy) -> [f64; 3] {
    [x / y, 1.0, (1.0 - x - y) / y]
}

/// RGB to XYZ (Y of white = 1) for these primaries and white: SMPTE RP 177, clause 3.3.
#[must_use]
pub fn primaries_to_xyz(red: Xy, green: Xy, blue: Xy, white: Xy) -> Matrix {
    let columns = transpose(&[red, green, blue].map(|(x, y)| [x, y, 1.0 - x - y]));
    let scale = times(&inverse(&columns), white_xyz(white));
    product(&columns, &diagonal(scale))
}

/// The matrix with `d` on its diagonal.
#[must_use]
pub fn diagonal([a, b, c]: [f64; 3]) -> Matrix {
    [[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]]
}

/// XYZ under white `from` to XYZ under white `to`, scaling the cone responses that `cones` makes of XYZ (von Kries).
#[must_use]
pub fn adapt(cones: &Matrix, from: Xy, to: Xy) -> Matrix {
    let ([a, b, c], [d, e, f]) = (times(cones, white_xyz(from)), times(cones, white_xyz(to)));
    product(&inverse(cones), &product(&diagonal([d / a, e / b, f / c]), cones))
}

/// Cone responses of CIECAM02 (CIE 159:2004), called CAT02.
pub const CAT02: Matrix = [[0.7328, 0.4296, -0.1624], [-0.7036, 1.6975, 0.0061], [0.0030, 0.0136, 0.9834]];

/// Bradford cone responses (ICC.1:2022, annex E.3).
pub const BRADFORD: Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: &Matrix, b: &Matrix, most: f64) -> bool {
        a.as_flattened().iter().zip(b.as_flattened()).all(|(x, y)| (x - y).abs() <= most)
    }

    /// SMPTE RP 177 (annex B) and IEC 61966-2-1 print this one with four digits.
    #[test]
    fn rec709_to_xyz_is_the_printed_one() {
        let m = primaries_to_xyz((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290));
        let printed = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
        assert!(close(&m, &printed, 5.1e-5), "{m:?}");
    }

    /// SMPTE ST 2065-1, table 2: ACES RGB to XYZ.
    #[test]
    fn ap0_to_xyz_is_the_printed_one() {
        let m = primaries_to_xyz((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770), (0.32168, 0.33767));
        let printed = [
            [0.952_552_395_9, 0.0, 0.000_093_678_6],
            [0.343_966_449_8, 0.728_166_096_6, -0.072_132_546_4],
            [0.0, 0.0, 1.008_825_184_4],
        ];
        assert!(close(&m, &printed, 6e-11), "{m:?}");
    }

    #[test]
    fn adaptation_maps_white_to_white() {
        for cones in [CAT02, BRADFORD] {
            let m = adapt(&cones, (0.3127, 0.3290), (0.32168, 0.33767));
            let got = times(&m, white_xyz((0.3127, 0.3290)));
            for (a, b) in got.iter().zip(white_xyz((0.32168, 0.33767))) {
                assert!((a - b).abs() < 1e-14);
            }
        }
    }

    proptest! {
        #[test]
        fn a_matrix_times_its_inverse_is_identity(v in proptest::array::uniform9(-1.0f64..1.0)) {
            let [a, b, c, d, e, f, g, h, i] = v;
            let m = [[a + 4.0, b, c], [d, e + 4.0, f], [g, h, i + 4.0]];
            prop_assert!(close(&product(&m, &inverse(&m)), &IDENTITY, 1e-12));
            prop_assert!(close(&product(&inverse(&m), &m), &IDENTITY, 1e-12));
        }
    }
}
