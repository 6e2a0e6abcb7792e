//! The summary of an evaluation: the response of `/evaluate`.

use serde::{Deserialize, Serialize};

use crate::monitoring::evaluation::{self, Evaluation};

/// The figures of an evaluation. Every field is always present, and null if it is undefined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The main figures in a sentence.
    pub message: String,
    /// Scores of the predictions.
    #[serde(flatten)]
    pub scores: Scores,
    /// 1 if data drift was detected, otherwise 0.
    pub drift_detected: u8,
    /// Share of columns that drifted.
    pub drift_share: f64,
    drift_share_threshold: f64,
    drifted_columns: usize,
    /// Number of rows.
    pub evaluated_items: usize,
    evaluation_period_name: Option<String>,
}

/// Scores by task; `None` if a score is undefined.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scores {
    /// Scores of a regression.
    Regression {
        /// Root mean squared error.
        rmse: f64,
        /// Mean absolute percentage error.
        mape: Option<f64>,
        /// Mean absolute error.
        mae: f64,
        /// Coefficient of determination (R²).
        r2score: Option<f64>,
        /// Mean error.
        mean_error: f64,
        /// Maximum absolute error.
        max_error: f64,
    },
    /// Scores of a classification.
    Classification {
        /// Accuracy.
        accuracy: f64,
        /// Precision.
        precision: f64,
        /// Recall.
        recall: f64,
        /// F1 score.
        f1: f64,
        /// Area under the ROC curve.
        roc_auc: Option<f64>,
    },
}

impl Summary {
    /// Summarises an evaluation; `period` is the name of the period, if it has one.
    #[must_use]
    pub fn new(evaluation: &Evaluation, period: Option<String>) -> Self {
        let drift = &evaluation.drift;
        let items = evaluation.items;
        let scores = match &evaluation.scores {
            evaluation::Scores::Regression(scores) => Scores::Regression {
                rmse: scores.rmse,
                mape: scores.mape,
                mae: scores.mae,
                r2score: scores.r2,
                mean_error: scores.mean_error,
                max_error: scores.max_error,
            },
            evaluation::Scores::Classification(scores) => Scores::Classification {
                accuracy: scores.accuracy,
                precision: scores.precision,
                recall: scores.recall,
                f1: scores.f1,
                roc_auc: scores.roc_auc,
            },
        };
        let quality = match &scores {
            Scores::Regression { rmse, .. } => format!("RMSE {rmse:.2}"),
            Scores::Classification { f1, .. } => format!("F1 {f1:.3}"),
        };
        Self {
            message: format!(
                "evaluated {items} {} of {}: {quality}, {} of {} columns drifted",
                if items == 1 { "record" } else { "records" },
                period.as_deref().unwrap_or("an unnamed period"),
                drift.drifted_columns,
                drift.columns.len()
            ),
            scores,
            drift_detected: drift.drifted.into(),
            drift_share: drift.share,
            drift_share_threshold: drift.share_threshold,
            drifted_columns: drift.drifted_columns,
            evaluated_items: items,
            evaluation_period_name: period,
        }
    }
}
