use super::distribution::normal_tail;
use crate::table::Table;

/// The length of the longer sample up to which the p-value can be exact.
const LONGEST_EXACT: usize = 10_000;

/// One-sided p-value of the Mann–Whitney U test, as Evidently calls scipy's
/// `mannwhitneyu`: it is small if the current sample is larger than the
/// reference, and near 1 if it is smaller, so **a decrease is never drift**. Use
/// another method where decreases matter.
///
/// Exact if there are no ties and either sample has at most 8 rows (the other at
/// most 10,000, where scipy sets no limit); otherwise the normal approximation
/// with corrections for ties and continuity.
///
/// Source: H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two
/// Random Variables is Stochastically Larger than the Other", Ann. Math. Stat.
/// 18 (1947).
pub(super) fn p_value(table: &Table<'_>) -> f64 {
    let (left, right) = table.lens();
    let n = left + right;
    let mut below = 0;
    let mut ranks = 0.0;
    let mut ties = 0.0;
    for row in &table.rows {
        let equal = row.both() as f64;
        ranks += row.reference as f64 * (below as f64 + (equal + 1.0) / 2.0);
        ties += equal.powi(3) - equal;
        below += row.both();
    }
    // Pairs in which the current row is the larger one.
    let rises = left * right - (ranks - left * (left + 1.0) / 2.0);

    let (short, long) = (left.min(right), left.max(right));
    if ties == 0.0 && short <= 8.0 && long <= LONGEST_EXACT as f64 {
        return exact(short as usize, long as usize, rises as usize);
    }
    let deviation = (left * right / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)))).sqrt();
    normal_tail((rises - left * right / 2.0 - 0.5) / deviation)
}

/// Share of all orders of both samples with at least this number of `rises`.
///
/// The numbers of orders are the coefficients of the Gaussian binomial, computed
/// one row of the shorter sample at a time in integer arithmetic.
fn exact(short: usize, long: usize, rises: usize) -> f64 {
    let mut orders = vec![0_i128; short * long + 1];
    orders[0] = 1;
    for row in 1..=short {
        for count in (long + row..orders.len()).rev() {
            orders[count] -= orders[count - long - row];
        }
        for count in row..orders.len() {
            orders[count] += orders[count - row];
        }
    }
    orders[rises..].iter().sum::<i128>() as f64 / orders.iter().sum::<i128>() as f64
}
