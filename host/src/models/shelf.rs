//! The versions of a model on disk: `{digest}.wasm` each, and `model.json`, which says which of
//! them serves. Both are written aside and renamed; a component is there before it is named.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::candidate::Plan;
use super::name::ModelName;
use crate::disk;
use crate::runtime::digest;
use crate::served::Served;

/// The folder of one model.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    /// Most versions that are kept.
    most: usize,
    state: RwLock<State>,
}

/// What is known about the versions of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Digests in the order in which they came to serve, the serving one last.
    pub(super) served: Vec<String>,
    /// The version on trial.
    pub(super) candidate: Option<OnTrial>,
    /// Digest of the watched file when it was last loaded.
    pub(super) file: Option<String>,
    /// All versions, the oldest first.
    pub(super) versions: Vec<Stored>,
}

/// The version on trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OnTrial {
    pub(super) digest: String,
    pub(super) plan: Plan,
}

/// A version that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// SHA-256 of the component in lower-case hexadecimal.
    pub digest: String,
    /// What the component calls itself.
    pub version: String,
    /// Size of the component.
    pub bytes: u64,
    /// Unix time at which it was first kept.
    pub created: u64,
}

impl Shelf {
    const INDEX: &str = "model.json";

    /// Opens the folder of a model, which is made if it is not there; what a crash left half
    /// written is removed.
    pub(super) fn open(folder: &Path, most: usize) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        disk::remove_partial(folder)?;
        let state = match fs::read(folder.join(Self::INDEX)) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error),
        };
        let shelf = Self {
            folder: folder.to_owned(),
            most,
            state: RwLock::new(state),
        };
        shelf.clear();
        Ok(shelf)
    }

    /// What is known about the versions.
    pub(super) fn state(&self) -> State {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// Keeps a version and notes a change, both or neither.
    pub(super) fn add(
        &self,
        served: &Served,
        component: &[u8],
        change: impl FnOnce(&mut State),
    ) -> io::Result<()> {
        let model = served.model();
        let path = self.path(model.digest());
        let is_kept = fs::metadata(&path).is_ok_and(|file| file.len() == component.len() as u64);
        if !is_kept {
            disk::write(&path, component)?;
        }
        self.note(|state| {
            let digest = model.digest();
            if !state.versions.iter().any(|known| known.digest == digest) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                state.versions.push(Stored {
                    digest: digest.to_owned(),
                    version: model.info().version.clone(),
                    bytes: component.len() as u64,
                    created: now.unwrap_or_default().as_secs(),
                });
            }
            change(state);
        })
        .inspect_err(|_| self.clear())
    }

    /// Notes a change; forgets the versions that are too many.
    pub(super) fn note(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.state();
        change(&mut state);
        state.limit(self.most);
        let text = serde_json::to_vec_pretty(&state)?;
        disk::write(&self.folder.join(Self::INDEX), &text)?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.clear();
        Ok(())
    }

    /// The component of a version, as it was kept.
    pub(super) fn read(&self, wanted: &str) -> io::Result<Vec<u8>> {
        let path = self.path(wanted);
        let component = fs::read(&path)?;
        if digest(&component) == wanted {
            Ok(component)
        } else {
            let damaged = format!("{} is damaged", path.display());
            Err(io::Error::new(ErrorKind::InvalidData, damaged))
        }
    }

    /// Removes the folder; if that is not done when the process ends, it is not a model all
    /// the same.
    pub(super) fn remove(&self) -> io::Result<()> {
        let mut name = self.folder.file_name().unwrap_or_default().to_owned();
        name.push(RETIRED);
        let retired = self.folder.with_file_name(name);
        if retired.exists() {
            fs::remove_dir_all(&retired)?;
        }
        fs::rename(&self.folder, &retired)?;
        fs::remove_dir_all(&retired)
    }

    /// Removes a folder that is the shelf of no model, or no longer of one; never the files of
    /// somebody else.
    pub(super) fn sweep(folder: &Path) {
        let name = folder.file_name().and_then(|name| name.to_str());
        let retired = name.and_then(|name| name.strip_suffix(RETIRED));
        let is_named =
            name.is_some_and(|name| retired.unwrap_or(name).parse::<ModelName>().is_ok());
        if !is_named || !folder.is_dir() || Self::is_one(folder) {
            return;
        }
        if retired.is_some() {
            let _ = fs::remove_file(folder.join(Self::INDEX));
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(is_component) || disk::is_partial(&path) {
                let _ = fs::remove_file(path);
            }
        }
        let _ = fs::remove_dir(folder);
    }

    /// Whether a folder is the shelf of a model.
    pub(super) fn is_one(folder: &Path) -> bool {
        let retired = folder.to_str().is_none_or(|name| name.ends_with(RETIRED));
        !retired && folder.join(Self::INDEX).is_file()
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(digest).with_extension("wasm")
    }

    /// Removes components that are not known. What cannot be removed is tried again later.
    fn clear(&self) {
        let state = self.state();
        let known: HashSet<PathBuf> = state
            .versions
            .iter()
            .map(|version| self.path(&version.digest))
            .collect();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_component = path.extension().is_some_and(|ending| ending == "wasm");
            if is_component && !known.contains(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Ending of the folder of a model that is being removed.
const RETIRED: &str = ".retired";

/// Whether a file's name is one that a shelf gives to a component.
fn is_component(name: &str) -> bool {
    let digest = name.strip_suffix(".wasm").unwrap_or_default();
    digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit())
}

impl State {
    /// Forgets the oldest until at most `most` versions are left. The ones that serve, that served
    /// before and that are on trial stay.
    fn limit(&mut self, most: usize) {
        let excess = self.served.len().saturating_sub(most.max(2));
        self.served.drain(..excess);
        let mut needed: HashSet<&String> = self.served.iter().rev().take(2).collect();
        needed.extend(self.candidate.as_ref().map(|candidate| &candidate.digest));
        let mut excess = self.versions.len().saturating_sub(most.max(needed.len()));
        self.versions.retain(|version| {
            let forget = excess > 0 && !needed.contains(&version.digest);
            excess -= usize::from(forget);
            !forget
        });
        let versions = &self.versions;
        self.served
            .retain(|digest| versions.iter().any(|known| known.digest == *digest));
    }

    /// A version serves from now on; a trial, which was one against another version, ends.
    pub(super) fn serve(&mut self, digest: &str) {
        if self.served.last().is_none_or(|last| last != digest) {
            self.served.push(digest.to_owned());
            self.candidate = None;
        }
    }

    /// The version that served before this one.
    pub(super) fn before(&self, serving: &str) -> Option<&String> {
        self.served.iter().rev().find(|digest| *digest != serving)
    }

    /// The version that served before serves again.
    pub(super) fn roll_back(&mut self, previous: &str) {
        while self.served.pop_if(|digest| digest != previous).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(served: &[&str]) -> State {
        let mut state = State::default();
        for digest in served {
            state.serve(digest);
            if !state.versions.iter().any(|known| known.digest == *digest) {
                state.versions.push(Stored {
                    digest: (*digest).to_owned(),
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
        assert_eq!(state.before("c").unwrap(), "b");
        state.roll_back("b");
        assert_eq!(state.before("b").unwrap(), "a");
        state.roll_back("a");
        assert_eq!(state.before("a"), None);
    }

    #[test]
    fn keeps_what_serves_what_served_and_what_is_on_trial() {
        let mut state = state(&["a", "b", "c", "d"]);
        state.candidate = Some(OnTrial {
            digest: "a".into(),
            plan: Plan::default(),
        });
        state.limit(2);
        let left: Vec<_> = state.versions.iter().map(|v| v.digest.as_str()).collect();
        assert_eq!(left, ["a", "c", "d"]);
        assert_eq!(state.served, ["c", "d"]);
    }
}
