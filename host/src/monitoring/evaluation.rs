//! Computes scores and drift of labelled records.

use std::collections::BTreeMap;
use std::time::Instant;

use canopy_drift::{
    ClassificationScores, ColumnDrift, DEFAULT_SHARE_THRESHOLD, DatasetDrift, Distribution, Method,
    RegressionScores, classification_scores, regression_scores,
};
use canopy_rows::Problems;
use canopy_rows::json::Labelled;
use canopy_runtime::{CallError, Rows, Task, argmax};
use rayon::prelude::*;

use crate::loaded_model::LoadedModel;

/// The result of an evaluation.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Number of records.
    pub items: usize,
    /// Scores of the predictions against the true values.
    pub scores: Scores,
    /// Drift of every column from the reference sample.
    pub drift: DatasetDrift,
    /// Distributions of every column, in the same order.
    pub distributions: Vec<Distribution>,
    /// The predictions: numbers, or indices of classes.
    pub predicted: Vec<f64>,
}

/// Scores by task.
#[derive(Debug, Clone)]
pub enum Scores {
    /// Scores of a regression.
    Regression(RegressionScores),
    /// Scores of a classification.
    Classification(ClassificationScores),
}

/// Why records could not be evaluated.
#[derive(Debug)]
pub enum EvaluationError {
    /// `drift_methods` names an unknown column or method, or a method that does not apply to its
    /// column.
    Methods(Problems),
    /// The model failed.
    Model(CallError),
    /// The true values are so large that the errors overflow.
    Infinite,
    /// The deadline has passed.
    Late,
}

/// Predicts labelled records with `predict`, compares the predictions with the true values and the
/// columns with the reference sample. Has no side effects. The deadline is checked before each column.
///
/// # Errors
///
/// If a drift method is not valid, the model fails, a score is infinite or the deadline passes.
pub fn evaluate(
    loaded: &LoadedModel,
    labelled: &Labelled,
    predict: impl FnOnce(&Rows) -> Result<Vec<f64>, CallError>,
    deadline: Instant,
) -> Result<Evaluation, EvaluationError> {
    let methods = methods(loaded, &labelled.methods).map_err(EvaluationError::Methods)?;
    let model = loaded.model();
    let answer = predict(&labelled.rows).map_err(EvaluationError::Model)?;
    let (scores, predicted) = match model.info().task {
        Task::Regression => {
            // There is at least one value and all are finite, so the scores are defined.
            let scores = regression_scores(&labelled.targets, &answer)
                .unwrap_or_else(|| unreachable!("finite values have scores"));
            let undefined_or_finite = |score: Option<f64>| score.is_none_or(f64::is_finite);
            let finite = scores.rmse.is_finite() && scores.mean_error.is_finite();
            if !finite || !undefined_or_finite(scores.r2) || !undefined_or_finite(scores.mape) {
                return Err(EvaluationError::Infinite);
            }
            (Scores::Regression(scores), answer)
        }
        Task::Classification => classes(&labelled.targets, &answer, model.outputs()),
    };
    let width = loaded.schema().width();
    let compared: Vec<(ColumnDrift, Distribution)> = loaded
        .references()
        .par_iter()
        .enumerate()
        .map(|(position, reference)| {
            if Instant::now() > deadline {
                return Err(EvaluationError::Late);
            }
            let gathered: Vec<f64>;
            let current = match position.checked_sub(width) {
                None => {
                    gathered = labelled.rows.column(position).collect();
                    &gathered
                }
                Some(0) => &labelled.targets,
                Some(_) => &predicted,
            };
            let comparison = reference.against(current);
            let drift = match methods.get(reference.column()) {
                Some(&method) => comparison
                    .drift_by(method)
                    .unwrap_or_else(|_| unreachable!("methods were checked against the columns")),
                None => comparison.drift(),
            };
            Ok((drift, comparison.distribution()))
        })
        .collect::<Result<_, _>>()?;
    let (columns, distributions) = compared.into_iter().unzip();
    Ok(Evaluation {
        items: labelled.targets.len(),
        scores,
        drift: DatasetDrift::new(columns, DEFAULT_SHARE_THRESHOLD),
        distributions,
        predicted,
    })
}

/// Computes the scores of a classification and the predicted classes.
fn classes(targets: &[f64], probabilities: &[f64], classes: usize) -> (Scores, Vec<f64>) {
    let targets: Vec<usize> = targets.iter().map(|&class| class as usize).collect();
    let predicted: Vec<usize> = probabilities.chunks(classes).map(argmax).collect();
    let scores = classification_scores(&targets, probabilities, classes, &predicted)
        .unwrap_or_else(|| unreachable!("scores of at least one record are defined"));
    let predicted = predicted.into_iter().map(|class| class as f64).collect();
    (Scores::Classification(scores), predicted)
}

/// Parses the chosen drift methods by column.
fn methods(
    loaded: &LoadedModel,
    chosen: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Method>, Problems> {
    let mut problems = Problems::default();
    let mut methods = BTreeMap::new();
    for (column, name) in chosen {
        let field = format!("drift_methods.{column}");
        let reference = loaded.references().iter().find(|r| r.column() == column);
        let Some(reference) = reference else {
            problems.push(None, &field, "is not a column of the model");
            continue;
        };
        match name.parse::<Method>() {
            Ok(method) if method.applies_to(reference.kind()) => {
                methods.insert(column.clone(), method);
            }
            Ok(method) => {
                let kind = format!("{:?}", reference.kind()).to_lowercase();
                problems.push(
                    None,
                    &field,
                    format!("{method} does not apply to a {kind} column"),
                );
            }
            Err(error) => problems.push(None, &field, error.to_string()),
        }
    }
    if problems.count() == 0 {
        Ok(methods)
    } else {
        Err(problems)
    }
}
