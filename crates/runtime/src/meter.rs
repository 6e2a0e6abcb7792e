//! What the store of an instance carries: its memory accounting and its WASI world.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

use super::engine::TABLE_ELEMENTS;
use super::world::World;

/// Watches over the memory of an instance, and holds its world.
pub(super) struct Meter {
    /// Most bytes of all its memories together.
    memory: usize,
    /// Bytes of this instance, which are also counted in the total of all instances.
    used: u64,
    total: Arc<AtomicU64>,
    /// Whether more was wanted, which explains the trap that follows.
    exceeded: bool,
    /// What it has seen of the world, if it looked.
    world: Option<Box<World>>,
}

impl Meter {
    /// A meter of an instance that may use `memory` bytes, which are counted in `total` too.
    pub(super) fn new(memory: usize, total: Arc<AtomicU64>) -> Self {
        Self {
            memory,
            used: 0,
            total,
            exceeded: false,
            world: None,
        }
    }

    /// Forgets what earlier calls did.
    pub(super) fn begin_call(&mut self) {
        self.exceeded = false;
        if let Some(world) = &mut self.world {
            world.begin_anew();
        }
    }

    /// Whether the call wanted more memory than it may have.
    pub(super) fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// The instance's world.
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
