//! One instance of a component with its own store.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use canopy_resources::Budget;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use super::bindings::exports::canopy::model::inference::{Column, ModelInfo, PredictError};
use super::bindings::{InferenceModel, InferenceModelPre};
use super::engine::TICK;
use super::error::{CallError, line, text};
use super::limits::Limits;
use super::meter::{Meter, Refused};

/// Maximum number of bytes that the host copies out of a component: for a description, for a
/// reference sample, and for the part of a prediction besides its values.
const DESCRIPTION_BYTES: usize = 8 << 20;
const REFERENCE_BYTES: usize = 64 << 20;
const MESSAGE_BYTES: usize = 64 << 10;

/// Text of the wasmtime error for exceeding these limits; the error has no type of its own.
const TOO_MUCH_DATA: &str = "fuel allocated for hostcalls has been exhausted";

/// Number of attempts at creating an instance when the operating system denies a resource.
const ATTEMPTS: u32 = 5;

/// An instance ready to be called.
pub(super) struct Instance {
    store: Store<Meter>,
    model: InferenceModel,
    limits: Limits,
}

impl Instance {
    /// Instantiates a component whose calls stay within `limits`; instantiation may take up to
    /// `deadline`.
    ///
    /// Retries when the operating system denies a resource: once in thousands of times, Linux
    /// refuses to seal the memory image while the kernel itself is using its pages.
    pub(super) fn new(
        component: &InferenceModelPre<Meter>,
        limits: Limits,
        deadline: Duration,
        (total, budget): (&Arc<AtomicU64>, &Budget),
    ) -> Result<Self, CallError> {
        let create = || {
            let meter = Meter::new(limits.memory, Arc::clone(total), budget);
            Self::instantiate(component, limits, deadline, meter)
        };
        let mut created = create();
        for _ in 1..ATTEMPTS {
            match &created {
                Err(CallError::Host(_)) => created = create(),
                _ => break,
            }
        }
        created
    }

    fn instantiate(
        component: &InferenceModelPre<Meter>,
        limits: Limits,
        deadline: Duration,
        meter: Meter,
    ) -> Result<Self, CallError> {
        let mut store = Store::new(component.engine(), meter);
        store.limiter(|meter| meter);
        store.set_epoch_deadline(ticks(deadline));
        store.set_hostcall_fuel(MESSAGE_BYTES);
        match component.instantiate(&mut store) {
            Ok(model) => Ok(Self {
                store,
                model,
                limits,
            }),
            Err(error) => Err(match cause(&error, &store, limits, deadline) {
                CallError::Trap(why) if !error.is::<Trap>() => CallError::Host(why),
                cause => cause,
            }),
        }
    }

    /// Calls `describe`.
    pub(super) fn describe(&mut self) -> Result<ModelInfo, CallError> {
        self.call(Limits::LOAD_DEADLINE, DESCRIPTION_BYTES, |model, store| {
            model.canopy_model_inference().call_describe(store)
        })
    }

    /// Calls `reference`.
    pub(super) fn reference(&mut self) -> Result<Vec<Column>, CallError> {
        self.call(Limits::LOAD_DEADLINE, REFERENCE_BYTES, |model, store| {
            model.canopy_model_inference().call_reference(store)
        })
    }

    /// Calls `predict` with any number of rows; the answer should have `expected` values.
    pub(super) fn predict(
        &mut self,
        rows: &[f64],
        expected: usize,
        deadline: Duration,
    ) -> Result<Vec<f64>, CallError> {
        let bytes = size_of::<f64>() * expected + MESSAGE_BYTES;
        let answer = self.call(deadline, bytes, |model, store| {
            model.canopy_model_inference().call_predict(store, rows)
        })?;
        answer.map_err(|error| match error {
            PredictError::Refused(refusal) => CallError::Refused {
                row: refusal.row,
                reason: line(&refusal.reason),
            },
            PredictError::WrongLength(wrong) => CallError::Answer(format!(
                "it takes rows of {} values, which contradicts its description",
                wrong.width
            )),
            PredictError::Failed(reason) => CallError::Failed(line(&reason)),
        })
    }

    fn call<R>(
        &mut self,
        deadline: Duration,
        bytes: usize,
        function: impl FnOnce(&InferenceModel, &mut Store<Meter>) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        self.store.set_epoch_deadline(ticks(deadline));
        self.store.set_hostcall_fuel(bytes);
        self.store.data_mut().begin_call();
        function(&self.model, &mut self.store)
            .map_err(|error| cause(&error, &self.store, self.limits, deadline))
    }
}

/// The number of clock ticks after which `deadline` is certain to have passed.
fn ticks(deadline: Duration) -> u64 {
    (deadline.as_nanos().div_ceil(TICK.as_nanos()) + 1) as u64
}

fn cause(
    error: &wasmtime::Error,
    store: &Store<Meter>,
    limits: Limits,
    deadline: Duration,
) -> CallError {
    if error.is::<PoolConcurrencyLimitError>() {
        return CallError::Overload(limits.instances);
    }
    match store.data().refused() {
        Some(Refused::Limit) => return CallError::Memory(limits.memory),
        Some(Refused::Budget(exhausted)) => return CallError::Exhausted(exhausted),
        None => {}
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => CallError::Deadline(deadline),
        Some(trap) => CallError::Trap(trap.to_string()),
        None if error.root_cause().to_string().contains(TOO_MUCH_DATA) => {
            CallError::Answer(format!("it is larger than {} bytes", store.hostcall_fuel()))
        }
        None => CallError::Trap(text(error)),
    }
}
