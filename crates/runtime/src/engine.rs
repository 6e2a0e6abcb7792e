//! The WebAssembly engine: its settings and the clock for deadlines.

use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

use super::error::{LoadError, text};
use super::limits::{Isolation, Limits};

/// Interval between ticks of the clock; deadlines are counted in ticks.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// Versions that may be loaded in addition to the serving ones: those being swapped in and those
/// whose last requests are still running.
const SPARE_MODELS: u32 = 4;

/// Maximum number of instances across all models. Each reserves 4 GiB of address space for its
/// memory, and a process has 128 TiB.
const MAX_INSTANCES: u32 = 4096;

/// Maximum numbers of core modules and tables in one component, including adapters and shims.
const MODULES: u32 = 16;
const TABLES: u32 = 4;

/// Maximum number of elements in a table; a compiled model needs a few dozen.
pub(super) const TABLE_ELEMENTS: usize = 10_000;

/// Bytes of an instance's memory that stay resident and are restored after an isolated call, where
/// Linux reports which pages were written to (6.7 and later). The rest is unmapped and mapped
/// again, which takes ten times as long.
const KEPT_MEMORY: usize = 1 << 20;

/// Creates an engine with the settings that `limits` require.
///
/// Each instance reserves 4 GiB of addresses for its memory, so that no access needs to be checked. An
/// engine that saves addresses reserves only as much as an instance may use, and checks every access.
pub(super) fn engine(limits: &Limits, saves_addresses: bool) -> Result<Engine, LoadError> {
    let config = config(limits, saves_addresses);
    Engine::new(&config).map_err(|error| LoadError::Engine(text(&error)))
}

fn config(limits: &Limits, saves_addresses: bool) -> Config {
    let models = limits.models.saturating_add(SPARE_MODELS);
    let instances = limits.instances.saturating_mul(models).min(MAX_INSTANCES);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * MODULES)
        .max_core_instances_per_component(MODULES)
        .total_memories(instances)
        .max_memories_per_component(1)
        .total_tables(instances * TABLES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .total_stacks(0)
        .max_memory_size(limits.memory)
        .max_unused_warm_slots(limits.instances);
    if limits.isolation == Isolation::Call && PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.linear_memory_keep_resident(KEPT_MEMORY)
            .pagemap_scan(Enabled::Yes);
    }
    let mut config = Config::new();
    if saves_addresses {
        config
            .memory_reservation(limits.memory as u64)
            .memory_guard_size(0)
            .guard_before_linear_memory(false);
    }
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        .epoch_interruption(true)
        .concurrency_support(false);
    config
}

/// Advances the engine's epoch every [`TICK`] for as long as the engine lives.
pub(super) fn start_clock(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("deadline-clock".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })?;
    Ok(())
}
