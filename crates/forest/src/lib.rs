//! Random forests compiled to a flat, position-independent layout.
//!
//! The trainer compiles [`Tree`]s to bytes with [`compile()`] and wraps them, together with
//! the model's [`Description`] and its reference sample, into an [`Artifact`]. The guest
//! reads the same bytes in place: [`Artifact::read`] and [`Forest::read`] copy nothing.
//!
//! Rows with the same bins in a few features share a *cell*. Within a cell the trees are small and
//! evaluated as masks over their leaves (`masks`). Rows outside of all cells walk through the whole
//! trees, laid out as nodes (`node`, `walk`). [`Plan`] describes the choices made for a forest.
//!
//! The crate does no I/O. Predictions equal a plain walk over the trees bit for bit: thresholds
//! are compared exactly (see [`Bins`]), and leaves are added in tree order in `f64`.

mod artifact;
mod bins;
mod block;
mod check;
mod compile;
mod description;
mod forest;
mod layout;
mod masks;
mod node;
mod simd;
mod tree;
mod walk;

pub use artifact::{Artifact, ArtifactError};
pub use bins::Bins;
pub use compile::{CompileError, Compiled, Form, Plan, compile};
pub use description::{Column, Description, Feature, Kind, Task, Training};
pub use forest::{Forest, Scratch, WrongLength};
pub use layout::LayoutError;
pub use tree::{Aggregation, Node, Tree};
