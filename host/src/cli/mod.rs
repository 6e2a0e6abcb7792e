//! What the commands of `canopy` do.

pub mod inspect;
mod pinned;
pub mod probe;
pub mod reference;
pub mod serve;
pub mod user;
