//! How well predictions meet their targets.

pub(crate) mod classification;
pub(crate) mod regression;
