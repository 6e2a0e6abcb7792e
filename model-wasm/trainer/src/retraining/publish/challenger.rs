//! What is published, and what it has beaten.

use std::path::PathBuf;

use crate::retraining::job::Champion;

/// The file of the champion, or the reason why there must be no run now.
pub(in crate::retraining) enum Start {
    Champion(PathBuf),
    Skip(String),
}

/// A challenger that won.
pub(in crate::retraining) struct Challenger<'a> {
    pub(in crate::retraining) component: &'a [u8],
    pub(in crate::retraining) name: &'a str,
    pub(in crate::retraining) version: &'a str,
    /// SHA-256 digest of the component.
    pub(in crate::retraining) digest: &'a str,
    /// The champion that it beat; absent if there was none.
    pub(in crate::retraining) champion: Option<&'a Champion>,
}
