use std::cmp::Ordering;

use crate::sample::Sample;

/// Two samples of a column, counted side by side: the input of every statistic.
pub(crate) struct Table<'a> {
    /// One row for each value that occurs in either sample, ascending.
    pub(crate) rows: Vec<Row>,
    pub(crate) reference: &'a Sample,
    pub(crate) current: &'a Sample,
}

/// Number of occurrences of one value in each sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) value: f64,
    pub(crate) reference: usize,
    pub(crate) current: usize,
}

impl Row {
    /// Occurrences in both samples together.
    pub(crate) fn both(self) -> usize {
        self.reference + self.current
    }
}

impl<'a> Table<'a> {
    pub(crate) fn new(reference: &'a Sample, current: &'a Sample) -> Self {
        let (mut left, mut right) = (reference.counts.as_slice(), current.counts.as_slice());
        let mut rows = Vec::with_capacity(left.len() + right.len());
        loop {
            let order = match (left.first(), right.first()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((left, _)), Some((right, _))) => left.total_cmp(right),
            };
            let mut row = Row {
                value: 0.0,
                reference: 0,
                current: 0,
            };
            if let (Ordering::Less | Ordering::Equal, [(value, count), rest @ ..]) = (order, left) {
                (row.value, row.reference, left) = (*value, *count, rest);
            }
            if let (Ordering::Greater | Ordering::Equal, [(value, count), rest @ ..]) =
                (order, right)
            {
                (row.value, row.current, right) = (*value, *count, rest);
            }
            rows.push(row);
        }
        Self {
            rows,
            reference,
            current,
        }
    }

    /// Number of rows of the reference and of the current sample.
    pub(crate) fn lens(&self) -> (f64, f64) {
        (self.reference.len() as f64, self.current.len() as f64)
    }

    /// Number of rows of both samples together.
    pub(crate) fn total(&self) -> usize {
        self.reference.len() + self.current.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_values_of_both_samples() {
        let (reference, current) = (Sample::new(&[3.0, 1.0, 3.0]), Sample::new(&[2.0, 3.0]));
        let rows: Vec<_> = Table::new(&reference, &current)
            .rows
            .into_iter()
            .map(|row| (row.value, row.reference, row.current))
            .collect();
        assert_eq!(rows, [(1.0, 1, 0), (2.0, 0, 1), (3.0, 2, 1)]);
    }
}
