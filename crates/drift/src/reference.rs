use crate::column_drift::ColumnDrift;
use crate::comparison::Comparison;
use crate::kind::Kind;
use crate::method::{Method, MethodError};
use crate::sample::Sample;

/// A prepared reference sample of one column.
///
/// NaN and infinities are dropped, the distinct values sorted and counted and
/// the moments computed once, so that each later comparison only pays for the
/// current sample.
#[derive(Clone, Debug)]
pub struct Reference {
    column: String,
    kind: Kind,
    sample: Sample,
}

impl Reference {
    /// Prepares `values`, in any order, as the reference of `column`.
    pub fn new(column: impl Into<String>, kind: Kind, values: &[f64]) -> Self {
        Self {
            column: column.into(),
            kind,
            sample: Sample::new(values),
        }
    }

    /// Name of the column.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Kind of the column.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Number of finite values in the sample.
    pub fn len(&self) -> usize {
        self.sample.len()
    }

    /// Whether the sample holds no finite value; then every comparison is
    /// undefined.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Compares `current` with the reference by Evidently's default method for
    /// a column of this kind, length and number of distinct values.
    ///
    /// For up to 1,000 reference rows that is the Kolmogorov–Smirnov test,
    /// beyond them the Wasserstein distance; a column that is categorical, or
    /// has at most five distinct values in both samples together, takes the
    /// chi-square test (the Z-test if it has at most two) and the
    /// Jensen–Shannon distance instead.
    pub fn compare(&self, current: &[f64]) -> ColumnDrift {
        self.against(current).drift()
    }

    /// Compares `current` with the reference by `method` and its default
    /// threshold.
    ///
    /// # Errors
    ///
    /// If the method does not apply to columns of this kind.
    pub fn compare_by(&self, current: &[f64], method: Method) -> Result<ColumnDrift, MethodError> {
        self.against(current).drift_by(method)
    }

    /// Prepares the comparison of `current` with the reference, for callers that need more than
    /// one of its results: drift by several methods, or the distribution.
    pub fn against(&self, current: &[f64]) -> Comparison<'_> {
        Comparison {
            column: &self.column,
            kind: self.kind,
            reference: &self.sample,
            current: Sample::new(current),
        }
    }
}
