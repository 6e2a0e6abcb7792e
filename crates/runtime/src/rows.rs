//! Rows of numbers.

use std::slice::ChunksExact;

/// A row-major matrix of numbers. Each row has one value per feature of a model, in the model's
/// order.
///
/// ```
/// use canopy_runtime::Rows;
///
/// let rows = Rows::from_columns(&[[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(rows.values(), [1.0, 3.0, 2.0, 4.0]);
/// assert!(rows.column(1).eq([3.0, 4.0]));
/// ```
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
        assert!(width > 0, "the width must not be 0");
        assert!(
            values.len().is_multiple_of(width),
            "the values must form a whole number of rows"
        );
        Self { values, width }
    }

    /// A single row.
    ///
    /// # Panics
    ///
    /// If `values` is empty.
    #[must_use]
    pub fn one(values: Vec<f64>) -> Self {
        let width = values.len();
        Self::new(values, width)
    }

    /// Transposes columns of equal length into rows.
    ///
    /// # Panics
    ///
    /// If there are no columns, or their lengths differ.
    #[must_use]
    pub fn from_columns<C: AsRef<[f64]>>(columns: &[C]) -> Self {
        let count = columns.first().map_or(0, |column| column.as_ref().len());
        let is_whole = |column: &C| column.as_ref().len() == count;
        assert!(
            columns.iter().all(is_whole),
            "the columns must have the same length"
        );
        let row = |row: usize| columns.iter().map(move |column| column.as_ref()[row]);
        Self::new((0..count).flat_map(row).collect(), columns.len())
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Memory of the values in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        size_of_val(&*self.values) as u64
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

    /// Consumes the rows and returns all values, row by row.
    #[must_use]
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// A borrowed view of all rows.
    #[must_use]
    pub fn view(&self) -> RowsView<'_> {
        RowsView {
            values: &self.values,
            width: self.width,
        }
    }

    /// Iterates over the rows.
    pub fn iter(&self) -> ChunksExact<'_, f64> {
        self.view().iter()
    }

    /// The values of the column at `position`.
    pub fn column(&self, position: usize) -> impl ExactSizeIterator<Item = f64> + '_ {
        let values = self.values.iter().skip(position);
        values.step_by(self.width).copied()
    }

    /// The first `count` rows, or all of them if there are fewer.
    #[must_use]
    pub fn head(&self, count: usize) -> Self {
        let values = &self.values[..self.values.len().min(count * self.width)];
        Self::new(values.to_vec(), self.width)
    }
}

/// A borrowed view of consecutive [`Rows`].
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
        assert!(width > 0, "the width must not be 0");
        assert!(
            values.len().is_multiple_of(width),
            "the values must form a whole number of rows"
        );
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

    /// Iterates over the rows.
    pub fn iter(self) -> ChunksExact<'a, f64> {
        self.values.chunks_exact(self.width)
    }

    /// Splits the rows into chunks of `count` rows; the last one may be shorter.
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
