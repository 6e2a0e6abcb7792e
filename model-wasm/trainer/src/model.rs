//! The content of a component.

use anyhow::Result;
use canopy_forest::{Artifact, Column, Description, Feature, Plan, Training, compile};

use crate::fit::Fit;
use crate::parameters::parameters;
use crate::scores::Scores;
use crate::spec::Spec;
use crate::statistics::Statistics;
use crate::table::Table;

/// A model: its description, its reference sample, and the artifact that contains both and the
/// compiled forest.
#[derive(Debug)]
pub struct Model {
    /// The description of the model.
    pub description: Description,
    /// The reference sample: the training rows with their predictions.
    pub reference: Vec<Column>,
    /// The artifact to bake.
    pub artifact: Vec<u8>,
}

impl Model {
    /// Describes and compiles a grown forest.
    ///
    /// # Errors
    ///
    /// If the forest is too large for the compiled form.
    pub fn new(spec: &Spec, table: &Table, fit: &Fit) -> Result<Self> {
        let aggregation = fit.aggregation(table.classes.len());
        let width = table.features.len();
        let compiled = compile(
            &fit.trees,
            width,
            aggregation,
            table.feature_rows().values(),
        )?;
        let description = describe(spec, table, fit, &compiled.plan);
        let reference = reference(spec, table, fit);
        Ok(Self {
            artifact: Artifact::write(&description, &reference, &compiled.bytes)?,
            description,
            reference,
        })
    }
}

fn describe(spec: &Spec, table: &Table, fit: &Fit, plan: &Plan) -> Description {
    let (from, until) = table.days.clone().unzip();
    let out_of_bag = Scores::out_of_bag(fit, table, spec.task);
    Description {
        name: spec.name.clone(),
        version: spec.version.clone(),
        task: spec.task,
        target: spec.target.clone(),
        response_field: spec.response_field.clone(),
        classes: table.classes.clone(),
        features: features(spec, table, fit),
        training: Training {
            rows: table.rows() as u64,
            from,
            until,
            data_digest: table.digest.clone(),
        },
        parameters: parameters(spec, table, fit, out_of_bag, plan),
    }
}

fn features(spec: &Spec, table: &Table, fit: &Fit) -> Vec<Feature> {
    let features = spec.features.iter().zip(&table.features);
    features
        .zip(&fit.importances)
        .map(|((feature, values), &importance)| {
            let statistics = Statistics::of(values);
            Feature {
                name: feature.name.clone(),
                kind: feature.kind,
                description: feature.description.clone(),
                unit: feature.unit.clone(),
                minimum: statistics.minimum,
                maximum: statistics.maximum,
                mean: statistics.mean,
                standard_deviation: statistics.standard_deviation,
                // The value in the middle row.
                example: values[values.len() / 2],
                importance: Some(importance),
            }
        })
        .collect()
}

/// Every feature, the target and the predictions.
fn reference(spec: &Spec, table: &Table, fit: &Fit) -> Vec<Column> {
    let names = spec.features.iter().map(|feature| feature.name.as_str());
    let names = names.chain([spec.target.as_str(), "prediction"]);
    let values = table.features.iter();
    names
        .zip(values.chain([&table.target, &fit.predictions]))
        .map(|(name, values)| Column {
            name: name.to_owned(),
            values: values.clone(),
        })
        .collect()
}
