//! A loaded model.

use std::time::{Duration, Instant};

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

/// A component that keeps the contract, ready to predict.
pub struct Model {
    info: ModelInfo,
    reference: Vec<Column>,
    interface: String,
    functions: Vec<String>,
    digest: Digest,
    size: usize,
    limits: Limits,
    pool: Pool,
}

impl Model {
    /// Most rows that go to the component in one call; longer batches are split, so that
    /// memory and time of a call stay bounded whatever a client sends.
    pub const ROWS_PER_CALL: usize = 4096;

    pub(super) fn new(
        linker: &Linker<Meter>,
        component: &Component,
        digest: Digest,
        size: usize,
        limits: Limits,
    ) -> Result<Self, LoadError> {
        let engine = component.engine();
        let interface = contract::check_interface(engine, component, limits.wasi)?;
        let pre = linker
            .instantiate_pre(component)
            .and_then(InferenceModelPre::new)
            .map_err(|error| LoadError::Interface {
                expected: "canopy:model/inference",
                found: format!("another shape of it: {}", text(&error)),
            })?;
        let has_imports = contract::has_imports(engine, component);
        let pool = Pool::new(pre, limits, has_imports);
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
        let model = Self {
            info,
            reference,
            functions: contract::functions(engine, component, &interface),
            interface,
            digest,
            size,
            limits,
            pool,
        };
        model.check_golden()?;
        Ok(model)
    }

    /// What the model says of itself.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The sample that drift is measured against: every feature, the target, the predictions.
    #[must_use]
    pub fn reference(&self) -> &[Column] {
        &self.reference
    }

    /// The interface the component exports, with its version.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The names of the interface's functions.
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

    /// Number of values a row is answered with: 1, or the number of classes.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.info.task {
            Task::Regression => 1,
            Task::Classification => self.info.classes.len(),
        }
    }

    /// Instances of the component that exist at the moment.
    #[must_use]
    pub fn instances(&self) -> u32 {
        self.pool.len()
    }

    /// Bytes of linear memory of these instances.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.pool.memory()
    }

    /// Whether calls had better be made on a thread that may block, because the component imports
    /// a world. A thread that runs tokio's tasks hands them over first.
    #[must_use]
    pub fn needs_blocking_thread(&self) -> bool {
        self.pool.has_imports()
    }

    /// Sees to it that `instances` of them exist, or as many as there may be, so that no request
    /// waits for one to be made.
    ///
    /// # Errors
    ///
    /// If the component cannot be instantiated so often within its limits.
    pub fn warm(&self, instances: u32) -> Result<(), CallError> {
        self.pool.warm(instances)
    }

    /// Predicts rows of [`Self::width`]. Answers row-major, rows × [`Self::outputs`], every value
    /// finite.
    ///
    /// # Errors
    ///
    /// If the model refuses a row, fails, or breaks the contract or a limit.
    ///
    /// # Panics
    ///
    /// If the rows have another width.
    pub fn predict<'r>(&self, rows: impl Into<RowsView<'r>>) -> Result<Vec<f64>, CallError> {
        let rows = rows.into();
        if rows.len() <= Self::ROWS_PER_CALL {
            return self.predict_within(rows, self.limits.deadline);
        }
        let mut answer = Vec::with_capacity(rows.len() * self.outputs());
        let start = Instant::now();
        for (index, chunk) in rows.chunks(Self::ROWS_PER_CALL).enumerate() {
            let limit = self.limits.batch_deadline;
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(CallError::Deadline(limit));
            }
            let values = self.predict_within(chunk, left.min(self.limits.deadline));
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

    /// As [`Self::predict`], in one call that may take as long as `patience` rather than the
    /// limit.
    ///
    /// # Errors
    ///
    /// As [`Self::predict`].
    ///
    /// # Panics
    ///
    /// If the rows have another width, or are more than [`Self::ROWS_PER_CALL`].
    pub fn predict_within<'r>(
        &self,
        rows: impl Into<RowsView<'r>>,
        patience: Duration,
    ) -> Result<Vec<f64>, CallError> {
        let rows = rows.into();
        assert_eq!(rows.width(), self.width(), "the width of the model's rows");
        assert!(rows.len() <= Self::ROWS_PER_CALL, "rows of one call");
        let expected = rows.len() * self.outputs();
        self.pool.with(patience, |instance| {
            let values = instance.predict(rows.values(), expected, patience)?;
            if values.len() != expected {
                return Err(CallError::Answer(format!(
                    "{} values instead of {expected}",
                    values.len()
                )));
            }
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(CallError::Answer(format!("a prediction is {value}")));
            }
            Ok(values)
        })
    }

    /// Predicts the reference sample and compares it with the predictions recorded there.
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

/// Position of the largest probability, the first one if several are equal.
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
