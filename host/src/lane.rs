//! A slow lane: work that takes longer than a request should wait for.
//!
//! Evaluations, batches and the compilation of models run on threads of their own with a low
//! priority, so that the threads that answer `/predict` always come first. The lane is bounded:
//! what it cannot take soon is refused at once rather than queued without end.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::log::about;

/// Threads with a low priority and a bounded queue.
pub struct Lane {
    pool: ThreadPool,
    places: Arc<Semaphore>,
}

/// A place in the lane; free again when it is dropped and the work done.
#[derive(Debug, Clone)]
pub struct Place(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// Why the lane did not do a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    /// The queue is full.
    #[error("too much work is waiting")]
    Full,
    /// The work panicked.
    #[error("the work failed unexpectedly")]
    Panicked,
}

impl Lane {
    /// Niceness of the lane's threads: a tenth of the weight of a normal thread.
    const NICENESS: i32 = 10;

    /// A lane of `threads` threads that takes up to `places` pieces of work, running or waiting.
    ///
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn new(threads: usize, places: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("slow-lane-{index}"))
            .start_handler(|_| {
                // Where this is not allowed the lane still works, with normal priority.
                let _ = rustix::process::nice(Self::NICENESS);
            })
            .build()?;
        Ok(Self {
            pool,
            places: Arc::new(Semaphore::new(places)),
        })
    }

    /// A place for a piece of work, to be taken before anything is prepared for it.
    ///
    /// # Errors
    ///
    /// If the lane is full.
    pub fn place(&self) -> Result<Place, LaneError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place
            .map(|permit| Place(Arc::new(permit)))
            .map_err(|_| LaneError::Full)
    }

    /// Does a piece of work of the host's own for whose end nobody waits. It must not panic.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.pool.spawn(work);
    }

    /// Does a piece of work in the lane and waits for its result.
    ///
    /// # Errors
    ///
    /// If the work panicked.
    pub async fn run<R: Send + 'static>(
        &self,
        place: &Place,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, LaneError> {
        let place = place.clone();
        self.run_own(move || {
            let _until_the_end = place;
            work()
        })
        .await
    }

    /// As [`Self::run`], for work of the host's own that must not be refused.
    ///
    /// # Errors
    ///
    /// If the work panicked.
    pub async fn run_own<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, LaneError> {
        let (sender, receiver) = oneshot::channel();
        let about = about::current();
        self.spawn(move || {
            let work = std::panic::AssertUnwindSafe(|| about::within(about, work));
            let result = std::panic::catch_unwind(work);
            // Nobody waits any more if the client went away.
            let _ = sender.send(result);
        });
        match receiver.await {
            Ok(Ok(result)) => Ok(result),
            _ => Err(LaneError::Panicked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn refuses_work_when_full_and_survives_a_panic() {
        let lane = Lane::new(1, 1).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let place = lane.place().unwrap();
        assert_eq!(lane.place().unwrap_err(), LaneError::Full);
        release.send(()).unwrap();
        assert_eq!(lane.run(&place, move || blocked.recv()).await, Ok(Ok(())));
        assert_eq!(
            lane.run(&place, || panic!("on purpose")).await,
            Err::<(), _>(LaneError::Panicked)
        );
        drop(place);
        assert_eq!(lane.run(&lane.place().unwrap(), || 7).await, Ok(7));
    }
}
