//! The threads that read requests and answer them, one for each core.
//!
//! A connection stays on its thread, so that the threads share little memory, and none is woken only
//! to look for work. With tasks that any thread may take, the slowest hundredth of requests took
//! several times longer, and all of them used more of the processor. The price: connections that
//! become busy on the same thread share it, even if another one has nothing to do.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use canopy_pool::cores;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Least time between two looks at how busy the threads are.
const LOOK: Duration = Duration::from_millis(100);
/// Least share of a thread's time that a connection is expected to take.
const LEAST: f64 = 0.001;

/// Threads with connections of their own; what still runs ends when they are dropped.
pub struct Workers {
    workers: Vec<Worker>,
    /// When it was last looked at how busy they are.
    looked: Instant,
    /// What a connection is expected to add to the load of its thread.
    each: f64,
}

struct Worker {
    runtime: Handle,
    /// Connections that are open.
    open: Arc<AtomicUsize>,
    /// How long it has been busy in all.
    busy: Duration,
    /// The share of its time that it was busy lately, and what new connections may add.
    load: f64,
    /// Dropped with the worker, it stops the thread.
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
            looked: Instant::now(),
            each: LEAST,
        })
    }

    /// Serves a connection on the thread that was the least busy lately; of those alike on the one
    /// with the fewest connections.
    pub(super) fn spawn(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        if self.looked.elapsed() >= LOOK {
            self.look();
        }
        let workers = self.workers.iter_mut();
        let Some(worker) = workers.min_by(|a, b| {
            let loads = a.load.total_cmp(&b.load);
            loads.then_with(|| a.open().cmp(&b.open()))
        }) else {
            return;
        };
        worker.load += self.each;
        worker.open.fetch_add(1, Ordering::Relaxed);
        let until_the_end = Open(Arc::clone(&worker.open));
        worker.runtime.spawn(async move {
            let _until_the_end = until_the_end;
            connection.await;
        });
    }

    /// Looks how busy the threads were since the last time.
    fn look(&mut self) {
        let passed = self.looked.elapsed();
        self.looked = Instant::now();
        for worker in &mut self.workers {
            let busy = worker.runtime.metrics().worker_total_busy_duration(0);
            let lately = busy.saturating_sub(worker.busy);
            worker.load = lately.as_secs_f64() / passed.as_secs_f64();
            worker.busy = busy;
        }
        let load: f64 = self.workers.iter().map(|worker| worker.load).sum();
        let open: usize = self.workers.iter().map(Worker::open).sum();
        self.each = (load / open.max(1) as f64).max(LEAST);
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

/// A connection that counts.
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

    /// The name of the thread that a connection is given to, which does some work there first.
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
            while start.elapsed() < 2 * LOOK {
                std::hint::spin_loop();
            }
        });
        workers.looked = start;
        // Noted when the thread has nothing more to do.
        let noted = |worker: &Worker| worker.runtime.metrics().worker_total_busy_duration(0) > LOOK;
        while !workers.workers.iter().any(noted) {
            thread::yield_now();
        }
        let idle = workers.workers.iter().position(|worker| !noted(worker));
        let many = &workers.workers[idle.unwrap()].open;
        many.fetch_add(5, Ordering::Relaxed);
        assert_ne!(thread_of(&mut workers, || ()), busy);
    }
}
