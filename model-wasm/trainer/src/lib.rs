//! Trains random forests and bakes them into WebAssembly components.
//!
//! A [`Spec`] (one TOML file per model) names the data, features, target and forest. From there:
//!
//! 1. [`Table::load`] reads the training rows;
//! 2. [`Fit::new`] grows the forest with smartcore, in parallel on all cores;
//! 3. [`Model::new`] describes the forest and compiles it to an artifact;
//! 4. [`bake()`] bakes the artifact into the blank guest, which gives the component;
//! 5. [`verify()`] loads the component as a host would and compares it with smartcore, bit
//!    for bit;
//! 6. [`write()`] writes the file atomically.
//!
//! [`train`] performs all of these steps. The same rows, spec and seed give the same bytes,
//! regardless of the number of threads.
//!
//! [`serve`] performs them whenever an alert reports that the serving model has degraded, with the
//! additional labelled rows that the host stored ([`Table::with_observed`]), and publishes the
//! component only if it is better.

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
mod serve;
mod spec;
mod statistics;
mod table;
mod train;
mod trained;
mod verify;
mod write;

pub use bake::bake;
pub use cli::{Cli, Command, RetrainArguments, ServeArguments, TrainArguments};
pub use fit::{Fit, Reference, Smartcore};
pub use model::Model;
pub use reference::reference;
pub use report::Report;
pub use retraining::{Way, retrain_apart};
pub use scores::Scores;
pub use serve::serve;
pub use spec::{Data, Feature, Forest, Origin, Retraining, Spec, SpecError};
pub use table::Table;
pub use train::train;
pub use trained::Trained;
pub use verify::verify;
pub use write::write;
