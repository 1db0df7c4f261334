//! Primaries as matrices, and what is done to those.
//!
//! Owns the arithmetic of colorants: three columns, what each primary at full is in XYZ as seen under D50.

/// Three rows of three.
pub(super) type Matrix = [[f64; 3]; 3];

/// D50, the white of the profile connection space.
pub(super) const D50: [f64; 3] = [0.964_2, 1.0, 0.824_9];

/// The colorants of sRGB, as the profile of the ICC has them.
pub(super) const SRGB: Matrix =
    [[0.436_07, 0.385_15, 0.143_07], [0.222_49, 0.716_87, 0.060_61], [0.013_92, 0.097_08, 0.714_10]];

/// From XYZ to the responses of the eye's cones after Bradford.
const BRADFORD: Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

/// Where the primaries and the white lie, as x and y of CIE 1931.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Chromaticities {
    pub(crate) white: [f64; 2],
    pub(crate) red: [f64; 2],
    pub(crate) green: [f64; 2],
    pub(crate) blue: [f64; 2],
}

impl Chromaticities {
    const D65: [f64; 2] = [0.3127, 0.3290];
    /// sRGB's.
    pub(crate) const BT709: Chromaticities =
        Chromaticities { white: Self::D65, red: [0.64, 0.33], green: [0.30, 0.60], blue: [0.15, 0.06] };
    /// Display P3's.
    pub(crate) const P3: Chromaticities =
        Chromaticities { white: Self::D65, red: [0.680, 0.320], green: [0.265, 0.690], blue: [0.150, 0.060] };
    /// Those of ultra-high-definition television.
    pub(crate) const BT2020: Chromaticities =
        Chromaticities { white: Self::D65, red: [0.708, 0.292], green: [0.170, 0.797], blue: [0.131, 0.046] };

    /// Whether the two differ by no more than files round them.
    pub(crate) fn is_near(&self, other: &Chromaticities) -> bool {
        let points = |c: &Chromaticities| [c.white, c.red, c.green, c.blue];
        points(self).iter().flatten().zip(points(other).iter().flatten()).all(|(a, b)| (a - b).abs() <= 0.002)
    }

    /// The colorants, as seen under D50; `None` for primaries that lie on one line, or no white.
    pub(super) fn colorants(&self) -> Option<Matrix> {
        let (red, green, blue, white) = (xyz(self.red)?, xyz(self.green)?, xyz(self.blue)?, xyz(self.white)?);
        let primaries = columns(red, green, blue);
        let amounts = apply(&inverse(&primaries)?, white);
        let unadapted = primaries.map(|row| [row[0] * amounts[0], row[1] * amounts[1], row[2] * amounts[2]]);
        let (from, to) = (apply(&BRADFORD, white), apply(&BRADFORD, D50));
        let mut scaled = BRADFORD;
        for (row, (from, to)) in scaled.iter_mut().zip(from.into_iter().zip(to)) {
            if from == 0.0 {
                return None;
            }
            *row = row.map(|value| value * (to / from));
        }
        let colorants = times(&times(&inverse(&BRADFORD)?, &scaled), &unadapted);
        colorants.iter().flatten().all(|value| value.abs() < 8.0).then_some(colorants)
    }
}

fn xyz([x, y]: [f64; 2]) -> Option<[f64; 3]> {
    (y > 0.0).then(|| [x / y, 1.0, (1.0 - x - y) / y])
}

fn columns(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> Matrix {
    [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]]
}

fn apply(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

pub(super) fn times(a: &Matrix, b: &Matrix) -> Matrix {
    let column = |at: usize| apply(a, [b[0][at], b[1][at], b[2][at]]);
    columns(column(0), column(1), column(2))
}

/// `None` for a matrix that has none, or next to none.
pub(super) fn inverse(m: &Matrix) -> Option<Matrix> {
    let minor = |r: usize, c: usize| {
        let at = |dr: usize, dc: usize| m[(r + dr) % 3][(c + dc) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
    let usable = determinant.is_finite() && determinant.abs() > 1e-9;
    usable.then(|| std::array::from_fn(|r| std::array::from_fn(|c| minor(c, r) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_give_the_colorants_that_are_published() {
        // The colorants of Apple's Display P3 profile.
        let p3 = [[0.515_12, 0.291_98, 0.157_10], [0.241_20, 0.692_25, 0.066_57], [-0.001_05, 0.041_89, 0.784_07]];
        for (primaries, published) in [(Chromaticities::BT709, SRGB), (Chromaticities::P3, p3)] {
            let colorants = primaries.colorants().unwrap();
            for (a, b) in colorants.iter().flatten().zip(published.iter().flatten()) {
                assert!((a - b).abs() < 0.000_3, "{colorants:?}");
            }
        }
    }

    #[test]
    fn primaries_that_span_no_colours_are_none() {
        let line = Chromaticities { green: [0.4, 0.33], blue: [0.2, 0.33], ..Chromaticities::BT709 };
        assert_eq!(line.colorants(), None);
        assert_eq!(Chromaticities { white: [0.3, 0.0], ..Chromaticities::BT709 }.colorants(), None);
        assert_eq!(inverse(&[[0.0; 3]; 3]), None);
    }
}
