//! The challenge: scores champion and challenger on the same rows.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use canopy_drift::{classification_scores, regression_scores};
use canopy_observations::{Batch, Targets};
use canopy_runtime::{Model, Rows, Task, argmax};
use serde::{Deserialize, Serialize};

use crate::observed::column;

/// The score that models are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Score {
    /// Root mean squared error; lower is better.
    Rmse,
    /// F1 as the host reports it: that of the second class if there are two, otherwise the mean over
    /// the classes. Higher is better.
    F1,
}

impl Score {
    /// The score for a kind of true values.
    pub(crate) fn of(targets: &Targets) -> Self {
        match targets {
            Targets::Numbers(_) => Self::Rmse,
            Targets::Labels(_) => Self::F1,
        }
    }

    /// The name of the score in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rmse => "rmse",
            Self::F1 => "f1",
        }
    }

    /// Whether the challenger's score is better than the champion's by at least `margin`, a fraction
    /// of the champion's score.
    pub(crate) fn wins(self, challenger: f64, champion: f64, margin: f64) -> bool {
        match self {
            Self::Rmse => challenger < champion && challenger <= champion * (1.0 - margin),
            Self::F1 => challenger > champion && challenger >= champion * (1.0 + margin),
        }
    }

    /// Whether the challenger's score is worse than the champion's by at most `setback`, a fraction of
    /// the champion's score.
    pub(crate) fn holds(self, challenger: f64, champion: f64, setback: f64) -> bool {
        match self {
            Self::Rmse => challenger <= champion * (1.0 + setback),
            Self::F1 => challenger >= champion * (1.0 - setback),
        }
    }

    /// The worse of two scores.
    pub(crate) fn worse(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Rmse => a.max(b),
            Self::F1 => a.min(b),
        }
    }
}

/// The union of the models' class labels and the true labels, so that models with different classes
/// are scored by the same standard. Empty for a regression.
pub(crate) fn labels(models: &[&Model], held_out: &Batch) -> Vec<String> {
    let Targets::Labels(observed) = &held_out.targets else {
        return Vec::new();
    };
    let classes = models.iter().flat_map(|model| &model.info().classes);
    // Keeps the order of the models' classes, because F1 of two classes is that of the second one.
    let mut seen = BTreeSet::new();
    let all = classes.chain(observed).filter(|label| seen.insert(*label));
    all.cloned().collect()
}

/// The reference of a model as labelled rows.
pub(crate) fn reference(model: &Model) -> Batch {
    let info = model.info();
    let width = info.features.len();
    let columns = model.reference();
    let targets = columns.get(width).map_or(&[][..], |target| &target.values);
    Batch {
        features: columns[..width.min(columns.len())]
            .iter()
            .map(|column| (column.name.clone(), column.values.clone()))
            .collect(),
        target: info.target.clone(),
        targets: match info.task {
            Task::Regression => Targets::Numbers(targets.to_vec()),
            Task::Classification => {
                let labels = targets
                    .iter()
                    .map(|&class| info.classes.get(class as usize));
                Targets::Labels(labels.map(|it| it.cloned().unwrap_or_default()).collect())
            }
        },
    }
}

/// The out-of-bag score that a model of this trainer states among its parameters, by which it is
/// about as good as on new rows.
pub(crate) fn out_of_bag(model: &Model, score: Score) -> Option<f64> {
    let name = match score {
        Score::Rmse => "RMSE ",
        Score::F1 => "F1 ",
    };
    let mut parameters = model.info().parameters.iter();
    let (_, scores) = parameters.find(|(name, _)| name == "out_of_bag")?;
    let mut scores = scores.split(", ");
    scores.find_map(|it| it.strip_prefix(name)?.parse().ok())
}

/// Scores a model on held-out rows; `labels` is the result of [`labels`].
///
/// # Errors
///
/// If the rows lack the model's features or target, or the model fails.
pub(crate) fn score(model: &Model, held_out: &Batch, labels: &[String]) -> Result<f64> {
    let info = model.info();
    ensure!(
        info.target == held_out.target,
        "it predicts {}, but the target of the observed rows is {}",
        info.target,
        held_out.target
    );
    let columns = info.features.iter().map(|feature| {
        column(held_out, &feature.name)
            .with_context(|| format!("the observed rows have no column {}", feature.name))
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let rows = Rows::from_columns(&columns);
    let answers = model
        .predict(&rows)
        .context("it cannot predict the observed rows")?;
    let score = match (&held_out.targets, info.task) {
        (Targets::Numbers(targets), Task::Regression) => {
            regression_scores(targets, &answers).map(|scores| scores.rmse)
        }
        (Targets::Labels(targets), Task::Classification) => f1(model, targets, &answers, labels),
        _ => anyhow::bail!("its task does not match the kind of the observed targets"),
    };
    score.context("there are no observed rows to score it on")
}

fn f1(model: &Model, targets: &[String], answers: &[f64], labels: &[String]) -> Option<f64> {
    let position = |label: &String| labels.iter().position(|known| known == label);
    let classes = &model.info().classes;
    let predicted = answers.chunks(classes.len());
    let predicted: Vec<usize> = predicted
        .filter_map(|answer| position(&classes[argmax(answer)]))
        .collect();
    let targets: Vec<usize> = targets.iter().filter_map(position).collect();
    // Only ROC AUC needs probabilities, and it is not used here.
    let probabilities = vec![0.0; targets.len() * labels.len()];
    let scores = classification_scores(&targets, &probabilities, labels.len(), &predicted)?;
    Some(scores.f1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenger_wins_only_by_the_margin() {
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

    #[test]
    fn a_challenger_holds_what_it_loses_at_most_the_setback_of() {
        for (challenger, holds) in [
            (100.0, true),
            (110.0, true),
            (111.0, false),
            (f64::NAN, false),
        ] {
            assert_eq!(
                Score::Rmse.holds(challenger, 100.0, 0.1),
                holds,
                "{challenger}"
            );
        }
        assert!(Score::F1.holds(0.46, 0.5, 0.1));
        assert!(!Score::F1.holds(0.44, 0.5, 0.1));
    }
}
