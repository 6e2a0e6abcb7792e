//! Scores of predictions against their targets.

pub(crate) mod classification;
pub(crate) mod regression;
