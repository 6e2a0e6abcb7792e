//! The models that a host serves, by name, and the versions of each.
//!
//! - [`Registry`]: all models; every change of one goes through it
//! - [`RegisteredModel`]: a model under its name; [`Rollout`]: what serves, what is on trial
//! - [`Version`]: one loaded component with what belongs to it alone
//! - [`Candidate`]: a version on trial, and what was found out about it
//! - [`CallAdmission`]: where a version is called, and who waits for a slow one
//!
//! Within: `loader` loads components, `folder` knows the files and `store` the versions of each
//! model on disk, `open` decides which of them is served.

mod admission;
mod candidate;
mod change;
mod config;
mod error;
mod folder;
mod loader;
mod name;
mod open;
mod registered;
mod registry;
mod source;
mod store;
mod version;

pub use admission::{CallAdmission, CallPermit};
pub use candidate::{Candidate, Ended, Findings, Mode, Plan, Trial, Verdict};
pub use change::{Change, ChangeError, Outcome};
pub use config::{Config, GivenModel};
pub use error::OpenError;
pub use name::{InvalidName, ModelName};
pub use registered::{RegisteredModel, Rollout};
pub use registry::Registry;
pub use store::Stored;
pub use version::Version;
