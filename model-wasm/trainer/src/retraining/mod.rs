//! `canopy-trainer serve`: the loop from an alert back to a better model.
//!
//! An alert (or a person) starts a run, one at a time. A run reads the batches that the host
//! observed, holds the newest out, trains a challenger on the specification's rows and the other
//! batches, scores it and the champion, which is the model that serves, on the held-out rows,
//! and publishes the challenger if it is better by a margin. What was trained on is what is
//! published: the held-out rows are not learned from afterwards, so that the published scores are
//! those of the published model.
//!
//! Nothing here knows of HTTP, except for the call that [`forward`] makes.

mod alert;
mod contest;
mod forward;
mod gate;
mod history;
mod ledger;
mod metrics;
mod observations;
mod publish;
mod retrainer;
mod round;
mod run;
mod service;

pub(crate) use alert::Webhook;
pub(crate) use ledger::Decision;
pub(crate) use metrics::DECLARATIONS;
pub(crate) use retrainer::Retrainer;
pub(crate) use run::Run;
pub use service::serve;
