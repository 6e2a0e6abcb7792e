use super::distribution::chi_square_tail;
use crate::table::Table;

/// P-value of Pearson's chi-square test of the current counts against those of
/// the reference, scaled to the current number of rows.
///
/// As in Evidently (scipy's `chisquare`), the reference gives the expected
/// frequencies, so the test is not symmetric, and a value that does not occur in
/// the reference gives 0.
///
/// Source: K. Pearson, "On the criterion that a given system of deviations…",
/// Philosophical Magazine 50 (1900).
pub(super) fn pearson(table: &Table<'_>) -> f64 {
    p_value(table, |observed, expected| {
        (observed - expected).powi(2) / expected
    })
}

/// P-value of the G-test, the likelihood-ratio counterpart of [`pearson`].
///
/// Evidently passes the reference counts unscaled, and therefore fails unless both
/// samples have the same length; for these the p-values are equal.
///
/// Source: R. R. Sokal and F. J. Rohlf, "Biometry" (1981).
pub(super) fn likelihood_ratio(table: &Table<'_>) -> f64 {
    p_value(table, |observed, expected| {
        if observed > 0.0 {
            2.0 * observed * (observed / expected).ln()
        } else {
            0.0
        }
    })
}

fn p_value(table: &Table<'_>, term: impl Fn(f64, f64) -> f64) -> f64 {
    let (left, right) = table.lens();
    let statistic = table
        .rows
        .iter()
        .map(|row| term(row.current as f64, row.reference as f64 * (right / left)))
        .sum();
    chi_square_tail(statistic, (table.rows.len() - 1) as f64)
}
