use super::distribution::student_both_tails;
use crate::table::Table;

/// Two-sided p-value of Student's t-test for two samples of equal variance, as
/// scipy's `ttest_ind`. `None` for fewer than three rows. If one sample
/// has a single row, the variance is that of the other, where scipy returns NaN;
/// two different constants give 0.
///
/// Source: Student, "The Probable Error of a Mean", Biometrika 6 (1908), in
/// R. A. Fisher's form for two samples, Metron 5 (1925).
pub(super) fn p_value(table: &Table<'_>) -> Option<f64> {
    if table.total() < 3 {
        return None;
    }
    let (left, right) = table.lens();
    let freedom = left + right - 2.0;
    let variance = (table.reference.squares + table.current.squares) / freedom;
    let difference = table.reference.mean - table.current.mean;
    let t = difference / (variance * (1.0 / left + 1.0 / right)).sqrt();
    Some(student_both_tails(t, freedom))
}
