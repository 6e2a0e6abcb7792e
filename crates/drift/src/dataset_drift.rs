use serde::Serialize;
use utoipa::ToSchema;

use crate::column_drift::ColumnDrift;

/// The share of drifted columns at which Evidently considers a dataset drifted.
pub const DEFAULT_SHARE_THRESHOLD: f64 = 0.5;

/// Drift of all columns of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DatasetDrift {
    /// Drift of every column.
    pub columns: Vec<ColumnDrift>,
    /// Number of columns that drifted.
    pub drifted_columns: usize,
    /// Share of the columns that drifted, from 0 to 1; 0 without columns.
    pub share: f64,
    /// The threshold that the share was compared with.
    pub share_threshold: f64,
    /// Whether the share reaches its threshold; `false` without a drifted column.
    pub drifted: bool,
}

impl DatasetDrift {
    /// Summarises `columns`. A column without a score counts as not drifted.
    pub fn new(columns: Vec<ColumnDrift>, share_threshold: f64) -> Self {
        let drifted_columns = columns.iter().filter(|column| column.drifted).count();
        let share = drifted_columns as f64 / columns.len().max(1) as f64;
        Self {
            columns,
            drifted_columns,
            share,
            share_threshold,
            drifted: drifted_columns > 0 && share >= share_threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    fn column(drifted: bool) -> ColumnDrift {
        ColumnDrift {
            column: "hum".into(),
            method: Method::Ks,
            score: Some(0.05),
            score_error: None,
            threshold: 0.05,
            drifted,
        }
    }

    #[test]
    fn half_of_the_columns_is_enough() {
        let dataset = DatasetDrift::new(vec![column(true), column(false)], DEFAULT_SHARE_THRESHOLD);
        assert_eq!(
            (dataset.drifted_columns, dataset.share, dataset.drifted),
            (1, 0.5, true)
        );
    }

    #[test]
    fn no_columns_have_not_drifted() {
        let dataset = DatasetDrift::new(Vec::new(), 0.0);
        assert_eq!((dataset.share, dataset.drifted), (0.0, false));
    }
}
