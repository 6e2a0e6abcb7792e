//! The file of users while a server runs.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use canopy_disk::ChangeDetector;
use parking_lot::Mutex;
use prometheus::IntGauge;
use tracing::{error, info, warn};

use super::user::{Users, UsersError};

/// The users of a server, reloaded when their file changes.
///
/// While the file is gone or damaged, the users that were read last are let in for a stated time: a
/// mishap with the file locks nobody out at once, and one that nobody notices leaves no door open for
/// ever.
pub(super) struct UsersFile {
    path: PathBuf,
    changes: ChangeDetector,
    grace: Duration,
    users: ArcSwap<Users>,
    /// When the file was first found unusable.
    unusable: Mutex<Option<Since>>,
    gauge: OnceLock<IntGauge>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    first: Instant,
    /// Whether the grace is over.
    is_closed: bool,
}

impl UsersFile {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// If the file does not exist or cannot be used.
    pub(super) fn open(path: PathBuf, grace: Duration) -> Result<Self, UsersError> {
        let changes = ChangeDetector::new(vec![path.clone()]);
        let users = Users::load(&path)?;
        Ok(Self {
            path,
            changes,
            grace,
            users: ArcSwap::from_pointee(users),
            unusable: Mutex::default(),
            gauge: OnceLock::new(),
        })
    }

    /// The users that are let in.
    pub(super) fn users(&self) -> Arc<Users> {
        self.users.load_full()
    }

    /// Shows in a gauge whether the file is unusable.
    pub(super) fn report_to(&self, gauge: IntGauge) {
        gauge.set(self.unusable.lock().is_some().into());
        // Only the first one; there is one set of metrics.
        let _ = self.gauge.set(gauge);
    }

    /// Reloads the users if the file has changed, and lets nobody in once the grace is over.
    pub(super) fn refresh(&self, now: Instant) {
        let mut unusable = self.unusable.lock();
        if self.changes.has_changed() {
            match Users::load(&self.path) {
                Ok(users) => {
                    let count = users.users.len();
                    self.users.store(Arc::new(users));
                    *unusable = None;
                    info!(users = count, "users reloaded");
                }
                Err(error) => {
                    let grace = self.grace;
                    let error = format!("{:#}", anyhow::Error::from(error));
                    warn!(
                        error,
                        ?grace,
                        "cannot reload users; keeping the previous ones"
                    );
                    unusable.get_or_insert(Since {
                        first: now,
                        is_closed: false,
                    });
                }
            }
        }
        if let Some(since) = unusable.as_mut().filter(|since| !since.is_closed)
            && now.duration_since(since.first) >= self.grace
        {
            since.is_closed = true;
            self.users.store(Arc::default());
            error!(path = ?self.path, "nobody is let in until the file of users is back");
        }
        if let Some(gauge) = self.gauge.get() {
            gauge.set(unusable.is_some().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::secret;
    use crate::user::User;
    use crate::{Role, Roles};

    #[test]
    fn without_their_file_users_are_let_in_for_the_grace_and_again_when_it_is_back() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("users.json");
        let user = User {
            roles: Roles::from(vec![Role::Predict]),
            since: 1,
            password: None,
            key: Some(secret::hash_key("canopy_a")),
        };
        Users::change(&path, |users| {
            users.users.insert("ada".parse().unwrap(), user);
            Ok::<_, UsersError>(())
        })
        .unwrap();
        let file = UsersFile::open(path.clone(), Duration::from_secs(60)).unwrap();
        let gauge = IntGauge::new("unreadable", "It is.").unwrap();
        file.report_to(gauge.clone());
        let is_let_in = || file.users().with_key("canopy_a").is_some();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let whole = fs::read(&path).unwrap();

        for (round, harm) in [&b"{"[..], &whole[..20]].into_iter().enumerate() {
            let begin = 1000 * round as u64;
            file.refresh(after(begin));
            assert!(is_let_in() && gauge.get() == 0);
            fs::remove_file(&path).unwrap();
            file.refresh(after(begin + 1));
            assert!(is_let_in() && gauge.get() == 1);
            // Something else is wrong with it now; that is no reason to wait longer.
            fs::write(&path, harm).unwrap();
            file.refresh(after(begin + 60));
            assert!(is_let_in() && gauge.get() == 1);
            file.refresh(after(begin + 61));
            assert!(!is_let_in() && gauge.get() == 1);
            file.refresh(after(begin + 500));
            assert!(!is_let_in());
            canopy_disk::write_private(&path, &whole).unwrap();
            file.refresh(after(begin + 501));
            assert!(is_let_in() && gauge.get() == 0);
        }
    }
}
