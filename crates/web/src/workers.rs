//! Worker threads, one per core, that read and answer requests.
//!
//! A connection stays on its thread, so that threads share little memory and none is woken just to
//! sample for work. A work-stealing runtime multiplied the 99th percentile latency and used more
//! processor time. The cost: connections that become busy on the same thread share it, even if
//! another thread is idle.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use canopy_resources::cores;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Minimum interval between two measurements of the load.
const INTERVAL: Duration = Duration::from_millis(100);
/// Smallest load that a connection is expected to add to its thread.
const MIN_LOAD: f64 = 0.001;

/// Worker threads, each with its own connections; dropping them cancels what still runs.
pub struct Workers {
    workers: Vec<Worker>,
    /// Time of the last measurement.
    sampled: Instant,
    /// Load that a new connection is expected to add.
    expected_load: f64,
}

struct Worker {
    runtime: Handle,
    /// Number of open connections.
    open: Arc<AtomicUsize>,
    /// Total busy time at the last measurement.
    busy: Duration,
    /// Recent share of busy time, plus the expected share of new connections.
    load: f64,
    /// Stops the thread when dropped.
    _stop: oneshot::Sender<()>,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// If the system has no more threads or file descriptors.
    pub fn start() -> io::Result<Self> {
        Self::with(cores())
    }

    fn with(threads: usize) -> io::Result<Self> {
        let workers = (0..threads).map(Worker::start).collect::<Result<_, _>>()?;
        Ok(Self {
            workers,
            sampled: Instant::now(),
            expected_load: MIN_LOAD,
        })
    }

    /// Serves a connection on the thread with the lowest recent load; on a tie, with the fewest
    /// connections.
    pub(super) fn spawn(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        if self.sampled.elapsed() >= INTERVAL {
            self.sample();
        }
        let workers = self.workers.iter_mut();
        let Some(worker) = workers.min_by(|a, b| {
            let loads = a.load.total_cmp(&b.load);
            loads.then_with(|| a.open().cmp(&b.open()))
        }) else {
            return;
        };
        worker.load += self.expected_load;
        worker.open.fetch_add(1, Ordering::Relaxed);
        let open_guard = Open(Arc::clone(&worker.open));
        worker.runtime.spawn(async move {
            let _open_guard = open_guard;
            connection.await;
        });
    }

    /// Measures the load of the threads since the last measurement.
    fn sample(&mut self) {
        let elapsed = self.sampled.elapsed();
        self.sampled = Instant::now();
        for worker in &mut self.workers {
            let busy = worker.runtime.metrics().worker_total_busy_duration(0);
            let recent = busy.saturating_sub(worker.busy);
            worker.load = recent.as_secs_f64() / elapsed.as_secs_f64();
            worker.busy = busy;
        }
        let load: f64 = self.workers.iter().map(|worker| worker.load).sum();
        let open: usize = self.workers.iter().map(Worker::open).sum();
        self.expected_load = (load / open.max(1) as f64).max(MIN_LOAD);
    }
}

impl Worker {
    fn start(index: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || runtime.block_on(stopped))?;
        Ok(Self {
            runtime: handle,
            open: Arc::default(),
            busy: Duration::ZERO,
            load: 0.0,
            _stop: stop,
        })
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// Counts an open connection.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// The name of the thread that a connection is assigned to, after doing some work there.
    fn thread_of(workers: &mut Workers, work: impl FnOnce() + Send + 'static) -> Option<String> {
        let (sender, receiver) = mpsc::channel();
        workers.spawn(async move {
            work();
            let name = thread::current().name().map(str::to_owned);
            sender.send(name).unwrap();
        });
        receiver.recv().unwrap()
    }

    #[test]
    fn connections_of_idle_threads_are_spread() {
        let mut workers = Workers::with(2).unwrap();
        (0..10).for_each(|_| workers.spawn(std::future::pending()));
        let open: Vec<usize> = workers.workers.iter().map(Worker::open).collect();
        assert_eq!(open, [5, 5]);
    }

    #[test]
    fn a_connection_goes_to_the_thread_that_was_the_least_busy_even_if_it_has_more() {
        let mut workers = Workers::with(2).unwrap();
        let start = Instant::now();
        let busy = thread_of(&mut workers, move || {
            while start.elapsed() < 2 * INTERVAL {
                std::hint::spin_loop();
            }
        });
        workers.sampled = start;
        // Updated when the thread becomes idle.
        let was_busy =
            |worker: &Worker| worker.runtime.metrics().worker_total_busy_duration(0) > INTERVAL;
        while !workers.workers.iter().any(was_busy) {
            thread::yield_now();
        }
        let idle = workers.workers.iter().position(|worker| !was_busy(worker));
        let many = &workers.workers[idle.unwrap()].open;
        many.fetch_add(5, Ordering::Relaxed);
        assert_ne!(thread_of(&mut workers, || ()), busy);
    }
}
