//! The background pool: low-priority threads with a bounded queue that serves its owners in turn.
//!
//! Batches, evaluations and the compilation of models run here, so that the threads that answer
//! single predictions take precedence. The queue is bounded: when it is full, work is refused
//! immediately instead of waiting indefinitely, and no owner may fill it alone ([`Shares`]). Work
//! runs in the request context of its submitter.

mod queue;
mod share;

use std::sync::Arc;

use canopy_telemetry::context;
use parking_lot::Mutex;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use queue::Queue;
pub use share::{Owner, Share, Shares};

/// A pool of low-priority threads with a bounded queue.
pub struct BackgroundPool {
    threads: ThreadPool,
    permits: Arc<Shares>,
    queue: Arc<Mutex<Queue<Work>>>,
}

type Work = Box<dyn FnOnce() + Send>;

/// The right to submit one piece of work. It is returned to the pool when it has been dropped and
/// the work is done.
#[derive(Debug, Clone)]
pub struct Permit {
    owner: Owner,
    _share: Arc<Share<Arc<Shares>>>,
}

/// Why a piece of work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The queue is full.
    #[error("too much background work is waiting")]
    Full,
    /// The work panicked.
    #[error("the work failed unexpectedly")]
    Panicked,
}

/// The threads of a pool could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start background threads")]
pub struct NoThreads(#[from] rayon::ThreadPoolBuildError);

impl BackgroundPool {
    /// Niceness of the threads: they get about a tenth of the share of a thread of normal priority.
    const NICENESS: i32 = 10;

    /// Creates a pool with `threads` threads and `permits` permits.
    ///
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn new(threads: usize, permits: usize) -> Result<Self, NoThreads> {
        let threads = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("background-{index}"))
            .start_handler(|_| {
                // Best effort: if this is not allowed, the threads have normal priority.
                let _ = rustix::process::nice(Self::NICENESS);
            })
            .build()?;
        Ok(Self {
            threads,
            permits: Arc::new(Shares::new(permits)),
            queue: Arc::new(Mutex::new(Queue::new())),
        })
    }

    /// Acquires a permit for a piece of work. Acquire it before preparing the work.
    ///
    /// # Errors
    ///
    /// If the owner's share of the permits is used up.
    pub fn permit(&self, owner: Owner) -> Result<Permit, PoolError> {
        let share = Shares::take(Arc::clone(&self.permits), owner).ok_or(PoolError::Full)?;
        Ok(Permit {
            owner,
            _share: Arc::new(share),
        })
    }

    /// Whether any permit is free.
    #[must_use]
    pub fn has_free_permit(&self) -> bool {
        self.permits.has_free()
    }

    /// Runs work in the background without a permit and without waiting for it. The work must not
    /// panic.
    pub fn spawn(&self, owner: Owner, work: impl FnOnce() + Send + 'static) {
        let context = context::current();
        let work = Box::new(|| context::within(context, work));
        self.queue.lock().push(owner, work);
        let queue = Arc::clone(&self.queue);
        // Each of these does one piece of work, whose turn it is when a thread is free.
        self.threads.spawn(move || {
            let work = queue.lock().pop();
            work.into_iter().for_each(|work| work());
        });
    }

    /// Runs work and waits for its result.
    ///
    /// # Errors
    ///
    /// If the work panicked.
    pub async fn run<R: Send + 'static>(
        &self,
        permit: &Permit,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, PoolError> {
        let permit = permit.clone();
        self.run_unbounded(permit.owner, move || {
            let _until_the_end = permit;
            work()
        })
        .await
    }

    /// Like [`Self::run`], but without a permit, for work that must not be refused.
    ///
    /// # Errors
    ///
    /// If the work panicked.
    pub async fn run_unbounded<R: Send + 'static>(
        &self,
        owner: Owner,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, PoolError> {
        let (sender, receiver) = oneshot::channel();
        self.spawn(owner, move || {
            let work = std::panic::AssertUnwindSafe(work);
            // Sending fails if the client disconnected and nobody is waiting for the result.
            let _ = sender.send(std::panic::catch_unwind(work));
        });
        match receiver.await {
            Ok(Ok(result)) => Ok(result),
            _ => Err(PoolError::Panicked),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use canopy_telemetry::context::RequestContext;

    use super::*;

    #[tokio::test]
    async fn refuses_work_when_full_and_survives_a_panic() {
        let pool = BackgroundPool::new(1, 1).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let permit = pool.permit(Owner::SYSTEM).unwrap();
        assert_eq!(pool.permit(Owner::SYSTEM).unwrap_err(), PoolError::Full);
        release.send(()).unwrap();
        assert_eq!(pool.run(&permit, move || blocked.recv()).await, Ok(Ok(())));
        assert_eq!(
            pool.run(&permit, || panic!("on purpose")).await,
            Err::<(), _>(PoolError::Panicked)
        );
        drop(permit);
        assert_eq!(
            pool.run(&pool.permit(Owner::SYSTEM).unwrap(), || 7).await,
            Ok(7)
        );
    }

    #[tokio::test]
    async fn work_keeps_the_request_context_of_whoever_submits_it() {
        let pool = BackgroundPool::new(1, 1).unwrap();
        let request = RequestContext::new("its-id".into(), None, None, None);
        request.identify("ada".into());
        let look = || {
            let request = context::current()?;
            let user = request.user().unwrap_or_default().to_owned();
            Some((request.id.clone(), user, thread::current().id()))
        };
        let (sender, spawned) = oneshot::channel();
        let seen = context::scope(Arc::new(request), async {
            let permit = pool.permit(Owner::SYSTEM).unwrap();
            pool.spawn(Owner::SYSTEM, move || sender.send(look()).unwrap());
            [
                spawned.await.unwrap(),
                pool.run(&permit, look).await.unwrap(),
                pool.run_unbounded(Owner::SYSTEM, look).await.unwrap(),
            ]
        });
        for seen in seen.await {
            let (id, user, thread) = seen.expect("a request context");
            assert_eq!((id.as_str(), user.as_str()), ("its-id", "ada"));
            assert_ne!(thread, thread::current().id());
        }
        // The context does not carry over to the thread's next work.
        assert_eq!(pool.run_unbounded(Owner::SYSTEM, look).await, Ok(None));
    }
}
