//! `canopy-trainer serve`: retrains the model when an alert fires and publishes it if it is better.
//!
//! An alert or a manual request starts a run; only one run is in progress at a time. A run reads the
//! batches of labelled rows that the host stored and holds out a share of each. It trains a challenger
//! on the specification's rows and the remaining ones, and scores it and the champion (the serving
//! model) on the held-out rows. If the challenger is better by a margin, and not worse on older batches
//! and the champion's reference, it is published as it is: it is not trained again on the held-out rows,
//! so the reported scores are those of the published model.
//!
//! All of this but the publication happens in a process of its own ([`process`]), with limits on memory
//! and time.
//!
//! This module is independent of HTTP, except for the requests that [`forward`] and [`publish`] send.

mod alert;
mod challenge;
mod forward;
mod held_out;
mod history;
mod job;
mod judge;
mod metrics;
mod observations;
mod process;
mod publish;
mod publish_gate;
mod retrain;
mod retrainer;
mod run;
mod trigger;
mod version;

pub(crate) use alert::Webhook;
pub(crate) use metrics::DECLARATIONS;
pub use process::retrain_apart;
pub use publish::Way;
pub(crate) use retrainer::Retrainer;
pub(crate) use run::Run;
pub(crate) use trigger::{Decision, NotStarted};
