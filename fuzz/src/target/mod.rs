//! The targets.

mod arrow;
pub(crate) mod artifact;
mod batch;
mod csv;
mod description;
mod evaluation;
mod form;
mod record;
mod support;

/// A parser with its promises: whether it took the input.
///
/// # Panics
///
/// If a promise is broken.
pub type Target = fn(&[u8]) -> bool;

/// The targets by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("record", record::check),
    ("batch", batch::check),
    ("evaluation", evaluation::check),
    ("csv", csv::check),
    ("arrow", arrow::check),
    ("artifact", artifact::check),
    ("description", description::check),
];
