//! Rows of numbers.

use std::slice::ChunksExact;

/// Rows of numbers that lie one after the other (row-major), each of the same width: one value for
/// each feature of a model, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    values: Vec<f64>,
    width: usize,
}

impl Rows {
    /// Rows of `width` values each.
    ///
    /// # Panics
    ///
    /// If `width` is 0, or `values` does not hold a whole number of rows.
    #[must_use]
    pub fn new(values: Vec<f64>, width: usize) -> Self {
        assert!(width > 0, "a row has values");
        assert!(values.len().is_multiple_of(width), "a whole number of rows");
        Self { values, width }
    }

    /// One row.
    ///
    /// # Panics
    ///
    /// If it has no values.
    #[must_use]
    pub fn one(values: Vec<f64>) -> Self {
        let width = values.len();
        Self::new(values, width)
    }

    /// The rows of columns that are equally long.
    ///
    /// # Panics
    ///
    /// If there are no columns, or they are not equally long.
    #[must_use]
    pub fn from_columns<C: AsRef<[f64]>>(columns: &[C]) -> Self {
        let count = columns.first().map_or(0, |column| column.as_ref().len());
        let is_whole = |column: &C| column.as_ref().len() == count;
        assert!(columns.iter().all(is_whole), "columns are equally long");
        let row = |row: usize| columns.iter().map(move |column| column.as_ref()[row]);
        Self::new((0..count).flat_map(row).collect(), columns.len())
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of values in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, row by row.
    #[must_use]
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The rows, borrowed.
    #[must_use]
    pub fn view(&self) -> RowsView<'_> {
        RowsView {
            values: &self.values,
            width: self.width,
        }
    }

    /// The rows, one by one.
    pub fn iter(&self) -> ChunksExact<'_, f64> {
        self.view().iter()
    }

    /// The values of a column, by its position in a row.
    pub fn column(&self, position: usize) -> impl ExactSizeIterator<Item = f64> + '_ {
        let values = self.values.iter().skip(position);
        values.step_by(self.width).copied()
    }

    /// The first rows, as many as `count` if there are so many.
    #[must_use]
    pub fn head(&self, count: usize) -> Self {
        let values = &self.values[..self.values.len().min(count * self.width)];
        Self::new(values.to_vec(), self.width)
    }
}

/// [`Rows`], borrowed, or a part of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowsView<'a> {
    values: &'a [f64],
    width: usize,
}

impl<'a> RowsView<'a> {
    /// Rows of `width` values each.
    ///
    /// # Panics
    ///
    /// If `width` is 0, or `values` does not hold a whole number of rows.
    #[must_use]
    pub fn new(values: &'a [f64], width: usize) -> Self {
        assert!(width > 0, "a row has values");
        assert!(values.len().is_multiple_of(width), "a whole number of rows");
        Self { values, width }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.values.is_empty()
    }

    /// Number of values in a row.
    #[must_use]
    pub fn width(self) -> usize {
        self.width
    }

    /// All values, row by row.
    #[must_use]
    pub fn values(self) -> &'a [f64] {
        self.values
    }

    /// The rows, one by one.
    pub fn iter(self) -> ChunksExact<'a, f64> {
        self.values.chunks_exact(self.width)
    }

    /// The rows, so many at a time.
    ///
    /// # Panics
    ///
    /// If `count` is 0.
    pub fn chunks(self, count: usize) -> impl ExactSizeIterator<Item = RowsView<'a>> {
        let width = self.width;
        let chunks = self.values.chunks(count * width);
        chunks.map(move |values| Self { values, width })
    }
}

impl<'a> From<&'a Rows> for RowsView<'a> {
    fn from(rows: &'a Rows) -> Self {
        rows.view()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_row_and_by_column() {
        let rows = Rows::from_columns(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(rows, Rows::new(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0], 2));
        assert_eq!((rows.len(), rows.width()), (3, 2));
        assert_eq!(rows.iter().nth(1), Some(&[2.0, 5.0][..]));
        assert!(rows.column(1).eq([4.0, 5.0, 6.0]));
        assert_eq!(rows.head(1), Rows::one(vec![1.0, 4.0]));
        assert_eq!(rows.head(9), rows);
        let chunks: Vec<usize> = rows.view().chunks(2).map(RowsView::len).collect();
        assert_eq!(chunks, [2, 1]);
    }
}
