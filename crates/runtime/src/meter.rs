//! The data of an instance's store: its memory accounting and its WASI world.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use canopy_resources::{Budget, Exhausted, Reservation};
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
    /// The same bytes in the budget of the process.
    reserved: Reservation,
    /// Why the current call got no more memory, which explains the trap that follows.
    refused: Option<Refused>,
    /// Created when the component first uses WASI.
    world: Option<Box<World>>,
}

/// Why an instance gets no more memory.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refused {
    /// It has its maximum.
    Limit,
    /// The process has no more.
    Budget(Exhausted),
}

impl Meter {
    /// A meter for an instance that may use up to `memory` bytes of the budget; its use is added to
    /// `total`.
    pub(super) fn new(memory: usize, total: Arc<AtomicU64>, budget: &Budget) -> Self {
        Self {
            memory,
            used: 0,
            total,
            reserved: budget.nothing(),
            refused: None,
            world: None,
        }
    }

    /// Resets the state that must not carry over from earlier calls.
    pub(super) fn begin_call(&mut self) {
        self.refused = None;
        if let Some(world) = &mut self.world {
            world.reset();
        }
    }

    /// Why the current call got no more memory.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.refused
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
        if self.used + grown > self.memory as u64 {
            self.refused = Some(Refused::Limit);
        } else if let Err(exhausted) = self.reserved.grow(grown) {
            self.refused = Some(Refused::Budget(exhausted));
        } else {
            self.used += grown;
            self.total.fetch_add(grown, Ordering::Relaxed);
            return Ok(true);
        }
        Ok(false)
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
