//! `canopy-trainer serve`: retrains the model when an alert fires and publishes it if it is better.
//!
//! An alert or a manual request starts a run; only one run is in progress at a time. A run reads the
//! batches of labelled rows that the host stored and holds out the newest one. It trains a challenger
//! on the specification's rows and the remaining batches, and scores it and the champion (the serving
//! model) on the held-out rows. If the challenger is better by a margin, it is published as it is:
//! it is not trained again on the held-out rows, so the reported scores are those of the published
//! model.
//!
//! This module is independent of HTTP, except for the request that [`forward`] sends.

mod alert;
mod challenge;
mod forward;
mod history;
mod metrics;
mod observations;
mod publish;
mod publish_gate;
mod retrain;
mod retrainer;
mod run;
mod trigger;

pub(crate) use alert::Webhook;
pub(crate) use metrics::DECLARATIONS;
pub(crate) use retrainer::Retrainer;
pub(crate) use run::Run;
pub(crate) use trigger::Decision;
