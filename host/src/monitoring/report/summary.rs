//! The summary of an evaluation: the response of `/evaluate`.

use serde::Serialize;

use crate::monitoring::evaluation::{Evaluation, Scores};

/// The figures of an evaluation. Every field is always present, and null if it is undefined.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The main figures in a sentence.
    pub message: String,
    #[serde(flatten)]
    scores: ReportedScores,
    drift_detected: u8,
    drift_share: f64,
    drift_share_threshold: f64,
    drifted_columns: usize,
    evaluated_items: usize,
    evaluation_period_name: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum ReportedScores {
    Regression {
        rmse: f64,
        mape: Option<f64>,
        mae: f64,
        r2score: Option<f64>,
        mean_error: f64,
        max_error: f64,
    },
    Classification {
        accuracy: f64,
        precision: f64,
        recall: f64,
        f1: f64,
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
            Scores::Regression(scores) => ReportedScores::Regression {
                rmse: scores.rmse,
                mape: scores.mape,
                mae: scores.mae,
                r2score: scores.r2,
                mean_error: scores.mean_error,
                max_error: scores.max_error,
            },
            Scores::Classification(scores) => ReportedScores::Classification {
                accuracy: scores.accuracy,
                precision: scores.precision,
                recall: scores.recall,
                f1: scores.f1,
                roc_auc: scores.roc_auc,
            },
        };
        let quality = match &scores {
            ReportedScores::Regression { rmse, .. } => format!("RMSE {rmse:.2}"),
            ReportedScores::Classification { f1, .. } => format!("F1 {f1:.3}"),
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
