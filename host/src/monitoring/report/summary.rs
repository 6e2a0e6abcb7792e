//! The summary of an evaluation: the response of `/evaluate`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::monitoring::evaluation::{self, Evaluation};

/// The figures of an evaluation. Every field is always present, and null if it is undefined.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = EvaluationSummary)]
pub struct Summary {
    /// The main figures in a sentence.
    pub message: String,
    /// Scores of the predictions.
    #[serde(flatten)]
    pub scores: Scores,
    /// 1 if the data drifted, otherwise 0.
    #[schema(maximum = 1)]
    pub drift_detected: u8,
    /// Share of the columns that drifted, from 0 to 1.
    pub drift_share: f64,
    /// Share of drifted columns from which the data counts as drifted.
    drift_share_threshold: f64,
    /// Number of columns that drifted.
    drifted_columns: usize,
    /// Number of evaluated records.
    pub evaluated_items: usize,
    /// Name of the period; null if the request did not give one.
    #[schema(required)]
    evaluation_period_name: Option<String>,
}

/// Scores of the predictions against the true values, by the task of the model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EvaluationScores)]
pub enum Scores {
    /// Scores of a regression, in the unit of the target unless stated otherwise.
    Regression {
        /// Root mean squared error.
        rmse: f64,
        /// Mean absolute percentage error, over records whose true value is not 0; null if there
        /// are none.
        #[schema(required)]
        mape: Option<f64>,
        /// Mean absolute error.
        mae: f64,
        /// Coefficient of determination R²; null if all true values are equal.
        #[schema(required)]
        r2score: Option<f64>,
        /// Mean error: prediction minus true value.
        mean_error: f64,
        /// Largest absolute error.
        max_error: f64,
    },
    /// Scores of a classification, from 0 to 1. With two classes, precision, recall, F1 and ROC AUC
    /// are those of the second class, otherwise the averages over all classes.
    Classification {
        /// Share of records whose class was predicted.
        accuracy: f64,
        /// Share of the records predicted to be in a class that are in it.
        precision: f64,
        /// Share of the records in a class that are predicted to be in it.
        recall: f64,
        /// Harmonic mean of precision and recall.
        f1: f64,
        /// Area under the ROC curve; null if it is undefined.
        #[schema(required)]
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
