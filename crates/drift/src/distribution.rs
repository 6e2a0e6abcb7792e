use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kind::Kind;
use crate::table::{Row, Table};

/// Number of bins of equal width, and maximum number of values counted singly.
const BINS: usize = 24;

/// Histogram of a column: row counts of the reference and the current sample in the same bins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Distribution {
    /// The bins.
    #[serde(flatten)]
    pub bins: Bins,
    /// Number of rows of the reference in each bin.
    pub reference: Vec<usize>,
    /// Number of rows of the current sample in each bin.
    pub current: Vec<usize>,
}

/// The bins of a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bins {
    /// Edges of bins of equal width from the smallest to the largest value of both samples, one
    /// more than there are bins. A value on an edge belongs to the bin above, the largest value to
    /// the last bin.
    Edges(Vec<f64>),
    /// Single values, ascending. A count beyond the last value is that of all other values.
    Values(Vec<f64>),
}

impl Distribution {
    /// Counts by value if the column is categorical or has few distinct values, otherwise by bins
    /// of equal width. If there are many categories, only the most frequent are counted singly.
    pub(crate) fn new(table: &Table<'_>, kind: Kind) -> Self {
        let rows = &table.rows;
        match (kind, rows.as_slice()) {
            (Kind::Numerical, [low, .., high]) if rows.len() > BINS => {
                Self::by_edges(rows, low.value, high.value)
            }
            _ => Self::by_values(rows),
        }
    }

    fn by_edges(rows: &[Row], low: f64, high: f64) -> Self {
        // The difference may overflow, so it is not computed.
        let edge = |number: usize| {
            let share = number as f64 / BINS as f64;
            low * (1.0 - share) + high * share
        };
        let edges: Vec<f64> = [low]
            .into_iter()
            .chain((1..BINS).map(edge))
            .chain([high])
            .collect();
        let (mut reference, mut current) = (vec![0; BINS], vec![0; BINS]);
        let mut bin = 0;
        for row in rows {
            while bin + 1 < BINS && row.value >= edges[bin + 1] {
                bin += 1;
            }
            reference[bin] += row.reference;
            current[bin] += row.current;
        }
        Self {
            bins: Bins::Edges(edges),
            reference,
            current,
        }
    }

    fn by_values(rows: &[Row]) -> Self {
        let mut commonest: Vec<&Row> = rows.iter().collect();
        commonest.sort_by_key(|row| std::cmp::Reverse(row.both()));
        let others = commonest.split_off(BINS.min(rows.len()));
        commonest.sort_by(|left, right| left.value.total_cmp(&right.value));
        let count = |rows_of: fn(&Row) -> usize| {
            let mut counts: Vec<usize> = commonest.iter().copied().map(rows_of).collect();
            if !others.is_empty() {
                counts.push(others.iter().copied().map(rows_of).sum());
            }
            counts
        };
        Self {
            reference: count(|row| row.reference),
            current: count(|row| row.current),
            bins: Bins::Values(commonest.iter().map(|row| row.value).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn distribution(kind: Kind, reference: &[f64], current: &[f64]) -> Distribution {
        let (reference, current) = (Sample::new(reference), Sample::new(current));
        Distribution::new(&Table::new(&reference, &current), kind)
    }

    #[test]
    fn bins_are_shared_by_both_samples_and_hold_every_row() {
        let reference: Vec<f64> = (0..48).map(f64::from).collect();
        let found = distribution(Kind::Numerical, &reference, &[48.0, 47.9, 2.0, -0.0]);
        let Bins::Edges(edges) = &found.bins else {
            panic!("{found:?}");
        };
        assert_eq!((edges.len(), edges[0], edges[24]), (25, 0.0, 48.0));
        assert_eq!(found.reference, [2; 24]);
        assert_eq!(found.current[..2], [1, 1]);
        assert_eq!(found.current[23], 2);
        assert_eq!(found.current.iter().sum::<usize>(), 4);
    }

    #[test]
    fn few_values_are_counted_singly() {
        let found = distribution(Kind::Numerical, &[3.0, 1.0, 3.0], &[2.0, f64::NAN]);
        assert_eq!(found.bins, Bins::Values(vec![1.0, 2.0, 3.0]));
        assert_eq!(found.reference, [1, 0, 2]);
        assert_eq!(found.current, [0, 1, 0]);
    }

    #[test]
    fn rare_categories_are_counted_together() {
        let reference: Vec<f64> = (0..30).flat_map(|code| [f64::from(code); 2]).collect();
        let found = distribution(Kind::Categorical, &reference, &[29.0, 28.0, 5.0]);
        let Bins::Values(values) = &found.bins else {
            panic!("{found:?}");
        };
        assert_eq!(values.len(), 24);
        assert_eq!(values[22..], [28.0, 29.0]);
        assert_eq!((found.reference.len(), found.reference[24]), (25, 12));
        assert_eq!(found.current[24], 0);
    }

    #[test]
    fn extremes_and_empty_samples_have_a_distribution() {
        let mut values: Vec<f64> = (0..30).map(f64::from).collect();
        values.extend([f64::MAX, f64::MIN]);
        let found = distribution(Kind::Numerical, &values, &[]);
        assert_eq!(found.reference.iter().sum::<usize>(), 32);
        let Bins::Edges(edges) = found.bins else {
            panic!("{found:?}");
        };
        assert!(edges.iter().all(|edge| edge.is_finite()));
        let nothing = distribution(Kind::Categorical, &[], &[]);
        assert_eq!(nothing.bins, Bins::Values(Vec::new()));
    }
}
