//! Loads components.

use std::path::Path;

use canopy_resources::Budget;
use tracing::warn;
use wasmtime::Engine;
use wasmtime::component::{Component as Compiled, Linker};

use super::cache::Cache;
use super::compiler::Compiler;
use super::digest::Component;
use super::engine::{engine, start_clock};
use super::error::{LoadError, text};
use super::header;
use super::limits::Limits;
use super::meter::Meter;
use super::model::Model;
use super::wasi;

/// Compiles components and runs them.
pub struct Runtime {
    engine: Engine,
    linker: Linker<Meter>,
    limits: Limits,
    cache: Option<Cache>,
    compiler: Option<Compiler>,
    /// Whether the engine saves address space.
    saves_addresses: bool,
    budget: Budget,
}

impl Runtime {
    /// Creates a runtime for models that stay within `limits`. Compiled code is cached in the
    /// folder `cache`, which only this user may be able to write to.
    ///
    /// # Errors
    ///
    /// If the engine cannot be set up on this machine, for example for lack of address space.
    pub fn new(limits: &Limits, cache: Option<&Path>) -> Result<Self, LoadError> {
        let (engine, saves_addresses) = match engine(limits, false) {
            Ok(engine) => (engine, false),
            // Address space is scarce, or limited.
            Err(error) => {
                let engine = engine(limits, true).map_err(|_| error)?;
                warn!(
                    "there is little address space: models are called with checks of every access to \
                     their memory, which takes a batch about 1.2 times the processor time"
                );
                (engine, true)
            }
        };
        start_clock(&engine).map_err(|e| LoadError::Engine(e.to_string()))?;
        let mut linker = Linker::new(&engine);
        if limits.wasi {
            wasi::link(&mut linker).map_err(|e| LoadError::Engine(text(&e)))?;
        }
        Ok(Self {
            cache: cache.and_then(|folder| Cache::open(folder, &engine, limits.models)),
            engine,
            linker,
            limits: *limits,
            compiler: None,
            saves_addresses,
            budget: Budget::new(u64::MAX),
        })
    }

    /// Reserves the memory of models, instances and compilers in a budget.
    #[must_use]
    pub fn within(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Compiles components in a separate process, with limits on time and memory. The process runs
    /// this program with the subcommand `compile`, which must call [`compile`](super::compile).
    #[must_use]
    pub fn compiling_apart(self) -> Self {
        Self {
            compiler: Some(Compiler::new(self.budget.limit())),
            ..self
        }
    }

    /// Ends every compilation in a separate process, and starts no more.
    pub fn stop_compiling(&self) {
        self.compiler.iter().for_each(Compiler::stop);
    }

    /// Compiles a component and checks that it is a model: that it has the right interface and a
    /// valid description, and that it reproduces the predictions of its own reference sample.
    ///
    /// # Errors
    ///
    /// If a check fails, or the component cannot be compiled within the limits.
    ///
    /// ```
    /// use canopy_runtime::{Component, Limits, LoadError, Runtime};
    ///
    /// let runtime = Runtime::new(&Limits::default(), None)?;
    /// let outcome = runtime.load(&Component::new(&b"import pandas"[..]));
    /// assert!(matches!(outcome, Err(LoadError::NotAComponent(_))));
    /// # Ok::<(), LoadError>(())
    /// ```
    pub fn load(&self, component: &Component) -> Result<Model, LoadError> {
        let (bytes, digest) = (component.bytes(), component.digest());
        if bytes.len() > self.limits.component {
            return Err(LoadError::TooLarge {
                size: bytes.len(),
                limit: self.limits.component,
            });
        }
        header::check(bytes)?;
        let cache = self.cache.as_ref();
        let cached = cache.and_then(|cache| cache.get(&self.engine, &digest));
        let is_new = cached.is_none();
        let compiled = match (cached, &self.compiler) {
            (Some(compiled), _) => compiled,
            (None, Some(compiler)) => {
                let _memory = self.budget.reserve(Compiler::memory(bytes.len()))?;
                compiler.compile(&self.engine, (&self.limits, self.saves_addresses), bytes)?
            }
            (None, None) => Compiled::from_binary(&self.engine, bytes)
                .map_err(|e| LoadError::NotAComponent(text(&e)))?,
        };
        let model = Model::new(
            &self.linker,
            &compiled,
            digest,
            bytes.len(),
            self.limits,
            &self.budget,
        )?;
        // Only after all checks: an invalid component must not evict valid ones from the cache.
        if let Some(cache) = cache.filter(|_| is_new) {
            cache.put(&digest, &compiled);
        }
        Ok(model)
    }
}
