use super::ks_asymptotic;
use crate::table::Table;

/// The length of the longer sample up to which the p-value is exact.
const LONGEST_EXACT: usize = 10_000;

/// Two-sided p-value of the two-sample Kolmogorov–Smirnov test, as scipy's
/// `ks_2samp` with `method="auto"`: exact up to 10,000 rows in the longer
/// sample, else from the distribution of the one-sample statistic.
///
/// For samples of equal length, rounding may bring scipy's exact sum to just above
/// 1, and scipy then returns the value of the other distribution (0.99996 for
/// twice 7 rows); here it is 1.
///
/// Source: J. L. Hodges, "The significance probability of the Smirnov
/// two-sample test", Arkiv för Matematik 3 (1958).
pub(super) fn p_value(table: &Table<'_>) -> f64 {
    let (left, right) = (table.reference.len(), table.current.len());
    let gap = largest_gap(table);
    if left.max(right) <= LONGEST_EXACT {
        return exact(left, right, gap);
    }
    let (left, right) = table.lens();
    let effective = (left * right / (left + right)).round_ties_even();
    ks_asymptotic::tail(effective, gap as f64 / (left * right))
}

/// The statistic, in steps of 1 / (product of both lengths).
fn largest_gap(table: &Table<'_>) -> usize {
    let (left, right) = (table.reference.len(), table.current.len());
    let (mut below_left, mut below_right) = (0, 0);
    let mut largest = 0;
    for row in &table.rows {
        below_left += row.reference;
        below_right += row.current;
        largest = largest.max((below_left * right).abs_diff(below_right * left));
    }
    largest
}

/// Probability that the gap of two samples from one continuous distribution
/// reaches `gap`, in steps as [`largest_gap`] gives them.
///
/// Each order of the pooled rows is a lattice path from (0, 0) to
/// `(left, right)`. The share of paths to (i, j) that have reached the gap on
/// their way is 1 where the gap at (i, j) itself reaches it, and otherwise the
/// mean of the shares at (i - 1, j) and (i, j - 1) with weights i and j. Nothing
/// is subtracted, so small probabilities keep their precision; working diagonal by
/// diagonal (i + j constant) lets the compiler use vector instructions.
fn exact(left: usize, right: usize, gap: usize) -> f64 {
    let (short, long) = (left.min(right), left.max(right));
    // By Wei and Dudley (2012) the probability is below e exp(-exponent), which
    // from here on is less than the smallest positive number.
    let exponent =
        2.0 * (gap as f64).powi(2) / (short as f64 * long as f64 * (short + long) as f64);
    if gap == 0 || exponent > 747.0 {
        return if gap == 0 { 1.0 } else { 0.0 };
    }

    let coordinates: Vec<f64> = (0..=short).map(|i| i as f64).collect();
    // Entry i + 1 holds the share at i; where the gap is reached it stays 1.
    let mut last = vec![1.0; short + 3];
    let mut next = last.clone();
    last[1] = 0.0;
    for diagonal in 1..=short + long {
        // |i long - j short| < gap with j = diagonal - i
        let low = (diagonal * short + 1)
            .saturating_sub(gap)
            .div_ceil(short + long);
        let high = (diagonal * short + gap - 1) / (short + long);
        let low = low.max(diagonal.saturating_sub(long));
        let high = high.min(short).min(diagonal);
        if low > high {
            return 1.0;
        }
        let (steps, weight) = (diagonal as f64, 1.0 / diagonal as f64);
        let inside = &mut next[low + 1..=high + 1];
        let before = &last[low..=high];
        let beside = &last[low + 1..=high + 1];
        for (((share, before), beside), i) in inside
            .iter_mut()
            .zip(before)
            .zip(beside)
            .zip(&coordinates[low..=high])
        {
            *share = (i * before + (steps - i) * beside) * weight;
        }
        next[low] = 1.0;
        next[high + 2] = 1.0;
        std::mem::swap(&mut last, &mut next);
    }
    last[short + 1].min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_equals_counted_paths() {
        assert_eq!(exact(1, 1, 1), 1.0);
        // Two of the six orders of 2 + 2 rows keep the samples apart.
        assert!((exact(2, 2, 4) - 2.0 / 6.0).abs() < 1e-15);
        // One row against nine: apart only at either end.
        assert!((exact(1, 9, 9) - 2.0 / 10.0).abs() < 1e-15);
    }

    #[test]
    fn exact_is_independent_of_the_order_of_samples() {
        assert_eq!(exact(12, 35, 130), exact(35, 12, 130));
    }
}
