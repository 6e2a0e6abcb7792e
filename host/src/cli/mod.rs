//! The commands of `canopy`.

pub mod inspect;
mod pinned;
pub mod probe;
pub mod reference;
pub mod serve;
pub mod user;
