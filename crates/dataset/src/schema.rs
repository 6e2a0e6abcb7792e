use std::ops::RangeInclusive;

/// The columns that a CSV file must have, and the kind of their values.
///
/// ```
/// use canopy_dataset::{ColumnKind, Schema};
///
/// let schema = Schema {
///     columns: vec![
///         ("petal_length".into(), ColumnKind::number()),
///         ("species".into(), ColumnKind::Text),
///     ],
///     exact: false,
/// };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Name and kind of each column, in the order of the frame.
    pub columns: Vec<(String, ColumnKind)>,
    /// Whether the file must have exactly these columns in this order. Otherwise any order is
    /// accepted and further columns are ignored.
    pub exact: bool,
}

/// The kind of a column's values. No value may be missing: an empty number is an error.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// A number within the range, read as `f64`.
    Number(RangeInclusive<f64>),
    /// A whole number within the range, read as `i64`.
    Integer(RangeInclusive<i64>),
    /// A date such as `2011-01-31`.
    Date,
    /// Any text, such as a class label.
    Text,
}

impl ColumnKind {
    /// Any finite number.
    pub const fn number() -> Self {
        Self::Number(f64::MIN..=f64::MAX)
    }
}
