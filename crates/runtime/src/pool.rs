//! Instances of one model.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::block_in_place;

use super::bindings::InferenceModelPre;
use super::error::CallError;
use super::instance::Instance;
use super::limits::{Isolation, Limits, cores};
use super::meter::Meter;

/// Where some threads put their instances; alone on its lines of the cache.
#[derive(Default)]
#[repr(align(128))]
struct IdleSlot(Mutex<Vec<Instance>>);

/// Hands out instances and takes them back.
///
/// The instance that a thread used last is handed out to it first, so that its memory is still in
/// that core's cache. An instance whose call failed in WebAssembly is in an unknown state and is
/// thrown away. So is every instance after its call if calls are isolated from each other.
pub(super) struct Pool {
    component: InferenceModelPre<Meter>,
    limits: Limits,
    /// Instances that wait, by the threads that used them.
    idle: Vec<IdleSlot>,
    /// Whether the component imports a world.
    has_imports: bool,
    /// Instances that exist, idle or in use.
    count: AtomicU32,
    /// Bytes of their linear memories.
    memory: Arc<AtomicU64>,
}

impl Pool {
    /// A pool without instances.
    pub(super) fn new(
        component: InferenceModelPre<Meter>,
        limits: Limits,
        has_imports: bool,
    ) -> Self {
        Self {
            component,
            limits,
            has_imports,
            idle: (0..slots()).map(|_| IdleSlot::default()).collect(),
            count: AtomicU32::new(0),
            memory: Arc::default(),
        }
    }

    /// Runs `call` on a warm instance, or on a new one if there is none, which may take as long
    /// as `patience` to make.
    pub(super) fn with<R>(
        &self,
        patience: Duration,
        call: impl FnOnce(&mut Instance) -> Result<R, CallError>,
    ) -> Result<R, CallError> {
        let mut instance = match self.pop() {
            Some(instance) => instance,
            None => match self.create(patience) {
                // One may have been put where this thread had looked already.
                Err(CallError::Overload(limit)) => self.pop().ok_or(CallError::Overload(limit))?,
                created => created?,
            },
        };
        let result = self.blocking(|| call(&mut instance));
        let is_sound = matches!(
            result,
            Ok(_) | Err(CallError::Refused { .. } | CallError::Failed(_))
        );
        if is_sound && self.limits.isolation == Isolation::Warm {
            self.push(instance);
        } else {
            drop(instance);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        result
    }

    /// Whether the component imports a world.
    pub(super) fn has_imports(&self) -> bool {
        self.has_imports
    }

    /// Instances that exist, idle or in use.
    pub(super) fn len(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Bytes of their linear memories.
    pub(super) fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    /// Sees to it that `count` instances are there, so that no request waits for one. Does
    /// nothing if every call gets its own.
    pub(super) fn warm(&self, count: u32) -> Result<(), CallError> {
        while self.limits.isolation == Isolation::Warm
            && self.len() < count.min(self.limits.instances)
        {
            let instance = self.create(Limits::LOAD_DEADLINE)?;
            self.push(instance);
        }
        Ok(())
    }

    fn create(&self, patience: Duration) -> Result<Instance, CallError> {
        let limit = self.limits.instances;
        if self.count.fetch_add(1, Ordering::Relaxed) >= limit {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return Err(CallError::Overload(limit));
        }
        let make = || Instance::new(&self.component, self.limits, patience, &self.memory);
        self.blocking(make).inspect_err(|_| {
            self.count.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// Runs code of the component. Its world may only be called where a thread may block.
    fn blocking<R>(&self, code: impl FnOnce() -> R) -> R {
        if self.has_imports {
            block_in_place(code)
        } else {
            code()
        }
    }

    fn pop(&self) -> Option<Instance> {
        let own = own_slot() % self.idle.len();
        let (after, from) = (&self.idle[..own], &self.idle[own..]);
        from.iter()
            .chain(after)
            .find_map(|slot| slot.0.lock().pop())
    }

    fn push(&self, instance: Instance) {
        self.idle[own_slot() % self.idle.len()]
            .0
            .lock()
            .push(instance);
    }
}

/// More than threads call at the same time, so that they seldom share one.
fn slots() -> usize {
    (4 * cores()).max(16)
}

/// The slot of this thread: threads that begin after one another have different ones.
fn own_slot() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}
