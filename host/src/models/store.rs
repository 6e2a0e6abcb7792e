//! The version store: the versions of a model on disk.
//!
//! Each version is a file `{digest}.wasm`; the index `model.json` records which of them serves. Both
//! are written under a temporary name and then renamed, and a component is written before the index
//! refers to it.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canopy_disk as disk;
use canopy_runtime::{Component, Digest};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use tracing::error;

use super::candidate::Plan;
use super::name::ModelName;
use crate::loaded_model::LoadedModel;

/// The version store of one model: a folder.
#[derive(Debug)]
pub(crate) struct VersionStore {
    folder: PathBuf,
    /// Number of versions to keep.
    capacity: usize,
    state: RwLock<State>,
}

/// The index: the versions of a model and its rollout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Digests in the order in which the versions served, the serving one last.
    pub(super) served: Vec<Digest>,
    /// The version on trial.
    pub(super) candidate: Option<OnTrial>,
    /// Digest of the model's file when it was last loaded.
    pub(super) file: Option<Digest>,
    /// All versions, oldest first.
    pub(super) versions: Vec<Stored>,
}

/// The version on trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OnTrial {
    pub(super) digest: Digest,
    pub(super) plan: Plan,
}

/// A stored version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// SHA-256 digest of the component.
    pub digest: Digest,
    /// The version that the component describes.
    pub version: String,
    /// Size of the component in bytes.
    pub bytes: u64,
    /// Unix time in seconds when it was first stored.
    pub created: u64,
}

impl VersionStore {
    const INDEX: &str = "model.json";

    /// Opens the store in a folder, creating it if it does not exist. Removes partial files left by a
    /// crash, and rebuilds a missing or damaged index from the components.
    pub(super) fn open(folder: &Path, capacity: usize) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Best effort: partial files do no harm.
        let _ = disk::remove_partial(folder);
        let index = folder.join(Self::INDEX);
        let state = match fs::read(&index) {
            Ok(text) => serde_json::from_slice(&text).or_else(|error| {
                error!(?index, %error, "the index of versions is damaged; rebuilding it from the components");
                State::found_in(folder)
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => State::found_in(folder)?,
            Err(error) => return Err(error),
        };
        let store = Self {
            folder: folder.to_owned(),
            capacity,
            state: RwLock::new(state),
        };
        store.remove_unlisted();
        Ok(store)
    }

    /// A copy of the index.
    pub(super) fn state(&self) -> State {
        self.state.read().clone()
    }

    /// Stores a version and records a change of the index; either both or neither.
    pub(super) fn add(
        &self,
        loaded: &LoadedModel,
        component: &Component,
        change: impl FnOnce(&mut State),
    ) -> io::Result<()> {
        let digest = component.digest();
        if self.read(digest).is_err() {
            disk::write(&self.path(digest), component.bytes())?;
        }
        self.note(|state| {
            let version = &loaded.model().info().version;
            let mut versions = state.versions.iter_mut();
            if let Some(stored) = versions.find(|stored| stored.digest == digest) {
                stored.version.clone_from(version);
            } else {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                state.versions.push(Stored {
                    digest,
                    version: version.clone(),
                    bytes: component.bytes().len() as u64,
                    created: now.unwrap_or_default().as_secs(),
                });
            }
            change(state);
        })
        .inspect_err(|_| self.remove_unlisted())
    }

    /// Records a change of the index and removes versions beyond the capacity.
    pub(super) fn note(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.state();
        change(&mut state);
        state.limit(self.capacity);
        let text = serde_json::to_vec_pretty(&state)?;
        disk::write(&self.folder.join(Self::INDEX), &text)?;
        *self.state.write() = state;
        self.remove_unlisted();
        Ok(())
    }

    /// Reads the component of a version and checks its digest.
    pub(super) fn read(&self, digest: Digest) -> io::Result<Component> {
        let path = self.path(digest);
        let component = Component::new(fs::read(&path)?);
        if component.digest() == digest {
            Ok(component)
        } else {
            let damaged = format!("{} is damaged", path.display());
            Err(io::Error::new(ErrorKind::InvalidData, damaged))
        }
    }

    /// Removes the store. Renaming the folder first makes the removal atomic; files that cannot be
    /// removed now are removed at the next start.
    pub(super) fn remove(&self) -> io::Result<()> {
        let mut name = self.folder.file_name().unwrap_or_default().to_owned();
        name.push(RETIRED);
        let retired = self.folder.with_file_name(name);
        Self::sweep(&retired);
        fs::rename(&self.folder, &retired)?;
        Self::sweep(&retired);
        Ok(())
    }

    /// Removes the folder of a model that was retired or whose creation did not complete. Leaves
    /// files alone that do not belong to a store.
    pub(super) fn sweep(folder: &Path) {
        let name = folder.file_name().and_then(|name| name.to_str());
        let retired = name.and_then(|name| name.strip_suffix(RETIRED));
        let is_named =
            name.is_some_and(|name| retired.unwrap_or(name).parse::<ModelName>().is_ok());
        if !is_named || Self::is_one(folder) {
            return;
        }
        for path in files(folder) {
            let is_ours = is_component(&path) || path.ends_with(Self::INDEX);
            if disk::is_partial(&path) || retired.is_some() && is_ours {
                let _ = fs::remove_file(path);
            }
        }
        let _ = fs::remove_dir(folder);
    }

    /// Whether a folder is a version store: it has an index or components.
    pub(super) fn is_one(folder: &Path) -> bool {
        let retired = folder.to_str().is_none_or(|name| name.ends_with(RETIRED));
        let has_index = folder.join(Self::INDEX).is_file();
        !retired && (has_index || files(folder).any(|path| is_component(&path)))
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.to_string()).with_extension("wasm")
    }

    /// Removes components that are not in the index. Those that cannot be removed are tried again
    /// later.
    fn remove_unlisted(&self) {
        let state = self.state();
        let listed: HashSet<PathBuf> = state
            .versions
            .iter()
            .map(|version| self.path(version.digest))
            .collect();
        for path in files(&self.folder) {
            if is_component(&path) && !listed.contains(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Extension of the folder of a model that is being removed.
const RETIRED: &str = ".retired";

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

/// Whether a file has the name of a component in a store.
fn is_component(path: &Path) -> bool {
    digest_of(path).is_some()
}

/// The digest in the file name of a component.
fn digest_of(path: &Path) -> Option<Digest> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".wasm")?.parse().ok()
}

impl State {
    /// Rebuilds an index from the component files in a folder, ordered by modification time.
    fn found_in(folder: &Path) -> io::Result<Self> {
        let mut found = Vec::new();
        for path in files(folder) {
            if let Some(digest) = digest_of(&path) {
                let metadata = fs::metadata(&path)?;
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

    /// Removes the oldest versions beyond `capacity`. The serving version, the previous one and the
    /// candidate always stay.
    fn limit(&mut self, capacity: usize) {
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
    pub(super) fn serve(&mut self, digest: Digest) {
        if self.served.last() != Some(&digest) {
            self.served.push(digest);
            self.candidate = None;
        }
    }

    /// The versions that served before this one, most recent first.
    pub(super) fn before(&self, serving: Digest) -> impl Iterator<Item = Digest> {
        let mut seen = HashSet::from([serving]);
        let served = self.served.iter().rev().copied();
        served.filter(move |digest| seen.insert(*digest))
    }

    /// Makes a version that served before the serving one again.
    pub(super) fn roll_back(&mut self, previous: Digest) {
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
