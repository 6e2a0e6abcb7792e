//! Idle connections, and clients that take long to send the head of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep_until};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for a request.
    Idle,
    /// The head of a request is arriving.
    Head,
    /// A request is being answered.
    Busy,
    /// It waits for its first request.
    Fresh,
}

/// What a connection has been doing since when: known to its stream, its requests and the closing
/// of idle connections.
pub(super) struct Activity {
    start: Instant,
    /// Milliseconds after the start, times four, plus the phase.
    state: AtomicU64,
    /// Tells the connection to close once it is idle.
    pub(super) close: Notify,
}

impl Activity {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            state: AtomicU64::new(Phase::Fresh as u64),
            close: Notify::new(),
        }
    }

    /// A request is being answered from now on.
    pub(super) fn answer(&self) {
        self.enter(Phase::Busy);
    }

    /// The connection waits for a request from now on.
    pub(super) fn rest(&self) {
        self.enter(Phase::Idle);
    }

    fn enter(&self, phase: Phase) {
        let millis = self.start.elapsed().as_millis() as u64;
        let state = millis << 2 | phase as u64;
        self.state.store(state, Ordering::Relaxed);
    }

    fn phase(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state & 3 {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Fresh,
        };
        (phase, self.start + Duration::from_millis(state >> 2))
    }
}

/// The connections that are open.
#[derive(Default)]
pub(super) struct Connections(Mutex<Vec<Arc<Activity>>>);

impl Connections {
    /// A new connection.
    pub(super) fn open(&self) -> Arc<Activity> {
        let activity = Arc::new(Activity::new());
        let mut open = self.0.lock();
        if open.len() == open.capacity() {
            forget_ended(&mut open);
        }
        open.push(Arc::clone(&activity));
        activity
    }

    /// Tells the connection to close that has been idle for the longest time, if one is idle; those
    /// that never sent a request go before all others.
    pub(super) fn close_idlest(&self) {
        let mut open = self.0.lock();
        forget_ended(&mut open);
        let idle = open.iter().enumerate();
        let idle = idle.filter_map(|(at, activity)| match activity.phase() {
            (Phase::Fresh, since) => Some((false, since, at)),
            (Phase::Idle, since) => Some((true, since, at)),
            (Phase::Head | Phase::Busy, _) => None,
        });
        if let Some((_, _, idlest)) = idle.min() {
            open.swap_remove(idlest).close.notify_one();
        }
    }
}

/// Forgets connections that nobody else knows any more.
fn forget_ended(open: &mut Vec<Arc<Activity>>) {
    open.retain(|activity| Arc::strong_count(activity) > 1);
}

/// How long a connection may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For another request.
    pub(super) idle: Duration,
    /// For the first request of a connection, and for the rest of the head of any.
    pub(super) head: Duration,
}

/// A stream that ends when its connection has been idle for too long, and fails when the head of
/// a request takes too long to arrive.
pub(super) struct Impatient<T> {
    stream: T,
    activity: Arc<Activity>,
    patience: Patience,
    timer: Pin<Box<Sleep>>,
    /// What the timer is set for.
    timed: Option<(Phase, Instant)>,
}

impl<T> Impatient<T> {
    pub(super) fn new(stream: T, activity: Arc<Activity>, patience: Patience) -> Self {
        Self {
            stream,
            activity,
            patience,
            timer: Box::pin(sleep_until(Instant::now().into())),
            timed: None,
        }
    }

    /// Waits until the patience of a phase has ended.
    fn poll_patience(&mut self, phase: (Phase, Instant), context: &mut Context<'_>) -> Poll<()> {
        if self.timed != Some(phase) {
            let patience = match phase.0 {
                Phase::Idle => self.patience.idle,
                Phase::Head | Phase::Fresh => self.patience.head,
                Phase::Busy => return Poll::Pending,
            };
            self.timer.as_mut().reset((phase.1 + patience).into());
            self.timed = Some(phase);
        }
        self.timer.as_mut().poll(context)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Impatient<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let phase = self.activity.phase();
        match read {
            Poll::Pending => match self.poll_patience(phase, context) {
                Poll::Pending => Poll::Pending,
                // As if the client had closed the connection: there is nothing to answer.
                Poll::Ready(()) if phase.0 != Phase::Head => Poll::Ready(Ok(())),
                Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            },
            read => {
                let is_waiting = matches!(phase.0, Phase::Idle | Phase::Fresh);
                if is_waiting && buffer.filled().len() > before {
                    self.activity.enter(Phase::Head);
                }
                read
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Impatient<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
