use crate::table::Table;

/// Two-sided p-value of Fisher's exact test for a column of two values, as
/// scipy's `fisher_exact`: the total probability, given the counts of both values
/// and both samples, of all tables that are at most as likely as this one. `None`
/// for more than two values.
///
/// Evidently rejects samples of unequal length; the test itself does not require
/// equal lengths.
///
/// Source: R. A. Fisher, "On the Interpretation of χ² from Contingency Tables",
/// J. R. Stat. Soc. 85 (1922).
pub(super) fn p_value(table: &Table<'_>) -> Option<f64> {
    let [first, second] = table.rows[..] else {
        return None;
    };
    let rows = table.reference.len();
    let least = rows.saturating_sub(second.both());
    let most = rows.min(first.both());

    // Likelihood of `next` reference rows with the first value, relative to one
    // fewer.
    let ratio = |next: usize| {
        let taken = (first.both() - next + 1) as f64 * (rows - next + 1) as f64;
        let left = next as f64 * (second.both() + next - rows) as f64;
        taken / left
    };
    // Starts at the most likely count, so that nothing overflows.
    let peak = (least + 1..=most)
        .take_while(|&next| ratio(next) >= 1.0)
        .last()
        .unwrap_or(least);
    let mut likelihoods = vec![1.0; most - least + 1];
    for count in peak + 1..=most {
        likelihoods[count - least] = likelihoods[count - least - 1] * ratio(count);
    }
    for count in (least..peak).rev() {
        likelihoods[count - least] = likelihoods[count - least + 1] / ratio(count + 1);
    }

    let limit = likelihoods[first.reference - least] * (1.0 + 1e-9);
    let unlikely: f64 = likelihoods
        .iter()
        .filter(|&&likelihood| likelihood <= limit)
        .sum();
    Some((unlikely / likelihoods.iter().sum::<f64>()).min(1.0))
}
