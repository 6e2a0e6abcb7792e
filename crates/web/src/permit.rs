//! Admission: permits that requests take once their bodies have arrived.

use std::sync::Arc;

use canopy_pool::{self as pool, BackgroundPool, NoThreads, Owner, Share, Shares};
use canopy_resources::cores;

use super::body::AT_ONCE;
use super::class::Class;
use super::problem::Problem;

/// Maximum number of components that are compiled for clients at a time, running or waiting.
pub const UPLOADS: usize = 4;

/// The permits of a server and the pools in which its handlers run work.
pub struct Permits {
    /// The pool for work that takes longer than a prediction.
    pub background: Arc<BackgroundPool>,
    /// The pool for evaluations, apart so that batches of predictions do not wait behind them.
    pub evaluations: Arc<BackgroundPool>,
    /// The pool that compiles components.
    pub uploads: Arc<BackgroundPool>,
    fast: Shares,
}

/// What a request was admitted with.
pub enum Permit<'a> {
    /// Nothing: its class needs none.
    Open,
    /// A permit for a fast call.
    Fast(Share<&'a Shares>),
    /// A permit of a pool.
    Background(pool::Permit),
}

impl Permits {
    /// Permits for this many fast calls, and for this much work in the pool for batches and in that
    /// for evaluations.
    ///
    /// # Errors
    ///
    /// If the threads of a pool cannot be started.
    pub fn new(max_in_flight: usize, background_permits: usize) -> Result<Self, NoThreads> {
        let threads = cores();
        let half = threads.div_ceil(2);
        let pool = |threads, permits| BackgroundPool::new(threads, permits).map(Arc::new);
        Ok(Self {
            background: pool(half, background_permits)?,
            evaluations: pool(half, background_permits)?,
            uploads: pool(threads, UPLOADS)?,
            fast: Shares::new(max_in_flight),
        })
    }

    /// Takes a permit of a class for a request with a body of this length.
    ///
    /// # Errors
    ///
    /// 503 if the owner's share of the permits is used up.
    pub(super) fn take(
        &self,
        class: Class,
        length: usize,
        owner: Owner,
    ) -> Result<Permit<'_>, Problem> {
        match self.pool(class, Some(length as u64)) {
            None if class == Class::Open => Ok(Permit::Open),
            None => {
                let share = Shares::take(&self.fast, owner);
                share.map(Permit::Fast).ok_or_else(|| full(class))
            }
            Some(pool) => {
                let permit = pool.permit(owner);
                permit.map(Permit::Background).map_err(|_| full(class))
            }
        }
    }

    /// Checks that a permit of a class is free, before the body of a request with this length is
    /// read.
    ///
    /// # Errors
    ///
    /// 503 if there is none.
    pub(super) fn check(&self, class: Class, length: Option<u64>) -> Result<(), Problem> {
        let is_free = match self.pool(class, length) {
            None => class == Class::Open || self.fast.has_free(),
            Some(pool) => pool.has_free_permit(),
        };
        if is_free { Ok(()) } else { Err(full(class)) }
    }

    /// The pool that a request of a class and length takes its permit from, if any.
    fn pool(&self, class: Class, length: Option<u64>) -> Option<&BackgroundPool> {
        let is_small = length.is_some_and(|length| length <= AT_ONCE as u64);
        match class {
            Class::Open | Class::Fast => None,
            Class::BySize if is_small => None,
            Class::Background | Class::BySize => Some(&self.background),
            Class::Evaluation => Some(&self.evaluations),
            Class::Upload => Some(&self.uploads),
        }
    }
}

fn full(class: Class) -> Problem {
    Problem::overload(match class {
        Class::Open | Class::Fast | Class::BySize => {
            "too many requests are in flight; try again later"
        }
        Class::Background => "too many batches are waiting; try again later",
        Class::Evaluation => "too many evaluations are waiting; try again later",
        Class::Upload => "too many components are being uploaded; try again later",
    })
}

impl Permit<'_> {
    /// The permit of a pool, if it is one.
    #[must_use]
    pub fn of_pool(&self) -> Option<&pool::Permit> {
        match self {
            Self::Background(permit) => Some(permit),
            Self::Open | Self::Fast(_) => None,
        }
    }
}
