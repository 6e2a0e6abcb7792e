//! Models as WebAssembly components: the only crate that runs `wasmtime`.
//!
//! Of wasmtime it exposes one idea: a [`Model`] that was loaded from the bytes of a component
//! by a [`Runtime`] and predicts within [`Limits`]. Components import nothing, or a world that is
//! empty, so there is none to be configured; instances are kept warm and reused, or fresh for
//! every call, and an instance that trapped is thrown away, so nothing of wasmtime's stores or
//! instances is visible outside.
//!
//! - [`Runtime`]: engine, compiler and the clock that ends calls at their deadline
//! - [`Model`]: one loaded component; describes itself, predicts
//! - [`Limits`]: what a call may use
//! - [`check`]: what a component says of itself, against the contract
//! - [`LoadError`], [`CallError`]: why a component is not served, why a call gave no answer

mod bindings;
mod cache;
mod compiler;
mod contract;
mod description;
mod digest;
mod engine;
mod error;
mod header;
mod instance;
mod limits;
mod meter;
mod model;
mod pool;
mod reference;
mod rows;
mod runtime;
mod wasi;
mod world;

pub use bindings::exports::canopy::model::inference::{
    Column, Feature, Kind, ModelInfo, Task, Training,
};
pub use compiler::{CompilerSettings, compile};
pub use digest::{Component, Digest, InvalidDigest};
pub use error::{CallError, LoadError};
pub use limits::{Isolation, Limits, cores};
pub use model::{Model, argmax};
pub use rows::{Rows, RowsView};
pub use runtime::Runtime;

/// Checks what a component answers to `describe` and `reference`, as [`Model`] does before it
/// predicts anything.
///
/// # Errors
///
/// If it breaks the contract.
pub fn check(info: &ModelInfo, reference: &[Column]) -> Result<(), LoadError> {
    description::check(info)?;
    reference::check(info, reference)
}
