//! The right to change the folder of models.

use std::io::{self, ErrorKind};
use std::path::Path;

use canopy_disk::Lock;
use tracing::warn;

use super::change::ChangeError;

/// Whether this host writes to the folder of models. Of several hosts that have the same folder, the
/// first one does; the others follow what it writes, until one of them takes over.
#[derive(Debug)]
pub(super) struct Access {
    /// `None` if the folder is read-only.
    lock: Option<Lock>,
}

impl Access {
    /// Opens the folder, which exists.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        match Lock::open(folder) {
            Ok(lock) => {
                if !lock.is_held() {
                    let holder = lock.holder();
                    warn!(
                        ?folder,
                        holder,
                        "another host writes to the folder of models; this one follows it and refuses changes"
                    );
                }
                Ok(Self { lock: Some(lock) })
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied
                ) =>
            {
                warn!(?folder, %error, "the folder of models is read-only; models cannot be changed");
                Ok(Self { lock: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether this host writes to the folder.
    pub(super) fn is_writer(&self) -> bool {
        self.lock.as_ref().is_some_and(Lock::is_held)
    }

    /// Checks that this host writes to the folder.
    pub(super) fn check(&self) -> Result<(), ChangeError> {
        match &self.lock {
            None => Err(ChangeError::ReadOnly),
            Some(lock) if lock.is_held() => Ok(()),
            Some(lock) => Err(ChangeError::Following(lock.holder())),
        }
    }

    /// Who writes to the folder, if that is another host.
    pub(super) fn holder(&self) -> Option<String> {
        let lock = self.lock.as_ref()?;
        (!lock.is_held()).then(|| lock.holder())
    }

    /// Becomes the one who writes, if the other host has ended; returns whether that happened now.
    pub(super) fn take_over(&self) -> bool {
        let lock = self.lock.as_ref().filter(|lock| !lock.is_held());
        lock.is_some_and(|lock| lock.acquire().unwrap_or(false))
    }
}
