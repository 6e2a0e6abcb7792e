//! Grows forests with smartcore; the only module that uses it.

use anyhow::{Context as _, Result, anyhow};
use canopy_forest::{Aggregation, Task, Tree};
use canopy_runtime::argmax;
use indicatif::ProgressBar;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::tree::decision_tree_classifier::DecisionTreeClassifier;

use crate::form;
use crate::spec::Spec;
use crate::table::Table;

type Rows = DenseMatrix<f64>;
type Regressor = RandomForestRegressor<f64, f64, Rows, Vec<f64>>;
type Classifier = RandomForestClassifier<f64, u32, Rows, Vec<u32>>;
type ClassifierTree = DecisionTreeClassifier<f64, u32, Rows, Vec<u32>>;

/// The library and its version, for a model's description.
pub(crate) const LIBRARY: &str = "smartcore 0.7";

const NO_TREE: &str = "the forest has no trees";

/// Number of rows that one task predicts.
const ROWS_PER_TASK: usize = 256;

/// A grown forest.
#[derive(Debug)]
pub struct Fit {
    /// smartcore's forest, against which the component is verified.
    pub reference: Reference,
    /// The trees of that forest.
    pub trees: Vec<Tree>,
    /// Each feature's share of the total impurity decrease; the shares add up to 1, or are all 0 if
    /// no tree has a split.
    pub importances: Vec<f64>,
    /// smartcore's prediction for each training row; for a classification, the index of the class.
    pub predictions: Vec<f64>,
    /// The out-of-bag prediction for each training row: that of the trees grown without the row;
    /// `None` if there is no such tree.
    pub out_of_bag: Vec<Option<f64>>,
}

/// smartcore's forest in its serialised form, in which forests can be merged.
#[derive(Debug)]
pub struct Reference(Form);

#[derive(Debug)]
enum Form {
    /// Predicts numbers.
    Regression(form::Regressor),
    /// Predicts indices of classes.
    Classification(form::Classifier),
}

impl Fit {
    /// Grows a forest on a table. Every tree is a task on the current rayon pool with its own random
    /// seed, so the result does not depend on the number of threads. The progress bar counts trees.
    ///
    /// # Errors
    ///
    /// If smartcore rejects the data.
    pub fn new(table: &Table, spec: &Spec, progress: &ProgressBar) -> Result<Self> {
        progress.set_length(spec.forest.trees.get() as u64);
        match spec.task {
            Task::Regression => regression(table, spec, progress),
            Task::Classification => classification(table, spec, progress),
        }
    }

    /// How the leaves of the trees are combined into a prediction.
    #[must_use]
    pub fn aggregation(&self, classes: usize) -> Aggregation {
        match self.reference.0 {
            Form::Regression(_) => Aggregation::Mean,
            Form::Classification(_) => Aggregation::Vote {
                classes: classes as u32,
            },
        }
    }
}

/// smartcore's forest, ready to predict.
#[derive(Debug)]
pub struct Smartcore(Kind);

#[derive(Debug)]
enum Kind {
    Regression(Regressor),
    Classification(Classifier),
}

impl Reference {
    /// Converts the forest back to smartcore's own type.
    ///
    /// # Errors
    ///
    /// If smartcore cannot deserialise the form.
    pub fn restore(&self) -> Result<Smartcore> {
        Ok(Smartcore(match &self.0 {
            Form::Regression(form) => Kind::Regression(form::convert(form)?),
            Form::Classification(form) => Kind::Classification(form::convert(form)?),
        }))
    }
}

impl Smartcore {
    /// Predicts a row-major array of shape rows × `width` with smartcore, on the current rayon pool.
    /// Returns one value per row; for a classification, the index of the class.
    ///
    /// # Errors
    ///
    /// If `rows` does not hold a whole number of rows.
    pub fn predict(&self, width: usize, rows: &[f64]) -> Result<Vec<f64>> {
        match &self.0 {
            Kind::Regression(forest) => in_chunks(width, rows, |rows| Ok(forest.predict(rows)?)),
            Kind::Classification(forest) => {
                in_chunks(width, rows, |rows| Ok(positions(forest.predict(rows)?)))
            }
        }
    }
}

/// One grown tree with its importances and predictions.
struct Grown<F> {
    /// A forest with only this tree.
    form: F,
    tree: Tree,
    /// Each feature's share of the impurity decrease.
    shares: Vec<f64>,
    /// The tree's prediction for each training row.
    leaves: Vec<f64>,
}

fn regression(table: &Table, spec: &Spec, progress: &ProgressBar) -> Result<Fit> {
    let parameters = RandomForestRegressorParameters {
        max_depth: spec.forest.max_depth,
        min_samples_leaf: spec.forest.min_samples_leaf.get(),
        min_samples_split: spec.forest.min_samples_split,
        n_trees: 1,
        m: Some(spec.features_per_split()),
        keep_samples: true,
        seed: 0,
    };
    let width = table.features.len();
    let (columns, rows) = (
        columns(table)?,
        matrix(width, table.feature_rows().into_values())?,
    );
    let grown = grow(spec, progress, |seed| {
        let parameters = parameters.clone().with_seed(seed);
        let forest = Regressor::fit(&columns, &table.target, parameters)?;
        let form: form::Regressor = form::convert(&forest)?;
        let form = form.forest.context("smartcore grew no forest")?;
        let tree = form.trees.iter().flatten().next().context(NO_TREE)?;
        Ok(Grown {
            tree: tree.plain()?,
            shares: tree.shares(width),
            leaves: forest.predict(&rows)?,
            form,
        })
    })?;
    let mean = |leaves: &[f64]| leaves.iter().sum::<f64>() / leaves.len() as f64;
    let mut fit = merge(grown, table.rows(), mean, |forest| {
        let forest = Some(forest);
        Form::Regression(form::Regressor { forest })
    })?;
    // Like smartcore, which divides by the number of trees before normalising.
    let trees = fit.trees.len() as f64;
    fit.importances.iter_mut().for_each(|share| *share /= trees);
    form::normalise(&mut fit.importances);
    Ok(fit)
}

fn classification(table: &Table, spec: &Spec, progress: &ProgressBar) -> Result<Fit> {
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
    let width = table.features.len();
    let (columns, rows) = (
        columns(table)?,
        matrix(width, table.feature_rows().into_values())?,
    );
    let grown = grow(spec, progress, |seed| {
        let parameters = parameters.clone().with_seed(seed);
        let forest = Classifier::fit(&columns, &target, parameters)?;
        let form: form::Classifier = form::convert(&forest)?;
        let tree = form.trees.iter().flatten().next().context(NO_TREE)?;
        // smartcore computes importances of classifiers only per tree. They are undefined for a tree
        // that is a single leaf.
        let own: ClassifierTree = form::convert(tree)?;
        let mut shares = own.compute_feature_importances(true);
        if shares.iter().any(|share| !share.is_finite()) {
            shares.fill(0.0);
        }
        Ok(Grown {
            tree: tree.plain()?,
            shares,
            leaves: positions(forest.predict(&rows)?),
            form,
        })
    })?;
    let vote = |leaves: &[f64]| {
        let mut votes = vec![0.0; table.classes.len()];
        leaves.iter().for_each(|&leaf| votes[leaf as usize] += 1.0);
        argmax(&votes) as f64
    };
    let mut fit = merge(grown, table.rows(), vote, Form::Classification)?;
    form::normalise(&mut fit.importances);
    Ok(fit)
}

/// Grows forests of one tree each, ordered by their seeds.
fn grow<F: Send>(
    spec: &Spec,
    progress: &ProgressBar,
    fit: impl Fn(u64) -> Result<Grown<F>> + Sync,
) -> Result<Vec<Grown<F>>> {
    (0..spec.forest.trees.get() as u64)
        .into_par_iter()
        .map(|index| {
            let grown = fit(u64::from(spec.forest.seed) + index)
                .with_context(|| format!("tree {index} cannot be grown"))?;
            progress.inc(1);
            Ok(grown)
        })
        .collect()
}

/// Merges single-tree forests in order; `combine` turns the leaves of a row into a prediction. The
/// importances are sums, not yet shares.
fn merge<T, O>(
    grown: Vec<Grown<form::Forest<T, O>>>,
    rows: usize,
    combine: impl Fn(&[f64]) -> f64,
    form: impl Fn(form::Forest<T, O>) -> Form,
) -> Result<Fit> {
    let (mut trees, mut leaves) = (Vec::new(), Vec::new());
    let mut forests = Vec::new();
    let mut importances = Vec::new();
    for grown in grown {
        trees.push(grown.tree);
        leaves.push(grown.leaves);
        forests.push(grown.form);
        importances.resize(grown.shares.len(), 0.0);
        let sums = importances.iter_mut().zip(grown.shares);
        sums.for_each(|(sum, share)| *sum += share);
    }
    let forest = forests
        .into_iter()
        .reduce(form::Forest::with)
        .context(NO_TREE)?;

    let samples = forest.samples.as_deref().unwrap_or_default();
    let (predictions, out_of_bag) = (0..rows)
        .map(|row| {
            let all: Vec<f64> = leaves.iter().map(|leaves| leaves[row]).collect();
            let unseen = all.iter().zip(samples).filter(|(_, seen)| !seen[row]);
            let unseen: Vec<f64> = unseen.map(|(&leaf, _)| leaf).collect();
            let out_of_bag = (!unseen.is_empty()).then(|| combine(&unseen));
            (combine(&all), out_of_bag)
        })
        .unzip();
    Ok(Fit {
        trees,
        importances,
        predictions,
        out_of_bag,
        reference: Reference(form(forest)),
    })
}

/// Predicts rows in parallel chunks.
fn in_chunks(
    width: usize,
    rows: &[f64],
    predict: impl Fn(&Rows) -> Result<Vec<f64>> + Sync,
) -> Result<Vec<f64>> {
    let chunks: Vec<Vec<f64>> = rows
        .par_chunks(ROWS_PER_TASK * width)
        .map(|rows| predict(&matrix(width, rows.to_vec())?))
        .collect::<Result<_>>()?;
    Ok(chunks.concat())
}

fn positions(classes: Vec<u32>) -> Vec<f64> {
    classes.into_iter().map(f64::from).collect()
}

/// The training rows in column-major order, which is what smartcore needs for growing trees.
fn columns(table: &Table) -> Result<Rows> {
    let (height, width) = (table.rows(), table.features.len());
    DenseMatrix::new(height, width, table.features.concat(), true).map_err(|error| anyhow!(error))
}

fn matrix(width: usize, rows: Vec<f64>) -> Result<Rows> {
    let height = rows.len() / width;
    DenseMatrix::new(height, width, rows, false).map_err(|error| anyhow!(error))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::path::Path;

    use canopy_dataset::Source;

    use super::*;

    /// The bike-sharing data, with so few trees that all of them have seen some of the rows.
    fn house() -> (Spec, Table) {
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/bike-sharing.toml");
        let mut spec = Spec::load(&spec).unwrap();
        spec.forest.trees = NonZeroUsize::new(5).unwrap();
        let table = Table::load(&spec, &Source::Embedded, &ProgressBar::hidden()).unwrap();
        (spec, table)
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// Compares the predictions of a fit with those of smartcore's merged forest, whose out-of-bag
    /// prediction is `default` for rows that every tree has seen.
    fn check(fit: &Fit, predictions: &[f64], out_of_bag: &[f64], default: f64) {
        assert_eq!(bits(&fit.predictions), bits(predictions));
        let own = fit.out_of_bag.iter();
        let own: Vec<f64> = own.map(|value| value.unwrap_or(default)).collect();
        let seen = fit.out_of_bag.iter().filter(|value| value.is_none());
        assert!((1..688).contains(&seen.count()));
        assert_eq!(own.len(), out_of_bag.len());
        for (own, smartcore) in own.iter().zip(out_of_bag) {
            assert!(own.to_bits() == smartcore.to_bits() || own.is_nan() && smartcore.is_nan());
        }
    }

    #[test]
    fn regression_of_training_rows_equals_smartcore() {
        let (spec, table) = house();
        let fit = Fit::new(&table, &spec, &ProgressBar::hidden()).unwrap();
        let Form::Regression(form) = &fit.reference.0 else {
            panic!("expected a regression");
        };
        let forest: Regressor = form::convert(form).unwrap();
        let rows = matrix(11, table.feature_rows().into_values()).unwrap();
        let (predictions, out_of_bag) = (forest.predict(&rows), forest.predict_oob(&rows));
        check(&fit, &predictions.unwrap(), &out_of_bag.unwrap(), f64::NAN);
        let importances = forest.compute_feature_importances().unwrap();
        assert_eq!(bits(&fit.importances), bits(&importances));
    }

    #[test]
    fn classification_of_training_rows_equals_smartcore() {
        let (mut spec, mut table) = house();
        spec.task = Task::Classification;
        table.classes = ["few", "some", "many"].map(String::from).to_vec();
        for target in &mut table.target {
            *target = f64::from(u8::from(*target > 20.0) + u8::from(*target > 60.0));
        }
        let fit = Fit::new(&table, &spec, &ProgressBar::hidden()).unwrap();
        let Form::Classification(form) = &fit.reference.0 else {
            panic!("expected a classification");
        };
        let forest: Classifier = form::convert(form).unwrap();
        let rows = matrix(11, table.feature_rows().into_values()).unwrap();
        let predictions = positions(forest.predict(&rows).unwrap());
        let out_of_bag = positions(forest.predict_oob(&rows).unwrap());
        check(&fit, &predictions, &out_of_bag, 0.0);
        assert!((fit.importances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
