//! The data of an instance's store: its memory accounting and its WASI world.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

use super::engine::TABLE_ELEMENTS;
use super::world::World;

/// Limits the memory of an instance and holds its WASI world.
pub(super) struct Meter {
    /// Limit on the total of the instance's memories, in bytes.
    memory: usize,
    /// Bytes used by this instance; also included in `total`.
    used: u64,
    /// Bytes used by all instances of the model.
    total: Arc<AtomicU64>,
    /// Whether the current call tried to exceed the limit, which explains the trap that follows.
    exceeded: bool,
    /// Created when the component first uses WASI.
    world: Option<Box<World>>,
}

impl Meter {
    /// A meter for an instance that may use up to `memory` bytes; its use is added to `total`.
    pub(super) fn new(memory: usize, total: Arc<AtomicU64>) -> Self {
        Self {
            memory,
            used: 0,
            total,
            exceeded: false,
            world: None,
        }
    }

    /// Resets the state that must not carry over from earlier calls.
    pub(super) fn begin_call(&mut self) {
        self.exceeded = false;
        if let Some(world) = &mut self.world {
            world.reset();
        }
    }

    /// Whether the current call tried to exceed the memory limit.
    pub(super) fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// The instance's WASI world.
    pub(super) fn world(&mut self) -> &mut World {
        self.world.get_or_insert_default()
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = (desired - current) as u64;
        let allowed = self.used + grown <= self.memory as u64;
        self.exceeded |= !allowed;
        if allowed {
            self.used += grown;
            self.total.fetch_add(grown, Ordering::Relaxed);
        }
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.total.fetch_sub(self.used, Ordering::Relaxed);
    }
}
