//! Admission: permits that requests take before their handlers run.

use std::sync::Arc;

use canopy_pool::{self as pool, BackgroundPool, NoThreads, cores};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::body::AT_ONCE;
use super::class::Class;
use super::problem::Problem;

/// Maximum number of components that are uploaded or compiled at a time.
pub const UPLOADS: usize = 4;

/// The permits of a server and its pools.
pub struct Permits {
    /// The pool for work that takes longer than a prediction.
    pub background: Arc<BackgroundPool>,
    /// The pool that compiles components.
    pub uploads: Arc<BackgroundPool>,
    fast: Semaphore,
    max_in_flight: usize,
}

/// The permit that a request was admitted with.
pub enum Permit<'a> {
    /// None is required.
    Open,
    /// A permit for a fast call.
    Fast(SemaphorePermit<'a>),
    /// A permit of a pool.
    Background(pool::Permit),
}

impl Permits {
    /// Permits for `max_in_flight` fast calls and `background_permits` background tasks.
    ///
    /// # Errors
    ///
    /// If the threads of a pool cannot be started.
    pub fn new(max_in_flight: usize, background_permits: usize) -> Result<Self, NoThreads> {
        let threads = cores();
        Ok(Self {
            background: Arc::new(BackgroundPool::new(
                threads.div_ceil(2),
                background_permits,
            )?),
            uploads: Arc::new(BackgroundPool::new(threads, UPLOADS)?),
            fast: Semaphore::new(max_in_flight),
            max_in_flight,
        })
    }

    /// Takes a permit of a class for a request with a body of this length, if known.
    ///
    /// # Errors
    ///
    /// 503 if none is left.
    pub(super) fn take(&self, class: Class, length: Option<u64>) -> Result<Permit<'_>, Problem> {
        let is_small = length.is_some_and(|length| length <= AT_ONCE as u64);
        match class {
            Class::Open => Ok(Permit::Open),
            Class::Fast => self.fast(),
            Class::BySize if is_small => self.fast(),
            Class::Background | Class::BySize => self.background(),
            Class::Upload => {
                let permit = self.uploads.permit().map_err(|_| {
                    Problem::overload("other components are being uploaded; try again later")
                })?;
                Ok(Permit::Background(permit))
            }
        }
    }

    fn fast(&self) -> Result<Permit<'_>, Problem> {
        self.fast.try_acquire().map(Permit::Fast).map_err(|_| {
            let limit = self.max_in_flight;
            Problem::overload(format!("{limit} requests are in flight already"))
        })
    }

    /// Takes a background permit, for a request that turns out to need one.
    ///
    /// # Errors
    ///
    /// 503 if none is left.
    pub fn background(&self) -> Result<Permit<'_>, Problem> {
        Ok(Permit::Background(self.background.permit()?))
    }
}

impl Permit<'_> {
    /// The permit, if it is one of a pool.
    #[must_use]
    pub fn of_pool(&self) -> Option<&pool::Permit> {
        match self {
            Self::Background(permit) => Some(permit),
            Self::Open | Self::Fast(_) => None,
        }
    }
}
