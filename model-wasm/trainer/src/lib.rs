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
//!
//! [`serve`] does it whenever an alert says that the serving model has become bad, with the rows
//! that the host observed since ([`Table::with_observed`]), and publishes the component only if
//! it is better.

mod bake;
mod classes;
mod cli;
mod fit;
mod form;
mod http;
mod model;
mod observed;
mod parameters;
mod reference;
mod report;
mod retraining;
mod scores;
mod spec;
mod statistics;
mod table;
mod train;
mod trained;
mod verify;
mod write;

pub use bake::bake;
pub use cli::{Cli, Command, ServeArguments, TrainArguments};
pub use fit::{Fit, Reference, Smartcore};
pub use model::Model;
pub use reference::reference;
pub use report::Report;
pub use retraining::serve;
pub use scores::Scores;
pub use spec::{Data, Feature, Forest, Origin, Retraining, Spec, SpecError};
pub use table::Table;
pub use train::train;
pub use trained::Trained;
pub use verify::verify;
pub use write::write;
