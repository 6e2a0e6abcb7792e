use std::ops::RangeInclusive;

/// Which columns a CSV file must have, and what they hold.
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
    /// Name and kind of each column; the frame has them in this order.
    pub columns: Vec<(String, ColumnKind)>,
    /// Whether the file must have these columns, in this order, and no others.
    /// Otherwise the order is free and further columns are ignored.
    pub exact: bool,
}

/// What a column holds. A value is never missing: an empty number is an error.
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
