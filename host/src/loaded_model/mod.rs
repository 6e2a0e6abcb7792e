//! A loaded model: a component with all that follows from its description.

mod description;

use canopy_drift::Reference;
use canopy_observations::{Batch, Targets};
use canopy_rows::json::Labelled;
use canopy_rows::{Labels, Schema};
use canopy_runtime::{Kind, Model, Rows, Task};

pub(crate) use description::{description, kind, task};

/// A model with everything the host derives from its description, once, when it is loaded.
pub struct LoadedModel {
    model: Model,
    schema: Schema,
    references: Vec<Reference>,
    ranges: Vec<Range>,
}

/// Where the training values of a feature lay.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
}

impl LoadedModel {
    /// Prepares a model: its schema, its reference sample for drift, its training ranges.
    #[must_use]
    pub fn new(model: Model) -> Self {
        let info = model.info();
        let outcome = match info.task {
            Task::Regression => canopy_drift::Kind::Numerical,
            Task::Classification => canopy_drift::Kind::Categorical,
        };
        let kinds = info.features.iter().map(|feature| match feature.kind {
            Kind::Numerical => canopy_drift::Kind::Numerical,
            Kind::Categorical => canopy_drift::Kind::Categorical,
        });
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

    /// How its records are read.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The reference sample, prepared: every feature, the target, the prediction.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Labelled rows in the form in which they are kept.
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

    /// Whether a value of the rows is out of range: outside the training range or more than three
    /// standard deviations from the training mean.
    #[must_use]
    pub fn is_out_of_range(&self, rows: &Rows) -> bool {
        let is_out = |(value, range): (&f64, &Range)| *value < range.low || *value > range.high;
        rows.iter()
            .any(|row| row.iter().zip(&self.ranges).any(is_out))
    }
}
