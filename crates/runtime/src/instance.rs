//! One instance of a component with a store of its own.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use super::bindings::exports::canopy::model::inference::{Column, ModelInfo, PredictError};
use super::bindings::{InferenceModel, InferenceModelPre};
use super::engine::TICK;
use super::error::{CallError, line, text};
use super::limits::Limits;
use super::meter::Meter;

/// Most bytes that the host copies out of a component: a description, a reference sample, and
/// what an answer may hold besides its values.
const DESCRIPTION_BYTES: usize = 8 << 20;
const REFERENCE_BYTES: usize = 64 << 20;
const MESSAGE_BYTES: usize = 64 << 10;

/// Words of wasmtime's error for more bytes than that, which has no type of its own.
const TOO_MUCH_DATA: &str = "fuel allocated for hostcalls has been exhausted";

/// How often an instance is tried to be made that the system refuses.
const ATTEMPTS: u32 = 5;

/// An instance that is ready to be called.
pub(super) struct Instance {
    store: Store<Meter>,
    model: InferenceModel,
    limits: Limits,
}

impl Instance {
    /// Instantiates a component whose calls keep within `limits`, in as long as `patience`.
    ///
    /// What the system refuses is tried again: Linux does not seal the image of a memory, once in
    /// thousands, while it has something to do with its pages itself.
    pub(super) fn new(
        component: &InferenceModelPre<Meter>,
        limits: Limits,
        patience: Duration,
        total: &Arc<AtomicU64>,
    ) -> Result<Self, CallError> {
        let make = || Self::instantiate(component, limits, patience, total);
        let mut made = make();
        for _ in 1..ATTEMPTS {
            match &made {
                Err(CallError::Host(_)) => made = make(),
                _ => break,
            }
        }
        made
    }

    fn instantiate(
        component: &InferenceModelPre<Meter>,
        limits: Limits,
        patience: Duration,
        total: &Arc<AtomicU64>,
    ) -> Result<Self, CallError> {
        let meter = Meter::new(limits.memory, Arc::clone(total));
        let mut store = Store::new(component.engine(), meter);
        store.limiter(|meter| meter);
        store.set_epoch_deadline(ticks(patience));
        store.set_hostcall_fuel(MESSAGE_BYTES);
        match component.instantiate(&mut store) {
            Ok(model) => Ok(Self {
                store,
                model,
                limits,
            }),
            Err(error) => Err(match cause(&error, &store, limits, patience) {
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

    /// Calls `predict` with any number of rows, for which an answer has `expected` values.
    pub(super) fn predict(
        &mut self,
        rows: &[f64],
        expected: usize,
        patience: Duration,
    ) -> Result<Vec<f64>, CallError> {
        let bytes = size_of::<f64>() * expected + MESSAGE_BYTES;
        let answer = self.call(patience, bytes, |model, store| {
            model.canopy_model_inference().call_predict(store, rows)
        })?;
        answer.map_err(|error| match error {
            PredictError::Refused(refusal) => CallError::Refused {
                row: refusal.row,
                reason: line(&refusal.reason),
            },
            PredictError::WrongLength(wrong) => CallError::Answer(format!(
                "it takes rows of {} values, not of the width it describes",
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

/// The number of clock ticks after which `deadline` has certainly passed.
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
    match error.downcast_ref::<Trap>() {
        _ if store.data().exceeded() => CallError::Memory(limits.memory),
        Some(Trap::Interrupt) => CallError::Deadline(deadline),
        Some(trap) => CallError::Trap(trap.to_string()),
        None if error.root_cause().to_string().contains(TOO_MUCH_DATA) => {
            CallError::Answer(format!("it is larger than {} bytes", store.hostcall_fuel()))
        }
        None => CallError::Trap(text(error)),
    }
}
