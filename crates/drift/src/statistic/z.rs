use super::distribution::normal_tail;
use crate::table::Table;

/// Two-sided p-value of the Z-test of two proportions with pooled variance.
///
/// The proportion is that of rows with any value but the smallest of both samples.
/// With more than two values, all but the smallest therefore count as one, as in
/// Evidently.
///
/// Source: D. G. Altman, "Practical Statistics for Medical Research" (1991),
/// section 10.3.
pub(super) fn p_value(table: &Table<'_>) -> f64 {
    let (left, right) = table.lens();
    let smallest = table.rows[0];
    let difference = smallest.current as f64 / right - smallest.reference as f64 / left;
    let pooled = smallest.both() as f64 / (left + right);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / left + 1.0 / right)).sqrt();
    2.0 * normal_tail((difference / deviation).abs())
}
