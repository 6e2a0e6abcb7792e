//! The instance pool of one model.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use canopy_resources::{Budget, cores};
use parking_lot::Mutex;
use tokio::task::block_in_place;

use super::bindings::InferenceModelPre;
use super::error::CallError;
use super::instance::Instance;
use super::limits::{Isolation, Limits};
use super::meter::Meter;

/// Idle instances of the threads that share a slot; aligned to avoid false sharing.
#[derive(Default)]
#[repr(align(128))]
struct IdleSlot(Mutex<Vec<Instance>>);

/// Hands out instances and takes them back.
///
/// A thread gets the instance it used last, whose memory is likely still in that core's cache. An
/// instance whose call failed in WebAssembly is in an unknown state and is discarded, and so is
/// every instance after its call if calls are isolated from each other.
pub(super) struct Pool {
    component: InferenceModelPre<Meter>,
    limits: Limits,
    /// Idle instances, by the threads that last used them.
    idle: Vec<IdleSlot>,
    /// Whether the component imports WASI.
    has_imports: bool,
    /// Number of instances, idle or in use.
    count: AtomicU32,
    /// Total linear memory of these instances, in bytes.
    memory: Arc<AtomicU64>,
    /// Where that memory is reserved.
    budget: Budget,
}

impl Pool {
    /// An empty pool.
    pub(super) fn new(
        component: InferenceModelPre<Meter>,
        limits: Limits,
        has_imports: bool,
        budget: Budget,
    ) -> Self {
        Self {
            budget,
            component,
            limits,
            has_imports,
            idle: (0..slots()).map(|_| IdleSlot::default()).collect(),
            count: AtomicU32::new(0),
            memory: Arc::default(),
        }
    }

    /// Runs `call` on an idle instance, or on a new one if none is idle; creating it may take up
    /// to `deadline`.
    pub(super) fn with<R>(
        &self,
        deadline: Duration,
        call: impl FnOnce(&mut Instance) -> Result<R, CallError>,
    ) -> Result<R, CallError> {
        let mut instance = match self.pop() {
            Some(instance) => instance,
            None => match self.create(deadline) {
                // One may have been returned to a slot that this thread had already checked.
                Err(CallError::Overload(limit)) => self.pop().ok_or(CallError::Overload(limit))?,
                created => created?,
            },
        };
        let result = self.blocking(|| call(&mut instance));
        let is_reusable = matches!(
            result,
            Ok(_) | Err(CallError::Refused { .. } | CallError::Failed(_))
        );
        if is_reusable && self.limits.isolation == Isolation::Warm {
            self.push(instance);
        } else {
            drop(instance);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        result
    }

    /// Whether the component imports WASI.
    pub(super) fn has_imports(&self) -> bool {
        self.has_imports
    }

    /// Number of instances, idle or in use.
    pub(super) fn len(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Total linear memory of these instances, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    /// Ensures that `count` instances exist, up to the limit, so that no request waits for one.
    /// Does nothing if calls are isolated, as every call then gets a new instance.
    pub(super) fn warm(&self, count: u32) -> Result<(), CallError> {
        while self.limits.isolation == Isolation::Warm
            && self.len() < count.min(self.limits.instances)
        {
            let instance = self.create(Limits::LOAD_DEADLINE)?;
            self.push(instance);
        }
        Ok(())
    }

    fn create(&self, deadline: Duration) -> Result<Instance, CallError> {
        let limit = self.limits.instances;
        if self.count.fetch_add(1, Ordering::Relaxed) >= limit {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return Err(CallError::Overload(limit));
        }
        let memory = (&self.memory, &self.budget);
        let new = || Instance::new(&self.component, self.limits, deadline, memory);
        self.blocking(new).inspect_err(|_| {
            self.count.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// Runs component code. WASI implementations may only be called on a thread that may block.
    fn blocking<R>(&self, code: impl FnOnce() -> R) -> R {
        if self.has_imports {
            block_in_place(code)
        } else {
            code()
        }
    }

    fn pop(&self) -> Option<Instance> {
        let own = own_slot() % self.idle.len();
        let (before, from) = (&self.idle[..own], &self.idle[own..]);
        from.iter()
            .chain(before)
            .find_map(|slot| slot.0.lock().pop())
    }

    fn push(&self, instance: Instance) {
        self.idle[own_slot() % self.idle.len()]
            .0
            .lock()
            .push(instance);
    }
}

/// Number of slots: more than the number of threads that make calls, so that they rarely share one.
fn slots() -> usize {
    (4 * cores()).max(16)
}

/// The slot number of this thread; consecutively started threads have different ones.
fn own_slot() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}
