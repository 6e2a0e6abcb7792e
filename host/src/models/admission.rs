//! Admission control for calls with a single row: which thread makes a call, and which calls wait.
//!
//! A fast version is called on the I/O thread that reads the request, because handing the call over
//! would take longer than the call itself. A slow version would block other requests there, so it is
//! called on separate threads. Their number is limited to the number of cores by call permits.
//!
//! A call that takes long on an I/O thread is repeated on a separate one. A call that takes very
//! long is interrupted first, and further calls are made on separate threads until the repeated call
//! has finished. The processor time of the repeated call tells whether the version is slow or the
//! machine was busy with something else.
//!
//! The queue for permits tolerates bursts but not overload: if no permit has been free recently, a
//! call that would have to wait longer than a call takes is refused immediately. This is controlled
//! delay (Nichols & Jacobson, "Controlling Queue Delay", 2012) adapted to servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use canopy_resources::cores;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use canopy_runtime::CallError;

/// Admission control for the calls of one version.
#[derive(Debug)]
pub struct CallAdmission {
    start: Instant,
    /// Nanoseconds after `start` until which calls are made on separate threads; 0 if they are not.
    elsewhere_until: AtomicU64,
    /// Exponentially weighted mean duration of calls in nanoseconds.
    mean: AtomicU64,
    /// Number of callers waiting for a permit.
    waiting: AtomicUsize,
    /// Nanoseconds after `start` when a caller last found a free permit. An empty queue would be a
    /// weaker signal, as the queue is briefly empty again and again even under overload.
    last_idle: AtomicU64,
    /// The free permits.
    permits: Arc<Semaphore>,
    /// Total number of permits.
    width: usize,
}

/// The right to make one call of a slow version; returned when dropped.
#[derive(Debug)]
pub struct CallPermit(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl CallAdmission {
    /// Deadline of a call on an I/O thread; a call that exceeds it is repeated on a separate thread.
    pub const IO_DEADLINE: Duration = Duration::from_millis(20);
    /// A version whose calls take longer than this on average is slow. A single call that takes
    /// longer may only have waited for a processor.
    pub const FAST: Duration = Duration::from_millis(1);
    /// How long calls are made on separate threads after one was slow or interrupted.
    const PROBATION: Duration = Duration::from_secs(5);
    /// How long there must have been no free permit for the queue to count as a standing queue.
    const STANDING: Duration = Duration::from_millis(100);
    /// Maximum wait in a burst: the larger of this multiple of the mean and this duration.
    const BURST: (u64, Duration) = (4, Duration::from_millis(10));

    /// Creates the admission control of a new version. If `is_blocking`, the version is never called
    /// on an I/O thread.
    #[must_use]
    pub fn new(is_blocking: bool) -> Self {
        let width = cores();
        Self {
            start: Instant::now(),
            elsewhere_until: AtomicU64::new(if is_blocking { u64::MAX } else { 0 }),
            mean: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            last_idle: AtomicU64::new(0),
            permits: Arc::new(Semaphore::new(width)),
            width,
        }
    }

    /// Whether a call may be made on an I/O thread.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        match self.elsewhere_until.load(Ordering::Relaxed) {
            0 => true,
            until => until < self.now(),
        }
    }

    /// Records the duration of a call with one row.
    pub fn called(&self, duration: Duration) {
        let duration = nanos(duration);
        let mean = self.mean.load(Ordering::Relaxed);
        // Weight 1/8. Concurrent updates may lose one of the calls, which does no harm.
        let mean = mean - mean / 8 + duration / 8;
        self.mean.store(mean, Ordering::Relaxed);
        if mean > nanos(Self::FAST) {
            self.call_elsewhere();
        }
    }

    /// Records the processor time of a repeated call with one row. If it is small, the machine was
    /// busy and the version is not slow.
    pub fn repeated(&self, duration: Duration) {
        self.called(duration);
        let is_slow = self.mean.load(Ordering::Relaxed) > nanos(Self::FAST);
        if duration <= Self::FAST && !is_slow {
            self.elsewhere_until.store(0, Ordering::Relaxed);
        }
    }

    /// Records that a call with one row was interrupted after [`Self::IO_DEADLINE`].
    pub fn outlasted(&self) {
        self.call_elsewhere();
    }

    fn call_elsewhere(&self) {
        let until = self.now() + nanos(Self::PROBATION);
        self.elsewhere_until.fetch_max(until, Ordering::Relaxed);
    }

    /// Waits for a permit.
    ///
    /// # Errors
    ///
    /// Immediately, if the wait would be too long.
    pub async fn permit(&self) -> Result<CallPermit, CallError> {
        let now = self.now();
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _guard = WaitGuard(&self.waiting);
        if self.permits.available_permits() > 0 {
            self.last_idle.store(now, Ordering::Relaxed);
        }
        if self.wait(waiting) >= self.longest_wait(now) && waiting >= self.width {
            return Err(CallError::Busy);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        // The semaphore is never closed.
        permit.map(CallPermit).map_err(|_| CallError::Busy)
    }

    /// Expected nanoseconds until `callers` callers have been admitted.
    fn wait(&self, callers: usize) -> u64 {
        let mean = self.mean.load(Ordering::Relaxed);
        mean.saturating_mul(callers as u64) / self.width as u64
    }

    fn longest_wait(&self, now: u64) -> u64 {
        let mean = self.mean.load(Ordering::Relaxed);
        let idle = self.last_idle.load(Ordering::Relaxed);
        if now.saturating_sub(idle) > nanos(Self::STANDING) {
            mean.max(nanos(Self::FAST))
        } else {
            (Self::BURST.0 * mean).max(nanos(Self::BURST.1))
        }
    }

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }
}

/// Counts a caller as waiting until it is dropped.
struct WaitGuard<'a>(&'a AtomicUsize);

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use canopy_telemetry::context;

    use super::*;

    #[test]
    fn one_outlier_does_not_make_a_version_slow_but_repeated_slow_calls_do() {
        let admission = CallAdmission::new(false);
        (0..100).for_each(|_| admission.called(Duration::from_micros(5)));
        admission.called(Duration::from_millis(5));
        assert!(admission.is_fast());
        (0..20).for_each(|_| admission.called(Duration::from_millis(5)));
        assert!(!admission.is_fast());
    }

    #[test]
    fn an_interrupted_call_moves_further_calls_to_separate_threads() {
        let admission = CallAdmission::new(false);
        admission.outlasted();
        assert!(!admission.is_fast());
        admission.repeated(Duration::from_millis(5));
        assert!(!admission.is_fast());
        assert!(!CallAdmission::new(true).is_fast());
    }

    #[test]
    fn a_version_stays_fast_if_the_machine_was_merely_busy() {
        let admission = CallAdmission::new(false);
        admission.outlasted();
        admission.repeated(Duration::from_micros(5));
        assert!(admission.is_fast());
    }

    /// Has `callers` callers ask for a permit while none is free, for calls of the given duration.
    /// Returns how many were admitted, and the number of permits.
    async fn admitted(call: Duration, callers: usize) -> (usize, usize) {
        let admission = Arc::new(CallAdmission::new(true));
        (0..100).for_each(|_| admission.called(call));
        let mut permits = Vec::new();
        for _ in 0..admission.width {
            permits.push(admission.permit().await.unwrap());
        }
        let waiting: Vec<_> = (0..callers)
            .map(|_| {
                let admission = Arc::clone(&admission);
                context::spawn(async move { admission.permit().await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(permits);
        let mut admitted = 0;
        for caller in waiting {
            admitted += usize::from(caller.await.unwrap().is_ok());
        }
        (admitted, admission.width)
    }

    #[tokio::test]
    async fn a_burst_is_admitted_and_the_excess_refused() {
        let (admitted, width) = admitted(Duration::from_millis(10), 1000).await;
        // Four calls per permit, give or take rounding.
        assert!((3 * width..=4 * width).contains(&admitted), "{admitted}");
    }

    #[tokio::test]
    async fn short_waits_are_never_refused() {
        let (admitted, _) = admitted(Duration::from_micros(5), 1000).await;
        assert_eq!(admitted, 1000);
    }
}
