//! The version store: the versions of a model on disk.
//!
//! Each version is a file `{digest}.wasm`; the index, in two copies, records which of them serves.
//! Files are written under a temporary name and then renamed, and a component is written before the
//! index refers to it. A component that the index does not know is never removed, unless the whole
//! model is.

mod files;
mod index;
mod state;

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use canopy_disk as disk;
use canopy_runtime::{Component, Digest};
use parking_lot::RwLock;
use tracing::{error, warn};

use files::{digest_of, files};

use super::access::Access;
use super::change::ChangeError;
use super::name::ModelName;
use crate::loaded_model::LoadedModel;

pub use state::Stored;
pub(super) use state::{OnTrial, State};

/// The version store of one model: a folder.
#[derive(Debug)]
pub(crate) struct VersionStore {
    folder: PathBuf,
    /// Number of versions to keep.
    capacity: usize,
    access: Arc<Access>,
    state: RwLock<State>,
    /// What was wrong with it when it was opened.
    pub(super) flaws: Flaws,
}

/// What was wrong with a store when it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flaws {
    /// Copies of the index that were damaged.
    pub(super) damaged: usize,
    /// Components that the index does not know.
    pub(super) unknown: usize,
}

impl VersionStore {
    /// Opens the store in a folder. The host that writes to it creates it if it does not exist, and
    /// removes what a crash left half done. A damaged copy of the index is put aside; if both are
    /// lost or damaged, the index is rebuilt from the components.
    pub(super) fn open(folder: &Path, capacity: usize, access: Arc<Access>) -> io::Result<Self> {
        let writes = access.is_writer();
        if writes {
            fs::create_dir_all(folder)?;
            // Best effort: partial files do no harm.
            let _ = disk::remove_partial(folder);
        }
        let found = index::read(folder)?;
        let is_whole = found.damaged.is_empty();
        let state = match found.state {
            Some(state) => state,
            None => State::found_in(folder)?,
        };
        if !is_whole {
            error!(?folder, serving = ?state.served.last(), "going on with what the sound copy or the components say");
        }
        if writes && !is_whole {
            index::put_aside(&found.damaged);
            // A full disk must not keep the model from being served.
            if let Err(error) = index::write(folder, &state) {
                warn!(?folder, %error, "cannot write the index of versions anew");
            }
        }
        let mut store = Self {
            folder: folder.to_owned(),
            capacity,
            access,
            state: RwLock::new(state),
            flaws: Flaws::default(),
        };
        if writes {
            store.remove_dropped();
        }
        store.flaws = Flaws {
            damaged: found.damaged.len(),
            unknown: store.count_unknown(),
        };
        Ok(store)
    }

    /// The path of the index in the folder of a store.
    pub(super) fn index(folder: &Path) -> PathBuf {
        folder.join(index::FILES[0])
    }

    /// A copy of the index.
    pub(super) fn state(&self) -> State {
        self.state.read().clone()
    }

    /// Whether this host writes to the store.
    pub(super) fn is_writable(&self) -> bool {
        self.access.is_writer()
    }

    /// Reads the index, which another host has written. Returns the serving version if it is another
    /// one than before.
    pub(super) fn follow(&self) -> Option<Digest> {
        let found = index::read(&self.folder).ok()?.state?;
        let mut state = self.state.write();
        let before = std::mem::replace(&mut *state, found);
        let serving = state.served.last().copied();
        serving.filter(|_| before.served.last() != state.served.last())
    }

    /// Whether the store, which had versions, is gone: another host has retired the model.
    pub(super) fn is_gone(&self) -> bool {
        !self.state.read().served.is_empty() && !Self::is_one(&self.folder)
    }

    /// Stores a version and records a change of the index; either both or neither.
    pub(super) fn add(
        &self,
        loaded: &LoadedModel,
        component: &Component,
        change: impl FnOnce(&mut State),
    ) -> Result<(), ChangeError> {
        self.access.check()?;
        let digest = component.digest();
        let path = self.path(digest);
        let is_new = !path.exists();
        if self.read(digest).is_err() {
            disk::write(&path, component.bytes())?;
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
        .inspect_err(|_| {
            if is_new {
                // Best effort: it would only be reported as a component that nobody knows.
                let _ = fs::remove_file(path);
            }
        })
    }

    /// Records a change of the index and removes versions beyond the capacity.
    pub(super) fn note(&self, change: impl FnOnce(&mut State)) -> Result<(), ChangeError> {
        self.access.check()?;
        let mut state = self.state();
        let before: Vec<Digest> = state.digests().chain(state.dropped.clone()).collect();
        change(&mut state);
        state.limit(self.capacity);
        state.generation += 1;
        state.dropped = before
            .into_iter()
            .filter(|digest| state.digests().all(|kept| kept != *digest))
            .filter(|digest| self.path(*digest).exists())
            .collect();
        index::write(&self.folder, &state)?;
        *self.state.write() = state;
        self.remove_dropped();
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
    pub(super) fn remove(&self) -> Result<(), ChangeError> {
        self.access.check()?;
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
            if disk::is_partial(&path) || retired.is_some() && is_ours(&path) {
                let _ = fs::remove_file(path);
            }
        }
        let _ = fs::remove_dir(folder);
    }

    /// Removes the folder if the creation of the model did not complete.
    pub(super) fn sweep_unfinished(&self) {
        Self::sweep(&self.folder);
    }

    /// Whether a folder is a version store: it has an index or components.
    pub(super) fn is_one(folder: &Path) -> bool {
        let retired = folder.to_str().is_none_or(|name| name.ends_with(RETIRED));
        !retired && (index::is_in(folder) || files(folder).any(|path| is_component(&path)))
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.to_string()).with_extension("wasm")
    }

    /// Removes the files of versions beyond the capacity. Those that cannot be removed are tried
    /// again later.
    fn remove_dropped(&self) {
        for digest in self.state().dropped {
            let _ = fs::remove_file(self.path(digest));
        }
    }

    /// Reports components that the index does not know: a crash between writing one and recording
    /// it, or another program, left them.
    fn count_unknown(&self) -> usize {
        let state = self.state();
        let known: HashSet<Digest> = state.digests().chain(state.dropped.clone()).collect();
        let components = files(&self.folder).filter_map(|path| Some((digest_of(&path)?, path)));
        components
            .filter(|(digest, _)| !known.contains(digest))
            .inspect(|(_, path)| {
                warn!(?path, "the index of versions does not know this component; upload it to serve it, or remove it");
            })
            .count()
    }
}

/// Extension of the folder of a model that is being removed.
const RETIRED: &str = ".retired";

/// Whether a file belongs to a store.
fn is_ours(path: &Path) -> bool {
    let whole = path.with_extension("");
    let is_index = |name: &str| path.ends_with(name) || whole.ends_with(name);
    is_component(path) || index::FILES.into_iter().any(is_index)
}

/// Whether a file has the name of a component in a store.
fn is_component(path: &Path) -> bool {
    digest_of(path).is_some()
}
