//! A slow lane: work that takes longer than a request should wait for.
//!
//! Evaluations, batches and the compilation of models run on threads of their own with a low
//! priority, so that the threads that answer `/predict` always come first. The lane is bounded:
//! what it cannot take soon is refused at once rather than queued without end.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{Semaphore, oneshot};

/// Threads with a low priority and a bounded queue.
pub struct Lane {
    pool: ThreadPool,
    places: Arc<Semaphore>,
}

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

    /// Does a piece of work in the lane and waits for its result.
    ///
    /// # Errors
    ///
    /// If the lane is full or the work panicked.
    pub async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, LaneError> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| LaneError::Full)?;
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            drop(place);
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
        let first = lane.run(move || blocked.recv());
        let second = async {
            let refused = lane.run(|| ()).await;
            release.send(()).unwrap();
            refused
        };
        let (first, second) = tokio::join!(first, second);
        assert_eq!(first, Ok(Ok(())));
        assert_eq!(second, Err(LaneError::Full));
        assert_eq!(
            lane.run(|| panic!("on purpose")).await,
            Err::<(), _>(LaneError::Panicked)
        );
        assert_eq!(lane.run(|| 7).await, Ok(7));
    }
}
