//! Models as WebAssembly components: the only crate that runs `wasmtime`.
//!
//! A [`Runtime`] loads a [`Model`] from the bytes of a component, and the model predicts within
//! [`Limits`]. Components import nothing, or an empty WASI world, so there is nothing to configure.
//! Instances are either kept warm and reused or created for every call, and an instance that
//! trapped is discarded; wasmtime's stores and instances are not part of the API.
//!
//! - [`Runtime`]: engine, compiler and the clock that ends calls at their deadline
//! - [`Model`]: one loaded component; describes itself, predicts
//! - [`Limits`]: what a call may use
//! - [`check`]: checks a component's description and reference sample against the contract
//! - [`LoadError`], [`CallError`]: why a component could not be loaded, why a call failed
//!
//! ```no_run
//! use canopy_runtime::{Component, Limits, Rows, Runtime};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::new(&Limits::default(), None)?;
//! let model = runtime.load(&Component::new(std::fs::read("models/bike-sharing.wasm")?))?;
//! let row = Rows::one(vec![0.5; model.width()]);
//! println!("{}: {:?}", model.info().name, model.predict(&row)?);
//! # Ok(())
//! # }
//! ```

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
pub use limits::{Isolation, Limits};
pub use model::{Model, argmax};
pub use rows::{Rows, RowsView};
pub use runtime::Runtime;

/// Checks what a component returns from `describe` and `reference`, as loading a [`Model`] does.
///
/// # Errors
///
/// If either violates the contract.
pub fn check(info: &ModelInfo, reference: &[Column]) -> Result<(), LoadError> {
    description::check(info)?;
    reference::check(info, reference)
}
