//! Advisory locks: of several processes, one writes to a folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FlockOperation, flock};
use rustix::system::uname;

/// The right to write to a folder, which one process has at a time. It is a lock on a file, which
/// the system releases when the process ends, however it ends.
///
/// Advisory: it binds only those who ask for it.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
    is_held: AtomicBool,
}

impl Lock {
    /// Name of the file in the folder.
    const FILE: &str = ".lock";

    /// Opens the lock of a folder and acquires it unless another process holds it.
    ///
    /// # Errors
    ///
    /// If the file cannot be created or the file system has no locks.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(Self::FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let lock = Self {
            path,
            file,
            is_held: AtomicBool::new(false),
        };
        lock.acquire()?;
        Ok(lock)
    }

    /// Acquires the lock unless another process holds it; returns whether this process holds it now.
    ///
    /// # Errors
    ///
    /// If the file system has no locks.
    pub fn acquire(&self) -> io::Result<bool> {
        if self.is_held() {
            return Ok(true);
        }
        match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                self.is_held.store(true, Ordering::Release);
                // Only for those who read it: the lock holds without it.
                let _ = self.sign();
                Ok(true)
            }
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether this process holds the lock.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Acquire)
    }

    /// Who holds the lock, in words.
    #[must_use]
    pub fn holder(&self) -> String {
        let signed = fs::read_to_string(&self.path).unwrap_or_default();
        match signed.trim() {
            "" => "another process".to_owned(),
            holder => holder.to_owned(),
        }
    }

    fn sign(&self) -> io::Result<()> {
        let machine = uname();
        let machine = machine.nodename().to_string_lossy();
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "process {} on {machine}", process::id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_the_lock_and_the_next_one_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::open(folder.path()).unwrap();
        // Locks belong to open files, not to processes.
        let second = Lock::open(folder.path()).unwrap();
        assert!(first.is_held() && !second.is_held());
        assert!(!second.acquire().unwrap());
        let holder = format!("process {} on ", process::id());
        assert!(second.holder().starts_with(&holder), "{}", second.holder());
        drop(first);
        assert!(second.acquire().unwrap() && second.is_held());
    }
}
