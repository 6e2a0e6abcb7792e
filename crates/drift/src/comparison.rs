use crate::column_drift::ColumnDrift;
use crate::distribution::Distribution;
use crate::method::{Method, MethodError};
use crate::reference::Reference;
use crate::sample::Sample;
use crate::statistic;
use crate::table::Table;

/// A current sample of a column, held against its [`Reference`].
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    reference: &'a Reference,
    current: Sample,
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(reference: &'a Reference, current: &[f64]) -> Self {
        Self {
            reference,
            current: Sample::new(current),
        }
    }

    /// As [`Reference::compare`].
    pub fn drift(&self) -> ColumnDrift {
        let (kind, rows) = (self.reference.kind(), self.reference.len());
        let table = self.table();
        let method = Method::default_for(kind, rows, table.rows.len());
        self.measure(&table, method)
    }

    /// As [`Reference::compare_by`].
    ///
    /// # Errors
    ///
    /// If the method does not apply to columns of this kind.
    pub fn drift_by(&self, method: Method) -> Result<ColumnDrift, MethodError> {
        let kind = self.reference.kind();
        if method.applies_to(kind) {
            Ok(self.measure(&self.table(), method))
        } else {
            Err(MethodError { method, kind })
        }
    }

    /// Both samples, counted by the same bins.
    pub fn distribution(&self) -> Distribution {
        Distribution::new(&self.table(), self.reference.kind())
    }

    fn table(&self) -> Table<'_> {
        Table::new(self.reference.sample(), &self.current)
    }

    fn measure(&self, table: &Table<'_>, method: Method) -> ColumnDrift {
        let threshold = method.default_threshold();
        let score = statistic::score(table, self.reference.kind(), method);
        ColumnDrift {
            column: self.reference.column().to_owned(),
            method,
            score,
            threshold,
            drifted: score.is_some_and(|score| method.drifted(score, threshold)),
        }
    }
}
