/// A sample of one column, counted by distinct value.
///
/// NaN and infinities are dropped, and -0 counts as 0.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The finite values in their original order.
    pub(crate) rows: Vec<f64>,
    /// Distinct values, ascending, each with its number of rows.
    pub(crate) counts: Vec<(f64, usize)>,
    /// Mean of the rows; NaN if there are none.
    pub(crate) mean: f64,
    /// Sum of squared deviations from the mean.
    pub(crate) squares: f64,
}

impl Sample {
    pub(crate) fn new(values: &[f64]) -> Self {
        let rows: Vec<f64> = values
            .iter()
            .filter(|value| value.is_finite())
            .map(|value| value + 0.0)
            .collect();
        let mut sorted = rows.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let counts: Vec<(f64, usize)> = sorted
            .chunk_by(|left, right| left == right)
            .map(|equal| (equal[0], equal.len()))
            .collect();

        let total: f64 = counts
            .iter()
            .map(|&(value, count)| value * count as f64)
            .sum();
        let mean = total / rows.len() as f64;
        let squares = counts
            .iter()
            .map(|&(value, count)| (value - mean).powi(2) * count as f64)
            .sum();
        Self {
            rows,
            counts,
            mean,
            squares,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_finite_values_and_both_zeros_as_one() {
        let sample = Sample::new(&[2.0, f64::NAN, -0.0, 0.0, f64::INFINITY, 2.0, 2.0]);
        assert_eq!(sample.counts, [(0.0, 2), (2.0, 3)]);
        assert_eq!(sample.len(), 5);
        assert_eq!(sample.mean, 1.2);
        assert!((sample.squares - 4.8).abs() < 1e-15);
    }
}
