//! Loaded models: a component with the data derived from its description.

mod description;

use canopy_drift::{self as drift, Reference};
use canopy_observations::{Batch, Targets};
use canopy_rows::json::Labelled;
use canopy_rows::{Labels, Schema};
use canopy_runtime::{Model, Rows, Task};

pub(crate) use description::{Description, description, kind};

/// A model with the data that the host derives from its description when loading it.
pub struct LoadedModel {
    model: Model,
    schema: Schema,
    references: Vec<Reference>,
    ranges: Vec<Range>,
}

/// The range of a feature's values that counts as normal.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
}

impl LoadedModel {
    /// Derives a model's schema, reference sample for drift and normal ranges.
    #[must_use]
    pub fn new(model: Model) -> Self {
        let info = model.info();
        let outcome = match info.task {
            Task::Regression => drift::Kind::Numerical,
            Task::Classification => drift::Kind::Categorical,
        };
        let kinds = info.features.iter().map(|feature| kind(feature.kind));
        let references = model
            .reference()
            .iter()
            .zip(kinds.chain([outcome, outcome]))
            .map(|(column, kind)| Reference::new(&column.name, kind, &column.values))
            .collect();
        let ranges = info
            .features
            .iter()
            .map(|feature| {
                let spread = Self::DEVIATIONS * feature.standard_deviation;
                Range {
                    low: feature.minimum.max(feature.mean - spread),
                    high: feature.maximum.min(feature.mean + spread),
                }
            })
            .collect();
        Self {
            schema: Schema::new(info),
            references,
            ranges,
            model,
        }
    }

    /// Distance from the mean, in standard deviations, beyond which a value counts as out of range.
    const DEVIATIONS: f64 = 3.0;

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The schema of the model's records.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The prepared reference sample: every feature, then the target and the prediction.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Converts labelled rows to a batch of observations.
    #[must_use]
    pub fn batch(&self, labelled: &Labelled) -> Batch {
        let schema = &self.schema;
        let column = |position| labelled.rows.column(position).collect();
        let features = schema.features().iter().cloned().enumerate();
        Batch {
            features: features
                .map(|(position, name)| (name, column(position)))
                .collect(),
            target: schema.target().to_owned(),
            targets: match schema.labels() {
                Labels::Numbers => Targets::Numbers(labelled.targets.clone()),
                Labels::Classes(classes) => {
                    let targets = labelled.targets.iter();
                    Targets::Labels(
                        targets
                            .map(|&class| classes[class as usize].clone())
                            .collect(),
                    )
                }
            },
        }
    }

    /// Whether any value in the rows is out of range: outside the training range, or more than three
    /// standard deviations from the training mean.
    #[must_use]
    pub fn is_out_of_range(&self, rows: &Rows) -> bool {
        let is_out = |(value, range): (&f64, &Range)| *value < range.low || *value > range.high;
        rows.iter()
            .any(|row| row.iter().zip(&self.ranges).any(is_out))
    }
}
