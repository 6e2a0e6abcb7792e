//! The blank guest: a component without a model.
//!
//! The trainer instantiates it once, writes an artifact into its memory, calls [`bake`] and
//! freezes the memory; the frozen module is the finished model. It imports nothing.

mod bindings;
mod model;

pub use model::bake;
