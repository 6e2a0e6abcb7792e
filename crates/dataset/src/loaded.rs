use polars::prelude::DataFrame;

/// A table and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All rows of the table; cut out a period with [`slice`](crate::slice()).
    pub frame: DataFrame,
    /// Where the rows came from, for people.
    pub origin: String,
    /// What the user should be told, such as that rows are missing.
    pub warning: Option<String>,
}
