//! Admission of calls of single rows: where a version is called, and who waits for a slow one.
//!
//! A fast version is called on the thread that reads requests: handing the call over would take
//! longer than the call. A slow one would hold up everybody else there, so it is called on threads
//! of its own, as many at a time as there are cores; the rest waits for a call permit.
//!
//! A call that takes long on a thread that reads requests is repeated on another one; one that
//! takes very long is given up first, and calls are made on other threads until the repeated one
//! has ended. Whether the version is slow, or the machine was busy with something else, is told by
//! the processor time that the repeated call takes.
//!
//! The queue is short where it stands: whoever would wait longer than a call takes is refused at
//! once, unless a permit was free a moment ago, so that a burst is served and an overload is
//! not (the controlled delay of Nichols & Jacobson, "Controlling Queue Delay", 2012, in the
//! form for servers).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use canopy_pool::cores;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use canopy_runtime::CallError;

/// Admits calls of one version.
#[derive(Debug)]
pub struct CallAdmission {
    start: Instant,
    /// Nanoseconds after the start until which calls are made on other threads.
    elsewhere_until: AtomicU64,
    /// Mean time of its calls in nanoseconds, the newest with the most weight.
    mean: AtomicU64,
    /// Callers that wait for a permit.
    waiting: AtomicUsize,
    /// Nanoseconds after the start when somebody last found a free permit. That nobody waits says
    /// less: under overload it happens again and again, for a moment.
    last_idle: AtomicU64,
    /// Permits that are free.
    permits: Arc<Semaphore>,
    /// Permits that there are.
    width: usize,
}

/// The right to make one call of a slow version; given back when dropped.
#[derive(Debug)]
pub struct CallPermit(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl CallAdmission {
    /// Longest time that a call may take on a thread that reads requests; it is repeated elsewhere.
    pub const PATIENCE: Duration = Duration::from_millis(20);
    /// A version whose calls take longer than this on average is slow, and a call that did may
    /// have waited for a processor.
    pub const FAST: Duration = Duration::from_millis(1);
    /// Time for which calls are made elsewhere after one was slow or given up.
    const PROBATION: Duration = Duration::from_secs(5);
    /// Time without a free permit after which a queue stands.
    const STANDING: Duration = Duration::from_millis(100);
    /// Longest wait that a burst may cause: so many times the mean, or so long.
    const BURST: (u64, Duration) = (4, Duration::from_millis(10));

    /// Admission for a version nobody knows yet; `is_blocking` says that it must never be called on
    /// a thread that reads requests.
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

    /// Whether a call may be made on a thread that reads requests.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        match self.elsewhere_until.load(Ordering::Relaxed) {
            0 => true,
            until => until < self.now(),
        }
    }

    /// A call of one row took this long.
    pub fn called(&self, duration: Duration) {
        let duration = nanos(duration);
        let mean = self.mean.load(Ordering::Relaxed);
        // An eighth of the difference; two threads may forget each other's call.
        let mean = mean - mean / 8 + duration / 8;
        self.mean.store(mean, Ordering::Relaxed);
        if mean > nanos(Self::FAST) {
            self.call_elsewhere();
        }
    }

    /// A call of one row was repeated and took this much processor time. If that is little, the
    /// machine was busy and not the version slow.
    pub fn repeated(&self, duration: Duration) {
        self.called(duration);
        let is_slow = self.mean.load(Ordering::Relaxed) > nanos(Self::FAST);
        if duration <= Self::FAST && !is_slow {
            self.elsewhere_until.store(0, Ordering::Relaxed);
        }
    }

    /// A call of one row was given up after [`Self::PATIENCE`].
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
    /// If the wait would be too long: the caller is refused at once.
    pub async fn permit(&self) -> Result<CallPermit, CallError> {
        let now = self.now();
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _here = Waiting(&self.waiting);
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

    /// Nanoseconds until so many callers have had a permit.
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

/// Somebody in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
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
    fn one_outlier_does_not_make_a_version_slow_but_a_habit_does() {
        let admission = CallAdmission::new(false);
        (0..100).for_each(|_| admission.called(Duration::from_micros(5)));
        admission.called(Duration::from_millis(5));
        assert!(admission.is_fast());
        (0..20).for_each(|_| admission.called(Duration::from_millis(5)));
        assert!(!admission.is_fast());
    }

    #[test]
    fn a_version_is_called_elsewhere_once_it_outlasted_patience() {
        let admission = CallAdmission::new(false);
        admission.outlasted();
        assert!(!admission.is_fast());
        admission.repeated(Duration::from_millis(5));
        assert!(!admission.is_fast());
        assert!(!CallAdmission::new(true).is_fast());
    }

    #[test]
    fn a_version_is_fast_again_if_only_the_machine_was_busy() {
        let admission = CallAdmission::new(false);
        admission.outlasted();
        admission.repeated(Duration::from_micros(5));
        assert!(admission.is_fast());
    }

    /// Admission without free permits, for calls that take so long, and everybody who came to wait.
    async fn crowd(call: Duration, callers: usize) -> (usize, usize) {
        let admission = Arc::new(CallAdmission::new(true));
        (0..100).for_each(|_| admission.called(call));
        let mut permits = Vec::new();
        for _ in 0..admission.width {
            permits.push(admission.permit().await.unwrap());
        }
        let asked: Vec<_> = (0..callers)
            .map(|_| {
                let admission = Arc::clone(&admission);
                context::spawn(async move { admission.permit().await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(permits);
        let mut served = 0;
        for caller in asked {
            served += usize::from(caller.await.unwrap().is_ok());
        }
        (served, admission.width)
    }

    #[tokio::test]
    async fn a_burst_waits_and_the_rest_is_refused() {
        let (served, width) = crowd(Duration::from_millis(10), 1000).await;
        // Four calls each, less what rounding takes.
        assert!((3 * width..=4 * width).contains(&served), "{served}");
    }

    #[tokio::test]
    async fn nobody_is_refused_whose_wait_is_short() {
        let (served, _) = crowd(Duration::from_micros(5), 1000).await;
        assert_eq!(served, 1000);
    }
}
