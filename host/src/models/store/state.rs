//! The state of a version store: its versions and the rollout.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use canopy_runtime::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::files::{digest_of, files};
use crate::models::candidate::Plan;

/// The index: the versions of a model and its rollout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::models) struct State {
    /// Number of changes so far.
    #[serde(default)]
    pub(super) generation: u64,
    /// Digests in the order in which the versions served, the serving one last.
    pub(in crate::models) served: Vec<Digest>,
    /// The version on trial.
    pub(in crate::models) candidate: Option<OnTrial>,
    /// Digest of the model's file when it was last loaded.
    pub(in crate::models) file: Option<Digest>,
    /// All versions, oldest first.
    pub(in crate::models) versions: Vec<Stored>,
    /// Versions beyond the capacity whose files are being removed.
    #[serde(default)]
    pub(super) dropped: Vec<Digest>,
}

/// The version on trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::models) struct OnTrial {
    pub(in crate::models) digest: Digest,
    pub(in crate::models) plan: Plan,
}

/// A stored version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StoredVersion)]
pub struct Stored {
    /// SHA-256 digest of the component.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The version that the component describes.
    pub version: String,
    /// Size of the component in bytes.
    pub bytes: u64,
    /// Unix time in seconds at which it was first stored.
    pub created: u64,
}

impl State {
    /// Rebuilds an index from the component files in a folder, ordered by modification time.
    pub(super) fn found_in(folder: &Path) -> io::Result<Self> {
        let mut found = Vec::new();
        for path in files(folder) {
            if let Some(digest) = digest_of(&path) {
                let metadata = std::fs::metadata(&path)?;
                let age = metadata.modified()?.duration_since(UNIX_EPOCH);
                found.push((age.unwrap_or_default(), digest, metadata.len()));
            }
        }
        found.sort_unstable();
        let version = |(age, digest, bytes): (Duration, Digest, u64)| Stored {
            digest,
            version: "unknown".into(),
            bytes,
            created: age.as_secs(),
        };
        Ok(Self {
            served: found.iter().map(|(_, digest, _)| *digest).collect(),
            versions: found.into_iter().map(version).collect(),
            ..Self::default()
        })
    }

    /// Digests of all versions.
    pub(super) fn digests(&self) -> impl Iterator<Item = Digest> + use<'_> {
        self.versions.iter().map(|version| version.digest)
    }

    /// Removes the oldest versions beyond `capacity`. The serving version, the previous one and the
    /// candidate always stay.
    pub(super) fn limit(&mut self, capacity: usize) {
        let excess = self.served.len().saturating_sub(capacity.max(2));
        self.served.drain(..excess);
        let mut needed: HashSet<Digest> = self.served.iter().rev().take(2).copied().collect();
        needed.extend(self.candidate.as_ref().map(|candidate| candidate.digest));
        let mut excess = self
            .versions
            .len()
            .saturating_sub(capacity.max(needed.len()));
        self.versions.retain(|version| {
            let remove = excess > 0 && !needed.contains(&version.digest);
            excess -= usize::from(remove);
            !remove
        });
        let versions = &self.versions;
        self.served
            .retain(|digest| versions.iter().any(|known| known.digest == *digest));
    }

    /// Makes a version the serving one. Ends any trial, since it compared the candidate with a
    /// different version.
    pub(in crate::models) fn serve(&mut self, digest: Digest) {
        if self.served.last() != Some(&digest) {
            self.served.push(digest);
            self.candidate = None;
        }
    }

    /// The versions that served before this one, most recent first.
    pub(in crate::models) fn before(&self, serving: Digest) -> impl Iterator<Item = Digest> {
        let mut seen = HashSet::from([serving]);
        let served = self.served.iter().rev().copied();
        served.filter(move |digest| seen.insert(*digest))
    }

    /// Makes a version that served before the serving one again.
    pub(in crate::models) fn roll_back(&mut self, previous: Digest) {
        while self.served.pop_if(|digest| *digest != previous).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn state(served: &[&str]) -> State {
        let mut state = State::default();
        for digest in served.iter().map(|name| digest(name)) {
            state.serve(digest);
            if !state.versions.iter().any(|known| known.digest == digest) {
                state.versions.push(Stored {
                    digest,
                    version: String::new(),
                    bytes: 0,
                    created: 0,
                });
            }
        }
        state
    }

    #[test]
    fn rolls_back_step_by_step() {
        let mut state = state(&["a", "b", "c"]);
        let [a, b, c] = ["a", "b", "c"].map(digest);
        assert_eq!(state.before(c).collect::<Vec<_>>(), [b, a]);
        state.roll_back(b);
        assert_eq!(state.before(b).collect::<Vec<_>>(), [a]);
        state.roll_back(a);
        assert_eq!(state.before(a).next(), None);
    }

    #[test]
    fn the_serving_version_the_previous_one_and_the_candidate_are_always_kept() {
        let mut state = state(&["a", "b", "c", "d"]);
        state.candidate = Some(OnTrial {
            digest: digest("a"),
            plan: Plan::default(),
        });
        state.limit(2);
        let remaining: Vec<_> = state.versions.iter().map(|v| v.digest).collect();
        assert_eq!(remaining, ["a", "c", "d"].map(digest));
        assert_eq!(state.served, ["c", "d"].map(digest));
    }
}
