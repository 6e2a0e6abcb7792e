//! Registered models and their versions.
//!
//! - [`Registry`]: all models; every change goes through it
//! - [`RegisteredModel`]: a model with its name; [`Rollout`]: its serving version and candidate
//! - [`Version`]: a loaded component with its own state
//! - [`Candidate`]: a version on trial, with the findings about it
//! - [`CallAdmission`]: admission control for the calls of a version
//!
//! Internally, `loader` loads components, `folder` manages the component files and `store` the
//! stored versions of each model, `access` is the right to change both, and `open` decides which
//! version serves.

mod access;
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
pub use candidate::{Candidate, Client, Ended, Findings, Mode, Plan, Trial, Verdict};
pub use change::{Change, ChangeError, Outcome};
pub use config::{Config, GivenModel};
pub use error::OpenError;
pub use name::{InvalidName, ModelName};
pub use registered::{RegisteredModel, Rollout};
pub use registry::Registry;
pub use store::Stored;
pub use version::Version;
