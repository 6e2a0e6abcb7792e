//! Growing a forest with smartcore: the only module that uses it.

use anyhow::{Context as _, Result, anyhow};
use canopy_forest::{Aggregation, Task, Tree};
use indicatif::ProgressBar;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde::Serialize;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::tree::decision_tree_classifier::DecisionTreeClassifier;

use crate::extraction;
use crate::merge::{self, Document};
use crate::spec::Spec;
use crate::table::Table;

type Rows = DenseMatrix<f64>;
type Regressor = RandomForestRegressor<f64, f64, Rows, Vec<f64>>;
type Classifier = RandomForestClassifier<f64, u32, Rows, Vec<u32>>;
type ClassifierTree = DecisionTreeClassifier<f64, u32, Rows, Vec<u32>>;

/// Names the library and its version in a model's description.
pub(crate) const LIBRARY: &str = "smartcore 0.7";

/// A grown forest.
#[derive(Debug)]
pub struct Fit {
    /// smartcore's own forest, which the component is compared with.
    pub reference: Reference,
    /// The trees of that forest.
    pub trees: Vec<Tree>,
    /// Share of the impurity decrease due to each feature, adding up to 1 (or all 0, if no
    /// tree splits).
    pub importances: Vec<f64>,
    /// smartcore's prediction for each training row; for classification the position of the class.
    pub predictions: Vec<f64>,
    /// The same from the trees that were grown without the row; `None` if there are none.
    pub out_of_bag: Vec<Option<f64>>,
}

/// smartcore's forest.
#[derive(Debug)]
pub enum Reference {
    /// Predicts numbers.
    Regression(Regressor),
    /// Predicts positions of classes.
    Classification(Classifier),
}

impl Fit {
    /// Grows a forest on a table, a tree a task on the current rayon pool, each from a random
    /// seed of its own: the result does not depend on the number of threads. The progress bar
    /// counts trees.
    ///
    /// # Errors
    ///
    /// If smartcore refuses the data.
    pub fn new(table: &Table, spec: &Spec, progress: &ProgressBar) -> Result<Self> {
        let rows = matrix(table.features.len(), table.row_major())?;
        progress.set_length(spec.forest.trees.get() as u64);
        match spec.task {
            Task::Regression => regression(table, &rows, spec, progress),
            Task::Classification => classification(table, &rows, spec, progress),
        }
    }

    /// How the trees' leaves become an answer.
    #[must_use]
    pub fn aggregation(&self, classes: usize) -> Aggregation {
        match self.reference {
            Reference::Regression(_) => Aggregation::Mean,
            Reference::Classification(_) => Aggregation::Vote {
                classes: classes as u32,
            },
        }
    }
}

impl Reference {
    /// Predicts rows that lie one after the other (row-major, rows × `width`): one value a
    /// row, for classification the position of the class.
    ///
    /// # Errors
    ///
    /// If `rows` does not hold a whole number of rows, at least one.
    pub fn predict(&self, width: usize, rows: Vec<f64>) -> Result<Vec<f64>> {
        let rows = matrix(width, rows)?;
        Ok(match self {
            Self::Regression(forest) => forest.predict(&rows)?,
            Self::Classification(forest) => positions(forest.predict(&rows)?),
        })
    }
}

fn regression(table: &Table, rows: &Rows, spec: &Spec, progress: &ProgressBar) -> Result<Fit> {
    let parameters = RandomForestRegressorParameters {
        max_depth: spec.forest.max_depth,
        min_samples_leaf: spec.forest.min_samples_leaf.get(),
        min_samples_split: spec.forest.min_samples_split,
        n_trees: 1,
        m: Some(spec.features_per_split()),
        keep_samples: true,
        seed: 0,
    };
    let texts = grow(spec, progress, |seed| {
        Regressor::fit(rows, &table.target, parameters.clone().with_seed(seed))
    })?;
    let document: merge::Regressor<'_> = merge::merge(&texts)?;
    let forest: Regressor = document.revive()?;
    Ok(Fit {
        trees: extraction::trees(document.trees())?,
        importances: forest.compute_feature_importances()?,
        predictions: forest.predict(rows)?,
        out_of_bag: out_of_bag(forest.predict_oob(rows)?, &document)?,
        reference: Reference::Regression(forest),
    })
}

fn classification(table: &Table, rows: &Rows, spec: &Spec, progress: &ProgressBar) -> Result<Fit> {
    let target: Vec<u32> = table.target.iter().map(|&class| class as u32).collect();
    let parameters = RandomForestClassifierParameters {
        max_depth: spec.forest.max_depth,
        min_samples_leaf: spec.forest.min_samples_leaf.get(),
        min_samples_split: spec.forest.min_samples_split,
        n_trees: 1,
        m: Some(spec.features_per_split()),
        keep_samples: true,
        ..RandomForestClassifierParameters::default()
    };
    let texts = grow(spec, progress, |seed| {
        Classifier::fit(rows, &target, parameters.clone().with_seed(seed))
    })?;
    let document: merge::Classifier<'_> = merge::merge(&texts)?;
    let forest: Classifier = document.revive()?;
    Ok(Fit {
        trees: extraction::trees(document.trees())?,
        importances: importances(&document, table.features.len())?,
        predictions: positions(forest.predict(rows)?),
        out_of_bag: out_of_bag(positions(forest.predict_oob(rows)?), &document)?,
        reference: Reference::Classification(forest),
    })
}

/// Grows forests of one tree each and writes them as JSON, in the order of their seeds.
fn grow<F: Serialize>(
    spec: &Spec,
    progress: &ProgressBar,
    fit: impl Fn(u64) -> Result<F, smartcore::error::Failed> + Sync,
) -> Result<Vec<String>> {
    (0..spec.forest.trees.get() as u64)
        .into_par_iter()
        .map(|index| {
            let forest = fit(u64::from(spec.forest.seed) + index)
                .with_context(|| format!("tree {index} cannot be grown"))?;
            progress.inc(1);
            Ok(serde_json::to_string(&forest)?)
        })
        .collect()
}

/// The mean over trees of the shares in the impurity decrease, as for regression; smartcore's
/// classifier has them only a tree.
fn importances(document: &merge::Classifier<'_>, features: usize) -> Result<Vec<f64>> {
    let mut total = vec![0.0; features];
    for text in document.trees() {
        let tree: ClassifierTree = serde_json::from_str(text.get())?;
        let shares = tree.compute_feature_importances(true);
        // A tree that is a single leaf has no shares to give.
        if shares.iter().all(|share| share.is_finite()) {
            total
                .iter_mut()
                .zip(shares)
                .for_each(|(sum, share)| *sum += share);
        }
    }
    let sum: f64 = total.iter().sum();
    if sum > 0.0 {
        total.iter_mut().for_each(|share| *share /= sum);
    }
    Ok(total)
}

/// Leaves out the rows that every tree has seen: smartcore answers those with NaN or class 0.
fn out_of_bag<'a>(predictions: Vec<f64>, document: &impl Document<'a>) -> Result<Vec<Option<f64>>> {
    let mut unseen = vec![false; predictions.len()];
    for samples in document.samples() {
        let samples: Vec<bool> = serde_json::from_str(samples.get())?;
        unseen
            .iter_mut()
            .zip(samples)
            .for_each(|(unseen, seen)| *unseen |= !seen);
    }
    let predictions = predictions.into_iter().zip(unseen);
    Ok(predictions
        .map(|(prediction, unseen)| unseen.then_some(prediction))
        .collect())
}

fn positions(classes: Vec<u32>) -> Vec<f64> {
    classes.into_iter().map(f64::from).collect()
}

fn matrix(width: usize, rows: Vec<f64>) -> Result<Rows> {
    let height = rows.len() / width;
    DenseMatrix::new(height, width, rows, false).map_err(|error| anyhow!(error))
}
