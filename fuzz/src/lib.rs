//! What the parsers promise whoever sends them something, for a fuzzer to refute.
//!
//! A [`Target`] is a function of any bytes: it gives them to a parser and panics if the parser
//! breaks a promise. `make fuzz` has libFuzzer look for such bytes; those it found are kept in
//! `regressions/`, and a test replays them and the bodies in `seeds/`.
//!
//! - `record`, `batch`, `evaluation`: JSON of `/predict`, `/predict/batch`, `/evaluate`
//! - `csv`, `arrow`: the other forms of a batch
//! - `artifact`: a model as it is baked into a component
//! - `description`: what the host takes from a component that describes itself
//!
//! What is accepted has as many values as it should and only finite ones, and means the same in
//! every form; what is refused names its fields; either takes memory in proportion to the input.

mod memory;
mod model;
mod target;

pub use target::artifact::seed as artifact_seed;
pub use target::{TARGETS, Target};
