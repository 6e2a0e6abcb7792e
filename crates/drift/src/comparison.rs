use crate::column_drift::ColumnDrift;
use crate::distribution::Distribution;
use crate::kind::Kind;
use crate::method::{Method, MethodError};
use crate::sample::Sample;
use crate::statistic;
use crate::table::Table;

/// A current sample of a column, paired with the [`Reference`](crate::Reference) of that column.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    pub(crate) column: &'a str,
    pub(crate) kind: Kind,
    pub(crate) reference: &'a Sample,
    pub(crate) current: Sample,
}

impl Comparison<'_> {
    /// Drift by Evidently's default method, as [`Reference::compare`](crate::Reference::compare).
    pub fn drift(&self) -> ColumnDrift {
        let table = self.table();
        let method = Method::default_for(self.kind, self.reference.len(), table.rows.len());
        self.measure(&table, method)
    }

    /// Drift by `method`, as [`Reference::compare_by`](crate::Reference::compare_by).
    ///
    /// # Errors
    ///
    /// If the method does not apply to columns of this kind.
    pub fn drift_by(&self, method: Method) -> Result<ColumnDrift, MethodError> {
        let kind = self.kind;
        if method.applies_to(kind) {
            Ok(self.measure(&self.table(), method))
        } else {
            Err(MethodError { method, kind })
        }
    }

    /// Row counts of both samples in the same bins, for a histogram.
    pub fn distribution(&self) -> Distribution {
        Distribution::new(&self.table(), self.kind)
    }

    fn table(&self) -> Table<'_> {
        Table::new(self.reference, &self.current)
    }

    fn measure(&self, table: &Table<'_>, method: Method) -> ColumnDrift {
        let threshold = method.default_threshold();
        let score = statistic::score(table, self.kind, method);
        ColumnDrift {
            column: self.column.to_owned(),
            method,
            score,
            score_error: score.and_then(|score| statistic::score_error(table, method, score)),
            threshold,
            drifted: score.is_some_and(|score| method.drifted(score, threshold)),
        }
    }
}
