//! The models that a host serves, by name, and the versions of each.
//!
//! - [`Registry`]: all models; every change of one goes through it
//! - [`Slot`]: one named model: what serves, what is on trial
//! - [`Version`]: one loaded component with what belongs to it alone
//! - [`Candidate`]: a version on trial, and what was found out about it
//! - [`Shelf`]: the versions of a model on disk
//! - [`Pace`]: how fast a version answers, and who waits for it

mod candidate;
mod change;
mod name;
mod open;
mod pace;
mod registry;
mod shelf;
mod slot;
mod source;
mod version;

pub use candidate::{Candidate, Ended, Findings, Mode, Plan, Trial, Verdict};
pub use change::{Change, ChangeError, Outcome};
pub use name::{InvalidName, ModelName};
pub use pace::Pace;
pub use registry::Registry;
pub use shelf::{Shelf, Stored};
pub use slot::{Route, Slot};
pub use version::Version;
