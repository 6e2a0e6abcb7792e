//! Predictions and true values, reduced to the data for charts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Maximum number of rows plotted individually, and of pairs of classes.
const POINTS: usize = 500;
/// Maximum number of blocks of rows over which errors are averaged.
const BLOCKS: usize = 60;

/// Predictions and true values of an evaluation.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "task", rename_all = "lowercase")]
#[schema(as = EvaluationOutcome)]
pub enum Outcome {
    /// The outcome of a regression.
    Regression {
        /// True values of evenly spaced rows.
        actual: Vec<f64>,
        /// The predictions for these rows.
        predicted: Vec<f64>,
        /// Prediction minus true value, over the rows in their original order.
        errors: Errors,
    },
    /// The outcome of a classification.
    Classification {
        /// Counts of true and predicted class, most frequent first.
        pairs: Vec<Pair>,
        /// Share of wrong predictions, over the rows in their original order.
        errors: Errors,
    },
}

/// Errors averaged over blocks of consecutive rows.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = BlockErrors)]
pub struct Errors {
    /// Index of the first row of each block.
    pub rows: Vec<usize>,
    /// Mean error of each block.
    pub mean: Vec<f64>,
    /// Mean absolute error of each block.
    pub absolute: Vec<f64>,
}

/// How often one class was predicted for rows of another, or of the same one.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ClassPair)]
pub struct Pair {
    /// Label of the true class.
    pub actual: String,
    /// Label of the predicted class.
    pub predicted: String,
    /// Number of rows.
    pub rows: usize,
}

impl Outcome {
    /// Reduces the true values and predictions of all rows. Both are indices into `classes`, unless
    /// it is empty, in which case they are numbers.
    pub(super) fn new(targets: &[f64], predicted: &[f64], classes: &[String]) -> Self {
        let both = targets.iter().copied().zip(predicted.iter().copied());
        if classes.is_empty() {
            let step = targets.len().div_ceil(POINTS).max(1);
            let (actual, predictions) = both.clone().step_by(step).unzip();
            let errors: Vec<f64> = both.map(|(actual, predicted)| predicted - actual).collect();
            Self::Regression {
                actual,
                predicted: predictions,
                errors: Errors::new(&errors),
            }
        } else {
            let wrong: Vec<f64> = both
                .clone()
                .map(|(actual, predicted)| f64::from(actual != predicted))
                .collect();
            Self::Classification {
                pairs: pairs(both, classes),
                errors: Errors::new(&wrong),
            }
        }
    }
}

impl Errors {
    fn new(errors: &[f64]) -> Self {
        let length = errors.len().div_ceil(BLOCKS).max(1);
        let mean = |of: fn(f64) -> f64| {
            let blocks = errors.chunks(length);
            blocks
                .map(|block| {
                    let sum: f64 = block.iter().copied().map(of).sum();
                    sum / block.len() as f64
                })
                .collect()
        };
        Self {
            rows: (0..errors.len()).step_by(length).collect(),
            mean: mean(|error| error),
            absolute: mean(f64::abs),
        }
    }
}

fn pairs(rows: impl Iterator<Item = (f64, f64)>, classes: &[String]) -> Vec<Pair> {
    let mut counts = BTreeMap::new();
    for (actual, predicted) in rows {
        *counts
            .entry((actual as usize, predicted as usize))
            .or_insert(0) += 1;
    }
    let mut pairs: Vec<Pair> = counts
        .into_iter()
        .map(|((actual, predicted), rows)| Pair {
            actual: classes[actual].clone(),
            predicted: classes[predicted].clone(),
            rows,
        })
        .collect();
    pairs.sort_by_key(|pair| Reverse(pair.rows));
    pairs.truncate(POINTS);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_are_sampled_evenly_and_their_errors_averaged() {
        let targets: Vec<f64> = (0..1200).map(f64::from).collect();
        let predicted: Vec<f64> = targets.iter().map(|target| target + 2.0).collect();
        let Outcome::Regression {
            actual,
            predicted,
            errors,
        } = Outcome::new(&targets, &predicted, &[])
        else {
            panic!("numbers are a regression");
        };
        assert_eq!((actual.len(), predicted.len()), (400, 400));
        assert_eq!((actual[1], predicted[1]), (3.0, 5.0));
        assert_eq!((errors.rows.len(), errors.rows[1]), (60, 20));
        assert!(errors.mean.iter().all(|error| *error == 2.0));
    }

    #[test]
    fn pairs_of_classes_are_counted() {
        let classes = ["no".to_owned(), "yes".to_owned()];
        let found = Outcome::new(&[0.0, 1.0, 1.0], &[0.0, 1.0, 1.0], &classes);
        let Outcome::Classification { pairs, errors } = found else {
            panic!("classes are a classification");
        };
        assert_eq!((pairs[0].actual.as_str(), pairs[0].rows), ("yes", 2));
        assert_eq!(errors.absolute, [0.0; 3]);
    }
}
