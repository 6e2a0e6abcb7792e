//! A loaded model.

use std::time::{Duration, Instant};

use canopy_resources::{Budget, Reservation};
use wasmtime::component::{Component, Linker};

use super::bindings::InferenceModelPre;
use super::bindings::exports::canopy::model::inference::{Column, ModelInfo, Task};
use super::digest::Digest;
use super::error::{CallError, LoadError, text};
use super::instance::Instance;
use super::limits::Limits;
use super::meter::Meter;
use super::pool::Pool;
use super::rows::{Rows, RowsView};
use super::{contract, description, reference};

/// A component that satisfies the contract, ready to predict.
pub struct Model {
    info: ModelInfo,
    reference: Vec<Column>,
    interface: String,
    functions: Vec<String>,
    digest: Digest,
    size: usize,
    limits: Limits,
    pool: Pool,
    /// Memory of the code and the reference sample.
    _memory: Reservation,
}

impl Model {
    /// Copies of the reference sample: the sample, and what is derived from it for drift.
    const REFERENCE_COPIES: u64 = 3;
    /// Maximum number of rows in one call of the component. Longer batches are split, which
    /// bounds the memory and time of a call regardless of what a client sends.
    pub const ROWS_PER_CALL: usize = 4096;

    pub(super) fn new(
        linker: &Linker<Meter>,
        component: &Component,
        digest: Digest,
        size: usize,
        limits: Limits,
        budget: &Budget,
    ) -> Result<Self, LoadError> {
        let code = component.image_range();
        let mut memory = budget.reserve((code.end as usize - code.start as usize) as u64)?;
        let engine = component.engine();
        let interface = contract::check_interface(engine, component, limits.wasi)?;
        let pre = linker
            .instantiate_pre(component)
            .and_then(InferenceModelPre::new)
            .map_err(|error| LoadError::Interface {
                expected: "canopy:model/inference",
                found: format!("an incompatible form of it: {}", text(&error)),
            })?;
        let has_imports = contract::has_imports(engine, component);
        let pool = Pool::new(pre, limits, has_imports, budget.clone());
        let failed = |function| move |source| LoadError::Call { function, source };
        pool.with(Limits::LOAD_DEADLINE, |_| Ok(()))
            .map_err(failed("instantiate"))?;
        let info = pool
            .with(Limits::LOAD_DEADLINE, Instance::describe)
            .map_err(failed("describe"))?;
        description::check(&info)?;
        let reference = pool
            .with(Limits::LOAD_DEADLINE, Instance::reference)
            .map_err(failed("reference"))?;
        reference::check(&info, &reference)?;
        let values: usize = reference.iter().map(|column| column.values.len()).sum();
        memory.grow(Self::REFERENCE_COPIES * 8 * values as u64)?;
        let model = Self {
            info,
            reference,
            functions: contract::functions(engine, component, &interface),
            interface,
            digest,
            size,
            limits,
            pool,
            _memory: memory,
        };
        model.check_golden()?;
        Ok(model)
    }

    /// The model's description of itself.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The reference sample for drift detection: every feature, the target and the predictions.
    #[must_use]
    pub fn reference(&self) -> &[Column] {
        &self.reference
    }

    /// The interface the component exports, with its version.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The signatures of the interface's functions.
    #[must_use]
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// SHA-256 digest of the component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Size of the component in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of values in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.info.features.len()
    }

    /// Number of output values per row: 1 for a regression, the number of classes for a
    /// classification.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.info.task {
            Task::Regression => 1,
            Task::Classification => self.info.classes.len(),
        }
    }

    /// Number of instances that currently exist.
    #[must_use]
    pub fn instances(&self) -> u32 {
        self.pool.len()
    }

    /// Total linear memory of these instances, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.pool.memory()
    }

    /// Whether calls should be made on a thread that may block, because the component imports
    /// WASI. On a thread that runs tokio tasks, each call first moves those tasks elsewhere.
    #[must_use]
    pub fn needs_blocking_thread(&self) -> bool {
        self.pool.has_imports()
    }

    /// Ensures that `instances` instances exist, up to the limit, so that no request has to wait
    /// for one to be created.
    ///
    /// # Errors
    ///
    /// If an instance cannot be created.
    pub fn warm(&self, instances: u32) -> Result<(), CallError> {
        self.pool.warm(instances)
    }

    /// Predicts rows of [`Self::width`] values. Returns a row-major array of shape rows ×
    /// [`Self::outputs`] whose values are all finite.
    ///
    /// # Errors
    ///
    /// If the model refuses a row, fails, violates the contract or exceeds a limit.
    ///
    /// # Panics
    ///
    /// If the rows do not have [`Self::width`] values.
    pub fn predict<'r>(&self, rows: impl Into<RowsView<'r>>) -> Result<Vec<f64>, CallError> {
        let rows = rows.into();
        if rows.len() <= Self::ROWS_PER_CALL {
            return self.predict_within(rows, self.limits.deadline);
        }
        let mut answer = Vec::with_capacity(rows.len() * self.outputs());
        let start = Instant::now();
        for (index, chunk) in rows.chunks(Self::ROWS_PER_CALL).enumerate() {
            let limit = self.limits.batch_deadline;
            let remaining = limit.saturating_sub(start.elapsed());
            if remaining.is_zero() {
                return Err(CallError::Deadline(limit));
            }
            let values = self.predict_within(chunk, remaining.min(self.limits.deadline));
            let values = values.map_err(|error| match error {
                CallError::Refused { row, reason } => CallError::Refused {
                    row: row + (index * Self::ROWS_PER_CALL) as u32,
                    reason,
                },
                other => other,
            })?;
            answer.extend(values);
        }
        Ok(answer)
    }

    /// Like [`Self::predict`], but in a single call with this deadline.
    ///
    /// # Errors
    ///
    /// As [`Self::predict`].
    ///
    /// # Panics
    ///
    /// If the rows do not have [`Self::width`] values, or there are more than
    /// [`Self::ROWS_PER_CALL`].
    pub fn predict_within<'r>(
        &self,
        rows: impl Into<RowsView<'r>>,
        deadline: Duration,
    ) -> Result<Vec<f64>, CallError> {
        let rows = rows.into();
        assert_eq!(rows.width(), self.width(), "the width of the model's rows");
        assert!(rows.len() <= Self::ROWS_PER_CALL, "rows of one call");
        let expected = rows.len() * self.outputs();
        self.pool.with(deadline, |instance| {
            let values = instance.predict(rows.values(), expected, deadline)?;
            if values.len() != expected {
                return Err(CallError::Answer(format!(
                    "it has {} values, expected {expected}",
                    values.len()
                )));
            }
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(CallError::Answer(format!("a prediction is {value}")));
            }
            Ok(values)
        })
    }

    /// Predicts the reference sample and compares the result with the predictions recorded there.
    fn check_golden(&self) -> Result<(), LoadError> {
        let (features, rest) = self.reference.split_at(self.width());
        let recorded = &rest[1].values;
        let features: Vec<&[f64]> = features.iter().map(|column| &*column.values).collect();
        let rows = Rows::from_columns(&features);
        let answer = self.predict(&rows).map_err(|source| LoadError::Call {
            function: "predict",
            source,
        })?;
        for (row, (values, &recorded)) in answer.chunks(self.outputs()).zip(recorded).enumerate() {
            let predicted = match self.info.task {
                Task::Regression => values[0],
                Task::Classification => argmax(values) as f64,
            };
            if predicted.to_bits() != recorded.to_bits() {
                return Err(LoadError::Golden {
                    row,
                    recorded,
                    predicted,
                });
            }
        }
        Ok(())
    }
}

/// Index of the largest probability; the first one if there are ties.
///
/// ```
/// assert_eq!(canopy_runtime::argmax(&[0.2, 0.4, 0.4]), 1);
/// ```
#[must_use]
pub fn argmax(probabilities: &[f64]) -> usize {
    let mut best = 0;
    for (class, &probability) in probabilities.iter().enumerate() {
        if probability > probabilities[best] {
            best = class;
        }
    }
    best
}
