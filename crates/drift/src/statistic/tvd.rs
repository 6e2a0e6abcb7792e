use super::mersenne_twister::MersenneTwister;
use crate::table::Table;

/// Number of random permutations of the pooled rows.
const PERMUTATIONS: usize = 1000;

/// P-value of the total variation distance, half the sum of absolute differences
/// of shares, by a permutation test: the fraction of 1,000 random permutations of
/// the pooled rows with at least this distance.
///
/// The permutations are those that Evidently draws with numpy's seed 0, so the
/// p-value is the same. As in Evidently, it depends on the order of rows, by about
/// ± 0.03, and whether a permutation of exactly this distance counts depends on
/// rounding. By far the slowest method: about 8 µs per pooled row.
///
/// Source: P. Good, "Permutation, Parametric and Bootstrap Tests of Hypotheses"
/// (2005), chapter 3.
pub(super) fn p_value(table: &Table<'_>) -> f64 {
    let value_index = |value: &f64| table.rows.partition_point(|row| row.value < *value);
    let pooled: Vec<usize> = table
        .reference
        .rows
        .iter()
        .chain(&table.current.rows)
        .map(value_index)
        .collect();
    let rows = table.reference.len();

    let observed = distance(table, table.rows.iter().map(|row| row.reference));
    let mut random = MersenneTwister::new(0);
    let mut permuted = pooled.clone();
    let mut counts = vec![0; table.rows.len()];
    let mut reached = 0;
    for _ in 0..PERMUTATIONS {
        permuted.copy_from_slice(&pooled);
        random.shuffle(&mut permuted);
        counts.fill(0);
        permuted[..rows]
            .iter()
            .for_each(|&value| counts[value] += 1);
        reached += usize::from(distance(table, counts.iter().copied()) >= observed);
    }
    reached as f64 / PERMUTATIONS as f64
}

/// The distance if the reference had these counts and the current sample the
/// rest of the pool.
fn distance(table: &Table<'_>, reference: impl Iterator<Item = usize>) -> f64 {
    let (left, right) = table.lens();
    let differences = table
        .rows
        .iter()
        .zip(reference)
        .map(|(row, count)| (count as f64 / left - (row.both() - count) as f64 / right).abs());
    0.5 * differences.sum::<f64>()
}
