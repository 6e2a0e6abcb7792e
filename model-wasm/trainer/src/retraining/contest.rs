//! Champion against challenger.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use canopy_drift::{classification_scores, regression_scores};
use canopy_observations::{Batch, Targets};
use canopy_runtime::{Model, Rows, Task, argmax};

use crate::observed::column;

/// A score that models are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Score {
    /// Root mean squared error, the lower the better.
    Rmse,
    /// F1 as the host reports it: of the second of two classes, or the mean over more. The
    /// higher the better.
    F1,
}

impl Score {
    /// By the kind of the true values.
    pub(crate) fn of(targets: &Targets) -> Self {
        match targets {
            Targets::Numbers(_) => Self::Rmse,
            Targets::Labels(_) => Self::F1,
        }
    }

    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rmse => "rmse",
            Self::F1 => "f1",
        }
    }

    /// Whether a challenger is better than a champion, by at least `margin` as a share of the
    /// champion's score.
    pub(crate) fn wins(self, challenger: f64, champion: f64, margin: f64) -> bool {
        match self {
            Self::Rmse => challenger < champion && challenger <= champion * (1.0 - margin),
            Self::F1 => challenger > champion && challenger >= champion * (1.0 + margin),
        }
    }
}

/// The labels that models of classes are scored with: those of the models and of the true values
/// together, so that models with different classes are scored alike. None for numbers.
pub(crate) fn labels(models: &[&Model], held_out: &Batch) -> Vec<String> {
    let Targets::Labels(observed) = &held_out.targets else {
        return Vec::new();
    };
    let known = models.iter().flat_map(|model| &model.info().classes);
    // The order of the models, since the second of two classes has a role of its own.
    let mut seen = BTreeSet::new();
    let all = known.chain(observed).filter(|label| seen.insert(*label));
    all.cloned().collect()
}

/// Scores a model on held-out rows; `labels` are those of [`labels`].
///
/// # Errors
///
/// If the rows are not what the model takes or predicts, or it gives no predictions.
pub(crate) fn score(model: &Model, held_out: &Batch, labels: &[String]) -> Result<f64> {
    let info = model.info();
    ensure!(
        info.target == held_out.target,
        "it predicts {}, and the observed rows have {}",
        info.target,
        held_out.target
    );
    let columns = info.features.iter().map(|feature| {
        column(held_out, &feature.name)
            .with_context(|| format!("the observed rows have no column {}", feature.name))
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let rows = Rows::from_columns(&columns);
    let answers = model.predict(&rows).context("it gives no predictions")?;
    let score = match (&held_out.targets, info.task) {
        (Targets::Numbers(targets), Task::Regression) => {
            regression_scores(targets, &answers).map(|scores| scores.rmse)
        }
        (Targets::Labels(targets), Task::Classification) => f1(model, targets, &answers, labels),
        _ => anyhow::bail!("it predicts another kind of value than was observed"),
    };
    score.context("there are no rows to score it on")
}

fn f1(model: &Model, targets: &[String], answers: &[f64], labels: &[String]) -> Option<f64> {
    let position = |label: &String| labels.iter().position(|known| known == label);
    let classes = &model.info().classes;
    let predicted = answers.chunks(classes.len());
    let predicted: Vec<usize> = predicted
        .filter_map(|answer| position(&classes[argmax(answer)]))
        .collect();
    let targets: Vec<usize> = targets.iter().filter_map(position).collect();
    // Only ROC AUC looks at probabilities, and nobody looks at it here.
    let probabilities = vec![0.0; targets.len() * labels.len()];
    let scores = classification_scores(&targets, &probabilities, labels.len(), &predicted)?;
    Some(scores.f1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenger_wins_by_the_margin_or_not_at_all() {
        for (challenger, champion, margin, wins) in [
            (97.9, 100.0, 0.02, true),
            (98.1, 100.0, 0.02, false),
            (100.0, 100.0, 0.0, false),
            (0.0, 0.0, 0.02, false),
            (f64::NAN, 100.0, 0.02, false),
        ] {
            assert_eq!(Score::Rmse.wins(challenger, champion, margin), wins);
        }
        assert!(Score::F1.wins(0.52, 0.5, 0.02));
        assert!(!Score::F1.wins(0.505, 0.5, 0.02));
        assert!(!Score::F1.wins(0.4, 0.5, 0.02));
    }
}
