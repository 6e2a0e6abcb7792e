//! The gauges that are unknown, and so NaN, until rows were evaluated or predicted.

use prometheus::Gauge;

use super::Families;
use crate::monitoring::Report;
use crate::monitoring::report::Scores;

impl Families {
    /// The gauges of the last evaluation; of the scores, a model uses those of its task.
    pub(super) fn of_evaluations(&self) -> [&Gauge; 13] {
        [
            &self.rmse,
            &self.mae,
            &self.r2,
            &self.mape,
            &self.accuracy,
            &self.precision,
            &self.recall,
            &self.f1,
            &self.roc_auc,
            &self.drift_detected,
            &self.drift_share,
            &self.counted_rows,
            &self.last_evaluation,
        ]
    }

    /// The gauges of the live window.
    pub(super) fn of_window(&self) -> [&Gauge; 2] {
        [&self.live_share, &self.out_of_range_ratio]
    }

    /// Sets the gauges of the last evaluation: NaN if there was none.
    pub(super) fn show(&self, last: Option<&Report>) {
        for gauge in self.of_evaluations() {
            gauge.set(f64::NAN);
        }
        self.drift_score.reset();
        self.drift_threshold.reset();
        let Some(Report {
            head,
            summary,
            columns,
            ..
        }) = last
        else {
            return;
        };
        let scores = match summary.scores {
            Scores::Regression {
                rmse,
                mape,
                mae,
                r2score,
                ..
            } => vec![
                (&self.rmse, Some(rmse)),
                (&self.mae, Some(mae)),
                (&self.r2, r2score),
                (&self.mape, mape),
            ],
            Scores::Classification {
                accuracy,
                precision,
                recall,
                f1,
                roc_auc,
            } => vec![
                (&self.accuracy, Some(accuracy)),
                (&self.precision, Some(precision)),
                (&self.recall, Some(recall)),
                (&self.f1, Some(f1)),
                (&self.roc_auc, roc_auc),
            ],
        };
        for (gauge, score) in scores {
            gauge.set(score.unwrap_or(f64::NAN));
        }
        self.drift_detected.set(summary.drift_detected.into());
        self.drift_share.set(summary.drift_share);
        for drift in columns.iter().map(|column| &column.drift) {
            let labels = [drift.column.as_str(), drift.method.name()];
            let score = self.drift_score.with_label_values(&labels);
            score.set(drift.score.unwrap_or(f64::NAN));
            let threshold = self.drift_threshold.with_label_values(&labels);
            threshold.set(drift.threshold);
        }
        self.counted_rows.set(summary.evaluated_items as f64);
        self.last_evaluation.set(head.time as f64);
    }
}
