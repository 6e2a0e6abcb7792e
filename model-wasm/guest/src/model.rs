//! The baked model, behind the component's interface.

use std::cell::Cell;
use std::sync::OnceLock;

use canopy_forest::{Artifact, Description, Feature, Kind, Scratch, Task};

use crate::bindings::exports::canopy::model::inference as wit;

/// Set by [`bake`] before the memory is frozen, and constant from then on.
static MODEL: OnceLock<Artifact<'static>> = OnceLock::new();

/// Makes the `length` bytes at `address` this component's model.
///
/// The bytes are read in place, so that the frozen memory holds them once.
///
/// # Safety
///
/// `address` must come from `cabi_realloc` with an alignment of 8, and must never be freed.
///
/// # Panics
///
/// If the bytes are not an artifact, or a model is baked already.
#[unsafe(export_name = "bake")]
pub unsafe extern "C" fn bake(address: *const u8, length: usize) {
    // SAFETY: the caller hands over an allocation of this length.
    let bytes = unsafe { std::slice::from_raw_parts(address, length) };
    let artifact =
        Artifact::read(bytes).expect("the trainer has read back the artifact that it bakes");
    assert!(MODEL.set(artifact).is_ok(), "a component is baked once");
}

thread_local! {
    /// Working memory of the last small call, so that the next one need not allocate it.
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Maximum number of values of a call whose working memory is kept.
const KEPT_VALUES: usize = 4096;

struct Guest;

crate::bindings::export!(Guest with_types_in crate::bindings);

impl wit::Guest for Guest {
    fn describe() -> wit::ModelInfo {
        model_info(&model().description)
    }

    fn reference() -> Vec<wit::Column> {
        let columns = model().reference.iter();
        columns
            .map(|column| wit::Column {
                name: column.name.clone(),
                values: column.values.clone(),
            })
            .collect()
    }

    fn predict(rows: Vec<f64>) -> Result<Vec<f64>, wit::PredictError> {
        let mut scratch = SCRATCH.take();
        let predictions = model().forest.predict_with(&rows, &mut scratch);
        if rows.len() <= KEPT_VALUES {
            SCRATCH.set(scratch);
        }
        predictions.map_err(|error| {
            wit::PredictError::WrongLength(wit::WrongLength {
                values: error.values as u64,
                width: error.width as u32,
            })
        })
    }
}

fn model() -> &'static Artifact<'static> {
    MODEL
        .get()
        .expect("a blank guest has no model until one is baked")
}

fn model_info(description: &Description) -> wit::ModelInfo {
    let Description {
        name,
        version,
        task,
        target,
        response_field,
        classes,
        features,
        training,
        parameters,
    } = description.clone();
    wit::ModelInfo {
        name,
        version,
        task: match task {
            Task::Regression => wit::Task::Regression,
            Task::Classification => wit::Task::Classification,
        },
        target,
        response_field,
        classes,
        features: features.into_iter().map(feature).collect(),
        training: wit::Training {
            rows: training.rows,
            from: training.from,
            until: training.until,
            data_digest: training.data_digest,
        },
        parameters,
    }
}

fn feature(feature: Feature) -> wit::Feature {
    wit::Feature {
        name: feature.name,
        kind: match feature.kind {
            Kind::Numerical => wit::Kind::Numerical,
            Kind::Categorical => wit::Kind::Categorical,
        },
        description: feature.description,
        unit: feature.unit,
        minimum: feature.minimum,
        maximum: feature.maximum,
        mean: feature.mean,
        standard_deviation: feature.standard_deviation,
        example: feature.example,
        importance: feature.importance,
    }
}
