use super::hypergeometric;
use super::mersenne_twister::MersenneTwister;
use crate::table::Table;

/// Number of random permutations of the pooled rows.
const PERMUTATIONS: usize = 1000;

/// Largest number of pooled rows that are shuffled, which takes about 8 µs per row.
const MAX_SHUFFLED: usize = 50_000;

/// Largest number of counts that are drawn, which takes about 150 ns for each.
const MAX_DRAWN: usize = 20_000_000;

/// P-value of the total variation distance, half the sum of absolute differences
/// of shares, by a permutation test: the fraction of 1,000 random permutations of
/// the pooled rows with at least this distance.
///
/// Of up to 50,000 pooled rows the permutations are those that Evidently draws with
/// numpy's seed 0, so the p-value is the same. As in Evidently, it depends on the
/// order of rows, by about ± 0.03, and whether a permutation of exactly this
/// distance counts depends on rounding.
///
/// Of more rows, what a permutation changes is drawn instead, the counts of each
/// value among the rows of the reference: they have a multivariate hypergeometric
/// distribution. This takes time by the number of values instead of rows. Of more
/// than 20,000 values fewer are drawn, down to 20; [`standard_error`] says what that
/// costs.
///
/// Source: P. Good, "Permutation, Parametric and Bootstrap Tests of Hypotheses"
/// (2005), chapter 3.
pub(super) fn p_value(table: &Table<'_>) -> f64 {
    let observed = distance(table, table.rows.iter().map(|row| row.reference));
    let mut random = MersenneTwister::new(0);
    let mut reached = 0;
    let mut count = |counts: &[usize]| {
        reached += usize::from(distance(table, counts.iter().copied()) >= observed);
    };
    if table.total() <= MAX_SHUFFLED {
        shuffle(table, &mut random, &mut count);
    } else {
        draw(table, &mut random, &mut count);
    }
    reached as f64 / permutations(table) as f64
}

/// Standard error of a p-value, which comes from a random sample of all permutations.
pub(super) fn standard_error(table: &Table<'_>, p_value: f64) -> f64 {
    (p_value * (1.0 - p_value) / permutations(table) as f64).sqrt()
}

/// Number of permutations.
fn permutations(table: &Table<'_>) -> usize {
    if table.total() <= MAX_SHUFFLED {
        PERMUTATIONS
    } else {
        (MAX_DRAWN / table.rows.len()).clamp(20, PERMUTATIONS)
    }
}

/// Passes the counts of each value among the first rows of every permutation, as many
/// rows as the reference has.
fn shuffle(table: &Table<'_>, random: &mut MersenneTwister, mut pass: impl FnMut(&[usize])) {
    let value_index = |value: &f64| table.rows.partition_point(|row| row.value < *value);
    let pooled: Vec<usize> = table
        .reference
        .rows
        .iter()
        .chain(&table.current.rows)
        .map(value_index)
        .collect();
    let rows = table.reference.len();
    let mut permuted = pooled.clone();
    let mut counts = vec![0; table.rows.len()];
    for _ in 0..PERMUTATIONS {
        permuted.copy_from_slice(&pooled);
        random.shuffle(&mut permuted);
        counts.fill(0);
        permuted[..rows]
            .iter()
            .for_each(|&value| counts[value] += 1);
        pass(&counts);
    }
}

/// As [`shuffle`], with counts that are drawn.
fn draw(table: &Table<'_>, random: &mut MersenneTwister, mut pass: impl FnMut(&[usize])) {
    let mut counts = vec![0; table.rows.len()];
    for _ in 0..permutations(table) {
        let (mut total, mut rows) = (table.total(), table.reference.len());
        for (count, row) in counts.iter_mut().zip(&table.rows) {
            *count = hypergeometric::sample(total, row.both(), rows, random.uniform());
            total -= row.both();
            rows -= *count;
        }
        pass(&counts);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    /// Rows of a few values, of which the first is more frequent by `excess`.
    fn sample(rows: usize, excess: usize) -> Sample {
        let value = |row| if row < excess { 0.0 } else { (row % 7) as f64 };
        Sample::new(&(0..rows).map(value).collect::<Vec<_>>())
    }

    /// Share of the permutations that reach the distance of a table.
    fn share(table: &Table<'_>, permute: impl FnOnce(&mut dyn FnMut(&[usize]))) -> f64 {
        let observed = distance(table, table.rows.iter().map(|row| row.reference));
        let mut reached = 0.0;
        permute(&mut |counts| {
            let distance = distance(table, counts.iter().copied());
            reached += f64::from(u8::from(distance >= observed));
        });
        reached / PERMUTATIONS as f64
    }

    #[test]
    fn drawn_counts_give_the_p_value_of_shuffled_rows() {
        for excess in [0, 20, 40, 60, 120] {
            let (reference, current) = (sample(3000, 0), sample(2000, excess));
            let table = Table::new(&reference, &current);
            let random = || MersenneTwister::new(0);
            let shuffled = share(&table, |pass| shuffle(&table, &mut random(), pass));
            let drawn = share(&table, |pass| draw(&table, &mut random(), pass));
            let error = standard_error(&table, shuffled).max(0.005);
            assert!((shuffled - drawn).abs() < 5.0 * error, "{shuffled} {drawn}");
        }
    }

    #[test]
    fn a_million_rows_take_a_moment() {
        let (reference, current) = (sample(600_000, 0), sample(400_000, 2000));
        let table = Table::new(&reference, &current);
        assert!(p_value(&table) < 0.05);
    }
}
