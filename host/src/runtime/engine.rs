//! The engine, its compiler and its clock.

use std::path::Path;
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wasmtime::component::{Component, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

use super::cache::Cache;
use super::compiler::compile_apart;
use super::error::{LoadError, line};
use super::instance::Meter;
use super::limits::{Isolation, Limits};
use super::model::Model;
use super::world;

/// Time between two ticks of the clock that deadlines are counted in.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// Versions that are there besides the models that serve: those that are being swapped in and
/// those whose last requests are still running.
const SPARE_MODELS: u32 = 4;

/// Most instances of all models together. Each reserves 4 GiB of addresses for its memory, of
/// which a process has 128 TiB.
const MOST_INSTANCES: u32 = 4096;

/// Core modules and tables that one component may consist of; adapters and shims count too.
const MODULES: u32 = 16;
const TABLES: u32 = 4;

/// Most elements of a table; a compiled model needs a few dozen.
pub(super) const TABLE_ELEMENTS: usize = 10_000;

/// Bytes of memory that are put back as they were after an isolated call, where Linux tells which
/// pages were written to (6.7 and later); all else is given back and mapped anew, which takes
/// ten times as long.
const KEPT_MEMORY: usize = 1 << 20;

/// Compiles components and runs them.
pub struct Runtime {
    engine: Engine,
    linker: Linker<Meter>,
    limits: Limits,
    cache: Option<Cache>,
    compiles_apart: bool,
}

impl Runtime {
    /// An engine for models that keep within `limits`. Compiled code is kept in the folder
    /// `cache`, and taken from there; it must be a folder that only this user can write to.
    ///
    /// # Errors
    ///
    /// If the machine cannot run it, for example because address space is short.
    pub fn new(limits: &Limits, cache: Option<&Path>) -> Result<Self, LoadError> {
        let engine = engine(limits)?;
        start_clock(&engine).map_err(|e| LoadError::Engine(e.to_string()))?;
        let mut linker = Linker::new(&engine);
        if limits.wasi {
            world::link(&mut linker).map_err(|e| LoadError::Engine(text(&e)))?;
        }
        Ok(Self {
            cache: cache.and_then(|folder| Cache::open(folder, &engine)),
            engine,
            linker,
            limits: *limits,
            compiles_apart: false,
        })
    }

    /// Has components compiled by another process of this program, which must call
    /// [`compile`](super::compile) when it is told to: bounded in time and memory.
    #[must_use]
    pub fn compiling_apart(self) -> Self {
        Self {
            compiles_apart: true,
            ..self
        }
    }

    /// Compiles a component and checks that it is a model: its interface, its description and
    /// that it reproduces the predictions of its own reference sample.
    ///
    /// # Errors
    ///
    /// If it is not; the error says what is wrong with it.
    pub fn load(&self, component: &[u8]) -> Result<Model, LoadError> {
        if component.len() > self.limits.component {
            return Err(LoadError::TooLarge {
                size: component.len(),
                limit: self.limits.component,
            });
        }
        let digest = Sha256::digest(component).into();
        let cache = self.cache.as_ref();
        let cached = cache.and_then(|cache| cache.get(&self.engine, &digest));
        let is_new = cached.is_none();
        let compiled = match cached {
            Some(compiled) => compiled,
            None if self.compiles_apart => compile_apart(&self.engine, &self.limits, component)?,
            None => Component::from_binary(&self.engine, component)
                .map_err(|e| LoadError::NotAComponent(text(&e)))?,
        };
        let size = component.len();
        let model = Model::new(&self.linker, &compiled, &digest, size, self.limits)?;
        // Now that it is fit to serve: nothing else drives others out of the cache.
        if let Some(cache) = cache.filter(|_| is_new) {
            cache.put(&digest, &compiled);
        }
        Ok(model)
    }
}

/// An engine without anything loaded.
pub(super) fn engine(limits: &Limits) -> Result<Engine, LoadError> {
    Engine::new(&config(limits)).map_err(|error| LoadError::Engine(text(&error)))
}

/// The whole chain of an error in one line.
pub(super) fn text(error: &wasmtime::Error) -> String {
    line(&format!("{error:#}"))
}

fn config(limits: &Limits) -> Config {
    let models = limits.models.saturating_add(SPARE_MODELS);
    let instances = limits.instances.saturating_mul(models).min(MOST_INSTANCES);
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
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        .epoch_interruption(true)
        .concurrency_support(false);
    config
}

/// Advances the engine's epoch every [`TICK`] for as long as the engine lives.
fn start_clock(engine: &Engine) -> std::io::Result<()> {
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
