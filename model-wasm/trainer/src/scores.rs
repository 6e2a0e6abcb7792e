//! Scores of a forest on its training rows.

use std::fmt;

use canopy_drift::{classification_scores, regression_scores};
use canopy_forest::Task;

use crate::fit::Fit;
use crate::table::Table;

/// Scores of predictions against the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scores {
    /// Scores of a regression.
    Regression {
        /// Root of the mean squared error, in the unit of the target.
        rmse: f64,
        /// Mean absolute error, in the unit of the target.
        mae: f64,
        /// Coefficient of determination; `None` if all targets are equal.
        r2: Option<f64>,
    },
    /// Scores of a classification.
    Classification {
        /// Share of rows whose class is predicted correctly.
        accuracy: f64,
        /// F1 of the second class if there are two, otherwise the mean over the classes.
        f1: f64,
    },
}

impl Scores {
    /// Scores on the rows that the forest was grown on; far better than on new rows.
    pub(crate) fn in_sample(fit: &Fit, table: &Table, task: Task) -> Option<Self> {
        Self::of(&table.target, &fit.predictions, table.classes.len(), task)
    }

    /// Out-of-bag scores: each row is predicted by the trees grown without it. About as good as on
    /// new rows. `None` if every tree has seen every row.
    pub(crate) fn out_of_bag(fit: &Fit, table: &Table, task: Task) -> Option<Self> {
        let rows = table.target.iter().zip(&fit.out_of_bag);
        let (target, predicted): (Vec<f64>, Vec<f64>) = rows
            .filter_map(|(&target, &predicted)| Some((target, predicted?)))
            .unzip();
        Self::of(&target, &predicted, table.classes.len(), task)
    }

    fn of(target: &[f64], predicted: &[f64], classes: usize, task: Task) -> Option<Self> {
        match task {
            Task::Regression => {
                let scores = regression_scores(target, predicted)?;
                Some(Self::Regression {
                    rmse: scores.rmse,
                    mae: scores.mae,
                    r2: scores.r2,
                })
            }
            Task::Classification => {
                let positions = |values: &[f64]| values.iter().map(|&v| v as usize).collect();
                let (target, predicted): (Vec<usize>, Vec<usize>) =
                    (positions(target), positions(predicted));
                // Only ROC AUC needs probabilities, and it is not used here.
                let probabilities = vec![0.0; target.len() * classes];
                let scores = classification_scores(&target, &probabilities, classes, &predicted)?;
                Some(Self::Classification {
                    accuracy: scores.accuracy,
                    f1: scores.f1,
                })
            }
        }
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Regression { rmse, mae, r2 } => {
                write!(f, "RMSE {rmse:.4}, MAE {mae:.4}")?;
                r2.map_or(Ok(()), |r2| write!(f, ", R² {r2:.4}"))
            }
            Self::Classification { accuracy, f1 } => {
                write!(f, "accuracy {accuracy:.4}, F1 {f1:.4}")
            }
        }
    }
}
