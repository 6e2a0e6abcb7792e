use crate::column_drift::ColumnDrift;
use crate::comparison::Comparison;
use crate::kind::Kind;
use crate::method::{Method, MethodError};
use crate::sample::Sample;

/// A prepared reference sample of one column.
///
/// NaN and infinities are dropped, distinct values are sorted and counted, and
/// the moments are computed once, so that each comparison costs only the work on
/// the current sample.
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

    /// Whether the sample has no finite value; every comparison is then
    /// undefined.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Compares `current` with the reference by Evidently's default method for
    /// a column of this kind, length and number of distinct values.
    ///
    /// Up to 1,000 reference rows that is the Kolmogorov–Smirnov test, beyond
    /// them the Wasserstein distance. A column that is categorical or has at most
    /// five distinct values in both samples together is compared by the chi-square
    /// test (the Z-test for at most two values) and the Jensen–Shannon distance
    /// instead.
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
