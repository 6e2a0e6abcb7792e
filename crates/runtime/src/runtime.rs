//! Loading components.

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::{Component as Compiled, Linker};

use super::cache::Cache;
use super::compiler::compile_apart;
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
            wasi::link(&mut linker).map_err(|e| LoadError::Engine(text(&e)))?;
        }
        Ok(Self {
            cache: cache.and_then(|folder| Cache::open(folder, &engine, limits.models)),
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
        let compiled = match cached {
            Some(compiled) => compiled,
            None if self.compiles_apart => compile_apart(&self.engine, &self.limits, bytes)?,
            None => Compiled::from_binary(&self.engine, bytes)
                .map_err(|e| LoadError::NotAComponent(text(&e)))?,
        };
        let model = Model::new(&self.linker, &compiled, digest, bytes.len(), self.limits)?;
        // Now that it is fit to serve: nothing else drives others out of the cache.
        if let Some(cache) = cache.filter(|_| is_new) {
            cache.put(&digest, &compiled);
        }
        Ok(model)
    }
}
