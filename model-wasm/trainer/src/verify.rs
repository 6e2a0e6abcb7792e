//! Verifies a component against the forest it was made from.

use anyhow::{Context as _, Result, ensure};
use canopy_forest::{Column, Description, Feature, Kind, Task};
use canopy_runtime::{self, Limits, ModelInfo, Runtime, argmax};

use crate::fit::Fit;
use crate::model::Model;
use crate::table::Table;

/// Loads a component as a host would and compares it bit for bit with its origin: the description,
/// the reference sample and, against smartcore's forest, the predictions for the training rows, both
/// in batches and row by row.
///
/// # Errors
///
/// If the component does not load or differs anywhere.
pub fn verify(component: &[u8], model: &Model, table: &Table, fit: &Fit) -> Result<()> {
    let runtime = Runtime::new(&Limits::default(), None)?;
    let loaded = runtime
        .load(&canopy_runtime::Component::new(component.to_vec()))
        .context("the component does not load")?;
    if let Some(part) = difference(&model.description, loaded.info()) {
        anyhow::bail!("the {part} in the component's description differs from what was baked");
    }
    ensure!(
        same_reference(&model.reference, loaded.reference()),
        "the component's reference sample differs from what was baked"
    );

    let rows = table.feature_rows();
    let batched = loaded
        .predict(&rows)
        .context("the component cannot predict the training rows")?;
    let mut single = Vec::with_capacity(batched.len());
    for row in rows.view().chunks(1) {
        single.extend(
            loaded
                .predict(row)
                .context("the component cannot predict the training rows")?,
        );
    }
    let smartcore = fit
        .reference
        .restore()?
        .predict(rows.width(), rows.values())?;
    compare("in batches", &batched, model, &smartcore)?;
    compare("row by row", &single, model, &smartcore)?;
    ensure!(
        same(&fit.predictions, &smartcore),
        "the predictions of the single trees combined differ from those of smartcore's merged forest"
    );
    Ok(())
}

fn compare(how: &str, answers: &[f64], model: &Model, smartcore: &[f64]) -> Result<()> {
    let task = model.description.task;
    let outputs = model.description.classes.len().max(1);
    let answers = answers.chunks(outputs);
    ensure!(
        answers.len() == smartcore.len(),
        "the component predicts {} rows instead of {}",
        answers.len(),
        smartcore.len()
    );
    for (row, (answer, &expected)) in answers.zip(smartcore).enumerate() {
        let predicted = match task {
            Task::Regression => answer[0],
            Task::Classification => argmax(answer) as f64,
        };
        ensure!(
            predicted.to_bits() == expected.to_bits(),
            "the component predicts {predicted} for training row {row} ({how}), \
                         but smartcore predicts {expected}"
        );
    }
    Ok(())
}

fn same_reference(baked: &[Column], loaded: &[canopy_runtime::Column]) -> bool {
    baked.len() == loaded.len()
        && baked
            .iter()
            .zip(loaded)
            .all(|(baked, loaded)| baked.name == loaded.name && same(&baked.values, &loaded.values))
}

fn same(left: &[f64], right: &[f64]) -> bool {
    let bits = |value: &f64| value.to_bits();
    left.iter().map(bits).eq(right.iter().map(bits))
}

/// The name of the first part in which two descriptions differ.
fn difference(baked: &Description, loaded: &ModelInfo) -> Option<&'static str> {
    let training = &loaded.training;
    let same_task = match baked.task {
        Task::Regression => loaded.task == canopy_runtime::Task::Regression,
        Task::Classification => loaded.task == canopy_runtime::Task::Classification,
    };
    let same_features = baked.features.len() == loaded.features.len()
        && baked
            .features
            .iter()
            .zip(&loaded.features)
            .all(same_feature);
    let parts = [
        ("name", baked.name == loaded.name),
        ("version", baked.version == loaded.version),
        ("task", same_task),
        ("target", baked.target == loaded.target),
        (
            "response field",
            baked.response_field == loaded.response_field,
        ),
        ("list of classes", baked.classes == loaded.classes),
        ("list of features", same_features),
        ("number of rows", baked.training.rows == training.rows),
        ("first day", baked.training.from == training.from),
        ("last day", baked.training.until == training.until),
        (
            "data digest",
            baked.training.data_digest == training.data_digest,
        ),
        ("list of parameters", baked.parameters == loaded.parameters),
    ];
    parts
        .into_iter()
        .find_map(|(part, same)| (!same).then_some(part))
}

fn same_feature((baked, loaded): (&Feature, &canopy_runtime::Feature)) -> bool {
    let same_kind = match baked.kind {
        Kind::Numerical => loaded.kind == canopy_runtime::Kind::Numerical,
        Kind::Categorical => loaded.kind == canopy_runtime::Kind::Categorical,
    };
    same_kind
        && baked.name == loaded.name
        && baked.description == loaded.description
        && baked.unit == loaded.unit
        && baked.minimum == loaded.minimum
        && baked.maximum == loaded.maximum
        && baked.mean == loaded.mean
        && baked.standard_deviation == loaded.standard_deviation
        && baked.example == loaded.example
        && baked.importance == loaded.importance
}
