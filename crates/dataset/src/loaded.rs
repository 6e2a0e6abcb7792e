use polars::prelude::DataFrame;

/// A table and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All rows of the table; [`slice`](crate::slice()) selects those of a period.
    pub frame: DataFrame,
    /// Where the rows came from, as text for the user.
    pub origin: String,
    /// A warning for the user, for example that rows are missing.
    pub warning: Option<String>,
}
