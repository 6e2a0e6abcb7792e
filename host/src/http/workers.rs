//! The threads that read requests and answer them, one for each core.
//!
//! A connection stays on its thread, so that nothing of a request wanders to another core's cache,
//! and no thread is woken only to look for work. With tasks that any thread may take, the slowest
//! hundredth of requests took several times longer, and all of them used more of the processor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Threads with connections of their own; what still runs ends when they are dropped.
pub(crate) struct Workers(Vec<Worker>);

struct Worker {
    runtime: Handle,
    /// Connections that are open.
    open: Arc<AtomicUsize>,
    /// Dropped with the worker, it stops the thread.
    _stop: oneshot::Sender<()>,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// If the system has no more threads or file descriptors.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        (0..cores)
            .map(Worker::start)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Serves a connection on the thread that has the fewest.
    pub(super) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let fewest = |worker: &&Worker| worker.open.load(Ordering::Relaxed);
        let Some(worker) = self.0.iter().min_by_key(fewest) else {
            return;
        };
        worker.open.fetch_add(1, Ordering::Relaxed);
        let until_the_end = Open(Arc::clone(&worker.open));
        worker.runtime.spawn(async move {
            let _until_the_end = until_the_end;
            connection.await;
        });
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
            _stop: stop,
        })
    }
}

/// A connection that counts.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
