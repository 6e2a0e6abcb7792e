//! Statistics of a feature's training values.

/// Minimum, maximum, mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Statistics {
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    pub(crate) mean: f64,
    /// Population standard deviation: the divisor is the number of values.
    pub(crate) standard_deviation: f64,
}

impl Statistics {
    /// Computes the statistics of at least one finite value.
    pub(crate) fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            minimum: values.iter().copied().fold(f64::INFINITY, f64::min),
            maximum: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean,
            standard_deviation: (squares / count).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_two_values() {
        let expected = Statistics {
            minimum: -1.0,
            maximum: 3.0,
            mean: 1.0,
            standard_deviation: 2.0,
        };
        assert_eq!(Statistics::of(&[-1.0, 3.0]), expected);
    }
}
