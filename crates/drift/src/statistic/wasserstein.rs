//! Distances between two cumulative distributions.

use crate::table::Table;

/// Lower limit of the standard deviation that distances are divided by.
const MIN_DEVIATION: f64 = 0.001;

/// First Wasserstein distance, the area between both cumulative distributions,
/// in standard deviations (population form) of the reference, at least 0.001.
/// `None` if the deviation overflows.
///
/// Source: S. S. Vallender, "Calculation of the Wasserstein Distance Between
/// Probability Distributions on the Line", Theory Probab. Appl. 18 (1974); the
/// normalisation is Evidently's.
pub(super) fn normed(table: &Table<'_>) -> Option<f64> {
    let deviation = (table.reference.squares / table.reference.len() as f64).sqrt();
    deviation
        .is_finite()
        .then(|| integral(table, f64::abs) / deviation.max(MIN_DEVIATION))
}

/// Energy distance: the square root of twice the integral of the squared
/// difference of both cumulative distributions. Not normalised: its unit is the
/// root of the column's unit.
///
/// Source: G. J. Székely and M. L. Rizzo, "Energy statistics", J. Stat. Plan.
/// Inference 143 (2013); scipy's `energy_distance`.
pub(super) fn energy(table: &Table<'_>) -> f64 {
    (2.0 * integral(table, |gap| gap * gap)).sqrt()
}

/// Integral over the column of a function of the difference of both cumulative
/// distributions.
fn integral(table: &Table<'_>, of: impl Fn(f64) -> f64) -> f64 {
    let (left, right) = table.lens();
    let (mut below_left, mut below_right) = (0, 0);
    let mut total = 0.0;
    for pair in table.rows.windows(2) {
        below_left += pair[0].reference;
        below_right += pair[0].current;
        let gap = below_left as f64 / left - below_right as f64 / right;
        total += of(gap) * (pair[1].value - pair[0].value);
    }
    total
}
