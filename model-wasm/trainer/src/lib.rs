//! Trains random forests and bakes them into WebAssembly components.
//!
//! A [`Spec`] (one TOML file a model) names data, features, target and forest. From there:
//!
//! 1. [`Table::load`] reads the training rows;
//! 2. [`Fit::new`] grows the forest with smartcore, one tree a task on every core;
//! 3. [`Model::new`] describes it and compiles it to an artifact;
//! 4. [`bake()`] freezes the artifact into the blank guest and makes the component;
//! 5. [`verify()`] loads the component as a host would and compares it with smartcore, bit
//!    for bit;
//! 6. [`write()`] puts the file in place, wholly or not at all.
//!
//! [`train`] does all of it. The same rows, spec and seed give the same bytes, whatever the
//! number of threads.

mod bake;
mod classes;
mod cli;
mod extraction;
mod fit;
mod merge;
mod model;
mod parameters;
mod report;
mod scores;
mod spec;
mod statistics;
mod table;
mod train;
mod verify;
mod write;

pub use bake::bake;
pub use cli::{Cli, Command, TrainArguments};
pub use fit::{Fit, Reference};
pub use model::Model;
pub use report::Report;
pub use scores::Scores;
pub use spec::{Data, Feature, Forest, Origin, Spec, SpecError};
pub use table::Table;
pub use train::train;
pub use verify::verify;
pub use write::write;
