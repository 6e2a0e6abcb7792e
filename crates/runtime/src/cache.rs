//! The compiled-code cache: machine code kept on disk so that the next start need not compile.
//!
//! Each entry is one file. Its header records the component it was compiled from, the engine it
//! was compiled for (wasmtime's version, its settings and the processor's features) and the digest
//! of the code that follows. An entry that does not match exactly, or that another user could have
//! written, is ignored and the component is compiled again. An unusable cache costs time but never
//! prevents a model from loading.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rustix::fs::OFlags;
use rustix::process::{Pid, geteuid, getpid, test_kill_process};
use sha2::{Digest as _, Sha256};
use tracing::warn;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::digest::{Digest, hex};

/// Magic bytes of an entry; the last one is the version of the layout.
const MAGIC: &[u8; 8] = b"canopy\0\x01";
/// Length of the header in bytes: magic, then the digests of component, engine and code.
const HEADER: usize = 8 + 3 * 32;
/// Minimum capacity in entries; the most recently used ones are kept.
const ENTRIES: usize = 64;
/// Entries per model that may be loaded: the serving version, the previous one and the candidate.
const ENTRIES_PER_MODEL: usize = 3;
/// File extension of an entry that is still being written.
const PARTIAL: &str = "partial";

/// A folder of compiled components.
pub(super) struct Cache {
    folder: PathBuf,
    engine: [u8; 32],
    entries: usize,
}

impl Cache {
    /// Opens the cache in `folder`, sized for `models` models. Creates the folder if it does not
    /// exist and removes partial files left by processes that were killed.
    pub(super) fn open(folder: &Path, engine: &Engine, models: u32) -> Option<Self> {
        let cache = Self {
            folder: folder.to_owned(),
            engine: fingerprint(engine),
            entries: ENTRIES.max(ENTRIES_PER_MODEL * models as usize),
        };
        let created = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .and_then(|()| cache.check_folder())
            .inspect_err(|error| warn!(?folder, %error, "compiled code is not cached"));
        created.ok()?;
        cache.sweep();
        Some(cache)
    }

    /// Looks up the compiled code of a component; `None` if there is no valid entry.
    pub(super) fn get(&self, engine: &Engine, component: &Digest) -> Option<Component> {
        let path = self.path(component);
        match self.read(engine, component, &path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                warn!(?path, %error, "ignoring a cached component");
                None
            }
        }
    }

    /// Stores the compiled code of a component.
    pub(super) fn put(&self, component: &Digest, compiled: &Component) {
        let path = self.path(component);
        let written = compiled
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.write(component, &code, &path));
        match written {
            Ok(()) => self.prune(),
            Err(error) => warn!(?path, %error, "compiled code is not cached"),
        }
    }

    fn path(&self, component: &Digest) -> PathBuf {
        let engine = hex(&self.engine[..8]);
        self.folder.join(format!("{component}-{engine}"))
    }

    fn read(&self, engine: &Engine, component: &Digest, path: &Path) -> io::Result<Component> {
        self.check_folder()?;
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
            .open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        check_owner(&metadata)?;
        let mut entry = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.read_to_end(&mut entry)?;
        let code = entry.get(HEADER..).unwrap_or_default();
        if entry.get(..HEADER) != Some(&self.header(component, code)[..]) {
            return Err(io::Error::other("it is damaged"));
        }
        // SAFETY: `code` must be the output of `Component::serialize` for this engine; forged code
        // would run outside the sandbox. The bytes that were checked are the bytes that are used.
        // The digests in the header prove that they are intact and belong to this component and
        // engine, but not who wrote them. For that we rely on the file system: file and folder
        // belong to this user and nobody else may write to them. Anyone who can write as this
        // user, or as root, could replace the host itself as well.
        let compiled = unsafe { Component::deserialize(engine, code) }.map_err(io::Error::other)?;
        // The modification time records the last use, for `prune`; failing to set it only means that
        // the entry may be evicted earlier.
        let _ = file.set_modified(SystemTime::now());
        Ok(compiled)
    }

    fn write(&self, component: &Digest, code: &[u8], path: &Path) -> io::Result<()> {
        self.check_folder()?;
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (process, count) = (
            getpid().as_raw_nonzero(),
            COUNT.fetch_add(1, Ordering::Relaxed),
        );
        let partial = path.with_extension(format!("{count}.{process}.{PARTIAL}"));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .and_then(|mut file| {
                file.write_all(&self.header(component, code))?;
                file.write_all(code)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&partial, path))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        written.inspect_err(|_| {
            let _ = fs::remove_file(&partial);
        })
    }

    fn header(&self, component: &Digest, code: &[u8]) -> Vec<u8> {
        [
            &MAGIC[..],
            component.as_bytes(),
            &self.engine,
            &Sha256::digest(code),
        ]
        .concat()
    }

    fn check_folder(&self) -> io::Result<()> {
        check_owner(&fs::symlink_metadata(&self.folder)?)
    }

    /// Evicts the least recently used entries beyond the capacity.
    fn prune(&self) {
        let mut entries: Vec<(SystemTime, PathBuf)> = self
            .files()
            .filter(|path| path.extension().is_none())
            .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
            .collect();
        entries.sort_unstable();
        let surplus = entries.len().saturating_sub(self.entries);
        for (_, path) in &entries[..surplus] {
            let _ = fs::remove_file(path);
        }
    }

    /// Removes partial files whose process has ended. A file that bears this process's id is from an
    /// earlier process with the same id.
    fn sweep(&self) {
        let is_stale = |path: &PathBuf| {
            let name = path.file_name()?.to_str()?.strip_suffix(PARTIAL)?;
            let process = name.strip_suffix('.')?.rsplit('.').next()?.parse().ok()?;
            let process = Pid::from_raw(process)?;
            Some(process == getpid() || test_kill_process(process).is_err())
        };
        for path in self.files().filter(|path| is_stale(path) == Some(true)) {
            let _ = fs::remove_file(path);
        }
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path()))
    }
}

/// Rejects files and folders that anyone but this user can write to.
fn check_owner(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(io::Error::other("it is owned by another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("other users can write to it"));
    }
    Ok(())
}

/// A digest of the engine's version, settings and target; compiled code runs only on an engine
/// with the same one.
fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hasher = Fingerprint(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// A [`Hasher`] over SHA-256: std's own is neither collision-resistant nor stable across releases.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.clone().finalize()[0].into()
    }
}
